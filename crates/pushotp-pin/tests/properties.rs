//! What holds for any secret, PIN, cost and device key.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "fixture/fixture.rs"]
mod fixture;

use fixture::{NOW, cheap, pin, rng, uniform};
use proptest::prelude::*;
use pushotp_pin::{
    Arena, Attempt, Blob, Cost, Generation, Header, Locks, MemoryAttempts, MemoryHardener, Mode, Permit, Pin,
    PinPolicy, Sealing, Settlement, SoftwareKey, SoftwarePresenceKey,
};
use pushotp_types::TokenId;

prop_compose! {
    fn header()(token: [u8; 16], generation in 1_u32..) -> Header {
        Header { token: TokenId::from_bytes(token), generation: Generation::new(generation).unwrap() }
    }
}

prop_compose! {
    fn cost()(lanes in 1_u32..=4, passes in 1_u32..=3, more in 0_u32..200) -> Cost {
        Cost::danger_below_floor(8 * lanes + more, passes, lanes).unwrap()
    }
}

fn attempt<M: Mode>(blob: &Blob<M>, device: &SoftwareKey) -> Attempt<M> {
    let store = MemoryAttempts::new();
    blob.arm(&store, device).unwrap();
    blob.begin(&store, device, NOW).unwrap()
}

fn unwraps<M: Mode>(
    blob: &Blob<M>,
    keys: &[SoftwarePresenceKey],
    device: &SoftwareKey,
    secret: &[u8],
) -> Result<(), TestCaseError> {
    prop_assert_eq!(blob.presence_providers().count(), keys.len());
    for key in keys {
        let candidate = attempt(blob, device).open_presence(key, device, "unlock").unwrap();
        prop_assert_eq!(candidate.secret().expose(), secret);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    /// One arena for both, so that what it holds from before does not matter.
    #[test]
    fn opens_to_what_was_sealed(
        secret in prop::collection::vec(any::<u8>(), 16..=64), text in "[0-9]{4,16}", other in "[0-9]{4,16}",
        header in header(), cost in cost(), key: ([u8; 16], [u8; 32]), seed: u64,
    ) {
        let (device, store, mut arena) = (SoftwareKey::from_bytes(key.0, &key.1), MemoryAttempts::new(), Arena::new());
        let sealing = Sealing { header, cost, device: &device, arena: &mut arena, rng: &mut rng(seed) };
        let blob = Blob::seal_pin(&uniform(&secret), &pin(&text), sealing).unwrap();
        let blob = Blob::decode(blob.as_bytes()).unwrap();
        prop_assert_eq!((blob.token(), blob.generation(), blob.cost()), (header.token, header.generation, Some(cost)));
        prop_assert!(blob.as_bytes().len() <= 256);

        blob.arm(&store, &device).unwrap();
        for typed in [&text, &other] {
            let candidate = blob.begin(&store, &device, NOW).unwrap().open(&pin(typed), &device, &mut arena).unwrap();
            prop_assert_eq!(candidate.secret().expose() == secret, *typed == text);
            candidate.settle(Settlement::Unjudged, &store, &device, NOW).unwrap();
        }
    }

    /// Whatever the locks, in either mode: each way opens to what was sealed, and to no other.
    #[test]
    fn every_lock_opens(
        secret in prop::collection::vec(any::<u8>(), 16..=64), text in "[0-9]{4,16}", other in "[0-9]{4,16}",
        header in header(), key: [u8; 32], seed: u64, verifiable: bool, fingers in 0_usize..=3,
    ) {
        let (device, mut arena) = (SoftwareKey::from_bytes([1; 16], &key), Arena::new());
        let server = MemoryHardener::generate(&mut rng(seed));
        let keys: Vec<_> = (0..fingers).map(|at| SoftwarePresenceKey::from_bytes(&key).simulating(&at.to_string(), &[7])).collect();
        let sealing = Sealing { header, cost: cheap(), device: &device, arena: &mut arena, rng: &mut rng(seed) };
        let (right, wrong) = (pin(&text), pin(&other));
        let typed = [(&right, true), (&wrong, text == other)];
        if verifiable {
            let locks = Locks::verifiable_pin(&right, Permit::from_hardener(&server));
            let locks = keys.iter().fold(locks, |locks, key| locks.or_presence(key));
            let blob = Blob::seal(&uniform(&secret), &locks, sealing).unwrap();
            for (pin, is_right) in typed {
                let opened = attempt(&blob, &device).open_hardened(pin, &device, &server, &mut arena);
                prop_assert_eq!(opened.is_ok_and(|candidate| candidate.secret().expose() == secret), is_right);
            }
            unwraps(&blob, &keys, &device, &secret)?;
        } else {
            let locks = keys.iter().fold(Locks::pin(&right).hardened(&server), |locks, key| locks.or_presence(key));
            let blob = Blob::seal(&uniform(&secret), &locks, sealing).unwrap();
            for (pin, is_right) in typed {
                let candidate = attempt(&blob, &device).open_hardened(pin, &device, &server, &mut arena).unwrap();
                prop_assert_eq!(candidate.secret().expose() == secret, is_right);
            }
            unwraps(&blob, &keys, &device, &secret)?;
        }
    }

    #[test]
    fn opens_without_a_pin(
        secret in prop::collection::vec(any::<u8>(), 16..=64), header in header(), key: [u8; 32], seed: u64,
    ) {
        let (device, mut arena) = (SoftwareKey::from_bytes([1; 16], &key), Arena::new());
        let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut arena, rng: &mut rng(seed) };
        let blob = Blob::seal_device(&uniform(&secret), sealing).unwrap();
        let read = Blob::decode(blob.as_bytes()).unwrap();
        let opened = read.open_device(&device).unwrap();
        prop_assert_eq!(opened.expose(), secret);
        prop_assert_eq!(arena.len_kib(), 0);
    }

    /// Whatever may be chosen may be entered, and a chosen PIN keeps to its policy.
    #[test]
    fn chosen_is_entered(text in "[0-9٠-٩ a]{0,20}", min in 4_usize..=16, more in 0_usize..=12) {
        let max = (min + more).min(16);
        let policy = PinPolicy::new(min, max).unwrap();
        let chosen = Pin::choose(&text, &policy).is_ok();
        prop_assert!(!chosen || Pin::entered(&text).is_ok());
        prop_assert!(!chosen || (min..=max).contains(&text.chars().count()));
        prop_assert!(!chosen || Pin::choose(&text, &policy.danger_allow_trivial()).is_ok());
    }
}
