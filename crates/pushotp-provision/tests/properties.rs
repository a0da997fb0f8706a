//! What is written is read back; what is read is written in one form.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use pushotp_provision::{
    Credential, Kind, Policy, Unlock,
    enrolment::{self, EnrolmentError},
    liboath, manual, otpauth, read,
};
use pushotp_types::{DeviceId, Digits, EnrolmentId, Epoch, HashAlgorithm, Offer, Secret, TenantId, UnixTime};

fn name() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[a-zA-Z&+#%/?é][ a-zA-Z&+#%/?é:]{0,20}")
}

/// Kinds that a key URI can say, each with a secret and a PIN that it can have.
fn kind() -> impl Strategy<Value = (Kind, Vec<u8>, Option<String>)> {
    let bytes = || prop::collection::vec(any::<u8>(), 1..64);
    let yandex = (prop::option::of(4..=16_u8), prop::collection::vec(any::<u8>(), 16), prop::option::of("[0-9]{4,16}"));
    prop_oneof![
        (any::<u64>(), bytes()).prop_map(|(counter, secret)| (Kind::Hotp { counter }, secret, None)),
        (1..=u32::MAX, bytes()).prop_map(|(period, secret)| (Kind::totp(period), secret, None)),
        bytes().prop_map(|secret| (Kind::Steam, secret, None)),
        yandex.prop_map(|(pin_length, secret, pin)| (Kind::Yandex { pin_length }, secret, pin)),
    ]
}

prop_compose! {
    fn credential()(
        (kind, secret, pin) in kind(),
        algorithm in prop_oneof![Just(HashAlgorithm::Sha1), Just(HashAlgorithm::Sha256), Just(HashAlgorithm::Sha512)],
        digits in 6..=10_u8,
        account in "[^ ].{0,20}",
        issuer in name(),
        serial in name(),
        extra in prop::collection::vec(("x[a-z+&= %é]{0,9}", ".{0,20}"), 0..4),
    ) -> Credential {
        let secret = Secret::danger_import_weak(&secret).unwrap();
        let mut credential = Credential::new(kind, account, secret);
        if matches!(credential.kind(), Kind::Hotp { .. } | Kind::Totp { .. }) {
            credential = credential.with_codes(algorithm, Digits::new(digits).unwrap());
        }
        if let Some(pin) = pin {
            credential = credential.with_pin(Secret::danger_import_weak(pin.as_bytes()).unwrap());
        }
        if let Some(issuer) = issuer {
            credential = credential.with_issuer(issuer);
        }
        if let Some(serial) = serial {
            credential = credential.with_serial(serial);
        }
        extra.into_iter().fold(credential, |credential, (name, value)| credential.with_extra(name, value))
    }
}

