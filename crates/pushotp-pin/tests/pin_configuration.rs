//! PINs as an organisation configures them, and as RFC 6030 says it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use core::convert::Infallible;

use pushotp_pin::{
    Pin, PinChange, PinChoice, PinConfiguration, PinError, PinMode, PinPolicy, PinStyle, PolicyError,
    pskc::{self, PinUsageMode, PskcError, ValueFormat},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{SeedableRng, TryCryptoRng, TryRng},
};

const USAGES: [PinUsageMode; 4] =
    [PinUsageMode::Local, PinUsageMode::Prepend, PinUsageMode::Append, PinUsageMode::Algorithmic];

fn policy(usage: PinUsageMode) -> pskc::PinPolicy {
    pskc::PinPolicy {
        pin_key_id: None,
        pin_usage_mode: Some(usage),
        max_failed_attempts: Some(8),
        min_length: Some(4),
        max_length: Some(8),
        pin_encoding: Some(ValueFormat::Decimal),
    }
}

/// Every usage, encoding, length and count that can be kept comes back as it was.
#[test]
fn there_and_back() {
    for usage in USAGES {
        for encoding in [ValueFormat::Decimal, ValueFormat::Alphanumeric] {
            for (min, max) in (3..=16).flat_map(|min| (min..=16).map(move |max| (min, max))) {
                for attempts in [1, 2, 10, 11, u32::MAX] {
                    let before = pskc::PinPolicy {
                        max_failed_attempts: Some(attempts),
                        min_length: Some(min),
                        max_length: Some(max),
                        pin_encoding: Some(encoding),
                        ..policy(usage)
                    };
                    let configuration = PinConfiguration::from_pskc(Some(&before)).unwrap();
                    assert_eq!(configuration.to_pskc(), Some(before));
                }
            }
        }
    }
}

#[test]
fn what_it_means() {
    let styles = [PinStyle::Activation, PinStyle::ServerPrepended, PinStyle::ServerAppended, PinStyle::Algorithmic];
    for (usage, style) in USAGES.into_iter().zip(styles) {
        let configuration = PinConfiguration::from_pskc(Some(&policy(usage))).unwrap();
        let expected = PinConfiguration {
            style,
            choice: PinChoice::User,
            change: PinChange::Allowed,
            mode: PinMode::Numeric,
            min: 4,
            max: 8,
            attempts: 8,
            trivial: false,
        };
        assert_eq!(configuration, expected);
        assert_eq!(configuration.policy(), Ok(Some(PinPolicy::new(4, 8).unwrap())));
    }
    let none = PinConfiguration::from_pskc(None).unwrap();
    assert_eq!((none.style, none.to_pskc(), none.policy()), (PinStyle::None, None, Ok(None)));
    // The PIN is another key of the container.
    let issued = pskc::PinPolicy { pin_key_id: Some("123456781".to_owned()), ..policy(PinUsageMode::Local) };
    assert_eq!(PinConfiguration::from_pskc(Some(&issued)).unwrap().choice, PinChoice::Issued);
}

/// An absent attribute is the default, within what the other one allows.
#[test]
fn absent_attributes() {
    let bare = pskc::PinPolicy { pin_usage_mode: Some(PinUsageMode::Local), ..pskc::PinPolicy::default() };
    assert_eq!(PinConfiguration::from_pskc(Some(&bare)), Ok(PinConfiguration::DEFAULT));
    let short = pskc::PinPolicy { max_length: Some(4), ..bare.clone() };
    let short = PinConfiguration::from_pskc(Some(&short)).unwrap();
    assert_eq!((short.min, short.max), (4, 4));
    let long = pskc::PinPolicy { min_length: Some(8), ..bare };
    let long = PinConfiguration::from_pskc(Some(&long)).unwrap();
    assert_eq!((long.min, long.max), (8, 16));
}

