//! However large a file is, and whatever is in it, memory stays below 30 MiB: the kernel gives no more than that.

use super::fault;
use crate::support::binary;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

/// Of address space, in KiB.
const MOST: u32 = 30 * 1024;

/// Of processor time in seconds.
const LONGEST: u32 = 60;

fn analyze(folder: &Path, arguments: &[&str]) -> Output {
    let limits = format!("ulimit -v {MOST} && ulimit -t {LONGEST} && exec \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &limits, "sh"]).arg(binary()).arg("analyze").args(arguments).current_dir(folder);
    command.output().unwrap()
}

fn write(folder: &Path, name: &str, fill: impl FnOnce(&mut dyn Write)) {
    fill(&mut BufWriter::new(File::create(folder.join(name)).unwrap()));
}

/// `megabytes` times a million bytes of one kind, packed.
fn bomb(folder: &Path, name: &str, header: &[u8], byte: u8, megabytes: usize) {
    write(folder, name, |file| {
        let member = |content: &[u8]| {
            let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
            packer.write_all(content).unwrap();
            packer.finish().unwrap()
        };
        file.write_all(&member(header)).unwrap();
        let piece = member(&vec![byte; 1_000_000]);
        (0..megabytes).for_each(|_| file.write_all(&piece).unwrap());
    });
}

#[test]
fn a_million_rows_each_with_another_limit_and_start() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "t", |file| {
        writeln!(file, "timestamp_seconds,heap_bytes,limit_bytes,start_time_seconds,version").unwrap();
        for row in 0..1_000_000_u32 {
            let heap = row.wrapping_mul(2_654_435_761) % 100_000_000;
            writeln!(file, "{row},{heap},{},{},v{}", row % 3, row % 2, row % 5).unwrap();
        }
    });
    let output = analyze(folder.path(), &["--format", "json", "t"]);
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{output:?}");
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&line["samples"], &line["lifetimes"]), (&1_000_000.into(), &1_000_000.into()));
}

#[test]
fn lines_without_end_packed_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let header = b"timestamp_seconds,heap_bytes\n";
    let piece = vec![b'1'; 1_000_000];
    write(folder.path(), "long", |file| {
        file.write_all(header).unwrap();
        (0..100).for_each(|_| file.write_all(&piece).unwrap());
    });
    bomb(folder.path(), "zeros.gz", b"", 0, 100);
    bomb(folder.path(), "ones.csv.gz", header, b'1', 100);
    let expected = [
        ("long", "long: line 2: longer than 65536 bytes: expected a CSV line"),
        ("zeros.gz", "zeros.gz: line 1: longer than 65536 bytes: expected a CSV line"),
        ("ones.csv.gz", "ones.csv.gz: line 2: longer than 65536 bytes: expected a CSV line"),
    ];
    let begun = Instant::now();
    for (name, expected) in expected {
        assert_eq!(fault(&analyze(folder.path(), &[name]), expected), None);
    }
    assert!(begun.elapsed().as_secs() < 20, "no file is read to its end for one line: {:?}", begun.elapsed());
}

#[test]
fn empty_lines_without_end() {
    let folder = tempfile::tempdir().unwrap();
    bomb(folder.path(), "t.csv.gz", b"timestamp_seconds,heap_bytes\n", b'\n', 3);
    assert_eq!(fault(&analyze(folder.path(), &["t.csv.gz"]), "t.csv.gz: no row below the header"), None);
}

#[test]
fn fifty_thousand_labels_take_no_more_than_seconds() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "labels.csv", |file| {
        writeln!(file, "file,label").unwrap();
        (0..50_000).for_each(|number| writeln!(file, "a/folder/of/traces/{number:06}.csv,leak").unwrap());
        writeln!(file, "a/folder/of/traces/000007.csv,clean").unwrap();
    });
    let begun = Instant::now();
    let output = Command::new(binary()).args(["analyze", "--labels", "labels.csv", "."]).current_dir(&folder).output();
    let expected = "labels.csv: line 50002: a/folder/of/traces/000007.csv has a label already, on line 9";
    assert_eq!(fault(&output.unwrap(), expected), None);
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}
