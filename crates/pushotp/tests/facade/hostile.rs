//! 100,000 random and mutated byte strings at each thing that the facade decodes: typed errors, no panic, nothing lost.

use std::sync::Arc;

use pollster::block_on;
use pushotp::{
    Authenticator, DeviceKeys, MemoryStorage, Prompt, ServerError, Ticket,
    pin::{Pin, SoftwareKey},
    store::{Cas, DynStore, Expect, Hint, MemoryStore},
    wire::{
        signer::{DeviceSigner, Ed25519Signer, SignError, VerifyingKey},
        terms::Reason,
    },
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use crate::fixture::{NOW, PIN, World, later};

const ROUNDS: usize = 100_000;

/// One of the seeds with up to three changes, or noise: each bytes that an attacker could have sent or stored.
fn mutated(seeds: &[Vec<u8>], rng: &mut ChaCha20Rng) -> Vec<u8> {
    if rng.next_u32().is_multiple_of(10) {
        let mut noise = vec![0; rng.next_u32() as usize % 600];
        rng.fill_bytes(&mut noise);
        return noise;
    }
    let mut bytes = seeds[rng.next_u32() as usize % seeds.len()].clone();
    for _ in 0..rng.next_u32() % 4 {
        let at = rng.next_u32() as usize % (bytes.len() + 1);
        let byte = rng.next_u32().to_le_bytes()[0];
        match rng.next_u32() % 8 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, byte),
            2 => {
                let from = rng.next_u32() as usize % (bytes.len() + 1);
                bytes.extend_from_within(from.min(at)..from.max(at));
            }
            3 => drop(bytes.get_mut(at).map(|value| *value = [0, 0xff, 0x80, 0x9f][usize::from(byte % 4)])),
            _ => drop(bytes.get_mut(at).map(|value| *value ^= 1 << (byte % 8))),
        }
    }
    bytes
}

/// Bytes in both roles that a server takes from the network, all of them of one login.
fn frames(world: &mut World) -> Vec<Vec<u8>> {
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    let pin = Pin::entered(PIN).unwrap();
    let approve = world.device.approve(prompt, (world.bank, &number, Some(&pin)), NOW, &mut world.rng).unwrap().0;
    let (prompt, _) = world.prompt(NOW);
    let (deny, denied) = world.device.deny(prompt, Reason::Unspecified, NOW, &mut world.rng).unwrap();
    let report = world.device.report(denied, Reason::NotMe, NOW, &mut world.rng).unwrap().0;
    let fetch = world.device.fetch(NOW, &mut world.rng).unwrap().0;
    vec![approve, deny, report, fetch]
}

#[test]
fn frames_at_the_server() {
    let mut world = World::new();
    let seeds = frames(&mut world);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (mut replied, mut rejected) = (0, 0);
    for _ in 0..ROUNDS {
        let bytes = mutated(&seeds, &mut rng);
        let untouched = seeds.contains(&bytes);
        let received = block_on(world.server.receive(&bytes, NOW, &mut world.rng)).unwrap();
        let known = received.account().is_some();
        assert_eq!(known, received.into_reply().is_ok());
        assert_eq!(known, untouched, "only what a device sealed is answered");
        if known { replied += 1 } else { rejected += 1 }
    }
    assert!(replied > 1000 && rejected > 50_000, "{replied} {rejected}: nothing is proved");
}

#[test]
fn envelopes_at_the_device() {
    let mut world = World::new();
    let mut seeds: Vec<Vec<u8>> = vec![world.start(NOW).pushes[0].envelope.clone()];
    let (fetch, _) = world.device.fetch(NOW, &mut world.rng).unwrap();
    seeds.push(world.send(&fetch, NOW).unwrap());
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let (mut opened, mut dropped) = (0, 0);
    for _ in 0..ROUNDS {
        let bytes = mutated(&seeds, &mut rng);
        match world.device.open(&bytes, NOW) {
            Ok(_) => {
                assert!(seeds.contains(&bytes), "only what the server sealed is opened");
                opened += 1;
            }
            Err(_) => dropped += 1,
        }
    }
    assert!(opened > 100 && dropped > 50_000, "{opened} {dropped}: nothing is proved");
}

/// A signing key in use by many devices: to make it anew for each would take longer than all that is tested.
#[derive(Clone)]
struct Shared(Arc<Ed25519Signer>);

impl DeviceSigner for Shared {
    fn verifying_key(&self) -> VerifyingKey {
        self.0.verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.0.sign(message)
    }
}

