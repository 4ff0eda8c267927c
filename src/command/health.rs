//! `memtrend health`: whether a memtrend of this machine makes its passes, as an exit code for health checks and probes.

use crate::cli::HealthFlags;
use crate::config::{self, ListenAddress, WebOptions};
use crate::serve::{Health, probe};
use anyhow::bail;
use std::process::ExitCode;

/// Asks the first address that `serve` would listen on with the same flags, variables and file.
///
/// # Errors
/// When the configuration is wrong, or does not tell where memtrend listens.
pub fn run(flags: HealthFlags) -> anyhow::Result<ExitCode> {
    let file = flags.config_file.as_deref().map(config::load).transpose()?.unwrap_or_default();
    let own = WebOptions {
        listen_address: flags.web_listen_address,
        config_file: flags.web_config_file,
        ..WebOptions::default()
    };
    let web = config::Options { web: own, ..config::Options::default() }.or(file).web;
    let address = match web.listen_address.into_iter().next() {
        Some(address) => address,
        None if web.systemd_socket == Some(true) => {
            bail!("web.systemd-socket: systemd knows where memtrend listens: name it by --web.listen-address")
        }
        None => ListenAddress { host: String::new(), port: 10240 },
    };
    let is_tls = match &web.config_file {
        Some(path) => config::web::WebConfig::load(path)?.tls.is_some(),
        None => false,
    };
    match probe(&address, is_tls, flags.timeout.0) {
        Ok(Health::Healthy) => println!("memtrend is healthy."),
        Ok(Health::Guarded) => {
            println!(
                "memtrend answers, and asks for a password or a certificate: whether it makes its passes is not known."
            );
        }
        Ok(Health::Hanging) => {
            eprintln!(
                "memtrend: {address} answers that no pass over the processes has ended for too long: its log says what it waits for, or restart it"
            );
            return Ok(ExitCode::FAILURE);
        }
        Ok(Health::Foreign(status)) => {
            eprintln!(
                "memtrend: {address} answers with {status}, as no memtrend does: name where memtrend listens by --web.listen-address"
            );
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => {
            eprintln!("memtrend: {address} does not answer: {error}; is memtrend running, and does it listen there?");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}