#[test]
fn refused() {
    type Defect = fn(&mut pskc::PinPolicy);
    let table: &[(&str, Defect, PskcError)] = &[
        ("no usage", |p| p.pin_usage_mode = None, PskcError::UsageMode),
        ("no attempt", |p| p.max_failed_attempts = Some(0), PskcError::Attempts),
        ("two digits", |p| p.min_length = Some(2), PskcError::Length),
        ("no digit", |p| p.min_length = Some(0), PskcError::Length),
        ("17 digits", |p| p.max_length = Some(17), PskcError::Length),
        ("four thousand million digits", |p| p.max_length = Some(u32::MAX), PskcError::Length),
        ("at least 9, at most 8", |p| p.min_length = Some(9), PskcError::Length),
        ("hexadecimal", |p| p.pin_encoding = Some(ValueFormat::Hexadecimal), PskcError::Encoding),
        ("base 64", |p| p.pin_encoding = Some(ValueFormat::Base64), PskcError::Encoding),
        ("bytes", |p| p.pin_encoding = Some(ValueFormat::Binary), PskcError::Encoding),
    ];
    for (name, defect, expected) in table {
        let mut policy = policy(PinUsageMode::Local);
        defect(&mut policy);
        assert_eq!(PinConfiguration::from_pskc(Some(&policy)), Err(*expected), "{name}");
    }
}

/// The names of RFC 6030 §11, in its spelling only.
#[test]
fn names() {
    for (usage, name) in USAGES.into_iter().zip(["Local", "Prepend", "Append", "Algorithmic"]) {
        assert_eq!((usage.name(), PinUsageMode::from_name(name)), (name, Some(usage)));
        assert_eq!(PinUsageMode::from_name(&name.to_uppercase()), None);
    }
    let formats = [
        (ValueFormat::Decimal, "DECIMAL"),
        (ValueFormat::Hexadecimal, "HEXADECIMAL"),
        (ValueFormat::Alphanumeric, "ALPHANUMERIC"),
        (ValueFormat::Base64, "BASE64"),
        (ValueFormat::Binary, "BINARY"),
    ];
    for (format, name) in formats {
        assert_eq!((format.name(), ValueFormat::from_name(name)), (name, Some(format)));
        assert_eq!(ValueFormat::from_name(&name.to_lowercase()), None);
    }
}

#[test]
fn policies_and_counts() {
    let with = |min, max| PinConfiguration { min, max, ..PinConfiguration::DEFAULT }.policy();
    assert_eq!(with(6, 16), Ok(Some(PinPolicy::DEFAULT)));
    assert_eq!(with(3, 16), Ok(Some(PinPolicy::new(4, 16).unwrap())));
    for (min, max) in [(3, 3), (5, 4), (6, 17), (0, 0), (17, 17), (6, u32::MAX)] {
        assert_eq!(with(min, max), Err(PolicyError), "{min} to {max}");
    }
    let lenient = PinConfiguration { trivial: true, mode: PinMode::Alphanumeric, ..PinConfiguration::DEFAULT };
    let expected = PinPolicy::DEFAULT.with_mode(PinMode::Alphanumeric).danger_allow_trivial();
    assert_eq!(lenient.policy(), Ok(Some(expected)));
    for (configured, holds) in [(0, 1), (1, 1), (3, 3), (10, 10), (11, 10), (256, 10), (u32::MAX, 10)] {
        let configuration = PinConfiguration { attempts: configured, ..PinConfiguration::DEFAULT };
        assert_eq!(configuration.attempts(), holds, "{configured}");
    }
    assert_eq!(PinConfiguration::default(), PinConfiguration::DEFAULT);
}

/// Random PINs are what the policy wants and differ; no digit is rare.
#[test]
fn random_pins() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (four, mut counts) = (PinPolicy::new(4, 8).unwrap(), [0_u32; 10]);
    for policy in [four, PinPolicy::DEFAULT, PinPolicy::DEFAULT.with_mode(PinMode::Alphanumeric)] {
        for _ in 0..1000 {
            let pin = Pin::generate(&policy, &mut rng).unwrap();
            assert_eq!((pin.expose().len(), pin.mode()), (policy.min(), policy.mode()));
            assert!(Pin::choose(pin.expose(), &policy).is_ok());
            for (digit, count) in ('0'..='9').zip(&mut counts) {
                *count += u32::try_from(pin.expose().matches(digit).count()).unwrap();
            }
        }
    }
    assert!(counts.iter().all(|count| (1300..1900).contains(count)), "{counts:?}");
}

/// A generator that always yields the same.
struct Stuck;

impl TryRng for Stuck {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0);
        Ok(())
    }
}

impl TryCryptoRng for Stuck {}

#[test]
fn a_broken_generator_ends() {
    assert_eq!(Pin::generate(&PinPolicy::DEFAULT, &mut Stuck).unwrap_err(), PinError::Trivial);
    let lenient = PinPolicy::DEFAULT.danger_allow_trivial();
    assert_eq!(Pin::generate(&lenient, &mut Stuck).unwrap().expose(), "000000");
}
