//! A real Prometheus (Debian's package) that scrapes every second, ended with the test.

use super::http::get;
use super::wait_for;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Labels without the name, and points: time and value.
pub(crate) type Series = (BTreeMap<String, String>, Vec<(f64, f64)>);

pub(crate) struct Prometheus {
    child: Child,
    pub(crate) address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// Starts one that scrapes `target`, and waits until it has done so.
    pub(crate) fn start(target: SocketAddr) -> Self {
        Self::scraping(target, "")
    }

    /// The same with the alert rules, judged every second.
    pub(crate) fn start_with_rules(target: SocketAddr) -> Self {
        let rules = super::project().join("alerts/*.rules.yaml");
        Self::scraping(target, &format!("  evaluation_interval: 1s\nrule_files: ['{}']\n", rules.display()))
    }

    /// Starts one that scrapes `target`; `more` follows its global settings.
    fn scraping(target: SocketAddr, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "global:\n  scrape_interval: 1s\n{more}scrape_configs:\n  - job_name: memtrend\n    static_configs:\n      - targets: ['{target}']\n"
        );
        let prometheus = Self::launch(folder, &text, &[]);
        wait_for("Prometheus to scrape", Duration::from_secs(60), || {
            prometheus.connects()?;
            (prometheus.number("up{job='memtrend'}") == Some(1.0)).then_some(())
        });
        prometheus
    }

    /// Starts one with a configuration of its own; JSON is YAML.
    pub(crate) fn scraping_jobs(config: &Value) -> Self {
        Self::launch(tempfile::tempdir().unwrap(), &config.to_string(), &[])
    }

    /// Starts one that holds a past, given as OpenMetrics with times, and scrapes nothing; `web_config` is its web
    /// configuration file, if it has one.
    pub(crate) fn of_past(open_metrics: &str, web_config: Option<&str>) -> Self {
        Self::holding(open_metrics, web_config, &[])
    }

    /// The same of what a scrape each minute would have given: a past has no marks of series that end, and they would be held
    /// for five minutes.
    pub(crate) fn of_scrapes(open_metrics: &str) -> Self {
        Self::holding(open_metrics, None, &["--query.lookback-delta=90s"])
    }

    fn holding(open_metrics: &str, web_config: Option<&str>, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let past = folder.path().join("past");
        std::fs::write(&past, open_metrics).unwrap();
        // Few large blocks: by default there is one for every two hours.
        let made = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=2400h", "--quiet"])
            .args([&past, &folder.path().join("data")])
            .output()
            .expect("promtool is installed: scripts/setup");
        assert!(made.status.success(), "{made:?}");
        let mut flags = vec!["--storage.tsdb.retention.time=100y".to_owned()];
        flags.extend(more.iter().map(ToString::to_string));
        if let Some(text) = web_config {
            let path = folder.path().join("web.yml");
            std::fs::write(&path, text).unwrap();
            flags.push(format!("--web.config.file={}", path.display()));
        }
        let prometheus = Self::launch(folder, "", &flags);
        wait_for("Prometheus to be ready", Duration::from_secs(60), || {
            prometheus.connects()?;
            // Behind TLS or a password it is asked no more.
            (web_config.is_some() || get(prometheus.address, "/-/ready", &[]).status == 200).then_some(())
        });
        prometheus
    }

    fn launch(folder: tempfile::TempDir, config: &str, flags: &[String]) -> Self {
        let path = folder.path().join("prometheus.yml");
        std::fs::write(&path, config).unwrap();
        // Free at this moment; Prometheus takes no port 0.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", path.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(flags)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus is installed: scripts/setup");
        Self { child, address, _folder: folder }
    }

    /// Whether it takes connections yet.
    pub(crate) fn connects(&self) -> Option<()> {
        std::net::TcpStream::connect(self.address).ok().map(drop)
    }

    /// The result of an instant query.
    pub(crate) fn query(&self, expression: &str) -> Vec<Value> {
        let encoded: String = expression.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let answer = get(self.address, &format!("/api/v1/query?query={encoded}"), &[]);
        if answer.status == 503 {
            return Vec::new();
        }
        let parsed: Value = serde_json::from_str(&answer.text()).unwrap();
        assert_eq!(parsed["status"], "success", "{expression}: {parsed}");
        parsed["data"]["result"].as_array().unwrap().clone()
    }

    /// The series of a query over a range, as labels without the name, and points.
    pub(crate) fn range(&self, expression: &str, from: f64, to: f64, step: f64) -> Vec<Series> {
        let encoded: String = expression.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let path = format!("/api/v1/query_range?query={encoded}&start={from}&end={to}&step={step}");
        let parsed: Value = serde_json::from_str(&get(self.address, &path, &[]).text()).unwrap();
        assert_eq!(parsed["status"], "success", "{expression}: {parsed}");
        let series = parsed["data"]["result"].as_array().unwrap().iter().map(|series| {
            let labels = series["metric"].as_object().unwrap().iter().filter(|(name, _)| *name != "__name__");
            let labels = labels.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
            let number = |value: &Value| value.as_str().unwrap().parse().unwrap();
            let points = series["values"].as_array().unwrap().iter();
            (labels.collect(), points.map(|point| (point[0].as_f64().unwrap(), number(&point[1]))).collect())
        });
        series.collect()
    }

    /// The one value of an instant query, if there is one.
    pub(crate) fn number(&self, expression: &str) -> Option<f64> {
        let result = self.query(expression);
        assert!(result.len() < 2, "{expression} has {} results", result.len());
        result.first()?["value"][1].as_str()?.parse().ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
