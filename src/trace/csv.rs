//! Reads the rows of a trace file, line by line in constant memory.

use super::columns::{Columns, NAMES, NUMBERS};
use super::number::{Number, general};
use super::quotes;
use super::row::Row;
use memtrend_analysis::sample::{About, LoadCounters, clean_label};
use memtrend_analysis::units::{Bytes, whole};
use std::io::BufRead;
use std::sync::Arc;

/// The longest line that is read: no trace's is a hundredth of it.
const LONGEST_LINE: usize = 1 << 16;

/// The end of the year 9999 as a Unix time: what is later is in another unit.
const LATEST_SECONDS: f64 = 253_402_300_799.0;

/// Why a trace cannot be read on, and where.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// A line is not what it should be.
    #[error("line {line}: {problem}")]
    Line {
        /// Counted from 1; the header is the first.
        line: u64,
        /// What is there and what was expected.
        problem: String,
    },
    /// The file could not be read.
    #[error("after line {line}: {error}")]
    Read {
        /// Lines read before.
        line: u64,
        /// The system's error.
        error: std::io::Error,
    },
}

/// Rows of one file, in its order.
#[derive(Debug)]
pub struct Rows<R> {
    input: R,
    line: u64,
    /// A line that the reader does not hold as a whole.
    buffer: Vec<u8>,
    parser: Parser,
}

impl<R: BufRead> Rows<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// When there is none, or it lacks a required column.
    pub fn new(input: R) -> Result<Self, TraceError> {
        let mut rows = Self { input, line: 0, buffer: Vec::new(), parser: Parser::new() };
        if !rows.fill()? {
            let problem = "the file is empty: expected a header and rows".to_owned();
            return Err(TraceError::Line { line: 1, problem });
        }
        let header = std::str::from_utf8(&rows.buffer).map_err(|_| "not text: expected a CSV header".to_owned());
        rows.parser.columns = header.and_then(Columns::of).map_err(|problem| TraceError::Line { line: 1, problem })?;
        Ok(rows)
    }

    /// The next row, which stands until the one after it is read; `None` at the end. Empty lines are passed over.
    ///
    /// # Errors
    /// When a line is malformed or the file cannot be read; it is then of no use to go on.
    pub fn next_row(&mut self) -> Result<Option<&Row>, TraceError> {
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(TraceError::Read { line: self.line, error }),
            };
            // A line that lies in the reader's own buffer is parsed there, without a copy; one with quotes is changed.
            let end = memchr::memchr2(b'\n', b'"', available).filter(|end| *end < LONGEST_LINE);
            let line = end.and_then(|end| available.get(..=end)).and_then(|line| line.strip_suffix(b"\n"));
            let parsed = if let Some(line) = line {
                self.line += 1;
                let (parsed, length) = (self.parser.read(line), line.len());
                self.input.consume(length + 1);
                parsed
            } else if self.fill()? {
                quotes::without(self.buffer.trim_ascii()).and_then(|line| self.parser.read(&line))
            } else {
                return Ok(None);
            };
            if parsed.map_err(|problem| TraceError::Line { line: self.line, problem })? {
                return Ok(Some(&self.parser.row));
            }
        }
    }

    /// Reads one line into the buffer; false at the end.
    fn fill(&mut self) -> Result<bool, TraceError> {
        self.buffer.clear();
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(TraceError::Read { line: self.line, error }),
            };
            let end = memchr::memchr(b'\n', available);
            let taken = end.map_or(available.len(), |end| end + 1);
            let is_end = end.is_some() || available.is_empty();
            self.buffer.extend_from_slice(available.get(..taken).unwrap_or_default());
            self.input.consume(taken);
            if self.buffer.len() > LONGEST_LINE {
                let problem = format!("longer than {LONGEST_LINE} bytes: expected a CSV line");
                return Err(TraceError::Line { line: self.line + 1, problem });
            }
            if is_end {
                self.line += u64::from(!self.buffer.is_empty());
                return Ok(!self.buffer.is_empty());
            }
        }
    }
}

/// Lines in, one after the other into the same row.
#[derive(Debug)]
struct Parser {
    columns: Columns,
    row: Row,
    numbers: [Number; NUMBERS],
}

impl Parser {
    fn new() -> Self {
        let row = Row {
            timestamp_seconds: f64::NEG_INFINITY,
            heap: Bytes(0),
            limit: None,
            live_heap: None,
            load: LoadCounters::default(),
            start_seconds: None,
            oom_kills: None,
            about: Arc::default(),
        };
        Self { columns: Columns::none(), row, numbers: [Number::NONE; NUMBERS] }
    }

    /// Takes in a line without quotes; false when it is empty. An error says what is wrong.
    fn read(&mut self, line: &[u8]) -> Result<bool, String> {
        let mut rest = line.trim_ascii();
        if rest.is_empty() {
            return Ok(false);
        }
        let mut values = [None; NUMBERS];
        let mut texts: [&[u8]; NAMES.len() - NUMBERS] = Default::default();
        for kind in self.columns.kinds() {
            let slots = kind.and_then(|kind| Some((kind, values.get_mut(kind)?, self.numbers.get_mut(kind)?)));
            let to_comma = || rest.iter().position(|byte| *byte == b',').unwrap_or(rest.len());
            let field = |length| rest.get(..length).unwrap_or_default().trim_ascii();
            let length = match slots {
                Some((kind, value, number)) => match number.at(rest) {
                    Some(length) => {
                        *value = Some(number.value());
                        length
                    }
                    None => {
                        let length = to_comma();
                        *value = general(field(length))
                            .map_err(|problem| format!("{} is {problem}", NAMES.get(kind).unwrap_or(&"")))?;
                        length
                    }
                },
                None => {
                    let length = to_comma();
                    if let Some(text) = kind.and_then(|kind| texts.get_mut(kind - NUMBERS)) {
                        *text = field(length);
                    }
                    length
                }
            };
            match rest.get(length + 1..) {
                Some(behind) => rest = behind,
                None => break,
            }
        }
        self.set(values, texts)?;
        Ok(true)
    }

