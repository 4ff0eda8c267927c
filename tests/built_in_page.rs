//! The built-in page in a real Chromium: what is on it, where its links lead, who can use it, and what it never does.

mod crowd;
mod looks;
mod made;
mod scene;
mod site;

use crate::support::chromium::{Chromium, Tab};
use crate::support::exporter::Exporter;
use crate::support::http::request;
use crate::support::{static_binary, wait_for};
use crowd::Crowd;
use scene::{APPLICATIONS, GIVEN_NAME, HOSTILE_NAME, HOSTILE_SHOWN, Scene, VERSION_SHOWN};
use serde_json::{Value, json};
use std::process::Command;
use std::time::{Duration, Instant};

/// Names in the rows, from top to bottom.
const NAMES: &str = "[...document.querySelectorAll('tbody th a')].map(link => link.textContent)";

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The heading that rows are sorted by, and which way.
fn sorted(tab: &Tab<'_>) -> (String, String) {
    let of = |what| tab.text(&format!("document.querySelector('th[aria-sort]').{what}"));
    (of("textContent"), of("getAttribute('aria-sort')"))
}

/// Follows the link of this text.
fn follow(tab: &Tab<'_>, within: &str, text: &str) {
    let link =
        format!("[...document.querySelectorAll({})].find(link => link.textContent === {})", json!(within), json!(text));
    tab.loading(|| drop(tab.evaluate(&format!("{link}.click()"))));
}

/// Nothing is red in the console, and nobody but the exporter was asked for anything.
fn must_be_quiet(tab: &Tab<'_>, scene: &Exporter) {
    assert_eq!(tab.complaints(), Vec::<String>::new());
    let own = format!("http://{}/", scene.address);
    let requests = tab.requests();
    assert!(requests.len() > 2 && requests.iter().all(|address| address.starts_with(&own)), "{requests:?}");
}

#[test]
fn rows_tell_each_application_and_headings_sort_them() {
    let scene = Scene::start();
    let chromium = Chromium::start();
    let tab = chromium.tab(1280, 900);
    tab.open(&scene.address("/"));
    assert_eq!(tab.text("document.title"), "1 growing – memtrend");
    let names = strings(&tab.evaluate(NAMES));
    assert_eq!(
        (names.len(), names[0].as_str()),
        (APPLICATIONS, "leaking"),
        "what grows to its limit comes first: {names:?}"
    );
    assert_eq!(sorted(&tab), ("Verdict".into(), "descending".into()));
    let cells = strings(&tab.evaluate("[...document.querySelector('tbody tr').cells].map(cell => cell.innerText)"));
    for (cell, expected) in [
        (1, "growing for "),
        (1, "UTC"),
        (1, VERSION_SHOWN),
        (1, "floor up in"),
        (3, "of 1.0 GiB, rlimit"),
        (4, "GiB/h"),
        (5, " to "),
        (7, "0"),
    ] {
        assert!(cells[cell].contains(expected), "{expected}: {cells:?}");
    }
    assert_eq!(tab.evaluate("document.querySelector('tbody svg path.floor').getTotalLength() > 100"), true);

    follow(&tab, "thead a", "Application");
    let mut by_name = strings(&tab.evaluate(NAMES));
    assert_eq!(sorted(&tab), ("Application".into(), "ascending".into()));
    let known = scene.report();
    let known: Vec<&str> =
        known["applications"].as_array().unwrap().iter().map(|one| one["application"].as_str().unwrap()).collect();
    assert_eq!(by_name.iter().filter(|name| known.contains(&name.as_str())).count(), APPLICATIONS - 1, "{by_name:?}");
    follow(&tab, "thead a", "Application");
    assert_eq!(sorted(&tab), ("Application".into(), "descending".into()));
    by_name.reverse();
    assert_eq!(strings(&tab.evaluate(NAMES)), by_name);
    follow(&tab, "thead a", "Time to limit");
    assert_eq!(sorted(&tab), ("Time to limit".into(), "ascending".into()));
    assert_eq!(strings(&tab.evaluate(NAMES))[0], "leaking");
    follow(&tab, "thead a", "Heap and limit");
    assert_eq!((sorted(&tab).0.as_str(), strings(&tab.evaluate(NAMES))[0].as_str()), ("Heap and limit", "leaking"));

    assert_eq!(scene.exporter.get("/?sort=size", &[]).status, 400);
    assert!(
        scene.exporter.get("/?sort=%3Cb%3E", &[]).text().contains("sort=&lt;b&gt;: expected one of name, verdict,")
    );
    must_be_quiet(&tab, &scene.exporter);
}

