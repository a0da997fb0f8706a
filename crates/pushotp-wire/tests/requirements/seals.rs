//! What the text asks of a sealing that no other test looks at.

use pushotp_types::{TenantId, UnixTime};
use pushotp_wire::{
    Envelope, envelope,
    keys::ChannelKeys,
    message::Cancel,
    terms::{CancelReason, ChallengeId},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

// protocol.md: ENV-6
#[test]
fn each_sealing_has_an_iv_of_its_own() {
    let (tenant, keys) = (TenantId::new(b"example.com").unwrap(), ChannelKeys::from_exposed(&[7; 80]).unwrap());
    let now = UnixTime::from_secs(1_800_000_000);
    let payload = Cancel::new(ChallengeId::from_bytes([1; 16]), CancelReason::PageClosed, now).encode().unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let sealed: Vec<_> = (0..100).map(|_| envelope::seal(&payload, &keys, &tenant, &mut rng).unwrap()).collect();
    let mut ivs: Vec<_> = sealed.iter().map(|sealed| *Envelope::parse(sealed).unwrap().iv()).collect();
    ivs.sort_unstable();
    ivs.dedup();
    assert_eq!(ivs.len(), sealed.len());
    // From the generator, and from it alone: the same one yields the same.
    let again = envelope::seal(&payload, &keys, &tenant, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
    assert_eq!(again, sealed[0]);
}
