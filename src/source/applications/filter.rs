//! Which containers are watched of those that are found by themselves.

use crate::analysis::sample::Identity;
use wildmatch::WildMatch;

/// Patterns of names: `*` stands for any characters, `?` for one; with a `!` before it what fits is left out. Of both kinds,
/// something must fit the former, if there are any, and nothing the latter.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    takes: Vec<WildMatch>,
    leaves: Vec<WildMatch>,
}

impl Patterns {
    /// Of these patterns; none at all takes all, nameless ones too.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Self {
        let mut all = Self::default();
        for pattern in patterns.iter().map(AsRef::as_ref) {
            match pattern.strip_prefix('!') {
                Some(pattern) => all.leaves.push(WildMatch::new(pattern)),
                None => all.takes.push(WildMatch::new(pattern)),
            }
        }
        all
    }

    fn take(&self, name: Option<&str>) -> bool {
        let Some(name) = name else { return self.takes.is_empty() };
        let fits = |pattern: &WildMatch| pattern.matches(name);
        (self.takes.is_empty() || self.takes.iter().any(fits)) && !self.leaves.iter().any(fits)
    }
}

/// What a container must be called.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Names of namespaces.
    pub namespaces: Patterns,
    /// Names of containers.
    pub containers: Patterns,
}

impl Filter {
    /// Whether what is called so is watched. A container outside of a pod is called as its application is.
    pub(super) fn takes(&self, identity: &Identity, is_container: bool) -> bool {
        let container = identity.container.as_deref().or(is_container.then_some(&*identity.application));
        self.namespaces.take(identity.namespace.as_deref()) && self.containers.take(container)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(namespaces: &[&str], containers: &[&str]) -> Vec<&'static str> {
        let filter = Filter { namespaces: Patterns::new(namespaces), containers: Patterns::new(containers) };
        let all = [
            ("shop", Some("shop"), Some("server")),
            ("proxy", Some("shop"), Some("istio-proxy")),
            ("test", Some("shop-test"), Some("server")),
            ("dns", Some("kube-system"), Some("coredns")),
            ("plain", None, Some("server")),
            ("docker", None, None),
            ("unit", None, None),
        ];
        let identity = |name: &str, namespace: Option<&str>, container: Option<&str>| Identity {
            application: name.into(),
            namespace: namespace.map(Into::into),
            pod: None,
            container: container.map(Into::into),
        };
        let fits = |(name, namespace, container): &(&str, Option<&str>, Option<&str>)| {
            filter.takes(&identity(name, *namespace, *container), *name != "unit")
        };
        all.into_iter().filter(fits).map(|(name, ..)| name).collect()
    }

    #[test]
    fn names_fit_patterns_and_not_those_that_are_turned_round() {
        assert_eq!(taken(&[], &[]).len(), 7);
        assert_eq!(taken(&["shop"], &[]), ["shop", "proxy"]);
        assert_eq!(taken(&["shop*"], &["!istio-*"]), ["shop", "test"]);
        assert_eq!(taken(&["shop", "kube-?ystem"], &[]), ["shop", "proxy", "dns"]);
        assert_eq!(taken(&["!kube-*"], &[]), ["shop", "proxy", "test", "plain", "docker", "unit"]);
        assert_eq!(taken(&["shop*", "!*-test"], &[]), ["shop", "proxy"]);
        assert_eq!(taken(&[], &["server"]), ["shop", "test", "plain"]);
        assert_eq!(taken(&[], &["dock*"]), ["docker"]);
        assert_eq!(taken(&[], &["*"]), ["shop", "proxy", "test", "dns", "plain", "docker"]);
        assert_eq!(taken(&["none"], &[]), Vec::<&str>::new());
    }
}
