//! PSKC and the other XML: what is written is read back, and hostile files cost little.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;

use proptest::prelude::*;
use pushotp_provision::{Credential, Error, Format, Kind, Limits, Part, Policy, Unlock, Warning, pskc, read, read_as};
use pushotp_types::{Digits, HashAlgorithm, Secret};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const KEY: [u8; 32] = [0x5a; 32];

/// Names without white space around, which XML would lose.
fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9<>&\"'é\u{4e2d}-]([a-zA-Z0-9 <>&\"'\t\n=]{0,12}[a-zA-Z0-9<>&\"'])?"
}

fn kind() -> impl Strategy<Value = Kind> {
    let drift = prop_oneof![Just(0), any::<i32>()];
    let hash = prop_oneof![Just("SHA1"), Just("SHA256"), Just("SHA512")];
    prop_oneof![
        any::<u64>().prop_map(|counter| Kind::Hotp { counter }),
        (1..=u32::MAX, drift).prop_map(|(period, drift)| Kind::Totp { period, t0: 0, drift }),
        (hash, any::<u64>())
            .prop_map(|(hash, counter)| Kind::Ocra { suite: format!("OCRA-1:HOTP-{hash}-8:C-QN08"), counter }),
        Just(Kind::Static),
        Just(Kind::Other { algorithm: None }),
        "[a-z]{1,8}:[a-z]{1,8}#x".prop_map(|algorithm| Kind::Other { algorithm: Some(algorithm) }),
        "[cbdefghijklnrtuv]{12}".prop_map(|public| Kind::YubikeyOtp { public_id: Some(public) }),
    ]
}

