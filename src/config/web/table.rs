//! Web config files which must be taken, and which must not, with the exact line.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use super::WebConfig;

const HASH: &str = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";
const PAIR: &str = "tls_server_config:\n  cert_file: a.pem\n  key_file: a.key\n";
const SUITES: &str = "TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";

/// PAIR stands for a certificate with its key, HASH for a bcrypt hash.
const GOOD: &[&str] = &[
    "",
    "# nothing\n",
    "{}\n",
    "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\n",
    "http_server_config:\n  http2: true\n",
    "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=1; preload\n    X-Content-Type-Options: nosniff\n    X-Frame-Options: sameorigin\n    X-XSS-Protection: 1; mode=block\n    Content-Security-Policy: >-\n      default-src 'self';\n      img-src 'self' *?x\n",
    "basic_auth_users:\n  alice: HASH\n  \"bob\": 'HASH'\n",
    "basic_auth_users: {}\n",
    "# don't: *mind\nhttp_server_config: {headers: {Content-Security-Policy: \"img-src data: *?\"}}\n",
    "PAIR",
    "PAIR  client_auth_type: NoClientCert\n",
    "PAIR  client_auth_type: RequestClientCert\n",
    "PAIR  client_auth_type: RequireAnyClientCert\n  client_ca_file: a.pem\n",
    "PAIR  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: a.pem\n",
    "PAIR  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ./a.pem\n",
    "PAIR  min_version: TLS13\n  prefer_server_cipher_suites: false\n",
    "PAIR  min_version: TLS12\n  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n",
    "PAIR  cipher_suites:\n    - SUITES\n",
    "PAIR  curve_preferences: [X25519, CurveP256, CurveP384]\n",
];

