//! What the program is started with, and what it keeps.

use std::{fs, time::Duration};

use pollster::block_on;
use pushotp::ServerPolicy;

use crate::{
    keys::{self, Keys},
    options::Options,
    site::Site,
    start::{Ready, start},
    store::{file_of, open_store},
};

#[test]
fn what_makes_no_sense_is_explained() {
    for arguments in [&["--what"][..], &["--db"], &["--db", ""], &["--listen", "here"], &["--url"], &["--keys"]] {
        refused(arguments);
    }
    let options = Options::parse(["--listen", "127.0.0.1:0", "--verbose"].into_iter().map(String::from)).unwrap();
    assert_eq!((options.db.as_str(), options.listen.port(), options.verbose), ("login_server.db", 0, true));
    assert_eq!(options.policy, ServerPolicy::default());
}

fn refused(arguments: &[&str]) {
    let usage = Options::parse(arguments.iter().map(ToString::to_string)).unwrap_err();
    assert!(usage.contains("--listen"), "{arguments:?}");
}

#[test]
fn how_long_things_are_open_has_an_end() {
    for (option, longest) in [("--challenge-seconds", 600), ("--offer-seconds", 3600)] {
        for seconds in [1, longest] {
            let arguments = [option.to_owned(), seconds.to_string()];
            let policy = Options::parse(arguments.into_iter()).unwrap().policy;
            let life = if longest == 600 { policy.challenge_life } else { policy.offer_life };
            assert_eq!(life, Duration::from_secs(seconds));
        }
        for seconds in ["0", "-1", "1.5", "two", &(longest + 1).to_string()] {
            refused(&[option, seconds]);
        }
        refused(&[option]);
    }
}

#[test]
fn the_public_address_must_be_one_that_nobody_can_listen_to() {
    let (loopback, everywhere) = (([127, 0, 0, 1], 8088).into(), ([0, 0, 0, 0], 8088).into());
    assert!(Site::new(loopback, None).is_ok());
    assert!(Site::new(everywhere, None).is_err(), "without TLS other machines must not see it");
    for url in [
        "https://login.example.com",
        "https://login.example.com/",
        "https://a.example:8443",
        "http://localhost:80",
        "http://[::1]:8088",
    ] {
        assert!(Site::new(everywhere, Some(url)).is_ok(), "{url}");
    }
    for url in
        ["http://login.example.com", "login.example.com", "https://a.example/b", "ftp://a.example", "", "https://"]
    {
        assert!(Site::new(loopback, Some(url)).is_err(), "{url}");
    }
    let site = Site::new(loopback, Some("https://login.example.com/")).unwrap();
    assert_eq!(site.device_url(), "https://login.example.com/push");
    assert_eq!(Site::new(loopback, None).unwrap().device_url(), "https://127.0.0.1:8088/push");
}

#[test]
fn a_store_is_named_by_a_path_or_a_url() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("login.db");
    let path = path.to_str().unwrap();
    for url in [path.to_owned(), format!("sqlite:{path}")] {
        assert_eq!(file_of(&url).unwrap().to_str(), Some(path));
        assert!(block_on(open_store(&url)).is_ok(), "{url}");
        assert_eq!(keys::file_of(&url, None).unwrap().to_str().unwrap(), format!("{path}.keys"));
    }
    assert!(block_on(open_store("mysql://localhost/x")).is_err());
    assert!(keys::file_of("postgres://localhost/x", None).is_err());
    assert!(keys::file_of("postgres://localhost/x", Some("k".into())).is_ok());
}

#[test]
fn the_keys_are_made_once_and_for_their_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("login.db.keys");
    assert!(Keys::open(&path, false).is_err(), "an old database without its keys");
    assert!(!path.exists());
    let first = Keys::open(&path, true).unwrap();
    let again = Keys::open(&path, false).unwrap();
    assert_eq!(first.server.public_key().as_bytes(), again.server.public_key().as_bytes());
    assert_eq!(first.kek.mac(b"a", b"b"), again.kek.mac(b"a", b"b"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Keys::open(&path, false).is_err(), "the group can read it");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    fs::write(&path, [7; 63]).unwrap();
    assert!(Keys::open(&path, false).is_err(), "too short");
}

/// Two servers on one file, as a newcomer starts them.
#[tokio::test]
async fn two_lines_tell_where_it_is_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("login.db");
    let options = |more: &[&str]| {
        let first = ["--db", db.to_str().unwrap(), "--listen", "127.0.0.1:0"];
        Options::parse(first.iter().chain(more).map(ToString::to_string)).unwrap()
    };
    let Ready { listener, app, lines: [address, next] } = start(options(&[])).await.unwrap();
    assert_eq!(address, format!("http://{}/", listener.local_addr().unwrap()));
    for part in ["alice", "wonderland", "operator", "looking-glass", "/push", "/operator"] {
        assert!(next.contains(part), "{part}: {next}");
    }
    assert!(!next.contains('\n'));
    let second = start(options(&[])).await.unwrap();
    let alice = pushotp::AccountId::new("alice").unwrap();
    let tokens = app.login.tokens(&alice).await.unwrap();
    assert_eq!(tokens, second.app.login.tokens(&alice).await.unwrap());
    assert_eq!(tokens.len(), 2);

    // In public the passwords are nobody's but those of whoever started it, and told once.
    let keys = folder.path().join("public.keys");
    let public = folder.path().join("public.db");
    let url =
        ["--db", public.to_str().unwrap(), "--keys", keys.to_str().unwrap(), "--url", "https://login.example.com"];
    let Ready { lines: [address, next], .. } = start(options(&url)).await.unwrap();
    assert_eq!(address, "https://login.example.com/");
    assert!(next.contains("with the password") && !next.contains("wonderland") && !next.contains("looking-glass"));
    let Ready { lines: [_, next], .. } = start(options(&url)).await.unwrap();
    assert!(!next.contains("password"), "{next}");
    assert!(keys.exists());
}
