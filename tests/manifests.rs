//! What is deployed to Kubernetes, as the real kubectl and helm render it: against the schemas of Kubernetes and of the
//! Prometheus operator, against rules of our own, and with the real binary. Nothing is applied: there is no API server here.

mod chart;
mod pods;
pub(crate) mod rendered;
mod scraped;
pub(crate) mod sidecars;
mod told;
mod tools;
mod valid;
mod values;
