//! The findings on all parts of the memory, taken together.

use super::doubt::Doubt;
use super::judge::{Finding, Growth, Rules, WIDEST};
use super::report::Judged;

/// What all parts say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// At least one leaks; the growth of those that do, and of others that surely grow.
    Leak(Growth),
    /// None does, nor do all together; the growth of all.
    NoLeak(Growth),
    /// That cannot be told, and why.
    Open(Doubt, Option<Growth>),
}

impl Verdict {
    /// Of all parts together.
    pub fn of(parts: &[Judged], rules: &Rules) -> Self {
        let growth = |counts: &dyn Fn(&Finding) -> bool| {
            let counted = parts.iter().map(|judged| &judged.finding).filter(|finding| counts(finding));
            counted.filter_map(|finding| Some(finding.window()?.growth)).reduce(Growth::plus)
        };
        let grows = |finding: &Finding| match finding {
            Finding::Leak(_) => true,
            Finding::NoLeak(_) => false,
            // What is uncertain would make the sum so.
            Finding::Open(_, window) => window.as_ref().is_some_and(|window| {
                window.growth.lower > 0.0 && window.growth.width() <= WIDEST * window.growth.rate
            }),
        };
        if parts.iter().any(|judged| matches!(judged.finding, Finding::Leak(_))) {
            return growth(&grows).map_or(Self::Open(Doubt::NothingSeen, None), Self::Leak);
        }
        let all = growth(&|_| true);
        let doubt = parts.iter().find_map(|judged| match &judged.finding {
            Finding::Open(doubt, _) => Some(*doubt),
            Finding::Leak(_) | Finding::NoLeak(_) => None,
        });
        match (doubt, all) {
            (Some(doubt), _) => Self::Open(doubt, all),
            (None, Some(growth)) if growth.upper <= rules.most_growth => Self::NoLeak(growth),
            (None, Some(_)) => Self::Open(Doubt::Straddles, all),
            (None, None) => Self::Open(Doubt::NothingSeen, None),
        }
    }

    /// Whether nothing more need be seen.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Leak(_) | Self::NoLeak(_))
    }

    /// The growth that it tells of.
    pub fn growth(&self) -> Option<Growth> {
        match self {
            Self::Leak(growth) | Self::NoLeak(growth) => Some(*growth),
            Self::Open(_, growth) => *growth,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::report::Part;
    use crate::gate::window::Window;

    fn part(finding: impl Fn(Window) -> Finding, rate: f64) -> Judged {
        let growth = Growth { rate, lower: rate - 10.0, upper: rate + 10.0 };
        Judged { part: Part::Memory, finding: finding(Window { floors: Vec::new(), growth, seconds: 20.0 }) }
    }

    fn growth(rate: f64, error: f64) -> Growth {
        Growth { rate, lower: rate - error, upper: rate + error }
    }

    #[test]
    fn one_part_that_leaks_is_a_leak_of_what_grows() {
        let rules = Rules::with(100.0);
        let open = |window| Finding::Open(Doubt::Straddles, Some(window));
        let parts = [part(Finding::Leak, 400.0), part(open, 90.0), part(Finding::NoLeak, 5.0)];
        assert_eq!(Verdict::of(&parts, &rules), Verdict::Leak(growth(490.0, 200_f64.sqrt())));
        assert!(matches!(Verdict::of(&parts[1..], &rules), Verdict::Open(Doubt::Straddles, Some(_))));
    }

    #[test]
    fn parts_that_are_each_within_the_bound_may_be_over_it_together() {
        let rules = Rules::with(100.0);
        let parts = [part(Finding::NoLeak, 60.0), part(Finding::NoLeak, 60.0)];
        assert!(matches!(Verdict::of(&parts, &rules), Verdict::Open(Doubt::Straddles, Some(_))));
        assert!(matches!(Verdict::of(&parts[1..], &rules), Verdict::NoLeak(_)));
        assert!(matches!(Verdict::of(&[], &rules), Verdict::Open(Doubt::NothingSeen, None)));
    }
}
