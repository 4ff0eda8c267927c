//! `docs/configuration.md`, generated from the flags.

use super::Cli;
use clap::CommandFactory;
use std::fmt::Write;

/// The page.
pub fn flags() -> String {
    let mut page = String::from(
        "# Configuration\n\nGenerated from the flags in `src/cli.rs`; change it there and run `make docs`.\n\n\
         Everything may be set by flag, by environment variable, or in the file that `--config.file` names; a flag wins \
         over the environment, and that over the file. The file is TOML; its keys are the names of the flags, with a \
         table for what stands before a dot. Applications asked for are a list of tables there:\n\n\
         ```toml\ninterval = \"5s\"\n\n[web]\nlisten-address = [\":10240\"]\nconfig-file = \"/etc/memtrend/web.yml\"\n\n\
         [[applications]]\nname = \"checkout\"\nversion = \"2.4.1\"\nmatch = \"java .*checkout\\\\.jar\" \
         # or one of: pid, pid-file, cgroup, unit\n```\n\n\
         Unknown keys are errors. `memtrend --config.check` says whether all is right, and exits with 2 if not.\n\n\
         | flag | environment | meaning |\n|---|---|---|\n",
    );
    rows(&mut page, "serve");
    page.push_str(
        "\n## `memtrend analyze`\n\nFlags alone, of files or of the past of a Prometheus:\n\n\
         ```sh\nmemtrend analyze --prometheus http://localhost:9090 --query 'process_resident_memory_bytes{job=\"checkout\"}' \\\n  \
         --from now-90d --start-time-query process_start_time_seconds --cpu-query process_cpu_seconds_total\n```\n\n\
         A range query holds the last value of a series that ends for five minutes (Prometheus' lookback); a longer gap stays \
         one. ",
    );
    page.push_str(super::EXIT_CODES);
    page.push_str("\n\n| flag | environment | meaning |\n|---|---|---|\n");
    rows(&mut page, "analyze");
    page.push_str("\n## `memtrend check`\n\nThe leak gate for CI: [ci.md](ci.md) tells how it is used. ");
    page.push_str(super::CHECK_EXIT_CODES);
    page.push_str("\n\n| flag | environment | meaning |\n|---|---|---|\n");
    rows(&mut page, "check");
    page.push_str(
        "\n## `memtrend health`\n\nAsks a memtrend of this machine whether it makes its passes: `HEALTHCHECK CMD [\"/memtrend\", \"health\"]`, \
         or an `exec` probe. Takes the variables and the file of `serve`.\n\n| flag | environment | meaning |\n|---|---|---|\n",
    );
    rows(&mut page, "health");
    page.push_str(
        "\n## `memtrend doctor`\n\nSays what memtrend can see where it runs, what it cannot, and the line to change: run it where `memtrend serve` \
         runs, as the same user, with the same variables; given no flags, it takes those of the memtrend that serves in the same container. [permissions.md](permissions.md) has an example. ",
    );
    page.push_str(super::DOCTOR_EXIT_CODES);
    page.push('\n');
    page
}

/// One row of the table for each flag of a subcommand.
fn rows(page: &mut String, subcommand: &str) {
    let command = Cli::command();
    let found = command.get_subcommands().find(|found| found.get_name() == subcommand);
    for argument in found.into_iter().flat_map(clap::Command::get_arguments) {
        let Some(flag) = argument.get_long().filter(|flag| *flag != "help") else { continue };
        let values = argument.get_value_names().filter(|_| argument.get_action().takes_values());
        let value = values.map(|names| names.iter().map(|name| format!(" {name}")).collect::<String>());
        let variable = argument.get_env().map(|name| format!("`{}`", name.to_string_lossy()));
        let mut help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let default: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if !default.is_empty() {
            help.push_str(&format!(" [default: {}]", default.join(", ")));
        }
        let (value, variable) = (value.unwrap_or_default(), variable.unwrap_or_default());
        // Writing to a String cannot fail.
        let _ = writeln!(page, "| `--{flag}{value}` | {variable} | {} |", help.replace('|', "\\|"));
    }
}
