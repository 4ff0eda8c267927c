//! A world that changes while it is watched: trees that are rewritten under the real binary.
//!
//! What plain files cannot do as the kernel does it is made up for: a process that ends leaves a `statm` of zeros behind
//! for whoever holds it open, and where a cgroup is replaced, no descriptor may be kept.

use crate::support::exporter::Exporter;
use crate::support::http::get;
use crate::support::page::Page;
use crate::support::tree::Tree;
use crate::support::{binary, wait_for};
use std::any::Any;
use std::cell::RefCell;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const WORKER: &str = "proc/3107";
const SLICE: &str = "sys/fs/cgroup/system.slice";
const WORKERS_GROUP: &str =
    "sys/fs/cgroup/system.slice/docker-775d17ad94638dffb9c31fdfc2ce3d0b1ba9ac8e43d0f988c8608cbebbd134b4.scope";
const POD: &str = "sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod6f1c2b3a_0d4e_4a59_9b1e_5d1c0ffee123.slice";
const CHECKOUT: &str = "cri-containerd-87c68216774b151d927a848d52cc44d4a5497028bd251d1e890628d341caad53.scope";
/// Of the worker's swap.
const SWAP_LIMIT: f64 = 134_217_728.0;

/// An exporter that may keep no descriptor.
struct Poor(Child);

impl Drop for Poor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A tree and the exporter that watches it.
struct Scene {
    tree: Tree,
    address: SocketAddr,
    _running: Box<dyn Any>,
    earlier: RefCell<Option<Page>>,
}

impl Scene {
    fn start(tree: &str, more: &[&str]) -> Self {
        Self::of(Tree::unpack(tree), more)
    }

    fn of(tree: Tree, more: &[&str]) -> Self {
        let exporter = Exporter::start(&flags(&tree, more));
        Self { tree, address: exporter.address, _running: Box::new(exporter), earlier: RefCell::default() }
    }

    /// The same with a limit on descriptors that leaves none to be kept, and as if the tree were of its own pid namespace:
    /// `loadavg`, which never changes here, then says that no process is born.
    fn start_poor(tree: &str) -> Self {
        let tree = Tree::unpack(tree);
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 512 && ln -s $$ \"$0\" && exec \"$@\""]).arg(tree.path().join("proc/self"));
        command.arg(binary()).arg("serve");
        command.arg(format!("--web.listen-address={address}")).args(flags(&tree, &[])).stderr(Stdio::null());
        let running = Box::new(Poor(command.spawn().unwrap()));
        wait_for("the first pass", Duration::from_secs(20), || {
            TcpStream::connect(address).ok()?;
            (get(address, "/-/ready", &[]).status == 200).then_some(())
        });
        Self { tree, address, _running: running, earlier: RefCell::default() }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.tree.path().join(path)
    }

    /// Writes over a file in one go; what was longer before ends in empty lines, as a kernel's file never does.
    fn rewrite(&self, path: &str, text: &str) {
        let path = self.at(path);
        let length = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
        let padded = format!("{text:\n<length$}");
        fs::OpenOptions::new().write(true).open(path).unwrap().write_all(padded.as_bytes()).unwrap();
    }

    fn replace(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.at(path)).unwrap();
        assert!(text.contains(from), "{path} has no {from}: {text}");
        self.rewrite(path, &text.replace(from, to));
    }

    /// Copies the files of a folder and moves the copy in place at once, with these changes to their text.
    fn put(&self, from: &Path, to: &str, changes: &[(&str, &str)]) {
        let staged = self.at("staged");
        fs::create_dir_all(&staged).unwrap();
        for entry in fs::read_dir(from).unwrap().flatten().filter(|entry| entry.file_type().unwrap().is_file()) {
            let bytes = fs::read(entry.path()).unwrap();
            let mut text = String::from_utf8(bytes).unwrap();
            changes.iter().for_each(|(old, new)| text = text.replace(old, new));
            fs::write(staged.join(entry.file_name()), text).unwrap();
        }
        fs::rename(staged, self.at(to)).unwrap();
    }

    /// Takes a folder away; where it is now.
    fn take_away(&self, path: &str) -> PathBuf {
        let gone = self.at("gone");
        fs::create_dir_all(&gone).unwrap();
        let aside = gone.join(fs::read_dir(&gone).unwrap().count().to_string());
        fs::rename(self.at(path), &aside).unwrap();
        aside
    }

    /// Ends a process.
    fn end(&self, path: &str) -> PathBuf {
        let aside = self.take_away(path);
        let statm = aside.strip_prefix(self.tree.path()).unwrap().join("statm");
        self.rewrite(statm.to_str().unwrap(), "0 0 0 0 0 0 0");
        aside
    }

    /// The page, on which no counter has gone down.
    fn page(&self) -> Page {
        let answer = get(self.address, "/metrics", &[]);
        assert_eq!(answer.status, 200);
        let page = Page::parse(&answer.text());
        for (series, before) in self.earlier.take().iter().flat_map(|earlier| &earlier.series) {
            let is_counter = series.split('{').next().unwrap().ends_with("_total");
            let now = page.value(series).filter(|now| is_counter && now < before);
            assert_eq!(now, None, "{series} was {before}");
        }
        self.earlier.replace(Some(Page::parse(&answer.text())));
        page
    }

    fn wait(&self, what: &str, holds: impl Fn(&Page) -> bool) -> Page {
        self.wait_at_most(Duration::from_secs(10), what, holds)
    }

    fn wait_at_most(&self, at_most: Duration, what: &str, holds: impl Fn(&Page) -> bool) -> Page {
        wait_for(what, at_most, || Some(self.page()).filter(|page| holds(page)))
    }

    /// Waits for some passes more; the page after them.
    fn wait_passes(&self) -> Page {
        let passes = |page: &Page| page.must("memtrend_scan_duration_seconds_count");
        let begun = passes(&self.page());
        self.wait("twelve more passes", |page| passes(page) >= begun + 12.0)
    }
}

