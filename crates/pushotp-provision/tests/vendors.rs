//! Formats of single vendors: one defect, one error; and that nothing shows a secret.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use data_encoding::HEXLOWER;
use pushotp_provision::{
    Credential, Enrolment, Entry, Error, Kind, Part, Policy, Record, Unlock, Warning, keepass, liboath, linotp, manual,
    migration, mobilepass, mobilepass_plus, motp, oathtoken, otpauth, push, read, steam, yandex,
};
use pushotp_types::Secret;

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const HEX: &str = "3132333435363738393031323334353637383930";

/// What both policies say of a text with one part replaced.
fn refusals<T>(good: &str, parse: impl Fn(&str, &Policy) -> Result<T, Error>, cases: &[(&str, &str, Error)]) {
    for policy in [Policy::app(), Policy::server()] {
        assert!(parse(good, &policy).is_ok(), "{good}");
        for (part, replaced, error) in cases {
            let text = good.replacen(part, replaced, 1);
            assert_ne!(text, good, "{part}");
            assert_eq!(parse(&text, &policy).err(), Some(*error), "{text}");
        }
    }
}

const PUSH: &str = "otpauth://pipush/PIPU0001?url=https%3A//login.example.com/push&ttl=10&issuer=Example\
    &enrollment_credential=3342826741eb64e8f94e01920a88745bccdecd9e&v=1&serial=PIPU0001&sslverify=1";

#[test]
fn push_invitations() {
    let field = |name| Part::Field(name);
    refusals(
        PUSH,
        push::parse,
        &[
            ("otpauth", "https", Error::Scheme),
            ("pipush", "totp", Error::Scheme),
            ("&v=1", "&v=2", Error::Version),
            ("&v=1", "&v=1&v=2", Error::Repeated(field("v"))),
            ("https", "ftp", Error::Invalid(field("url"))),
            ("//login.example.com/", "///", Error::Invalid(field("url"))),
            ("//login", "//user@login", Error::Invalid(field("url"))),
            ("/push&", "/p%20ush&", Error::Invalid(field("url"))),
            ("url=", "ur=", Error::Missing(field("url"))),
            ("&ttl=10", "", Error::Missing(field("ttl"))),
            ("&ttl=10", "&ttl=-1", Error::Invalid(field("ttl"))),
            ("&ttl=10", "&ttl=4294967296", Error::Invalid(field("ttl"))),
            ("&serial=PIPU0001", "", Error::Missing(Part::Serial)),
            ("enrollment_credential", "x", Error::Missing(field("enrollment_credential"))),
            ("3342826741eb64e8f94e01920a88745bccdecd9e", "", Error::Invalid(field("enrollment_credential"))),
            ("sslverify=1", "sslverify=2", Error::Invalid(field("sslverify"))),
            ("pipush/PIPU", "pipush/%ff", Error::Utf8(field("label"))),
        ],
    );
    let long = PUSH.replace("/push&", &format!("/{}&", "p".repeat(2048)));
    assert_eq!(push::parse(&long, &Policy::app()).err(), Some(Error::PartTooLong(field("url"))));
    for (part, replaced, warning, error) in [
        ("https", "http", Warning::NoTls, Error::Unsupported(field("url"))),
        ("sslverify=1", "sslverify=0", Warning::NoTlsVerification, Error::Unsupported(field("sslverify"))),
        ("=Example", "=%E2%80%AE", Warning::Undisplayable, Error::Undisplayable(Part::Issuer)),
    ] {
        let text = PUSH.replacen(part, replaced, 1);
        assert!(push::parse(&text, &Policy::app()).unwrap().1.contains(warning), "{text}");
        assert_eq!(push::parse(&text, &Policy::server()).err(), Some(error), "{text}");
    }
    let (parsed, warnings) = push::parse(&PUSH.replace("otpauth", "PIA"), &Policy::server()).unwrap();
    assert!(warnings.is_empty() && parsed.asks_for_tls_verification && !parsed.poll_only && !parsed.pin);
    let (parsed, _) =
        push::parse(&format!("{PUSH}&poll_only=True&pin=True&app_force_unlock=any"), &Policy::app()).unwrap();
    assert!(parsed.poll_only && parsed.pin && parsed.force_unlock.as_deref() == Some("any"));
}

