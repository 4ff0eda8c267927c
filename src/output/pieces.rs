//! A page in the making: in pieces while it is sent, since at 1,000 applications it is megabytes, which need not exist at
//! once.

/// Size of a piece in bytes; the last line written to it may go over.
pub const PIECE: usize = 64 * 1024;

/// What is written piece by piece.
pub trait Pieces: Send {
    /// Appends the next piece; false when all is written and nothing was appended.
    fn write_piece(&mut self, page: &mut Vec<u8>) -> bool;
}
