//! Tells the program which revision and which compiler it was built from.

use std::process::Command;

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.lines().next()?.to_owned())
}

fn main() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = first_line(&rustc, &["--version"]);
    let version = version.as_deref().and_then(|line| line.split(' ').nth(1)).unwrap_or("unknown");
    // A build outside a checkout (a source archive, an image) may say its revision itself.
    let given = std::env::var("MEMTREND_REVISION").ok();
    let revision = given.or_else(|| first_line("git", &["rev-parse", "--short=12", "HEAD"]));
    println!("cargo:rustc-env=MEMTREND_REVISION={}", revision.as_deref().unwrap_or("unknown"));
    println!("cargo:rustc-env=MEMTREND_RUST_VERSION={version}");
    println!("cargo:rerun-if-env-changed=MEMTREND_REVISION");
    println!("cargo:rerun-if-changed=.git/HEAD");
}
