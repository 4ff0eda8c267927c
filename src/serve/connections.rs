//! Accepting connections, and ending them when memtrend ends.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connection::{self, Server};
use super::reload::Web;

/// The most connections served at one time; more of them wait in the kernel.
pub const MAX_CONNECTIONS: usize = 512;

/// How long requests in flight may go on once memtrend is told to end.
pub const DRAIN_TIME: Duration = Duration::from_secs(5);

/// How long to wait when the system gives no more connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves on all the listeners until `shutdown` is done, then lets the
/// requests in flight end.
pub async fn run(listeners: Vec<TcpListener>, router: Router, web: Arc<Web>, shutdown: impl Future<Output = ()>) {
    if web.current().asks_for_http2 {
        tracing::warn!("http_server_config.http2 is on, but memtrend speaks HTTP/1.1 only");
    }
    let server = Arc::new(Server { router, web });
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (stop, stopped) = watch::channel(());
    let mut loops = JoinSet::new();
    for listener in listeners {
        let acceptor = Acceptor::new(listener, slots.clone());
        loops.spawn(accept_loop(acceptor, server.clone(), stopped.clone()));
    }
    drop(stopped);
    shutdown.await;
    drop(stop);
    while loops.join_next().await.is_some() {}
}

async fn accept_loop(mut acceptor: Acceptor, server: Arc<Server>, mut stop: watch::Receiver<()>) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(_) = tasks.join_next() => {}
            accepted = acceptor.next() => if let Some((stream, slot)) = accepted {
                let (server, stop) = (server.clone(), stop.clone());
                tasks.spawn(async move {
                    connection::serve(stream, server, stop).await;
                    drop(slot);
                });
            }
        }
    }
    drop(acceptor);
    let drained = timeout(DRAIN_TIME, async { while tasks.join_next().await.is_some() {} });
    if drained.await.is_err() {
        tracing::warn!(connections = tasks.len(), "connections cut off at shutdown");
    }
}

/// Takes connections off one listener, as many as there are free slots.
struct Acceptor {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    failing: bool,
}

impl Acceptor {
    fn new(listener: TcpListener, slots: Arc<Semaphore>) -> Self {
        Self { listener, slots, failing: false }
    }

    /// Waits for a free slot, then for a connection; none after an error.
    async fn next(&mut self) -> Option<(TcpStream, OwnedSemaphorePermit)> {
        let slot = self.slots.clone().acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, _)) => {
                self.failing = false;
                Some((stream, slot))
            }
            Err(error) if is_of_one_connection(&error) => None,
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!("cannot accept connections: {error}; trying on, check the limit on open files");
                }
                sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    }
}

/// Whether only the connection to be accepted is broken, not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
