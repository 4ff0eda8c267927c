//! A leak of each language is found and a clean habit of each passes, in a clock that is shorter than the usual one: the long runs
//! (`soak.rs`) have all of them.

use super::servers::Server;

/// Half of what is usual: the habits that are tried here have settled by then.
const SHORT: [&str; 5] = ["--rate=400", "--warm-up=2s", "--min-time=15s", "--max-time=120s", "--connections=4"];

/// How far the growth that is told may be from what the server keeps: resident memory of Go overstates it by what its collector
/// lets pile up.
fn assert_growth(told: f64, truth: f64, language: &str, context: &str) {
    let most = if language == "go" { 2.6 } else { 1.25 };
    assert!((0.8..=most).contains(&(told / truth)), "{told} of {truth}: {context}");
}

fn leaks(language: &'static str, mode: &'static str) {
    let tried = Server { language, mode, options: &[] }.check(&SHORT);
    let context = format!("{language} {mode}: {}", tried.run.told());
    assert_eq!((tried.run.code, tried.run.verdict()), (1, "leak"), "{context}");
    assert_growth(tried.run.growth().unwrap(), tried.truth, language, &context);
}

fn passes(language: &'static str, mode: &'static str) {
    let tried = Server { language, mode, options: &[] }.check(&SHORT);
    assert_eq!((tried.run.code, tried.run.verdict()), (0, "no leak"), "{language} {mode}: {}", tried.run.told());
}

#[test]
fn a_cache_of_python_that_never_evicts() {
    leaks("python", "cache");
}

#[test]
fn closures_of_node() {
    leaks("node", "closure");
}

#[test]
fn listeners_of_java() {
    leaks("java", "listener");
}

#[test]
fn listeners_of_go() {
    leaks("go", "listener");
}

#[test]
fn mappings_of_c() {
    leaks("c", "offheap");
}

#[test]
fn threads_of_rust_that_never_end() {
    leaks("rust", "thread");
}

#[test]
fn sessions_of_python_that_expire() {
    passes("python", "sessions");
}

#[test]
fn a_warm_up_of_node() {
    passes("node", "warmup");
}

#[test]
fn garbage_of_java() {
    passes("java", "garbage");
}

#[test]
fn a_pool_of_go_that_has_grown() {
    passes("go", "pool");
}
