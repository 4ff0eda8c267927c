//! On the host.

use super::Told;
use crate::permissions::host::FORMS;
use crate::support::docker::{MIB, is_root};
use crate::support::exporter::Exporter;
use crate::support::limited::{Leak, LimitedGroup};
use crate::support::{binary, wait_for};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Files for every user: the checkout may be closed to them.
fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(binary(), folder.path().join("memtrend")).unwrap();
    folder
}

fn doctor(flags: &[&str]) -> Told {
    let mut command = Command::new(binary());
    command.arg("doctor").args(flags);
    Told::by(command)
}

/// An application of uid 1000 in a cgroup of its own, whose command line has `mark`.
fn application(folder: &Path, program: &Path, mark: &str) -> Leak {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "echo 0 >\"$0/cgroup.procs\" && VERSION=7 exec setpriv --reuid 1000 --regid 1000 --clear-groups \"$@\"",
    ]);
    Leak(command.arg(folder).arg(program).args(["leak", "--rate", "0", "--label", mark]).spawn().unwrap())
}

#[test]
fn each_user_of_the_host_sees_what_the_table_says() {
    if !is_root() || !crate::permissions::scene::is_as_told() {
        return;
    }
    let Some(group) = LimitedGroup::create("doctor", 96 * MIB) else { return };
    let folder = open_folder();
    let program = folder.path().join("memtrend");
    let mark = format!("doctor-{}", std::process::id());
    let _application = application(&group.folder, &program, &mark);
    let pattern = format!("--match=own=leak .*{mark}$");
    std::thread::scope(|scope| {
        for (form, privileges) in FORMS {
            let (program, pattern) = (&program, &pattern);
            scope.spawn(move || {
                let mut command = Command::new("setpriv");
                command.args(privileges.split_whitespace()).arg(program);
                command.args(["doctor", "--version-env=VERSION", pattern]);
                let told = Told::by(command);
                assert!(told.text.starts_with("runs     on the host, Linux "), "{}", told.text);
                told.assert_row("v1", form, "own");
                assert!(told.application("own").ends_with("limit 96.0 MiB (own), uid 1000"), "{}", told.text);
            });
        }
    });
}

#[test]
fn what_fits_nothing_is_told_with_what_is_there() {
    let sleeper = Command::new("sleep").arg("98.5").spawn().map(Leak).unwrap();
    let told =
        doctor(&["--match", "shop=^no-such-program ", "--unit", "no-such-unit", "--pid-file", "/run/no-such.pid"]);
    assert_eq!(told.code, 1, "{}", told.text);
    told.must("missing", "application shop: --match ^no-such-program : fits nothing");
    told.must("", "fix: name by --match what is here:");
    told.must("missing", "application no-such-unit: --unit no-such-unit: fits nothing");
    told.must("missing", "application no-such: --pid-file /run/no-such.pid: there is no such file");
    let ended = sleeper.0.id();
    drop(sleeper);
    let told = doctor(&[&format!("--pid=shop={ended}")]);
    assert_eq!(told.code, 1, "{}", told.text);
    told.must("missing", &format!("application shop: --pid {ended}: there is no such process"));
    let told = doctor(&["--namespace", "no-such-namespace"]);
    assert_eq!(told.code, 1, "{}", told.text);
    told.must("missing", "applications: --namespace fits none of the ");
}

#[test]
fn what_is_wrong_with_the_question_is_another_exit_code() {
    for wrong in [["--namespace", ""], ["--interval", "soon"], ["--path.procfs", "/none"], ["--config.file", "/none"]] {
        let told = doctor(&wrong);
        assert!(told.code == 2 && !told.text.contains("runs  "), "{wrong:?}: {}", told.text);
    }
    // What is wrong by the environment too.
    let mut command = Command::new(binary());
    // Given no flags at all it would take those of a memtrend that serves beside it.
    command.args(["doctor", "--log.level=info"]).env("MEMTREND_TREND_BLOCK", "2h");
    let told = Told::by(command);
    assert!(told.code == 2 && told.text.contains("trend.block"), "{}", told.text);
}

