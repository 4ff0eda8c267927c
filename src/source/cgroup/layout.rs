//! What a cgroup's path means: a container, a systemd unit, or neither.
//!
//! Layouts known: docker (`/docker/ID`, `docker-ID.scope`), containerd (`cri-containerd-ID.scope`, `nerdctl-ID.scope`,
//! `/k8s.io/ID`), CRI-O (`crio-ID.scope`), podman (`libpod-ID.scope`, with `/container` below), the kubelet's
//! (`kubepods…podUID…`, cgroupfs and systemd drivers, static pods, kind's nesting), LXC, ECS; paths relative to a
//! private cgroup namespace (`/../ID`).

/// A container by its cgroup.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Container {
    /// The runtime's id or, where the layout has none, the cgroup's own name.
    pub(crate) id: Box<str>,
    /// UID of its pod, as Kubernetes writes it.
    pub(crate) pod_uid: Option<Box<str>>,
}

/// What a path means; `path` is the container's or unit's own cgroup, which the process may be somewhere below.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Placement {
    Container {
        container: Container,
        path: Box<[u8]>,
    },
    /// Name without `.service`.
    Unit {
        name: Box<[u8]>,
        path: Box<[u8]>,
    },
    /// What watches over a container (conmon): no application.
    Monitor,
    #[default]
    Other,
}

/// Finds the deepest container or unit on a path.
pub(crate) fn place(path: &[u8]) -> Placement {
    let components = components(path);
    for (depth, (component, end)) in components.iter().enumerate().rev() {
        let own = || path.get(..*end).unwrap_or(path).into();
        let above = depth.checked_sub(1).and_then(|index| components.get(index)).map(|(name, _)| *name);
        let pod_uid = above.and_then(pod_uid);
        if let Some(id) = container_id(component).or_else(|| named_container(component, above, pod_uid.is_some())) {
            return Placement::Container { container: Container { id: text(id), pod_uid }, path: own() };
        }
        if component.starts_with(b"crio-conmon-") || component.starts_with(b"libpod-conmon-") {
            return Placement::Monitor;
        }
        if let Some(name) = component.strip_suffix(b".service") {
            return Placement::Unit { name: name.into(), path: own() };
        }
    }
    Placement::Other
}

impl Placement {
    /// The container's or unit's own cgroup.
    pub(crate) fn path(&self) -> Option<&[u8]> {
        match self {
            Self::Container { path, .. } | Self::Unit { path, .. } => Some(path),
            Self::Monitor | Self::Other => None,
        }
    }
}

/// Whether `path` is `ancestor` or below it.
pub(crate) fn is_within(path: &[u8], ancestor: &[u8]) -> bool {
    path.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || ancestor == b"/")
}

/// Each component with the index at which it ends.
fn components(path: &[u8]) -> Vec<(&[u8], usize)> {
    let mut end = 0;
    let mut found = Vec::new();
    for component in path.split(|byte| *byte == b'/') {
        end += component.len();
        if !component.is_empty() {
            found.push((component, end));
        }
        end += 1;
    }
    found
}

/// An id in the name of a runtime: 64 hexadecimal digits, alone or as `RUNTIME-ID.scope`, or ECS's 32 and a number.
fn container_id(component: &[u8]) -> Option<&[u8]> {
    let stem = component.strip_suffix(b".scope").unwrap_or(component);
    // containerd with a systemd path on a cgroupfs driver: `kubepods-….slice:cri-containerd:ID`.
    let stem = stem.rsplit(|byte| *byte == b':').next().unwrap_or(stem);
    let (prefix, id) = match stem.iter().rposition(|byte| *byte == b'-') {
        Some(dash) => (stem.get(..dash)?, stem.get(dash + 1..)?),
        None => (&b""[..], stem),
    };
    if is_hexadecimal(id, 64) && !prefix.ends_with(b"conmon") {
        return Some(id);
    }
    let is_fargate = is_hexadecimal(prefix, 32) && !id.is_empty() && id.iter().all(u8::is_ascii_digit);
    is_fargate.then_some(stem)
}

/// A container without an id: directly below a pod, LXC's payload, or the only thing seen of a sibling.
fn named_container<'a>(component: &'a [u8], above: Option<&[u8]>, is_in_pod: bool) -> Option<&'a [u8]> {
    let is_engine_name = |name: &[u8]| name.ends_with(b".slice") || name.ends_with(b".service") || name == b"..";
    if is_in_pod && !component.starts_with(b"crio-conmon-") && !is_engine_name(component) {
        return Some(component);
    }
    if let Some(name) = component.strip_prefix(b"lxc.payload.") {
        return Some(name);
    }
    let is_sibling = above == Some(b"..") && !is_engine_name(component) && !component.ends_with(b".scope");
    (above == Some(b"lxc") || is_sibling).then_some(component)
}

