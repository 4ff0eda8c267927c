//! A really leaking program under a real limit, killed by the real kernel, watched by the real binary, scraped by a
//! real Prometheus whose stored series are then asked.

use crate::support::exporter::Exporter;
use crate::support::limited::LimitedGroup;
use crate::support::prometheus::Prometheus;
use crate::support::wait_for;
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;
const LIMIT: u64 = 160 * MIB;
const START: u64 = 16 * MIB;
const RATE: u64 = 4 * MIB;

/// Metrics that do not apply to a program on this machine, and why.
fn does_not_apply(name: &str, is_v1: bool) -> bool {
    // cgroup v1 has no pressure stall information.
    name == "memtrend_memory_pressure_seconds_total" && is_v1
}

#[test]
fn slope_time_to_limit_and_kills_are_those_of_the_kernel() {
    let Some(group) = LimitedGroup::create("real-leak", LIMIT) else { return };
    let pattern = format!("app=leak .*{}", group.folder.display());
    let exporter = Exporter::start(&["--match", &pattern, "--application-version", "app=1.2.3", "--trend.block", "1s"]);
    let prometheus = Prometheus::start(exporter.address);
    wait_for("the application that is asked for to be told missing", Duration::from_secs(10), || {
        (prometheus.number("memtrend_application_up{application='app'}") == Some(0.0)).then_some(())
    });

    let mut first = group.leak(START, RATE);
    let born = Instant::now();
    let life = Duration::from_secs((LIMIT - START) / RATE);
    std::thread::sleep(life / 2);
    let page = exporter.page();
    let asked = Instant::now();
    let slope = page.must("memtrend_heap_growth_bytes_per_second{application=\"app\",window=\"15s\"}");
    let expected = page.must("memtrend_time_to_limit_seconds{application=\"app\",estimate=\"expected\"}");
    let truth = memtrend::units::count_as_f64(RATE);
    assert!((slope - truth).abs() <= 0.05 * truth, "slope {slope}, the true rate is {truth}");
    assert_eq!(page.must("memtrend_leak_verdict{application=\"app\",verdict=\"growing\"}"), 1.0);
    assert_eq!(page.must("memtrend_oom_kills_total{application=\"app\",scope=\"own\"}"), 0.0);
    let onset = page.must("memtrend_leak_onset_timestamp_seconds{application=\"app\"}");
    let started = page.must("memtrend_application_start_time_seconds{application=\"app\"}");
    assert!((onset - started).abs() < 3.0, "it leaks from its start {started}, onset {onset}");
    let gain = page.must("memtrend_restart_gain_seconds{application=\"app\"}");
    assert!(
        (gain - life.as_secs_f64()).abs() < 0.15 * life.as_secs_f64(),
        "a restart buys a life of {life:?}, told {gain}"
    );

    let status = first.0.wait().unwrap();
    let left = asked.elapsed().as_secs_f64();
    assert!(!status.success() && born.elapsed() < life * 2, "the kernel has killed it: {status}");
    assert!((expected - left).abs() <= 0.10 * left, "time to limit {expected}, killed after {left}");
    wait_for("the first kill", Duration::from_secs(5), || {
        let page = exporter.page();
        (page.must("memtrend_oom_kills_total{application=\"app\",scope=\"own\"}") == 1.0).then_some(())
    });
    println!("slope {slope:.0} of {truth}, time to limit {expected:.2} of {left:.2} s");

    let mut second = group.leak(START, RATE);
    second.0.wait().unwrap();
    wait_for("Prometheus to have both kills", Duration::from_secs(10), || {
        (prometheus.number("sum(memtrend_oom_kills_total{application='app'})") == Some(2.0)).then_some(())
    });
    assert_eq!(prometheus.number("memtrend_restarts_total{application='app',cause='oom'}"), Some(1.0));
    assert_eq!(prometheus.number("max_over_time(memtrend_oom_kills_total{application='app',scope='own'}[5m]) - min_over_time(memtrend_oom_kills_total{application='app',scope='own'}[5m])"), Some(2.0), "from 0 on");
    assert!(prometheus.number("increase(memtrend_oom_kills_total{application='app',scope='own'}[5m]) > 1").is_some());
    for family in memtrend::output::catalogue::families() {
        let ever = |name: &str| !prometheus.query(&format!("last_over_time({name}[10m])")).is_empty();
        let name = if family.metric_type.name() == "histogram" {
            format!("{}_bucket", family.name)
        } else {
            family.name.to_owned()
        };
        assert_eq!(ever(&name), !does_not_apply(family.name, group.is_v1), "{name} in Prometheus");
    }
}

#[test]
fn a_limit_that_is_raised_and_lowered_is_followed() {
    let Some(group) = LimitedGroup::create("resize", LIMIT) else { return };
    let leak = group.leak(START, 0);
    let exporter = Exporter::start(&["--pid", &format!("app={}", leak.0.id()), "--trend.block", "1s"]);
    let limit = || exporter.page().value("memtrend_memory_limit_bytes{application=\"app\",source=\"own\"}");
    wait_for("the limit", Duration::from_secs(5), || {
        (limit() == Some(memtrend::units::count_as_f64(LIMIT))).then_some(())
    });
    let (file, doubled) =
        if group.is_v1 { ("memory.memsw.limit_in_bytes", 2 * LIMIT) } else { ("memory.max", 2 * LIMIT) };
    let _ = std::fs::write(group.folder.join(file), doubled.to_string());
    if group.is_v1 {
        std::fs::write(group.folder.join("memory.limit_in_bytes"), doubled.to_string()).unwrap();
    }
    wait_for("the new limit", Duration::from_secs(5), || {
        (limit() == Some(memtrend::units::count_as_f64(doubled))).then_some(())
    });
}

#[test]
fn a_watched_process_is_only_read() {
    // By the flags that the kernel has for each descriptor kept below /proc and /sys.
    let exporter = Exporter::start(&["--application", "auto", "--trend.block", "1s"]);
    std::thread::sleep(Duration::from_millis(500));
    let mut kept = 0;
    for entry in std::fs::read_dir(format!("/proc/{}/fdinfo", exporter.pid())).unwrap().flatten() {
        let target = std::fs::read_link(format!("/proc/{}/fd/{}", exporter.pid(), entry.file_name().to_string_lossy()));
        let target = target.map(|target| target.to_string_lossy().into_owned()).unwrap_or_default();
        if !target.starts_with("/proc") && !target.starts_with("/sys") {
            continue;
        }
        kept += 1;
        let info = std::fs::read_to_string(entry.path()).unwrap_or_default();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).map(str::trim).unwrap_or("0");
        let access = u32::from_str_radix(flags, 8).unwrap() & 0o3;
        assert_eq!(access, 0, "{target} is open for writing");
        assert!(!["maps", "smaps", "smaps_rollup", "mem"].iter().any(|costly| target.ends_with(costly)), "{target}");
    }
    assert!(kept > 3, "it keeps descriptors of what it watches, found {kept}");
}
