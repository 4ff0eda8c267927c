//! Draws a dashboard with Grafana's own packages in a real browser, where the tool for it is at hand
//! (`MEMTREND_DASHBOARD_PREVIEW`, else beside the checkout).

use crate::support::project;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

/// The tool, built; nothing where it is not at hand.
static TOOL: LazyLock<Option<PathBuf>> = LazyLock::new(build);

/// One browser at a time.
static BROWSER: Mutex<()> = Mutex::new(());

fn build() -> Option<PathBuf> {
    let beside = || project().join("../shared/dashboard-preview");
    let from = std::env::var_os("MEMTREND_DASHBOARD_PREVIEW").map_or_else(beside, PathBuf::from);
    let has = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !from.join("shot.mjs").exists() || !has("npm") || !has("chromium") {
        return None;
    }
    let to = project().join("target/dashboard-preview");
    let is_built = to.join("dist/index.html").exists()
        || run(Command::new("cp").arg("-rT").args([&from, &to]))
            && run(Command::new("npm").args(["ci", "--ignore-scripts"]).current_dir(&to))
            && run(Command::new("npx").args(["vite", "build"]).current_dir(&to));
    is_built.then_some(to)
}

/// Its packages come from elsewhere: where they cannot be had, nothing is drawn.
fn run(command: &mut Command) -> bool {
    let output = command.output().unwrap();
    if !output.status.success() {
        eprintln!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success()
}

/// What each panel shows, of a dashboard from one time to another in Unix seconds; nothing where it cannot be drawn.
/// With `MEMTREND_ACCEPT=1` the picture becomes `docs/img/PICTURE.png`.
pub(super) fn drawn(
    dashboard: &str,
    prometheus: SocketAddr,
    [from, to]: [f64; 2],
    picture: &str,
) -> Option<Vec<String>> {
    let Some(tool) = &*TOOL else {
        eprintln!("the tool that draws dashboards is not at hand: {dashboard} is not drawn");
        return None;
    };
    let _alone = BROWSER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let png = folder.path().join("drawn.png");
    let time = |seconds: f64| memtrend::config::as_rfc3339(memtrend::units::whole(seconds * 1000.0));
    let output = Command::new("node")
        .arg("shot.mjs")
        .arg(project().join("dashboards").join(dashboard))
        .arg(&png)
        .args([time(from), time(to)])
        .env("PROM", format!("http://{prometheus}"))
        .current_dir(tool)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["bad"], serde_json::json!([]), "{dashboard}: {told}");
    keep(&png, picture);
    Some(told["text"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect())
}

fn keep(png: &Path, picture: &str) {
    let size = png.metadata().unwrap().len();
    assert!(size < 300_000, "{picture}: {size} bytes");
    if std::env::var_os("MEMTREND_ACCEPT").is_some() {
        std::fs::create_dir_all(project().join("docs/img")).unwrap();
        std::fs::copy(png, project().join(format!("docs/img/{picture}.png"))).unwrap();
    }
}
