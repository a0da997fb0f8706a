//! A duress PIN: what the policy allows, and no slip away from the PIN.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "fixture/world.rs"]
#[allow(dead_code, reason = "the examples use the rest")]
mod world;

use std::collections::HashSet;

use pushotp_pin::{
    Arena, DuressPin, Locks, MemoryAttempts, Permit, Pin, PinError, PinMode, PinPolicy, Settlement, VerifiableOpenError,
};
use world::{NOW, device, hardener, pin, seal};

const ANY: PinPolicy = match PinPolicy::new(4, 16) {
    Ok(policy) => policy.danger_allow_trivial(),
    Err(_) => PinPolicy::DEFAULT,
};

fn choose(text: &str, pin: &Pin) -> Result<DuressPin, PinError> {
    DuressPin::choose(text, pin, &ANY.with_mode(pin.mode()))
}

/// One slip of each kind, at either end and between, and two slips.
#[test]
fn a_slip_is_too_close_and_two_are_not() {
    let pin = pin("271846");
    for slip in [
        "271846",
        "971846",
        "271849",
        "279846", // the same, one that is another
        "71846",
        "27184",
        "27846", // one missing
        "9271846",
        "2718469",
        "2719846",
        "2271846",
        "2718466", // one too many
        "721846",
        "271864",
        "278146",       // neighbours that changed places
        "２７１８４７", // as it is read, not as it is written
    ] {
        assert_eq!(choose(slip, &pin).err(), Some(PinError::TooClose), "{slip}");
    }
    for far in [
        "991846", "271899", "971849", "2718", "7184", "27184699", "92718469", // two of these
        "172846", "278416", "721864", "217486", // further than neighbours, or twice
        "718462", "27184699", "72184", "9721846", "000000",
    ] {
        assert!(choose(far, &pin).is_ok(), "{far}");
    }
}

/// Every PIN of up to one digit more against a rule of its own: all that one slip makes of the PIN, and nothing else.
#[test]
fn exactly_what_one_slip_makes() {
    for right in ["2718", "1122", "27181"] {
        let (slips, pin) = (slips(right, "0123456789"), pin(right));
        let mut refused = 0;
        for len in 4..=right.len() + 1 {
            for number in 0..10_usize.pow(u32::try_from(len).unwrap()) {
                let text = format!("{number:0len$}");
                let is_refused = choose(&text, &pin).is_err();
                assert_eq!(is_refused, slips.contains(&text), "{right} and {text}");
                refused += usize::from(is_refused);
            }
        }
        assert!(refused > 80, "{right}: {refused}");
    }
}

/// All texts that one slip makes of this one, and it itself.
fn slips(text: &str, alphabet: &str) -> HashSet<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut slips = HashSet::from([chars.clone()]);
    for place in 0..=chars.len() {
        for typed in alphabet.chars() {
            slips.insert([&chars[..place], &[typed], &chars[place..]].concat());
            if place < chars.len() {
                slips.insert([&chars[..place], &[typed], &chars[place + 1..]].concat());
            }
        }
        if place < chars.len() {
            slips.insert([&chars[..place], &chars[place + 1..]].concat());
        }
        if place + 1 < chars.len() {
            let mut swapped = chars.clone();
            swapped.swap(place, place + 1);
            slips.insert(swapped);
        }
    }
    slips.into_iter().map(|chars| chars.into_iter().collect()).collect()
}

/// A caps lock is no difference.
#[test]
fn letters_count_alike_in_both_cases() {
    let pin = Pin::entered_as("Blau-7", PinMode::Alphanumeric).unwrap();
    for slip in ["bLAU-7", "BLAU7", "LBAU-7", "blau-8"] {
        assert_eq!(choose(slip, &pin).err(), Some(PinError::TooClose), "{slip}");
    }
    assert!(choose("Grau-8", &pin).is_ok());
}

#[test]
fn the_policy_holds_as_for_any_pin() {
    let pin = pin("271846");
    let choose = |text| DuressPin::choose(text, &pin, &PinPolicy::DEFAULT).err();
    assert_eq!(choose("111111"), Some(PinError::Trivial));
    assert_eq!(choose("90531"), Some(PinError::TooShort { min: 6 }));
    assert_eq!(choose("9053179053179053179"), Some(PinError::TooLong { max: 16 }));
    assert_eq!(choose("90531a"), Some(PinError::NotADigit));
    assert_eq!(choose("905317"), None);
}

/// With it the blob opens as with any PIN: always to the same secret, which is not the token's.
#[test]
fn it_yields_a_secret_of_its_own() {
    let pin = pin("271846");
    let (blob, store, duress) = (seal(&Locks::pin(&pin)), MemoryAttempts::new(), choose("905317", &pin).unwrap());
    blob.arm(&store, &device()).unwrap();
    let open = |pin: &Pin| {
        let candidate = blob.begin(&store, &device(), NOW).unwrap().open(pin, &device(), &mut Arena::new()).unwrap();
        let secret = candidate.secret().expose().to_vec();
        candidate.settle(Settlement::Unjudged, &store, &device(), NOW).unwrap();
        secret
    };
    assert_eq!(open(duress.pin()), open(duress.pin()));
    assert_ne!(open(duress.pin()), open(&pin));
    assert_eq!(blob.attempts(&store, &device()).unwrap().left(), 10);
    assert_eq!(format!("{duress:?} {duress:#?}"), "DuressPin { .. } DuressPin { .. }");
}

/// A blob that tells a wrong PIN tells this one.
#[test]
fn a_verifiable_blob_has_none() {
    let (pin, server) = (pin("271846"), hardener());
    let blob = seal(&Locks::verifiable_pin(&pin, Permit::from_hardener(&server)));
    let (store, duress) = (MemoryAttempts::new(), choose("905317", &pin).unwrap());
    blob.arm(&store, &device()).unwrap();
    let attempt = blob.begin(&store, &device(), NOW).unwrap();
    let told = attempt.open_hardened(duress.pin(), &device(), &server, &mut Arena::new());
    assert_eq!(told.unwrap_err(), VerifiableOpenError::WrongPin);
}
