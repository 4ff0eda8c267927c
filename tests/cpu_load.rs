//! The work that an application does, read as its CPU time from real processes.

use memtrend::source::applications::{Selection, Selector, Wanted};
use memtrend::source::{Roots, World, now};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// CPU time of a program over some two seconds, in terms of the time that passed.
fn share_of_a_cpu(script: &str) -> f64 {
    let running = Running(Command::new("sh").args(["-c", script]).stdout(Stdio::null()).spawn().unwrap());
    let wanted = Wanted { name: "app".into(), version: None, selector: Selector::Pid(running.0.id()) };
    let mut world = World::new(&Roots::default(), Selection { wanted: vec![wanted], ..Selection::default() });
    let mut read = || {
        let sample = world.read(now());
        sample.applications.first().and_then(|seen| seen.load.cpu_seconds)
    };
    let (first, begun) = (read(), Instant::now());
    let mut last = first;
    // A process is read in full in turn, and when its memory has changed: each 16th pass at the latest.
    while begun.elapsed() < Duration::from_secs(2) {
        std::thread::sleep(Duration::from_millis(50));
        last = read();
    }
    (last.expect("CPU time is read") - first.expect("CPU time is read")) / begun.elapsed().as_secs_f64()
}

#[test]
fn a_busy_program_works_and_one_that_sleeps_does_not() {
    let busy = share_of_a_cpu("while :; do :; done");
    let asleep = share_of_a_cpu("sleep 60");
    assert!(busy > 0.2, "{busy}");
    assert!(asleep < 0.05 && asleep < busy / 4.0, "{asleep}");
}
