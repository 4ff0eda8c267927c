//! The flags of a memtrend that serves: `kubectl exec` and `docker exec` give doctor none of those of the container.

use super::read;
use crate::command::plain;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

/// Of the only one that serves in the same control group, its pid and its flags.
pub(super) fn beside() -> Option<(u32, Vec<OsString>)> {
    let of = |pid: u32, file: &str| read::of_process(Path::new(&format!("/proc/{pid}/{file}")));
    let own = std::process::id();
    let group = of(own, "cgroup")?;
    let pids = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_beside = |pid: &u32| {
        *pid != own
            && of(*pid, "comm").is_some_and(|name| name == b"memtrend\n")
            && of(*pid, "cgroup").is_some_and(|its| its == group)
    };
    let mut all = pids.filter(is_beside).filter_map(|pid| Some((pid, flags(&of(pid, "cmdline")?)?)));
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

/// Those of a command line as `/proc/PID/cmdline` has it; `None` where it does not serve.
pub(super) fn flags(line: &[u8]) -> Option<Vec<OsString>> {
    let words = line.strip_suffix(b"\0")?.split(|byte| *byte == 0).skip(1);
    let mut words: Vec<OsString> = words.map(|word| OsString::from_vec(word.to_vec())).collect();
    match words.first().map(|first| first.as_encoded_bytes()) {
        Some(b"serve") => {
            words.remove(0);
            Some(words)
        }
        Some(first) if !first.starts_with(b"-") => None,
        _ => Some(words),
    }
}

/// As a shell takes them.
pub(super) fn written(flags: &[OsString]) -> String {
    flags.iter().map(|flag| quoted(&flag.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

/// One word, as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let is_simple = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:,@%+".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_simple) {
        true => word.to_owned(),
        false => format!("'{}'", plain(word).replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_serves_is_told_by_its_command_line() {
        let told = |line: &[u8]| flags(line).map(|flags| written(&flags));
        assert_eq!(
            told(b"/memtrend\0serve\0--interval=5s\0--match\0a=b c\0").as_deref(),
            Some("--interval=5s --match 'a=b c'")
        );
        assert_eq!(told(b"/memtrend\0--interval=5s\0").as_deref(), Some("--interval=5s"));
        assert_eq!(told(b"/memtrend\0").as_deref(), Some(""));
        assert_eq!(told(b"/memtrend\0leak\0--rate\x001\0"), None);
        assert_eq!(told(b""), None);
    }
}
