//! What can be measured of the applications that are found: memory, limit, pressure, descriptors, version.

use super::facts::{Facts, Reading, SYS_PTRACE, Seen, Version, View};
use super::finding::{Finding, some};
use super::fixes::{self, Door, Homes};
use crate::analysis::sample::{Basis, LimitSource};
use crate::source::Home;

/// Where the fix of what is above helps here too.
pub(super) const AS_ABOVE: &str = "as for the control groups, above";

/// What is asked of an application.
type Question = fn(&Seen) -> bool;

/// All that can be said of that.
pub(super) fn of(facts: &Facts) -> Vec<Finding> {
    // A sandbox has none of it to tell.
    if facts.applications.is_empty() || facts.is_sandbox {
        return Vec::new();
    }
    let mut all = groups(facts);
    all.extend(limits(facts));
    all.extend(pressure(facts));
    all.push(descriptors(facts));
    all.extend(versions(facts));
    all
}

/// Whether it has a control group of its own, be it readable or not.
pub(super) fn has_group(seen: &Seen) -> bool {
    seen.reading != Reading::Shared
}

fn is_read(seen: &Seen) -> bool {
    matches!(seen.reading, Reading::Group(_))
}

/// Whether it has one that is not read.
pub(super) fn is_unread(seen: &Seen) -> bool {
    is_refused(seen) || is_not_found(seen)
}

fn is_refused(seen: &Seen) -> bool {
    seen.reading == Reading::Refused
}

fn is_not_found(seen: &Seen) -> bool {
    matches!(seen.reading, Reading::NotFound | Reading::Not)
}

fn is_unlimited(seen: &Seen) -> bool {
    is_read(seen) && seen.limit.is_none_or(|(source, _)| source == LimitSource::Node)
}

