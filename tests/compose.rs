//! `deploy/docker/compose.yaml`: what docker-compose makes of it, and what becomes of its application under a real engine.

use crate::support::docker::{Docker, RELEASED};
use crate::support::http::get;
use crate::support::page::Page;
use crate::support::{project, wait_for};
use serde_json::{Value, json};
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

fn file() -> PathBuf {
    project().join("deploy/docker/compose.yaml")
}

/// As docker-compose resolves it.
fn resolved() -> Value {
    let output = Command::new("docker-compose").arg("-f").arg(file()).arg("config").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_saphyr::from_str(std::str::from_utf8(&output.stdout).unwrap()).unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn it_is_valid_its_images_are_pinned_and_what_it_mounts_is_there() {
    let config = resolved();
    let services = config["services"].as_object().unwrap();
    assert_eq!(services.len(), 5);
    for (name, service) in services {
        let (_, tag) = service["image"].as_str().unwrap().rsplit_once(':').expect("a tag");
        assert!(tag.contains(|digit: char| digit.is_ascii_digit()), "{name}: {tag}");
        for volume in texts(&service["volumes"]).into_iter().filter(|volume| volume.starts_with('/')) {
            let (source, rest) = volume.split_once(':').unwrap();
            assert!(Path::new(source).exists(), "{name}: {source}");
            assert!(rest.ends_with(":ro"), "{name}: {volume}");
        }
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port} is open to everyone");
        }
    }
    for name in ["pids", "memtrend"] {
        let service = &services[name];
        assert_eq!(service["image"], RELEASED);
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["security_opt"], json!(["no-new-privileges:true"]), "{name}");
    }
    assert_eq!(services["memtrend"]["user"], services["application"]["user"]);
}

#[test]
fn its_prometheus_takes_the_rules_and_its_grafana_finds_the_dashboards() {
    let text = fs::read_to_string(project().join("deploy/docker/prometheus.yaml")).unwrap();
    // As it is mounted.
    let rules = project().join("alerts/memtrend.rules.yaml").display().to_string();
    assert!(text.contains("/etc/prometheus/rules/*.yaml"));
    let text = text.replace("/etc/prometheus/rules/*.yaml", &rules);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prometheus.yml");
    fs::write(&path, text).unwrap();
    let output = Command::new("promtool").args(["check", "config"]).arg(path).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(output.status.success() && told.contains("rules found"), "{told}");

    let config = resolved();
    let mounted = texts(&config["services"]["grafana"]["volumes"]);
    let provider = fs::read_to_string(project().join("dashboards/provisioning/dashboards/memtrend.yaml")).unwrap();
    let (_, path) = provider.rsplit_once("path: ").unwrap();
    let dashboards = format!("{}:{}:ro", project().join("dashboards").display(), path.trim());
    let provisioning = format!("{}:/etc/grafana/provisioning:ro", project().join("dashboards/provisioning").display());
    assert!(mounted.contains(&dashboards.as_str()) && mounted.contains(&provisioning.as_str()), "{mounted:?}");
}

/// Its first three services, where only the host's network is to be had; the application leaks so fast that it lives for seconds.
fn tried(address: SocketAddr) -> Value {
    let mut config = resolved();
    let services = config["services"].as_object_mut().unwrap();
    services.retain(|name, _| ["pids", "memtrend", "application"].contains(&name.as_str()));
    for name in ["memtrend", "application"] {
        services[name].as_object_mut().unwrap().remove("ports");
        services[name]["network_mode"] = json!("host");
    }
    let environment = services["memtrend"]["environment"].as_object_mut().unwrap();
    environment.insert("MEMTREND_WEB_LISTEN_ADDRESS".to_owned(), json!(address.to_string()));
    environment.insert("MEMTREND_INTERVAL".to_owned(), json!("250ms"));
    services["memtrend"]["healthcheck"] = json!({"interval": "1s"});
    services["application"]["command"] = json!(["leak", "--start", "16777216", "--rate", "16777216"]);
    config["volumes"] = json!({"state": {}});
    config
}

#[test]
fn its_application_is_watched_and_each_of_its_kills_counted() {
    let Some(docker) = Docker::start_released() else { return };
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = docker.folder().join("compose.json");
    fs::write(&file, tried(address).to_string()).unwrap();
    let compose = |arguments: &[&str]| {
        let mut command = docker.by("docker-compose");
        let output = command.arg("-p").arg("tried").arg("-f").arg(&file).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    compose(&["up", "-d"]);
    let page = || {
        TcpStream::connect(address).ok()?;
        Some(Page::parse(&get(address, "/metrics", &[]).text()))
    };
    let kills = |page: &Page| page.value("memtrend_oom_kills_total{application=\"shop\",scope=\"own\"}");
    let limit = "memtrend_memory_limit_bytes{application=\"shop\",source=\"own\"}";
    wait_for("two kills and the life after them", Duration::from_secs(60), || {
        page().filter(|page| kills(page) >= Some(2.0) && page.value(limit) == Some(f64::from(64 << 20)))
    });
    compose(&["stop", "-t", "5", "application"]);
    let application = compose(&["ps", "-q", "application"]);
    // The last life was ended by hand.
    let restarts: f64 = docker.run(&["inspect", "-f", "{{.RestartCount}}", &application]).parse().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(kills(&page().unwrap()), Some(restarts), "{}", docker.log(&compose(&["ps", "-q", "memtrend"])));
    let watcher = compose(&["ps", "-q", "memtrend"]);
    wait_for("its health", Duration::from_secs(60), || {
        (docker.run(&["inspect", "-f", "{{.State.Health.Status}}", &watcher]) == "healthy").then_some(())
    });
    compose(&["down", "-v", "-t", "5"]);
}
