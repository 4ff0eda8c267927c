//! All that was seen in one run, and the report that it becomes.

use super::compare::{Comparison, Kept};
use super::judge::{Finding, Rules, judge};
use super::report::{
    Check, Checked, Conclusion, GateReport, Judged, KindGrowth, Levels, Outcome, Part, Processes, Stages, Unit, Work,
};
use super::series::Series;
use super::trouble::Trouble;
use super::verdict::Verdict;
use super::window::Window;
use crate::sample::Kind;
use crate::units::{Bytes, whole};

/// What is asked of the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// How growth is judged.
    pub rules: Rules,
    /// What work is counted in.
    pub unit: Unit,
    /// The most memory that it may hold.
    pub most_memory: Option<Bytes>,
    /// An earlier run.
    pub before: Option<Kept>,
    /// The share by which the level may be above the earlier.
    pub most_level: f64,
}

/// All that was seen.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What was watched, clean.
    pub subject: String,
    /// What is asked of it.
    pub bounds: Bounds,
    /// What is judged, each by itself.
    pub parts: Vec<(Part, Series)>,
    /// By kind of memory.
    pub kinds: Vec<(Kind, Series)>,
    /// All that it held.
    pub total: Series,
    /// What went wrong, in the order of time.
    pub troubles: Vec<Trouble>,
    /// Memory by stages; its floor is found here.
    pub levels: Levels,
    /// When what happened.
    pub stages: Stages,
    /// When the load began, in the seconds of `stages`.
    pub load_began: f64,
    /// Work done.
    pub work: Work,
    /// Processes.
    pub processes: Processes,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// Points of the picture.
const CURVE: usize = 400;

impl Facts {
    /// What all parts say now.
    pub fn judged(&self) -> (Vec<Judged>, Verdict) {
        self.judged_by(&self.bounds.rules)
    }

    fn judged_by(&self, rules: &Rules) -> (Vec<Judged>, Verdict) {
        let judged = |(part, series): &(Part, Series)| Judged { part: *part, finding: judge(series.points(), rules) };
        let parts: Vec<Judged> = self.parts.iter().map(judged).collect();
        let verdict = Verdict::of(&parts, rules);
        (parts, verdict)
    }

    /// The report on the run.
    pub fn report(self) -> GateReport {
        let (parts, verdict) = self.judged_by(&self.bounds.rules.at_last());
        let from = judged_from(&self.total, &self.bounds.rules);
        let window = Window::over(self.total.points(), from);
        let level = window.as_ref().map(Window::level);
        let now = verdict.growth().zip(level).map(|(growth, level)| Kept { growth, level });
        let comparison = now.zip(self.bounds.before).map(|(now, before)| Comparison::new(now, before));
        let checks = self.checks(&verdict, comparison.as_ref());
        let conclusion = GateReport::conclude(&checks, self.troubles.iter().any(Trouble::cuts_short));
        let sentence = sentence(conclusion, &checks);
        let mut kinds: Vec<KindGrowth> =
            self.kinds.iter().filter_map(|(kind, series)| grown(*kind, series, from)).collect();
        kinds.sort_by(|one, other| other.rate.total_cmp(&one.rate));
        GateReport {
            subject: self.subject,
            conclusion,
            sentence,
            checks,
            unit: self.bounds.unit,
            most_growth: self.bounds.rules.most_growth,
            most_memory: self.bounds.most_memory,
            growth: verdict.growth(),
            parts,
            kinds,
            comparison,
            levels: Levels { floor: level.map(|level| Bytes(whole(level))), ..self.levels },
            stages: Stages { judged_from: window.map(|_| self.load_began + from), ..self.stages },
            load_began: self.load_began,
            work: self.work,
            processes: self.processes,
            notes: self.notes,
            curve: self.total.thinned(CURVE),
        }
    }

    fn checks(&self, verdict: &Verdict, comparison: Option<&Comparison>) -> Vec<Checked> {
        let mut checks = vec![self.growth(verdict)];
        if let Some(most) = self.bounds.most_memory {
            let peak = self.levels.peak.unwrap_or_default();
            checks.push(self.answered(Check::MaxRss, format!("{peak} at the most, limit {most}")));
        }
        if self.bounds.before.is_some() {
            checks.extend(self.compared(comparison));
        }
        checks.push(self.answered(Check::Program, "it ran from beginning to end".to_owned()));
        // A tool whose requests are not counted may fail all the same; of a load that it did not come to nothing is said.
        let has_load_failed = self.troubles.iter().any(|trouble| trouble.answers().0 == Check::Load);
        if has_load_failed || self.bounds.unit != Unit::Hour && self.load_began > 0.0 {
            let done = whole(self.work.done);
            let failed = self.work.failed.unwrap_or(0);
            let unit = self.bounds.unit.name();
            let sentence = match failed {
                0 => format!("{done} {unit}s, none failed"),
                _ if self.troubles.is_empty() => format!("{done} {unit}s, {failed} failed, which is allowed"),
                _ => format!("{done} {unit}s, {failed} failed until the run was over"),
            };
            let sentence = if self.work.failed.is_some() { sentence } else { format!("{done} {unit}s were counted") };
            checks.push(self.answered(Check::Load, sentence));
        }
        if let (Some(end), Some(idle)) = (self.levels.end, self.levels.idle) {
            let came_back = end.saturating_sub(idle);
            let sentence = format!("{came_back} of {end} came back when the load had stopped");
            checks.push(Checked { check: Check::Idle, outcome: Outcome::Told, sentence });
        }
        checks
    }

