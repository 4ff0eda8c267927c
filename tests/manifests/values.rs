//! Values that the chart refuses, each with the place that is wrong.

use super::rendered::template;

/// A setting as `--set-json` takes it, and what the complaint says.
const BAD: &[(&str, &str)] = &[
    ("imagee={}", "additional properties 'imagee' not allowed"),
    ("image={\"repositry\":\"x\"}", "at '/image': additional properties 'repositry'"),
    ("image.tag=\"latest\"", "at '/image/tag'"),
    ("image.tag=1.0", "at '/image/tag': got number, want string"),
    ("image.tag=\"a tag\"", "at '/image/tag'"),
    ("image.repository=\"memtrend:1\"", "at '/image/repository'"),
    ("image.repository=\"\"", "at '/image/repository'"),
    ("image.digest=\"9f86d081\"", "at '/image/digest'"),
    ("image.pullPolicy=\"Sometimes\"", "at '/image/pullPolicy'"),
    ("imagePullSecrets=[\"registry\"]", "at '/imagePullSecrets/0'"),
    ("namespaces=\"shop\"", "at '/namespaces': got string, want array"),
    ("namespaces=[\"shop,bank\"]", "at '/namespaces/0'"),
    ("containers=[\"\"]", "at '/containers/0'"),
    ("maxApplications=0", "at '/maxApplications'"),
    ("maxApplications=200000", "at '/maxApplications'"),
    ("maxApplications=null", "missing property 'maxApplications'"),
    ("image=null", "missing property 'image'"),
    ("image.repository=null", "at '/image': missing property 'repository'"),
    ("podMonitor=null", "missing property 'podMonitor'"),
    ("podLabels={\"app.kubernetes.io/name\":\"x\"}", "invalid propertyName 'app.kubernetes.io/name'"),
    ("updateStrategy.rollingUpdate.maxUnavailable=\"0%\"", "at '/updateStrategy/rollingUpdate/maxUnavailable'"),
    ("maxApplications=\"1000\"", "at '/maxApplications': got string, want integer"),
    ("log.level=\"verbose\"", "at '/log/level'"),
    ("extraArgs=[\"--state.dir=/tmp\"]", "at '/extraArgs/0'"),
    ("extraArgs=[\"--web.listen-address=:1\"]", "at '/extraArgs/0'"),
    ("extraArgs=[\"interval=5s\"]", "at '/extraArgs/0'"),
    ("runAsUser=-1", "at '/runAsUser'"),
    ("runAsUser=1000", "state.hostPath: /var/lib/memtrend is a folder of the node that root alone may write to: set"),
    ("ptrace=\"yes\"", "at '/ptrace'"),
    ("state.hostPath=\"var/lib\"", "at '/state/hostPath'"),
    ("state.hostPath=\"/\"", "at '/state/hostPath'"),
    ("resources.limits=null", "at '/resources': missing property 'limits'"),
    ("resources.limits.memory=null", "at '/resources/limits': missing property 'memory'"),
    ("resources.limits.gpu=1", "at '/resources/limits'"),
    ("tolerations=[{\"operater\":\"Exists\"}]", "at '/tolerations/0'"),
    ("updateStrategy.rollingUpdate.maxUnavailable=\"some\"", "at '/updateStrategy/rollingUpdate/maxUnavailable'"),
    ("affinity.nodeAfinity={}", "at '/affinity'"),
    ("podMonitor.interval=\"5 minutes\"", "at '/podMonitor/interval'"),
    ("podMonitor.enable=true", "at '/podMonitor'"),
    ("prometheusRule.grafana=\"grafana:3000\"", "at '/prometheusRule/grafana'"),
    ("dashboards.namespace=\"Monitoring\"", "at '/dashboards/namespace'"),
];

#[test]
fn wrong_values_are_refused_with_their_place() {
    for (setting, complaint) in BAD {
        let error = template(&["--set-json", setting]).expect_err(setting);
        assert!(error.contains(complaint), "{setting}: {error}");
    }
    let error = template(&["--set", "ptrace=true,runAsUser=1000,state.hostPath="]).expect_err("ptrace");
    assert!(
        error.contains("ptrace: its capabilities are effective for root alone: set ptrace=false or runAsUser=0"),
        "{error}"
    );
}

#[test]
fn good_values_are_taken() {
    for setting in [
        "image={\"repository\":\"registry.example.org:5000/tools/memtrend\",\"tag\":\"0.1.0\"}",
        "global={\"of\":\"a parent chart\"}",
        "updateStrategy.rollingUpdate.maxUnavailable=1",
        "tolerations=[{\"key\":\"gpu\",\"operator\":\"Equal\",\"value\":\"yes\",\"effect\":\"NoSchedule\"}]",
        "extraArgs=[\"--interval=10s\"]",
        "podMonitor={\"enabled\":true,\"interval\":\"1h30m\"}",
        "updateStrategy.rollingUpdate.maxUnavailable=\"100%\"",
    ] {
        template(&["--set-json", setting]).unwrap_or_else(|error| panic!("{setting}: {error}"));
    }
}
