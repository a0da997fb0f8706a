use pushotp_pin::{Arena, Blob, Cost, Generation, Header, Pin, Sealing, SoftwareKey, UniformSecret};
use pushotp_types::TokenId;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::Seed;

pub(crate) fn seeds() -> Vec<Seed> {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let (device, mut arena) = (SoftwareKey::generate(&mut rng), Arena::new());
    let secret = UniformSecret::generate(&mut rng, 32).unwrap();
    let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    let mut sealed = Vec::new();
    for (name, cost) in [("pin", Cost::danger_below_floor(8, 1, 1).unwrap()), ("pin-floor", Cost::FLOOR)] {
        let pin = Pin::entered("271846").unwrap();
        let sealing = Sealing { header, cost, device: &device, arena: &mut arena, rng: &mut rng };
        sealed.push((name, Blob::seal_pin(&secret, &pin, sealing).unwrap()));
    }
    let sealing = Sealing { header, cost: Cost::FLOOR, device: &device, arena: &mut arena, rng: &mut rng };
    sealed.push(("device", Blob::seal_device(&secret, sealing).unwrap()));
    sealed.iter().map(|(name, blob)| ("pin_blob", (*name).to_owned(), blob.as_bytes().to_vec())).collect()
}
