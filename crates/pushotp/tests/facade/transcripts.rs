//! What somebody learns of a PIN who recorded every byte on the wire and has the device's whole storage, its keys
//! included: nothing, as long as the server's private key is not his.

use std::collections::BTreeSet;

use hkdf::Hkdf;
use pollster::block_on;
use pushotp::{
    Authenticator, Incoming, KeyEncryptionKey as _, Relock, Rotation, SoftwareKek, SoftwareKeys,
    oath::{DataInput, Key, OcraSuite, Question},
    pin::{Arena, Blob, MemoryAttempts, Pin, SoftwareKey},
    store::{self, Cas, DynStore, Expect, Hint, Versioned},
    types::{HashAlgorithm, SecretRef, TenantId, UnixTime},
    wire::{
        Envelope,
        terms::{MessageHash, Status},
    },
};
use pushotp_cbor::{ByteBuf, Bytes, decode, encode};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;
use sha2::{Digest as _, Sha256};

use crate::fixture::{KEK, NOW, PIN, World, cost, later};

const NEW_PIN: &str = "271905";
/// Another one, to compare with.
const OTHER_PIN: &str = "271111";

/// The PINs that the attacker tries: a thousand of a million, and the right ones among them.
fn pins() -> impl Iterator<Item = String> {
    (271_000..272_000).map(|pin: u32| pin.to_string())
}

/// A story, and every byte of it.
struct Story {
    world: World,
    /// From the server to the device.
    down: Vec<Vec<u8>>,
    /// From the device to the server.
    up: Vec<Vec<u8>>,
    /// The passcodes, as only the server's private key lets them be read.
    codes: Vec<String>,
    /// What the bank's blobs were, the latest last.
    blobs: Vec<Blob>,
    /// What the server drew while it granted the rotation: the ticket's number is in it.
    drawn: Vec<u8>,
}

/// The bank's blob out of the device's storage: of both tokens' the one with a PIN.
pub(crate) fn stored_blob(state: &[u8]) -> Blob {
    let starts = state.windows(6).enumerate().filter(|(_, bytes)| bytes == b"\x85\x44OPP1").map(|(at, _)| at);
    let blobs = starts.map(|at| Blob::decode(&state[at..at + usize::from(state[at - 1])]).unwrap());
    blobs.into_iter().find(Blob::needs_pin).unwrap()
}

/// The key that the device's storage has for its PINs.
pub(crate) fn unlock_key(world: &World) -> SoftwareKey {
    SoftwareKey::from_bytes(world.keys[64..].try_into().unwrap(), world.keys[32..64].try_into().unwrap())
}

/// What a blob yields for a PIN.
pub(crate) fn secret_behind(pin: &str, blob: &Blob, key: &SoftwareKey) -> Vec<u8> {
    let store = MemoryAttempts::new();
    blob.arm(&store, key).unwrap();
    let attempt = blob.begin(&store, key, NOW).unwrap();
    let candidate = attempt.open(&Pin::entered(pin).unwrap(), key, &mut Arena::new()).unwrap();
    candidate.secret().expose().to_vec()
}

/// Where the server keeps this secret.
pub(crate) fn stored_secret(world: &World, secret: &[u8]) -> (store::Key, Versioned) {
    let kek = SoftwareKek::from_bytes(KEK);
    let is_it = |(key, stored): &(store::Key, Versioned)| {
        let plain = kek.open(key.as_bytes(), &stored.value);
        plain.is_ok_and(|plain| decode::<ByteBuf>(&plain).is_ok_and(|plain| *plain == *secret))
    };
    block_on(DynStore::scan(&*world.store, None, 100)).unwrap().into_iter().find(is_it).unwrap()
}

/// Another secret, as the server would keep it there.
pub(crate) fn sealed_secret(key: &store::Key, secret: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let plain = encode(&Bytes::new(secret)).unwrap();
    SoftwareKek::from_bytes(KEK).seal(key.as_bytes(), &plain, rng).unwrap()
}

