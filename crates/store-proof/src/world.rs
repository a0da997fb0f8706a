//! An account with two devices, each of which holds a token of its own.

use std::{collections::HashSet, fmt, sync::Arc, thread, time::Duration};

use pollster::block_on;
use pushotp::{
    AccountId, AuditEvent, Authenticator, DeviceSetup, Incoming, KeyEncryptionKey as _, LoginServer, MemoryStorage,
    NewToken, Prompt, Protection, SoftwareKeys,
    pin::Cost,
    store::{DynStore, Key, Version},
    types::{TokenId, UnixTime},
    wire::{
        device::{Device, Incoming as FromServer},
        keys::{Binding, ChannelKeys},
        terms::{PushAddress, Reason, Status},
    },
};
use rand_chacha::ChaCha20Rng;

use crate::{START, kek, rng, server_key, server_on, tenant};

/// A device and its token.
#[derive(Debug)]
pub struct Phone {
    device: Authenticator,
    token: TokenId,
    /// The device's channel, to read what each of many servers replied: the device itself takes one reply.
    channel: Device,
}

/// An account, its devices, and a look at what the store holds.
pub struct World {
    /// The account's name.
    pub account: String,
    /// Both devices; a passcode of the first may be typed by hand.
    pub phones: [Phone; 2],
    user: AccountId,
    store: Arc<dyn DynStore>,
    server: LoginServer,
    rng: ChaCha20Rng,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("account", &self.account).finish_non_exhaustive()
    }
}

/// A login as the browser and the devices have it.
#[derive(Clone, Debug)]
pub struct Login {
    /// For the browser.
    pub ticket: Vec<u8>,
    /// On the page.
    pub number: String,
    /// For the devices.
    pub pushes: Vec<Vec<u8>>,
}

/// The account as it is stored at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Of the account's record.
    pub version: Version,
    /// Its bytes.
    pub record: Vec<u8>,
    /// Its last sixteen events.
    pub audit: Vec<AuditEvent>,
}

impl World {
    /// A new account with two enrolled devices.
    #[must_use]
    pub fn new(store: &Arc<dyn DynStore>, account: &str) -> Self {
        let (server, mut rng) = (server_on(Arc::clone(store)), rng());
        let user = AccountId::new(account).unwrap();
        block_on(server.add_account(&user)).unwrap();
        let mut enrol = |token| enrol((&server, &**store), &user, token, &mut rng);
        let phones = [enrol(NewToken::new("Phone").typed_by_hand()), enrol(NewToken::new("Tablet"))];
        Self { account: account.into(), phones, user, store: Arc::clone(store), server, rng }
    }

    /// The account's record and its audit log, read until both are of one version.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let key = Key::new(format!("account/{}", self.account)).unwrap();
        let get = || block_on(self.store.get(&key)).ok().flatten();
        for _ in 0..400 {
            let (before, audit, after) = (get(), block_on(self.server.audit(&self.user)), get());
            match (before, audit, after) {
                (Some(before), Ok(audit), Some(after)) if before.version == after.version => {
                    return Snapshot { version: before.version, record: before.value, audit };
                }
                _ => thread::sleep(Duration::from_millis(5)),
            }
        }
        panic!("the record cannot be read");
    }

    /// Writes so many events that decide nothing.
    pub fn write_events(&mut self, count: usize) {
        for _ in 0..count {
            let token = (&self.user, self.phones[1].token);
            block_on(self.server.set_push(token, true, START, &mut self.rng)).unwrap();
        }
    }

    /// The failures that count against the token that is typed by hand.
    #[must_use]
    pub fn failures(&self) -> u8 {
        let tokens = block_on(self.server.tokens(&self.user)).unwrap();
        tokens.iter().find(|token| token.id == self.phones[0].token).unwrap().failures
    }

    /// The passcode of this time.
    pub fn code(&mut self, now: UnixTime) -> String {
        let Phone { device, token, .. } = &mut self.phones[0];
        device.passcode(*token, None, now).unwrap().0.expose().to_owned()
    }

    /// An approval by one of the devices; each is another frame.
    pub fn approval(&mut self, phone: usize, login: &Login, now: UnixTime) -> Vec<u8> {
        let Phone { device, token, .. } = &mut self.phones[phone];
        let prompt = prompt(device, login, now);
        device.approve(prompt, (*token, &login.number, None), now, &mut self.rng).unwrap().0
    }

    /// A denial by one of the devices.
    pub fn denial(&mut self, phone: usize, login: &Login, now: UnixTime) -> Vec<u8> {
        let device = &mut self.phones[phone].device;
        let prompt = prompt(device, login, now);
        device.deny(prompt, Reason::Unspecified, now, &mut self.rng).unwrap().0
    }

    /// What a reply says, whichever device it is for.
    #[must_use]
    pub fn status(&self, reply: &[u8], now: UnixTime) -> Status {
        let opened = self.phones.iter().find_map(|phone| phone.channel.open(reply, now).ok());
        match opened {
            Some(FromServer::Result(result)) => result.reply().status,
            other => panic!("{other:?}"),
        }
    }
}

/// The challenge of a login, on the screen of a device.
fn prompt(device: &mut Authenticator, login: &Login, now: UnixTime) -> Prompt {
    match login.pushes.iter().find_map(|push| device.open(push, now).ok()) {
        Some(Incoming::Login(prompt) | Incoming::Again(prompt)) => prompt,
        other => panic!("{other:?}"),
    }
}

fn enrol(
    (server, store): (&LoginServer, &dyn DynStore),
    user: &AccountId,
    token: NewToken,
    rng: &mut ChaCha20Rng,
) -> Phone {
    let before = channels(store, user);
    let token = block_on(server.add_token(user, token, START, rng)).unwrap();
    let offer = block_on(server.offer_enrolment(user, START, rng)).unwrap();
    let keys = SoftwareKeys::generate(rng).into_device_keys();
    let setup = DeviceSetup { name: "device".into(), push: PushAddress::POLL, keys };
    let (request, enrolling) = Authenticator::enrol(&offer, setup, START, rng).unwrap();
    let reply = block_on(server.receive(&request, START, rng)).unwrap().into_reply().unwrap();
    let confirming = enrolling.finish(&reply).unwrap();
    block_on(server.confirm_enrolment((user, offer.enrolment), true, START, rng)).unwrap();
    let cost = Cost::danger_below_floor(8, 1, 1).unwrap();
    let device =
        confirming.confirm(&Protection { pins: &[], presence: &[], cost }, MemoryStorage::default(), rng).unwrap();
    let keys = channels(store, user).difference(&before).next().copied().unwrap();
    let binding = Binding { tenant: tenant(), device: device.id(), epoch: offer.epoch };
    let channel = Device::new(binding, ChannelKeys::from_exposed(&keys).unwrap(), *server_key().public_key());
    Phone { device, token, channel }
}

/// The keys of the account's devices, as they are sealed in the store.
fn channels(store: &dyn DynStore, user: &AccountId) -> HashSet<[u8; 80]> {
    let prefix = format!("device/{}/", user.as_str());
    let page = block_on(store.scan(Some(&Key::new(prefix.as_str()).unwrap()), 8)).unwrap();
    let mine = page.iter().filter(|(key, _)| key.as_bytes().starts_with(prefix.as_bytes()));
    mine.map(|(key, stored)| {
        let plain = kek().open(key.as_bytes(), &stored.value).unwrap();
        // An array that begins with the exposed channel keys, 80 bytes.
        plain[3..83].try_into().unwrap()
    })
    .collect()
}
