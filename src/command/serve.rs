//! `memtrend serve`: watches and answers until it is told to stop.

use super::log;
use crate::analysis::engine::{self, Engine};
use crate::analysis::sample::clean_label;
use crate::cli::ServeFlags;
use crate::config::{self, ApplicationOption, ListenAddress, SelectorOption, Settings};
use crate::serve::{Service, orphans, run_until_stopped};
use crate::source::applications::{Filter, Patterns, Selection, Selector, Wanted};
use crate::source::{Roots, World};
use crate::state::{DEFAULT_FOLDER, Kept, Store, StoreError};
use anyhow::{Context, bail};
use rustix::fs::{Access, access};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;

/// Runs it.
///
/// # Errors
/// When the configuration is wrong, an application asked for by pid is not there, or no address can be listened on.
pub fn run(flags: ServeFlags) -> anyhow::Result<()> {
    let settings = settings(flags)?;
    let Some(settings) = settings else { return Ok(()) };
    log::install(settings.log_level, settings.log_format);
    let listeners = listeners(&settings)?;
    serve(&settings, listeners, || state(settings.state.as_deref()), orphans::is_first_process())
}

/// The checked settings; `None` when a check was all that was asked for.
pub(super) fn settings(flags: ServeFlags) -> anyhow::Result<Option<Settings>> {
    let only_check = flags.config_check;
    let flags_file = flags.config_file.clone();
    let file = flags_file.as_deref().map(config::load).transpose()?.unwrap_or_default();
    let options = flags.into_options().map_err(anyhow::Error::msg)?;
    let wrong_in_file = Settings::from_options(file.clone()).err().map(|error| error.to_string());
    let settings = Settings::from_options(options.or(file)).map_err(|error| match &flags_file {
        Some(path) if wrong_in_file == Some(error.to_string()) => anyhow::anyhow!("{}: {error}", path.display()),
        _ => error.into(),
    })?;
    if let Some(path) = &settings.web_config {
        config::web::WebConfig::load(path)?;
    }
    check_roots(&settings)?;
    Ok((!only_check).then_some(settings))
}

fn check_roots(settings: &Settings) -> anyhow::Result<()> {
    let holds_a_process = |path: &Path| {
        let mut entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.any(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok()))
    };
    if !holds_a_process(&settings.procfs) {
        bail!("path.procfs: {} holds no process: mount procfs there or name another folder", settings.procfs.display());
    }
    for (key, path) in [("path.sysfs", &settings.sysfs), ("path.rootfs", &settings.rootfs)] {
        if !path.is_dir() {
            bail!("{key}: {} is not a folder: mount it there or name another", path.display());
        }
    }
    Ok(())
}

/// The folder that was asked for, or the usual one where it can be used.
fn state(asked: Option<&Path>) -> Result<Option<(Store, Kept)>, StoreError> {
    if let Some(folder) = asked {
        return Store::open(folder).map(Some);
    }
    let usual = Path::new(DEFAULT_FOLDER);
    let problem = match access(usual, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => match Store::open(usual) {
            Ok(opened) => return Ok(Some(opened)),
            Err(error) => error.to_string(),
        },
        Err(error) => format!("{DEFAULT_FOLDER}: {}", std::io::Error::from(error)),
    };
    tracing::info!(
        problem,
        "state is kept in memory alone: trends and counts of kills begin anew with memtrend; --state.dir keeps them"
    );
    Ok(None)
}

/// Serves on listeners that are open already.
pub(super) fn serve(
    settings: &Settings,
    listeners: Vec<TcpListener>,
    state: impl FnOnce() -> Result<Option<(Store, Kept)>, StoreError>,
    reaps_orphans: bool,
) -> anyhow::Result<()> {
    let (roots, selection) = watched(settings)?;
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
        state: state()?,
        state_interval: settings.state_interval,
        telemetry_path: settings.telemetry_path.clone(),
        web_config: settings.web_config.clone(),
        reaps_orphans,
    })
}

/// Where is looked, and for what.
///
/// # Errors
/// When an application asked for by pid is not there, or two have one name.
pub(super) fn watched(settings: &Settings) -> anyhow::Result<(Roots, Selection)> {
    let roots =
        Roots { procfs: settings.procfs.clone(), sysfs: settings.sysfs.clone(), rootfs: settings.rootfs.clone() };
    let selection = Selection {
        wanted: all_wanted(settings, &roots)?,
        automatic: settings.automatic,
        filter: Filter {
            namespaces: Patterns::new(&settings.namespaces),
            containers: Patterns::new(&settings.containers),
        },
        shortest_program_seconds: settings.block.as_secs_f64(),
        version_variable: settings.version_env.clone(),
    };
    Ok((roots, selection))
}

fn all_wanted(settings: &Settings, roots: &Roots) -> anyhow::Result<Vec<Wanted>> {
    let mut all: Vec<Wanted> = Vec::new();
    for option in &settings.wanted {
        let wanted = to_wanted(option, roots)?;
        if all.iter().any(|earlier| earlier.name == wanted.name) {
            bail!("applications: two of them are called `{}`: name them, NAME=…", wanted.name.escape_default());
        }
        all.push(wanted);
    }
    Ok(all)
}

fn to_wanted(option: &ApplicationOption, roots: &Roots) -> anyhow::Result<Wanted> {
    let (selector, name_of_selected) = match &option.selector {
        SelectorOption::Pid(pid) => (Selector::Pid(pid.0), program_of(pid.0, roots)?),
        SelectorOption::PidFile(path) => {
            let stem = path.0.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            (Selector::PidFile(path.0.clone()), stem.unwrap_or_default())
        }
        SelectorOption::Match(pattern) => (Selector::CommandLine(pattern.0.clone()), pattern.0.to_string()),
        SelectorOption::Cgroup(path) => {
            let last = path.0.rsplit('/').next().unwrap_or_default().to_owned();
            (Selector::Cgroup(path.0.as_bytes().into()), last)
        }
        SelectorOption::Unit(unit) => {
            let name = unit.0.strip_suffix(".service").unwrap_or(&unit.0).to_owned();
            (Selector::Unit(unit.0.as_bytes().into()), name)
        }
    };
    let name = option.name.clone().unwrap_or(name_of_selected);
    if name.trim().is_empty() {
        match &option.selector {
            SelectorOption::Pid(pid) => bail!("--pid {0}: its program has a blank name: write --pid NAME={0}", pid.0),
            _ => bail!("an application has a blank name: write NAME=… before what selects it"),
        }
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
    let listener = listener.map_err(|error| {
        let remedy = match error.kind() {
            ErrorKind::AddrInUse => "the port is in use: name another".to_owned(),
            ErrorKind::AddrNotAvailable => "that is not an address of this machine".to_owned(),
            ErrorKind::PermissionDenied => "not permitted: ports below 1024 need NET_BIND_SERVICE".to_owned(),
            _ => error.to_string(),
        };
        anyhow::anyhow!("web.listen-address: cannot listen on {address}: {remedy}")
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
