//! The Debian package, as `Cargo.toml` tells cargo-deb to make it.

use crate::support::project;
use std::fs;
use std::path::Path;
use std::process::Command;

fn metadata() -> toml::Table {
    let manifest: toml::Table = fs::read_to_string(project().join("Cargo.toml")).unwrap().parse().unwrap();
    manifest["package"]["metadata"]["deb"].as_table().unwrap().clone()
}

/// What is taken from where, to where.
fn assets(metadata: &toml::Table) -> Vec<(&str, &str)> {
    let all = metadata["assets"].as_array().unwrap().iter();
    all.map(|asset| (asset[0].as_str().unwrap(), asset[1].as_str().unwrap())).collect()
}

/// The committed files that a pattern of the assets' names.
fn matched(pattern: &str) -> Vec<String> {
    let mut command = Command::new("git");
    command.current_dir(project()).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let output = command.arg(format!(":(glob){pattern}")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn it_takes_what_there_is_and_leaves_out_no_page_rule_or_dashboard() {
    let metadata = metadata();
    let assets = assets(&metadata);
    let mut taken = Vec::new();
    for (source, _) in assets.iter().filter(|(source, _)| *source != "target/release/memtrend") {
        let files = matched(source);
        assert!(!files.is_empty(), "{source} is of no file");
        taken.extend(files);
    }
    for pattern in ["docs/**/*.md", "dashboards/**/*.json", "dashboards/**/*.yaml", "alerts/*.rules.yaml"] {
        for file in matched(pattern) {
            assert!(taken.contains(&file), "{file} is not in the package");
        }
    }
    for file in metadata["conf-files"].as_array().unwrap() {
        let file = file.as_str().unwrap().trim_start_matches('/');
        assert!(assets.iter().any(|(_, target)| *target == file), "{file} is no asset");
    }
    let license = metadata["license-file"][0].as_str().unwrap();
    assert!(project().join(license).exists(), "{license}");
}

#[test]
fn the_unit_finds_in_it_what_it_names() {
    let metadata = metadata();
    let assets = assets(&metadata);
    let units = metadata["systemd-units"]["unit-scripts"].as_str().unwrap();
    let unit = fs::read_to_string(project().join(units).join("memtrend.service")).unwrap();
    let value = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_else(|| panic!("no {key}"));

    let variables = value("EnvironmentFile=").trim_start_matches('-').trim_start_matches('/');
    assert!(assets.iter().any(|(_, target)| *target == variables), "{variables}");
    // systemd looks for a program without a folder in /usr/bin too.
    let program = Path::new(value("ExecStart=").split(' ').next().unwrap());
    assert!(program.parent().is_some_and(|folder| ["", "/usr/bin"].contains(&folder.to_str().unwrap())), "{program:?}");
    assert!(assets.contains(&("target/release/memtrend", "usr/bin/")));
    let page = value("Documentation=").strip_prefix("file:/usr/share/doc/memtrend/").unwrap();
    assert!(project().join("docs").join(page).exists(), "docs/{page}");
}

#[test]
fn its_scripts_have_a_place_for_what_starts_and_stops_the_unit() {
    let folder = project().join(metadata()["maintainer-scripts"].as_str().unwrap());
    let mut scripts = 0;
    for name in ["preinst", "postinst", "prerm", "postrm"] {
        let Ok(text) = fs::read_to_string(folder.join(name)) else { continue };
        assert!(text.lines().any(|line| line == "#DEBHELPER#"), "{name}");
        assert!(Command::new("sh").arg("-n").arg(folder.join(name)).status().unwrap().success(), "{name}");
        scripts += 1;
    }
    assert!(scripts > 0, "{} holds none", folder.display());
}
