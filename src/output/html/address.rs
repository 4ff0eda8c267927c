//! Addresses of the page: what its links say, and what requests for it ask for.

use super::order::Column;
use crate::analysis::sample::Identity;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::fmt;

/// All but what needs no encoding anywhere (RFC 3986, 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How the page of all applications is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// What its rows are sorted by.
    pub sort: Column,
    /// Whether the other way round than is natural.
    pub is_reversed: bool,
    /// Whether all rows are there, those of applications that are long gone too.
    pub shows_all: bool,
    /// Whether it does not refresh itself.
    pub is_still: bool,
}

impl View {
    /// Of a request's query; keys that are not known are left alone.
    ///
    /// # Errors
    /// In a line what was expected instead of a value.
    pub fn of(query: &str) -> Result<Self, String> {
        let mut view = Self::default();
        if let Some(sort) = value(query, "sort") {
            let (name, is_reversed) = sort.strip_prefix('-').map_or((&*sort, false), |name| (name, true));
            view.is_reversed = is_reversed;
            view.sort = Column::ALL.into_iter().find(|column| column.name() == name).ok_or_else(|| {
                let names = Column::ALL.map(Column::name).join(", ");
                format!("sort={sort}: expected one of {names}, with a - before it for the other way round")
            })?;
        }
        view.shows_all = is_set(query, "show", "all")?;
        view.is_still = is_set(query, "refresh", "off")?;
        Ok(view)
    }

    /// The same, sorted by a column: the other way round if it is so already.
    pub(super) fn sorted_by(self, sort: Column) -> Self {
        Self { sort, is_reversed: sort == self.sort && !self.is_reversed, ..self }
    }
}

fn is_set(query: &str, key: &str, expected: &str) -> Result<bool, String> {
    match value(query, key) {
        None => Ok(false),
        Some(value) if value == expected => Ok(true),
        Some(value) => Err(format!("{key}={value}: expected {expected}, or no {key}")),
    }
}

/// As a relative address, as it stands in an attribute of HTML.
impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.sort != Column::default() || self.is_reversed {
            parts.push(format!("sort={}{}", if self.is_reversed { "-" } else { "" }, self.sort.name()));
        }
        parts.extend(self.shows_all.then(|| "show=all".to_owned()));
        parts.extend(self.is_still.then(|| "refresh=off".to_owned()));
        // A query alone would keep the page of an application.
        if parts.is_empty() { f.write_str("./") } else { write!(f, "./?{}", parts.join("&amp;")) }
    }
}

/// The query that names an application, as it stands in an attribute of HTML.
pub(super) struct Named<'a>(pub(super) &'a Identity);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = |text| utf8_percent_encode(text, ENCODED);
        let Self(identity) = self;
        write!(f, "name={}", encoded(&identity.application))?;
        for (key, text) in places(identity) {
            write!(f, "&amp;{key}={}", encoded(text))?;
        }
        Ok(())
    }
}

/// Where an application is, as far as is known.
pub(super) fn places(identity: &Identity) -> impl Iterator<Item = (&'static str, &str)> {
    let all = [("namespace", &identity.namespace), ("pod", &identity.pod), ("container", &identity.container)];
    all.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?)))
}

/// The application that a request's query names.
///
/// # Errors
/// In a line what was expected.
pub fn identity(query: &str) -> Result<Identity, String> {
    let of = |key| value(query, key).map(String::into_boxed_str);
    let application =
        of("name").ok_or("name= is missing: expected name=, and namespace=, pod=, container= where known")?;
    Ok(Identity { application, namespace: of("namespace"), pod: of("pod"), container: of("container") })
}

/// The first value of a key, decoded; what is no UTF-8 is replaced.
fn value(query: &str, key: &str) -> Option<String> {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, encoded) = pairs.find(|(name, _)| *name == key)?;
    Some(percent_decode_str(&encoded.replace('+', " ")).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_view_is_what_its_address_says() {
        assert_eq!(View::of(""), Ok(View::default()));
        let view = View { sort: Column::Kills, is_reversed: true, shows_all: true, is_still: true };
        assert_eq!(View::of("sort=-kills&show=all&refresh=off&from=mail"), Ok(view));
        assert_eq!(view.to_string(), "./?sort=-kills&amp;show=all&amp;refresh=off");
        assert_eq!(View::default().to_string(), "./");
        let other_way = View::default().sorted_by(Column::default());
        assert_eq!(
            (other_way.to_string(), other_way.sorted_by(Column::default())),
            ("./?sort=-verdict".into(), View::default())
        );
    }

    #[test]
    fn a_wrong_value_is_told_with_what_was_expected() {
        let wrong = |query| View::of(query).err().unwrap_or_default();
        assert_eq!(
            wrong("sort=size"),
            "sort=size: expected one of name, verdict, heap, growth, limit, restart, kills, with a - before it for the other way round"
        );
        assert_eq!(wrong("show=some"), "show=some: expected all, or no show");
        assert_eq!(wrong("refresh=1"), "refresh=1: expected off, or no refresh");
        assert_eq!(
            identity("pod=a"),
            Err("name= is missing: expected name=, and namespace=, pod=, container= where known".into())
        );
    }

    proptest! {
        #[test]
        fn every_application_has_an_address_of_its_own(
            application: String, namespace: Option<String>, pod: Option<String>, container: Option<String>
        ) {
            let boxed = |text: Option<String>| text.map(String::into_boxed_str);
            let named = Identity {
                application: application.into(), namespace: boxed(namespace), pod: boxed(pod), container: boxed(container),
            };
            let address = Named(&named).to_string();
            prop_assert!(address.replace("&amp;", "").bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%=".contains(&byte)));
            prop_assert_eq!(identity(&address.replace("&amp;", "&")), Ok(named));
        }

        #[test]
        fn no_query_makes_it_panic(query: String) {
            let _ = (View::of(&query), identity(&query));
        }
    }
}