/// Codes of both forms, made by a script of a few lines in another language from the entropy 01 02 … 0a.
#[test]
fn activation_codes() {
    let key = |code, key_policy| {
        let parsed = mobilepass::parse(code, key_policy, &Policy::server()).unwrap();
        assert!(parsed.warnings.contains(Warning::WeakSecret));
        HEXLOWER.encode(parsed.credential.secret().expose())
    };
    let legacy = "30d8d79be5183e71a79eafb056aee3dbfb7d6113428a8a6ccda81c25bef799a7";
    assert_eq!(key("AEBAV-GBAFG-AYDQD-QCIK6", ""), legacy);
    assert_eq!(key("aebav gbafg aydqd qcik6", ""), legacy);
    let version_1 = "0e40edb23ce17b3e40f875ce457de2ecdb1c732642031bd10ea98071dbdf8f42";
    assert_eq!(key("AEBAGBAFAYDQQCIKVKQY", "{\"p\":1}"), version_1);
    refusals(
        "AEBAV-GBAFG-AYDQD-QCIK6",
        |code, policy| mobilepass::parse(code, "", policy),
        &[
            ("K6", "K7", Error::Checksum),
            ("AEBAV", "AEBBV", Error::Checksum),
            ("K6", "K", Error::SecretLength),
            ("K6", "K66", Error::SecretLength),
            ("AEBAV", "A9BAV", Error::Base32 { position: 1 }),
            ("AEBAV", "AÉBAV", Error::Base32 { position: 1 }),
        ],
    );
    let refused = |code, policy: &Policy| mobilepass::parse(code, "", policy).err();
    assert_eq!(refused("AEBAGBAFAYDQQCIKVKQZ", &Policy::app()), Some(Error::Checksum));
    assert_eq!(refused("0AAAA", &Policy::server()), Some(Error::Base32 { position: 0 }));
    assert_eq!(refused("AEBAV-GBAFG-AYDQD-QCIK6", &Policy::server().min_secret_bits(128)), Some(Error::SecretTooWeak));
    // A check of a group with a look-alike: O, P, Q, R and the check of these.
    let look_alike = mobilepass::parse("0PQR2-AAAAK-AAAAK-AAAAK", "", &Policy::app());
    assert!(look_alike.is_err() || look_alike.unwrap().warnings.contains(Warning::LookAlikes));
}

#[test]
fn activation_strings() {
    let encode = |lines: &str| data_encoding::BASE64.encode(lines.as_bytes());
    let good = "EnrollmentURL=https://se.example.com/dskpp.aspx?sc=0000000000\nUserID=alice\nPassphrase=0000";
    refusals(
        good,
        |lines, policy| mobilepass_plus::parse(&encode(lines), policy),
        &[
            ("EnrollmentURL", "URL", Error::Missing(Part::Field("EnrollmentURL"))),
            ("UserID=alice", "UserID=", Error::Missing(Part::Field("UserID"))),
            ("UserID", "UserID=bob\nUserID", Error::Repeated(Part::Field("UserID"))),
            ("https:", "file:", Error::Invalid(Part::Field("url"))),
            ("Passphrase=0000", "", Error::Missing(Part::Field("Passphrase"))),
        ],
    );
    let link = format!("mobilepassplus://autoenrollment?str={}", encode(good));
    let (activation, _) = mobilepass_plus::parse(&link, &Policy::server()).unwrap();
    assert_eq!((activation.host(), activation.user.as_str()), ("se.example.com", "alice"));
    assert_eq!(mobilepass_plus::parse("other://x?str=AAAA", &Policy::app()).err(), Some(Error::Scheme));
    assert_eq!(mobilepass_plus::parse("/w==", &Policy::app()).err(), Some(Error::Utf8(Part::Field("str"))));
}

