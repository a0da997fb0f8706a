//! Each claim of the story against what only its author can see, and against a world in which it is false.

use std::sync::Arc;

use pollster::block_on;
use pushotp::{
    KeyEncryptionKey, ServerPolicy, SoftwareKek,
    pin::Cost,
    store::{DynStore, MemoryStore},
};

use super::{
    conventional::{Conventional, Stretch},
    offline::{self, Loot, pins},
    online::{self, End},
    options::chosen,
    owner::{Phone, Server},
    printed,
};

const PIN: &str = "7294";
const KEK: [u8; 32] = [0xb7; 32];

fn cheap() -> Cost {
    Cost::danger_below_floor(8, 1, 1).unwrap()
}

struct World {
    store: Arc<MemoryStore>,
    server: Server,
    files: (Vec<u8>, Vec<u8>),
}

impl World {
    fn new(policy: ServerPolicy) -> Self {
        let store = Arc::new(MemoryStore::new());
        let server = Server::start(Arc::clone(&store) as Arc<dyn DynStore>, KEK, policy).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let phone = Phone::in_folder(folder.path());
        phone.enrol(&server, chosen(PIN).unwrap(), cheap()).unwrap();
        Self { store, server, files: phone.read().unwrap() }
    }

    fn loot(&self) -> Loot {
        Loot::new(self.files.clone()).unwrap()
    }

    /// The token's secret, as only the server has it: a CBOR byte string of 32 bytes behind two bytes of head.
    fn secret(&self) -> Vec<u8> {
        let page = block_on(DynStore::scan(&*self.store, None, 100)).unwrap();
        let (key, stored) = page.iter().find(|(key, _)| key.as_bytes().starts_with(b"secret/")).unwrap();
        SoftwareKek::from_bytes(KEK).open(key.as_bytes(), &stored.value).unwrap()[2..34].to_vec()
    }
}

/// The right secret is among the candidates, at the right PIN and nowhere else: what the thief made of the file is real.
#[test]
fn the_right_pin_is_among_the_candidates() {
    let world = World::new(ServerPolicy::default());
    let (opened, secret) = (offline::open_all(&world.loot()).unwrap(), world.secret());
    assert_eq!((opened.secrets.len(), opened.distinct()), (10_000, 10_000));
    let right: Vec<usize> = (0..10_000).filter(|pin| opened.secrets[*pin].expose() == secret).collect();
    assert_eq!(right, [7294]);
}

/// A passcode that was seen would tell the PIN: so the device stores none, and sends it sealed.
#[test]
fn only_the_right_secret_gives_the_right_passcode() {
    let world = World::new(ServerPolicy::default());
    let opened = offline::open_all(&world.loot()).unwrap();
    let code = |pin: usize| opened.passcode(pin, &[7; 32]).unwrap();
    let seen = code(7294);
    let left = (0..10_000).filter(|pin| code(*pin) == seen).count();
    assert!((1..4).contains(&left), "one seen passcode leaves {left} PINs");
}

#[test]
fn the_conventional_file_opens_with_one_pin() {
    let file = Conventional::seal(b"a secret", PIN, cheap()).unwrap();
    let mut stretch = Stretch::new(cheap()).unwrap();
    let opening: Vec<String> = pins().filter(|pin| file.open(pin, &mut stretch).unwrap().is_some()).collect();
    assert_eq!(opening, [PIN]);
    let found = offline::search(&file).unwrap();
    assert_eq!((found.pin.as_str(), found.guesses), (PIN, 7295));
}

/// A server that counts stops him, and one that does not lets him go on: so it is the count that does it.
#[test]
fn it_is_the_count_that_stops_him() {
    let attack = |policy| {
        let world = World::new(policy);
        printed(true, |screen| online::attack(&world.server, &world.loot(), PIN, screen)).1.unwrap()
    };
    assert_eq!(attack(ServerPolicy::default()), End::Stopped(10));
    let mut lax = ServerPolicy::default();
    (lax.max_consecutive_failures, lax.max_monthly_failures) = (u8::MAX, u8::MAX);
    assert!(matches!(attack(lax), End::NotStopped(100..)));
}

/// Without the keys not one PIN can be tried.
#[test]
fn the_file_alone_opens_with_no_pin() {
    let world = World::new(ServerPolicy::default());
    let (state, mut keys) = world.files;
    assert!(offline::open_all(&Loot::new((state.clone(), keys.clone())).unwrap()).is_ok());
    keys[40] ^= 1; // of the unlocking key
    assert!(offline::open_all(&Loot::new((state, keys)).unwrap()).is_err());
}
