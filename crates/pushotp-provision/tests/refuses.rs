//! One defect, one error.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use pushotp_provision::{Credential, Error, Kind, Part, Policy, Warning, otpauth};
use pushotp_types::Secret;

const GOOD: &str = "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example";

const TWO_STEP: Error = Error::TwoStep { salt_bytes: 8, output_bytes: 20, iterations: 10_000 };

/// The good URI with one thing changed, and what both policies say: `app`, then `server`.
const CASES: &[(&str, &str, Option<Error>, Option<Error>)] = &[
    ("otpauth:", "otpauth", Some(Error::Scheme), Some(Error::Scheme)),
    ("otpauth://", "https://", Some(Error::Scheme), Some(Error::Scheme)),
    ("//totp", "//motp", Some(Error::Type), Some(Error::Type)),
    ("alice", "al%ice", Some(Error::Escape(Part::Account)), Some(Error::Escape(Part::Account))),
    ("alice", "alice%2", Some(Error::Escape(Part::Account)), Some(Error::Escape(Part::Account))),
    ("alice", "al%ffice", Some(Error::Utf8(Part::Account)), Some(Error::Utf8(Part::Account))),
    ("Example:", "Ex%ample:", Some(Error::Escape(Part::Issuer)), Some(Error::Escape(Part::Issuer))),
    ("Example:", "Ex%ffample%3A", Some(Error::Utf8(Part::Issuer)), Some(Error::Utf8(Part::Issuer))),
    ("alice", "a%e2%80%aeb", None, Some(Error::Undisplayable(Part::Account))),
    ("Example:alice", "Example:", None, Some(Error::AccountMissing)),
    ("Example:", "Other:", None, Some(Error::IssuerMismatch)),
    ("=Example", "=Exam%ple", Some(Error::Escape(Part::Parameter(1))), Some(Error::Escape(Part::Parameter(1)))),
    ("secret=", "secre=", Some(Error::SecretMissing), Some(Error::SecretMissing)),
    ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "", Some(Error::SecretMissing), Some(Error::SecretMissing)),
    ("GEZDG", "GEZD1", Some(Error::Base32 { position: 4 }), Some(Error::Base32 { position: 4 })),
    ("GEZDG", "GEZ G", None, Some(Error::Base32 { position: 3 })),
    ("&issuer", "======&issuer", None, Some(Error::Padding)),
    ("TQOJQ&", "TQOJQA&", None, Some(Error::SecretLength)),
    ("TQOJQ&", "TQOJ&", None, Some(Error::SpareBits)),
    ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOI", None, Some(Error::SecretTooWeak)),
    (
        "&issuer",
        "&secret=AAAAAAAA&issuer",
        Some(Error::Repeated(Part::Parameter(1))),
        Some(Error::Repeated(Part::Parameter(1))),
    ),
    (
        "&issuer",
        "&issuer=Other&issuer",
        Some(Error::Repeated(Part::Parameter(2))),
        Some(Error::Repeated(Part::Parameter(2))),
    ),
    ("&issuer", "&algorithm=MD5&issuer", Some(Error::Algorithm), Some(Error::Algorithm)),
    ("&issuer", "&algorithm=SHA224&issuer", Some(Error::Algorithm), Some(Error::Algorithm)),
    ("&issuer", "&algorithm=&issuer", Some(Error::Algorithm), Some(Error::Algorithm)),
    ("&issuer", "&digits=5&issuer", Some(Error::Digits), Some(Error::Digits)),
    ("&issuer", "&digits=9&issuer", None, Some(Error::Digits)),
    ("&issuer", "&digits=11&issuer", Some(Error::Digits), Some(Error::Digits)),
    ("&issuer", "&digits=006&issuer", Some(Error::Digits), Some(Error::Digits)),
    ("&issuer", "&digits=%2b6&issuer", Some(Error::Digits), Some(Error::Digits)),
    ("&issuer", "&digits=%EF%BC%96&issuer", Some(Error::Digits), Some(Error::Digits)),
    ("&issuer", "&period=0&issuer", Some(Error::Period), Some(Error::Period)),
    ("&issuer", "&period=-30&issuer", Some(Error::Period), Some(Error::Period)),
    ("&issuer", "&period=4294967296&issuer", Some(Error::Period), Some(Error::Period)),
    ("//totp", "//hotp", None, Some(Error::CounterMissing)),
    ("//totp", "//pipush", Some(Error::Push), Some(Error::Push)),
    ("//totp", "//yaotp", Some(Error::Invalid(Part::Secret)), Some(Error::Invalid(Part::Secret))),
    ("&issuer", "&2step_salt=8&issuer", Some(TWO_STEP), Some(TWO_STEP)),
    ("&issuer", "&2STEP_difficulty=x&2step_output=20&2step_salt=8&issuer", Some(TWO_STEP), Some(TWO_STEP)),
];

#[test]
fn the_good_one_is_good() {
    for policy in [Policy::app(), Policy::server()] {
        for scheme in ["otpauth:", "OTPAuth:", "apple-otpauth:"] {
            let parsed = otpauth::parse(&GOOD.replace("otpauth:", scheme), &policy).unwrap();
            assert!(parsed.warnings.is_empty(), "{scheme}");
        }
    }
}

