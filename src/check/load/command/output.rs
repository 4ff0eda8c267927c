//! Numbers of requests in what a load tool writes.

use super::super::error::LoadError;
use super::reading::Reading;
use crate::http::shown;
use regex::bytes::{Captures, Regex, RegexBuilder};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

/// Memory that the compiled pattern may take, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// Longest line that is looked at, in bytes; of a longer one, so much of its beginning.
const LONGEST_LINE: usize = 64 << 10;

/// A regular expression over each line: its first group is the total so far, a group `(?<add>…)` what comes on top.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl FromStr for Pattern {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        // Lines are bytes: classes are ASCII, and a dot is any byte.
        let compiled = RegexBuilder::new(text).unicode(false).size_limit(PATTERN_SIZE).build().map_err(|error| {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            LoadError::Pattern { pattern: shown(text), why }
        })?;
        // The whole match counts as one.
        if compiled.captures_len() < 2 { Err(LoadError::NoGroup(shown(text))) } else { Ok(Self(compiled)) }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl Pattern {
    fn read(&self, line: &[u8], reading: &mut Reading) {
        let Some(found) = self.0.captures(line) else { return };
        let (group, is_more) = match found.name("add") {
            Some(group) => (Some(group), true),
            None => (first(&found), false),
        };
        // A group that took no part in the match says nothing.
        let Some(group) = group else { return };
        match number(group.as_bytes()) {
            Some(more) if is_more => reading.add(more),
            Some(total) => reading.total(total),
            None => {
                let text = String::from_utf8_lossy(group.as_bytes());
                reading.fail(format!("the output's `{}` is no number of requests", shown(&text)));
            }
        }
    }
}

fn first<'a>(found: &Captures<'a>) -> Option<regex::bytes::Match<'a>> {
    found.iter().skip(1).flatten().next()
}

/// `1234`, `1,234` or `1_234`; of `1234.5` what is whole.
fn number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_good =
        whole.starts_with(|first: char| first.is_ascii_digit()) && part.bytes().all(|byte| byte.is_ascii_digit());
    is_good.then(|| whole.replace([',', '_'], "").parse().ok())?
}

/// One stream of a tool's output; each has lines of its own.
#[derive(Debug)]
pub struct OutputStream {
    pattern: Pattern,
    reading: Arc<Mutex<Reading>>,
    line: Vec<u8>,
}

impl OutputStream {
    pub(super) fn new(pattern: Pattern, reading: Arc<Mutex<Reading>>) -> Self {
        Self { pattern, reading, line: Vec::new() }
    }

    /// Takes what the tool has written, in pieces of any size; the last line counts when it ends, or when this is dropped. A
    /// carriage return ends a line too: progress is written so.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, rest) = bytes.split_at(end);
            self.keep(line);
            self.end_line();
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.keep(bytes);
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LONGEST_LINE.saturating_sub(self.line.len());
        self.line.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn end_line(&mut self) {
        if !self.line.is_empty() {
            self.pattern.read(&self.line, &mut self.reading.lock().unwrap_or_else(PoisonError::into_inner));
        }
        self.line.clear();
    }
}

impl Drop for OutputStream {
    fn drop(&mut self) {
        self.end_line();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    /// What is counted after the output, which comes in pieces of `size` bytes; and the error.
    fn counted(pattern: &str, output: &[u8], size: usize) -> (Option<u64>, Option<String>) {
        let reading = Arc::new(Mutex::new(Reading::default()));
        let mut stream = OutputStream::new(pattern.parse().unwrap(), Arc::clone(&reading));
        output.chunks(size).for_each(|piece| stream.push(piece));
        drop(stream);
        let reading = reading.lock().unwrap();
        (reading.count(), reading.error.clone())
    }

    #[test]
    fn the_first_group_is_the_total_and_add_comes_on_top() {
        let cases: [(&str, &[u8], Option<u64>); 9] = [
            ("([0-9]+) requests", b"10 requests\nnothing\n25 requests in 3 s\n", Some(25)),
            ("requests: (\\S+)", b"requests: 1,234,567\n", Some(1_234_567)),
            ("done ([0-9.]+)", b"done 12.75", Some(12)),
            ("^([0-9]+)$", b"1\r2\r\n3\r", Some(3)),
            ("^\\+(?<add>[0-9]+)", b"+5\n+6\n-1\n+7\n", Some(18)),
            ("^(GET|POST) (?<add>1)", b"GET 1\nPOST 1\n", Some(2)),
            ("a(x)?|b([0-9]+)", b"b7\na\n", Some(7)),
            ("([0-9]+) requests", b"no\n", None),
            ("total (.*)", b"total \xff\n", None),
        ];
        for (pattern, output, expected) in cases {
            for size in [1, 3, 1000] {
                assert_eq!(counted(pattern, output, size).0, expected, "{pattern}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_told_until_there_is_one_again() {
        let told = Some("the output's `many` is no number of requests".to_owned());
        assert_eq!(counted("total (.*)", b"total 3\ntotal many\n", 9), (Some(3), told));
        assert_eq!(counted("total (.*)", b"total many\ntotal 4\n", 9), (Some(4), None));
    }

    #[test]
    fn a_line_without_end_is_kept_in_bounds() {
        let reading = Arc::new(Mutex::new(Reading::default()));
        let mut stream = OutputStream::new("^([0-9]+) ".parse().unwrap(), Arc::clone(&reading));
        stream.push(b"7 ");
        (0..200).for_each(|_| stream.push(&[b'x'; 1000]));
        assert_eq!(stream.line.len(), LONGEST_LINE);
        stream.push(b"\n8 \n");
        assert_eq!(reading.lock().unwrap().count(), Some(8));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), size in 1..10_usize) {
            let _ = counted("(.*)", &bytes, size);
        }
    }
}