/// A pairing code with all flags in turn: what was put in comes out, and one byte less or more is refused.
#[test]
fn pairing_codes() {
    for flags in 0..64_u32 {
        let has = |flag: u32, bytes: &[u8]| if flags & flag == 0 { Vec::new() } else { bytes.to_vec() };
        let head = [&[2, 4][..], &flags.to_le_bytes(), &7_u32.to_le_bytes()].concat();
        let body = [
            has(1, &[9; 32]),
            has(2, b"LSQR1\0"),
            has(4, b"https://x\0"),
            has(8, b"+43\0"),
            has(16, &[8]),
            has(32, &[1]),
        ];
        let mut bytes = [head, body.concat()].concat();
        let signed = bytes.clone();
        if flags & 1 == 0 {
            bytes.extend([5; 64]);
        }
        let parse = |bytes: &[u8]| {
            let uri = format!("lseqr://pair/{}", data_encoding::BASE64URL_NOPAD.encode(bytes));
            linotp::parse_pairing(&uri, &Policy::server()).map(|(pairing, _)| pairing)
        };
        let pairing = parse(&bytes).unwrap();
        assert_eq!((pairing.kind, pairing.partition, &pairing.signed), (linotp::PairingKind::Push, 7, &signed));
        assert_eq!(pairing.public_key.is_some(), flags & 1 != 0);
        assert_eq!(pairing.signature.is_some(), flags & 1 == 0);
        assert_eq!(pairing.serial.as_deref(), (flags & 2 != 0).then_some("LSQR1"));
        assert_eq!(pairing.callback_url.as_deref(), (flags & 4 != 0).then_some("https://x"));
        assert_eq!(pairing.callback_sms.as_deref(), (flags & 8 != 0).then_some("+43"));
        assert_eq!(pairing.digits, (flags & 16 != 0).then_some(8));
        assert_eq!(pairing.algorithm.is_some(), flags & 32 != 0);
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(parse(&longer).err(), Some(Error::Malformed { offset: bytes.len() }));
        let shorter = bytes.get(..bytes.len() - 1).unwrap();
        assert!(matches!(parse(shorter).err(), Some(Error::Malformed { .. })), "{flags}");
        bytes[2] |= 64;
        assert_eq!(parse(&bytes).err(), Some(Error::Unsupported(Part::Field("flags"))));
        bytes[0] = 3;
        assert_eq!(parse(&bytes).err(), Some(Error::Version));
    }
}

#[test]
fn ocra2_starts() {
    refusals(
        "lseqr://init?sh=3132333435363738393031323334353637383930&os=OCRA-1%3AHOTP-SHA256-6%3AC-QA64",
        linotp::parse_ocra2,
        &[
            ("lseqr", "https", Error::Scheme),
            ("init", "nonce", Error::Type),
            ("sh=", "s=", Error::SecretMissing),
            ("sh=31", "sh=3x", Error::Hex { position: 1 }),
            ("sh=31", "sh=3", Error::Hex { position: 38 }),
            ("OCRA-1%3A", "OCRA-2%3A", Error::Invalid(Part::Field("os"))),
        ],
    );
}