#[test]
fn the_page_of_an_application_tells_all_of_it_and_json_the_same() {
    let scene = Scene::start();
    let chromium = Chromium::start();
    let tab = chromium.tab(1280, 900);
    tab.open(&scene.address("/"));
    follow(&tab, "tbody a", "leaking");
    assert_eq!(tab.text("document.querySelector('h1').textContent"), "leaking");
    assert!(tab.text("location.href").ends_with("/application?name=leaking"));
    let sections = strings(&tab.evaluate("[...document.querySelectorAll('h2')].map(heading => heading.textContent)"));
    assert_eq!(
        sections,
        [
            "Verdict",
            "Floor of the heap",
            "Growth by window",
            "Memory by kind",
            "Limit",
            "Lives",
            "OOM kills",
            "Memory events"
        ]
    );
    let text = tab.text("document.querySelector('main').innerText");
    for expected in [
        "growing for ",
        "floor up in ",
        "A restart would buy ",
        "Time to limit",
        "1.0 GiB",
        "rlimit",
        "anon",
        "its own limit",
        "an out-of-memory kill",
        VERSION_SHOWN,
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let windows = strings(&tab.evaluate(
        "[...document.querySelectorAll('section[aria-labelledby=growth] tbody th')].map(cell => cell.textContent)",
    ));
    assert_eq!(windows, ["1500ms", "6s", "24s", "96s", "384s"]);
    let curve = "document.querySelector('figure path.floor').getBoundingClientRect()";
    assert!(tab.evaluate(&format!("{curve}.width")).as_f64().unwrap() > 600.0);
    assert!(tab.evaluate(&format!("{curve}.height")).as_f64().unwrap() > 5.0);

    let one: Value = serde_json::from_slice(&scene.exporter.get("/api/v1/application?name=leaking", &[]).body).unwrap();
    assert_eq!((&one["version"], &one["application"]["application"]), (&json!(1), &json!("leaking")));
    let of_all = scene.report();
    let of_all = of_all["applications"].as_array().unwrap().iter().find(|one| one["application"] == "leaking").unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&one["application"]), keys(of_all));
    let blocks = one["heap_floors"]["all"].as_array().unwrap();
    let number = |block: &Value, place: usize| block[place].as_f64().unwrap();
    assert!(
        blocks.len() > 5
            && blocks.windows(2).all(|pair| number(&pair[0], 0) + number(&pair[0], 1) <= number(&pair[1], 0) + 1e-3)
    );
    assert!(number(&blocks[blocks.len() - 1], 2) > number(&blocks[0], 2));
    assert_eq!(keys(&one["heap_floors"]["windows"]), ["1500ms", "24s", "384s", "6s", "96s"]);

    follow(&tab, "nav a", "memtrend");
    assert_eq!(strings(&tab.evaluate(NAMES)).len(), APPLICATIONS);
    must_be_quiet(&tab, &scene.exporter);
    let unknown = scene.exporter.get("/application?name=%3Ci%3E", &[]);
    assert_eq!(unknown.status, 404);
    assert!(unknown.text().contains(
        "<p>No application `&lt;i&gt;` is watched, with the namespace, pod and container that were given.</p>"
    ));
    for (path, status) in [
        ("/application", 400),
        ("/application?name=leaking&pod=none", 404),
        ("/application?name=leaking&refresh=1", 400),
        ("/api/v1/application?name=none", 404),
        ("/-/none.css", 404),
    ] {
        assert_eq!(scene.exporter.get(path, &[]).status, status, "{path}");
    }
}