/// `podUID` or `kubepods-burstable-podUID_WITH_UNDERSCORES.slice`; a static pod's UID is a hash of 32 digits.
fn pod_uid(component: &[u8]) -> Option<Box<str>> {
    let stem = component.strip_suffix(b".slice").unwrap_or(component);
    let start = match stem.windows(4).rposition(|window| window == b"-pod") {
        Some(dash) => dash + 4,
        None if stem.starts_with(b"pod") => 3,
        None => return None,
    };
    let uid: String = text(stem.get(start..)?).replace('_', "-");
    let digits = uid.bytes().filter(u8::is_ascii_hexdigit).count();
    (digits == 32 && uid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')).then(|| uid.into_boxed_str())
}

fn is_hexadecimal(id: &[u8], length: usize) -> bool {
    id.len() == length && id.iter().all(u8::is_ascii_hexdigit)
}

fn text(bytes: &[u8]) -> Box<str> {
    String::from_utf8_lossy(bytes).into_owned().into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "4f0c3c6f9f6e4c0b8a3c5d2e1f00112233445566778899aabbccddeeff001122";

    /// One line for what a path means: kind, id or name, pod, own path.
    fn meaning(path: &str) -> String {
        match place(path.as_bytes()) {
            Placement::Container { container, path } => format!(
                "container {} {} {}",
                container.id,
                container.pod_uid.as_deref().unwrap_or("-"),
                String::from_utf8_lossy(&path)
            ),
            Placement::Unit { name, path } => {
                format!("unit {} {}", String::from_utf8_lossy(&name), String::from_utf8_lossy(&path))
            }
            Placement::Monitor => "monitor".to_owned(),
            Placement::Other => "other".to_owned(),
        }
        .replace(ID, "ID")
    }

    #[test]
    fn every_known_layout_has_its_meaning() {
        let uid = "6f1c2b3a-0d4e-4a59-9b1e-5d1c0ffee123";
        let sliced = "6f1c2b3a_0d4e_4a59_9b1e_5d1c0ffee123";
        let hash = "0123456789abcdef0123456789abcdef";
        let cases = [
            (format!("/docker/{ID}"), "container ID - /docker/ID".to_owned()),
            (format!("/system.slice/docker-{ID}.scope"), "container ID - /system.slice/docker-ID.scope".to_owned()),
            (format!("/system.slice/nerdctl-{ID}.scope"), "container ID - /system.slice/nerdctl-ID.scope".to_owned()),
            (format!("/k8s.io/{ID}"), "container ID - /k8s.io/ID".to_owned()),
            (
                format!("/machine.slice/libpod-{ID}.scope/container"),
                "container ID - /machine.slice/libpod-ID.scope".to_owned(),
            ),
            (format!("/machine.slice/libpod-conmon-{ID}.scope"), "monitor".to_owned()),
            (format!("/libpod_parent/libpod-{ID}"), "container ID - /libpod_parent/libpod-ID".to_owned()),
            (
                format!("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope"),
                "container ID - /user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope".to_owned(),
            ),
            (
                format!("/kubepods/burstable/pod{uid}/{ID}"),
                format!("container ID {uid} /kubepods/burstable/pod{uid}/ID"),
            ),
            (format!("/kubepods/pod{uid}/app"), format!("container app {uid} /kubepods/pod{uid}/app")),
            (
                format!("/kubepods/burstable/pod{hash}/{ID}"),
                format!("container ID {hash} /kubepods/burstable/pod{hash}/ID"),
            ),
            (
                format!(
                    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{sliced}.slice/cri-containerd-{ID}.scope"
                ),
                format!(
                    "container ID {uid} /kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{sliced}.slice/cri-containerd-ID.scope"
                ),
            ),
            (
                format!("/kubepods.slice/kubepods-pod{sliced}.slice/crio-{ID}.scope"),
                format!("container ID {uid} /kubepods.slice/kubepods-pod{sliced}.slice/crio-ID.scope"),
            ),
            (format!("/kubepods.slice/kubepods-pod{sliced}.slice/crio-conmon-{ID}.scope"), "monitor".to_owned()),
            (
                format!(
                    "/system.slice/docker-{hash}{hash}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{sliced}.slice/cri-containerd-{ID}.scope"
                ),
                format!(
                    "container ID {uid} /system.slice/docker-{hash}{hash}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{sliced}.slice/cri-containerd-ID.scope"
                ),
            ),
            (
                format!("/ecs/{hash}/{hash}-1234567890"),
                format!("container {hash}-1234567890 - /ecs/{hash}/{hash}-1234567890"),
            ),
            (format!("/../cri-containerd-{ID}.scope"), "container ID - /../cri-containerd-ID.scope".to_owned()),
            ("/../app".to_owned(), "container app - /../app".to_owned()),
            ("/../../system.slice/a.service".to_owned(), "unit a /../../system.slice/a.service".to_owned()),
            ("/lxc.payload.web/init.scope".to_owned(), "container web - /lxc.payload.web".to_owned()),
            (
                "/system.slice/postgresql@15-main.service".to_owned(),
                "unit postgresql@15-main /system.slice/postgresql@15-main.service".to_owned(),
            ),
            ("/system.slice/a.service/worker".to_owned(), "unit a /system.slice/a.service".to_owned()),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/b.service".to_owned(),
                "unit b /user.slice/user-1000.slice/user@1000.service/app.slice/b.service".to_owned(),
            ),
            ("/user.slice/user-1000.slice/session-3.scope".to_owned(), "other".to_owned()),
            ("/init.scope".to_owned(), "other".to_owned()),
            ("/".to_owned(), "other".to_owned()),
            ("/..".to_owned(), "other".to_owned()),
        ];
        for (path, expected) in cases {
            assert_eq!(meaning(&path), expected, "{path}");
        }
    }

    #[test]
    fn within_means_whole_components() {
        assert!(is_within(b"/a/b", b"/a") && is_within(b"/a", b"/a") && is_within(b"/a", b"/"));
        assert!(!is_within(b"/ab", b"/a"));
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic_and_the_own_path_is_a_prefix(path in prop::collection::vec(any::<u8>(), 0..200)) {
            match place(&path) {
                Placement::Container { path: own, .. } | Placement::Unit { path: own, .. } => prop_assert!(path.starts_with(&own)),
                Placement::Monitor | Placement::Other => {}
            }
        }
    }
}
