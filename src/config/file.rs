//! The configuration file: TOML, unknown keys refused.

use super::error::{ConfigError, Place};
use super::options::Options;
use std::path::Path;

/// Reads a file.
///
/// # Errors
/// When it cannot be read or is not as it should be, with file, line, column and what is expected.
pub fn load(path: &Path) -> Result<Options, ConfigError> {
    let content =
        std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    parse(&content).map_err(|place| ConfigError::Malformed { path: path.to_owned(), place })
}

fn parse(content: &str) -> Result<Options, Place> {
    toml::from_str(content).map_err(|error| Place::of(content, error.span(), error.message()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn every_key_has_the_name_of_its_flag() {
        let options = parse(
            "interval = '1s'\napplication = 'auto'\nversion-env = 'V'\nnamespace = ['a*', '!b']\ncontainer = ['c']\nmax-applications = 5\nforget-after = '1m'\n\
             [trend]\nblock = '10s'\n[web]\nlisten-address = [':1', '[::1]:2']\ntelemetry-path = '/m'\n\
             config-file = 'w.yml'\nsystemd-socket = false\n[log]\nlevel = 'warn'\nformat = 'json'\n\
             [path]\nprocfs = '/p'\nsysfs = '/s'\nrootfs = '/r'\n[state]\ndir = '/v'\n\
             [[applications]]\nname = 'a'\nversion = '1'\nmatch = 'x'\n[[applications]]\npid-file = '/run/x.pid'\n",
        );
        let options = options.unwrap();
        assert_eq!((options.wanted.len(), options.web.listen_address.len()), (2, 2));
    }

    #[test]
    fn what_is_wrong_is_shown_at_its_place() {
        let cases = [
            ("interval = '5s'\nintervall = '5s'\n", "2:1: unknown field `intervall`, expected one of"),
            ("interval = '5 parsecs'\n", "1:12: `5 parsecs` is not a duration such as 5s, 500ms or 1h30m"),
            ("max-applications = -1\n", "1:20: `-1` is not a whole number from 1 to 100000"),
            ("max-applications = '5'\n", "1:20: invalid type: string \"5\", expected a whole number from 1 to 100000"),
            ("interval = 5\n", "1:12: invalid type: integer `5`, expected a duration in quotes"),
            ("web = 1\n", "1:7: invalid type: integer `1`, expected a table [web]"),
            ("[[applications]]\npid = 0\n", "2:7: `0` is not a pid"),
            ("[[applications]]\ncgroup = '/'\n", "2:10: `/` is not a cgroup below the root"),
            ("[[applications]]\nmatch = '('\n", "2:9: `(` is not a regular expression: unclosed group"),
            ("[[applications]]\nname = 'a'\n", "1:1: an application needs exactly one of"),
            ("[[applications]]\nname = 'a'\npid = 1\nunit = 'b'\n", "1:1: an application needs exactly one of"),
            ("[web]\nlisten-address = ['localhost']\n", "2:19: `localhost` is not an address"),
            ("interval = \n", "1:12: "),
            ("[log]\nlevel = 'loud'\n", "2:9: unknown variant `loud`, expected one of"),
        ];
        for (content, expected) in cases {
            let place = parse(content).unwrap_err().to_string();
            assert!(place.starts_with(expected), "{content:?} gave {place:?}");
            assert!(place.lines().count() == 3 && place.ends_with('^'), "{place:?} shows the line with a caret");
        }
    }
}
