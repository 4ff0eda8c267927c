// What somebody with weak eyes could not read: text below a contrast of 4.5, and lines of charts below 3 (WCAG 2.2, 1.4.3
// and 1.4.11), against the background that is really behind them.
(() => {
  const parts = (colour) => {
    const numbers = colour.match(/[\d.]+/g).map(Number);
    return numbers.length === 3 ? [...numbers, 1] : numbers;
  };
  const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const contrast = (a, b) => {
    const [low, high] = [luminance(parts(a)), luminance(parts(b))].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (parts(colour)[3] === 1) return colour;
      if (parts(colour)[3] !== 0) return "rgb(127, 127, 127)";
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  const judge = (what, colour, element, least) => {
    const ratio = contrast(colour, background(element));
    if (!(ratio >= least) || parts(colour)[3] !== 1) found.push(`${what}: ${ratio.toFixed(2)}`);
  };
  const isSeen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !isSeen(element) || element.closest("title, desc, script")) continue;
    for (let at = element; at; at = at.parentElement) {
      if (getComputedStyle(at).opacity !== "1") found.push(`${node.data}: not opaque`);
    }
    const style = getComputedStyle(element);
    judge(node.data, element.namespaceURI.endsWith("svg") ? style.fill : style.color, element, 4.5);
    texts += 1;
  }
  for (const element of document.querySelectorAll("td, th, a")) {
    for (const pseudo of ["::before", "::after"]) {
      const style = getComputedStyle(element, pseudo);
      if (style.content !== "none" && style.content !== "normal") judge(style.content, style.color, element, 4.5);
    }
  }
  for (const path of document.querySelectorAll("path.floor, path.limit, path.ahead, path.mark, path.now")) {
    judge(path.getAttribute("class"), getComputedStyle(path).stroke, path, 3);
  }
  return { texts, found };
})();
