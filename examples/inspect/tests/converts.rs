use super::{BASE32, inspect, two};

const KEY: &str = "12345678901234567890123456789012";

/// Tokens that every target can express.
fn hardware() -> String {
    format!("otpauth://totp/alice?secret={BASE32}&serial=1001\notpauth://totp/bob?secret={BASE32}&serial=1002\n")
}

#[test]
fn what_is_written_is_read_again() {
    for (to, format) in [
        ("otpauth", "uri-list"),
        ("pskc", "pskc"),
        ("oath-csv", "oath-csv"),
        ("entra-csv", "entra-csv"),
        ("duo-csv", "duo-csv"),
    ] {
        let written = inspect(&["--to", to, "-"], hardware());
        assert_eq!(written.code, Some(0), "{to}: {written:?}");
        let read = inspect(&["--show-secrets", "-"], &written.stdout);
        assert_eq!(read.code, Some(0), "{to}: {read:?}");
        assert_eq!(read.objects().len(), 2, "{to}");
        for (object, serial) in read.objects().iter().zip(["1001", "1002"]) {
            assert_eq!((&object["format"], &object["secret"]), (&format.into(), &BASE32.into()), "{to}");
            assert_eq!(object["serial"], serial, "{to}");
        }
    }
    assert_eq!(inspect(&["--to=json", "-"], hardware()).stdout, inspect(&["-"], hardware()).stdout);
}

#[test]
fn a_key_encrypts_the_container() {
    let key = format!("--key-hex={KEY}");
    let written = inspect(&["--to=pskc", &key, "-"], hardware());
    assert_eq!((written.code, written.stderr.as_str()), (Some(0), ""));
    assert!(written.stdout.contains("EncryptedValue") && !written.stdout.contains("PlainValue>MTIz"));
    let read = inspect(&[&key, "--policy=server", "--show-secrets", "-"], &written.stdout);
    assert!(read.objects().iter().all(|object| object["secret"] == BASE32), "{read:?}");
    // Without it, each record is refused.
    let locked = inspect(&["-"], &written.stdout);
    assert_ne!(locked.code, Some(0), "{locked:?}");
    assert!(!locked.stdout.contains(BASE32));
}

#[test]
fn what_the_target_cannot_express_is_named_and_left_out() {
    // The second one has no serial number.
    let ended = inspect(&["--to=duo-csv", "-"], two());
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(1), 1), "{ended:?}");
    let ended = inspect(&["--to=duo-csv", "-"], hardware() + "steam://GEZDGNBVGY3TQOJQ\nnonsense\n");
    assert_eq!((ended.code, ended.stdout.lines().count()), (Some(1), 2), "{ended:?}");
    let said: Vec<&str> = ended.stderr.lines().collect();
    assert!(said.iter().any(|line| line.starts_with("inspect: line 3: the format cannot express")), "{said:?}");
    assert!(said.iter().any(|line| line.starts_with("inspect: line 4: ")), "{said:?}");
}
