//! One connection of the load: takes what is due, sends it, reads the answer to its end.

use super::plan::Plan;
use super::requests::Requests;
use super::running::Shared;
use super::schedule::Step;
use super::tally::FailureKind;
use crate::http::{Failure, Session, Trust, drained};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

/// The first pause after a request without an answer; each further one doubles it.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A timer wakes up a millisecond late; so much of it is not laid at the server's door.
const TIMER: Duration = Duration::from_millis(2);

/// What each connection is to know.
pub(super) struct Work {
    pub(super) plan: Plan,
    pub(super) requests: Requests,
    pub(super) shared: Arc<Shared>,
}

/// A request that a connection has to send.
struct Ticket {
    due: Instant,
    is_trial: bool,
}

/// Works until the schedule ends.
pub(super) async fn work(work: Arc<Work>, mut changes: watch::Receiver<()>) {
    let mut sessions = work.requests.sessions();
    let mut pause = SHORTEST_PAUSE;
    while let Some(ticket) = next(&work.shared, &mut changes).await {
        let number = work.shared.tally.begin();
        let session = work.requests.number_of_server(number).and_then(|server| sessions.get_mut(server));
        // There is one with each server.
        let Some(session) = session else { return };
        let outcome = exchange(&work, session, number).await;
        let is_answered = outcome.is_ok();
        count(&work, &ticket, number, outcome);
        if is_answered {
            pause = SHORTEST_PAUSE;
            continue;
        }
        // A change is news of the user: perhaps the end.
        let _ = timeout(pause, changes.changed()).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits for a request that is due; `None` at the end. What was not due yet when the schedule changed belongs to one that is
/// over.
async fn next(shared: &Shared, changes: &mut watch::Receiver<()>) -> Option<Ticket> {
    loop {
        changes.mark_unchanged();
        let now = Instant::now();
        match shared.next(now) {
            Step::Stop => return None,
            Step::Wait => changes.changed().await.ok()?,
            Step::Send { due, is_trial } if due <= now => return Some(Ticket { due, is_trial }),
            Step::Send { due, is_trial } => {
                tokio::select! {
                    biased;
                    change = changes.changed() => change.ok()?,
                    () = sleep_until(due.into()) => {
                        return Some(Ticket { due: Instant::now().min(due + TIMER), is_trial });
                    }
                }
            }
        }
    }
}

/// A whole answer.
struct Answer {
    status: u16,
    body_bytes: u64,
}

enum Miss {
    Failure(Failure),
    Late,
}

async fn exchange(work: &Work, session: &mut Session, number: u64) -> Result<Answer, Miss> {
    session.connect().await.map_err(Miss::Failure)?;
    let whole = async {
        let response = session.send(|| work.requests.request(number)).await?;
        let status = response.status().as_u16();
        let body_bytes = drained(response.into_body()).await.map_err(Failure::Http)?;
        Ok(Answer { status, body_bytes })
    };
    match timeout(work.plan.timeout, whole).await {
        Ok(answer) => answer.map_err(Miss::Failure),
        Err(_) => Err(Miss::Late),
    }
}

fn count(work: &Work, ticket: &Ticket, number: u64, outcome: Result<Answer, Miss>) {
    let tally = &work.shared.tally;
    let asked = || work.requests.shown(number);
    if !ticket.is_trial && matches!(outcome, Ok(_) | Err(Miss::Late)) {
        tally.latencies.add(ticket.due.elapsed());
    }
    match outcome {
        Ok(Answer { status, body_bytes }) => {
            tally.complete(body_bytes);
            let expected = &work.plan.expected;
            if !expected.contains(status) {
                tally.fail(FailureKind::Status, || format!("{} answered {status}, expected {expected}", asked()));
            }
        }
        Err(Miss::Late) => {
            let seconds = work.plan.timeout.as_secs_f64();
            tally.fail(FailureKind::Timeout, || format!("{}: no whole answer within {seconds} s", asked()));
        }
        Err(Miss::Failure(failure)) => {
            let (kind, advice) = match failure {
                Failure::Http(_) => (FailureKind::Protocol, ""),
                Failure::Tls(_) if work.plan.trust == Trust::Machine => {
                    (FailureKind::Connect, ", and --insecure takes any")
                }
                Failure::Tls(_) | Failure::Connect(_) | Failure::NoRoots(_) => (FailureKind::Connect, ""),
            };
            tally.fail(kind, || format!("{}: {failure}{advice}", asked()));
        }
    }
}
