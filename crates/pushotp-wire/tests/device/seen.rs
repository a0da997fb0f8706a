//! Each challenge is shown once: cases 134 and 135.

use pushotp_wire::{
    device::{Seen, SeenChallenge, SeenChallenges},
    message::ChallengeParts,
    terms::{ChallengeHash, ChallengeId},
};

use crate::fixture::*;

// protocol.md: DEV-2, DEV-3
#[test]
fn once_again_and_in_conflict() {
    let (mut world, mut seen) = (World::new(), SeenChallenges::default());
    assert_eq!(seen.note(&world.opened(parts()), at(NOW)), Seen::New);
    assert_eq!(seen.note(&world.opened(parts()), at(NOW)), Seen::Again, "by fetch, after a push");
    let other = ChallengeParts { nonce: [4; 32], ..parts() };
    assert_eq!(seen.note(&world.opened(other), at(NOW)), Seen::Conflict);
    assert_eq!(seen.entries().len(), 1);

    let mut restored = SeenChallenges::from_entries(seen.entries().iter().copied());
    assert_eq!(restored.note(&world.opened(parts()), at(NOW)), Seen::Again, "after a restart");
}

/// An entry goes exactly when its challenge can no longer be opened.
// protocol.md: DEV-2
#[test]
fn kept_as_long_as_it_can_be_opened() {
    let (mut world, mut seen) = (World::new(), SeenChallenges::default());
    assert_eq!(seen.note(&world.opened(parts()), at(NOW)), Seen::New);
    let bytes = world.seal(&payload(parts()));
    let last = NOW + 240;
    assert!(world.device.open(&bytes, at(last)).is_ok() && world.device.open(&bytes, at(last + 1)).is_err());
    assert_eq!(seen.note(&world.opened(parts()), at(last)), Seen::Again);
    assert_eq!(seen.note(&world.opened(parts()), at(last + 1)), Seen::New);
}

// protocol.md: DEV-2
#[test]
fn the_list_is_bounded() {
    let entry = |n: u64| SeenChallenge {
        id: ChallengeId::from_bytes([u8::try_from(n).unwrap(); 16]),
        hash: ChallengeHash::from_bytes([0; 32]),
        expires: at(NOW + 300 - n),
    };
    let seen = SeenChallenges::from_entries((0..200).map(entry));
    assert_eq!(seen.entries(), (0..64).map(entry).collect::<Vec<_>>(), "the ones that end last stay");
}