    fn set(&mut self, values: [Option<f64>; NUMBERS], texts: [&[u8]; 2]) -> Result<(), String> {
        let [timestamp, heap, limit, live_heap, cpu_seconds, requests, start_seconds, oom_kills] = values;
        let timestamp_seconds = timestamp.ok_or("timestamp_seconds is empty: expected seconds")?;
        let last = self.row.timestamp_seconds;
        if timestamp_seconds > LATEST_SECONDS {
            return Err(format!(
                "timestamp_seconds is {timestamp_seconds:?}, after the year 9999: expected seconds, not milliseconds"
            ));
        }
        if timestamp_seconds < last {
            return Err(format!(
                "timestamp_seconds {timestamp_seconds} is before {last} of the row above: expected rising times; sort the file by time"
            ));
        }
        self.row.timestamp_seconds = timestamp_seconds;
        self.row.heap = bytes(heap.ok_or("heap_bytes is empty: expected bytes")?);
        self.row.limit = limit.map(bytes);
        self.row.live_heap = live_heap.map(bytes);
        self.row.load = LoadCounters { requests, cpu_seconds };
        self.row.start_seconds = start_seconds;
        self.row.oom_kills = oom_kills.map(whole);
        note_what_is_known(&mut self.row.about, texts);
        Ok(())
    }
}

/// Version and runtime of a row; those of the row before stay where they are the same.
fn note_what_is_known(before: &mut Arc<About>, [version, runtime]: [&[u8]; 2]) {
    let is_same = |known: &Option<Box<str>>, field: &[u8]| known.as_deref().unwrap_or("").as_bytes() == field;
    if !is_same(&before.version, version) || !is_same(&before.runtime, runtime) {
        let label = |field: &[u8]| (!field.is_empty()).then(|| clean_label(field));
        *before = Arc::new(About { version: label(version), runtime: label(runtime), image: None });
    }
}

fn bytes(value: f64) -> Bytes {
    Bytes(whole(value))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    fn read(text: &[u8]) -> Result<Vec<Row>, String> {
        let mut rows = Rows::new(text).map_err(|error| error.to_string())?;
        let mut all = Vec::new();
        while let Some(row) = rows.next_row().map_err(|error| error.to_string())? {
            all.push(row.clone());
        }
        Ok(all)
    }

    #[test]
    fn rows_are_read_by_column_and_empty_is_unknown() {
        let text = b"timestamp_seconds,x,heap_bytes,requests_total,limit_bytes\r\n1.5,a,100,7,\r\n\n2,,9223372036854775808,,50";
        let rows = read(text).unwrap();
        let [first, second]: [Row; 2] = rows.try_into().unwrap();
        assert_eq!((first.timestamp_seconds, first.heap, first.load.requests), (1.5, Bytes(100), Some(7.0)));
        assert_eq!((first.limit, first.live_heap, first.start_seconds), (None, None, None));
        assert_eq!((second.heap, second.load.requests, second.limit), (Bytes(1 << 63), None, Some(Bytes(50))));
    }

    #[test]
    fn version_and_runtime_are_text_and_kept_while_they_stay() {
        let text = b"timestamp_seconds,heap_bytes,version,runtime\n1,5,2.4.0,jvm\n2,5,2.4.0,jvm\n3,5,2.4.1,\n4,5\n";
        let rows = read(text).unwrap();
        let abouts: Vec<_> =
            rows.iter().map(|row| (row.about.version.as_deref(), row.about.runtime.as_deref())).collect();
        assert_eq!(
            abouts,
            [(Some("2.4.0"), Some("jvm")), (Some("2.4.0"), Some("jvm")), (Some("2.4.1"), None), (None, None)]
        );
        assert!(Arc::ptr_eq(&rows[0].about, &rows[1].about));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let cases: [(&[u8], &str); 8] = [
            (b"", "line 1: the file is empty: expected a header and rows"),
            (b"\xff\xfe\0\0", "line 1: not text: expected a CSV header"),
            (b"a,b\n1,2\n", "line 1: expected a header with a column `timestamp_seconds`"),
            (
                b"timestamp_seconds,heap_bytes\n1,NaN\n",
                "line 2: heap_bytes is \"NaN\": expected a finite number of at least 0, or nothing",
            ),
            (
                b"timestamp_seconds,heap_bytes\n1,2\n\n1,-5\n",
                "line 4: heap_bytes is \"-5\": expected a finite number of at least 0, or nothing",
            ),
            (b"timestamp_seconds,heap_bytes\n1\n", "line 2: heap_bytes is empty: expected bytes"),
            (b"timestamp_seconds,heap_bytes\n,3\n", "line 2: timestamp_seconds is empty: expected seconds"),
            (
                b"timestamp_seconds,heap_bytes\n5,1\n4,1\n",
                "line 3: timestamp_seconds 4 is before 5 of the row above: expected rising times; sort the file by time",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Err(expected.to_owned()));
        }
        let long = [&b"timestamp_seconds,heap_bytes\n"[..], &vec![b'1'; LONGEST_LINE + 2]].concat();
        assert_eq!(read(&long), Err("line 2: longer than 65536 bytes: expected a CSV line".to_owned()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(tail in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&tail);
            let _ = read(&[&b"heap_bytes,timestamp_seconds,limit_bytes\n"[..], &tail].concat());
        }
    }
}
