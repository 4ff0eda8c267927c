//! A small HTTP server that keeps so many bytes of each request.

use anyhow::Context;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Longest head of a request, in bytes.
const LONGEST_HEAD: u64 = 64 << 10;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What is kept.
type Hoard = Arc<Mutex<Vec<Box<[u8]>>>>;

/// Serves until it is killed.
///
/// # Errors
/// When the address cannot be listened on.
pub(super) fn serve(address: &str, per_request: usize) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).with_context(|| format!("--serve {address}"))?;
    let hoard = Hoard::default();
    for stream in listener.incoming().flatten() {
        let hoard = Arc::clone(&hoard);
        // A connection that breaks is over.
        thread::Builder::new().stack_size(128 << 10).spawn(move || drop(answer_all(&stream, per_request, &hoard)))?;
    }
    Ok(())
}

fn answer_all(stream: &TcpStream, per_request: usize, hoard: &Hoard) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        // No body is expected: a head ends with an empty line.
        loop {
            line.clear();
            if requests.by_ref().take(LONGEST_HEAD).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            if line.trim_ascii().is_empty() {
                break;
            }
        }
        if per_request > 0 {
            // Written, so that the pages are really there.
            hoard.lock().unwrap_or_else(PoisonError::into_inner).push(vec![1; per_request].into());
        }
        (&*stream).write_all(ANSWER)?;
    }
}
