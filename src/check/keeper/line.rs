//! What is said on the line between memtrend and a keeper: orders of one byte, answers of one line.

use std::io::{self, BufRead, Write};

/// What memtrend orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Ask the program to end, then what it leaves behind; what has not done so after a while is killed.
    End,
    /// Kill all at once.
    Kill,
}

impl Order {
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::End => b'E',
            Self::Kill => b'K',
        }
    }

    /// The line's end is an order to kill too.
    pub(super) fn of(read: &io::Result<Option<u8>>) -> Option<Self> {
        match read {
            Ok(Some(b'E')) => Some(Self::End),
            Ok(_) => Some(Self::Kill),
            Err(error) => (error.kind() != io::ErrorKind::WouldBlock && error.kind() != io::ErrorKind::Interrupted)
                .then_some(Self::Kill),
        }
    }
}

/// How a process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// What a keeper tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The program runs.
    Started(u32),
    /// It could not be started, and why.
    Refused(String),
    /// It has ended, and has left so many processes behind.
    Ended(Ended, usize),
    /// The keeper itself has ended.
    Lost,
}

impl Told {
    pub(super) fn write(&self, line: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Started(pid) => writeln!(line, "started {pid}"),
            Self::Refused(why) => writeln!(line, "refused {}", why.replace('\n', " ")),
            Self::Ended(Ended::Code(code), left) => writeln!(line, "code {code} {left}"),
            Self::Ended(Ended::Signal(signal), left) => writeln!(line, "signal {signal} {left}"),
            Self::Lost => Ok(()),
        }
    }

    /// The next answer; [`Told::Lost`] at the line's end and for what no keeper says.
    pub(super) fn read(line: &mut impl BufRead) -> Self {
        let mut text = String::new();
        match line.read_line(&mut text) {
            Ok(length) if length > 0 => Self::parse(text.trim_end()).unwrap_or(Self::Lost),
            _ => Self::Lost,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once(' ')?;
        let numbers = || rest.split_once(' ').and_then(|(one, other)| Some((one.parse().ok()?, other.parse().ok()?)));
        match word {
            "started" => Some(Self::Started(rest.parse().ok()?)),
            "refused" => Some(Self::Refused(rest.to_owned())),
            "code" => numbers().map(|(code, left)| Self::Ended(Ended::Code(code), left)),
            "signal" => numbers().map(|(signal, left)| Self::Ended(Ended::Signal(signal), left)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn what_is_told_is_what_was_said() {
        let all = [
            Told::Started(42),
            Told::Refused("no such file\nhere".to_owned()),
            Told::Ended(Ended::Code(3), 0),
            Told::Ended(Ended::Signal(9), 7),
        ];
        let mut line = Vec::new();
        all.iter().for_each(|told| told.write(&mut line).unwrap());
        line.extend_from_slice(b"what\n");
        let mut reader = line.as_slice();
        assert_eq!(Told::read(&mut reader), all[0]);
        assert_eq!(Told::read(&mut reader), Told::Refused("no such file here".to_owned()));
        assert_eq!([Told::read(&mut reader), Told::read(&mut reader)], [all[2].clone(), all[3].clone()]);
        assert_eq!([Told::read(&mut reader), Told::read(&mut reader)], [Told::Lost, Told::Lost]);
    }
}
