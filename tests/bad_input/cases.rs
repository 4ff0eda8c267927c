//! What is given, and which words must be in the answer.

/// One bad input. `expected` are words of the whole answer; the first of them are in its first line.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) flags: &'static [&'static str],
    pub(super) environment: Option<(&'static str, &'static str)>,
    /// Content of `config.toml` and of `web.yml`.
    pub(super) config: &'static [u8],
    pub(super) web: &'static str,
    pub(super) expected: &'static [&'static str],
}

type Words = &'static [&'static str];

const fn flags(name: &'static str, flags: Words, expected: Words) -> Case {
    Case { name, flags, environment: None, config: b"", web: "", expected }
}

const fn variable(name: &'static str, value: &'static str, expected: Words) -> Case {
    Case { name, flags: &[], environment: Some((name, value)), config: b"", web: "", expected }
}

const fn config(name: &'static str, config: &'static [u8], expected: Words) -> Case {
    Case { name, flags: &["--config.file=config.toml"], environment: None, config, web: "", expected }
}

const fn web(name: &'static str, web: &'static str, expected: Words) -> Case {
    Case { name, flags: &["--web.config.file=web.yml"], environment: None, config: b"", web, expected }
}

/// Wrong in the configuration file.
pub(super) const CONFIG: &[Case] = &[
    config("an unknown key", b"# c\nintervall = '5s'\n", &["config.toml:2:1: unknown field `intervall`", "`interval`"]),
    config("an unknown table", b"[webb]\n", &["config.toml:1:2: unknown field `webb`", "`web`"]),
    config(
        "an unknown key of web",
        b"[web]\nport = 1\n",
        &["config.toml:2:1: unknown field `port`", "`listen-address`"],
    ),
    config("an unknown key of trend", b"[trend]\nblok = '1m'\n", &["config.toml:2:1: unknown field `blok`", "`block`"]),
    config("an unknown key of log", b"[log]\n lvl = 'info'\n", &["config.toml:2:2: unknown field `lvl`", "`level`"]),
    config("an unknown key of path", b"[path]\nproc = '/p'\n", &["config.toml:2:1: unknown field `proc`", "`procfs`"]),
    config(
        "an unknown key of an application",
        b"[[applications]]\nname = 'a'\npid = 1\nregex = 'x'\n",
        &["config.toml:4:1: unknown field `regex`", "`match`"],
    ),
    config("a key of more than ASCII", "[log]\n'l\u{e9}vel' = 1\n".as_bytes(), &["config.toml:2:1: unknown field"]),
    config("a key given twice", b"interval = '5s'\ninterval = '6s'\n", &["config.toml:2:1: duplicate key"]),
    config("a table given twice", b"[log]\n[log]\n", &["config.toml:2:2: duplicate key"]),
    config("a number for a duration", b"interval = 5\n", &["config.toml:1:12: invalid type: integer `5`", "expected"]),
    config("a word for a number", b"max-applications = '5'\n", &["config.toml:1:20: invalid type: string", "expected"]),
    config("too large a number", b"max-applications = 9999999999\n", &["config.toml:1:20:", "9999999999"]),
    config("a number for a table", b"web = 1\n", &["config.toml:1:7: invalid type: integer `1`", "expected"]),
    config("a word for a boolean", b"[web]\nsystemd-socket = 'yes'\n", &["config.toml:2:18:", "expected a boolean"]),
    config("a word for a list", b"[web]\nlisten-address = ':1'\n", &["config.toml:2:18:", "string \":1\"", "expected"]),
    config("a word for applications", b"applications = 'x'\n", &["config.toml:1:16:", "string \"x\"", "expected"]),
    config("no value", b"interval =\n", &["config.toml:1:11:", "expected"]),
    config("no TOML", b"\"\n", &["config.toml:1:2:", "expected"]),
    config("no UTF-8", b"interval = '\xff'\n", &["config.toml", "UTF-8"]),
    config("a duration that is none", b"interval = '5 parsecs'\n", &["config.toml:1:12: `5 parsecs`", "such as 5s"]),
    config("a negative duration", b"interval = '-5s'\n", &["config.toml:1:12: `-5s` is not a duration"]),
    config(
        "a duration above 64 bits",
        b"interval = '99999999999999999999s'\n",
        &["config.toml:1:12:", "it is too long"],
    ),
    config("an interval of aeons", b"interval = '500000000000y'\n", &["config.toml:1:12: ", "longer than 10 years"]),
    config("a block of aeons", b"[trend]\nblock = '500000000000y'\n", &["config.toml:2:9: ", "longer than 10 years"]),
    config("an interval of zero", b"interval = '0s'\n", &["interval: 0s is shorter than 5ms"]),
    config("a block of zero", b"[trend]\nblock = '0s'\n", &["trend.block: 0s is not between 100ms and 1h"]),
    config("a log level that is none", b"[log]\nlevel = 'loud'\n", &["config.toml:2:9:", "`loud`", "`warn`"]),
    config("which applications", b"application = 'some'\n", &["config.toml:1:15:", "`some`", "`auto` or `none`"]),
    config("no application asked for", b"application = 'none'\n", &["application: none", "give --match, --pid"]),
    config(
        "an application by nothing",
        b"[[applications]]\nname = 'a'\n",
        &["config.toml:1:1:", "exactly one of `pid`"],
    ),
    config(
        "an application by two",
        b"[[applications]]\npid = 1\nunit = 'a'\n",
        &["config.toml:1:1:", "exactly one of"],
    ),
    config(
        "an unclosed regex",
        b"[[applications]]\nname = 'a'\nmatch = '(a'\n",
        &["config.toml:3:9: `(a`", "unclosed"],
    ),
    config(
        "an empty regex",
        b"[[applications]]\nname = 'a'\nmatch = ''\n",
        &["config.toml:3:9: ", "fits every process"],
    ),
    config("an empty unit", b"[[applications]]\nname = 'a'\nunit = ''\n", &["unit"]),
    config("an empty cgroup", b"[[applications]]\nname = 'a'\ncgroup = ''\n", &["cgroup"]),
    config(
        "an empty pid file",
        b"[[applications]]\nname = 'a'\npid-file = ''\n",
        &["config.toml:3:12: ", "an empty path"],
    ),
    config("pid 0", b"[[applications]]\npid = 0\n", &["pid", "0"]),
    config(
        "a negative pid",
        b"[[applications]]\npid = -1\n",
        &["config.toml:2:7: ", "`-1`", "a whole number from 1 to"],
    ),
    config("a pid that is no number", b"[[applications]]\npid = 'x'\n", &["config.toml:2:7: ", "\"x\"", "expected"]),
    config(
        "an empty name",
        b"[[applications]]\nname = ''\nunit = 'a'\n",
        &["applications.name", "1 to 128 characters"],
    ),
    config(
        "two applications of one name",
        b"[[applications]]\nname = 'a'\nunit = 'a'\n[[applications]]\nname = 'a'\nunit = 'b'\n",
        &["applications.name: `a` is given to two applications"],
    ),
    config("a web config that is not there", b"[web]\nconfig-file = 'none.yml'\n", &["none.yml", "web config file"]),
];