/// Secrets of so many bytes: the least that each policy takes, the least without a warning, the most.
#[test]
fn how_long_a_secret_may_be() {
    let read = |len: usize, policy: &Policy| {
        let text = data_encoding::BASE32_NOPAD.encode(&vec![0xa5; len]);
        otpauth::parse(&format!("otpauth://totp/a?secret={text}"), policy)
            .map(|parsed| parsed.warnings.contains(Warning::WeakSecret))
    };
    assert_eq!(read(1, &Policy::app()), Ok(true));
    assert_eq!((read(9, &Policy::server()), read(10, &Policy::server())), (Err(Error::SecretTooWeak), Ok(true)));
    assert_eq!((read(15, &Policy::app()), read(16, &Policy::app())), (Ok(true), Ok(false)));
    let asked = Policy::server().min_secret_bits(121);
    assert_eq!((read(15, &asked), read(16, &asked)), (Err(Error::SecretTooWeak), Ok(false)));
    assert_eq!((read(1024, &Policy::app()), read(1025, &Policy::app())), (Ok(false), Err(Error::SecretTooLong)));
}

/// Each part counts, the secret too.
#[test]
fn credentials_that_differ_are_not_equal() {
    let read = |uri: &str| otpauth::parse(uri, &Policy::app()).unwrap().credential;
    let good = read(GOOD);
    assert!(good == read(GOOD));
    for (part, other) in [
        ("GEZDG", "GEZDH"),
        ("GEZDGNBV", ""),
        ("//totp", "//hotp"),
        ("&issuer", "&period=31&issuer"),
        ("&issuer", "&digits=7&issuer"),
        ("&issuer", "&algorithm=SHA512&issuer"),
        ("Example:", "Else:"),
        ("=Example", "=Else"),
        ("alice", "bob"),
    ] {
        assert!(good != read(&GOOD.replacen(part, other, 1)), "{part} and {other}");
    }
}

#[test]
fn each_defect_has_its_error() {
    for (part, replaced, app, server) in CASES {
        let uri = GOOD.replacen(part, replaced, 1);
        assert_ne!(uri, GOOD, "{part}");
        assert_eq!(otpauth::parse(&uri, &Policy::app()).err(), *app, "app: {uri}");
        assert_eq!(otpauth::parse(&uri, &Policy::server()).err(), *server, "server: {uri}");
    }
}

#[test]
fn what_an_app_tolerates_it_says() {
    for (uri, warning) in [
        ("otpauth://totp/a?secret=gezdgnbvgy3tqojqgezdgnbvgy3tqojq", Warning::LowerCase),
        ("otpauth://totp/a?secret=GEZD%20GNBV", Warning::Separators),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====", Warning::Padding),
        ("otpauth://totp/a?secret=GEZDGNBVA", Warning::SecretLength),
        ("otpauth://totp/a?secret=GEZDGNB", Warning::SpareBits),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ", Warning::WeakSecret),
        ("otpauth://hotp/a?secret=GEZDGNBVGY3TQOJQ", Warning::CounterMissing),
        ("otpauth://totp/x:a?secret=GEZDGNBVGY3TQOJQ&issuer=y", Warning::IssuerMismatch),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&algorithm=HmacSha-256", Warning::AlgorithmSpelling),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&digits=6&digits=6", Warning::Repeated),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&counter=6", Warning::Unused),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&image=x", Warning::UnknownParameter),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&digits=10", Warning::ManyDigits),
        ("otpauth://totp/a%0A?secret=GEZDGNBVGY3TQOJQ", Warning::Undisplayable),
        ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ\n", Warning::Trimmed),
    ] {
        let parsed = otpauth::parse(uri, &Policy::app()).unwrap();
        assert!(parsed.warnings.contains(warning), "{uri}: {:?}", parsed.warnings);
    }
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    let long = format!("otpauth://totp/{}?secret=GEZDGNBVGY3TQOJQ", "a".repeat(5000));
    assert_eq!(otpauth::parse(&long, &Policy::app()).err(), Some(Error::TooLong));
    let name = format!("otpauth://totp/{}?secret=GEZDGNBVGY3TQOJQ", "a".repeat(513));
    assert_eq!(otpauth::parse(&name, &Policy::app()).err(), Some(Error::PartTooLong(Part::Account)));
    let secret = format!("otpauth://totp/a?secret={}", "A".repeat(1640));
    assert_eq!(otpauth::parse(&secret, &Policy::app()).err(), Some(Error::SecretTooLong));
}

#[test]
fn names_that_a_uri_cannot_carry_are_not_written() {
    let secret = || Secret::new(b"12345678901234567890").unwrap();
    let kind = Kind::totp(30);
    assert_eq!(
        otpauth::write(&Credential::new(kind.clone(), " alice", secret()).with_issuer("x")).err(),
        Some(Error::Ambiguous)
    );
    assert_eq!(
        otpauth::write(&Credential::new(kind.clone(), "a", secret()).with_issuer("")).err(),
        Some(Error::Ambiguous)
    );
    assert!(otpauth::write(&Credential::new(kind.clone(), "a:b", secret())).is_ok());
}

#[test]
fn nothing_shows_the_secret() {
    let parsed = otpauth::parse(GOOD, &Policy::app()).unwrap();
    let shown = format!("{parsed:?} {:?}", parsed.credential).to_lowercase();
    for secret in ["gezdgnbv", "12345678901234567890", "49, 50", "31323334", "mtizndu2"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let error = otpauth::parse(&GOOD.replace("GEZDG", "GEZD!"), &Policy::app()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains('!'));
}
