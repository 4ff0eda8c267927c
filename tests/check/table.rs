//! The results of the long runs (`results.csv`), and the table of them in `docs/ci.md`.

use super::servers::{LANGUAGES, Server};
use crate::support::generated::hold_part;
use crate::support::project;
use std::fmt;
use std::path::Path;

/// The first line of the file.
pub(super) const HEAD: &str =
    "language,mode,is_leak,round,verdict,growth_bytes,truth_bytes,seconds,first_against_last,straight_line";

/// One run.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) language: String,
    pub(super) mode: String,
    pub(super) is_leak: bool,
    pub(super) round: u32,
    pub(super) verdict: String,
    pub(super) growth: f64,
    pub(super) truth: f64,
    pub(super) seconds: f64,
    pub(super) first_against_last: bool,
    pub(super) straight_line: bool,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { language, mode, is_leak, round, verdict, growth, truth, seconds, first_against_last, straight_line } =
            self;
        write!(
            f,
            "{language},{mode},{is_leak},{round},{verdict},{growth:.0},{truth:.0},{seconds:.1},{first_against_last},{straight_line}"
        )
    }
}

impl Row {
    fn read(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(',').collect();
        let [language, mode, is_leak, round, verdict, growth, truth, seconds, first, straight] = fields[..] else {
            return None;
        };
        Some(Self {
            language: language.to_owned(),
            mode: mode.to_owned(),
            is_leak: is_leak.parse().ok()?,
            round: round.parse().ok()?,
            verdict: verdict.to_owned(),
            growth: growth.parse().ok()?,
            truth: truth.parse().ok()?,
            seconds: seconds.parse().ok()?,
            first_against_last: first.parse().ok()?,
            straight_line: straight.parse().ok()?,
        })
    }

    /// Whether the growth that was told is within shares of the truth, below and above.
    fn is_within(&self, below: f64, above: f64) -> bool {
        (1.0 - below..=1.0 + above).contains(&(self.growth / self.truth))
    }

    fn is_right(&self) -> bool {
        self.verdict == if self.is_leak { "leak" } else { "no leak" }
    }
}

const TENTH: f64 = 0.1;

/// What Go's collector lets pile up beside what is live (`GOGC=20`), and a tenth.
const TENTH_OF_GO: f64 = 1.2 * 1.1 - 1.0;

/// All runs.
#[derive(Debug)]
pub(super) struct Table(Vec<Row>);

impl Table {
    pub(super) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        Self(text.lines().filter_map(Row::read).collect())
    }

    pub(super) fn has(&self, server: Server, round: u32) -> bool {
        self.0.iter().any(|row| format!("{} {}", row.language, row.mode) == server.name() && row.round == round)
    }

    fn of(&self, is_leak: bool, language: Option<&str>) -> Vec<&Row> {
        let is_of = |row: &&Row| row.is_leak == is_leak && language.is_none_or(|language| row.language == language);
        self.0.iter().filter(is_of).collect()
    }

    /// The bounds that the gate is to keep.
    pub(super) fn assert_holds(&self) {
        let share = |rows: &[&Row], is: &dyn Fn(&Row) -> bool| {
            rows.iter().filter(|row| is(row)).count() as f64 / rows.len() as f64
        };
        let (leaks, clean) = (self.of(true, None), self.of(false, None));
        let found = share(&leaks, &Row::is_right);
        let passed = share(&clean, &Row::is_right);
        let open =
            share(&self.0.iter().collect::<Vec<_>>(), &|row| !matches!(row.verdict.as_str(), "leak" | "no leak"));
        println!("found {found:.3}, passed {passed:.3}, inconclusive {open:.3}");
        assert!(found >= 0.98 && passed >= 0.98 && open <= 0.05);
        let large: Vec<f64> = leaks.iter().filter(|row| row.truth >= 1000.0).map(|row| row.seconds).collect();
        let median = quantile(large, 0.5);
        assert!(median <= 60.0, "{median}");
        for language in LANGUAGES {
            let above = if language == "go" { TENTH_OF_GO } else { TENTH };
            let within = share(&self.of(true, Some(language)), &|row| row.is_within(TENTH, above));
            println!("{language}: growth is right in {within:.3}");
            assert!(within >= 0.95, "{language}: {within}");
        }
    }

    fn markdown(&self) -> String {
        let mut text = String::from(
            "| | leaks found | clean passed | inconclusive | growth told, in terms of the truth: median (all but a tenth); within a tenth | time to the verdict | first against last | straight line |\n\
             |---|---|---|---|---|---|---|---|\n",
        );
        for language in LANGUAGES.iter().copied().map(Some).chain([None]) {
            let (leaks, clean) = (self.of(true, language), self.of(false, language));
            let count = |rows: &[&Row], is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
            let all: Vec<&Row> = leaks.iter().chain(&clean).copied().collect();
            let open = count(&all, &|row| !matches!(row.verdict.as_str(), "leak" | "no leak"));
            let found: Vec<&&Row> = leaks.iter().filter(|row| row.is_right() && row.truth > 0.0).collect();
            let ratio = |share: f64| quantile(found.iter().map(|row| row.growth / row.truth).collect(), share);
            let seconds = |share: f64| quantile(all.iter().map(|row| row.seconds).collect(), share);
            let peer = |says: fn(&Row) -> bool| {
                format!(
                    "{} of {}, {} of {}",
                    count(&leaks, &says),
                    leaks.len(),
                    count(&clean, &|row| !says(row)),
                    clean.len()
                )
            };
            text.push_str(&format!(
                "| {} | {} of {} | {} of {} | {open} | {:.2} ({:.2}-{:.2}); {} of {} | {:.0} s ({:.0} at most) | {} | {} |\n",
                language.unwrap_or("all"),
                count(&leaks, &Row::is_right),
                leaks.len(),
                count(&clean, &Row::is_right),
                clean.len(),
                ratio(0.5),
                ratio(0.05),
                ratio(0.95),
                found.iter().filter(|row| row.is_within(TENTH, TENTH)).count(),
                found.len(),
                seconds(0.5),
                seconds(1.0),
                peer(|row| row.first_against_last),
                peer(|row| row.straight_line),
            ));
        }
        text
    }
}

/// A quantile, of the values themselves.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let place = (share * (values.len().max(1) - 1) as f64).round() as usize;
    values.get(place).copied().unwrap_or(f64::NAN)
}

#[test]
fn the_table_is_of_the_results() {
    let table = Table::read(&project().join("tests/check/results.csv"));
    hold_part("docs/ci.md", "results", &table.markdown());
}
