//! `memtrend doctor` on real things: it says of each form of deployment what `docs/permissions.md` has, and what to change.

mod host;
mod node;
mod pods;

use crate::support::project;
use std::process::Command;

/// What it printed, and its exit code.
struct Told {
    text: String,
    code: i32,
}

impl Told {
    fn by(mut command: Command) -> Self {
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        Self { text, code: output.status.code().unwrap() }
    }

    /// The line of an application.
    fn application(&self, name: &str) -> &str {
        let lines = self.text.lines().map(|line| line.strip_prefix("watches").unwrap_or(line).trim_start());
        let mut of_it = lines.filter(|line| line.split_ascii_whitespace().next() == Some(name));
        of_it.next().unwrap_or_else(|| panic!("{name} is not watched:\n{}", self.text))
    }

    /// Whether a finding begins so.
    fn has(&self, level: &str, start: &str) -> bool {
        self.text.lines().any(|line| line.strip_prefix(level).is_some_and(|rest| rest.trim_start().starts_with(start)))
    }

    fn must(&self, level: &str, start: &str) {
        assert!(self.has(level, start), "no {level} {start}\n{}", self.text);
    }

    /// Holds it against a row of `docs/permissions.md`; `name` is that of the application.
    fn assert_row(&self, table: &str, form: &str, name: &str) {
        let row = row(table, form);
        let line = self.application(name);
        let is = |column: usize| row[column] == "yes";
        let is_grouped = row[1] == "cgroup";
        let context = format!("{form}: {row:?}\n{}", self.text);
        assert_eq!(line.contains(" control group v"), is_grouped, "{context}");
        assert_eq!(line.contains("summed: control group refused"), !is_grouped, "{context}");
        assert_eq!(line.contains("(own)"), is(2), "{context}");
        assert_eq!(self.has("missing", "memory: control group refused"), !is_grouped, "{context}");
        assert_eq!(self.has("missing", "limit: not seen"), !is(2), "{context}");
        assert_eq!(self.has("ok", "descriptors: counted"), is(3), "{context}");
        let version = self.has("could", "version: VERSION refused");
        assert_eq!(version, !is(4), "{context}");
        assert_eq!(self.has("missing", "kills: not counted"), row[5] == "unknown", "{context}");
        assert_eq!(self.has("ok", "kills: counted by control groups"), row[5] == "own", "{context}");
        // The victim may be named though the log is not: what reads it is what names.
        assert_eq!(self.has("ok", "kills: victims are named"), is(7), "{context}");
        assert_eq!(self.code, if is_grouped { 0 } else { 1 }, "{context}");
    }
}

/// The cells of a form in one of the tables, the form first.
fn row(table: &str, form: &str) -> Vec<String> {
    let page = std::fs::read_to_string(project().join("docs/permissions.md")).unwrap();
    let table = page.split(&format!("<!-- tried: {table} -->")).nth(1).unwrap().split("<!-- end -->").next().unwrap();
    let rows = table.lines().map(|line| line.split('|').skip(1).map(|cell| cell.trim().to_owned()).collect());
    rows.into_iter().find(|row: &Vec<String>| row.first().is_some_and(|cell| cell == form)).unwrap()
}
