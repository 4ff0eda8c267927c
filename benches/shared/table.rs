//! The result: facts about the machine and one Markdown table.

use crate::spread::{Spread, written};
use std::fmt::{Display, Formatter, Result};

/// Rows in the order in which they were measured.
#[derive(Debug, Default)]
pub(crate) struct Table {
    facts: Vec<String>,
    rows: Vec<[String; 7]>,
}

impl Table {
    pub(crate) fn fact(&mut self, name: &str, text: &str) {
        self.facts.push(format!("- {name}: {text}"));
    }

    /// One row; `target` is the most that the design allows, if it says.
    pub(crate) fn row(
        &mut self,
        what: &str,
        setting: &str,
        of: &str,
        values: Vec<f64>,
        unit: &str,
        target: Option<f64>,
    ) {
        let count = values.len();
        let spread = Spread::of(values);
        let range = match count {
            1 => String::new(),
            _ => format!("{} – {} ({count})", written(spread.least), written(spread.greatest)),
        };
        let verdict = target.map_or_else(String::new, |target| {
            format!("{} {}", written(target), if spread.median <= target { "✓" } else { "✗" })
        });
        eprintln!("{what} | {setting} | {of} | {} | {range} | {unit} | {verdict}", written(spread.median));
        let text = |text: &str| text.to_owned();
        self.rows.push([text(what), text(setting), text(of), written(spread.median), range, text(unit), verdict]);
    }
}

impl Display for Table {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        self.facts.iter().try_for_each(|fact| writeln!(out, "{fact}"))?;
        writeln!(out, "\n| measure | setting | of | median | least – greatest (measurements) | unit | at most |")?;
        writeln!(out, "|---|---|---|--:|---|---|--:|")?;
        self.rows.iter().try_for_each(|row| writeln!(out, "| {} |", row.join(" | ")))
    }
}
