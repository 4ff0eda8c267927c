//! `memtrend analyze --svg`: pictures that are well-formed, and whose lines lie where the trace's values are.

use crate::support::binary;
use roxmltree::{Document, Node};
use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Output};

const MIB: f64 = 1_048_576.0;

fn draw(trace: &Path, svg: &Path) -> Output {
    let output = Command::new(binary()).args(["analyze", "--format", "json"]).arg(trace).arg("--svg").arg(svg).output();
    output.unwrap()
}

/// Eight hours flat, then 6 KiB a second for twelve; every 30 s, with peaks of 20 MiB above the floor; load as steady as can
/// be.
fn trace() -> String {
    let mut text = String::from("timestamp_seconds,heap_bytes,limit_bytes,requests_total\n");
    for row in 0..2400_u32 {
        let peak = if row % 2 == 0 { 0.0 } else { 20.0 * MIB };
        writeln!(text, "{},{},1073741824,{}", row * 30, floor(f64::from(row * 30)) + peak, row * 300).unwrap();
    }
    text
}

fn floor(seconds: f64) -> f64 {
    200.0 * MIB + (seconds - 8.0 * 3600.0).max(0.0) * 6144.0
}

/// Scales read from two labelled ticks of each axis, as a reader does.
struct Scale {
    seconds: (f64, f64),
    bytes: (f64, f64),
}

fn attribute(node: Node, name: &str) -> f64 {
    node.attribute(name).unwrap().parse().unwrap()
}

fn by_class<'a>(document: &'a Document, class: &str) -> Vec<Node<'a, 'a>> {
    let has = |node: &Node| node.attribute("class") == Some(class);
    document
        .descendants()
        .filter(has)
        .filter(|node| node.parent().and_then(|p| p.attribute("class")) != Some("legend"))
        .collect()
}

impl Scale {
    fn of(document: &Document) -> Self {
        let ticks = |class: &str, place: &str, units: &[(&str, f64)]| -> (f64, f64) {
            let axis = by_class(document, class)[0];
            let ticks: Vec<(f64, f64)> = axis
                .children()
                .filter(|node| node.has_tag_name("text"))
                .filter_map(|node| {
                    let (number, unit) = node.text()?.split_once(' ')?;
                    let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
                    Some((attribute(node, place), number.parse::<f64>().ok()? * size))
                })
                .collect();
            let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
            let size = (last.1 - first.1) / (last.0 - first.0);
            (first.1 - size * first.0, size)
        };
        let bytes = ticks("axis bytes", "y", &[("MiB", MIB), ("GiB", 1024.0 * MIB)]);
        // The label stands four units below its line.
        let bytes = (bytes.0 + 4.0 * bytes.1, bytes.1);
        Self { seconds: ticks("axis time", "x", &[("h", 3600.0), ("d", 86_400.0), ("min", 60.0)]), bytes }
    }

    fn seconds(&self, x: f64) -> f64 {
        self.seconds.0 + self.seconds.1 * x
    }

    fn bytes(&self, y: f64) -> f64 {
        self.bytes.0 + self.bytes.1 * y
    }
}

/// The corners of a path of absolute M, L, H and V, as (seconds, bytes).
fn corners(scale: &Scale, path: &str) -> Vec<(f64, f64)> {
    let (mut x, mut y) = (0.0, 0.0);
    let mut corners = Vec::new();
    let mut rest = path;
    while let Some(letter) = rest.chars().next() {
        let end = rest[1..].find(|c: char| c.is_ascii_alphabetic()).map_or(rest.len(), |at| at + 1);
        let numbers: Vec<f64> = rest[1..end].split_whitespace().map(|number| number.parse().unwrap()).collect();
        match letter {
            'M' | 'L' => (x, y) = (numbers[0], numbers[1]),
            'H' => x = numbers[0],
            'V' => y = numbers[0],
            'Z' => {}
            other => panic!("{other} in {path}"),
        }
        corners.push((scale.seconds(x), scale.bytes(y)));
        rest = &rest[end..];
    }
    corners
}

