//! The score as a regression test: what is told apart today stays told apart. Recordings of real programs with labels, and
//! one made-up series of each family of the bench.

pub(crate) mod recorded;

use crate::families::{FAMILIES, Family};
use memtrend::analysis::sample::LoadCounters;
use memtrend::score::Label;
use memtrend::trace::{Replay, Row};

/// The made-up series that is judged here; the bench judges many.
const NUMBER: u64 = 1;

fn is_called(family: Family, has_load: bool) -> bool {
    let made = family.make(NUMBER);
    let seen = |row: &Row| Row { load: if has_load { row.load } else { LoadCounters::default() }, ..row.clone() };
    let mut replay = Replay::new(&seen(&made.rows[0]));
    made.rows[1..].iter().for_each(|row| replay.push(&seen(row)));
    replay.outcome().first(memtrend::analysis::verdict::Verdict::Leaking).is_some()
}

/// Names of the families of one label that are called a leak.
fn called(label: Label, has_load: bool) -> Vec<&'static str> {
    let of_label = FAMILIES.iter().filter(|family| family.name.starts_with("leak") == (label == Label::Leak));
    of_label.filter(|family| is_called(**family, has_load)).map(|family| family.name).collect()
}

#[test]
fn made_up_leaks_are_called_with_load_and_without() {
    let all = FAMILIES.iter().filter(|family| family.name.starts_with("leak")).count();
    for has_load in [true, false] {
        let called = called(Label::Leak, has_load);
        assert!(called.len() + 1 >= all, "load known: {has_load}: only {called:?}");
    }
}

#[test]
fn made_up_clean_series_are_not_called() {
    assert_eq!(called(Label::Clean, true), [""; 0], "load known");
}

#[test]
fn made_up_clean_series_are_not_called_though_the_load_is_not_known() {
    let called = called(Label::Clean, false);
    let is_ramp = |name: &&str| name.contains("ramp");
    assert!(called.iter().all(is_ramp), "{called:?}: only a ramp of the load, unknown, looks like a leak");
}