/// What would prove a secret right, were it anywhere: itself, parts of its hash, its passcode for all that was recorded.
fn proofs(secret: &[u8], opened: &[(Vec<u8>, [u8; 32])]) -> Vec<Vec<u8>> {
    let hash = Sha256::digest(secret);
    let key = Key::new(HashAlgorithm::Sha256, SecretRef::new(secret).unwrap());
    let code = |ch: &[u8; 32]| OcraSuite::PUSH.generate(&key, &DataInput::new(Question::Hash(ch))).unwrap();
    let codes = opened.iter().map(|(_, ch)| code(ch).expose().as_bytes().to_vec());
    [secret.to_vec(), hash[..8].to_vec(), hash[24..].to_vec()].into_iter().chain(codes).collect()
}

impl Story {
    fn new() -> Self {
        let world = World::new();
        let blobs = vec![stored_blob(&world.first_state)];
        Self { world, down: Vec::new(), up: Vec::new(), codes: Vec::new(), blobs, drawn: Vec::new() }
    }

    fn send(&mut self, message: Vec<u8>, now: UnixTime) -> Vec<u8> {
        let reply = self.world.send(&message, now).unwrap();
        self.up.push(message);
        self.down.push(reply.clone());
        reply
    }

    fn log_in(&mut self, pin: &str, now: UnixTime) {
        let started = self.world.start(now);
        self.down.push(started.pushes[0].envelope.clone());
        let Incoming::Login(prompt) = self.world.device.open(&started.pushes[0].envelope, now).unwrap() else {
            panic!()
        };
        let (number, pin) = (self.world.number(&started), Pin::entered(pin).unwrap());
        let World { device, bank, rng, .. } = &mut self.world;
        let (message, answering) = device.approve(prompt, (*bank, &number, Some(&pin)), now, rng).unwrap();
        self.codes.push(self.world.code_in(&message));
        let reply = self.send(message, now);
        self.world.device.finish(answering, &reply, now).unwrap();
        assert!(self.world.redeem(&started, now));
    }

    fn rotate(&mut self, old: &str, new: &str, now: UnixTime) {
        let (old, new) = (Pin::entered(old).unwrap(), Pin::entered(new).unwrap());
        let World { device, bank, rng, .. } = &mut self.world;
        let (message, rotating) = device.rotate(*bank, Some(&old), now, rng).unwrap();
        self.drawn = vec![0; 1024];
        self.world.rng.clone().fill_bytes(&mut self.drawn);
        let ticket = self.send(message, now);
        let relock = Relock { pin: Some(&new), presence: None, cost: cost() };
        let World { device, rng, .. } = &mut self.world;
        let Rotation::Locked { message, confirming } = device.rotated(rotating, (&ticket, &relock), now, rng).unwrap()
        else {
            panic!()
        };
        let reply = self.send(message, now);
        let confirmed = self.world.device.rotation_confirmed(&confirming, &reply, now).unwrap();
        assert_eq!(confirmed, Status::Accepted);
        self.blobs.push(stored_blob(&self.world.storage.saved()));
    }

    /// Two logins, a changed PIN, another login.
    fn told() -> Self {
        let mut story = Self::new();
        story.log_in(PIN, NOW);
        story.log_in(PIN, later(10));
        story.rotate(PIN, NEW_PIN, later(20));
        story.log_in(NEW_PIN, later(30));
        story
    }

    /// The secret behind a PIN: as often as the thief likes, for the count of attempts is in his hands.
    fn secret(&self, blob: &Blob, pin: &str) -> Vec<u8> {
        secret_behind(pin, blob, &unlock_key(&self.world))
    }

    /// What is under the envelopes: the device's storage has their key.
    fn opened(&self) -> Vec<(Vec<u8>, [u8; 32])> {
        let (channel, tenant) = (self.world.channel(), TenantId::new(b"example.com").unwrap());
        let payloads = self.down.iter().map(|bytes| {
            let payload = Envelope::parse(bytes).unwrap().open(channel.keys(), &tenant).unwrap();
            (payload.as_bytes().to_vec(), *payload.challenge_hash(&tenant).as_bytes())
        });
        payloads.collect()
    }

