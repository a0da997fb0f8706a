//! The figures of RFC 6030.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use data_encoding::HEXLOWER;
use pushotp_provision::{
    Entry, Error, Mac, Part, Policy, Unlock, Warning,
    pskc::{self, Key, KeyContainer},
    read,
};
use serde_json::Value;

fn figure(id: &str) -> String {
    fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/rfc6030").join(id).with_extension("xml"),
    )
    .unwrap()
}

fn holds(key: &Key, name: &str, value: &Value) -> bool {
    let expected = value.as_str().unwrap_or_default();
    match (name, &key.record.result) {
        ("error", Err(error)) => error.to_string() == expected,
        ("type", Ok(Entry::Credential(credential))) => credential.kind().name() == expected,
        ("digits", Ok(Entry::Credential(credential))) => *value == credential.digits().get(),
        ("secret_hex", Ok(Entry::Credential(credential))) => HEXLOWER.encode(credential.secret().expose()) == expected,
        (name, _) => key.field(name) == Some(expected),
    }
}

#[test]
fn every_figure_is_read() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/rfc6030.json")).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let key = case["key_hex"].as_str().map(|hex| HEXLOWER.decode(hex.as_bytes()).unwrap());
        let mut unlock = case["passphrase"].as_str().map_or(Unlock::none(), |word| Unlock::none().password(word));
        if let Some(key) = &key {
            unlock = unlock.key(key);
        }
        let container = pskc::parse(figure(id).as_bytes(), &Policy::app(), &unlock).unwrap();
        let expected = case["keys"].as_array().unwrap();
        assert_eq!(container.keys.len(), expected.len(), "{id}");
        for (key, expected) in container.keys.iter().zip(expected) {
            for (name, value) in expected.as_object().unwrap() {
                assert!(holds(key, name, value), "{id}: {name} is not {value}: {key:?}");
            }
        }
    }
}

const KEY: [u8; 16] = [0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12];

fn first_error(container: Result<KeyContainer, Error>) -> Option<Error> {
    match container {
        Ok(container) => container.keys.into_iter().next().unwrap().record.result.err(),
        Err(error) => Some(error),
    }
}

/// A figure with one thing changed, and what comes of it with the app's policy.
#[test]
fn one_defect_one_error() {
    let six = figure("figure6");
    let mac = six[six.find("<ValueMAC>").unwrap()..six.find("</Secret>").unwrap()].to_owned();
    let cases: [(&str, &str, Option<Error>); 17] = [
        ("Id=\"12345678\"", "Id=\"12345679\"", None),
        // A declared MAC may not be taken away.
        (&mac, "", Some(Error::MacMissing)),
        (&mac, "<ValueMAC>AAAA</ValueMAC>", Some(Error::Mac)),
        (&mac, "<ValueMAC>?</ValueMAC>", Some(Error::Base64)),
        ("AAECAwQ", "AAECAwU", Some(Error::Mac)),
        // No ciphertext at all: the MAC is looked at before the padding.
        ("AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv", "AAAA", Some(Error::Mac)),
        ("RFVmd4iZ", "RFVmd4iY", Some(Error::Mac)),
        ("#hmac-sha1", "#hmac-sha256", Some(Error::Mac)),
        ("#hmac-sha1", "#hmac-md5", Some(Error::Unsupported(Part::Field("MACMethod")))),
        ("xmlenc#aes128-cbc", "xmlenc#aes256-cbc", Some(Error::Decrypt)),
        ("xmlenc#aes128-cbc", "xmlenc11#aes128-gcm", Some(Error::Unsupported(Part::Field("encryption with AES-GCM")))),
        ("Version=\"1.0\"", "Version=\"2.0\"", Some(Error::Version)),
        ("Version=\"1.0\"", "", Some(Error::Version)),
        ("pskc:hotp", "pskc:totp", None),
        ("Length=\"8\"", "Length=\"11\"", Some(Error::Digits)),
        ("\"DECIMAL\"", "\"HEXADECIMAL\"", Some(Error::Unsupported(Part::Field("Encoding")))),
        ("<Counter>", "<!-- <Counter> --><Counter>", None),
    ];
    for (from, to, expected) in cases {
        assert!(six.contains(from), "{from}");
        let changed = six.replace(from, to);
        let error = first_error(pskc::parse(changed.as_bytes(), &Policy::app(), &Unlock::none().key(&KEY)));
        assert_eq!(error, expected, "{from} -> {to}");
    }
    let with = |unlock: &Unlock<'_>| first_error(pskc::parse(six.as_bytes(), &Policy::app(), unlock));
    assert_eq!(with(&Unlock::none()), Some(Error::Locked));
    // Among other formats that makes the whole file locked, so that a caller asks for the key.
    assert_eq!(read(six.as_bytes(), &Policy::app(), &Unlock::none()).unwrap_err(), Error::Locked);
    assert_eq!(read(six.as_bytes(), &Policy::app(), &Unlock::none().key(&KEY)).unwrap().credentials().count(), 1);
    assert_eq!(with(&Unlock::none().password("qwerty")), Some(Error::Locked), "no passphrase is tried as a key");
    // Seen first at the key of the MAC, which has none itself.
    assert!(matches!(with(&Unlock::none().key(&[0; 16])), Some(Error::Mac | Error::Decrypt)));
}

