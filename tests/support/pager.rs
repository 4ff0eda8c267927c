//! Takes the messages that an Alertmanager sends to its webhooks, and notes when they came.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// One message.
#[derive(Clone)]
pub(crate) struct Message {
    /// The last part of the address that it was sent to.
    pub(crate) receiver: String,
    pub(crate) came: Instant,
    body: Value,
}

impl Message {
    /// The values of a label over its alerts, in the order of the message.
    pub(crate) fn values(&self, label: &str) -> Vec<&str> {
        let alerts = self.body["alerts"].as_array().unwrap();
        alerts.iter().map(|alert| alert["labels"][label].as_str().unwrap_or_default()).collect()
    }

    pub(crate) fn is_resolved(&self) -> bool {
        self.body["status"] == "resolved"
    }
}

pub(crate) struct Pager {
    pub(crate) address: SocketAddr,
    messages: Arc<Mutex<Vec<Message>>>,
}

impl Pager {
    /// Listens on a free port until the process ends.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let messages = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&messages);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(message) = take(stream) {
                    taken.lock().unwrap().push(message);
                }
            }
        });
        Self { address, messages }
    }

    /// The messages to a receiver so far.
    pub(crate) fn messages_to(&self, receiver: &str) -> Vec<Message> {
        self.messages.lock().unwrap().iter().filter(|message| message.receiver == receiver).cloned().collect()
    }
}

/// Reads one request and answers it; `None` when it broke off.
fn take(mut stream: TcpStream) -> Option<Message> {
    let mut lines = BufReader::new(stream.try_clone().ok()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_ascii_lowercase());
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())?;
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
    let receiver = head.first()?.split(' ').nth(1)?.rsplit('/').next()?.to_owned();
    Some(Message { receiver, came: Instant::now(), body: serde_json::from_slice(&body).ok()? })
}