fn flags(tree: &Tree, more: &[&str]) -> Vec<String> {
    let mut flags = tree.flags();
    flags.extend(["--trend.block=1s", "--interval=100ms", "--application=auto"].map(str::to_owned));
    flags.extend(more.iter().map(|flag| (*flag).to_owned()));
    flags
}

/// The value of a metric of an application, whatever its other labels are.
fn of(page: &Page, metric: &str, application: &str, label: &str) -> Option<f64> {
    let begin = format!("{metric}{{application=\"{application}\"");
    let found = page.series.iter().find(|(series, _)| series.starts_with(&begin) && series.contains(label));
    found.map(|(_, value)| *value)
}

fn is_up(page: &Page, application: &str) -> Option<bool> {
    of(page, "memtrend_application_up", application, "").map(|up| up == 1.0)
}

fn kills(page: &Page, application: &str) -> [f64; 5] {
    ["own", "ancestor", "node", "userspace", "unknown"].map(|scope| {
        of(page, "memtrend_oom_kills_total", application, &format!("scope=\"{scope}\"")).expect("every scope, always")
    })
}

fn restarts(page: &Page, application: &str) -> [f64; 3] {
    ["oom", "exit", "unknown"].map(|cause| {
        of(page, "memtrend_restarts_total", application, &format!("cause=\"{cause}\"")).expect("every cause, always")
    })
}

/// How a later life of the worker differs.
const LATER: (&str, &str) = ("1200450", "1300450");

#[test]
fn an_application_whose_process_ends_is_told_down_without_levels_and_the_others_stay() {
    let scene = Scene::start("docker-v2", &[]);
    let before = scene.page();
    assert_eq!(is_up(&before, "worker"), Some(true));
    scene.end(WORKER);
    let page = scene.wait("the worker to be told down", |page| is_up(page, "worker") == Some(false));
    let left: Vec<&String> =
        page.series.keys().filter(|series| series.contains("application=\"worker\"") && is_level(series)).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!((kills(&page, "worker"), restarts(&page, "worker")), ([0.0; 5], [0.0; 3]));
    assert_eq!(is_up(&page, "worker-2"), Some(true));
    assert_eq!(of(&page, "memtrend_heap_bytes", "worker-2", ""), of(&before, "memtrend_heap_bytes", "worker-2", ""));
}

fn is_level(series: &str) -> bool {
    let name = series.split('{').next().unwrap();
    name.starts_with("memtrend_application_") && !name.ends_with("_up") && !name.ends_with("_info")
        || ["_bytes", "_bytes_per_second", "_limit_seconds", "_gain_seconds"].iter().any(|end| name.ends_with(end))
}

