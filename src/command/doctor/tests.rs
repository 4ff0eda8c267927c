//! What is said of which facts.

use super::facts::{
    Absent, Engine, Facts, Groups, Layout, Reading, SYS_PTRACE, Seen, Serving, State, Unwatched, User, Version, View,
};
use super::finding::Level;
use super::{findings, page};
use crate::analysis::oom::{KillSource, Sources};
use crate::analysis::sample::{Basis, LimitSource};
use crate::source::{Census, Home};
use crate::units::Bytes;

fn seen(name: &str, reading: Reading) -> Seen {
    let limit = if matches!(reading, Reading::Group(_)) { LimitSource::Own } else { LimitSource::Node };
    Seen {
        name: name.to_owned(),
        user: Some((1000, 1001)),
        home: Home::Container { is_named: true },
        reading,
        limit: Some((limit, Bytes(64 << 20))),
        kinds: 11,
        has_namespace: true,
        has_pressure: true,
        has_descriptors: true,
        version: Version::Known,
        is_by_systemd: Some(true),
    }
}

/// A place where nothing is missing.
fn whole(engine: Engine) -> Facts {
    Facts {
        engine,
        is_agent: false,
        is_sandbox: false,
        kernel: "6.1.0".to_owned(),
        user: User { uid: 1000, gid: 1001, ..User::default() },
        census: Census { processes: 5, others: 3, memtrends: Vec::new() },
        sees_machine: false,
        hidden_by: None,
        has_machine_memory: true,
        sysfs: "/sys/fs/cgroup".to_owned(),
        groups: Groups { layout: Some(Layout::V2), view: View::Own, counts_memory: true },
        has_pressure: true,
        applications: vec![seen("shop", Reading::Group(Basis::CgroupV2))],
        most_applications: 1000,
        absent: Vec::new(),
        unwatched: None,
        filters: Vec::new(),
        program_age: "60 s".to_owned(),
        sources: Sources { readable: [true; KillSource::ALL.len()], log_is_whole: true },
        version_variable: Some("VERSION".to_owned()),
        state: State::Writable("/var/lib/memtrend".to_owned()),
        serving: None,
        taken: None,
    }
}

fn agent(engine: Engine) -> Facts {
    let groups = Groups { view: View::Whole, ..whole(engine.clone()).groups };
    Facts { is_agent: true, sees_machine: true, groups, sysfs: "/host/sys/fs/cgroup".to_owned(), ..whole(engine) }
}

/// All that is not fine, one line each: level, text, and the fixes.
fn told(facts: &Facts) -> Vec<String> {
    let lines = findings::of(facts).into_iter().filter(|finding| finding.level != Level::Fine);
    lines
        .map(|finding| {
            let fixes = finding.fixes.iter().map(|fix| format!(" | {}", fix.replace('\n', " ; ")));
            format!("{} {}{}", finding.level.word(), finding.text, fixes.collect::<String>())
        })
        .collect()
}

fn check(facts: &Facts, expected: &[&str]) {
    assert_eq!(told(facts), expected);
}

#[test]
fn where_nothing_is_missing_nothing_is_to_be_changed() {
    for engine in [Engine::Host, Engine::Unit("memtrend".to_owned()), Engine::Docker, Engine::Kubernetes] {
        check(&whole(engine.clone()), &[]);
        check(&agent(engine), &[]);
    }
}

#[test]
fn who_sees_only_itself_is_told_how_processes_are_shared() {
    let alone = |facts: Facts| Facts {
        census: Census { processes: 2, others: 0, memtrends: vec![1] },
        applications: Vec::new(),
        unwatched: Some(Unwatched::default()),
        ..facts
    };
    let sidecar = "missing processes: only memtrend itself is seen: no application shares its PID namespace";
    let node = "missing processes: only memtrend itself is seen: it is not in the node's PID namespace";
    let agent_run = "docker run --pid=host --cgroupns=host -v /sys:/host/sys:ro … serve --path.sysfs=/host/sys";
    let pod = "of the pod's spec, beside containers:";
    check(&alone(whole(Engine::Kubernetes)), &[&format!("{sidecar} | shareProcessNamespace: true   # {pod}")]);
    check(&alone(agent(Engine::Kubernetes)), &[&format!("{node} | hostPID: true   # {pod}")]);
    check(&alone(agent(Engine::Docker)), &[&format!("{node} | {agent_run}")]);
    check(
        &alone(whole(Engine::Docker)),
        &[&format!(
            "{sidecar} | docker run -d --name=pause memtrend:0.1.0 pause   # owns the processes ; \
             docker run --pid=container:pause …   # memtrend, and the application too | {agent_run}"
        )],
    );
}