#[test]
fn curves_limit_slopes_and_verdicts_stand_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (file, svg) = (folder.path().join("leak.csv"), folder.path().join("leak.svg"));
    std::fs::write(&file, trace()).unwrap();
    let output = draw(&file, &svg);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = std::fs::read_to_string(&svg).unwrap();
    let document = Document::parse(&text).unwrap();
    let scale = Scale::of(&document);
    let (near_seconds, near_bytes) = (200.0, 8.0 * MIB);

    let path = |class: &str| by_class(&document, class)[0].attribute("d").unwrap().to_owned();
    let floors = corners(&scale, &path("floor"));
    assert!(floors.len() > 200, "{}", floors.len());
    for (at, bytes) in &floors {
        let truth = floor(*at);
        assert!((bytes - truth).abs() < near_bytes, "floor at {at}: {bytes}, not {truth}");
    }
    let heap = corners(&scale, &path("heap"));
    let highest = heap.iter().map(|corner| corner.1).fold(0.0, f64::max);
    assert!((highest - floor(71_970.0) - 20.0 * MIB).abs() < near_bytes, "{highest}");
    let (first, last) = (floors[0].0, floors[floors.len() - 1].0);
    assert!(first.abs() < near_seconds && (last - 71_970.0).abs() < near_seconds, "{first} to {last}");
    let limit = corners(&scale, &path("limit"));
    assert!(limit.iter().all(|(_, bytes)| (bytes / MIB - 1024.0).abs() < 8.0), "{limit:?}");
    assert_eq!(by_class(&document, "limit").iter().find_map(Node::text), Some("limit 1.0 GiB"));

    // Each change of the verdict: its line at its time, and its name.
    let told_changes: Vec<(f64, &str)> = told["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["at_seconds"].as_f64().unwrap(), change["verdict"].as_str().unwrap()))
        .collect();
    let names: Vec<&str> = told_changes.iter().map(|change| change.1).collect();
    assert_eq!(names, ["learning", "steady", "growing", "leaking"]);
    for (index, (at, name)) in told_changes.iter().enumerate() {
        let piece = by_class(&document, &format!("verdict {name}"))[0];
        let rect = piece.children().find(|node| node.has_tag_name("rect")).unwrap();
        assert!((scale.seconds(attribute(rect, "x")) - at).abs() < near_seconds, "{name} at {at}");
        let title = piece.children().find(|node| node.has_tag_name("title")).and_then(|node| node.text()).unwrap();
        assert!(title.starts_with(&format!("{name} from ")), "{title}");
        let line = piece.children().find(|node| node.attribute("class") == Some("change"));
        assert_eq!(line.is_some(), index > 0);
        if let Some(line) = line {
            let x = line.attribute("d").unwrap()[1..].split(' ').next().unwrap().parse().unwrap();
            assert!((scale.seconds(x) - at).abs() < near_seconds, "{name} at {at}");
        }
        let is_named = piece.children().any(|node| node.has_tag_name("text") && node.text() == Some(name));
        assert!(is_named || ["learning", "growing"].contains(name), "{name} is wide enough for its name");
    }

    // Both slopes are those that are told, lie on the floor that they are of, and end at the call and at the end.
    let number = |name: &str| told[name].as_f64().unwrap();
    let lines = [
        ("slope call", number("first_leaking_seconds"), 6144.0),
        ("slope end", 71_970.0, number("growth_bytes_per_second")),
    ];
    for (class, end, slope) in lines {
        let line = by_class(&document, class)[0];
        let point = |x: &str, y: &str| (scale.seconds(attribute(line, x)), scale.bytes(attribute(line, y)));
        let ((from, low), (to, high)) = (point("x1", "y1"), point("x2", "y2"));
        assert!((to - end).abs() < near_seconds && from >= 8.0 * 3600.0 - 1000.0, "{class}: {from} to {to}");
        let rate = (high - low) / (to - from);
        assert!((rate / slope - 1.0).abs() < 0.1, "{class}: {rate}, not {slope}");
        let middle = (low + high) / 2.0;
        assert!((middle - floor((from + to) / 2.0)).abs() < near_bytes, "{class} passes through {middle}");
    }
    assert!(text.contains("prefers-color-scheme:dark"));
}