#[test]
fn a_page_that_cannot_be_written_is_no_success() {
    let mut command = Command::new(binary());
    command.arg("doctor").stdout(fs::File::create("/dev/full").unwrap());
    let told = Told::by(command);
    assert_eq!((told.code, told.text.lines().count()), (2, 1), "{}", told.text);
    assert!(told.text.starts_with("memtrend: standard output: "), "{}", told.text);
}

/// As a memtrend that serves calls itself, with a command line that is longer than any that anyone has written.
#[test]
fn a_process_that_calls_itself_memtrend_is_read_in_bounds() {
    let name = "printf memtrend >/proc/self/comm; sleep 98.25; :";
    let line = ["-c", name, "serve"].map(str::to_owned).into_iter();
    // Of 2 MiB, the most that a command line may have where the stack is 8 MiB.
    let long = std::iter::repeat_with(|| format!("--match=a={}", "x".repeat(100_000))).take(18);
    let _pretender = Command::new("sh").args(line.chain(long)).spawn().map(Leak).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    // Told apart by its length: what does not serve is not spoken of, and the page has none of it.
    let told = doctor(&["--interval=5s"]);
    assert!(told.text.len() < 20_000 && !told.text.contains("xxxx"), "{}", told.text);
}

#[test]
fn a_state_folder_that_is_none_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file; or not");
    fs::write(&file, "").unwrap();
    let told = doctor(&[&format!("--state.dir={}", file.display())]);
    told.must("missing", &format!("state: {}: it is no folder", file.display()));
    let absent = folder.path().join("a b");
    let told = doctor(&[&format!("--state.dir={}", absent.display())]);
    told.must("", &format!("fix: mkdir -p '{}' && chown 0:0 '{}'", absent.display(), absent.display()));
}

#[test]
fn a_state_folder_is_tried_without_a_trace_in_it() {
    let folder = open_folder();
    let state = folder.path().join("state");
    fs::create_dir(&state).unwrap();
    let flag = format!("--state.dir={}", state.display());
    doctor(&[&flag]).must("ok", &format!("state: kept in {}", state.display()));
    assert_eq!(fs::read_dir(&state).unwrap().count(), 0, "nothing is written");
    let none = format!("--state.dir={}/none", state.display());
    doctor(&[&none]).must("missing", &format!("state: there is no folder {}/none", state.display()));
    if !is_root() {
        eprintln!("other users are tried by root alone");
        return;
    }
    let as_another = || {
        let mut command = Command::new(folder.path().join("memtrend"));
        Told::by({
            command.args(["doctor", &flag]).uid(65534).gid(65534);
            command
        })
    };
    let told = as_another();
    assert_eq!(told.code, 1, "{}", told.text);
    told.must("missing", &format!("state: {} cannot be written: it is of 0:0, with mode 0755", state.display()));
    told.must("", &format!("fix: chown 65534:65534 {}", state.display()));
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    as_another().must("ok", "state: kept in ");
    fs::write(state.join("kills"), "{}").unwrap();
    fs::set_permissions(state.join("kills"), fs::Permissions::from_mode(0o600)).unwrap();
    as_another().must("missing", &format!("state: {}/kills cannot be read", state.display()));
}

#[test]
fn a_running_memtrend_is_left_alone_and_its_state_folder_too() {
    let state = tempfile::tempdir().unwrap();
    let flag = format!("--state.dir={}", state.path().display());
    let mut exporter = Exporter::start(&["--application=auto", &flag]);
    // Left behind, to be removed by whoever takes the folder.
    fs::write(state.path().join(".kills-x"), "cut off").unwrap();
    let told = doctor(&[&flag]);
    told.must("ok", "state: kept in ");
    assert!(state.path().join(".kills-x").exists());
    wait_for("an answer", Duration::from_secs(5), || (exporter.get("/-/ready", &[]).status == 200).then_some(()));
    assert_eq!(exporter.terminate(), Some(0));
}
