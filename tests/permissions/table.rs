//! A table in the page, between two marks.

use crate::support::project;
use std::fs;
use std::sync::Mutex;

const HEAD: [&str; 9] = [
    "memtrend runs as",
    "memory",
    "its own limit",
    "descriptors",
    "`--version-env`",
    "killed at its own limit",
    "killed at a limit above",
    "victim named",
    "its log names",
];

/// Both tables are in one page.
static PAGE: Mutex<()> = Mutex::new(());

/// A form and what was found.
pub(super) struct Row {
    pub(super) form: &'static str,
    pub(super) cells: [String; HEAD.len() - 1],
}

pub(super) struct Table<'a> {
    pub(super) name: &'a str,
    pub(super) forms: &'a [&'static str],
}

impl Table<'_> {
    /// Writes the page anew where that is asked for.
    pub(super) fn assert_committed(&self, found: &[Row]) {
        let _alone = PAGE.lock().unwrap();
        let path = project().join("docs/permissions.md");
        let page = fs::read_to_string(&path).unwrap();
        let (begin, end) = (format!("<!-- tried: {} -->\n", self.name), "<!-- end -->");
        let (before, rest) = page.split_once(&begin).expect("the table's first mark");
        let (committed, after) = rest.split_once(end).expect("the table's last mark");
        let table = self.text(found, committed);
        println!("{table}");
        if std::env::var_os("MEMTREND_ACCEPT").is_some() {
            fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
            return;
        }
        assert!(table == committed, "docs/permissions.md is stale, run `make docs`; it should say:\n{table}");
    }

    fn text(&self, found: &[Row], committed: &str) -> String {
        let mut lines = vec![line(HEAD), line(["---"; HEAD.len()])];
        for form in self.forms {
            let start = format!("| {form} |");
            let kept = || committed.lines().find(|line| line.starts_with(&start)).map(str::to_owned);
            lines.extend(found.iter().find(|row| row.form == *form).map(Row::line).or_else(kept));
        }
        lines.into_iter().map(|line| line + "\n").collect()
    }
}

impl Row {
    fn line(&self) -> String {
        line(std::iter::once(self.form).chain(self.cells.iter().map(String::as_str)))
    }
}

fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<&str> = cells.into_iter().collect();
    format!("| {} |", cells.join(" | "))
}