/// A file, and what is said of it after its folder's path.
const BAD: &[(&str, &str)] = &[
    (
        "tls_config: {}\n",
        "web.yml:1:1: tls_config: unknown key; expected one of tls_server_config, http_server_config, basic_auth_users",
    ),
    ("http_server_config:\n  http3: true\n", "web.yml:2:3: http3: unknown key; expected one of http2, headers"),
    (
        "PAIR  client_allowed_sans: [a]\n",
        "web.yml:4:3: client_allowed_sans: unknown key; expected one of cert_file, key_file, client_auth_type, client_ca_file, cipher_suites, curve_preferences, min_version, max_version, prefer_server_cipher_suites",
    ),
    ("http_server_config:\n  http2: 1\n", "web.yml:2:10: http2: invalid boolean (true or false expected)"),
    (
        "http_server_config:\n  http2: \"true\"\n",
        "web.yml:2:10: http_server_config.http2: not a boolean; write true or false, without quotes",
    ),
    ("[]\n", "web.yml:1:1: expected mapping start"),
    ("basic_auth_users:\n  a: HASH\n  a: HASH\n", "web.yml:3:3: a: duplicate mapping key: a not allowed here"),
    ("%YAML 1.2\n---\n{}\n", "web.yml:1:1: not all exporters understand this YAML; remove this line"),
    (
        "tls_server_config:\n  cert_file: a.pem\n",
        "web.yml:2:14: tls_server_config.cert_file: needs key_file, which is not set; set key_file or remove this key",
    ),
    (
        "tls_server_config:\n  key_file: a.key\n",
        "web.yml:2:13: tls_server_config.key_file: needs cert_file, which is not set; set cert_file or remove this key",
    ),
    (
        "tls_server_config:\n  min_version: TLS13\n",
        "web.yml:2:16: tls_server_config.min_version: needs cert_file, which is not set; set cert_file or remove this key",
    ),
    (
        "PAIR  min_version: TLS10\n",
        "web.yml:4:16: tls_server_config.min_version: TLS10 is refused, memtrend speaks TLS 1.2 and newer; write TLS12 or TLS13",
    ),
    (
        "PAIR  max_version: TLS14\n",
        "web.yml:4:16: tls_server_config.max_version: unknown value \"TLS14\"; write one of TLS12, TLS13",
    ),
    (
        "PAIR  min_version: TLS13\n  max_version: TLS12\n",
        "web.yml:5:16: tls_server_config.max_version: max_version is below min_version; write a max_version of TLS13",
    ),
    (
        "PAIR  client_auth_type: Maybe\n",
        "web.yml:4:21: tls_server_config.client_auth_type: unknown value \"Maybe\"; write one of NoClientCert, RequestClientCert, RequireAnyClientCert, RequireClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert",
    ),
    (
        "PAIR  client_ca_file: a.pem\n",
        "web.yml:4:19: tls_server_config.client_ca_file: client certificates are not asked for; set client_auth_type to RequireAndVerifyClientCert or remove this key",
    ),
    (
        "PAIR  client_ca_file: a.pem\n  client_auth_type: NoClientCert\n",
        "web.yml:4:19: tls_server_config.client_ca_file: client certificates are not asked for; set client_auth_type to RequireAndVerifyClientCert or remove this key",
    ),
    (
        "PAIR  client_auth_type: RequireAndVerifyClientCert\n",
        "web.yml:4:21: tls_server_config.client_auth_type: needs client_ca_file, which is not set; set client_ca_file or remove this key",
    ),
    (
        "PAIR  client_auth_type: RequestClientCert\n  client_ca_file: a.key\n",
        "web.yml:5:19: tls_server_config.client_ca_file: cannot use DIR/a.key: no certificate in it; expected PEM certificates of one or more CAs",
    ),
    (
        "PAIR  cipher_suites: [TLS_INVENTED]\n",
        "web.yml:4:19: tls_server_config.cipher_suites: unknown value \"TLS_INVENTED\"; write one of SUITES",
    ),
    (
        "PAIR  cipher_suites:\n    - TLS_RSA_WITH_AES_128_CBC_SHA\n",
        "web.yml:5:7: tls_server_config.cipher_suites: memtrend does not speak TLS_RSA_WITH_AES_128_CBC_SHA; write one of SUITES",
    ),
    (
        "PAIR  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n",
        "web.yml:5:18: tls_server_config.cipher_suites: lists no TLS 1.2 suite but max_version is TLS12; add one of TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
    (
        "PAIR  curve_preferences: [CurveP521]\n",
        "web.yml:4:23: tls_server_config.curve_preferences: memtrend does not speak CurveP521; write one of CurveP256, CurveP384, X25519",
    ),
    (
        "tls_server_config:\n  cert_file: a.key\n  key_file: a.pem\n",
        "web.yml:2:14: tls_server_config.cert_file: cannot use DIR/a.key: no certificate in it; expected a PEM certificate",
    ),
    (
        "tls_server_config:\n  cert_file: a.pem\n  key_file: none.key\n",
        "web.yml:3:13: tls_server_config.key_file: cannot use DIR/none.key: No such file or directory (os error 2); expected a PEM private key",
    ),
    (
        "tls_server_config:\n  cert_file: a.pem\n  key_file: b.key\n",
        "web.yml:2:14: tls_server_config.cert_file: DIR/a.pem and DIR/b.key cannot be used together: keys may not be consistent: KeyMismatch; expected a certificate and its own private key (RSA of 2048 bits or more, P-256, P-384 or Ed25519)",
    ),
    (
        "http_server_config:\n  headers:\n    x-frame-options: deny\n",
        "web.yml:3:22: http_server_config.headers.x-frame-options: this header cannot be configured; expected one of Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection, Content-Security-Policy",
    ),
    (
        "http_server_config:\n  headers:\n    X-Frame-Options: DENY\n",
        "web.yml:3:22: http_server_config.headers.X-Frame-Options: bad value \"DENY\"; expected deny or sameorigin",
    ),
    (
        "http_server_config:\n  headers:\n    Content-Security-Policy: |\n      a\n",
        "web.yml:4:7: http_server_config.headers.Content-Security-Policy: bad value \"a\\n\"; expected one line of visible characters",
    ),
    (
        "basic_auth_users:\n  alice: secret\n",
        "web.yml:2:10: basic_auth_users.alice: not a bcrypt hash; expected a bcrypt hash of cost 4 to 18, as `htpasswd -nBC 10 USER` prints it",
    ),
    (
        "basic_auth_users:\n  alice: $2y$03$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi\n",
        "web.yml:2:10: basic_auth_users.alice: its cost is 3; expected a bcrypt hash of cost 4 to 18, as `htpasswd -nBC 10 USER` prints it",
    ),
];

fn make_pairs(dir: &Path) {
    for name in ["a", "b"] {
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"])
            .args(["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=test"])
            .args(["-keyout", &format!("{name}.key")])
            .args(["-out", &format!("{name}.pem")])
            .current_dir(dir)
            .output();
        assert!(made.unwrap().status.success());
    }
}

fn write(dir: &Path, text: &str) -> std::path::PathBuf {
    let file = dir.join("web.yml");
    let text = text.replace("PAIR", PAIR).replace("HASH", HASH);
    let text = text.replace("SUITES", &SUITES.replace(", ", "\n    - "));
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn good_files_are_taken_by_memtrend_and_by_promtool() {
    let dir = tempfile::tempdir().unwrap();
    make_pairs(dir.path());
    for text in GOOD {
        let file = write(dir.path(), text);
        let loaded = WebConfig::load(&file);
        assert!(loaded.is_ok(), "{text}: {}", loaded.unwrap_err());
        let mut promtool = Command::new("promtool");
        let Ok(checked) = promtool.args(["check", "web-config"]).arg(&file).output() else {
            continue;
        };
        assert!(checked.status.success(), "{text}: {checked:?}");
    }
}

#[test]
fn bad_files_are_refused_with_one_clear_line() {
    let dir = tempfile::tempdir().unwrap();
    make_pairs(dir.path());
    let folder = dir.path().display().to_string();
    for (text, expected) in BAD {
        let error = WebConfig::load(&write(dir.path(), text)).unwrap_err();
        let line = error.to_string().replace(&folder, "DIR");
        let expected = expected.replace("SUITES", SUITES);
        assert_eq!(line, format!("DIR/{expected}"), "{text}");
    }
}

#[test]
fn what_the_file_says_is_what_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    make_pairs(dir.path());
    let text = "PAIR  cipher_suites: [TLS_AES_128_GCM_SHA256]\nhttp_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: deny\nbasic_auth_users:\n  alice: HASH\n";
    let mut files = Vec::new();
    let config = WebConfig::load_listing(&write(dir.path(), text), &mut files).unwrap();
    assert!(config.asks_for_http2);
    assert_eq!(config.headers.first().unwrap().1, "deny");
    assert_eq!(config.users.get("alice").unwrap().cost, 10);
    // Only TLS 1.3 suites are listed: there are three, and none of TLS 1.2.
    assert_eq!(config.tls.unwrap().protocol.cipher_suites.len(), 3);
    let names = ["web.yml", "a.pem", "a.key"].map(|name| dir.path().join(name));
    assert_eq!(files, names);
    assert!(WebConfig::load(Path::new("no/such.yml")).is_err());
}
