//! What is wrong with the configuration, in one line, with the place shown below it where there is one.

use std::fmt;
use std::path::PathBuf;

/// An error of the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: cannot read the configuration file, check --config.file: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not as it should be.
    #[error("{path}:{place}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and what.
        place: Place,
    },
    /// A value that no file's line can be blamed for.
    #[error("{key}: {problem}")]
    Invalid {
        /// The key or flag.
        key: &'static str,
        /// What is wrong and what is expected.
        problem: String,
    },
}

/// A place in a file with what is wrong there.
#[derive(Debug)]
pub struct Place {
    line: usize,
    column: usize,
    problem: String,
    text: String,
    width: usize,
}

impl Place {
    /// The place of a byte range in a text.
    pub(super) fn of(content: &str, span: Option<std::ops::Range<usize>>, problem: &str) -> Self {
        let span = span.unwrap_or(0..0);
        let start = content.get(..span.start).unwrap_or(content);
        let line = start.matches('\n').count();
        let column = start.rsplit('\n').next().map_or(0, |before| before.chars().count());
        let text = content.lines().nth(line).unwrap_or_default().to_owned();
        let marked = content.get(span).unwrap_or_default().lines().next().map_or(1, |marked| marked.chars().count());
        // One line: the parser's own explanations may be several.
        let problem = problem.lines().collect::<Vec<_>>().join(", ");
        Self { line: line + 1, column: column + 1, problem, text, width: marked.max(1) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, problem, text, width } = self;
        let gutter = line.to_string().len();
        let before = " ".repeat(column - 1);
        write!(f, "{line}:{column}: {problem}\n {line} | {text}\n {:gutter$} | {before}{}", "", "^".repeat(*width))
    }
}
