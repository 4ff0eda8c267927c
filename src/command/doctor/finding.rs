//! One finding: how much it matters, what it says, and what to change.

use std::borrow::Cow;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Fine,
    /// Essential: the exit code tells of it.
    Missing,
    /// It could be had too; nothing depends on it.
    Could,
    /// To know.
    Note,
}

impl Level {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Missing => "missing",
            Self::Could => "could",
            Self::Note => "note",
        }
    }
}

/// What is there once, or made of names.
pub(super) type Words = Cow<'static, str>;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) level: Level,
    pub(super) text: Words,
    /// Any of them helps; one may have several lines.
    pub(super) fixes: Vec<Words>,
}

impl Finding {
    pub(super) fn fine(text: impl Into<Words>) -> Self {
        Self { level: Level::Fine, text: text.into(), fixes: Vec::new() }
    }

    pub(super) fn note(text: impl Into<Words>, fixes: Vec<Words>) -> Self {
        Self { level: Level::Note, text: text.into(), fixes }
    }

    pub(super) fn missing(text: impl Into<Words>, fixes: Vec<Words>) -> Self {
        Self { level: Level::Missing, text: text.into(), fixes }
    }

    pub(super) fn could(text: impl Into<Words>, fixes: Vec<Words>) -> Self {
        Self { level: Level::Could, text: text.into(), fixes }
    }
}

/// Some names, and how many more there are.
pub(super) fn some(names: &[&str]) -> String {
    let (told, more) = names.split_at(names.len().min(3));
    match more.len() {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}