#[test]
fn a_limit_far_above_and_no_limit_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (file, svg) = (folder.path().join("far.csv"), folder.path().join("far.svg"));
    std::fs::write(&file, trace().replace(",1073741824,", ",1099511627776,")).unwrap();
    draw(&file, &svg);
    let text = std::fs::read_to_string(&svg).unwrap();
    assert!(text.contains("limit 1.0 TiB, above this scale"), "{text}");
    std::fs::write(&file, trace().replace(",1073741824,", ",,")).unwrap();
    draw(&file, &svg);
    let text = std::fs::read_to_string(&svg).unwrap();
    let document = Document::parse(&text).unwrap();
    assert!(by_class(&document, "limit").is_empty() && !text.contains(">limit"), "{text}");
}

#[test]
fn hostile_names_do_not_break_out_and_tiny_traces_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let svg = folder.path().join("out.svg");
    let name = b"]]><script>alert('1')<!--&\"\x1b[31m\xff\xef\xbf\xbf\n.csv";
    let file = folder.path().join(OsStr::from_bytes(name));
    std::fs::write(&file, "timestamp_seconds,heap_bytes\n1e11,0\n").unwrap();
    assert_eq!(draw(&file, &svg).status.code(), Some(0));
    let text = std::fs::read_to_string(&svg).unwrap();
    let document = Document::parse(&text).unwrap();
    assert!(!document.descendants().any(|node| node.has_tag_name("script")));
    let title = document.descendants().find(|node| node.has_tag_name("title")).and_then(|node| node.text()).unwrap();
    assert!(title.ends_with("]]><script>alert('1')<!--&\"\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}.csv"), "{title:?}");
    let shown = by_class(&document, "title")[0].text().unwrap();
    assert!(shown.contains("<script>") && shown.chars().count() <= 100, "{shown}");

    for (rows, name) in
        [("0,5\n0,5\n", "same"), ("0,0\n1e11,1e308\n", "wide"), ("5,18446744073709551615\n9,1\n", "high")]
    {
        std::fs::write(&file, format!("timestamp_seconds,heap_bytes\n{rows}")).unwrap();
        let output = draw(&file, &svg);
        assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
        let text = std::fs::read_to_string(&svg).unwrap();
        Document::parse(&text).unwrap();
        assert!(!text.contains("NaN") && !text.contains("inf"), "{name}: {text}");
    }
}

#[test]
fn a_million_rows_take_no_more_room_than_a_thousand() {
    let folder = tempfile::tempdir().unwrap();
    let (file, svg) = (folder.path().join("long.csv"), folder.path().join("long.svg"));
    let mut text = String::from("timestamp_seconds,heap_bytes,limit_bytes,start_time_seconds\n");
    // Every row a jump, every 50th a restart, the limit never the same.
    for row in 0..1_000_000_u32 {
        let heap = 100_000_000 + row % 2 * 50_000_000 + row.wrapping_mul(2_654_435_761) % 10_000_000;
        writeln!(text, "{},{heap},{},{}", row * 15, 1_000_000_000 + row % 3 * 1000, row / 50).unwrap();
    }
    std::fs::write(&file, text).unwrap();
    let output = draw(&file, &svg);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let size = std::fs::metadata(&svg).unwrap().len();
    assert!(size < 300_000, "{size} bytes");
    Document::parse(&std::fs::read_to_string(&svg).unwrap()).unwrap();
}

