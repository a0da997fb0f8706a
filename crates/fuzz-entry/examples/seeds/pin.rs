use pushotp_pin::{
    Arena, Blob, Cost, Generation, Header, Locks, MemoryHardener, Permit, Pin, RotationTicket, Sealing, SoftwareKey,
    SoftwarePresenceKey, UniformSecret,
};
use pushotp_types::TokenId;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::Seed;

const HEADER: Header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };

pub(crate) fn seeds() -> Vec<Seed> {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let (device, mut arena) = (SoftwareKey::generate(&mut rng), Arena::new());
    let secret = UniformSecret::generate(&mut rng, 32).unwrap();
    let mut sealed = Vec::new();
    for (name, cost) in [("pin", Cost::danger_below_floor(8, 1, 1).unwrap()), ("pin-floor", Cost::FLOOR)] {
        let pin = Pin::entered("271846").unwrap();
        let sealing = Sealing { header: HEADER, cost, device: &device, arena: &mut arena, rng: &mut rng };
        sealed.push((name, Blob::seal_pin(&secret, &pin, sealing).unwrap().as_bytes().to_vec()));
    }
    let sealing = Sealing { header: HEADER, cost: Cost::FLOOR, device: &device, arena: &mut arena, rng: &mut rng };
    sealed.push(("device", Blob::seal_device(&secret, sealing).unwrap().as_bytes().to_vec()));
    sealed.extend(slots_and_files(&secret, &device, &mut rng));
    sealed.into_iter().map(|(name, bytes)| ("pin_blob", name.to_owned(), bytes)).collect()
}

/// What every sealing takes.
struct Tools<'a> {
    device: &'a SoftwareKey,
    arena: Arena,
    rng: &'a mut ChaCha20Rng,
}

impl Tools<'_> {
    fn sealing(&mut self, header: Header) -> Sealing<'_> {
        Sealing { header, cost: Cost::FLOOR, device: self.device, arena: &mut self.arena, rng: self.rng }
    }
}

/// Each kind of slot, each suite, and two blobs in one file.
fn slots_and_files(
    secret: &UniformSecret,
    device: &SoftwareKey,
    rng: &mut ChaCha20Rng,
) -> Vec<(&'static str, Vec<u8>)> {
    let (finger, server) = (SoftwarePresenceKey::generate(rng), MemoryHardener::generate(rng));
    let (pin, mut tools) = (Pin::entered("271846").unwrap(), Tools { device, arena: Arena::new(), rng });
    let both = Blob::seal(secret, &Locks::pin(&pin).or_presence(&finger), tools.sealing(HEADER)).unwrap();
    let presence = Blob::seal(secret, &Locks::presence(&finger), tools.sealing(HEADER)).unwrap();
    let hardened = Blob::seal(secret, &Locks::pin(&pin).hardened(&server), tools.sealing(HEADER)).unwrap();
    let told = Locks::verifiable_pin(&pin, Permit::from_hardener(&server));
    let told = Blob::seal(secret, &told, tools.sealing(HEADER)).unwrap();
    let next = Header { generation: Generation::FIRST.next().unwrap(), ..HEADER };
    let new = UniformSecret::generate(&mut ChaCha20Rng::seed_from_u64(4), 32).unwrap();
    let ticket = RotationTicket::new(next.token, next.generation, secret.secret(), new).unwrap();
    let rotating = presence.rotate(ticket, &Locks::pin(&pin), tools.sealing(next)).unwrap();
    vec![
        ("pin-or-presence", both.as_bytes().to_vec()),
        ("presence", presence.as_bytes().to_vec()),
        ("pin-hardened", hardened.as_bytes().to_vec()),
        ("pin-verifiable", told.as_bytes().to_vec()),
        ("rotating", rotating.as_bytes().to_vec()),
    ]
}
