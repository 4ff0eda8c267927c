//! Whether everybody can read and use the pages: contrast in both schemes, names for assistive technology, narrow screens.
//! The applications are made up, so that every verdict is there.

use super::made::engine;
use super::site::Site;
use super::strings;
use crate::support::chromium::{Chromium, Tab};
use crate::support::project;
use memtrend::analysis::verdict::Verdict;

const PAGES: [&str; 4] = [
    "/",
    "/application?name=checkout&namespace=shop&pod=checkout-6d4b75cb6d-x7k2p&container=server",
    "/application?name=inventory&namespace=shop&pod=inventory-6d4b75cb6d-x7k2p&container=server",
    "/application?name=mailer&namespace=shop&pod=mailer-6d4b75cb6d-x7k2p&container=server",
];

#[test]
fn all_text_can_be_read_by_day_and_by_night() {
    let site = Site::of(engine());
    let chromium = Chromium::start();
    let tab = chromium.tab(1280, 900);
    let mut papers = Vec::new();
    for scheme in ["light", "dark"] {
        tab.prefer(scheme);
        for page in PAGES {
            for width in [1280, 400] {
                tab.resize(width, 900);
                tab.open(&site.address(page));
                // As when an answer does not come.
                tab.evaluate("document.getElementById('old').hidden = false");
                let judged = tab.evaluate(include_str!("legible.js"));
                assert!(judged["texts"].as_u64().unwrap() > 20, "{judged}");
                assert_eq!(strings(&judged["found"]), Vec::<String>::new(), "{scheme}, {width}: {page}");
            }
        }
        papers.push(tab.text("getComputedStyle(document.body).backgroundColor"));
    }
    assert_ne!(papers[0], papers[1], "there is a night");
    assert_eq!(tab.complaints(), Vec::<String>::new());
}

#[test]
fn every_verdict_is_a_word_and_most_urgent_is_first() {
    let page = String::from_utf8(Site::of(engine()).page("/")).unwrap();
    for verdict in Verdict::ALL {
        assert!(page.contains(&format!("<b class=\"{0}\">{0}</b>", verdict.name())), "{verdict:?}");
    }
    let place = |name: &str| page.find(&format!("<bdi>{name}</bdi></a><small>")).unwrap_or_else(|| panic!("{name}"));
    let order = ["inventory", "checkout", "mailer", "search", "gateway", "billing"].map(place);
    assert!(order.is_sorted(), "{order:?}");
    assert!(page.contains("2.4.0 was steady") && page.contains("not running, or not readable"));
    let gone = String::from_utf8(Site::of(engine()).page(PAGES[3])).unwrap();
    assert!(gone.contains("docs/runbooks/MemtrendOOMKill.md") && !gone.contains("No limit"), "{gone}");
}

#[test]
fn everything_has_a_name_for_who_does_not_see_it() {
    let site = Site::of(engine());
    let chromium = Chromium::start();
    // As cards too: there the style must not take away that it is a table.
    for width in [1280, 400] {
        let tab = chromium.tab(width, 900);
        tab.open(&site.address("/"));
        let exposed = tab.exposed();
        let of = |role: &str| -> Vec<&str> {
            exposed.iter().filter(|(own, _)| own == role).map(|(_, name)| name.as_str()).collect()
        };
        for role in ["link", "heading", "image", "table", "navigation", "columnheader", "rowheader", "RootWebArea"] {
            let names = of(role);
            assert!(!names.is_empty() && names.iter().all(|name| !name.is_empty()), "{width}: {role}: {names:?}");
        }
        assert_eq!((of("main").len(), of("contentinfo").len(), of("banner").len()), (1, 1, 1));
        assert_eq!((of("table").len(), of("columnheader").len(), of("rowheader").len()), (1, 8, 10), "{width}");
        assert!(
            of("table")[0].contains("the worst verdict and the least time to the limit first"),
            "{:?}",
            of("table")
        );
        assert!(of("image").iter().all(|name| name.starts_with("Floor over ")), "{:?}", of("image"));
        tab.open(&site.address(PAGES[1]));
        let exposed = tab.exposed();
        let unnamed: Vec<_> = exposed
            .iter()
            .filter(|(role, name)| {
                ["link", "heading", "image", "table", "region"].contains(&role.as_str()) && name.is_empty()
            })
            .collect();
        assert!(unnamed.is_empty(), "{unnamed:?}");
        assert_eq!(tab.evaluate("document.documentElement.lang"), "en");
        let levels = "[...document.querySelectorAll('h1, h2, h3')].map(heading => heading.localName).join(' ')";
        assert!(tab.text(levels).starts_with("h1 h2 h2"));
        let ids = "(() => { const ids = [...document.querySelectorAll('[id]')].map(node => node.id); return ids.length === new Set(ids).size; })()";
        assert_eq!(tab.evaluate(ids), true, "an id is there twice");
    }
}

#[test]
fn nothing_is_wider_than_a_telephone() {
    let site = Site::of(engine());
    let chromium = Chromium::start();
    for width in [320, 400, 800, 1280] {
        let tab = chromium.tab(width, 700);
        for page in PAGES {
            tab.open(&site.address(page));
            let wide = tab.evaluate("document.scrollingElement.scrollWidth");
            let outside = "[...document.querySelectorAll('main *')].filter(node => node.getBoundingClientRect().right > innerWidth + 1).map(node => node.getBoundingClientRect().right + node.outerHTML.slice(0, 80))";
            assert!(wide.as_u64() <= Some(width.into()), "{page}: {wide} of {width}: {}", tab.evaluate(outside));
        }
    }
}

/// Draws the pictures of the docs anew: `MEMTREND_PICTURES=1`, and then look at them.
#[test]
fn pictures_of_the_docs_are_small() {
    if std::env::var_os("MEMTREND_PICTURES").is_some() {
        let site = Site::of(engine());
        let chromium = Chromium::start();
        let tab = chromium.tab(1280, 900);
        draw(&tab, &site);
    }
    for name in ["page-light.png", "page-dark.png"] {
        let size = project().join("docs/img").join(name).metadata().unwrap().len();
        assert!((10_000..300_000).contains(&size), "{name}: {size}");
    }
}

fn draw(tab: &Tab<'_>, site: &Site) {
    let folder = project().join("docs/img");
    let write = |name: &str| std::fs::write(folder.join(name), tab.picture()).unwrap();
    tab.prefer("light");
    tab.open(&site.address("/"));
    write("page-light.png");
    tab.prefer("dark");
    tab.open(&site.address(PAGES[1]));
    write("page-dark.png");
    // For looking at only.
    if let Some(folder) = std::env::var_os("MEMTREND_PICTURES").filter(|folder| folder != "1") {
        for (width, height) in [(1280, 2400), (400, 3000), (800, 2400)] {
            tab.resize(width, height);
            for scheme in ["light", "dark"] {
                tab.prefer(scheme);
                for (number, page) in PAGES.iter().enumerate() {
                    tab.open(&site.address(page));
                    let name = format!("{number}-{scheme}-{width}.png");
                    std::fs::write(std::path::Path::new(&folder).join(name), tab.picture()).unwrap();
                }
            }
        }
    }
}