/// Wrong in flags.
pub(super) const FLAGS: &[Case] = &[
    flags("an unknown flag", &["--bogus"], &["unexpected argument '--bogus'"]),
    flags("a mistyped flag", &["--interva=5s"], &["unexpected argument '--interva'", "'--interval'"]),
    flags("an unknown subcommand", &["bogus"], &["unrecognized subcommand 'bogus'"]),
    flags("a subcommand of nothing", &[""], &["unrecognized subcommand ''"]),
    flags("an argument too many", &["serve", "extra"], &["unexpected argument 'extra'"]),
    flags("a flag twice", &["--interval=1s", "--interval=2s"], &["'--interval <TIME>' cannot be used multiple times"]),
    flags("a duration that is none", &["--interval=soon"], &["'soon'", "--interval", "such as 5s, 500ms or 1h30m"]),
    flags("a negative duration", &["--forget-after=-5s"], &["'-5s'", "--forget-after", "is not a duration"]),
    flags("a duration of nothing", &["--trend.block="], &["--trend.block", "is not a duration"]),
    flags("a duration without unit", &["--trend.block=5"], &["'5'", "--trend.block", "time unit needed"]),
    flags("too short a block", &["--trend.block=99ms"], &["trend.block: 99ms is not between 100ms and 1h"]),
    flags("too long a block", &["--trend.block=61m"], &["trend.block: 1h 1m is not between 100ms and 1h"]),
    flags("too short an interval", &["--interval=4ms"], &["interval: 4ms is shorter than 5ms"]),
    flags("an interval above half a block", &["--interval=31s"], &["interval: 31s", "half of trend.block (1m)"]),
    flags("an interval of aeons", &["--interval=500000000000y"], &["--interval", "longer than 10 years"]),
    flags(
        "an unclosed regex",
        &["--match=a=("],
        &["'a=('", "--match", "`(` is not a regular expression: unclosed group"],
    ),
    flags("an unclosed class", &["--match=a=[a"], &["`[a` is not a regular expression: unclosed character class"]),
    flags("too large a regex", &[r"--match=a=\w{100000}"], &["not a regular expression", "exceeds size limit"]),
    flags("a regex without a name", &["--match=foo"], &["--match foo: expected NAME=REGEX"]),
    flags("a regex with an empty name", &["--match==foo"], &["--match", "`=foo` has no name before the ="]),
    flags("a name without a regex", &["--match=foo="], &["--match", "`foo=` has nothing after the ="]),
    flags("pid 0", &["--pid=0"], &["pid", "0"]),
    flags("a negative pid", &["--pid=-1"], &["'-1'", "--pid"]),
    flags("a pid that is no number", &["--pid=one"], &["'one'", "--pid"]),
    flags(
        "a pid above 32 bits",
        &["--pid=99999999999"],
        &["'99999999999'", "--pid", "a whole number from 1 to 4194304"],
    ),
    flags("a pid of nothing", &["--pid=a="], &["--pid", "`a=` has nothing after the ="]),
    flags("a pid file without a path", &["--pid-file=a="], &["--pid-file", "`a=` has nothing after the ="]),
    flags("a cgroup of nothing", &["--cgroup="], &["--cgroup"]),
    flags("the root cgroup", &["--cgroup=/"], &["--cgroup", "not a cgroup below the root"]),
    flags("a unit of nothing", &["--unit=a="], &["--unit", "`a=` has nothing after the ="]),
    flags("two of one name", &["--match=a=x", "--unit=a=x"], &["applications.name: `a` is given to two applications"]),
    flags(
        "a name of 129 characters",
        &["--unit=nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\
           nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn=x"],
        &["applications.name: `nnn", "is not a name of 1 to 128 characters"],
    ),
    flags("a version of nobody", &["--application-version=a=1"], &["--application-version a=1: no flag asks for `a`"]),
    flags("a version without a name", &["--application-version=1"], &["--application-version", "1"]),
    flags(
        "a variable with =",
        &["--version-env=A=B"],
        &["version-env: `A=B` is not the name of an environment variable"],
    ),
    flags("a variable of nothing", &["--version-env="], &["version-env", "environment variable"]),
    flags("a pattern of nothing", &["--namespace=!"], &["--namespace", "`!` fits no name: expected one such as shop"]),
    flags(
        "a choice among nothing",
        &["--container=a", "--match=b=b"],
        &["container: chooses among what is found by itself", "add --application auto"],
    ),
    config("a number for a pattern", b"namespace = [1]\n", &["config.toml:1:14:", "a pattern of names in quotes"]),
    flags(
        "no applications",
        &["--max-applications=0"],
        &["--max-applications", "`0` is not a whole number from 1 to 100000"],
    ),
    flags(
        "too many applications",
        &["--max-applications=100001"],
        &["--max-applications", "`100001` is not a whole number from 1 to"],
    ),
    flags("fewer than none", &["--max-applications=-1"], &["'-1'", "--max-applications"]),
    flags("no application asked for", &["--application=none"], &["application: none", "give --match, --pid"]),
    flags("which applications", &["--application=some"], &["'some'", "--application", "auto, none"]),
    flags("a log level that is none", &["--log.level=loud"], &["'loud'", "--log.level", "debug, info, warn, error"]),
    flags("a log format that is none", &["--log.format=xml"], &["'xml'", "--log.format", "logfmt, json"]),
    flags("an address without port", &["--web.listen-address=127.0.0.1"], &["'127.0.0.1'", "such as :10240"]),
    flags("an address with an empty port", &["--web.listen-address=a:"], &["'a:'", "such as :10240"]),
    flags("a port above 65535", &["--web.listen-address=:65536"], &["':65536'", "--web.listen-address", ":10240"]),
    flags("a negative port", &["--web.listen-address=:-1"], &["':-1'", "such as :10240"]),
    flags("a port with a plus", &["--web.listen-address=:+0"], &["':+0'", "such as :10240"]),
    flags("a port alone", &["--web.listen-address=10240"], &["'10240'", "such as :10240"]),
    flags("brackets with no host", &["--web.listen-address=[]:0"], &["'[]:0'", "such as :10240"]),
    flags("bare IPv6", &["--web.listen-address=::1:80"], &["'::1:80'", "[::1]:10240"]),
    flags("the second address", &["--web.listen-address=:0,:x"], &["':x'", "such as :10240"]),
    flags("a telemetry path without /", &["--web.telemetry-path=m"], &["web.telemetry-path: `m`", "such as /metrics"]),
    flags("the landing page's path", &["--web.telemetry-path=/"], &["web.telemetry-path: `/`", "not / and nothing"]),
    flags("a path below /-/", &["--web.telemetry-path=/-/ready"], &["web.telemetry-path: `/-/ready`", "below /-/"]),
    flags("a pattern as path", &["--web.telemetry-path=/{a}"], &["web.telemetry-path: `/{a}`", "such as /metrics"]),
    flags("a query in the path", &["--web.telemetry-path=/a?b"], &["web.telemetry-path: `/a?b`", "such as /metrics"]),
    flags("a configuration file that is not there", &["--config.file=none.toml"], &["none.toml", "No such file"]),
    flags("a folder as configuration file", &["--config.file=folder"], &["folder: cannot read", "Is a directory"]),
    flags("a file below a file", &["--config.file=plain/x.toml"], &["plain/x.toml: cannot read", "Not a directory"]),
    flags("a configuration file of no name", &["--config.file="], &["--config.file", "value is required"]),
    flags("a web config that is not there", &["--web.config.file=none.yml"], &["none.yml", "check --web.config.file"]),
    flags("a folder as web config", &["--web.config.file=folder"], &["folder: cannot read the web config file"]),
    flags(
        "no procfs",
        &["--path.procfs=none"],
        &["path.procfs: none holds no process: mount procfs there or name another"],
    ),
    flags("a file as procfs", &["--path.procfs=plain"], &["path.procfs: plain holds no process"]),
];

