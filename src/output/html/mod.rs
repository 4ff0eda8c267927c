//! The pages that people read: all applications at a glance, and one of them. Server-made, with charts as SVG; nothing is
//! loaded from elsewhere, and without the one small script they are the same, but do not refresh themselves.

mod address;
mod application;
mod facts;
mod figure;
mod figures;
mod frame;
mod order;
mod overview;
mod row;
mod runbooks;
mod spark;
mod steps;
mod tables;
mod time;

pub use address::{View, identity};
pub use application::{Shown, application};
pub use frame::{ASSETS, CONTENT_SECURITY_POLICY, line};
pub use order::Column;
pub use overview::Overview;
pub use spark::MOST_BLOCKS;