prop_compose! {
    /// What a users file can say.
    fn user()(
        kind in prop_oneof![
            any::<u64>().prop_map(|counter| Kind::Hotp { counter }),
            (1..=u32::MAX).prop_map(Kind::totp),
        ],
        secret in prop::collection::vec(any::<u8>(), 1..64),
        digits in 6..=8_u8,
        account in "[^\\s\u{feff}]{1,20}",
        pin in prop::option::of("[0-9a-z]{1,8}"),
        columns in 0..=3_usize,
    ) -> Credential {
        let credential = Credential::new(kind, account, Secret::danger_import_weak(&secret).unwrap());
        let mut credential = credential.with_codes(HashAlgorithm::Sha1, Digits::new(digits).unwrap());
        match pin {
            Some(pin) => credential = credential.with_pin(Secret::danger_import_weak(pin.as_bytes()).unwrap()),
            None if columns % 2 == 0 => credential = credential.with_extra("external_pin", "+"),
            None => {}
        }
        let skipped = usize::from(matches!(credential.kind(), Kind::Hotp { .. }));
        let values = [("moving_factor", "7"), ("last_otp", "755224"), ("timestamp", "2009-12-07T17:25:42L")];
        values.into_iter().take(columns).skip(skipped).fold(credential, |credential, (name, value)| {
            credential.with_extra(name, value)
        })
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(credential in credential()) {
        let uri = otpauth::write(&credential).unwrap();
        let parsed = otpauth::parse(&uri, &Policy::app()).unwrap();
        prop_assert_eq!(&parsed.credential, &credential);
        // Writing is canonical: once read, the same text comes out.
        prop_assert_eq!(otpauth::write(&parsed.credential).unwrap(), uri);
    }

    #[test]
    fn a_users_file_is_read_back(users in prop::collection::vec(user(), 1..5)) {
        let file = liboath::write(&users).unwrap();
        let again = liboath::read(file.as_bytes(), &Policy::app()).unwrap();
        prop_assert!(again.credentials().eq(&users), "{}", file.as_str());
        prop_assert_eq!(liboath::write(again.credentials()).unwrap(), file);
    }

    #[test]
    fn a_bare_secret_is_read_back(secret in prop::collection::vec(any::<u8>(), 10..64)) {
        let secret = Secret::danger_import_weak(&secret).unwrap();
        let text = manual::write(&secret);
        let again = manual::base32(&text, &Policy::server()).unwrap().credential;
        prop_assert_eq!(again.secret().expose(), secret.expose());
    }

    #[test]
    fn nothing_panics(uri in ".{0,200}", query in "[a-zA-Z0-9%&=+:/?# -]{0,200}") {
        let _ = otpauth::parse(&uri, &Policy::app());
        let _ = otpauth::parse(&format!("otpauth://totp/{query}"), &Policy::app());
        let _ = enrolment::parse(&uri);
        let _ = read(uri.as_bytes(), &Policy::app(), &Unlock::none());
        let _ = read(query.as_bytes(), &Policy::app(), &Unlock::none());
    }
}

/// Label and parameters, and the issuer in front of the account, the account and the issuer in the parameter.
#[test]
fn where_a_label_is_cut_and_what_a_plus_is() {
    for (rest, label_issuer, account, issuer) in [
        ("a:b", Some("a"), "b", None),
        ("a%3Ab:c", Some("a:b"), "c", None),
        ("a%3ab%3Ac", Some("a"), "b:c", None),
        ("a%3Ab%3ac", Some("a"), "b:c", None),
        ("a%253Ab", None, "a%3Ab", None),
        (":a%3Ab", None, "a:b", None),
        ("a%3A%20b:c&issuer=a:%20b", Some("a: b"), "c", Some("a: b")),
        ("a:%20%20b", Some("a"), "b", None),
        ("a+b", None, "a+b", None),
        ("a+b:c&issuer=a+b", Some("a+b"), "c", Some("a+b")),
        ("a%20b:c&issuer=a+b", Some("a b"), "c", Some("a b")),
        ("a+b:c&issuer=a%20b", Some("a+b"), "c", Some("a b")),
        ("a+b:c&issuer=a%2Bb", Some("a+b"), "c", Some("a+b")),
        ("c+d%3Ae&issuer=Microsoft", Some("c d"), "e", Some("Microsoft")),
    ] {
        let (label, parameters) = rest.split_once('&').map_or((rest, ""), |(label, more)| (label, more));
        let uri = format!("otpauth://totp/{label}?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&{parameters}");
        let read = otpauth::parse(&uri, &Policy::app()).unwrap().credential;
        assert_eq!((read.label_issuer(), read.account(), read.issuer()), (label_issuer, account, issuer), "{uri}");
        let written = otpauth::write(&read).unwrap();
        assert!(otpauth::parse(&written, &Policy::app()).unwrap().credential == read, "{}", written.as_str());
    }
}

/// Only what differs from the defaults is written, and a counter always.
#[test]
fn a_written_uri_is_short() {
    let secret = || Secret::new(b"12345678901234567890").unwrap();
    let uri = |kind, algorithm, digits| {
        let credential = Credential::new(kind, "a@b", secret()).with_codes(algorithm, Digits::new(digits).unwrap());
        otpauth::write(&credential).unwrap().split_once("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap().1.to_owned()
    };
    assert_eq!(uri(Kind::totp(30), HashAlgorithm::Sha1, 6), "");
    assert_eq!(uri(Kind::totp(60), HashAlgorithm::Sha512, 8), "&algorithm=SHA512&digits=8&period=60");
    assert_eq!(uri(Kind::Hotp { counter: 0 }, HashAlgorithm::Sha256, 6), "&algorithm=SHA256&counter=0");
}

fn offer() -> Offer {
    Offer {
        tenant: TenantId::new(b"example.com").unwrap(),
        enrolment: EnrolmentId::from_bytes([1; 16]),
        device: DeviceId::from_bytes([2; 16]),
        epoch: Epoch::FIRST,
        server_key: [9; 32],
        psk: [3; 32],
        url: "https://login.example.com/push".into(),
        expires: UnixTime::from_secs(1_800_000_000),
    }
}

/// The offer's CBOR, written by hand: `[1, tenant, eid, did, 1, key, psk, url, expires]`.
// protocol.md: ENR-1
#[test]
fn an_offer_is_these_bytes() {
    let cbor = [
        b"\x89\x01\x4bexample.com\x50".as_slice(),
        &[1; 16],
        b"\x50",
        &[2; 16],
        b"\x01\x58\x20",
        &[9; 32],
        b"\x58\x20",
        &[3; 32],
        b"\x78\x1ehttps://login.example.com/push\x1a\x6b\x49\xd2\x00",
    ]
    .concat();
    let uri = enrolment::write(&offer()).unwrap();
    let expected = format!("pushotp://enrol#{}", data_encoding::BASE64URL_NOPAD.encode(&cbor));
    assert_eq!(uri.as_str(), expected);
    let read = enrolment::parse(&uri).unwrap();
    assert_eq!(
        (read.psk, read.url.as_str(), read.expires.as_secs()),
        ([3; 32], "https://login.example.com/push", 1_800_000_000)
    );
}

// protocol.md: CBOR-4, ENR-1, ENR-2, VER-3
#[test]
fn each_defect_of_an_offer_has_its_error() {
    let uri = enrolment::write(&offer()).unwrap();
    let cbor = data_encoding::BASE64URL_NOPAD.decode(&uri.as_bytes()[enrolment::PREFIX.len()..]).unwrap();
    let encode = |cbor: &[u8]| format!("{}{}", enrolment::PREFIX, data_encoding::BASE64URL_NOPAD.encode(cbor));
    let changed = |from: &[u8], to: &[u8]| {
        let at = cbor.windows(from.len()).position(|window| window == from).unwrap();
        encode(&[&cbor[..at], to, &cbor[at + from.len()..]].concat())
    };
    for (uri, error) in [
        ("a".repeat(1025), EnrolmentError::TooLong),
        (uri.replace("pushotp:", "otpauth:"), EnrolmentError::Scheme),
        (uri.replace('#', "?"), EnrolmentError::Scheme),
        (format!("{}=", uri.as_str()), EnrolmentError::Base64),
        (encode(&[&cbor[..], b"\0"].concat()), EnrolmentError::Offer),
        (changed(b"\x89\x01", b"\x89\x18\x01"), EnrolmentError::Offer),
        (changed(b"\x89\x01", b"\x89\x02"), EnrolmentError::Version),
        (changed(b"\x4bexample.com", b"\x40"), EnrolmentError::Tenant),
        (changed(b"\x01\x58\x20", b"\x00\x58\x20"), EnrolmentError::Epoch),
        (changed(b"\x78\x1ehttps:", b"\x78\x1dhttp:"), EnrolmentError::Url),
        (changed(b"login.example.com", b"login@example.com"), EnrolmentError::Url),
        (changed(b"\x1a\x6b\x49\xd2\x00", b"\x1b\x00\x00\x01\x00\x00\x00\x00\x00"), EnrolmentError::Expiry),
    ] {
        assert_eq!(enrolment::parse(&uri).err(), Some(error), "{uri}");
    }
}

// protocol.md: ENR-1
#[test]
fn the_prefix_of_an_offer_is_read_in_any_case() {
    let uri = enrolment::write(&offer()).unwrap().replace("pushotp://enrol#", "PUSHOTP://Enrol#");
    assert_eq!(enrolment::parse(&uri).unwrap().psk, [3; 32]);
}

// protocol.md: CBOR-4, ENR-2
#[test]
fn urls_and_times_that_no_offer_has() {
    let with = |url: &str| {
        let mut offer = offer();
        offer.url = url.into();
        enrolment::write(&offer).map(|uri| enrolment::parse(&uri))
    };
    let long = |len: usize| format!("https://a/{}", "b".repeat(len - 10));
    for url in ["https://a", "https://a:8443/push?x=1", "https://[::1]/", &long(256)] {
        assert!(with(url).is_ok_and(|read| read.is_ok_and(|read| read.url == url)), "{url}");
    }
    let of_user = "https://user@example.com/";
    for url in
        ["", "https://", "https:///push", "HTTPS://a", "https://a/#b", "https://a/ b", "https://ä", of_user, &long(257)]
    {
        assert_eq!(with(url).err(), Some(EnrolmentError::Url), "{url}");
    }
    for (secs, error) in [
        (0, Some(EnrolmentError::Expiry)),
        (1_577_836_799, Some(EnrolmentError::Expiry)),
        (1_577_836_800, None),
        (4_102_444_800, None),
        (4_102_444_801, Some(EnrolmentError::Expiry)),
        (u64::MAX, Some(EnrolmentError::Expiry)),
    ] {
        let mut offer = offer();
        offer.expires = UnixTime::from_secs(secs);
        assert_eq!(enrolment::write(&offer).err(), error, "{secs}");
    }
}
