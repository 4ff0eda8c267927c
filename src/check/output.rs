//! What a program prints, line by line, while it goes on to standard error.

use std::io::{self, PipeReader, Read, Write};
use std::thread;

/// The longest line that is looked at; the rest of a longer one is passed on all the same.
const LONGEST_LINE: usize = 64 << 10;

/// Passes all that comes through a pipe on to standard error, and hands it on piece by piece, until the last writer is gone.
///
/// # Errors
/// When the system refuses a thread.
pub(super) fn follow(mut pipe: PipeReader, mut take: impl FnMut(&[u8]) + Send + 'static) -> io::Result<()> {
    let pass_on = move || {
        let mut buffer = vec![0; LONGEST_LINE];
        loop {
            match pipe.read(&mut buffer) {
                Ok(length) if length > 0 => {
                    let text = buffer.get(..length).unwrap_or_default();
                    // Nobody may read it: the program must go on all the same.
                    drop(io::stderr().write_all(text));
                    take(text);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => return,
            }
        }
    };
    thread::Builder::new().name("output".to_owned()).spawn(pass_on).map(drop)
}

/// Makes lines of pieces.
#[derive(Debug, Default)]
pub(super) struct Lines {
    open: Vec<u8>,
}

impl Lines {
    pub(super) fn take(&mut self, text: &[u8], mut tell: impl FnMut(&[u8])) {
        for piece in text.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, is_whole) = match piece.split_last() {
                Some((b'\n' | b'\r', line)) => (line, true),
                _ => (piece, false),
            };
            let room = LONGEST_LINE - self.open.len();
            self.open.extend_from_slice(line.get(..room).unwrap_or(line));
            if is_whole {
                tell(&self.open);
                self.open.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn lines_are_whole_whatever_the_pieces_and_of_bounded_length() {
        let told = RefCell::new(Vec::new());
        let mut lines = Lines::default();
        let tell = |line: &[u8]| told.borrow_mut().push(line.to_vec());
        for piece in [&b"one\ntw"[..], b"o\r", b"\nthree"] {
            lines.take(piece, tell);
        }
        lines.take(&[b'x'; 3 * LONGEST_LINE], tell);
        lines.take(b"\n", tell);
        let told = told.into_inner();
        assert_eq!(told[..3], [b"one".to_vec(), b"two".to_vec(), b"".to_vec()]);
        assert_eq!((told[3].len(), &told[3][..6]), (LONGEST_LINE, &b"threex"[..]));
    }
}
