//! Samples on a clock, in a thread of its own, and answers HTTP from the last report. Scrapes never touch /proc.

mod auth;
mod body;
mod connection;
pub mod connections;
mod fingerprint;
mod keeper;
mod negotiation;
pub mod orphans;
mod pages;
mod probe;
mod questions;
pub mod reload;
mod routes;
mod sampler;
mod tls;
mod verified;
mod verifier;

pub use probe::{Health, probe};

use crate::analysis::engine::Engine;
use crate::output::instruments::Instruments;
use crate::source::World;
use crate::state::{Kept, Store};
use anyhow::Context;
use sampler::Wake;
use std::collections::VecDeque;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// What is served.
pub struct Service {
    /// Makes the world, on the thread that will read it.
    pub world: Box<dyn FnOnce() -> World + Send>,
    /// Takes the samples.
    pub engine: Engine,
    /// Time between samples.
    pub interval: Duration,
    /// Open, non-blocking listeners.
    pub listeners: Vec<TcpListener>,
    /// Keeps what outlives memtrend.
    pub state: Option<(Store, Kept)>,
    /// Time between two writes of trends.
    pub state_interval: Duration,
    /// Path of the metrics.
    pub telemetry_path: String,
    /// TLS and authentication.
    pub web_config: Option<PathBuf>,
    /// Whether orphans that become children of this process are waited for; it must have no children of its own then.
    pub reaps_orphans: bool,
}

/// Runs on a single-threaded runtime until SIGTERM or SIGINT, then lets requests in flight end.
///
/// # Errors
/// When the web configuration cannot be read, or the system refuses a thread or a signal handler.
pub fn run_until_stopped(service: Service) -> anyhow::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(run(service))
}

async fn run(service: Service) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    if service.reaps_orphans {
        tokio::spawn(orphans::reap());
    }
    let instruments = Instruments::new()?;
    let interval = service.interval;
    let (published, report) = watch::channel(None);
    let (wake, wakes) = std::sync::mpsc::channel();
    let sampler = {
        let instruments = instruments.clone();
        let (world, mut engine, wake) = (service.world, service.engine, wake.clone());
        let begin = |store| keeper::Keeper::begin(store, service.state_interval, &mut engine, instruments.clone());
        let keeper = service.state.map(begin).transpose()?;
        std::thread::Builder::new().name("sampler".to_owned()).spawn(move || {
            let mut world = world();
            if let Err(error) = world.watch_kills(move |evidence| wake.send(Wake::Seen(evidence)).is_ok()) {
                tracing::error!(%error, "kills are seen at passes only: nothing can wait for them here");
            }
            let sampler = sampler::Sampler {
                world,
                engine,
                instruments,
                published,
                keeper,
                to_keep: None,
                questions: VecDeque::new(),
            };
            sampler.run(interval, &wakes);
        })?
    };
    let web = Arc::new(match &service.web_config {
        Some(path) => reload::Web::open(path)?,
        None => reload::Web::plain(),
    });
    let mut listeners = Vec::new();
    for listener in service.listeners {
        let address = listener.local_addr()?;
        tracing::info!(%address, tls = web.current().tls.is_some(), "listening");
        listeners.push(tokio::net::TcpListener::from_std(listener)?);
    }
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    };
    let questions = questions::Questions::new(wake.clone());
    let router = routes::router(report, instruments, questions, &service.telemetry_path, interval);
    connections::run(listeners, router, web, shutdown).await;
    // It may have ended already.
    let _ = wake.send(Wake::Stop);
    // A pass takes milliseconds: the thread ends with its present one.
    if sampler.join().is_err() {
        anyhow::bail!("the sampling thread has failed");
    }
    Ok(())
}