#[test]
fn a_sidecar_of_another_user_is_told_both_ways_in_and_once_why_a_capability_is_in_vain() {
    let foreign = |engine| {
        let mut facts = whole(engine);
        facts.user = User { uid: 65534, gid: 65534, ..User::default() };
        facts.applications = vec![seen("shop", Reading::Refused)];
        facts
    };
    let rest = [
        "missing limit: not seen where the control group is not: the machine's memory is taken for it | as for the control groups, above",
        "missing kills: not counted where the control group is not seen: inferred, of unknown scope | as for the control groups, above",
    ];
    let docker = "missing memory: control group refused, so summed from processes: shop | \
                  docker run --user=1000:1001 --cap-drop=ALL …   # as the application | \
                  docker run --user=0 --cap-drop=ALL --cap-add=SYS_PTRACE …";
    check(&foreign(Engine::Docker), &[docker, rest[0], rest[1]]);
    let pod = "missing memory: control group refused, so summed from processes: shop | \
               securityContext: { runAsUser: 1000, runAsGroup: 1001, capabilities: { drop: [ALL] } }   # as the application | \
               securityContext: { runAsUser: 0, capabilities: { drop: [ALL], add: [SYS_PTRACE] } } ; \
               # and runAsNonRoot: false, where that is set";
    check(&foreign(Engine::Kubernetes), &[pod, rest[0], rest[1]]);
    let in_vain = |uid| {
        let mut facts = foreign(Engine::Docker);
        facts.user = User { uid, bounding: 1 << SYS_PTRACE, ..facts.user };
        told(&facts)[0].contains("shop; SYS_PTRACE is in effect for root alone")
    };
    assert!(in_vain(65534) && !in_vain(0));
    // Of several users, of root, or of the very user that is refused: root alone has a way in.
    for user in [(1002, 1002), (1000, 5), (0, 0), (65534, 65534)] {
        let mut facts = foreign(Engine::Docker);
        facts.applications.push(Seen { user: Some(user), ..seen("cart", Reading::Refused) });
        if user.0 % 65534 == 0 {
            facts.applications.remove(0);
        }
        let line = &told(&facts)[0];
        assert!(!line.contains("as the application") && line.contains("--user=0"), "{user:?}: {line}");
    }
}

#[test]
fn an_agent_without_the_nodes_control_groups_is_told_to_mount_them() {
    let without = |engine, reading| {
        let mut facts = agent(engine);
        facts.groups.view = View::Own;
        facts.applications = vec![seen("shop", reading)];
        told(&facts)[0].clone()
    };
    assert_eq!(
        without(Engine::Docker, Reading::Refused),
        "missing memory: control group refused, so summed from processes: shop | \
         docker run --pid=host --cgroupns=host -v /sys:/host/sys:ro … serve --path.sysfs=/host/sys"
    );
    let mounts = "args: [serve, --path.sysfs=/host/sys, …] ; \
                  volumeMounts: [{ name: cgroup, mountPath: /host/sys/fs/cgroup, readOnly: true }] ; \
                  volumes: [{ name: cgroup, hostPath: { path: /sys/fs/cgroup } }]   # of the pod's spec";
    assert_eq!(
        without(Engine::Kubernetes, Reading::Group(Basis::CgroupV2)),
        format!("could memory: control groups above those of containers are not below /host/sys/fs/cgroup | {mounts}")
    );
    assert_eq!(
        without(Engine::Kubernetes, Reading::NotFound),
        format!(
            "missing memory: no control group below /host/sys/fs/cgroup, so summed from processes: shop | {mounts}"
        )
    );
}

