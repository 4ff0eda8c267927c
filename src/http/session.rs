//! One connection that is kept between requests, and opened again where the server has closed it.

use super::body::Body;
use super::failure::Failure;
use super::peer::Peer;
use super::received::Received;
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, Response};
use std::sync::Arc;

/// Requests to one server, one after the other.
#[derive(Debug)]
pub struct Session {
    peer: Arc<Peer>,
    connection: Option<Connection>,
}

#[derive(Debug)]
struct Connection {
    sender: SendRequest<Body>,
    received: Received,
    /// Whether a request has been sent over it before.
    is_kept: bool,
}

impl Session {
    /// Connects with the first request.
    pub fn new(peer: Arc<Peer>) -> Self {
        Self { peer, connection: None }
    }

    /// The server.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Opens a connection unless a good one is kept.
    ///
    /// # Errors
    /// When there is none.
    pub async fn connect(&mut self) -> Result<(), Failure> {
        self.connection().await.map(drop)
    }

    /// Sends a request, and gives its answer as soon as its head is there. A connection that was kept may just have been closed:
    /// when nothing of an answer came by it, the request is sent once more by a new one.
    ///
    /// # Errors
    /// When there is no connection, or no answer.
    pub async fn send(&mut self, request: impl Fn() -> Request<Body>) -> Result<Response<Incoming>, Failure> {
        loop {
            let connection = self.connection().await?;
            let (was_kept, before) = (connection.is_kept, connection.received.bytes());
            connection.is_kept = true;
            match connection.sender.send_request(request()).await {
                // The next is a new one: it is the last.
                Err(_) if was_kept && connection.received.bytes() == before => self.connection = None,
                outcome => return outcome.map_err(Failure::Http),
            }
        }
    }

    async fn connection(&mut self) -> Result<&mut Connection, Failure> {
        // Taken out, so that it is closed when this is not waited for.
        let kept = match self.connection.take() {
            Some(mut kept) => kept.sender.ready().await.is_ok().then_some(kept),
            None => None,
        };
        let connection = match kept {
            Some(kept) => kept,
            None => {
                let (sender, received) = self.peer.connect().await?;
                Connection { sender, received, is_kept: false }
            }
        };
        Ok(self.connection.insert(connection))
    }
}
