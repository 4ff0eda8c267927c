//! The requests of a plan, each made from its number.

use super::error::LoadError;
use super::plan::Plan;
use super::target::Target;
use super::template::Template;
use crate::http::{Body, Peer, Session};
use hyper::{HeaderMap, Method, Request};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// For a connection, and for its TLS.
const CONNECT: Duration = Duration::from_secs(10);

pub(super) struct Requests {
    method: Method,
    places: Vec<Place>,
    servers: Vec<Server>,
    body: Template,
}

struct Place {
    target: Target,
    server: usize,
}

struct Server {
    peer: Arc<Peer>,
    headers: HeaderMap,
}

impl Requests {
    pub(super) fn new(plan: &Plan) -> Result<Self, LoadError> {
        let mut servers: Vec<Server> = Vec::new();
        let mut places = Vec::new();
        for target in &plan.targets {
            let known = servers.iter().position(|server| *server.peer.address() == target.address);
            let server = match known {
                Some(server) => server,
                None => {
                    let peer = Peer::new(target.address.clone(), plan.trust, plan.timeout.min(CONNECT));
                    let peer = Arc::new(peer.map_err(LoadError::Tls)?);
                    servers.push(Server { headers: headers(&peer, plan), peer });
                    servers.len() - 1
                }
            };
            places.push(Place { target: target.clone(), server });
        }
        let usual = if plan.body.is_empty() { Method::GET } else { Method::POST };
        let method = plan.method.clone().unwrap_or(usual);
        Ok(Self { method, places, servers, body: Template::new(&plan.body) })
    }

    /// A session with each server, in the order that [`Self::number_of_server`] counts.
    pub(super) fn sessions(&self) -> Vec<Session> {
        self.servers.iter().map(|server| Session::new(Arc::clone(&server.peer))).collect()
    }

    /// Where a request goes: the first is number 1.
    fn place(&self, number: u64) -> Option<&Place> {
        let count = u64::try_from(self.places.len()).ok()?;
        self.places.get(usize::try_from(number.checked_sub(1)?.checked_rem(count)?).ok()?)
    }

    pub(super) fn number_of_server(&self, number: u64) -> Option<usize> {
        self.place(number).map(|place| place.server)
    }

    pub(super) fn request(&self, number: u64) -> Request<Body> {
        let mut request = Request::new(Body::new(self.body.filled(number)));
        request.method_mut().clone_from(&self.method);
        if let Some(place) = self.place(number) {
            // A path is good with the largest number: it is with each.
            *request.uri_mut() = place.target.path(number).unwrap_or_default();
            if let Some(server) = self.servers.get(place.server) {
                request.headers_mut().clone_from(&server.headers);
            }
        }
        request
    }

    /// Method and URL of a request, without credentials.
    pub(super) fn shown(&self, number: u64) -> String {
        let url = self.place(number).map(|place| place.target.shown(number)).unwrap_or_default();
        format!("{} {url}", self.method)
    }
}

/// Of one name several may be given; they take the place of the usual one.
fn headers(peer: &Peer, plan: &Plan) -> HeaderMap {
    let mut headers = peer.headers();
    let mut given = HashSet::new();
    for header in &plan.headers {
        if given.insert(&header.name) {
            headers.remove(&header.name);
        }
        headers.append(&header.name, header.value.clone());
    }
    headers
}