#[test]
fn single_tokens() {
    refusals(
        &format!("motp://Example:alice?secret={HEX}"),
        motp::parse,
        &[
            ("motp", "totp", Error::Scheme),
            ("secret", "x", Error::SecretMissing),
            ("secret=31", "secret=3g", Error::Hex { position: 1 }),
            ("secret=31", "secret=3", Error::Hex { position: 38 }),
            ("alice", "al%ice", Error::Escape(Part::Account)),
        ],
    );
    refusals(
        &format!("oathtoken:///addToken?name=a&key={HEX}&timeBased=true"),
        oathtoken::parse,
        &[
            ("oathtoken", "token", Error::Scheme),
            ("addToken", "dropToken", Error::Type),
            ("key=", "k=", Error::SecretMissing),
            ("key=31", "key=1", Error::Hex { position: 38 }),
        ],
    );
    refusals(
        &format!("steam://{SECRET}"),
        steam::parse,
        &[
            ("steam:", "stream:", Error::Scheme),
            ("GEZDG", "GEZD1", Error::Base32 { position: 4 }),
            (SECRET, "", Error::SecretMissing),
        ],
    );
    let long = format!("motp://a?secret={}", "00".repeat(1025));
    assert_eq!(motp::parse(&long, &Policy::app()).err(), Some(Error::SecretTooLong));
}