#[test]
fn a_process_that_is_followed_by_a_later_one_is_one_restart() {
    let scene = Scene::start("docker-v2", &[]);
    let started = of(&scene.page(), "memtrend_application_start_time_seconds", "worker", "").unwrap();
    let ended = scene.end(WORKER);
    scene.wait("the worker to be told down", |page| is_up(page, "worker") == Some(false));
    scene.put(&ended, WORKER, &[LATER, ("0 0 0 0 0 0 0", "90461 48429 1601 230 0 70533 0")]);
    let page = scene.wait("the worker to be back", |page| is_up(page, "worker") == Some(true));
    assert_eq!(restarts(&page, "worker"), [0.0, 1.0, 0.0], "its cgroup has counted no kill");
    assert_eq!(of(&page, "memtrend_application_start_time_seconds", "worker", ""), Some(started + 1000.0));
    assert_eq!(restarts(&scene.wait_passes(), "worker"), [0.0, 1.0, 0.0]);
}

#[test]
fn a_process_that_is_replaced_between_two_passes_is_one_restart() {
    let scene = Scene::start("docker-v2", &[]);
    let copy = scene.at("copy");
    scene.put(&scene.at(WORKER), "copy", &[LATER]);
    scene.end(WORKER);
    fs::rename(copy, scene.at(WORKER)).unwrap();
    scene.wait("the restart", |page| restarts(page, "worker") == [0.0, 1.0, 0.0]);
    assert_eq!(restarts(&scene.wait_passes(), "worker"), [0.0, 1.0, 0.0]);
}

#[test]
fn a_limit_that_is_rewritten_is_followed_to_none_and_back() {
    let scene = Scene::start("docker-v2", &[]);
    let limit = |page: &Page, source: &str| of(page, "memtrend_memory_limit_bytes", "worker", source);
    for (text, source, expected) in [
        ("200000000", "source=\"own\"", 200_000_000.0 + SWAP_LIMIT),
        ("max", "source=\"node\"", 6_259_851_264.0),
        ("268435456", "source=\"own\"", 268_435_456.0 + SWAP_LIMIT),
        ("300000000000", "source=\"node\"", 6_259_851_264.0),
    ] {
        scene.rewrite(&format!("{WORKERS_GROUP}/memory.max"), text);
        let page = scene.wait(text, |page| limit(page, source) == Some(expected));
        let all = page
            .series
            .keys()
            .filter(|series| series.starts_with("memtrend_memory_limit_bytes{application=\"worker\","));
        assert_eq!(all.count(), 1, "one limit speaks");
    }
}

#[test]
fn of_the_own_limit_and_one_above_it_the_one_with_less_room_speaks() {
    let scene = Scene::start("containerd-burstable", &[]);
    let limit = |page: &Page, source: &str| of(page, "memtrend_memory_limit_bytes", "checkout", source);
    assert_eq!(limit(&scene.page(), "source=\"ancestor\""), Some(536_870_912.0));
    scene.rewrite(&format!("{POD}/memory.max"), "999999999");
    scene.wait("the own limit", |page| limit(page, "source=\"own\"") == Some(805_306_368.0));
    scene.rewrite(&format!("{POD}/memory.max"), "536870912");
    scene.wait("the pod's limit", |page| limit(page, "source=\"ancestor\"") == Some(536_870_912.0));
}

