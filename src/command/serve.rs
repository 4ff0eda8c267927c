//! `memtrend serve`: watches and answers until it is told to stop.

use super::log;
use crate::analysis::engine::{self, Engine};
use crate::analysis::sample::clean_label;
use crate::cli::ServeFlags;
use crate::config::{self, ApplicationOption, ListenAddress, SelectorOption, Settings};
use crate::serve::{Service, run_until_stopped};
use crate::source::applications::{Selection, Selector, Wanted};
use crate::source::{Roots, World};
use anyhow::{Context, bail};
use std::net::TcpListener;

/// Runs it.
///
/// # Errors
/// When the configuration is wrong, an application asked for by pid is not there, or no address can be listened on.
pub fn run(flags: ServeFlags) -> anyhow::Result<()> {
    let settings = settings(flags)?;
    let Some(settings) = settings else { return Ok(()) };
    log::install(settings.log_level, settings.log_format);
    let listeners = listeners(&settings)?;
    serve(&settings, listeners)
}

/// The checked settings; `None` when a check was all that was asked for.
fn settings(flags: ServeFlags) -> anyhow::Result<Option<Settings>> {
    let only_check = flags.config_check;
    let file = flags.config_file.as_deref().map(config::load).transpose()?.unwrap_or_default();
    let options = flags.into_options().map_err(anyhow::Error::msg)?;
    let settings = Settings::from_options(options.or(file))?;
    if let Some(path) = &settings.web_config {
        config::web::WebConfig::load(path)?;
    }
    if !settings.procfs.is_dir() {
        bail!("path.procfs: {} is not a folder: mount procfs there or name another", settings.procfs.display());
    }
    Ok((!only_check).then_some(settings))
}

/// Serves on listeners that are open already.
pub(super) fn serve(settings: &Settings, listeners: Vec<TcpListener>) -> anyhow::Result<()> {
    let roots =
        Roots { procfs: settings.procfs.clone(), sysfs: settings.sysfs.clone(), rootfs: settings.rootfs.clone() };
    let selection = Selection {
        wanted: settings.wanted.iter().map(|wanted| to_wanted(wanted, &roots)).collect::<anyhow::Result<_>>()?,
        automatic: settings.automatic,
        shortest_program_seconds: settings.block.as_secs_f64(),
        version_variable: settings.version_env.clone(),
    };
    let engine = Engine::new(engine::Settings {
        block_seconds: settings.block.as_secs_f64(),
        maximum_applications: usize::try_from(settings.max_applications).unwrap_or(usize::MAX),
        forget_after_seconds: settings.forget_after.as_secs_f64(),
    });
    run_until_stopped(Service {
        // The world is made by the thread that reads it.
        world: Box::new(move || World::new(&roots, selection)),
        engine,
        interval: settings.interval,
        listeners,
        telemetry_path: settings.telemetry_path.clone(),
        web_config: settings.web_config.clone(),
    })
}

fn to_wanted(option: &ApplicationOption, roots: &Roots) -> anyhow::Result<Wanted> {
    let (selector, name_of_selected) = match &option.selector {
        SelectorOption::Pid(pid) => (Selector::Pid(*pid), program_of(*pid, roots)?),
        SelectorOption::PidFile(path) => {
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            (Selector::PidFile(path.clone()), stem.unwrap_or_default())
        }
        SelectorOption::Match(pattern) => (Selector::CommandLine(pattern.0.clone()), pattern.0.to_string()),
        SelectorOption::Cgroup(path) => {
            let path = cgroup_path(path);
            let last = path.rsplit('/').next().unwrap_or_default().to_owned();
            (Selector::Cgroup(path.into_bytes().into()), last)
        }
        SelectorOption::Unit(unit) => {
            let name = unit.strip_suffix(".service").unwrap_or(unit).to_owned();
            (Selector::Unit(unit.as_bytes().into()), name)
        }
    };
    let name = option.name.clone().unwrap_or(name_of_selected);
    if name.is_empty() {
        bail!("applications: {:?} gives no name: name it yourself, NAME=…", option.selector);
    }
    Ok(Wanted { name: clean_label(name.as_bytes()), version: option.version.as_deref().map(Into::into), selector })
}

/// The program of a pid, which must be there: without it there is nothing to watch.
fn program_of(pid: u32, roots: &Roots) -> anyhow::Result<String> {
    let path = roots.procfs.join(pid.to_string()).join("comm");
    let program =
        std::fs::read(&path).with_context(|| format!("--pid {pid}: no such process here: {}", path.display()))?;
    Ok(String::from_utf8_lossy(program.trim_ascii_end()).into_owned())
}

/// A cgroup's path as the kernel writes it; people also give the folder below /sys/fs/cgroup.
fn cgroup_path(given: &str) -> String {
    let rest = given.strip_prefix("/sys/fs/cgroup").unwrap_or(given);
    let rest = rest.strip_prefix("/memory").filter(|_| rest.len() < given.len()).unwrap_or(rest);
    format!("/{}", rest.trim_matches('/'))
}

fn listeners(settings: &Settings) -> anyhow::Result<Vec<TcpListener>> {
    if settings.systemd_socket {
        return systemd_listeners();
    }
    settings.listen_addresses.iter().map(listen).collect()
}

/// Opens one address; all addresses of the machine means both families where there are both.
pub(super) fn listen(address: &ListenAddress) -> anyhow::Result<TcpListener> {
    let listener = if address.host.is_empty() {
        TcpListener::bind(("::", address.port)).or_else(|_| TcpListener::bind(("0.0.0.0", address.port)))
    } else {
        TcpListener::bind((address.host.as_str(), address.port))
    };
    let listener = listener.with_context(|| {
        format!("web.listen-address: cannot listen on {address}: is the port in use? Name another address")
    })?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn systemd_listeners() -> anyhow::Result<Vec<TcpListener>> {
    let mut passed = listenfd::ListenFd::from_env();
    let mut listeners = Vec::new();
    for place in 0..passed.len() {
        let listener = passed.take_tcp_listener(place).with_context(|| {
            format!("web.systemd-socket: socket {place} from systemd is not a TCP listener: check ListenStream=")
        })?;
        listeners.extend(listener);
    }
    if listeners.is_empty() {
        bail!("web.systemd-socket: systemd has passed no socket: start memtrend by its .socket unit");
    }
    listeners.iter().try_for_each(|listener| listener.set_nonblocking(true))?;
    Ok(listeners)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cgroup_may_be_given_as_the_kernel_or_as_the_file_system_names_it() {
        for (given, expected) in [
            ("/system.slice/a.service", "/system.slice/a.service"),
            ("system.slice/a.service/", "/system.slice/a.service"),
            ("/sys/fs/cgroup/system.slice", "/system.slice"),
            ("/sys/fs/cgroup/memory/x", "/x"),
            ("/memory/x", "/memory/x"),
        ] {
            assert_eq!(cgroup_path(given), expected);
        }
    }
}
