// Brings the page up to date every 30 seconds, in place: focus, scroll and what is selected stay. Without it the page is the
// same, and is reloaded by hand. A refresh by <meta> would throw the focus away.
"use strict";

async function fresh() {
  const answer = await fetch(location.origin + location.pathname + location.search, { signal: AbortSignal.timeout(20000) });
  if (!answer.ok) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // A proxy may answer for it, and ask for a password.
  return page.getElementById("main") === null ? null : page;
}

async function refresh() {
  const page = await fresh().catch(() => null);
  document.getElementById("old").hidden = page !== null;
  // Who is about to copy something keeps it.
  if (page === null || !getSelection().isCollapsed) return;
  const main = document.getElementById("main");
  const links = (href) => [...main.querySelectorAll("a")].filter((link) => link.getAttribute("href") === href);
  const focused = main.contains(document.activeElement) ? document.activeElement : null;
  const href = focused?.getAttribute("href");
  const place = links(href).indexOf(focused);
  // The first row that is seen keeps its place, wherever it now stands.
  const top = (link) => link.getBoundingClientRect().top;
  const first = scrollY > 0 ? [...main.querySelectorAll("tbody a")].find((link) => top(link) > 0) : undefined;
  const before = first && top(first);
  document.title = page.title;
  main.replaceChildren(...page.getElementById("main").childNodes);
  if (focused !== null) links(href)[place]?.focus({ preventScroll: true });
  const now = first && links(first.getAttribute("href")).at(-1);
  if (now) scrollBy(0, top(now) - before);
}

setInterval(() => document.hidden || refresh(), 30000);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
