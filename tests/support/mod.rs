//! What the tests share: a running exporter, plain HTTP, pages as maps, trees from fixtures.

pub(crate) mod alertmanager;
pub(crate) mod canned;
pub(crate) mod chromium;
pub(crate) mod docker;
pub(crate) mod exporter;
pub(crate) mod firing;
pub(crate) mod generated;
pub(crate) mod http;
pub(crate) mod limited;
pub(crate) mod neighbour;
pub(crate) mod page;
pub(crate) mod pager;
pub(crate) mod prometheus;
pub(crate) mod rules;
pub(crate) mod sleeper;
pub(crate) mod tree;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The checkout.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The binary under test: another one where `MEMTREND_BINARY` names it.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("MEMTREND_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_memtrend").into(), PathBuf::from)
}

/// The static binary, which is optimized: `make test` builds it and names it.
pub(crate) fn static_binary() -> PathBuf {
    let named = std::env::var_os("MEMTREND_STATIC_BINARY").map(PathBuf::from);
    let binary = named.unwrap_or_else(|| project().join("target/x86_64-unknown-linux-gnu/release/memtrend"));
    assert!(binary.exists(), "{} is missing: run `make static`", binary.display());
    binary
}

/// Waits until a question has an answer; panics with what was waited for.
pub(crate) fn wait_for<T>(what: &str, at_most: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + at_most;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited {at_most:?} for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
