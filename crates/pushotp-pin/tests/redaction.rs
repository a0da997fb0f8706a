//! What prints nothing: no secret, no PIN, no length of either.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "fixture/fixture.rs"]
mod fixture;
#[path = "fixture/world.rs"]
#[allow(dead_code, reason = "the examples use the rest")]
mod world;

use fixture::{HEADER, NOW, cheap, device, open, pin, rng, seal, uniform};
use pushotp_pin::{Arena, Cost, HmacHardener, Locks, MemoryAttempts, Permit, Sealing};

#[test]
fn debug_shows_no_secret() {
    let (mut arena, mut rng) = (Arena::new(), rng(1));
    arena.reserve(Cost::FLOOR).unwrap();
    assert_eq!(format!("{:?} {:?}", pin("2718"), pin("271846")), "Pin { .. } Pin { .. }");
    assert_eq!(format!("{:?} {:?}", uniform(&[7; 16]), device()), "UniformSecret { .. } SoftwareKey { .. }");
    assert_eq!(format!("{arena:?} {:?}", MemoryAttempts::new()), "Arena { len_kib: 19456, .. } MemoryAttempts { .. }");

    let (blob, store) = (seal(&[0xab; 32], "271846", 1), MemoryAttempts::new());
    blob.arm(&store, &device()).unwrap();
    let attempt = blob.begin(&store, &device(), NOW).unwrap();
    let sealing = Sealing { header: HEADER, cost: cheap(), device: &device(), arena: &mut Arena::new(), rng: &mut rng };
    let all = format!("{blob:?} {attempt:?} {:?} {sealing:?}", open(&blob, "271846"));
    // As numbers, the way that bytes print.
    let shown = |byte: u8| format!("{byte}, {byte}");
    for secret in [shown(0xab), shown(0x5d), "abab".to_owned(), "5d5d".to_owned(), "271846".to_owned()] {
        assert!(!all.contains(&secret), "{secret} in {all}");
    }
    assert!(format!("{:?}", [0xab_u8; 32]).contains(&shown(0xab)), "it would have been found");
}

#[test]
fn debug_shows_no_key() {
    use world::{hardener, pin, presence, rotation, seal, ticket};
    let (text, finger, server) = (pin("271846"), presence(), hardener());
    let key = HmacHardener::from_bytes([1; 16], &[0x9c; 32]);
    let permit = Permit::from_hardener(&server);
    let locks = Locks::verifiable_pin(&text, Permit::from_hardener(&server)).or_presence(&finger);
    let all = format!(
        "{finger:?} {server:?} {key:?} {permit:?} {locks:?} {:?} {:?} {:?}",
        seal(&locks),
        ticket(2),
        rotation()
    );
    let shown = |byte: u8| format!("{byte}, {byte}");
    for secret in [shown(0x9c), shown(0x3c), shown(0x5d), shown(0x6e), "9c9c".to_owned(), "271846".to_owned()] {
        assert!(!all.contains(&secret), "{secret} in {all}");
    }
    assert!(!all.contains('['), "bytes in {all}");
    assert!(format!("{:?}", finger.expose()).contains(&shown(0x9c)), "it would have been found");
}
