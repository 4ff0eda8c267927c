//! Sidecars in a pod, under cgroup v2 in the virtual machine.

use super::{ABOVE, MOST_LIVES, OWN, Trial};
use crate::support::page::Page;
use crate::virtual_machine::{pages, run};
use std::process::{Command, Stdio};

/// Each with its uid and its capabilities.
pub(crate) const FORMS: &[(&str, &str, &str)] = &[
    ("another user", "65534", ""),
    ("another user, SYS_PTRACE added", "65534", "\"CAP_SYS_PTRACE\""),
    ("root without capabilities", "0", ""),
    ("the application's user", "1000", ""),
    ("root + SYS_PTRACE", "0", "\"CAP_SYS_PTRACE\""),
    ("root + SYS_PTRACE + DAC_READ_SEARCH", "0", "\"CAP_SYS_PTRACE\",\"CAP_DAC_READ_SEARCH\""),
];

/// None where that is not possible.
pub(super) fn trials() -> Vec<Trial> {
    if Command::new("crun").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("this needs crun");
        return Vec::new();
    }
    let lives = MOST_LIVES.to_string();
    let mut arguments = vec![&*lives, "^/leaky leak --start 16777216 ", "^/leaky leak --start 16777217 "];
    FORMS.iter().for_each(|(_, uid, capabilities)| arguments.extend([uid, capabilities]));
    let text = run(&["-s", "-t", "900", "-p", "crun"], "permissions.sh", &arguments);
    let mut pages = pages(&text);
    let mut page =
        |name: String| -> Page { pages.remove(name.as_str()).unwrap_or_else(|| panic!("no {name}:\n{text}")) };
    let kills = [OWN, ABOVE].map(|name| text.lines().filter(|line| *line == format!("@@killed {name}")).count() as u32);
    let part = |name: &str, place: usize| {
        let part = text.split(&format!("@@{name} {place}\n")).nth(1).unwrap();
        part.split("@@").next().unwrap().to_owned()
    };
    let trial = |(place, (form, ..)): (usize, &(&'static str, _, _))| Trial {
        form,
        live: page(format!("{OWN} live {place}")),
        end: page(format!("{ABOVE} end {place}")),
        kills,
        report: part("report", place),
        log: part("log", place),
    };
    FORMS.iter().enumerate().map(trial).collect()
}