#[test]
fn the_file_is_written_whole_or_not_at_all() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("good.csv"), trace()).unwrap();
    std::fs::write(path("bad.csv"), "timestamp_seconds,heap_bytes\n1,5\n2,what\n").unwrap();
    let old = "\u{feff}<?xml version=\"1.0\"?>\n<svg/>";
    std::fs::write(path("old.svg"), old).unwrap();
    symlink("old.svg", path("link.svg")).unwrap();
    let says = |output: Output, expected: &str| {
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
        assert!(error.contains(expected), "{expected}: {error}");
    };
    says(draw(&path("bad.csv"), &path("old.svg")), "line 3");
    says(draw(folder.path(), &path("old.svg")), "--svg draws one trace, and there are 2");
    says(draw(&path("good.csv"), &path("none/out.svg")), "none/out.svg: ");
    says(draw(&path("good.csv"), folder.path()), "is a folder");
    assert_eq!(std::fs::read_to_string(path("old.svg")).unwrap(), old);
    assert_eq!(draw(&path("good.csv"), &path("link.svg")).status.code(), Some(1));
    assert!(path("link.svg").is_symlink());
    assert!(std::fs::read_to_string(path("old.svg")).unwrap().starts_with("<svg"));
    let mode = std::fs::metadata(path("old.svg")).unwrap().permissions().mode();
    assert_eq!(mode & 0o444, 0o444, "as readable as any new file: {mode:o}");
    let names = std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name());
    assert_eq!(names.count(), 4, "no temporary file is left");
    // What is no regular file is written to, not replaced.
    let output = draw(&path("good.csv"), Path::new("/dev/stdout"));
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("<svg"));
}

#[test]
fn nothing_but_a_picture_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let bad = "timestamp_seconds,heap_bytes\n1,5\n2,what\n";
    let contents = [
        ("trace.csv", trace()),
        ("other.csv", trace()),
        // Were it read before the picture's place is looked at, its own fault would be told.
        ("bad.csv", bad.to_owned()),
        ("page.svg", "<?xml version=\"1.0\"?><html><svg/></html>".to_owned()),
        ("svgs.txt", "<svgs".to_owned()),
        ("<svg>.csv", "the <svg> element".to_owned()),
    ];
    for (name, content) in &contents {
        std::fs::write(path(name), content).unwrap();
    }
    std::fs::write(path("bytes"), b"\xff\xfe\0<svg").unwrap();
    std::os::unix::fs::symlink("trace.csv", path("link.svg")).unwrap();
    let itself = "is the trace itself: expected a new file";
    let other = "is no SVG picture: expected a new file, or a picture to replace; name another";
    for (file, svg, problem) in [
        ("trace.csv", "trace.csv", itself),
        ("trace.csv", "link.svg", itself),
        ("trace.csv", "other.csv", other),
        ("bad.csv", "other.csv", other),
        ("bad.csv", "page.svg", other),
        ("bad.csv", "svgs.txt", other),
        ("bad.csv", "<svg>.csv", other),
        ("bad.csv", "bytes", other),
    ] {
        let output = draw(&path(file), &path(svg));
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{svg}: {error}");
        assert!(error.contains(&format!("--svg {}: {problem}", path(svg).display())), "{problem}: {error}");
        assert!(output.stdout.is_empty(), "{svg}");
    }
    // As a shell makes it of `--svg *.csv`; and nobody is asked before.
    let glob = ["trace.csv", "bad.csv"];
    let prometheus = ["--prometheus", "http://no.such.host.invalid", "--query", "heap"];
    for arguments in [&glob[..], &prometheus] {
        let mut command = Command::new(binary());
        let output =
            command.args(["analyze", "--svg", "other.csv"]).args(arguments).current_dir(folder.path()).output();
        let error = String::from_utf8(output.unwrap().stderr).unwrap();
        assert!(error.starts_with(&format!("memtrend: --svg other.csv: {other}")), "{error}");
    }
    for (name, content) in &contents {
        assert_eq!(std::fs::read_to_string(path(name)).unwrap(), *content, "{name}");
    }
    // What is empty, as of `mktemp`, holds nothing that could be lost; nor does a picture.
    for before in ["", "<!-- mine -->\n<!DOCTYPE svg PUBLIC \"x\" \"y\">\n<svg\n/>", "<svg xmlns=\"x\"/>"] {
        std::fs::write(path("out"), before).unwrap();
        assert_eq!(draw(&path("trace.csv"), &path("out")).status.code(), Some(1), "{before}");
        assert!(std::fs::read_to_string(path("out")).unwrap().contains("leaking"), "{before}");
    }
}
