//! Serves the pages of an engine that nothing is added to, by the library's own functions: for a past that no test can wait
//! for.

use crate::support::http;
use memtrend::analysis::engine::Engine;
use memtrend::output::html;
use memtrend::output::pieces::Pieces;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

pub(super) struct Site {
    address: SocketAddr,
}

impl Site {
    pub(super) fn of(engine: Engine) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // Ends with the test's process.
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, &engine)));
        Self { address }
    }

    pub(super) fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn page(&self, path: &str) -> Vec<u8> {
        http::get(self.address, path, &[]).body
    }
}

fn answer(mut stream: TcpStream, engine: &Engine) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let target = request.split(' ').nth(1).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let asset = html::ASSETS.iter().find(|(name, ..)| path.strip_prefix("/-/") == Some(name));
    let (media_type, body) = match asset {
        Some((_, media_type, content)) => (*media_type, (*content).to_owned()),
        None if path == "/application" => ("text/html; charset=utf-8", application(engine, query)),
        None => ("text/html; charset=utf-8", overview(engine, query)),
    };
    let policy = html::CONTENT_SECURITY_POLICY;
    let length = body.len();
    // The browser may have hung up.
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Security-Policy: {policy}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
}

fn overview(engine: &Engine, query: &str) -> String {
    let report = Arc::new(engine.report());
    let page = html::Overview::new(report, html::View::of(query).unwrap(), "/metrics".into(), None);
    let courses = page.applications().iter().map(|identity| engine.course(identity, html::MOST_BLOCKS)).collect();
    let (mut page, mut bytes) = (page.with_courses(courses), Vec::new());
    while page.write_piece(&mut bytes) {}
    String::from_utf8(bytes).unwrap()
}

fn application(engine: &Engine, query: &str) -> String {
    let (report, identity) = (engine.report(), html::identity(query).unwrap());
    let application = report.applications.iter().find(|application| *application.identity == identity).unwrap();
    let shown = html::Shown { is_still: false, telemetry_path: "/metrics", old: None };
    html::application(application, &report, Some(&engine.history(&identity)), shown)
}
