//! Bodies: sent whole, read up to a bound, or dropped while they come.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body as _, Incoming};

/// What a request sends.
pub type Body = Full<Bytes>;

/// A whole body; `None` when it is longer than `at_most` bytes.
///
/// # Errors
/// When it breaks off.
pub async fn whole(body: Incoming, at_most: usize) -> Result<Option<Bytes>, hyper::Error> {
    match Limited::new(body, at_most).collect().await {
        Ok(body) => Ok(Some(body.to_bytes())),
        Err(error) => error.downcast::<hyper::Error>().map_or(Ok(None), |error| Err(*error)),
    }
}

/// Reads a body to its end without keeping it; how many bytes it had.
///
/// # Errors
/// When it breaks off.
pub async fn drained(mut body: Incoming) -> Result<u64, hyper::Error> {
    let mut length = 0;
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        length += frame?.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(u64::MAX));
    }
    Ok(length)
}
