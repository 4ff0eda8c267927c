//! What wakes the run between two looks.

use super::keeper::Told;
use super::probe::Probed;
use crate::analysis::oom::Evidence;
use std::io;
use std::sync::mpsc::Sender;
use std::thread;
use tokio::signal::unix::{SignalKind, signal};

/// Something has happened.
#[derive(Debug)]
pub(super) enum Event {
    /// To the program.
    Program(Told),
    /// To the load tool.
    Tool(Told),
    /// The program has printed a line that is waited for.
    Logged,
    /// Kills were seen.
    Killed(Box<Evidence>),
    /// Runtimes were asked for their live heap.
    Probed(Probed),
    /// memtrend is told to stop, by this signal.
    Signal(&'static str),
}

/// Tells SIGINT, SIGQUIT, SIGTERM and SIGHUP from a thread of its own; they no longer end this process.
///
/// # Errors
/// When the system refuses the handlers or the thread.
pub(super) fn tell_signals(events: Sender<Event>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut quit = signal(SignalKind::quit())?;
    drop(_inside);
    let wait = move || {
        runtime.block_on(async {
            loop {
                let name = tokio::select! {
                    _ = interrupt.recv() => "SIGINT",
                    _ = terminate.recv() => "SIGTERM",
                    _ = hang_up.recv() => "SIGHUP",
                    _ = quit.recv() => "SIGQUIT",
                };
                if events.send(Event::Signal(name)).is_err() {
                    return;
                }
            }
        });
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
}