/// Wrong in the environment.
pub(super) const ENVIRONMENT: &[Case] = &[
    variable("MEMTREND_INTERVAL", "soon", &["'soon'", "interval", "such as 5s"]),
    variable("MEMTREND_INTERVAL", "", &["interval", "such as 5s"]),
    variable("MEMTREND_INTERVAL", "500000000000y", &["(from MEMTREND_INTERVAL)", "longer than 10 years"]),
    variable("MEMTREND_TREND_BLOCK", "0s", &["trend.block: 0s is not between"]),
    variable("MEMTREND_FORGET_AFTER", "-1s", &["'-1s'", "forget-after"]),
    variable("MEMTREND_PID", "1,x", &["'x'", "pid"]),
    variable("MEMTREND_PID", "", &["pid"]),
    variable("MEMTREND_PID_FILE", "a=", &["pid-file", "nothing after the ="]),
    variable("MEMTREND_MATCH", "foo", &["foo: expected NAME=REGEX"]),
    variable("MEMTREND_MATCH", "a=(", &["'a=('", "unclosed group"]),
    variable("MEMTREND_CGROUP", "", &["cgroup"]),
    variable("MEMTREND_UNIT", "=x", &["unit", "no name before the ="]),
    variable("MEMTREND_APPLICATION", "none", &["application: none", "give --match"]),
    variable("MEMTREND_APPLICATION", "all", &["'all'", "auto, none"]),
    variable("MEMTREND_APPLICATION_VERSION", "a=1", &["no flag asks for `a`"]),
    variable("MEMTREND_MAX_APPLICATIONS", "0", &["(from MEMTREND_MAX_APPLICATIONS)", "is not a whole number"]),
    variable("MEMTREND_MAX_APPLICATIONS", "many", &["'many'", "max-applications"]),
    variable("MEMTREND_VERSION_ENV", "A=B", &["version-env: `A=B`"]),
    variable("MEMTREND_WEB_LISTEN_ADDRESS", "here", &["'here'", "such as :10240"]),
    variable("MEMTREND_WEB_TELEMETRY_PATH", "m", &["web.telemetry-path: `m`"]),
    variable("MEMTREND_WEB_CONFIG_FILE", "none.yml", &["none.yml", "No such file"]),
    variable("MEMTREND_WEB_SYSTEMD_SOCKET", "maybe", &["'maybe'", "true, false"]),
    variable("MEMTREND_LOG_LEVEL", "loud", &["'loud'", "debug, info"]),
    variable("MEMTREND_LOG_FORMAT", "xml", &["'xml'", "logfmt, json"]),
    variable("MEMTREND_PATH_PROCFS", "none", &["path.procfs: none holds no process"]),
    variable("MEMTREND_CONFIG_FILE", "folder", &["folder: cannot read", "Is a directory"]),
];