    /// All that the thief has, in one piece.
    fn loot(&self) -> Vec<u8> {
        let state = [self.world.first_state.clone(), self.world.storage.saved(), self.world.keys.to_vec()];
        let opened: Vec<Vec<u8>> = self.opened().into_iter().map(|(payload, _)| payload).collect();
        [&state[..], &self.down, &self.up, &opened].concat().concat()
    }

    /// The PINs of a blob that anything in the loot confirms; eight bytes are enough for that.
    fn confirmed(&self, blob: &Blob, loot: &[u8]) -> Vec<String> {
        let windows: BTreeSet<&[u8]> = loot.windows(8).collect();
        let opened = self.opened();
        let is_in_loot = |proof: &Vec<u8>| windows.contains(&proof[..8]);
        pins().filter(|pin| proofs(&self.secret(blob, pin), &opened).iter().any(is_in_loot)).collect()
    }

    /// The pairs of PINs that fit together, if the ticket's number is anywhere in the loot.
    fn related(&self, loot: &[u8]) -> Vec<(String, String)> {
        // The hundred PINs around the right ones: each takes as many derivations as the loot has bytes.
        let near = |right: &str| {
            let right: u32 = right.parse().unwrap();
            (right - 5..right + 5).map(|pin| pin.to_string()).collect::<Vec<_>>()
        };
        let [old, new] = [(&self.blobs[0], PIN), (&self.blobs[1], NEW_PIN)]
            .map(|(blob, pin)| near(pin).into_iter().map(|pin| (self.secret(blob, &pin), pin)).collect::<Vec<_>>());
        let info = self.info();
        let mut pairs = Vec::new();
        for number in loot.windows(32) {
            for (secret, pin) in &old {
                let mut next = vec![0; secret.len()];
                Hkdf::<Sha256>::new(Some(number), secret).expand(&info, &mut next).unwrap();
                let found = new.iter().filter(|(secret, _)| *secret == next);
                pairs.extend(found.map(|(_, new)| (pin.clone(), new.clone())));
            }
        }
        pairs
    }

    /// What the new secret is derived with, besides the old one and the number.
    fn info(&self) -> Vec<u8> {
        let channel = self.world.channel();
        let binding = channel.binding();
        let (tenant, device) = (Bytes::new(binding.tenant.as_bytes()), Bytes::new(binding.device.as_bytes()));
        let token = Bytes::new(self.world.bank.as_bytes());
        encode(&("pushotp-k", 1, tenant, device, token, binding.epoch.get(), 2_u32)).unwrap()
    }
}

#[test]
fn recordings_confirm_no_pin() {
    let story = Story::told();
    let loot = story.loot();
    for blob in &story.blobs {
        assert_eq!(story.confirmed(blob, &loot), Vec::<String>::new());
    }
    // The control: who has the server's private key too reads the passcodes, and has the PINs.
    let loot = [loot, story.codes.concat().into_bytes()].concat();
    assert_eq!(story.confirmed(&story.blobs[0], &loot), [PIN]);
    assert_eq!(story.confirmed(&story.blobs[1], &loot), [NEW_PIN]);
    // And so has who finds one hash of a secret.
    let story = Story::told();
    let hash = Sha256::digest(story.secret(&story.blobs[0], PIN));
    assert_eq!(story.confirmed(&story.blobs[0], &[&story.loot(), &hash[..8]].concat()), [PIN]);
}

/// Both blobs of a rotation and the recorded ticket.
#[test]
fn a_recorded_rotation_relates_no_pins() {
    let story = Story::told();
    // The first login's challenge and result, the second's, then the ticket.
    let ticket = [&story.down[4][..], &story.opened()[4].0].concat();
    assert_eq!(story.related(&ticket), []);
    // The control: had the number been under the envelope's key alone, it would be among what he opened.
    let pairs = story.related(&story.drawn);
    assert_eq!(pairs, [(PIN.to_owned(), NEW_PIN.to_owned())]);
}