prop_compose! {
    fn credential()(
        kind in kind(),
        secret in prop::collection::vec(any::<u8>(), 1..80),
        algorithm in prop_oneof![Just(HashAlgorithm::Sha1), Just(HashAlgorithm::Sha256), Just(HashAlgorithm::Sha512)],
        digits in 6..=10_u8,
        account in name(),
        issuer in prop::option::of(name()),
        serial in prop::option::of(name()),
        manufacturer in prop::option::of(name()),
        usages in prop::collection::vec(prop_oneof![Just("OTP"), Just("CR")], 0..3),
        limit in prop::option::of(any::<u64>()),
    ) -> Credential {
        let secret = Secret::danger_import_weak(&secret).unwrap();
        let yubikey = matches!(kind, Kind::YubikeyOtp { .. });
        let coded = matches!(kind, Kind::Hotp { .. } | Kind::Totp { .. });
        let ocra = match &kind {
            Kind::Ocra { suite, .. } if suite.contains("SHA256") => Some(HashAlgorithm::Sha256),
            Kind::Ocra { suite, .. } if suite.contains("SHA512") => Some(HashAlgorithm::Sha512),
            Kind::Ocra { .. } => Some(HashAlgorithm::Sha1),
            _ => None,
        };
        let mut credential = Credential::new(kind, if yubikey { String::new() } else { account }, secret);
        if coded {
            credential = credential.with_codes(algorithm, Digits::new(digits).unwrap());
        }
        if let Some(algorithm) = ocra {
            credential = credential.with_codes(algorithm, Digits::EIGHT);
        }
        if yubikey {
            credential = credential.with_private_id(Secret::danger_import_weak(&[1, 2, 3, 4, 5, 6]).unwrap());
        }
        credential = credential.with_issuers(issuer, None);
        if let Some(serial) = serial {
            credential = credential.with_serial(serial);
        }
        if let Some(manufacturer) = manufacturer {
            credential = credential.with_extra("manufacturer", manufacturer);
        }
        for usage in usages {
            credential = credential.with_extra("key_usage", usage);
        }
        match limit {
            Some(limit) => credential.with_extra("number_of_transactions", limit.to_string()),
            None => credential,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(credentials in prop::collection::vec(credential(), 0..4), seed in any::<u64>()) {
        let plain = pskc::write(&credentials).unwrap();
        let policy = Policy::app();
        let again = pskc::parse(plain.as_bytes(), &policy, &Unlock::none()).unwrap();
        prop_assert!(again.credentials().eq(&credentials));
        for length in [16, 24, 32] {
            let (key, mut rng) = (&KEY[..length], ChaCha20Rng::seed_from_u64(seed));
            let sealed = pskc::write_encrypted(&credentials, "K", key, &mut rng).unwrap();
            let again = pskc::parse(sealed.as_bytes(), &policy, &Unlock::none().key(key)).unwrap();
            prop_assert!(again.credentials().eq(&credentials));
            prop_assert!(again.keys.iter().all(|key| !key.record.warnings.contains(Warning::MacMissing)));
        }
    }

    #[test]
    fn nothing_panics(xml in "[<>/=\"a-zKeyContainerPackage &;!-]{0,200}") {
        let _ = pskc::parse(xml.as_bytes(), &Policy::app(), &Unlock::none());
        let _ = read_as(Format::AladdinXml, xml.as_bytes(), &Policy::app(), &Unlock::none());
    }
}

fn token() -> Credential {
    Credential::new(Kind::totp(30), "", Secret::new(b"12345678901234567890").unwrap()).with_serial("1")
}

#[test]
fn what_pskc_cannot_say_is_not_written() {
    let secret = || Secret::new(b"12345678901234567890").unwrap();
    let cases = [
        (token().with_pin(Secret::danger_import_weak(b"1234").unwrap()), Part::Pin),
        (token().with_issuer("Acme"), Part::Issuer), // there is no label
        (token().with_extra("colour", "blue"), Part::Field("extras")),
        (token().with_extra("pin_min_length", "four"), Part::Field("MinLength")),
        (token().with_extra("model", " x"), Part::Field("extras")),
        (token().with_extra("model", "\0"), Part::Field("control character")),
        (Credential::new(Kind::Motp, "", secret()), Part::Kind),
        (Credential::new(Kind::Totp { period: 30, t0: 7, drift: 0 }, "", secret()), Part::Kind),
        (
            Credential::new(Kind::Static, "", secret()).with_codes(HashAlgorithm::Sha256, Digits::SIX),
            Part::Field("algorithm"),
        ),
    ];
    for (credential, part) in cases {
        let error = pskc::write(&[credential]).unwrap_err();
        assert!([Error::NotExpressible(part), Error::Invalid(part)].contains(&error), "{error}, not {part}");
    }
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let error = pskc::write_encrypted(&[token()], "K", &[7; 17], &mut rng).unwrap_err();
    assert_eq!(error, Error::NotExpressible(Part::Field("key length")));
}

/// Neither the key nor a secret in any form is in what is encrypted, nor in what is printed of what was read.
#[test]
fn secrets_are_not_told() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let sealed = pskc::write_encrypted(&[token()], "K", &KEY, &mut rng).unwrap();
    let container = pskc::parse(sealed.as_bytes(), &Policy::app(), &Unlock::none().key(&KEY)).unwrap();
    let printed = format!("{container:?}");
    for secret in ["Nzg5MDEyMzQ1Njc4OTA", "31323334", "12345678901234567890", "[49, 50, 51"] {
        assert!(!sealed.contains(secret) && !printed.contains(secret), "{secret}");
    }
    assert!(pskc::write(&[token()]).unwrap().contains("Nzg5MDEyMzQ1Njc4OTA"), "the first is what it would be");
}

fn container(inside: &str) -> String {
    format!("<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\">{inside}</KeyContainer>")
}

/// A HOTP key with something in place of its counter and in its parameters.
fn hotp(counter: &str, parameters: &str) -> String {
    container(&format!(
        "<KeyPackage><DeviceInfo><SerialNo>1</SerialNo></DeviceInfo>\
         <Key Id=\"1\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:hotp\">\
         <AlgorithmParameters>{parameters}</AlgorithmParameters><Data>\
         <Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>{counter}</Data></Key></KeyPackage>"
    ))
}

fn error(xml: &str, policy: &Policy) -> Option<Error> {
    match pskc::parse(xml.as_bytes(), policy, &Unlock::none()) {
        Ok(container) => container.keys.into_iter().next().unwrap().record.result.err(),
        Err(error) => Some(error),
    }
}

#[test]
fn one_defect_one_error() {
    let six = "<ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/>";
    let zero = "<Counter><PlainValue>0</PlainValue></Counter>";
    let counter = |text: &str| format!("<Counter><PlainValue>{text}</PlainValue></Counter>");
    let length = |text: &str| format!("<ResponseFormat Length=\"{text}\" Encoding=\"DECIMAL\"/>");
    let invalid = |name| Some(Error::Invalid(Part::Field(name)));
    let missing = |name| Some(Error::Missing(Part::Field(name)));
    let unsupported = |name| Some(Error::Unsupported(Part::Field(name)));
    let cases = [
        (hotp(zero, six), None, None),
        (hotp("", six), None, Some(Error::CounterMissing)),
        (hotp(zero, ""), None, Some(Error::Missing(Part::Field("ResponseFormat")))),
        (hotp(&counter("18446744073709551615"), six), None, None),
        // As base64 it is eight bytes or more, which no counter has.
        (hotp(&counter("18446744073709551616"), six), invalid("Counter"), invalid("Counter")),
        (hotp(&counter("-1"), six), Some(Error::Counter), Some(Error::Counter)),
        (hotp(&counter("AAAAAAAAAAAAAAAA"), six), invalid("Counter"), invalid("Counter")),
        (hotp(&counter("1e3!"), six), invalid("Counter"), invalid("Counter")),
        (hotp(zero, &length("0")), Some(Error::Digits), Some(Error::Digits)),
        (hotp(zero, &length("9")), None, Some(Error::Digits)),
        (hotp(zero, &length("99999999999999999999999999")), invalid("Length"), invalid("Length")),
        (hotp(zero, &format!("<Suite>HMAC-SHA256</Suite>{six}")), None, None),
        (hotp(zero, &format!("<Suite>HMAC-MD5</Suite>{six}")), None, Some(Error::Algorithm)),
        (hotp(zero, &format!("<Suite>{}</Suite>{six}", "x".repeat(513))), PART_TOO_LONG, PART_TOO_LONG),
        (hotp(zero, "<ResponseFormat Length=\"6\" CheckDigits=\"true\"/>"), None, unsupported("CheckDigits")),
        (hotp(zero, six).replace("</Key>", "<Policy><Sealed/></Policy></Key>"), None, unsupported("Policy")),
        (hotp(zero, six).replace("pskc:hotp", "pskc:ocra"), missing("Suite"), missing("Suite")),
        (hotp(zero, six).replace("NDU2", "ND?2"), Some(Error::Base64), Some(Error::Base64)),
        (hotp(zero, six).replace(">1<", ">\u{202e}1<"), None, Some(Error::Undisplayable(Part::Field("SerialNo")))),
        (hotp(zero, six).replace("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "NDU2"), None, Some(Error::SecretTooWeak)),
        (
            hotp(zero, six).replace("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", ""),
            Some(Error::SecretMissing),
            Some(Error::SecretMissing),
        ),
        (hotp(zero, six).replace("NDU2", &"NDU2".repeat(1000)), TOO_LONG, TOO_LONG),
        (hotp(zero, six).replace("NDU2", &"NDU2".repeat(3000)), TOO_LONG, TOO_LONG),
        (hotp("<TimeInterval><PlainValue>0</PlainValue></TimeInterval>", six).replace("hotp", "totp"), PERIOD, PERIOD),
        (hotp("<TimeDrift><PlainValue>-4</PlainValue></TimeDrift>", six).replace("hotp", "totp"), None, None),
        (
            hotp("<TimeDrift><PlainValue>9999999999</PlainValue></TimeDrift>", six).replace("hotp", "totp"),
            invalid("TimeDrift"),
            invalid("TimeDrift"),
        ),
    ];
    for (xml, app, server) in cases {
        assert_eq!((error(&xml, &Policy::app()), error(&xml, &Policy::server())), (app, server), "{xml}");
    }
}

const PART_TOO_LONG: Option<Error> = Some(Error::PartTooLong(Part::Field("Suite")));
const TOO_LONG: Option<Error> = Some(Error::SecretTooLong);
const PERIOD: Option<Error> = Some(Error::Period);

/// A PIN is no key, and may be short also for a server.
#[test]
fn a_pin_may_be_short() {
    let xml = hotp("", "").replace("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "MTIzNA==");
    assert_eq!(error(&xml, &Policy::server()), Some(Error::SecretTooWeak));
    let pin = xml.replace("pskc:hotp", "pskc:pin");
    assert_eq!(error(&pin, &Policy::server()), None);
    let container = pskc::parse(pin.as_bytes(), &Policy::server(), &Unlock::none()).unwrap();
    assert_eq!(container.credentials().next().unwrap().kind(), &Kind::Static);
    assert_eq!(error(&pin.replace("MTIzNA==", ""), &Policy::app()), Some(Error::SecretMissing));
}

/// Each says what is wrong before anything large is allocated, and the limit for it is the one that holds.
#[test]
fn hostile_xml() {
    let attributes: String = (0..80_000).fold(String::new(), |mut text, number| {
        let _ = write!(text, " a{number}=\"\"");
        text
    });
    let doctype = "<!DOCTYPE KeyContainer [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let namespaces =
        |count: usize| (0..count).fold(String::new(), |text, number| format!("{text} xmlns:n{number}=\"u\""));
    let refused = [
        (format!("{doctype}{}", container("&b;")), Error::Unsupported(Part::Field("DOCTYPE"))),
        (format!("<!DOCTYPE KeyContainer>{}", container("")), Error::Unsupported(Part::Field("DOCTYPE"))),
        (container(&format!("<a{attributes}/>")), Error::TooLong),
        (container(&format!("<a{}", " ".repeat(5000))), Error::TooLong),
        (container(&"<KeyPackage>".repeat(1_000_000)), Error::TooMany),
        (container(&"<a>".repeat(1_000_000)), Error::TooMany),
        (container(&"<a/>".repeat(1_000_000)), Error::TooMany),
        (container(&"=".repeat(1_000_000)), Error::TooMany),
        (container(&format!("<a {}/>", "a=\"\" ".repeat(65))), Error::TooMany),
        (container(&format!("<a{}>{}</a>", namespaces(31), "<b xmlns:z=\"u\"/>".repeat(10_000))), Error::TooMany),
        (container("<KeyPackage><Key>&nbsp;</Key></KeyPackage>"), Error::MalformedLine { line: 1, column: 85 }),
        (container("\n<KeyPackage>"), Error::MalformedLine { line: 2, column: 13 }),
        (container("</KeyContainer><KeyContainer>"), Error::MalformedLine { line: 1, column: 87 }),
        (container("\0"), Error::MalformedLine { line: 1, column: 72 }),
        ("<Tokens/>".into(), Error::Missing(Part::Field("KeyContainer"))),
    ];
    for (xml, expected) in refused {
        let error = pskc::parse(xml.as_bytes(), &Policy::app(), &Unlock::none()).unwrap_err();
        let place = |error| matches!(error, Error::MalformedLine { .. });
        assert!(error == expected || place(error) && place(expected), "{error}, not {expected}: {}", &xml[..100]);
    }
    assert_eq!(read(b"<KeyContainer Version=\"1.0\"/>", &Policy::app(), &Unlock::none()).unwrap_err(), Error::Empty);
}

#[test]
fn limits_are_the_callers() {
    let xml = hotp("", "");
    let two = xml.replace("</KeyPackage>", "</KeyPackage><KeyPackage><Key/></KeyPackage>");
    let with = |limits: Limits| Policy::app().limits(limits);
    let parse = |xml: &str, policy: &Policy| pskc::parse(xml.as_bytes(), policy, &Unlock::none()).err();
    assert_eq!(parse(&two, &with(Limits { records: 2, ..Limits::default() })), None);
    assert_eq!(parse(&two, &with(Limits { records: 1, ..Limits::default() })), Some(Error::TooMany));
    assert_eq!(parse(&xml, &with(Limits { file: xml.len(), ..Limits::default() })), None);
    assert_eq!(parse(&xml, &with(Limits { file: xml.len() - 1, ..Limits::default() })), Some(Error::TooLong));
    let wide = container(&format!("<a{}/>", " ".repeat(8000)));
    assert_eq!(parse(&wide, &with(Limits { tag: 8004, ..Limits::default() })), None);
    assert_eq!(parse(&wide, &with(Limits { tag: 8003, ..Limits::default() })), Some(Error::TooLong));
}

/// No file makes the parser allocate 64 times its size, whether it is read or refused.
#[test]
fn memory_is_bounded_by_the_size_of_the_file() {
    let repeat = |piece: &str| container(&piece.repeat(200_000 / piece.len()));
    let key =
        hotp("<Counter><PlainValue>0</PlainValue></Counter>", "<ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/>");
    let package = &key[key.find("<KeyPackage>").unwrap()..key.find("</KeyContainer>").unwrap()];
    let files = [
        repeat(package),
        repeat("<KeyPackage><Key/></KeyPackage>"),
        repeat("<KeyPackage><Key></Key><Key></Key><Key></Key><Key></Key></KeyPackage>"),
        repeat("<abc/>"),
        repeat("<ab/>x"),
        repeat("<abcde a=\"\" b=\"\"/>"),
        repeat("<abcdefgh a=\"&lt;\"/>"),
        repeat("<?abc?>"),
        repeat("<!---->"),
        repeat("<a/>"),
        repeat("="),
        repeat("<abcdefgh xmlns:a=\"u\" xmlns:b=\"u\"/>"),
        container(&format!("{}{}", "<abcdefgh>".repeat(60), "</abcdefgh>".repeat(60))),
        key.clone(),
    ];
    let (mut read, mut most) = (0, 0);
    for xml in files {
        let measured = allocation_counter::measure(|| {
            read += usize::from(pskc::parse(xml.as_bytes(), &Policy::app(), &Unlock::none()).is_ok());
        });
        let bound = 64 * xml.len() as u64 + 4096;
        most = most.max(measured.bytes_max / xml.len() as u64);
        assert!(measured.bytes_max <= bound, "{} bytes for {}: {}", measured.bytes_max, xml.len(), &xml[..120]);
    }
    for token in ["<Token/>", "<Token serial=\"a\"></Token>"] {
        let xml = format!("<Tokens>{}</Tokens>", token.repeat(20_000));
        let measured = allocation_counter::measure(|| {
            let records = read_as(Format::AladdinXml, xml.as_bytes(), &Policy::app(), &Unlock::none()).unwrap();
            assert_eq!(records.credentials().count(), 0);
        });
        assert!(measured.bytes_max <= 64 * xml.len() as u64, "{} bytes for {}", measured.bytes_max, xml.len());
    }
    println!("at most {most} bytes for each byte of a file");
    assert!(read >= 8 && most >= 8, "{read} read, {most} times their size: the others prove little");
}

/// Every cut of a file is refused or read, and no byte that is changed makes it panic.
#[test]
fn every_cut_and_every_changed_byte() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let sealed = pskc::write_encrypted(&[token()], "K", &KEY, &mut rng).unwrap();
    let unlock = Unlock::none().key(&KEY);
    let (mut refused, mut same) = (0, 0);
    for place in 0..sealed.len() - "\n".len() {
        assert!(pskc::parse(&sealed.as_bytes()[..place], &Policy::app(), &unlock).is_err(), "cut at {place}");
        let mut changed = sealed.clone().into_bytes();
        changed[place] ^= 1;
        let Ok(container) = pskc::parse(&changed, &Policy::app(), &unlock) else {
            refused += 1;
            continue;
        };
        for credential in container.credentials() {
            // Names are not authenticated; the secret is.
            same += 1;
            assert_eq!(credential.secret().expose(), token().secret().expose(), "changed at {place}");
        }
    }
    assert!(refused > 500 && same > 50, "{refused} refused, {same} the same");
}

#[test]
fn aladdin_tokens() {
    let file = |seed: &str| {
        format!(
            "<Tokens><Token serial=\"A1\"><Model>101</Model><Applications><Application><Seed>{seed}</Seed>\
             <MovingFactor>7</MovingFactor></Application></Applications></Token></Tokens>"
        )
    };
    let first = |seed: &str, policy: &Policy| {
        let records = read(file(seed).as_bytes(), policy, &Unlock::none()).unwrap();
        assert_eq!(records.format, Format::AladdinXml);
        records.records.into_iter().next().unwrap()
    };
    let seed = "3132333435363738393031323334353637383930";
    let records = read(file(seed).as_bytes(), &Policy::server(), &Unlock::none()).unwrap();
    let credential = records.credentials().next().unwrap();
    assert_eq!((credential.serial(), credential.kind()), (Some("A1"), &Kind::Hotp { counter: 7 }));
    assert_eq!(credential.secret().expose(), b"12345678901234567890");
    assert!(credential.extra().eq([("model", "101")]));
    // A zero that a spreadsheet has lost.
    let odd = seed.replacen('3', "", 1);
    assert!(first(&odd, &Policy::app()).warnings.contains(Warning::OddHex));
    assert_eq!(first(&odd, &Policy::server()).result.err(), Some(Error::Hex { position: 38 }));
    let long = first(&"31".repeat(32), &Policy::server());
    assert!(long.warnings.contains(Warning::AlgorithmAssumed));
    assert_eq!(first("31z2", &Policy::app()).result.err(), Some(Error::Hex { position: 2 }));
    assert_eq!(first("", &Policy::app()).result.err(), Some(Error::SecretMissing));
}

/// RFC 3394, 4.1 to 4.3: the same 16 bytes, wrapped under keys of three lengths. One changed bit opens nothing.
#[test]
fn a_wrapped_secret_opens_under_keys_of_each_length() {
    let wrapped = [
        ("kw-aes128", 16, "H6aLCoEStEeu80vY+1p7gp0+hiNx0s/l"),
        ("kw-aes192", 24, "lneLJa5spDX5K1uXwFCu0kaKuKF62E5d"),
        ("kw-aes256", 32, "ZOjD+c4PW6Jj6Xd5BYGKKpPIGR59born"),
    ];
    let key: Vec<u8> = (0..32).collect();
    for (algorithm, length, value) in wrapped {
        let file = |value: &str| {
            format!(
                "<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\" \
                 xmlns:x=\"http://www.w3.org/2001/04/xmlenc#\"><EncryptionKey/><KeyPackage><Key><Data><Secret>\
                 <EncryptedValue><x:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#{algorithm}\"/>\
                 <x:CipherData><x:CipherValue>{value}</x:CipherValue></x:CipherData></EncryptedValue></Secret></Data>\
                 </Key></KeyPackage></KeyContainer>"
            )
        };
        let unlock = Unlock::none().key(&key[..length]);
        let read = |value: &str| pskc::parse(file(value).as_bytes(), &Policy::app(), &unlock).unwrap();
        let container = read(value);
        let opened = container.credentials().next().expect(algorithm).secret().expose();
        assert_eq!(opened, (0..16).map(|byte| byte * 0x11).collect::<Vec<u8>>(), "{algorithm}");
        let changed = value.replacen(&value[..1], if value.starts_with('Z') { "Y" } else { "Z" }, 1);
        assert_eq!(read(&changed).credentials().count(), 0, "{algorithm}");
    }
}
