//! What a request wants to know of the engine itself, beyond the report: the sampling thread answers between passes. So
//! nothing is kept for it while nobody asks.

use super::sampler::Wake;
use crate::analysis::engine::Engine;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

/// How long an answer is waited for: passes take milliseconds, unless they hang, and then the rest of a page must come.
const PATIENCE: Duration = Duration::from_millis(500);

/// Questions at a time.
const MOST: usize = 8;

/// Something to be asked of the engine.
pub(super) type Question = Box<dyn FnOnce(&Engine) + Send>;

/// Where questions are put.
#[derive(Clone)]
pub(super) struct Questions {
    wake: Sender<Wake>,
    /// One that is given up is not forgotten by the thread until it comes to it: no more than these wait there.
    places: Arc<Semaphore>,
}

impl Questions {
    pub(super) fn new(wake: Sender<Wake>) -> Self {
        Self { wake, places: Arc::new(Semaphore::new(MOST)) }
    }

    /// The answer, unless the thread is too busy.
    pub(super) async fn ask<T, F>(&self, question: F) -> Option<T>
    where
        T: Send + 'static,
        F: FnOnce(&Engine) -> T + Send + 'static,
    {
        let asked = async {
            let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
            let (answer, answered) = oneshot::channel();
            let question: Question = Box::new(move |engine| {
                if !answer.is_closed() {
                    // Who asked may have gone this very moment.
                    drop(answer.send(question(engine)));
                }
                drop(place);
            });
            self.wake.send(Wake::Asked(question)).ok()?;
            answered.await.ok()
        };
        timeout(PATIENCE, asked).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "a test fails by panicking")]
    use super::*;
    use crate::analysis::engine::Settings;
    use std::sync::mpsc::{Receiver, channel};

    fn asked(ask: impl AsyncFnOnce(&Questions, &Receiver<Wake>)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let (wake, wakes) = channel();
        let Ok(runtime) = runtime else { panic!("a runtime") };
        runtime.block_on(ask(&Questions::new(wake), &wakes));
    }

    #[test]
    fn a_question_is_answered_by_who_holds_the_engine() {
        asked(async |questions, wakes| {
            let answered = async {
                tokio::task::yield_now().await;
                if let Ok(Wake::Asked(question)) = wakes.try_recv() {
                    question(&Engine::new(Settings::default()));
                }
            };
            let ask = questions.ask(|engine| engine.report().applications.len());
            assert_eq!(tokio::join!(ask, answered), (Some(0), ()));
        });
    }

    #[test]
    fn where_nobody_answers_few_questions_wait_and_nobody_waits_long() {
        asked(async |questions, wakes| {
            let begun = std::time::Instant::now();
            let all: Vec<_> = (0..3 * MOST)
                .map(|_| {
                    let questions = questions.clone();
                    tokio::spawn(async move { questions.ask(|_| ()).await })
                })
                .collect();
            for one in all {
                assert_eq!(one.await.ok(), Some(None));
            }
            assert!(begun.elapsed() < 4 * PATIENCE, "{:?}", begun.elapsed());
            assert_eq!(wakes.try_iter().count(), MOST);
        });
    }
}
