//! Text in which each `{n}` stands for the number of the request.

use bytes::Bytes;

const PLACE: &[u8] = b"{n}";

/// What stands before, between and after the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    first: Bytes,
    others: Vec<Bytes>,
}

impl Template {
    pub(super) fn new(text: &Bytes) -> Self {
        let mut rest = text.clone();
        let mut pieces = Vec::new();
        while let Some(at) = rest.windows(PLACE.len()).position(|bytes| bytes == PLACE) {
            pieces.push(rest.split_to(at));
            drop(rest.split_to(PLACE.len()));
        }
        pieces.push(rest);
        let mut pieces = pieces.into_iter();
        Self { first: pieces.next().unwrap_or_default(), others: pieces.collect() }
    }

    /// The text of one request; without a place for a number it is shared, not copied.
    pub(super) fn filled(&self, number: u64) -> Bytes {
        if self.others.is_empty() {
            return self.first.clone();
        }
        let digits = number.to_string();
        let mut text = Vec::with_capacity(
            self.others.iter().map(|piece| piece.len() + digits.len()).sum::<usize>() + self.first.len(),
        );
        text.extend_from_slice(&self.first);
        for piece in &self.others {
            text.extend_from_slice(digits.as_bytes());
            text.extend_from_slice(piece);
        }
        Bytes::from(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_filled_with_the_number() {
        let cases = [
            ("", ""),
            ("/", "/"),
            ("/item/{n}", "/item/17"),
            ("{n}", "17"),
            ("{n}{n}-{n}x", "1717-17x"),
            ("{{n}}", "{17}"),
            ("{n", "{n"),
            ("{N}", "{N}"),
        ];
        for (text, expected) in cases {
            assert_eq!(Template::new(&Bytes::from_static(text.as_bytes())).filled(17), expected, "{text}");
        }
    }
}
