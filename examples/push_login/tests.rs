//! The example as a newcomer runs it: it ends well, and what it prints shows no secret but those that it is about.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "device.rs"]
mod device;
#[path = "interactive.rs"]
mod interactive;
#[path = "options.rs"]
mod options;
#[path = "refusals.rs"]
mod refusals;
#[path = "screen.rs"]
mod screen;
#[path = "server.rs"]
mod server;
#[path = "story.rs"]
mod story;

use std::{fs, path::Path};

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use options::Options;
use pushotp::{KeyEncryptionKey, SoftwareKek, provision::enrolment, store::Store};
use pushotp_store_sqlite::SqliteStore;

/// Every form in which bytes could be printed.
fn forms(secret: &[u8]) -> Vec<String> {
    let decimal: Vec<String> = secret.iter().map(u8::to_string).collect();
    let encoded =
        [HEXLOWER, BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD].map(|form| form.encode(secret).to_lowercase());
    encoded.into_iter().chain([decimal.join(", "), decimal.join(",")]).collect()
}

/// The secrets of the tokens, out of the server's database.
fn token_secrets(db: &Path, kek: [u8; 32]) -> Vec<Vec<u8>> {
    let (store, kek) = (SqliteStore::open(db).unwrap(), SoftwareKek::from_bytes(kek));
    let page = pollster::block_on(store.scan(None, 100)).unwrap();
    let secrets = page.iter().filter(|(key, _)| key.as_bytes().starts_with(b"secret/"));
    // A CBOR byte string of 32 bytes: two bytes of head.
    secrets.map(|(key, stored)| kek.open(key.as_bytes(), &stored.value).unwrap().split_off(2)).collect()
}

fn run(options: &Options) -> String {
    let mut out = Vec::new();
    story::tell(options, &mut screen::Screen::new(&mut out, options.quiet)).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_story_holds_and_prints_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (db, state) = (folder.path().join("login.db"), folder.path().join("device.state"));
    let options = Options { db: Some(db.clone()), device: Some(state.clone()), ..Options::default() };
    let out = run(&options);
    for step in
        ["server", "enrolment", "login", "wrong PIN", "same approval again", "wrong number", "deny, then report"]
    {
        assert!(out.contains(&format!("ok      {step}:")), "{step}\n{out}");
    }
    for step in ["approval after expiry", "altered in one bit", "push switched off", "typed passcode, twice", "all"] {
        assert!(out.contains(&format!("ok      {step}:")), "{step}\n{out}");
    }

    // The provisioning URI is a secret that is meant to be shown, on one line of its own.
    let uri = out.lines().find_map(|line| Some(line.split_once("pushotp://enrol#")?.1)).unwrap();
    let offer = enrolment::parse(&format!("pushotp://enrol#{uri}")).unwrap();
    let mut secrets = vec![offer.psk.to_vec()];
    for file in ["login.db.keys", "device.state.keys"] {
        let keys = fs::read(folder.path().join(file)).unwrap();
        secrets.extend(keys.chunks_exact(32).map(<[u8]>::to_vec));
    }
    let kek = <[u8; 32]>::try_from(secrets.get(2).unwrap().as_slice()).unwrap();
    secrets.push(fs::read(&state).unwrap());
    secrets.extend(token_secrets(&db, kek));
    assert_eq!(secrets.len(), 8);
    let shown: String = out.lines().filter(|line| !line.contains("pushotp://enrol#")).collect::<Vec<_>>().join("\n");
    for form in secrets.iter().flat_map(|secret| forms(secret)) {
        assert!(!shown.to_lowercase().contains(&form), "a secret is printed");
    }
    for pin in [story::PIN, "271847"] {
        assert!(!shown.contains(pin), "a PIN is printed");
    }
    // The negative control: the scan finds the one secret that is shown.
    assert!(out.to_lowercase().contains(&uri.to_lowercase()));
    assert!(
        forms(&BASE64URL_NOPAD.decode(uri.as_bytes()).unwrap()).iter().any(|form| out.to_lowercase().contains(form))
    );

    // A second run finds the first one's user in the file, and will not replace somebody's device.
    assert!(story::tell(&options, &mut screen::Screen::new(&mut Vec::new(), true)).is_err());
    fs::remove_file(&state).unwrap();
    assert!(run(&options).contains("user alice2"));
}

#[test]
fn quiet_is_one_line_per_step() {
    let out = run(&Options { quiet: true, ..Options::default() });
    assert_eq!(out.lines().count(), 12);
    assert!(out.lines().all(|line| line.starts_with("  ok      ")), "{out}");
}

#[test]
fn an_unknown_option_is_explained() {
    let usage = Options::parse(["--what".to_owned()].into_iter()).unwrap_err();
    assert!(usage.contains("--interactive"));
    assert!(Options::parse(["--db".to_owned()].into_iter()).is_err());
}