/// Without any MAC whoever had the file may have changed the key.
#[test]
fn only_the_policy_permits_no_mac_at_all() {
    let six = figure("figure6");
    let cut = |text: &str, start: &str, end: &str| {
        let (head, rest) = text.split_once(start).unwrap();
        format!("{head}{}", rest.split_once(end).unwrap().1)
    };
    let without = cut(&cut(&six, "<MACMethod", "</MACMethod>"), "<ValueMAC>", "</ValueMAC>");
    let read = |policy: &Policy| pskc::parse(without.as_bytes(), policy, &Unlock::none().key(&KEY)).unwrap();
    assert_eq!(first_error(Ok(read(&Policy::server()))), Some(Error::MacMissing));
    let lenient = read(&Policy::app());
    assert!(lenient.keys[0].record.warnings.contains(Warning::MacMissing));
    assert_eq!(lenient.credentials().count(), 1);
    // The same file with its MAC has no such warning.
    let whole = pskc::parse(six.as_bytes(), &Policy::server().mac(Mac::Required), &Unlock::none().key(&KEY)).unwrap();
    assert!(whole.keys[0].record.warnings.is_empty() && whole.credentials().count() == 1);
}

#[test]
fn a_passphrase_is_derived_within_limits_only() {
    let seven = figure("figure7");
    let read = |iterations: &str, unlock: &Unlock<'_>| {
        let xml = seven.replace("<IterationCount>1000", &format!("<IterationCount>{iterations}"));
        pskc::parse(xml.as_bytes(), &Policy::app(), unlock)
    };
    let word = Unlock::none().password("qwerty");
    assert!(read("1000", &word).unwrap().warnings.contains(Warning::WeakKdf));
    let wrong = first_error(read("1000", &Unlock::none().password("qwertz")));
    assert!(matches!(wrong, Some(Error::Mac | Error::Decrypt)));
    for needed in [5_000_001, u64::from(u32::MAX) + 1, u64::MAX] {
        let error = read(&needed.to_string(), &word).unwrap_err();
        assert!(matches!(error, Error::KdfTooExpensive { needed: told, .. } if told == needed), "{error}");
        // The caller is told before the passphrase is asked for.
        assert!(matches!(read(&needed.to_string(), &Unlock::none()), Err(Error::KdfTooExpensive { .. })));
    }
    let count = Some(Error::Invalid(Part::Field("IterationCount")));
    for iterations in ["0", "", "-1", "99999999999999999999999"] {
        assert_eq!(first_error(read(iterations, &word)), count, "{iterations:?}");
    }
    // The length of the key follows from the algorithm where it is not given.
    let xml = seven.replace("<KeyLength>16</KeyLength>", "");
    assert_eq!(pskc::parse(xml.as_bytes(), &Policy::app(), &word).unwrap().credentials().count(), 1);
    let xml = seven.replace("<KeyLength>16", "<KeyLength>4294967312");
    let error = first_error(pskc::parse(xml.as_bytes(), &Policy::app(), &word));
    assert_eq!(error, Some(Error::Invalid(Part::Field("KeyLength"))));
}

#[test]
fn a_signature_is_never_taken_for_a_verified_one() {
    let signed = figure("figure2").replace(
        "</KeyContainer>",
        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo/></Signature></KeyContainer>",
    );
    let container = pskc::parse(signed.as_bytes(), &Policy::app(), &Unlock::none()).unwrap();
    assert!(container.signed && container.warnings.contains(Warning::SignatureNotVerified));
    let error = pskc::parse(signed.as_bytes(), &Policy::app().reject_signed(true), &Unlock::none()).unwrap_err();
    assert_eq!(error, Error::Unsupported(Part::Field("Signature")));
}

#[test]
fn records_tell_their_lines_and_duplicates() {
    let container = pskc::parse(figure("figure10").as_bytes(), &Policy::server(), &Unlock::none()).unwrap();
    let twice: Vec<bool> =
        container.keys.iter().map(|key| key.record.warnings.contains(Warning::DuplicateSerial)).collect();
    assert_eq!(twice, [false, false, true, true]);
    let lines: Vec<String> = container.keys.iter().map(|key| key.record.place.to_string()).collect();
    let xml = figure("figure10");
    let expected: Vec<String> = (1..)
        .zip(xml.lines())
        .filter(|(_, line)| line.contains("<Key "))
        .map(|(number, _)| format!("line {number}"))
        .collect();
    assert_eq!(lines, expected);
}
