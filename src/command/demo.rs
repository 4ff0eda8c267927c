//! `memtrend demo`: a program that leaks, in a memory-limited cgroup where one may be made, watched on a fast clock.

mod limited;

use super::{log, serve};
use crate::cli::DemoFlags;
use crate::config::{
    ApplicationOption, LogFormat, LogLevel, Options, Pattern, SelectorOption, Settings, TrendOptions, WebOptions,
};
use limited::LimitedGroup;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The limit of the demo's cgroup.
const LIMIT: u64 = 96 << 20;

/// What the program holds when it starts, and leaks a second: it lives for about a minute.
const START: u64 = 24 << 20;
const RATE: u64 = 1_250_000;

/// Between a death of the program and its next life.
const RESTART_AFTER: Duration = Duration::from_secs(3);

/// Runs until Ctrl-C; leaves no process and no cgroup behind.
///
/// # Errors
/// When the address cannot be listened on or the program cannot be started.
pub fn run(flags: &DemoFlags) -> anyhow::Result<()> {
    let listener = serve::listen(&flags.web_listen_address)?;
    let address = listener.local_addr()?;
    let group = LimitedGroup::create(LIMIT);
    println!("A program starts with 24 MiB and leaks 1.2 MiB a second, without end.");
    match &group {
        Ok(group) => {
            println!("Its limit is 96 MiB: the kernel will kill it in about a minute ({}).", group.folder().display())
        }
        Err(error) => {
            println!(
                "No limited cgroup can be made here ({error}): no kernel will kill it, it ends by itself at 96 MiB."
            );
        }
    }
    println!();
    println!("  page     http://{address}/");
    println!("  metrics  http://{address}/metrics");
    println!();
    println!("Within two minutes: growth, a shrinking time to the limit, an OOM kill, a restart that goes on leaking.");
    println!("Ctrl-C ends the demo and leaves nothing behind.");
    let is_over = Arc::new(AtomicBool::new(false));
    let supervisor = {
        let (is_over, folder) = (Arc::clone(&is_over), group.as_ref().ok().map(|group| group.folder().to_owned()));
        let program = std::env::current_exe()?;
        std::thread::spawn(move || supervise(&program, folder.as_deref(), &is_over))
    };
    let served = settings().and_then(|settings| {
        log::install(LogLevel::Warn, LogFormat::Logfmt);
        serve::serve(&settings, vec![listener], || Ok(None), false)
    });
    is_over.store(true, Ordering::Relaxed);
    let supervised = supervisor.join();
    drop(group);
    if supervised.is_err() {
        anyhow::bail!("demo: the thread that restarts the program has failed");
    }
    served
}

fn settings() -> anyhow::Result<Settings> {
    // Of this demo: another may run on the same machine.
    let pattern: Pattern = format!("leak .*--label {}( |$)", label()).parse().map_err(anyhow::Error::msg)?;
    let wanted = ApplicationOption {
        name: Some("leaky-cache".to_owned()),
        version: Some("2.4.1".to_owned()),
        selector: SelectorOption::Match(pattern),
    };
    let options = Options {
        wanted: vec![wanted],
        trend: TrendOptions { block: Some(Duration::from_secs(1).into()) },
        web: WebOptions::default(),
        ..Options::default()
    };
    Ok(Settings::from_options(options)?)
}

/// The word in the program's command line by which it is found.
fn label() -> String {
    format!("demo-{}", std::process::id())
}

/// Starts the program again and again, as a container engine would.
fn supervise(program: &std::path::Path, folder: Option<&std::path::Path>, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        let mut command = Command::new(program);
        command.args(["leak", "--start", &START.to_string(), "--rate", &RATE.to_string(), "--label", &label()]);
        match folder {
            Some(folder) => command.arg("--join").arg(folder),
            None => command.args(["--stop-at", &LIMIT.to_string()]),
        };
        match command.spawn() {
            Ok(child) => watch(child, is_over),
            Err(error) => eprintln!("memtrend: demo: cannot start {}: {error}", program.display()),
        }
        wait(RESTART_AFTER, is_over);
    }
}

/// Waits for the program's end, or ends it when the demo is over.
fn watch(mut child: Child, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(50)),
            Ok(Some(status)) => return println!("The program has ended ({status}); it starts again in 3 s."),
            Err(_) => break,
        }
    }
    // An error means that it has ended already.
    drop(child.kill());
    drop(child.wait());
}

fn wait(mut left: Duration, is_over: &AtomicBool) {
    let step = Duration::from_millis(50);
    while !is_over.load(Ordering::Relaxed) && left > Duration::ZERO {
        std::thread::sleep(step);
        left = left.saturating_sub(step);
    }
}