#[test]
fn hostile_names_are_text_on_every_page_and_in_every_address() {
    let scene = Scene::start();
    let chromium = Chromium::start();
    let tab = chromium.tab(1280, 900);
    tab.call(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({ "source": "window.pwned = () => { window.isPwned = true; }" }),
    );
    let must_be_unharmed = || {
        assert_eq!(tab.evaluate("window.isPwned === undefined"), true);
        let scripts = strings(&tab.evaluate("[...document.scripts].map(script => script.getAttribute('src'))"));
        assert_eq!(scripts, ["-/page.js"]);
        assert_eq!(tab.evaluate("document.querySelectorAll('main img, main svg[onload]').length"), 0);
    };
    tab.open(&scene.address("/"));
    must_be_unharmed();
    for (name, shown) in [(HOSTILE_NAME, HOSTILE_SHOWN), (GIVEN_NAME, GIVEN_NAME)] {
        tab.open(&scene.address("/?sort=name"));
        follow(&tab, "tbody a", shown);
        must_be_unharmed();
        assert_eq!(tab.text("document.querySelector('h1').textContent"), shown);
        assert_eq!(tab.text("document.title"), format!("{shown} steady – memtrend"));
        // Its own address leads there, and the JSON of the page is of the same.
        let json = tab.text("fetch(document.querySelectorAll('nav a')[2].href).then(answer => answer.text())");
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["application"]["application"], name);
        tab.loading(|| drop(tab.evaluate("location.reload()")));
        assert_eq!(tab.text("document.querySelector('h1').textContent"), shown);
    }
    must_be_quiet(&tab, &scene.exporter);
}

#[test]
fn a_thousand_applications_are_there_in_less_than_a_second() {
    let crowd = Crowd::new(1000);
    let mut flags = crowd.flags();
    flags.extend(["--interval=50ms".to_owned(), "--trend.block=100ms".to_owned()]);
    let exporter = Exporter::start_by(Command::new(static_binary()), &flags);
    let mut step = 0;
    wait_for("a slope of all of them", Duration::from_secs(120), || {
        crowd.grow(step);
        step += 1;
        let page = exporter.page();
        let slopes = page
            .series
            .keys()
            .filter(|series| series.starts_with("memtrend_heap_growth_bytes_per_second{") && series.contains("1500ms"));
        (slopes.count() == 1000).then_some(())
    });
    let chromium = Chromium::start();
    let tab = chromium.tab(1280, 900);
    let load = |path: &str| {
        tab.open(&format!("http://{}{path}", exporter.address));
        let took = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd").as_f64().unwrap();
        (tab.evaluate("document.querySelectorAll('tbody tr').length").as_u64().unwrap(), took)
    };
    assert_eq!(load("/").0, 200);
    assert!(tab.text("document.querySelector('caption').textContent").starts_with("200 of 1000, "));
    follow(&tab, "main a", "Show all");
    // Others want the processor at the same time: it is asked until they leave it a second.
    let mut loads = Vec::new();
    let best = wait_for("all rows in a second", Duration::from_secs(60), || {
        let (rows, took) = load("/?show=all");
        assert_eq!(rows, 1000);
        loads.push(took);
        (took < 1000.0).then_some(took)
    });
    println!("1,000 rows in {best:.0} ms; all loads: {loads:?}");
    must_be_quiet(&tab, &exporter);
    let [few, all] = ["/", "/?show=all"].map(|path| exporter.get(path, &[]).body.len());
    let packed = exporter.get("/?show=all", &["Accept-Encoding: gzip"]).body.len();
    println!("200 rows: {few} bytes; 1,000: {all} bytes, {packed} compressed");
    assert!(all < 2_000_000 && packed * 5 < all, "{all} {packed}");
}

#[test]
fn passes_are_made_however_much_is_asked() {
    let crowd = Crowd::new(1000);
    let mut flags = crowd.flags();
    flags.extend(["--interval=100ms".to_owned(), "--trend.block=200ms".to_owned()]);
    let exporter = Exporter::start_by(Command::new(static_binary()), &flags);
    let passed = || {
        let report: Value = serde_json::from_slice(&exporter.get("/api/v1/report", &[]).body).unwrap();
        report["timestamp_seconds"].as_f64().unwrap()
    };
    wait_for("floors", Duration::from_secs(60), || {
        exporter.get("/?show=all", &[]).text().contains("<svg").then_some(())
    });
    let ends = Instant::now() + Duration::from_secs(6);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            // Asked for, and not written: all that it takes is the answer of the thread that makes the passes.
            scope.spawn(|| {
                while Instant::now() < ends {
                    assert_eq!(request(exporter.address, "HEAD", "/?show=all", &[]).status, 200);
                }
            });
        }
        std::thread::sleep(Duration::from_secs(1));
        let mut passes = vec![passed()];
        while Instant::now() < ends {
            passes.push(passed());
        }
        passes.dedup();
        assert!(passes.len() > 10 && passes[passes.len() - 1] - passes[0] > 3.0, "{passes:?}");
    });
}

