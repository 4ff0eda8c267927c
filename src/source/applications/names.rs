//! Names of containers, from files of the node: no API is asked, so they are there while it is down.

use crate::analysis::sample::clean_label;
use crate::source::cgroup::Container;
use crate::source::roots::Roots;
use procfs::process::MountInfo;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest file of an engine that is read.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;

/// Where docker keeps its containers unless told otherwise.
const DOCKER_CONTAINERS: &str = "var/lib/docker/containers";

/// Where podman run by root keeps the names of its containers.
const PODMAN_NAMES: &str = "var/lib/containers/storage/overlay-containers/containers.json";

/// What a node's files say of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ContainerName {
    /// Name by which it is told from others: the container's in its pod, or the engine's.
    pub(super) name: Option<Box<str>>,
    pub(super) pod_uid: Option<Box<str>>,
    pub(super) pod: Option<Box<str>>,
    pub(super) namespace: Option<Box<str>>,
    /// The container's name within its pod.
    pub(super) container: Option<Box<str>>,
    pub(super) image: Option<Box<str>>,
}

/// Names a container by its process's mounts and the node's files.
pub(super) fn name(roots: &Roots, container: &Container, pid: u32) -> ContainerName {
    let mut found = ContainerName { pod_uid: container.pod_uid.clone(), ..ContainerName::default() };
    for mount in mounts(roots, pid) {
        found.take_mount(roots, container, &mount);
    }
    found.take_logs(roots, container);
    if found.container.is_some() {
        found.name.clone_from(&found.container);
    }
    found
}

/// Mounts of a process; lines that are not as documented are passed over.
fn mounts(roots: &Roots, pid: u32) -> Vec<MountInfo> {
    let text = read_bounded(&roots.of_process(pid, "mountinfo")).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().filter_map(|line| MountInfo::from_line(line).ok()).collect()
}

impl ContainerName {
    fn take_mount(&mut self, roots: &Roots, container: &Container, mount: &MountInfo) {
        match mount.mount_point.to_str().unwrap_or_default() {
            // The kubelet: …/pods/UID/containers/NAME/FILE.
            "/dev/termination-log" => {
                let Some((_, rest)) = mount.root.rsplit_once("/pods/") else { return };
                let mut parts = rest.split('/');
                if let (Some(uid), Some("containers"), Some(name)) = (parts.next(), parts.next(), parts.next()) {
                    self.pod_uid.get_or_insert_with(|| clean_label(uid.as_bytes()));
                    self.container = Some(clean_label(name.as_bytes()));
                }
            }
            "/etc/hostname" => {
                let folder = mount.root.strip_suffix("/hostname").unwrap_or_default();
                if folder.ends_with(&format!("/containers/{}", container.id)) {
                    self.take_docker(&roots.of_node(folder).join("config.v2.json"));
                    // The mount's root is that of its file system, which may be docker's own.
                    if self.name.is_none() {
                        self.take_docker(&roots.of_node(DOCKER_CONTAINERS).join(&*container.id).join("config.v2.json"));
                    }
                }
                // podman mounts it from a tmpfs; the names are with the storage.
                if folder.ends_with(&format!("/overlay-containers/{}/userdata", container.id)) {
                    self.take_podman(&roots.of_node(PODMAN_NAMES), &container.id);
                }
            }
            _ => {}
        }
    }

    fn take_docker(&mut self, path: &Path) {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Docker {
            name: Option<String>,
            config: Option<DockerConfig>,
        }
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct DockerConfig {
            image: Option<String>,
        }
        let Some(docker) = read_bounded(path).and_then(|text| serde_json::from_slice::<Docker>(&text).ok()) else {
            return;
        };
        self.name = docker.name.map(|name| clean_label(name.trim_start_matches('/').as_bytes()));
        self.image = docker.config.and_then(|config| config.image).map(|image| clean_label(image.as_bytes()));
    }

    fn take_podman(&mut self, path: &Path, id: &str) {
        #[derive(serde::Deserialize)]
        struct Podman {
            id: String,
            #[serde(default)]
            names: Vec<String>,
        }
        let Some(all) = read_bounded(path).and_then(|text| serde_json::from_slice::<Vec<Podman>>(&text).ok()) else {
            return;
        };
        let own = all.into_iter().find(|podman| podman.id == id);
        self.name = own.and_then(|podman| podman.names.into_iter().next()).map(|name| clean_label(name.as_bytes()));
    }

    /// The kubelet's links `POD_NAMESPACE_CONTAINER-ID.log`, else its folders `NAMESPACE_POD_UID`. None of the parts may
    /// hold an underscore.
    fn take_logs(&mut self, roots: &Roots, container: &Container) {
        let suffix = format!("-{}.log", container.id);
        let link = entries(&roots.of_node("var/log/containers")).find(|name| name.ends_with(&suffix));
        if let Some(stem) = link.as_deref().and_then(|name| name.strip_suffix(&suffix)) {
            let mut parts = stem.splitn(3, '_');
            if let (Some(pod), Some(namespace), Some(name)) = (parts.next(), parts.next(), parts.next()) {
                self.pod = Some(clean_label(pod.as_bytes()));
                self.namespace = Some(clean_label(namespace.as_bytes()));
                self.container = Some(clean_label(name.as_bytes()));
            }
            return;
        }
        let Some(uid) = &self.pod_uid else { return };
        let suffix = format!("_{uid}");
        let folder = entries(&roots.of_node("var/log/pods")).find(|name| name.ends_with(&suffix));
        if let Some((namespace, pod)) = folder.as_deref().and_then(|name| name.strip_suffix(&suffix)?.split_once('_')) {
            self.pod = Some(clean_label(pod.as_bytes()));
            self.namespace = Some(clean_label(namespace.as_bytes()));
        }
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = String> {
    let listing = std::fs::read_dir(folder).into_iter().flatten();
    listing.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned())
}

fn read_bounded(path: &Path) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path).ok()?.take(LARGEST_FILE).read_to_end(&mut content).ok()?;
    Some(content)
}