    fn growth(&self, verdict: &Verdict) -> Checked {
        let told = |growth| super::amounts::growth(growth, self.bounds.unit);
        let most = super::amounts::amount(self.bounds.rules.most_growth);
        let most = format!("{most} per {}", self.bounds.unit.name());
        let (outcome, sentence) = match verdict {
            Verdict::Leak(growth) => (Outcome::Failed, format!("leaks {}, limit {most}", told(*growth))),
            Verdict::NoLeak(growth) => (Outcome::Passed, format!("grows {}, limit {most}", told(*growth))),
            Verdict::Open(doubt, growth) => {
                let so_far = growth.map_or_else(String::new, |growth| format!("; so far {}", told(growth)));
                (Outcome::Unknown, format!("{doubt}{so_far}; limit {most}"))
            }
        };
        Checked { check: Check::Growth, outcome, sentence }
    }

    fn compared(&self, comparison: Option<&Comparison>) -> [Checked; 2] {
        let Some(comparison) = comparison else {
            return [Check::BaselineGrowth, Check::BaselineLevel].map(|check| Checked {
                check,
                outcome: Outcome::Unknown,
                sentence: "there is nothing to compare with the earlier run".to_owned(),
            });
        };
        let outcome = |is_worse: bool| if is_worse { Outcome::Failed } else { Outcome::Passed };
        let more = super::amounts::growth(comparison.growth, self.bounds.unit);
        let percent = (comparison.level * 100.0).round();
        let most = (self.bounds.most_level * 100.0).round();
        [
            Checked {
                check: Check::BaselineGrowth,
                outcome: outcome(comparison.grows_more(self.bounds.rules.most_growth)),
                sentence: format!("{more} more than in the earlier run"),
            },
            Checked {
                check: Check::BaselineLevel,
                outcome: outcome(comparison.holds_more(self.bounds.most_level)),
                sentence: format!("its level is {percent:+} % against the earlier run's, limit +{most} %"),
            },
        ]
    }

    /// A check that holds unless some trouble answers for it; what cut the run short is told, or the worst.
    fn answered(&self, check: Check, sentence: String) -> Checked {
        let of_it = || self.troubles.iter().filter(|trouble| trouble.answers().0 == check);
        let worst = of_it().find(|trouble| trouble.cuts_short());
        let worst = worst.or_else(|| of_it().find(|trouble| trouble.answers().1 == Outcome::Failed));
        let worst = worst.or_else(|| of_it().next());
        match worst {
            Some(trouble) => Checked { check, outcome: trouble.answers().1, sentence: trouble.to_string() },
            None => Checked { check, outcome: Outcome::Passed, sentence },
        }
    }
}

/// Where the window of the judgement begins, in seconds since the load began.
fn judged_from(total: &Series, rules: &Rules) -> f64 {
    total.points().last().map_or(0.0, |last| rules.warm_up_seconds.max(last.seconds / 2.0))
}

fn grown(kind: Kind, series: &Series, from: f64) -> Option<KindGrowth> {
    let window = Window::over(series.points(), from)?;
    let end = series.points().last()?.bytes;
    Some(KindGrowth { kind, rate: window.growth.rate, end: Bytes(whole(end)) })
}

/// The sentence of the check that decides.
fn sentence(conclusion: Conclusion, checks: &[Checked]) -> String {
    let first = |outcome: Outcome| checks.iter().find(|checked| checked.outcome == outcome);
    let deciding = match conclusion {
        Conclusion::NoLeak | Conclusion::Leak => checks.first(),
        Conclusion::Failed => first(Outcome::Failed),
        // What stopped the run says more than that growth could not be told because of it.
        Conclusion::Inconclusive => {
            let stopped = checks.iter().filter(|checked| checked.check != Check::Growth);
            stopped.rev().find(|checked| checked.outcome == Outcome::Unknown).or_else(|| first(Outcome::Unknown))
        }
    };
    deciding.map(|checked| checked.sentence.clone()).unwrap_or_default()
}

/// Whether a finding has come to an answer.
impl Finding {
    /// Whether nothing more need be seen of it.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Leak(_) | Self::NoLeak(_))
    }
}