#[test]
fn yandex_secrets() {
    let uri = format!("otpauth://yaotp/alice?secret={}&pin_length=4&pin=GEZDGNA", SECRET.get(..26).unwrap());
    let parsed = otpauth::parse(&uri.replace("alice", "Yandex:alice"), &Policy::server()).unwrap();
    assert_eq!(parsed.credential.kind(), &Kind::Yandex { pin_length: Some(4) });
    assert_eq!(parsed.credential.pin().unwrap().expose(), b"1234");
    assert_eq!((parsed.credential.digits().get(), parsed.credential.algorithm().output_len()), (8, 32));
    refusals(
        &uri,
        otpauth::parse,
        &[
            ("pin_length=4", "pin_length=3", Error::Invalid(Part::Pin)),
            ("pin_length=4", "pin_length=x", Error::Invalid(Part::Pin)),
            ("pin=GEZDGNA", "pin=GEZDG", Error::Invalid(Part::Pin)),
            ("pin=GEZDGNA", "pin=MFRGGZA", Error::Invalid(Part::Pin)),
            ("Y&pin", "YAA&pin", Error::Invalid(Part::Secret)),
        ],
    );
    // Every changed bit of a secret with a check is noticed: a secret of zeros has a check of zeros.
    let mut bytes = [0; 26];
    let read = |bytes: &[u8]| yandex::parse(&data_encoding::BASE32_NOPAD.encode(bytes), &Policy::server());
    assert!(read(&bytes).is_ok());
    for bit in 0..208 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(read(&bytes).err(), Some(Error::Checksum), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn steam_has_four_spellings() {
    for uri in [
        format!("otpauth://steam/alice?secret={SECRET}"),
        format!("otpauth://totp/alice?secret={SECRET}&encoder=steam"),
        format!("otpauth://totp/alice?secret={SECRET}&steam"),
        format!("steam://{SECRET}"),
    ] {
        for policy in [Policy::app(), Policy::server()] {
            let records = read(uri.as_bytes(), &policy, &Unlock::none()).unwrap();
            let credential = records.credentials().next().unwrap();
            assert_eq!((credential.kind(), credential.digits().get()), (&Kind::Steam, 5), "{uri}");
        }
    }
    let read = |rest: &str| otpauth::parse(&format!("otpauth://totp/alice?secret={SECRET}{rest}"), &Policy::server());
    let fixed = read("&encoder=steam&digits=7&period=15&algorithm=SHA512").unwrap();
    assert!(fixed.warnings.contains(Warning::FixedCodes) && fixed.credential.kind() == &Kind::Steam);
    assert!(read("&encoder=steam&digits=5&period=30").unwrap().warnings.is_empty());
    let other = read("&encoder=other").unwrap().credential;
    assert!(other.kind() == &Kind::totp(30) && other.extra().eq([("encoder", "other")]));
    let hotp = format!("otpauth://hotp/alice?secret={SECRET}&counter=0&encoder=steam");
    assert_eq!(otpauth::parse(&hotp, &Policy::app()).err(), Some(Error::Type));
}

#[test]
fn keepass_fields() {
    let read =
        |fields: &[(&'static str, &'static str)]| keepass::from_fields(fields.iter().copied(), &Policy::server());
    for (fields, kind, digits) in [
        (&[("otp", "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8")][..], Kind::totp(30), 8),
        (&[("otp", "key=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&step=25&size=8&otpHashMode=Sha256")], Kind::totp(25), 8),
        (&[("otp", "key=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&type=hotp&counter=3")], Kind::Hotp { counter: 3 }, 6),
        (&[("otp", "key=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&type=Steam")], Kind::Steam, 5),
        (&[("TOTP Seed", SECRET)], Kind::totp(30), 6),
        (&[("TOTP Seed", SECRET), ("TOTP Settings", "30;S")], Kind::Steam, 5),
        (&[("TOTP Seed", SECRET), ("TOTP Settings", "60;7;https://x")], Kind::totp(60), 7),
        (&[("TimeOtp-Secret", "12345678901234567890"), ("TimeOtp-Length", "8")], Kind::totp(30), 8),
        (&[("TimeOtp-Secret-Base32", SECRET), ("TimeOtp-Period", "60")], Kind::totp(60), 6),
        (&[("TimeOtp-Secret-Hex", HEX), ("TimeOtp-Algorithm", "HMAC-SHA-1")], Kind::totp(30), 6),
        (&[("TimeOtp-Secret-Base64", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=")], Kind::totp(30), 6),
        (&[("HmacOtp-Secret-Hex", HEX), ("HmacOtp-Counter", "9")], Kind::Hotp { counter: 9 }, 6),
    ] {
        let credential = read(fields).unwrap().credential;
        assert_eq!((credential.kind(), credential.digits().get()), (&kind, digits), "{fields:?}");
        assert_eq!(credential.secret().expose(), b"12345678901234567890");
    }
    for (fields, error) in [
        (&[("otp", "")][..], Error::SecretMissing),
        (&[("TOTP Seed", SECRET), ("TOTP Seed", SECRET)], Error::Repeated(Part::Field("TOTP Seed"))),
        (&[("TOTP Seed", SECRET), ("TOTP Settings", "0;6")], Error::Period),
        (&[("TOTP Seed", SECRET), ("TOTP Settings", "30")], Error::Digits),
        (&[("TimeOtp-Secret-Hex", HEX), ("TimeOtp-Secret", "x")], Error::Repeated(Part::Secret)),
        (&[("TimeOtp-Secret-Base64", "!")], Error::Base64),
        (&[("HmacOtp-Secret-Hex", HEX)], Error::CounterMissing),
        (&[("TimeOtp-Secret-Hex", HEX), ("TimeOtp-Algorithm", "HMAC-MD5")], Error::Algorithm),
    ] {
        assert_eq!(read(fields).err(), Some(error), "{fields:?}");
    }
}

#[test]
fn users_files() {
    refusals(
        &format!("HOTP/E/6\talice\t-\t{HEX}\t7\t755224\t2009-12-07T17:25:42L"),
        |file, policy| liboath::read(file.as_bytes(), policy)?.records.remove(0).result,
        &[
            ("HOTP/E", "TOTP/E", Error::Type),
            ("HOTP/E", "HOTP/X", Error::Type),
            ("HOTP/E/6", "HOTP/E/6/6", Error::Type),
            ("HOTP/E/6", "HOTP/E/9", Error::Digits),
            ("HOTP/E/6", "HOTP/T0", Error::Period),
            ("HOTP/E/6", "HOTP/Tx", Error::Period),
            ("\t7", "\tx", Error::Counter),
            ("31", "3", Error::Hex { position: 38 }),
            ("42L", "42L more", Error::Unsupported(Part::Field("eighth column"))),
            (&format!("\t{HEX}\t7\t755224\t2009-12-07T17:25:42L"), "", Error::Missing(Part::Secret)),
        ],
    );
    let credential = |kind| Credential::new(kind, "alice", Secret::new(b"12345678901234567890").unwrap());
    let hotp = || credential(Kind::Hotp { counter: 0 });
    for (credential, part) in [
        (credential(Kind::Steam), Part::Kind),
        (credential(Kind::Motp), Part::Kind),
        (credential(Kind::Totp { period: 30, t0: 1, drift: 0 }), Part::Kind),
        (hotp().with_issuer("x"), Part::Issuer),
        (hotp().with_serial("x"), Part::Serial),
        (hotp().with_extra("x", "y"), Part::Field("extra")),
        (hotp().with_extra("timestamp", "y"), Part::Field("extra")),
        (hotp().with_extra("last_otp", "a b"), Part::Field("extra")),
        (hotp().with_extra("external_pin", "no"), Part::Field("extra")),
        (hotp().with_pin(Secret::danger_import_weak(b"-").unwrap()), Part::Pin),
        (hotp().with_pin(Secret::danger_import_weak(b"a b").unwrap()), Part::Pin),
        (hotp().with_codes(pushotp_types::HashAlgorithm::Sha256, pushotp_types::Digits::SIX), Part::Field("algorithm")),
    ] {
        assert_eq!(liboath::write([&credential]).err(), Some(Error::NotExpressible(part)), "{credential:?}");
    }
}

#[test]
fn what_a_key_uri_has_no_place_for_is_not_written() {
    let credential = |kind| Credential::new(kind, "alice", Secret::new(b"12345678901234567890").unwrap());
    let pin = || Secret::danger_import_weak(b"1234").unwrap();
    for (credential, part) in [
        (credential(Kind::Motp), Part::Kind),
        (credential(Kind::Ocra { suite: "OCRA-1:HOTP-SHA1-6:QN08".into(), counter: 0 }), Part::Kind),
        (credential(Kind::Totp { period: 30, t0: 1, drift: 0 }), Part::Field("t0")),
        (credential(Kind::Totp { period: 30, t0: 0, drift: -1 }), Part::Field("drift")),
        (credential(Kind::totp(30)).with_pin(pin()), Part::Pin),
        (credential(Kind::Steam).with_private_id(pin()), Part::Field("private identity")),
    ] {
        assert_eq!(otpauth::write(&credential).err(), Some(Error::NotExpressible(part)), "{credential:?}");
    }
    let extra = credential(Kind::totp(30)).with_extra("digits", "8");
    assert_eq!(otpauth::write(&extra).err(), Some(Error::Ambiguous));
}

/// Fields by hand, as bytes: number and type, then the value.
#[test]
fn migration_messages() {
    let parse = |bytes: &[u8]| {
        let uri = format!("otpauth-migration://offline?data={}", data_encoding::BASE64URL_NOPAD.encode(bytes));
        migration::parse(&uri, &Policy::app())
    };
    let entry = |bytes: &[u8]| [&[0x0a, u8::try_from(bytes.len()).unwrap()][..], bytes].concat();
    let secret = *b"\x0a\x05hello";
    let good = entry(&secret);
    assert_eq!(parse(&good).unwrap().records.len(), 1);
    for (bytes, error) in [
        (&b""[..], Error::Empty),
        (b"\x10\x01", Error::Empty),
        (b"\x0b", Error::Malformed { offset: 1 }),
        (b"\x0a\x05hell", Error::Malformed { offset: 2 }),
        (b"\x0a", Error::Malformed { offset: 1 }),
        (b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", Error::Malformed { offset: 1 }),
        (b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Error::Malformed { offset: 1 }),
        (b"\x08\x01", Error::Malformed { offset: 1 }),
        (b"\x39\x01", Error::Malformed { offset: 1 }),
        (b"\x18\x65", Error::TooMany),
        (b"\x0a\x00\x18\x02\x20\x02", Error::Invalid(Part::Field("batch_index"))),
    ] {
        assert_eq!(parse(bytes).err(), Some(error), "{bytes:x?}");
    }
    // Unknown fields of every width are skipped.
    let skipped = [&good[..], b"\x49\0\0\0\0\0\0\0\0\x4d\0\0\0\0\x52\x01x\x50\x07"].concat();
    assert_eq!(parse(&skipped).unwrap().records.len(), 1);
    assert_eq!(parse(&good.repeat(101)).err(), Some(Error::TooMany));
    for (field, error) in [
        (&b"\x20\x04"[..], Error::Algorithm),
        (b"\x28\x04", Error::Digits),
        (b"\x30\x03", Error::Type),
        (b"\x12\x01\xff", Error::Utf8(Part::Account)),
        (b"\x20\x80", Error::Malformed { offset: 11 }),
        (b"\x1a\x00\x0a\x00", Error::SecretMissing),
    ] {
        let record = parse(&entry(&[&secret[..], field].concat())).unwrap().records.remove(0);
        assert_eq!(record.result.err(), Some(error), "{field:x?}");
    }
    let seven = parse(&entry(&[&secret[..], b"\x28\x03\x30\x01\x38\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"].concat()));
    let Ok(Entry::Credential(credential)) = seven.unwrap().records.remove(0).result else { panic!() };
    assert_eq!((credential.kind(), credential.digits().get()), (&Kind::Hotp { counter: u64::MAX }, 7));
}

#[test]
fn manual_entry() {
    let app = |text| manual::base32(text, &Policy::app());
    for (text, error) in [
        ("", Error::SecretMissing),
        ("=", Error::SecretMissing),
        ("GEZD0NBV", Error::Base32 { position: 4 }),
        ("MZXW6YTBOI=====", Error::Padding),
    ] {
        assert_eq!(app(text).err(), Some(error), "{text}");
    }
    assert!(app("ABCDEF23").unwrap().warnings.contains(Warning::AmbiguousAlphabet));
    assert!(!app("ABCDEF2G").unwrap().warnings.contains(Warning::AmbiguousAlphabet));
    assert_eq!(manual::hex("31:32", &Policy::app()).unwrap().credential.secret().expose(), b"12");
    assert_eq!(manual::hex("31:32", &Policy::server()).err(), Some(Error::Hex { position: 0 }));
}

/// No `Debug` and no error tells what a text hides.
#[test]
fn nothing_shows_a_secret() {
    let activation = "RW5yb2xsbWVudFVSTD1odHRwczovL3NlLmV4YW1wbGUuY29tL2Rza3BwLmFzcHg/c2M9NzM1NTYwODczMApVc2VySUQ9YWxpY2UKUGFzc3BocmFzZT03MzU1";
    let mut seen = 0;
    for text in [
        PUSH.replace("3342826741eb64e8f94e01920a88745bccdecd9e", "73556087307355608730"),
        activation.into(),
        "lseqr://init?sh=7355608730735560873073556087307355608730&os=OCRA-1%3AHOTP-SHA256-6%3AC-QA64".into(),
        "motp://alice?secret=73556087307355608730".into(),
        "7355608730735560".into(),
        "HOTP alice 7355 73556087307355608730".into(),
    ] {
        for record in read(text.as_bytes(), &Policy::app(), &Unlock::none()).unwrap().records {
            let Record { result: Ok(_), .. } = &record else { panic!("{record:?}") };
            if let Ok(Entry::Enrolment(enrolment)) = &record.result {
                if let Enrolment::Push(push) = &**enrolment {
                    assert_eq!(push.credential.expose(), b"73556087307355608730");
                }
            }
            let shown = format!("{record:?}");
            assert!(!shown.contains("7355") && !shown.contains("115, 85"), "{shown}");
            seen += 1;
        }
    }
    assert_eq!(seen, 6);
}