/// The same story, once for each secret and PIN that the same blob has.
fn story_of(pin: &str) -> Story {
    let mut story = Story::new();
    let secret = story.secret(&story.blobs[0], pin);
    let right = story.secret(&story.blobs[0], PIN);
    // What the blob yields for another PIN is the bank's secret at the server.
    let (key, stored) = stored_secret(&story.world, &right);
    let sealed = sealed_secret(&key, &secret, &mut story.world.rng.clone());
    let expect = Expect::Version(stored.version);
    let put = DynStore::put_if(&*story.world.store, &key, expect, Some(&sealed), Hint::NONE);
    assert!(matches!(block_on(put).unwrap(), Cas::Won(_)));
    story.log_in(pin, NOW);
    story.rotate(pin, NEW_PIN, later(20));
    story.log_in(NEW_PIN, later(30));
    story
}

/// What the server sends, opened, without the hash of the device's own frame: that is not the server's, and everybody
/// who recorded the frame has it.
fn without_hashes(story: &Story) -> Vec<Vec<u8>> {
    let hashes: Vec<MessageHash> = story.up.iter().map(|frame| MessageHash::of(frame)).collect();
    let without = |(mut payload, _): (Vec<u8>, [u8; 32])| {
        for hash in &hashes {
            if let Some(at) = payload.windows(32).position(|window| window == hash.as_bytes()) {
                payload[at..at + 32].fill(0);
            }
        }
        payload
    };
    story.opened().into_iter().map(without).collect()
}

/// From the first byte that differs to the last.
fn spread(left: &[u8], right: &[u8]) -> usize {
    assert_eq!(left.len(), right.len());
    let places: Vec<usize> = (0..left.len()).filter(|place| left[*place] != right[*place]).collect();
    places.last().map_or(0, |last| last - places[0] + 1)
}

/// Nothing that the server says depends on a secret, or on a PIN: with the same randomness it is the same.
#[test]
fn servers_messages_do_not_differ() {
    let (one, other) = (story_of(PIN), story_of(OTHER_PIN));
    assert_ne!(one.secret(&one.blobs[0], PIN), one.secret(&one.blobs[0], OTHER_PIN));
    assert_ne!(one.codes, other.codes);
    // Challenge and result, ticket and result, challenge and result.
    assert_eq!(one.down.len(), 6);
    assert_eq!((&one.down[0], &one.down[4]), (&other.down[0], &other.down[4]), "challenges, byte by byte");
    let (left, right) = (without_hashes(&one), without_hashes(&other));
    for (at, (left, right)) in left.iter().zip(&right).enumerate() {
        // The sealed number is authenticated together with the hash of the request: its tag, of 16 bytes, differs.
        let allowed = if at == 2 { 16 } else { 0 };
        assert!(spread(left, right) <= allowed, "message {at}");
    }
    // The control: what does depend on them differs, and so would a key id that is made of the secret.
    assert!(one.up.iter().zip(&other.up).all(|(one, other)| one != other && one.len() == other.len()));
    let with_key_id = |story: &Story, payload: &[u8], pin: &str| {
        [payload, &Sha256::digest(story.secret(&story.blobs[0], pin))[..8]].concat()
    };
    assert!(spread(&with_key_id(&one, &left[0], PIN), &with_key_id(&other, &right[0], OTHER_PIN)) > 0);
}

/// A thief's device that has all of it goes on as the owner's: what he lacks is the PIN alone.
#[test]
fn the_loot_is_the_whole_device() {
    let mut story = Story::told();
    let keys = SoftwareKeys::from_bytes(&story.world.keys).into_device_keys();
    story.world.device = Authenticator::load(&story.world.storage.saved(), keys, story.world.storage.clone()).unwrap();
    story.log_in(NEW_PIN, later(40));
}