#[test]
fn what_is_asked_for_and_not_there_is_shown_what_is() {
    let mut facts = whole(Engine::Host);
    let absent = |name: &str, flag, value: &str, there: &[&str], problem: Option<&str>| Absent {
        name: name.to_owned(),
        flag,
        value: value.to_owned(),
        there: there.iter().map(|there| (*there).to_owned()).collect(),
        problem: problem.map(str::to_owned),
    };
    facts.absent = vec![
        absent("app", "--match", "^java", &["nginx -g", "/usr/bin/java"], None),
        absent("db", "--pid-file", "/run/db.pid", &[], Some("there is no such file")),
    ];
    check(
        &facts,
        &[
            "missing application app: --match ^java: fits nothing | name by --match what is here: ; nginx -g ; /usr/bin/java",
            "missing application db: --pid-file /run/db.pid: there is no such file | start it, or correct the flag",
        ],
    );
    let unwatched = |names: &[&str], namespaces: &[&str], filters: &[&'static str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut facts = whole(Engine::Host);
        facts.applications.clear();
        facts.filters = filters.to_vec();
        facts.unwatched =
            Some(Unwatched { names: owned(names), namespaces: owned(namespaces), containers: Vec::new() });
        told(&facts).join("\n")
    };
    assert_eq!(
        unwatched(&[], &[], &["--namespace"]),
        "missing applications: none is found | start one, then look again"
    );
    assert_eq!(
        unwatched(&["a", "b", "c", "d", "e"], &["shop", "test"], &["--namespace", "--container"]),
        "missing applications: --namespace with --container fits none of the 5 here: a, b, c and 2 more | \
         --namespace=shop   # here: shop, test | leave --container out: of none is the name of a container known"
    );
    assert_eq!(
        unwatched(&["a"], &[], &[]),
        "missing applications: none yet: a | look again later: a program counts as one when it has run for 60 s"
    );
    let many = Facts { most_applications: 0, ..whole(Engine::Host) };
    check(&many, &["missing applications: 1 are found, of which 0 are watched | --max-applications=1"]);
}

#[test]
fn traps_of_the_kernel_and_of_procfs_have_their_line() {
    let mut off = whole(Engine::Host);
    off.groups.counts_memory = false;
    assert_eq!(
        told(&off)[0],
        "missing memory: the kernel does not count it in control groups | cgroup_enable=memory cgroup_memory=1   \
         # on the kernel's command line, then restart the machine ; # Raspberry Pi: /boot/firmware/cmdline.txt"
    );
    let hidden = |engine| told(&Facts { hidden_by: Some("hidepid=2".to_owned()), ..whole(engine) }).join("\n");
    let text = "missing processes: those of other users are hidden: procfs is mounted with hidepid=2";
    assert_eq!(hidden(Engine::Unit("m".to_owned())), format!("{text} | [Service] ; ProtectProc=default"));
    assert_eq!(hidden(Engine::Host), format!("{text} | mount -o remount,hidepid=0 /proc | run memtrend as root"));
    let mut quiet = whole(Engine::Host);
    quiet.has_pressure = false;
    quiet.applications[0].has_pressure = false;
    check(
        &quiet,
        &[
            "could pressure: no memory stalls are told | psi=1   # on the kernel's command line, of 4.20 or later, then restart the machine",
        ],
    );
    let sandbox = Facts { is_sandbox: true, ..whole(Engine::Kubernetes) };
    assert_eq!(told(&sandbox).len(), 1);
    assert!(told(&sandbox)[0].starts_with("note sandbox: gVisor"));
    let blind = Facts { has_machine_memory: false, ..whole(Engine::Unit("m".to_owned())) };
    check(&blind, &["missing machine: procfs has no meminfo: its memory is not known | [Service] ; ProcSubset=all"]);
}

