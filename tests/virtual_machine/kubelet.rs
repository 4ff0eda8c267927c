//! A stand-in for the kubelet and its container runtime: a container of a manifest as the bundle that crun takes. There is no API
//! server here; what the manifest asks for is given as they would, but for seccomp and probes.

use serde_json::{Value, json};

/// What is not in the manifest.
pub(crate) struct Place<'a> {
    /// The container's cgroup.
    pub(crate) cgroup: &'a str,
    /// The PID namespace's file; none in the node's own.
    pub(crate) pids: Option<&'a str>,
    /// Flags beside those of the manifest: what a test cannot wait for.
    pub(crate) more: &'a [&'a str],
}

/// The bundle's `config.json` for a container of a pod.
pub(crate) fn config(pod: &Value, container: &Value, place: &Place) -> Value {
    let security = &container["securityContext"];
    let uid = security["runAsUser"].as_u64().expect("the manifest names the user");
    let capabilities = &security["capabilities"];
    assert_eq!(capabilities["drop"], json!(["ALL"]), "else a runtime's defaults would have to be known here");
    let added: Vec<String> = capabilities["add"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|name| format!("CAP_{}", name.as_str().unwrap()))
        .collect();
    // To a user who is not root none of them is given but as what may be had at most.
    let held = if uid == 0 { added.clone() } else { Vec::new() };
    let arguments = container["args"].as_array().unwrap().iter().map(|argument| argument.as_str().unwrap());
    let arguments: Vec<&str> = ["/memtrend"].into_iter().chain(arguments).chain(place.more.iter().copied()).collect();
    let mut mounts = json!([
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]},
    ]);
    mounts.as_array_mut().unwrap().extend(volume_mounts(pod, container));
    let memory = quantity(container["resources"]["limits"]["memory"].as_str().unwrap());
    let mut namespaces = json!([{"type": "mount"}, {"type": "ipc"}, {"type": "uts"}, {"type": "cgroup"}]);
    let is_in_the_nodes = pod["hostPID"] == true;
    assert_eq!(is_in_the_nodes, place.pids.is_none());
    if let Some(pids) = place.pids {
        assert_eq!(pod["shareProcessNamespace"], true);
        namespaces.as_array_mut().unwrap().push(json!({"type": "pid", "path": pids}));
    }
    json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false,
            "user": {"uid": uid, "gid": security["runAsGroup"].as_u64().unwrap_or(uid)},
            "args": arguments,
            "env": ["PATH=/"],
            "cwd": "/",
            "capabilities": {"bounding": added, "effective": held, "permitted": held},
            "noNewPrivileges": security["allowPrivilegeEscalation"] == false,
        },
        "root": {"path": "/pod/rootfs", "readonly": security["readOnlyRootFilesystem"] == true},
        "hostname": "pod",
        "mounts": mounts,
        "linux": {
            "cgroupsPath": place.cgroup,
            "resources": {"memory": {"limit": memory, "swap": memory}},
            "namespaces": namespaces,
        },
    })
}

/// Folders of the node; an `emptyDir` is one too.
fn volume_mounts(pod: &Value, container: &Value) -> Vec<Value> {
    let volumes = pod["volumes"].as_array().unwrap();
    let mounts = container["volumeMounts"].as_array().unwrap().iter();
    let mount = |mount: &Value| {
        let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]).expect("a volume of that name");
        let source = match volume["hostPath"]["path"].as_str() {
            Some(path) => path.to_owned(),
            None => {
                assert!(volume["emptyDir"].is_object(), "{volume}");
                format!("/kubelet/empty-dir/{}", volume["name"].as_str().unwrap())
            }
        };
        let access = if mount["readOnly"] == true { "ro" } else { "rw" };
        json!({"destination": mount["mountPath"], "type": "bind", "source": source, "options": ["rbind", access]})
    };
    mounts.map(mount).collect()
}

/// Bytes of `64Mi`.
fn quantity(text: &str) -> u64 {
    let mebibytes = text.strip_suffix("Mi").expect("mebibytes");
    mebibytes.parse::<u64>().unwrap() << 20
}