#[test]
fn two_more_kills_for_the_own_limit_are_two_more_of_scope_own() {
    let scene = Scene::start("docker-v2", &[]);
    assert_eq!(kills(&scene.page(), "worker"), [0.0; 5], "the two that were before memtrend are not counted");
    scene.replace(&format!("{WORKERS_GROUP}/memory.events.local"), "oom 2\n", "oom 4\n");
    scene.replace(&format!("{WORKERS_GROUP}/memory.events"), "oom 2\noom_kill 2\n", "oom 4\noom_kill 4\n");
    scene.wait("the kills", |page| kills(page, "worker") == [2.0, 0.0, 0.0, 0.0, 0.0]);
    let page = scene.wait_passes();
    assert_eq!(kills(&page, "worker"), [2.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(of(&page, "memtrend_memory_events_total", "worker", "event=\"oom\""), Some(2.0));
    assert_eq!(page.must("memtrend_oom_source_kills_total{source=\"cgroup\"}"), 2.0);
    assert_eq!(kills(&page, "worker-2"), [0.0; 5]);

    let ended = scene.end(WORKER);
    scene.replace(&format!("{WORKERS_GROUP}/memory.events"), "oom_kill 4\n", "oom_kill 5\n");
    scene.wait("the kill of the main process", |page| kills(page, "worker") == [3.0, 0.0, 0.0, 0.0, 0.0]);
    scene.put(&ended, WORKER, &[LATER, ("0 0 0 0 0 0 0", "90461 48429 1601 230 0 70533 0")]);
    scene.wait("the restart after it", |page| restarts(page, "worker") == [1.0, 0.0, 0.0]);
}

#[test]
fn a_kill_without_a_hit_of_the_own_limit_is_that_of_the_limit_above() {
    let scene = Scene::start("containerd-burstable", &[]);
    assert_eq!(kills(&scene.page(), "checkout"), [0.0; 5]);
    scene.replace(&format!("{POD}/memory.events.local"), "oom 1\n", "oom 3\n");
    scene.replace(&format!("{POD}/{CHECKOUT}/memory.events"), "oom_kill 0\n", "oom_kill 2\n");
    // Its processes are killed as a group, as the kubelet has it: one stroke.
    scene.wait("the kill", |page| kills(page, "checkout") == [0.0, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(kills(&scene.wait_passes(), "checkout"), [0.0, 1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn a_kill_below_a_limit_is_no_hit_of_it() {
    let tree = Tree::unpack("containerd-burstable");
    for above in ["sys/fs/cgroup/kubepods.slice", "sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice"] {
        fs::write(tree.path().join(above).join("memory.events.local"), "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n")
            .unwrap();
    }
    let scene = Scene::of(tree, &[]);
    // A neighbour in the pod was at its own limit: the pod's counter of all that is in it tells so, that of its limit does not.
    scene.replace(&format!("{POD}/memory.events"), "oom 1\noom_kill 1\n", "oom 3\noom_kill 3\n");
    scene.replace(&format!("{POD}/{CHECKOUT}/memory.events"), "oom_kill 0\n", "oom_kill 2\n");
    scene.wait("the kill", |page| kills(page, "checkout") == [0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(kills(&scene.wait_passes(), "checkout"), [0.0, 0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn counters_go_on_over_a_cgroup_that_is_replaced() {
    let scene = Scene::start_poor("docker-v2");
    let events = format!("{WORKERS_GROUP}/memory.events");
    scene.replace(&events, "oom 2\noom_kill 2\n", "oom 4\noom_kill 4\n");
    scene.wait("the kills", |page| kills(page, "worker")[0] == 2.0);
    let aside = scene.take_away(WORKERS_GROUP);
    let fresh = [
        ("oom 2\n", "oom 0\n"),
        ("oom 4\n", "oom 0\n"),
        ("oom_kill 4\n", "oom_kill 0\n"),
        ("max 5121\n", "max 0\n"),
        ("anon 1921", "anon 1821"),
    ];
    scene.put(&aside, WORKERS_GROUP, &fresh);
    // A cgroup that is gone answers no more.
    fs::remove_dir_all(aside).unwrap();
    let heap = 182_135_168.0 + 94_208_000.0;
    scene.wait("the new cgroup", |page| of(page, "memtrend_heap_bytes", "worker", "") == Some(heap));
    assert_eq!(kills(&scene.wait_passes(), "worker")[0], 2.0);
    scene.replace(&events, "oom 0\noom_kill 0\n", "oom 1\noom_kill 1\n");
    scene.wait("its first kill", |page| kills(page, "worker")[0] == 3.0);
    let page = scene.wait_passes();
    assert_eq!((kills(&page, "worker"), restarts(&page, "worker")), ([3.0, 0.0, 0.0, 0.0, 0.0], [0.0; 3]));
    assert_eq!(of(&page, "memtrend_memory_events_total", "worker", "event=\"max\""), Some(0.0));
}

#[test]
fn garbage_for_memory_is_never_told_as_zero() {
    let by_processes = (48_429.0 - 1601.0) * 4096.0 + 94_208_000.0;
    for garbage in ["\u{1}\u{2}garbage", "anon\nfile\n", "anon -5\n", ""] {
        let scene = Scene::start("docker-v2", &[]);
        scene.rewrite(&format!("{WORKERS_GROUP}/memory.stat"), garbage);
        let evidence = "evidence=\"processes\"";
        let page = scene.wait("another source", |page| {
            let heap = of(page, "memtrend_heap_bytes", "worker", "");
            assert!(heap.is_none_or(|heap| heap > 1e8), "{garbage:?} told as {heap:?}");
            is_up(page, "worker") == Some(false) || of(page, "memtrend_application_info", "worker", evidence).is_some()
        });
        let heap = of(&page, "memtrend_heap_bytes", "worker", "");
        assert!(heap.is_none_or(|heap| heap == by_processes), "{heap:?}");
        let errors = "memtrend_source_errors_total{reason=\"malformed\",source=\"cgroups\"}";
        assert!(page.must(errors) >= 1.0, "it is counted");
    }
}

#[test]
fn a_new_container_and_a_new_unit_are_found_within_two_seconds() {
    for scene in [Scene::start("docker-v2", &[]), Scene::start_poor("docker-v2")] {
        let id = "0123456789abcdef".repeat(4);
        for (pid, name, path) in
            [("4000", "cart", format!("docker-{id}.scope")), ("4001", "billing", "billing.service".to_owned())]
        {
            assert_eq!(is_up(&scene.page(), name), None);
            scene.put(&scene.at(WORKERS_GROUP), &format!("{SLICE}/{path}"), &[("anon 1921", "anon 1821")]);
            let (group, is) = (WORKERS_GROUP.rsplit('/').next().unwrap(), format!("{pid} ({name})"));
            let changes = [("3107 (worker)", &*is), ("worker", name), ("1200450", "1456000"), (group, &*path)];
            scene.put(&scene.at(WORKER), &format!("proc/{pid}"), &changes);
            let what = format!("{name} to be found");
            let page = scene.wait_at_most(Duration::from_secs(2), &what, |page| is_up(page, name) == Some(true));
            assert_eq!(of(&page, "memtrend_heap_bytes", name, ""), Some(182_135_168.0 + 94_208_000.0));
            assert_eq!((kills(&page, name), restarts(&page, name)), ([0.0; 5], [0.0; 3]));
        }
    }
}

#[test]
fn the_heap_of_an_application_without_a_cgroup_follows_its_process() {
    let scene = Scene::start("docker-v2", &[]);
    let heap = |page: &Page| of(page, "memtrend_heap_bytes", "systemd", "");
    assert_eq!(heap(&scene.page()), Some(780.0 * 4096.0));
    for (statm, pages) in [("9778 4006 2226 119 0 1158 0", 1780.0), ("8778 2326 2226 119 0 1158 0", 100.0)] {
        scene.rewrite("proc/1/statm", statm);
        scene.wait(statm, |page| heap(page) == Some(pages * 4096.0));
    }
}

/// Whether the page has any series of an application.
fn is_known(page: &Page, application: &str) -> bool {
    page.series.keys().any(|series| series.contains(&format!("application=\"{application}\"")))
}

#[test]
fn all_series_of_one_that_is_gone_are_dropped_after_the_time_to_forget() {
    let scene = Scene::start("docker-v2", &["--forget-after=1s"]);
    assert!(is_known(&scene.page(), "systemd"));
    scene.end("proc/1");
    scene.wait("systemd to be told down", |page| is_up(page, "systemd") == Some(false));
    let page = scene.wait("systemd to be forgotten", |page| !is_known(page, "systemd"));
    assert_eq!((page.must("memtrend_applications"), is_up(&page, "worker")), (4.0, Some(true)));
}

#[test]
fn one_that_is_gone_while_its_cgroup_lingers_is_forgotten_or_goes_on_and_never_begins_anew() {
    let scene = Scene::start("docker-v2", &["--forget-after=1s"]);
    let ended = scene.end(WORKER);
    scene.wait("the worker to be told down", |page| is_up(page, "worker") == Some(false));
    scene.put(&ended, WORKER, &[LATER, ("0 0 0 0 0 0 0", "90461 48429 1601 230 0 70533 0")]);
    scene.wait("the restart", |page| restarts(page, "worker") == [0.0, 1.0, 0.0]);
    scene.end(WORKER);
    scene.wait("the worker to be told down", |page| is_up(page, "worker") == Some(false));
    // Each page is compared with the one before.
    scene.wait_at_most(Duration::from_secs(30), "the worker to be forgotten", |page| !is_known(page, "worker"));
}

#[test]
fn of_one_that_was_killed_and_is_gone_only_the_kills_are_kept() {
    let scene = Scene::start("docker-v2", &["--forget-after=1s"]);
    scene.replace(&format!("{WORKERS_GROUP}/memory.events"), "oom 2\noom_kill 2\n", "oom 4\noom_kill 4\n");
    scene.wait("the kills", |page| kills(page, "worker")[0] == 2.0);
    scene.end(WORKER);
    scene.wait("the rest to be forgotten", |page| {
        assert_eq!(kills(page, "worker")[0], 2.0);
        !page.series.keys().any(|series| series.contains("\"worker\"") && !series.contains("_oom_kills_total"))
    });
}
