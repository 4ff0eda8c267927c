//! Files that are no plain text, no files, or have strange names; labels that do not fit.

use super::{analyze, fault, leak, must_be_refused};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn packed(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

fn verdict(folder: &Path, name: &str) -> (Option<i32>, serde_json::Value) {
    let output = analyze(folder, &["--format", "json", name]);
    let line = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (output.status.code(), line)
}

#[test]
fn random_bytes_are_told_packed_or_not() {
    let mut random = vec![0; 5000];
    fs::File::open("/dev/urandom").unwrap().read_exact(&mut random).unwrap();
    // A byte that begins no character, so that none of them is text by chance.
    random[0] = 0xff;
    let header = b"timestamp_seconds,heap_bytes\n";
    let plain = leak(|_, _| None).into_bytes();
    let whole = packed(&plain);
    must_be_refused(&[
        ("random", &random, "line 1: "),
        ("random rows", &[&header[..], &random].concat(), "line "),
        ("random as gzip", &[&[0x1f, 0x8b][..], &random].concat(), "after line 0: "),
        ("random within gzip", &packed(&random), "line 1: "),
        ("gzip cut short", &whole[..whole.len() / 2], "after line "),
        ("gzip without its sum", &whole[..whole.len() - 8], "after line 721: "),
        ("gzip with a wrong sum", &[&whole[..whole.len() - 8], &[7; 8]].concat(), "after line 721: "),
        ("gzip and rubbish", &[&whole, &b"rubbish"[..]].concat(), "after line 721: "),
        ("gzip twice over", &packed(&whole), "line 1: "),
        ("two bytes", &[0x1f, 0x8b], "after line 0: "),
        ("one byte", &[0x1f], "line 1: expected a header"),
    ]);
}

#[test]
fn several_gzip_members_are_one_trace() {
    let folder = tempfile::tempdir().unwrap();
    let text = leak(|_, _| None).into_bytes();
    let members: Vec<u8> = text.chunks(1777).flat_map(packed).collect();
    fs::write(folder.path().join("t"), members).unwrap();
    let (code, line) = verdict(folder.path(), "t");
    assert_eq!((code, &line["samples"], &line["verdict"]), (Some(1), &720.into(), &"leaking".into()));
}

#[test]
fn a_pipe_is_read_even_when_it_gives_a_byte_at_a_time() {
    for content in [leak(|_, _| None).into_bytes(), packed(leak(|_, _| None).as_bytes())] {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let writer = std::thread::spawn(move || {
            let mut file = fs::OpenOptions::new().write(true).open(pipe).unwrap();
            for byte in &content[..3] {
                file.write_all(&[*byte]).unwrap();
                std::thread::sleep(Duration::from_millis(100));
            }
            // Whoever read it may have given up.
            let _ = file.write_all(&content[3..]);
        });
        let (code, line) = verdict(folder.path(), "pipe");
        writer.join().unwrap();
        assert_eq!((code, &line["samples"]), (Some(1), &720.into()));
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("empty/within")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("empty/pipe.csv")).status().unwrap().success());
    fs::write(folder.path().join("empty/labels.csv"), "not a trace").unwrap();
    fs::write(folder.path().join("good"), leak(|_, _| None)).unwrap();
    std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
    for (name, expected) in [
        ("empty", "empty: no *.csv or *.csv.gz in this folder: expected traces"),
        ("gone", "gone: No such file or directory"),
        ("good/within", "good/within: Not a directory"),
        ("loop", "loop: Too many levels of symbolic links"),
        // Of which no one may read the first page, root or not.
        ("/proc/self/mem", "/proc/self/mem: Input/output error"),
    ] {
        assert_eq!(fault(&analyze(folder.path(), &[name]), expected), None);
    }
    // Nobody may read it, where we may become nobody.
    let closed = folder.path().join("closed");
    fs::write(&closed, leak(|_, _| None)).unwrap();
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    fs::set_permissions(&closed, mode(0o000)).unwrap();
    if fs::File::open(&closed).is_err() {
        assert_eq!(fault(&analyze(folder.path(), &["closed"]), "closed: Permission denied"), None);
    }
}

