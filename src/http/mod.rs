//! Outbound HTTP/1.1, as several need it: addresses, TLS, and connections that are kept between requests.
//!
//! What is asked, and what an answer means, is each caller's own affair.

mod address;
mod body;
mod failure;
mod peer;
mod received;
mod session;
mod trust;

pub use address::{Address, AddressError};
pub use body::{Body, drained, whole};
pub use failure::{Failure, shown};
pub use peer::{Peer, speak};
pub use received::Stream;
pub use session::Session;
pub use trust::{Trust, connector};
