//! A response body that writes the page while it is sent.

use crate::output::pieces::{PIECE, Pieces};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::{Body, Frame};
use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The fastest level: a page of 1,000 applications shrinks to a fourteenth by it.
const LEVEL: Compression = Compression::fast();

/// The page, compressed or not.
pub(super) struct PageBody {
    page: Box<dyn Pieces>,
    gzip: Option<GzEncoder<Vec<u8>>>,
    piece: Vec<u8>,
    is_finished: bool,
}

impl PageBody {
    pub(super) fn new(page: Box<dyn Pieces>, is_compressed: bool) -> Self {
        let gzip = is_compressed.then(|| GzEncoder::new(Vec::new(), LEVEL));
        Self { page, gzip, piece: Vec::new(), is_finished: false }
    }

    /// The next bytes to send; `None` at the end.
    fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.is_finished {
                return None;
            }
            let Some(gzip) = &mut self.gzip else {
                let mut piece = Vec::with_capacity(PIECE / 8);
                self.is_finished = !self.page.write_piece(&mut piece);
                return (!piece.is_empty()).then(|| Bytes::from(piece));
            };
            self.piece.clear();
            if self.page.write_piece(&mut self.piece) {
                // Writing to a Vec cannot fail.
                drop(gzip.write_all(&self.piece));
                if gzip.get_ref().len() < PIECE / 4 {
                    continue;
                }
                return Some(Bytes::from(std::mem::take(gzip.get_mut())));
            }
            self.is_finished = true;
            return self.gzip.take().and_then(|gzip| gzip.finish().ok()).map(Bytes::from);
        }
    }
}

impl Body for PageBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next().map(|bytes| Ok(Frame::data(bytes))))
    }
}