#[test]
fn no_name_reaches_a_terminal_raw() {
    let folder = tempfile::tempdir().unwrap();
    let name = OsStr::from_bytes(b"a\n\x1b[2J\x1b]0;x\x07\xff\xe2\x80\xae.csv");
    let shown = "a\\n\\u{1b}[2J\\u{1b}]0;x\\u{7}\u{fffd}\\u{202e}.csv";
    assert_eq!(fault(&analyze(folder.path(), &[name]), &format!("{shown}: No such file")), None);
    let with_version = leak(|_, _| None).replace(",1.0,go", ",\u{1b}[31m1\u{7},go");
    fs::write(folder.path().join(name), with_version).unwrap();
    let output = analyze(folder.path(), &[name]);
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.strip_suffix('\n').unwrap();
    assert!(line.starts_with(&format!("{shown}: leaking: ")) && line.contains("version \\u{1b}[31m1\\u{7}"), "{line}");
    assert!(!line.chars().any(char::is_control), "{line:?}");
    fs::write(folder.path().join(name), "x\n").unwrap();
    assert_eq!(fault(&analyze(folder.path(), &[name]), &format!("{shown}: line 1: expected a header")), None);
    assert_eq!(fault(&analyze(folder.path(), &["."]), &format!("./{shown}: line 1: expected a header")), None);
}

#[test]
fn labels_that_are_none_are_told_and_their_words_are_not_shown_raw() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), leak(|_, _| None)).unwrap();
    let labelled = |labels: &[u8]| {
        fs::write(folder.path().join("labels.csv"), labels).unwrap();
        analyze(folder.path(), &["--labels", "labels.csv", "a.csv"])
    };
    let cases: [(&[u8], &str); 11] = [
        (b"", "line 1: the file is empty: expected a header and rows"),
        (b"\xff", "not text: expected a CSV file of labels"),
        (b"file,kind\na.csv,x\n", "line 1: expected a header with a column `label`"),
        (b"file,label,label\na.csv,leak,clean\n", "line 1: column `label` stands there twice"),
        (b"file,label\na.csv,leak\nb.csv,clean\na.csv,clean\n", "line 4: a.csv has a label already, on line 2"),
        (b"file,label\na.csv,leak,x\n", "line 2: 3 fields where the header has 2"),
        (b"file,label,limit_bytes\na.csv,leak,NaN\n", "line 2: limit_bytes is \"NaN\": expected a finite number"),
        (b"file,label,onset_seconds\na.csv,leak,1e400\n", "line 2: onset_seconds is \"1e400\": expected"),
        (b"file,label,growth_bytes_per_second\na.csv,leak,-1\n", "line 2: growth_bytes_per_second is \"-1\": expected"),
        (b"file,label\n\"a.csv,leak\n", "line 2: a quote is opened and never closed"),
        (b"file,label\na.csv,\x1b[2J\n", "line 2: label is \"\\u{1b}[2J\": expected leak or clean"),
    ];
    for (labels, expected) in cases {
        assert_eq!(fault(&labelled(labels), &format!("labels.csv: {expected}")), None);
    }
    let missing = labelled(b"file,label\nb.csv,leak\n");
    assert_eq!(fault(&missing, "a.csv: this trace has no label in labels.csv"), None);
    let output = labelled(b"file,label,kind,runtime\na.csv,clean,\"\x1b[2J\n\",\"\x07\"\n");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("called falsely: a.csv (\\u{1b}[2J"), "{text}");
    assert!(!text.chars().any(|shown| shown.is_control() && shown != '\n'), "{text:?}");
    let huge =
        labelled(b"file,label,growth_bytes_per_second,limit_bytes,onset_seconds\na.csv,leak,1e308,1e308,1e308\n");
    let text = String::from_utf8(huge.stdout).unwrap();
    assert_eq!((huge.status.code(), text.contains("NaN") || text.contains("inf")), (Some(0), false), "{text}");
}

#[test]
fn labels_without_end_are_not_read_to_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), leak(|_, _| None)).unwrap();
    let flags = |labels| ["--labels", labels, "a.csv"];
    let most = 16 << 20;
    let mut text = b"file,label,description\na.csv,leak,".to_vec();
    text.resize(most, b'x');
    fs::write(folder.path().join("labels.csv"), &text).unwrap();
    assert_eq!(analyze(folder.path(), &flags("labels.csv")).status.code(), Some(0));
    text.push(b'x');
    fs::write(folder.path().join("labels.csv"), &text).unwrap();
    let long = "longer than 16777216 bytes: expected a CSV file of labels; split it";
    assert_eq!(fault(&analyze(folder.path(), &flags("labels.csv")), &format!("labels.csv: {long}")), None);
    assert_eq!(fault(&analyze(folder.path(), &flags("/dev/zero")), &format!("/dev/zero: {long}")), None);
}
