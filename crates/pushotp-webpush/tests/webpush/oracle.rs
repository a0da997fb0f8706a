//! Against independent implementations: PyPI's `http_ece` and `py-vapid`.
//!
//! Skipped where `PYTHON`, or else the system's, does not have them; an error where `PUSHOTP_REQUIRE_DATA` is set, as in CI.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use data_encoding::BASE64URL_NOPAD;
use pushotp_webpush::{Endpoint, EndpointRules, Opened};
use pushotp_wire::notify::PushMessage;
use serde_json::{Value, json};

use crate::fixture::{CREATED, NOW, Service, address, keys, notify, on_loopback};

const PACKAGES: [&str; 2] = ["http_ece", "py-vapid"];

/// Python with the packages: that of `PYTHON`, else the system's.
fn python() -> Option<PathBuf> {
    let python = PathBuf::from(std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into()));
    let mut probe = Command::new(&python);
    probe.args(["-c", "import http_ece, py_vapid"]).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success()).then_some(python)
}

fn ask(python: &Path, cases: &[Value]) -> Vec<Value> {
    let asked = Path::new(env!("CARGO_TARGET_TMPDIR")).join("webpush-oracle.jsonl");
    std::fs::write(&asked, cases.iter().map(|case| case.to_string() + "\n").collect::<String>()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/webpush/oracle.py");
    let output = Command::new(python).arg(script).stdin(File::open(asked).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

/// Lengths around each step of the padding.
const LENGTHS: [usize; 10] = [0, 1, 384, 511, 512, 1023, 1024, 2047, 2048, 3993];

fn data(length: usize) -> Vec<u8> {
    (0..length).map(|place| u8::try_from(place % 251).unwrap()).collect()
}

#[test]
fn others_read_what_we_send_and_we_read_what_others_send() {
    let Some(python) = python() else {
        assert!(std::env::var_os("PUSHOTP_REQUIRE_DATA").is_none(), "no Python with {PACKAGES:?}");
        println!("skipped: no Python with {PACKAGES:?}");
        return;
    };
    let service = Service::answering(CREATED);
    for length in LENGTHS {
        notify(&on_loopback(), &address(&service.url()), PushMessage::Sealed(&data(length))).unwrap();
    }
    let (asked, exposed) = (service.asked(), keys().expose());
    let base64 = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let (private, auth) = (base64(&exposed[..32]), base64(&exposed[32..]));
    let endpoint = Endpoint::parse("https://push.example.net/7", EndpointRules::default()).unwrap();
    let public = base64(&keys().subscription(endpoint).to_push_address().unwrap().addr()[..65]);

    let decrypt = asked
        .iter()
        .map(|asked| json!({"do": "decrypt", "private": private, "auth": auth, "body": base64(&asked.body)}));
    let encrypt =
        LENGTHS.map(|length| json!({"do": "encrypt", "public": public, "auth": auth, "data": base64(&data(length))}));
    let authorization = asked[0].header("Authorization").unwrap();
    // The control: the same claims under another signature.
    let signature = authorization.rfind('.').unwrap() + 1;
    let mut forged = authorization.to_owned();
    let other = if forged[signature..].starts_with('A') { "B" } else { "A" };
    forged.replace_range(signature..=signature, other);
    let vapid = [authorization, &forged].map(|text| json!({"do": "vapid", "authorization": text}));
    let answers = ask(&python, &decrypt.chain(encrypt).chain(vapid).collect::<Vec<_>>());

    let field = |answer: &Value, name: &str| BASE64URL_NOPAD.decode(answer[name].as_str().unwrap().as_bytes()).unwrap();
    for (answer, length) in answers.iter().zip(LENGTHS) {
        assert_eq!(field(answer, "data"), data(length));
    }
    // Of no data theirs makes no record.
    for (answer, length) in answers[LENGTHS.len()..].iter().zip(LENGTHS).filter(|(_, length)| *length > 0) {
        let opened = keys().open(&field(answer, "body"));
        assert_eq!(opened, Ok(Opened::Sealed(data(length))), "{length}");
    }
    let origin = format!("http://{}", service.at);
    let claims = json!({"aud": origin, "exp": NOW.as_secs() + 3600, "sub": "mailto:push@example.com"});
    let verified = |verified: bool| json!({"verified": verified, "claims": claims});
    assert_eq!(answers[2 * LENGTHS.len()..], [verified(true), verified(false)]);
}
