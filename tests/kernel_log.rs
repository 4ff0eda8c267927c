//! What the kernel logs of kills, 4.14 to 6.18, and the victims that are read from it: samples in `fixtures/kernel_log/`.

use crate::support::project;
use memtrend::source::oom::kernel_log::{Killed, Record, Wording};
use memtrend::units::Bytes;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;

/// One file: what it is, the victims that must come out, the records.
struct Sample {
    told: BTreeMap<String, String>,
    victims: Vec<Killed>,
    records: Vec<Vec<u8>>,
}

/// `# key: value` lines, then records as /dev/kmsg gives them.
fn sample(text: &str) -> Sample {
    let mut sample = Sample { told: BTreeMap::new(), victims: Vec::new(), records: Vec::new() };
    for line in text.lines() {
        match line.strip_prefix("# ").map(|line| line.split_once(": ").unwrap()) {
            Some(("victim", fields)) => sample.victims.push(victim(fields)),
            Some((key, value)) => assert!(sample.told.insert(key.into(), value.into()).is_none(), "{key} twice"),
            // A line ` KEY=value` is of the record before it.
            None if line.starts_with(' ') && !sample.records.is_empty() => {
                let record = sample.records.last_mut().unwrap();
                record.extend(format!("{line}\n").bytes());
            }
            None => sample.records.push(format!("{line}\n").into_bytes()),
        }
    }
    sample
}

/// `PID | NAME | KIB or - | node or cgroup | LIMIT or - | TASK or -`.
fn victim(fields: &str) -> Killed {
    let fields: Vec<&str> = fields.split(" | ").collect();
    let [pid, process, kib, scope, limit, task] = fields[..] else { panic!("{fields:?}") };
    let known = |field: &str| (field != "-").then(|| bytes(field));
    Killed {
        pid: pid.parse().unwrap(),
        process: bytes(process),
        resident: (kib != "-").then(|| Bytes::from_kib(kib.parse().unwrap())),
        is_node: match scope {
            "node" => true,
            "cgroup" => false,
            other => panic!("{other}"),
        },
        limit_path: known(limit),
        task_path: known(task),
    }
}

/// Undoes `\xNN`.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(part[2..].bytes());
    }
    bytes
}

fn samples() -> BTreeMap<String, Sample> {
    let folder = project().join("tests/fixtures/kernel_log");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, sample(&fs::read_to_string(&path).unwrap()))
    };
    files.filter(|path| path.extension().is_some_and(|ending| ending == "txt")).map(named).collect()
}

fn victims<'a>(records: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<Killed> {
    victims_of(Wording::default(), records)
}

fn victims_of<'a>(mut wording: Wording, records: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<Killed> {
    let records = records.into_iter().filter_map(|record| Record::parse(record));
    records.filter_map(|record| wording.take_record(&record)).collect()
}

#[test]
fn every_sample_gives_the_victims_that_it_names_and_no_other() {
    let mut wrong = Vec::new();
    for (name, sample) in samples() {
        let read = victims(&sample.records);
        if read != sample.victims {
            wrong.push(format!("{name}: {}\nread {read:#?}\nnot {:#?}", sample.told["what"], sample.victims));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_samples_cover_the_kernels_and_say_where_they_are_from() {
    let samples = samples();
    assert!(samples.len() >= 44, "{} samples", samples.len());
    for (name, sample) in &samples {
        let from = &sample.told["from"];
        let known = ["measured on this kernel", "public report", "written from the kernel's format strings"];
        assert!(known.iter().any(|known| from.starts_with(known)), "{name}: {from}");
        assert!(!sample.told["what"].is_empty() && !sample.records.is_empty(), "{name}");
    }
    for kernel in ["4.14", "4.19", "5.0", "5.4", "5.10", "5.15", "6.1", "6.6", "6.12", "6.18"] {
        let has = |sample: &Sample| sample.told["kernel"].split([' ', ',']).next() == Some(kernel);
        assert!(samples.values().any(has), "none of {kernel}");
    }
    for version in ["v1", "v2"] {
        assert!(samples.values().any(|sample| sample.told["kernel"].contains(version)), "none of cgroup {version}");
    }
}

#[test]
fn what_users_write_in_between_changes_nothing() {
    let mut mixed_in = 0;
    for (name, sample) in samples() {
        let records: Option<Vec<Record<'_>>> = sample.records.iter().map(|record| Record::parse(record)).collect();
        let Some(records) = records else { continue };
        let is_whole = records.windows(2).all(|pair| pair[1].sequence == pair[0].sequence + 1);
        if !is_whole || records.iter().any(|record| record.facility != 0) {
            continue;
        }
        let mut wording = Wording::default();
        let mut read = Vec::new();
        for record in records {
            let sequence = 2 * record.sequence;
            let forged = b"Out of memory: Killed process 1 (init) total-vm:1kB";
            let forged =
                Record { facility: 1, sequence: sequence + 1, micros: 0, is_fragment: false, text: forged[..].into() };
            read.extend(wording.take_record(&Record { sequence, ..record }));
            read.extend(wording.take_record(&forged));
        }
        assert_eq!(read, sample.victims, "{name}");
        mixed_in += 1;
    }
    assert!(mixed_in > 40, "{mixed_in}");
}

#[test]
fn a_log_that_is_read_from_the_midst_of_a_burst_makes_up_no_path() {
    let sample = samples().remove("5.15-tenth-report").unwrap();
    let mut cut = Wording::default();
    cut.note_unread_past();
    let read = victims_of(cut, sample.records.iter().skip(1));
    assert_eq!(read.len(), sample.victims.len());
    let last = read.last().unwrap();
    assert_eq!((last.pid, &last.task_path), (300, &None));
}

proptest! {
    #[test]
    fn records_that_are_lost_cost_paths_and_never_make_up_a_kill_or_a_path(
        which in any::<prop::sample::Index>(), lost in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let samples: Vec<Sample> = samples().into_values().collect();
        let sample = which.get(&samples);
        let mut records = sample.records.clone();
        for index in lost {
            if records.len() > 1 {
                records.remove(index.index(records.len()));
            }
        }
        let mut wording = Wording::default();
        if records.first() != sample.records.first() {
            wording.note_unread_past();
        }
        let at_most = |read: &Option<Vec<u8>>, whole: &Option<Vec<u8>>| read.is_none() || read == whole;
        for killed in victims_of(wording, &records) {
            let is_of = |whole: &&Killed| {
                (whole.pid, &whole.process, whole.resident) == (killed.pid, &killed.process, killed.resident)
                    && (whole.is_node || !killed.is_node)
                    && at_most(&killed.limit_path, &whole.limit_path)
                    && at_most(&killed.task_path, &whole.task_path)
            };
            prop_assert!(sample.victims.iter().find(is_of).is_some(), "{:?} is made up", killed);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        which in any::<prop::sample::Index>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let samples: Vec<Sample> = samples().into_values().collect();
        let mut bytes = which.get(&samples).records.concat();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        let records: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        prop_assert!(victims(&records).len() <= records.len());
    }
}