#[test]
fn what_is_not_essential_could_be_seen_too() {
    let mut facts = whole(Engine::Docker);
    facts.applications = vec![Seen {
        limit: Some((LimitSource::Node, Bytes(1 << 34))),
        home: Home::Container { is_named: false },
        has_descriptors: false,
        version: Version::Refused,
        ..seen("shop", Reading::Group(Basis::CgroupV2))
    }];
    facts.user.uid = 0;
    facts.sources.readable[KillSource::KernelLog.index()] = false;
    facts.state = State::NotAskedFor;
    check(
        &facts,
        &[
            "could limit: none but the machine's memory: shop | docker run --memory=512m …   # the application",
            "could descriptors: refused: shop | docker run --user=1000:1001 --cap-drop=ALL …   # as the application | \
             docker run --user=0 --cap-drop=ALL --cap-add=SYS_PTRACE --cap-add=DAC_READ_SEARCH …",
            "could version: VERSION refused: shop | docker run --user=1000:1001 --cap-drop=ALL …   # as the application | \
             docker run --user=0 --cap-drop=ALL --cap-add=SYS_PTRACE --cap-add=DAC_READ_SEARCH …",
            "could kills: victims are not named: the kernel log is not read | \
             docker run --user=0 --cap-add=SYS_PTRACE --cap-add=SYSLOG --device=/dev/kmsg …",
            "could names: of programs, for those of their containers are not known: shop | … serve --match=NAME=REGEX   # of its command line",
            "could state: not kept: counters of kills begin at 0 whenever memtrend does | \
             docker run -v memtrend-state:/var/lib/memtrend … serve --state.dir=/var/lib/memtrend",
        ],
    );
    let mut nameless = agent(Engine::Kubernetes);
    nameless.applications[0].has_namespace = false;
    assert!(
        told(&nameless)[0]
            .starts_with("could names: of containers, without pods and namespaces | args: [serve, --path.rootfs=")
    );
}

#[test]
fn a_folder_that_state_cannot_be_kept_in_is_essential() {
    let of = |engine, state| told(&Facts { state, ..whole(engine) }).join("\n");
    let folder = || "/state".to_owned();
    let refused = || State::Refused { folder: folder(), owner: (0, 0), mode: 0o755 };
    let text = "missing state: /state cannot be written: it is of 0:0, with mode 0755";
    assert_eq!(of(Engine::Host, refused()), format!("{text} | chown 1000:1001 /state"));
    assert_eq!(
        of(Engine::Kubernetes, refused()),
        format!(
            "{text} | securityContext: {{ fsGroup: 1001 }}   # of the pod's spec | chown 1000:1001 …   # on the node, where it is a hostPath"
        )
    );
    let unit = Engine::Unit("memtrend".to_owned());
    let directory = "[Service] ; StateDirectory=memtrend ; # and --state.dir=/var/lib/memtrend";
    assert_eq!(of(unit, refused()), format!("{text} | {directory}"));
    assert!(of(Engine::Docker, State::ReadOnly(folder())).contains("/state is mounted read-only | docker run -v"));
    assert!(of(Engine::Host, State::Absent(folder())).contains("there is no folder /state | mkdir -p /state"));
    assert!(of(Engine::Host, State::Unreadable("/state/kills".to_owned())).contains("| chown 1000:1001 /state/kills"));
}

#[test]
fn a_memtrend_that_serves_otherwise_is_told_first() {
    let mut facts = whole(Engine::Docker);
    facts.serving =
        Some(Serving { pid: 1, user: User { uid: 7, gid: 8, ..facts.user }, flags: Some("--unit=a".to_owned()) });
    check(
        &facts,
        &[
            "note memtrend serves here as pid 1, uid 7, with no capability: it may see other things | docker exec --user=7:8 …   # sees what it sees",
            "note memtrend serves here as pid 1, with other flags than those given | memtrend doctor --unit=a",
        ],
    );
}