/// Wrong in the web config file; `a` and `b` are certificates with their keys.
pub(super) const WEB: &[Case] = &[
    web("an unknown table", "# c\ntls: {}\n", &["web.yml:2:1: tls: unknown key", "tls_server_config"]),
    web("an unknown key", "tls_server_config:\n  cert: a.pem\n", &["web.yml:2:3: cert: unknown key", "cert_file"]),
    web("no YAML", ": : :\n", &["web.yml:1:1:", "YAML"]),
    web("a password that is no hash", "basic_auth_users:\n  u: secret\n", &["web.yml:2:6:", "expected a bcrypt hash"]),
    web("a certificate without key", "tls_server_config:\n  cert_file: a.pem\n", &["web.yml:2:14:", "set key_file"]),
    web(
        "a key that is not there",
        "tls_server_config:\n  cert_file: a.pem\n  key_file: none.key\n",
        &["web.yml:3:13: tls_server_config.key_file: cannot use none.key: No such file", "expected a PEM private key"],
    ),
    web(
        "a key that cannot be read",
        "tls_server_config:\n  cert_file: a.pem\n  key_file: folder\n",
        &["web.yml:3:13: tls_server_config.key_file: cannot use folder: Is a directory", "expected a PEM private key"],
    ),
    web(
        "a key that is garbage",
        "tls_server_config:\n  cert_file: a.pem\n  key_file: plain\n",
        &["web.yml:3:13: tls_server_config.key_file: cannot use plain", "expected a PEM private key"],
    ),
    web(
        "a certificate that is garbage",
        "tls_server_config:\n  cert_file: plain\n  key_file: a.key\n",
        &["web.yml:2:14: tls_server_config.cert_file: cannot use plain: no certificate in it", "a PEM certificate"],
    ),
    web(
        "a key of another certificate",
        "tls_server_config:\n  cert_file: a.pem\n  key_file: b.key\n",
        &["web.yml:2:14:", "a.pem and b.key cannot be used together", "a certificate and its own private key"],
    ),
    web(
        "a client CA that is garbage",
        "tls_server_config:\n  cert_file: a.pem\n  key_file: a.key\n  client_ca_file: plain\n",
        &["web.yml:4:19: tls_server_config.client_ca_file: cannot use plain", "expected PEM certificates"],
    ),
    web(
        "too old a version",
        "tls_server_config:\n  cert_file: a.pem\n  key_file: a.key\n  min_version: TLS10\n",
        &["web.yml:4:16:", "TLS10 is refused", "write TLS12 or TLS13"],
    ),
];

/// Wrong only where it is started: a check on another machine passes.
pub(super) const AT_START: &[Case] = &[
    flags("a pid that is not there", &["--pid=4194304"], &["--pid 4194304: no such process here", "/proc/4194304"]),
    flags("a named pid above pid_max", &["--pid=a=4194305"], &["--pid", "`4194305` is not a pid"]),
    flags(
        "no sockets",
        &["--web.systemd-socket"],
        &["web.systemd-socket: systemd has passed no socket", ".socket unit"],
    ),
    flags(
        "an address of another machine",
        &["--web.listen-address=203.0.113.1:0"],
        &["web.listen-address: cannot listen on 203.0.113.1:0", "that is not an address of this machine"],
    ),
];
