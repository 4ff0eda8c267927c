//! Writes the dashboards: `cargo run -p memtrend-dashboards`, from the project's folder.

use std::process::ExitCode;

fn main() -> ExitCode {
    for (path, text) in memtrend_dashboards::all() {
        if let Err(error) = std::fs::write(path, text) {
            eprintln!("{path}: {error}: run it in the project's folder");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
