//! What the tests share: a running exporter, plain HTTP, pages as maps, trees from fixtures.

pub mod exporter;
pub mod http;
pub mod page;
pub mod tree;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The checkout.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The binary under test.
pub fn binary() -> PathBuf {
    env!("CARGO_BIN_EXE_memtrend").into()
}

/// Waits until a question has an answer; panics with what was waited for.
pub fn wait_for<T>(what: &str, at_most: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + at_most;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited {at_most:?} for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