#[test]
fn the_page_has_a_line_for_each_fact_and_no_wider_ones_than_a_terminal() {
    let mut facts = whole(Engine::Kubernetes);
    facts.applications.push(seen(&"n\u{1b}[2J".repeat(20), Reading::Refused));
    facts.applications.extend((0..20).map(|number| seen(&format!("a{number}"), Reading::Shared)));
    let page = page::write(&facts, &findings::of(&facts));
    assert!(!page.contains('\u{1b}'), "names are untrusted");
    assert!(page.contains("\n         and 2 more\n"), "{page}");
    assert!(page.starts_with("runs     in a Kubernetes pod, as a sidecar, Linux 6.1.0\n"), "{page}");
    assert!(page.contains("watches  shop "), "{page}");
    let plain = Facts { applications: whole(Engine::Host).applications, ..facts };
    for line in page::write(&plain, &findings::of(&plain)).lines() {
        assert!(line.chars().count() <= 110, "{line}");
    }
}

#[test]
fn a_unit_is_told_all_that_lets_a_capability_reach_out() {
    let mut facts = whole(Engine::Unit("memtrend".to_owned()));
    facts.applications = vec![Seen { has_descriptors: false, ..seen("shop", Reading::Refused) }];
    facts.sources.readable[KillSource::KernelLog.index()] = false;
    let drop_in = include_str!("../../../deploy/systemd/capabilities.conf");
    let page = page::write(&facts, &findings::of(&facts));
    let directives: Vec<&str> = page.lines().map(|line| line.trim_start()).filter(|line| line.contains('=')).collect();
    let all = |name: &str| directives.iter().filter(|line| line.starts_with(name)).count();
    let (bounded, held) = (all("CapabilityBoundingSet=CAP_"), all("AmbientCapabilities=CAP_"));
    assert_eq!((bounded, held, all("PrivateUsers=no")), (3, 3, 3), "{page}");
    for directive in
        ["ProtectKernelLogs=no", "DeviceAllow=/dev/kmsg r", "BindReadOnlyPaths=/dev/kmsg", "PrivateUsers=no"]
    {
        assert!(all(directive) > 0 && drop_in.lines().any(|line| line == directive), "{directive}: {page}");
    }
}

#[test]
fn an_application_in_memtrends_own_container_is_no_solitude() {
    let mut facts = whole(Engine::Docker);
    facts.census = Census { processes: 2, others: 0, memtrends: Vec::new() };
    check(&facts, &[]);
    assert!(page::write(&facts, &[]).contains("sees     the processes of its PID namespace"));
}

#[test]
fn a_memtrend_with_capabilities_is_asked_as_with_them_and_only_by_root() {
    let serves = |by: u32| {
        let mut facts = whole(Engine::Host);
        facts.user.uid = by;
        let user = User { uid: 7, gid: 8, effective: 1 << SYS_PTRACE, ..User::default() };
        facts.serving = Some(Serving { pid: 9, user, flags: None });
        told(&facts).join("\n")
    };
    let held = "--inh-caps=+sys_ptrace --ambient-caps=+sys_ptrace memtrend doctor   # sees what it sees";
    assert!(serves(0).ends_with(&format!(" | setpriv --reuid=7 --regid=8 --clear-groups {held}")), "{}", serves(0));
    assert!(serves(7).ends_with("it may see other things"), "{}", serves(7));
}

#[test]
fn a_limit_is_set_where_the_application_lives() {
    let of = |home, has_namespace| {
        let mut facts = whole(Engine::Host);
        let limit = Some((LimitSource::Node, Bytes(1 << 34)));
        facts.applications = vec![Seen { home, has_namespace, limit, ..seen("shop", Reading::Group(Basis::CgroupV2)) }];
        told(&facts).join("\n")
    };
    let container = Home::Container { is_named: true };
    assert!(of(container, true).contains("shop | resources: { limits:"));
    assert!(of(container, false).contains("shop | docker update --memory"));
    assert!(of(Home::Unit, false).contains("shop | systemctl set-property"));
}

#[test]
fn a_folder_that_is_none_or_has_an_odd_name_is_told_so() {
    let of = |state| told(&Facts { state, ..whole(Engine::Host) }).join("\n");
    let none = State::Unreachable { folder: "/state".to_owned(), why: "it is no folder".to_owned() };
    assert!(of(none).starts_with("missing state: /state: it is no folder | --state.dir=FOLDER"));
    assert!(of(State::Absent("/a b;c".to_owned())).contains("mkdir -p '/a b;c' && chown 1000:1001 '/a b;c'   #"));
}