/// The state on the device: whatever is in the file, the program starts or says why not, and what it then does is typed.
#[test]
fn the_device_state() {
    let mut world = World::new();
    let challenge = world.start(NOW).pushes[0].envelope.clone();
    let seeds = [world.first_state.clone(), world.storage.saved()];
    let signer = Shared(Arc::new(Ed25519Signer::from_bytes(world.keys[..32].try_into().unwrap())));
    let (unlock, id) = (world.keys[32..64].try_into().unwrap(), world.keys[64..].try_into().unwrap());
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let pin = Pin::entered(PIN).unwrap();
    let (mut loaded, mut refused, mut denied) = (0, 0, 0);
    for _ in 0..ROUNDS {
        let bytes = mutated(&seeds, &mut rng);
        let keys = DeviceKeys::new(signer.clone(), SoftwareKey::from_bytes(id, &unlock));
        let Ok(mut device) = Authenticator::load(&bytes, keys, MemoryStorage::default()) else {
            refused += 1;
            continue;
        };
        loaded += 1;
        // What is not mutated does what the other tests say: a few of them are enough.
        if seeds.contains(&bytes) && loaded > 100 {
            continue;
        }
        let shown = device.open(&challenge, NOW);
        let tokens = device.tokens();
        for token in &tokens {
            let _ = device.set_push(token.id, false);
        }
        if let Some(token) = tokens.get(loaded % tokens.len().max(1)) {
            // With a PIN it costs Argon2id: now and then is enough.
            let pin = (loaded % 15 == 0).then_some(&pin);
            let _ = device.passcode(token.id, pin, NOW);
        }
        // And this costs X25519 and a signature.
        if let (Ok(pushotp::Incoming::Login(prompt)), 0) = (shown, loaded % 8) {
            denied += u32::from(deny(&mut device, prompt, &mut rng).is_some());
        }
    }
    assert!(loaded > 1000 && refused > 10_000 && denied > 1000, "{loaded} {refused} {denied}: nothing is proved");
}

fn deny(device: &mut Authenticator, prompt: Prompt, rng: &mut ChaCha20Rng) -> Option<Vec<u8>> {
    device.deny(prompt, Reason::Unspecified, NOW, rng).ok().map(|(bytes, _)| bytes)
}

#[test]
fn tickets() {
    let mut world = World::new();
    let started = world.start(NOW);
    let seeds = [started.ticket.as_bytes().to_vec()];
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let mut refused = 0;
    for _ in 0..ROUNDS {
        let bytes = mutated(&seeds, &mut rng);
        let ticket = Ticket::from_bytes(bytes.clone());
        match block_on(world.server.login_state(&ticket, NOW)) {
            Ok(_) => assert_eq!(bytes, seeds[0]),
            Err(error) => {
                assert!(matches!(error, ServerError::Ticket), "{error:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > 50_000);
}

/// The account record: who can write the database gets errors or another account, never a panic.
#[test]
fn the_account_record() {
    let mut world = World::new();
    let started = world.start(NOW);
    let frames = frames(&mut world);
    let key = pushotp::store::Key::new(format!("account/{}", world.user.as_str())).unwrap();
    let stored = block_on(DynStore::scan(&*world.store, None, 100)).unwrap();
    let seeds = [block_on(DynStore::get(&*world.store, &key)).unwrap().unwrap().value];
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let (mut read, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let bytes = mutated(&seeds, &mut rng);
        let store = Arc::new(MemoryStore::new());
        for (name, found) in &stored {
            let value = if *name == key { &bytes } else { &found.value };
            let put = block_on(DynStore::put_if(&*store, name, Expect::Absent, Some(value), Hint::NONE)).unwrap();
            assert!(matches!(put, Cas::Won(_)));
        }
        let server = world.server_on(store);
        let Ok(_) = block_on(server.tokens(&world.user)) else {
            refused += 1;
            continue;
        };
        read += 1;
        let now = later(1);
        match round % 5 {
            0 => drop(block_on(server.login_state(&started.ticket, now))),
            1 => drop(block_on(server.start_login(&world.user, &pushotp::LoginRequest::new("A"), now, &mut rng))),
            2 => drop(block_on(server.verify_passcode(&world.user, "12345678", now, &mut rng))),
            3 => drop(block_on(server.receive(&frames[round % frames.len()], now, &mut rng))),
            _ => drop(block_on(server.redeem(&started.ticket, now, &mut rng))),
        }
    }
    assert!(read > 1000 && refused > 10_000, "{read} {refused}: nothing is proved");
}
