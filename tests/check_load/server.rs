//! An HTTP/1.1 server that keeps connections, counts what it answers, and can be made to misbehave.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Of all requests, from 0.
    pub(super) number: usize,
    /// Of those by this connection, from 0.
    pub(super) number_of_connection: usize,
    pub(super) head: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }
}

pub(super) enum Reply {
    /// And the next request is read.
    Keep(Vec<u8>),
    /// And the connection is closed.
    Close(Vec<u8>),
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers as `reply` says, each connection by a thread of its own; they end with the test's process.
    pub(super) fn start(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (reply, seen) = (Arc::new(reply), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (reply, seen) = (Arc::clone(&reply), Arc::clone(&seen));
                std::thread::spawn(move || serve(stream, &*reply, &seen));
            }
        });
        Self { address, asked }
    }

    /// Answers each request at once with `Hello`.
    pub(super) fn plain() -> Self {
        Self::start(|_| Reply::Keep(ok("Hello")))
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many requests there were so far.
    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.asked.lock().unwrap().len()).unwrap()
    }
}

fn serve(stream: TcpStream, reply: &dyn Fn(&Asked) -> Reply, seen: &Mutex<Vec<Asked>>) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    for number_of_connection in 0.. {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let length = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length: ")?.trim().parse().ok();
        let mut body = vec![0; head.lines().find_map(length).unwrap_or(0)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let asked = {
            let mut seen = seen.lock().unwrap();
            let body = String::from_utf8(body).unwrap();
            let asked = Asked { number: seen.len(), number_of_connection, head, body };
            seen.push(asked.clone());
            asked
        };
        let (bytes, is_kept) = match reply(&asked) {
            Reply::Keep(bytes) => (bytes, true),
            Reply::Close(bytes) => (bytes, false),
        };
        // The load may have given up.
        if reader.get_mut().write_all(&bytes).is_err() || !is_kept {
            return;
        }
    }
}

pub(super) fn answer(status: u16, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} So\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

pub(super) fn ok(body: &str) -> Vec<u8> {
    answer(200, body)
}
