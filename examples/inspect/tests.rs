//! The built program: what it prints, how it ends, and what it never prints.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "tests/converts.rs"]
mod converts;
#[path = "tests/opens.rs"]
mod opens;
#[path = "tests/refuses.rs"]
mod refuses;

use std::{
    env,
    ffi::OsStr,
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

/// The key of RFC 4226, appendix D.
const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// How a run ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn objects(&self) -> Vec<Value> {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// The program itself, which is built with the tests, with something to read.
fn inspect<S: AsRef<OsStr>>(arguments: &[S], input: impl AsRef<[u8]>) -> Ended {
    let test = env::current_exe().unwrap();
    let name = format!("inspect{}", env::consts::EXE_SUFFIX);
    let program = test.ancestors().nth(2).unwrap().join("examples").join(name);
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the example is built: cargo test does");
    // A program that ends without reading all of its input is none the worse for it.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    let output = child.wait_with_output().unwrap();
    let utf8 = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: utf8(output.stdout), stderr: utf8(output.stderr) }
}

/// A list of two tokens.
fn two() -> String {
    format!(
        "otpauth://totp/Shop:alice?secret={BASE32}&issuer=Bank&serial=17\notpauth://hotp/bob?secret={BASE32}&counter=7&algorithm=SHA256&digits=8\n"
    )
}

#[test]
fn an_object_has_these_keys_in_this_order() {
    let ended = inspect(&["-"], two());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let lines = [
        r#"{"format":"uri-list","type":"totp","issuer":"Bank","label_issuer":"Shop","account":"alice","algorithm":"SHA1","digits":6,"period":30,"serial":"17","warnings":["the label names another issuer than the parameter"]}"#,
        r#"{"format":"uri-list","type":"hotp","account":"bob","algorithm":"SHA256","digits":8,"counter":7,"warnings":[]}"#,
    ];
    assert_eq!(ended.stdout, format!("[\n{},\n{}\n]\n", lines[0], lines[1]));
}

#[test]
fn a_secret_is_shown_on_demand_only() {
    let shown = inspect(&["--show-secrets", "-"], two());
    assert!(shown.objects().iter().all(|object| object["secret"] == BASE32));
    let hidden = inspect(&["-"], two());
    assert!(hidden.objects().iter().all(|object| object.get("secret").is_none()));
    assert!(!hidden.stdout.contains(&BASE32[..8]) && !hidden.stderr.contains(&BASE32[..8]));
}

#[test]
fn one_refused_record_costs_an_exit_status_and_no_other_record() {
    let ended = inspect(&["-"], two() + "otpauth://totp/x?secret=1\n");
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    let refused = json!({"format": "uri-list", "warnings": [], "error": "the secret is not base32 at its byte 0"});
    assert_eq!(ended.objects()[2], refused);
    assert_eq!(ended.objects().len(), 3);
}

#[test]
fn the_policies_differ() {
    let uri = "otpauth://hotp/alice?secret=GEZDGNBVGY3TQOJQ";
    let app = inspect(&["--policy=app", "-"], uri);
    assert_eq!((app.code, app.objects()[0]["counter"].as_u64()), (Some(0), Some(0)));
    let server = inspect(&["--policy", "server", "-"], uri);
    assert_eq!((server.code, server.objects()[0]["error"].as_str()), (Some(1), Some("the counter is missing")));
}

/// A terminal shows a name as it is, and a JSON parser too.
#[test]
fn what_would_deceive_is_escaped() {
    let ended = inspect(&["-"], format!("otpauth://totp/%E2%80%AEmoc.liam%22%5C%0A%C3%A9?secret={BASE32}"));
    assert_eq!(ended.objects()[0]["account"], "\u{202e}moc.liam\"\\\n\u{e9}");
    assert!(ended.stdout.contains(r#""\u202emoc.liam\"\\\u000aé""#), "{}", ended.stdout);
}

#[test]
fn kinds_that_are_none_of_oath() {
    for (input, expect) in [
        (
            "steam://GEZDGNBVGY3TQOJQ".to_owned(),
            json!({"format": "steam", "type": "steam", "account": "", "algorithm": "SHA1", "digits": 5, "period": 30}),
        ),
        (
            "motp://x:alice?secret=0123456789abcdef".to_owned(),
            json!({"format": "motp", "type": "motp", "issuer": "x", "label_issuer": "x", "account": "alice", "algorithm": "MD5", "digits": 6, "period": 10}),
        ),
        (
            format!(
                "otpauth://pipush/PIPU0001?url=https%3A//example.com/ttype/push&ttl=10&issuer=x&enrollment_credential=9311ee50678983c0f29d3d843f86e39405e2b427&v=1&serial=PIPU0001&sslverify=1&{BASE32}"
            ),
            json!({"format": "privacyidea-push", "type": "push", "issuer": "x", "account": "PIPU0001", "serial": "PIPU0001"}),
        ),
    ] {
        let ended = inspect(&["-"], &input);
        let mut object = ended.objects().remove(0);
        object.as_object_mut().unwrap().remove("warnings");
        assert_eq!((ended.code, object), (Some(0), expect), "{input}");
    }
}
