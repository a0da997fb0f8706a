use std::{fs, path::Path};

use data_encoding::BASE64;
use serde_json::Value;

use super::inspect;

/// An encrypted export of the crate's vectors.
fn export(id: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/pushotp-provision/tests/vectors/backups.json");
    let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let case = file["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap().clone();
    BASE64.decode(case["input"].as_str().unwrap().as_bytes()).unwrap()
}

#[test]
fn a_password_in_a_file_opens_an_export() {
    let folder = tempfile::tempdir().unwrap();
    let (password, backup) = (folder.path().join("password"), folder.path().join("backup"));
    fs::write(&backup, export("aegis")).unwrap();
    let run = |text: &str| {
        fs::write(&password, text).unwrap();
        inspect(&["--password-file".as_ref(), password.as_os_str(), backup.as_os_str()], "")
    };
    for text in ["correct horse", "correct horse\n", "correct horse\r\nmore\n"] {
        let ended = run(text);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.objects().len(), 2);
        assert_eq!(ended.objects()[0]["format"], "aegis-encrypted");
        // A test's key derivation is cheap, which the program says once.
        assert_eq!(ended.stderr, "inspect: the key derivation is weak\n");
    }
    let ended = run("incorrect horse");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.starts_with("inspect: the password or key does not open the file\n"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("horse"));
}

#[test]
fn an_export_without_its_password_is_explained() {
    let ended = inspect(&["-"], export("ente"));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.contains("needs a password") && ended.stderr.contains("Ente Auth"), "{}", ended.stderr);
}
