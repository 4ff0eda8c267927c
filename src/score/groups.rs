//! Tallies of everything and of each group.

use super::figures::Figures;
use super::judged::Judged;
use super::tally::Tally;
use super::truth::Truth;
use serde::Serialize;
use std::collections::BTreeMap;

/// What stands for a group without a name.
const UNNAMED: &str = "unknown";

/// Tallies by source, kind and runtime; series whose label can be argued are kept apart from all of these.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    everything: Tally,
    sources: BTreeMap<String, Tally>,
    kinds: BTreeMap<String, Tally>,
    runtimes: BTreeMap<String, Tally>,
    ambiguous: Tally,
}

/// The figures of each.
#[derive(Clone, Debug, Default, Serialize)]
pub struct GroupFigures {
    /// All but the ambiguous.
    pub everything: Figures,
    /// By the folder that a series comes from.
    pub sources: BTreeMap<String, Figures>,
    /// By what it does.
    pub kinds: BTreeMap<String, Figures>,
    /// By what it runs on.
    pub runtimes: BTreeMap<String, Figures>,
    /// Series whose label can be argued.
    pub ambiguous: Figures,
}

impl Groups {
    /// Adds one series.
    pub fn add(&mut self, source: &str, truth: &Truth, judged: &Judged) {
        if truth.ambiguous.is_some() {
            return self.ambiguous.add(truth, judged);
        }
        self.everything.add(truth, judged);
        for (groups, name) in [
            (&mut self.sources, source),
            (&mut self.kinds, truth.kind.as_str()),
            (&mut self.runtimes, truth.runtime.as_str()),
        ] {
            let name = if name.is_empty() { UNNAMED } else { name };
            groups.entry(name.to_owned()).or_default().add(truth, judged);
        }
    }

    /// The figures so far.
    pub fn figures(&self) -> GroupFigures {
        let of = |groups: &BTreeMap<String, Tally>| {
            groups.iter().map(|(name, tally)| (name.clone(), tally.figures())).collect()
        };
        GroupFigures {
            everything: self.everything.figures(),
            sources: of(&self.sources),
            kinds: of(&self.kinds),
            runtimes: of(&self.runtimes),
            ambiguous: self.ambiguous.figures(),
        }
    }
}
