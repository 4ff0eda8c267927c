//! Starts the program, or finds it, and waits until it is ready.

use super::super::event::Event;
use super::super::keeper::{Keeper, Kept};
use super::super::listener::{self, Listener};
use super::super::output::Lines;
use super::super::ready::Ready;
use super::super::settings::{Drive, Target};
use super::super::watch::Watcher;
use super::streams::{on_standard_error, piped};
use super::{Progress, Run};
use crate::analysis::gate::trouble::Trouble;
use crate::source::applications::Selector;
use crate::source::runtime::NodeHook;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much garbage Go lets pile up before it collects, in per cent of what is live. Its default is 100: resident memory of a program that
/// leaks nothing then rises in steps for minutes, and that of one that leaks by twice as much as it leaks.
const GO_COLLECTS: &str = "GOGC";
const GO_HEADROOM: &str = "20";

/// Between two tries whether it is ready.
const READY: Duration = Duration::from_millis(100);

/// A program that has just been started is not there at once.
const FIRST_LOOK: Duration = Duration::from_secs(1);

impl Run<'_> {
    /// Starts the program, or finds what runs.
    pub(super) fn start(&mut self) -> Result<(), Trouble> {
        if self.settings.asks_runtimes {
            match NodeHook::new(&std::env::temp_dir()) {
                Ok(hook) => self.hook = Some(Arc::new(hook)),
                // Then all of the memory is judged.
                Err(error) => self.facts.notes.push(format!("runtimes are not asked for their live heap: {error}")),
            }
        }
        let selector = match self.settings.target.clone() {
            Target::Command(command) => {
                let keeper = self.keep_program(&command).map_err(|error| Trouble::NotStarted(error.to_string()))?;
                let pid = keeper.pid();
                self.program = Some(keeper);
                Selector::Below(pid)
            }
            Target::Process(pid) => Selector::Pid(pid),
            Target::Container(id) => Selector::Container(id.into()),
        };
        let events = self.sender.clone();
        let tell = move |evidence| events.send(Event::Killed(Box::new(evidence))).is_ok();
        let watcher = Watcher::new(selector, self.settings.interval, tell);
        self.watcher = Some(watcher.map_err(|error| Trouble::Unreadable(error.to_string()))?);
        Ok(())
    }

    pub(super) fn keep_program(&mut self, command: &[OsString]) -> io::Result<Keeper> {
        let options = std::env::var_os("NODE_OPTIONS");
        let environment = self.hook.as_ref().map(|hook| hook.environment(options.as_deref()));
        let mut environment: Vec<(OsString, OsString)> =
            environment.into_iter().map(|(name, value)| (name.into(), value)).collect();
        if self.settings.asks_runtimes && std::env::var_os(GO_COLLECTS).is_none() {
            environment.push((GO_COLLECTS.into(), GO_HEADROOM.into()));
        }
        let patterns = self.settings.ready.iter().filter_map(|ready| match ready {
            Ready::Log(pattern) => Some(pattern.clone()),
            _ => None,
        });
        let patterns: Vec<regex::bytes::Regex> = patterns.collect();
        let output = if patterns.is_empty() {
            on_standard_error()?
        } else {
            let events = self.sender.clone();
            let mut fits = vec![false; patterns.len()];
            let mut lines = Lines::default();
            piped(move |text| {
                lines.take(text, |line| {
                    fits.iter_mut().zip(&patterns).for_each(|(fits, pattern)| *fits |= pattern.is_match(line));
                });
                if fits.iter().all(|fits| *fits) {
                    // Told once.
                    fits.clear();
                    drop(events.send(Event::Logged));
                }
            })?
        };
        let events = self.sender.clone();
        Keeper::start(Kept { command, environment: &environment, output }, move |told| {
            drop(events.send(Event::Program(told)));
        })
    }

    /// Waits for all signs of its being ready.
    pub(super) fn await_ready(&mut self) -> Result<(), Trouble> {
        if self.program.is_none() {
            // What should run already is not waited for.
            self.await_first_look()?;
        }
        let signs = self.settings.ready.clone();
        for sign in &signs {
            (self.tell)(&Progress::Waiting(sign.to_string()));
            loop {
                self.wait(Instant::now() + READY)?;
                self.look()?;
                let is_so = match sign {
                    Ready::Log(_) => self.has_logged,
                    Ready::After(time) => self.begun.elapsed() >= *time,
                    asked => asked.answers(),
                };
                if is_so {
                    break;
                }
                let waited = self.begun.elapsed();
                if waited >= self.settings.ready_timeout {
                    return Err(Trouble::NotReady(sign.to_string(), waited.as_secs_f64()));
                }
            }
        }
        self.look()?;
        self.await_first_look()?;
        self.check_listeners()?;
        self.facts.stages.ready = self.begun.elapsed().as_secs_f64();
        self.facts.levels.ready = self.held();
        Ok(())
    }

    /// That the addresses that are loaded are the program's: it may have failed to listen there because another does.
    fn check_listeners(&self) -> Result<(), Trouble> {
        let (Drive::Http(plan), Target::Command(_), false) =
            (&self.settings.drive, &self.settings.target, self.settings.is_proxied)
        else {
            return Ok(());
        };
        let members = self.last.iter().flat_map(|look| &look.members);
        let pids: Vec<u32> = members.map(|member| member.pid).collect();
        for address in plan.targets.iter().map(|target| target.address()) {
            let is_here = address.host == "localhost" || address.host == "::1" || address.host.starts_with("127.");
            if is_here && listener::of(address.port, &pids) == Listener::Others {
                return Err(Trouble::OtherListens(address.host_and_port()));
            }
        }
        Ok(())
    }

    /// Until its memory can be read: a program that has just been started is not there yet.
    pub(super) fn await_first_look(&mut self) -> Result<(), Trouble> {
        let begun = Instant::now();
        while self.last.as_ref().is_none_or(|look| look.memory.is_none()) {
            if begun.elapsed() > FIRST_LOOK {
                let is_there = self.last.as_ref().is_some_and(|look| !look.members.is_empty());
                return Err(match (&self.settings.target, is_there) {
                    (_, true) => Trouble::Unreadable("run memtrend as its user, or as root".to_owned()),
                    (Target::Process(pid), false) => Trouble::Unreadable(format!("there is no process {pid} here")),
                    (Target::Container(id), false) => {
                        Trouble::Unreadable(format!("no process here is in a container whose id begins with {id}"))
                    }
                    (Target::Command(_), false) => Trouble::Unreadable("it has no process".to_owned()),
                });
            }
            self.wait(Instant::now() + self.settings.interval)?;
            self.look()?;
        }
        Ok(())
    }
}