#[test]
fn a_keyboard_reaches_all_of_it_in_order_and_shows_where_it_is() {
    let scene = Scene::start();
    let chromium = Chromium::start();
    let tab = chromium.tab(1280, 900);
    tab.open(&scene.address("/?sort=name"));
    let focused = || tab.text("document.activeElement.textContent");
    let mut reached = Vec::new();
    for _ in 0..5 + 7 + 1 {
        tab.press("Tab");
        reached.push(focused());
        let style = tab.evaluate(
            "(() => { const style = getComputedStyle(document.activeElement), box = document.activeElement.getBoundingClientRect(); \
             return [style.outlineStyle, parseFloat(style.outlineWidth) >= 2, box.left >= 0 && box.top >= 0 && box.width > 0]; })()",
        );
        assert_eq!(style, json!(["solid", true, true]), "{reached:?}");
    }
    let expected = [
        "Skip to the content",
        "memtrend",
        "Metrics",
        "JSON",
        "Stop refreshing",
        "leaking",
        "Application",
        "Verdict",
        "Heap and limit",
        "Growth",
        "Time to limit",
        "A restart buys",
        "OOM kills",
    ];
    assert_eq!(reached, expected);
    tab.press("Tab");
    assert_eq!(focused(), strings(&tab.evaluate(NAMES))[0]);
    // From the first link past the navigation.
    tab.open(&scene.address("/?refresh=off"));
    tab.press("Tab");
    tab.press("Enter");
    tab.press("Tab");
    assert_eq!(tab.evaluate("document.getElementById('main').contains(document.activeElement)"), true, "{}", focused());
    tab.loading(|| tab.press("Enter"));
    assert_eq!(tab.text("document.querySelector('h1').textContent"), "leaking");
    assert!(tab.text("location.search").ends_with("&refresh=off"), "stays as it is looked at");
    must_be_quiet(&tab, &scene.exporter);
}

#[test]
fn a_refresh_takes_neither_focus_nor_scroll_nor_selection() {
    let mut scene = Scene::start();
    let chromium = Chromium::start();
    let tab = chromium.tab(700, 300);
    tab.open(&scene.address("/"));
    let refreshed = || {
        let before = tab.text("document.querySelector('caption time').textContent");
        wait_for("a refresh", Duration::from_secs(20), || {
            tab.evaluate("refresh()");
            (tab.text("document.querySelector('caption time').textContent") != before).then_some(())
        });
    };
    // The row, and not the link of the summary that leads there too.
    tab.evaluate("[...document.querySelectorAll('main a')].filter(link => link.textContent === 'leaking')[1].focus(); window.scrollTo(0, 200)");
    tab.evaluate("window.before = document.activeElement");
    refreshed();
    assert_eq!(
        tab.evaluate("document.activeElement !== window.before && document.activeElement.matches('tbody a')"),
        true
    );
    assert_eq!(
        (tab.text("document.activeElement.textContent"), tab.evaluate("scrollY")),
        ("leaking".into(), json!(200))
    );
    tab.evaluate(
        "getSelection().selectAllChildren(document.querySelector('h1')); window.before = document.querySelector('h1')",
    );
    tab.evaluate("refresh()");
    assert_eq!(
        tab.evaluate("document.querySelector('h1') === window.before && getSelection().toString() === 'Applications'"),
        true
    );
    tab.evaluate("getSelection().removeAllRanges()");
    assert_eq!(tab.evaluate("document.getElementById('old').checkVisibility()"), false);
    must_be_quiet(&tab, &scene.exporter);
    scene.exporter.kill();
    tab.evaluate("refresh()");
    assert_eq!(
        tab.evaluate("document.getElementById('old').checkVisibility()"),
        true,
        "an answer that does not come is told"
    );
}

#[test]
fn all_that_ten_applications_take_is_less_than_sixty_kilobytes() {
    let scene = Scene::start();
    let sizes = ["/", "/-/page.css", "/-/page.js", "/-/icon.svg"].map(|path| {
        let answer = scene.exporter.get(path, &[]);
        assert_eq!((answer.status, answer.header("x-content-type-options")), (200, Some("nosniff")), "{path}");
        answer.body.len()
    });
    let application = scene.exporter.get("/application?name=leaking", &[]).body.len();
    println!("page, style, script, icon: {sizes:?}; page of an application: {application}");
    let [page, assets @ ..] = sizes;
    assert!(page / APPLICATIONS * 10 + assets.iter().sum::<usize>() < 60_000, "{sizes:?}");
    assert!(application < 30_000);
    let policy = scene.exporter.get("/", &[]);
    let policy = policy.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
}
