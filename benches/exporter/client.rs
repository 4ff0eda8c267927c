//! HTTP/1.1 by raw bytes, with or without keep-alive.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Which page is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) name: &'static str,
    pub(crate) headers: &'static str,
}

pub(crate) const TEXT: Wanted = Wanted { name: "text", headers: "" };
pub(crate) const OPEN_METRICS: Wanted =
    Wanted { name: "OpenMetrics", headers: "Accept: application/openmetrics-text;version=1.0.0\r\n" };
pub(crate) const TEXT_GZIP: Wanted = Wanted { name: "text, gzip", headers: "Accept-Encoding: gzip\r\n" };
pub(crate) const OPEN_METRICS_GZIP: Wanted = Wanted {
    name: "OpenMetrics, gzip",
    headers: "Accept: application/openmetrics-text;version=1.0.0\r\nAccept-Encoding: gzip\r\n",
};

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection(BufReader<TcpStream>);

/// Status and body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::with_capacity(64 * 1024, stream)))
    }

    /// Asks for the metrics and reads the answer to its end; the connection stays usable with keep-alive.
    pub(crate) fn get(&mut self, wanted: Wanted, connection: &str) -> std::io::Result<Answer> {
        let headers = wanted.headers;
        let request = format!("GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: {connection}\r\n{headers}\r\n");
        self.0.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let (mut length, mut is_chunked) = (None, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().ok(),
                Some(("transfer-encoding", "chunked")) => is_chunked = true,
                Some(_) => {}
                None => break,
            }
        }
        let mut body = Vec::new();
        if is_chunked {
            while self.chunk(&mut body)? {}
        } else if let Some(length) = length {
            self.take(length, &mut body)?;
        } else {
            self.0.read_to_end(&mut body)?;
        }
        Ok(Answer { status, body })
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        line.truncate(line.trim_end().len());
        Ok(line)
    }

    /// Tells whether another may follow.
    fn chunk(&mut self, body: &mut Vec<u8>) -> std::io::Result<bool> {
        let length = u64::from_str_radix(&self.line()?, 16).map_err(std::io::Error::other)?;
        self.take(length, body)?;
        self.line()?;
        Ok(length > 0)
    }

    fn take(&mut self, length: u64, body: &mut Vec<u8>) -> std::io::Result<()> {
        let read = self.0.by_ref().take(length).read_to_end(body)?;
        if read as u64 == length { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// One request on a connection of its own.
pub(crate) fn get(address: SocketAddr, wanted: Wanted) -> std::io::Result<Answer> {
    Connection::open(address)?.get(wanted, "close")
}
