//! Committed text that is generated: compared, or written anew with `MEMTREND_ACCEPT=1`.

use super::project;
use std::fs;
use std::sync::Mutex;

/// Several tests write to one page.
static PAGE: Mutex<()> = Mutex::new(());

/// Holds what stands between the marks `NAME:begin` and `NAME:end` of a page to `text`, in whole lines.
pub(crate) fn hold_part(page: &str, name: &str, text: &str) {
    let _alone = PAGE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = project().join(page);
    let committed = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let (before, rest) = committed.split_once(&begin).expect("a mark where it begins");
    let (_, after) = rest.split_once(&end).expect("a mark where it ends");
    let fresh = format!("{before}{begin}{text}{end}{after}");
    if std::env::var_os("MEMTREND_ACCEPT").is_some() {
        fs::write(&path, &fresh).unwrap();
        return;
    }
    assert!(fresh == committed, "{page} is stale: run `make docs`; it should say:\n{text}");
}