/// Names as one text.
pub(super) fn told(names: &[String]) -> String {
    some(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Names of those of whom it is so, if there are any.
fn who(facts: &Facts, is_so: Question) -> Option<String> {
    let names: Vec<&str> = facts.applications.iter().filter(|seen| is_so(seen)).map(|seen| &*seen.name).collect();
    (!names.is_empty()).then(|| some(&names))
}

fn count(facts: &Facts, is_so: Question) -> usize {
    facts.applications.iter().filter(|seen| is_so(seen)).count()
}

/// The user of those of whom it is so, if it is one and not root: who is root has more capabilities than memtrend should.
fn one_user(facts: &Facts, is_so: Question) -> Option<(u32, u32)> {
    let mut users = facts.applications.iter().filter(|seen| is_so(seen)).map(|seen| seen.user);
    let first = users.next()??;
    (first.0 != 0 && users.all(|user| user == Some(first))).then_some(first)
}

fn groups(facts: &Facts) -> Vec<Finding> {
    if !facts.groups.counts_memory {
        return vec![Finding::missing("memory: the kernel does not count it in control groups", fixes::count_memory())];
    }
    let mut all = Vec::new();
    let lacks_tree = facts.is_agent && facts.groups.view != View::Whole;
    let read = count(facts, is_read);
    let is_whole = read > 0 && read == count(facts, has_group);
    if is_whole {
        let kinds = facts.applications.iter().map(|seen| seen.kinds).max().unwrap_or(0);
        all.push(Finding::fine(format!("memory: from the control groups of {read}, in {kinds} kinds")));
    }
    if let Some(names) = who(facts, is_refused) {
        let in_vain = if facts.user.has_in_vain(SYS_PTRACE) { "; SYS_PTRACE is in effect for root alone" } else { "" };
        let text = format!("memory: control group refused, so summed from processes: {names}{in_vain}");
        let fixes = match lacks_tree {
            true => fixes::mount_groups(facts),
            false => fixes::open(Door::Groups, facts, one_user(facts, is_refused)),
        };
        all.push(Finding::missing(text, fixes));
    }
    if let Some(names) = who(facts, is_not_found) {
        let text = format!("memory: no control group below {}, so summed from processes: {names}", facts.sysfs);
        all.push(Finding::missing(text, fixes::mount_groups(facts)));
    }
    if lacks_tree && is_whole {
        let text = format!("memory: control groups above those of containers are not below {}", facts.sysfs);
        all.push(Finding::could(text, fixes::mount_groups(facts)));
    }
    if let Some(names) = who(facts, |seen| !has_group(seen)) {
        let text = format!("memory: control group shared with others, so summed from processes: {names}");
        let fix = match facts.engine.is_container() && !facts.is_agent {
            true => "run it in a container of its own",
            false => "systemd-run --unit=NAME …   # a unit has a control group of its own",
        };
        all.push(Finding::could(text, fixes::told(&[fix])));
    }
    all
}

fn limits(facts: &Facts) -> Vec<Finding> {
    let mut all = Vec::new();
    if count(facts, is_unread) > 0 {
        let text = "limit: not seen where the control group is not: the machine's memory is taken for it";
        all.push(Finding::missing(text, fixes::told(&[AS_ABOVE])));
    }
    let limited = count(facts, |seen| is_read(seen) && !is_unlimited(seen));
    if limited > 0 {
        all.push(Finding::fine(format!("limit: of {limited} below the machine's memory")));
    }
    if let Some(names) = who(facts, is_unlimited) {
        let is_at = |home: fn(&Seen) -> bool| facts.applications.iter().any(|seen| is_unlimited(seen) && home(seen));
        let homes = Homes {
            pods: is_at(|seen| seen.has_namespace),
            containers: is_at(|seen| matches!(seen.home, Home::Container { .. }) && !seen.has_namespace),
            units: is_at(|seen| seen.home == Home::Unit),
        };
        let text = format!("limit: none but the machine's memory: {names}");
        all.push(Finding::could(text, fixes::limit(facts, homes)));
    }
    all
}

fn pressure(facts: &Facts) -> Option<Finding> {
    if count(facts, |seen| seen.has_pressure) > 0 {
        return Some(Finding::fine("pressure: memory stalls are told"));
    }
    let text = "pressure: no memory stalls are told";
    if count(facts, |seen| seen.reading == Reading::Group(Basis::CgroupV2)) > 0 {
        let fix = match facts.has_pressure {
            true => {
                "echo 1 >…/cgroup.pressure   # of its control group; where there is none, as below\n\
                     psi=1   # on the kernel's command line, then restart the machine"
            }
            false => "psi=1   # on the kernel's command line, of 4.20 or later, then restart the machine",
        };
        return Some(Finding::could(text, fixes::told(&[fix])));
    }
    let fix = "systemd.unified_cgroup_hierarchy=1   # on the kernel's command line: control groups v2 tell of them";
    (count(facts, is_read) > 0).then(|| Finding::could(text, fixes::told(&[fix])))
}

fn descriptors(facts: &Facts) -> Finding {
    let is_uncounted: Question = |seen| !seen.has_descriptors;
    match who(facts, is_uncounted) {
        None => Finding::fine("descriptors: counted"),
        Some(names) => Finding::could(
            format!("descriptors: refused: {names}"),
            fixes::open(Door::Descriptors, facts, one_user(facts, is_uncounted)),
        ),
    }
}

fn versions(facts: &Facts) -> Vec<Finding> {
    let Some(variable) = &facts.version_variable else {
        let fix = "--version-env=VARIABLE   # which holds it in the application's environment";
        return vec![Finding::could("version: not asked for", fixes::told(&[fix]))];
    };
    let is_refused: Question = |seen| seen.version == Version::Refused;
    let mut all = Vec::new();
    if let Some(names) = who(facts, is_refused) {
        let text = format!("version: {variable} refused: {names}");
        all.push(Finding::could(text, fixes::open(Door::Environments, facts, one_user(facts, is_refused))));
    }
    if let Some(names) = who(facts, |seen| seen.version == Version::NotSet) {
        let fix = format!("{variable}=VERSION   # in its environment");
        all.push(Finding::could(format!("version: {variable} not set: {names}"), vec![fix.into()]));
    }
    if all.is_empty() {
        all.push(Finding::fine(format!("version: by {variable}")));
    }
    all
}
