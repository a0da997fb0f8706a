//! A store that fails, and a server that dies: what is told is what is stored, and nothing is granted twice.

use std::{
    collections::VecDeque,
    future::{Future, pending},
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use pollster::block_on;
use pushotp::{
    AccountId, LoginServer, LoginState, Outcome, PasscodeVerdict, ServerError,
    pin::Pin,
    store::{Cas, Expect, Hint, Key, MemoryStore, Store, StoreError, Versioned},
    types::TokenId,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::fixture::{NOW, World, cost, later};

/// What happens to the next write of the account.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Not written, and the store says so.
    NotApplied,
    /// Of unknown fate: not written, and others write so often.
    Vanished(usize),
    /// Of unknown fate: written, and others write so often after it.
    Written(usize),
    /// As `Written`, and the read that would tell fails.
    WrittenAndBlind,
    /// Written, and the server dies before it is told.
    Dies,
}

struct Faulty {
    memory: Arc<MemoryStore>,
    script: Mutex<VecDeque<Fault>>,
    is_blind: Mutex<bool>,
    /// Who else writes, and about what.
    other: (LoginServer, AccountId, TokenId),
}

impl Faulty {
    fn others_write(&self, times: usize) {
        let (server, user, token) = &self.other;
        let mut rng = ChaCha20Rng::seed_from_u64(77);
        for _ in 0..times {
            block_on(server.set_push((user, *token), true, NOW, &mut rng)).unwrap();
        }
    }
}

impl Store for Faulty {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        if std::mem::take(&mut *self.is_blind.lock().unwrap()) {
            return Err(StoreError::not_applied("planted"));
        }
        Store::get(&*self.memory, key).await
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        let is_account = key.as_bytes().starts_with(b"account/");
        let fault = is_account.then(|| self.script.lock().unwrap().pop_front()).flatten();
        match fault {
            Some(Fault::NotApplied) => return Err(StoreError::not_applied("planted")),
            Some(Fault::Vanished(others)) => {
                self.others_write(others);
                return Err(StoreError::unknown("planted"));
            }
            _ => {}
        }
        let cas = Store::put_if(&*self.memory, key, expect, value, hint).await?;
        match fault {
            None => return Ok(cas),
            Some(Fault::Dies) => pending().await,
            Some(Fault::Written(others)) => self.others_write(others),
            _ => *self.is_blind.lock().unwrap() = true,
        }
        Err(StoreError::unknown("planted"))
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        Store::scan(&*self.memory, after, limit).await
    }
}

/// A server whose next writes of the account go wrong.
pub(crate) fn faulty(world: &World, script: &[Fault]) -> LoginServer {
    let memory = Arc::clone(&world.store);
    let other = (world.server_on(memory.clone()), world.user.clone(), world.mail);
    let (script, is_blind) = (Mutex::new(script.iter().copied().collect()), Mutex::new(false));
    world.server_on(Arc::new(Faulty { memory, script, is_blind, other }))
}

/// The server dies: its future is dropped where it stands.
pub(crate) fn killed<T>(future: impl Future<Output = T>) {
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// What a page is told of a grant, by the fate of the write that makes it.
// protocol.md: SRV-4
#[test]
fn a_grant_is_told_as_it_is_stored() {
    const GRANTED: &str = "Ok(Some";
    let cases: &[(&[Fault], &str, LoginState)] = &[
        (&[], GRANTED, LoginState::Redeemed),
        (&[Fault::NotApplied], "Err(Store(NotApplied", LoginState::Approved),
        (&[Fault::Vanished(0)], GRANTED, LoginState::Redeemed),
        (&[Fault::Vanished(0), Fault::NotApplied], GRANTED, LoginState::Redeemed),
        (&[Fault::Vanished(0); 8], "Err(Unknown)", LoginState::Approved),
        (&[Fault::Vanished(1)], "Err(Unknown)", LoginState::Approved),
        (&[Fault::Written(0)], GRANTED, LoginState::Redeemed),
        (&[Fault::Written(15)], GRANTED, LoginState::Redeemed),
        (&[Fault::Written(16)], "Err(Unknown)", LoginState::Redeemed),
        (&[Fault::WrittenAndBlind], "Err(Unknown)", LoginState::Redeemed),
    ];
    for (script, told, state) in cases {
        let mut world = World::new();
        let (message, _, started) = world.approval(NOW);
        assert!(world.send(&message, NOW).is_some());
        let outcome = block_on(faulty(&world, script).redeem(&started.ticket, NOW, &mut world.rng));
        let shown = format!("{outcome:?}");
        assert!(shown.starts_with(told), "{script:?}: {shown}");
        assert_eq!(world.state(&started, NOW), *state, "{script:?}");
        // Whatever happened: one grant at most, and none is lost that was not written.
        assert_eq!(world.redeem(&started, NOW), *state == LoginState::Approved, "{script:?}");
    }
}

/// A wrong passcode is counted once, and what is told is what was counted.
// protocol.md: SRV-3
#[test]
fn a_failure_is_counted_once() {
    for (script, is_told) in [
        (&[Fault::Written(0)][..], true),
        (&[Fault::Written(15)], true),
        (&[Fault::Vanished(0)], true),
        (&[Fault::Vanished(1)], false),
        (&[Fault::Written(16)], false),
        (&[Fault::NotApplied], false),
    ] {
        let mut world = World::new();
        let (prompt, started) = world.prompt(NOW);
        let (number, wrong) = (world.number(&started), Pin::entered("271847").unwrap());
        let (message, answering) =
            world.device.approve(prompt, (world.bank, &number, Some(&wrong)), NOW, &mut world.rng).unwrap();
        let received = block_on(faulty(&world, script).receive(&message, NOW, &mut world.rng));
        assert_eq!(received.is_ok(), is_told, "{script:?}: {received:?}");
        // The device sends the same bytes again until it hears something.
        let reply = match received {
            Ok(received) => received.into_reply().unwrap(),
            Err(_) => world.send(&message, NOW).unwrap(),
        };
        let outcome = world.device.finish(answering, &reply, NOW).unwrap().outcome;
        assert!(matches!(outcome, Outcome::TryAgain { left: 2, .. }), "{script:?}: {outcome:?}");
        assert_eq!(world.token(world.bank).failures, 1, "{script:?}");
    }
}

#[test]
fn a_typed_passcode_is_accepted_once_whatever_fails() {
    for (script, accepted) in [
        (&[Fault::Written(0)][..], true),
        (&[Fault::Vanished(0)], true),
        (&[Fault::Written(16)], false),
        (&[Fault::WrittenAndBlind], false),
    ] {
        let mut world = World::new();
        let (code, _) = world.device.passcode(world.mail, None, NOW).unwrap();
        let server = faulty(&world, script);
        let told = block_on(server.verify_passcode(&world.user, code.expose(), NOW, &mut world.rng));
        let is_accepted = matches!(told, Ok(PasscodeVerdict::Accepted { .. }));
        assert_eq!(is_accepted, accepted, "{script:?}: {told:?}");
        assert!(accepted || matches!(told, Err(ServerError::Unknown)), "{script:?}: {told:?}");
        let again = block_on(server.verify_passcode(&world.user, code.expose(), NOW, &mut world.rng)).unwrap();
        assert_eq!(again, PasscodeVerdict::Replayed, "{script:?}");
    }
}

/// The server dies after the commit and before the reply; the next one goes on from the store.
// protocol.md: SRV-3
#[test]
fn a_death_between_commit_and_reply() {
    let mut world = World::new();
    let (message, answering, started) = world.approval(NOW);
    killed(faulty(&world, &[Fault::Dies]).receive(&message, NOW, &mut world.rng));
    assert_eq!(world.state(&started, NOW), LoginState::Approved);
    let reply = world.send(&message, later(1)).unwrap();
    let outcome = world.device.finish(answering, &reply, later(1)).unwrap().outcome;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "the device hears what was decided");

    // A grant that nobody heard of is spent: the user logs in anew.
    killed(faulty(&world, &[Fault::Dies]).redeem(&started.ticket, later(2), &mut world.rng));
    assert_eq!(world.state(&started, later(2)), LoginState::Redeemed);
    assert!(!world.redeem(&started, later(2)));
}

/// Of an enrolment, too: whichever write the server dies after, the same request leads to the same code.
#[test]
fn a_death_in_an_enrolment() {
    let mut world = World::new();
    let token = pushotp::NewToken::new("More");
    block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    let keys = pushotp::SoftwareKeys::generate(&mut world.rng).into_device_keys();
    let push = pushotp::wire::terms::PushAddress::POLL;
    let setup = pushotp::DeviceSetup { name: "tablet".into(), push, keys };
    let (request, enrolling) = pushotp::Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
    killed(faulty(&world, &[Fault::Dies]).receive(&request, NOW, &mut world.rng));
    assert_eq!(block_on(world.server.confirmation_code(offer.enrolment)).unwrap(), None);
    let confirming = enrolling.finish(&world.send(&request, NOW).unwrap()).unwrap();
    let shown = block_on(world.server.confirmation_code(offer.enrolment)).unwrap();
    assert_eq!(shown.as_deref(), Some(confirming.code()));
    let enrolment = (&world.user, offer.enrolment);
    assert!(block_on(world.server.confirm_enrolment(enrolment, true, NOW, &mut world.rng)).is_ok());
}

/// Of a rotation, too: whatever became of the write, the same request leads to the secret that the server keeps.
// protocol.md: ROT-10
#[test]
fn a_rotation_whose_write_fails_is_asked_again() {
    for script in
        [&[Fault::Written(0)][..], &[Fault::Written(16)], &[Fault::Vanished(0)], &[Fault::NotApplied], &[Fault::Dies]]
    {
        let mut world = World::new();
        world.log_in(world.mail, NOW);
        let (message, rotating) = world.device.rotate(world.mail, None, NOW, &mut world.rng).unwrap();
        let server = faulty(&world, script);
        let first = match script {
            [Fault::Dies] => {
                killed(server.receive(&message, NOW, &mut world.rng));
                None
            }
            _ => block_on(server.receive(&message, NOW, &mut world.rng)).ok().and_then(|told| told.into_reply().ok()),
        };
        let ticket = world.send(&message, later(1)).unwrap();
        assert!(first.is_none_or(|first| first == ticket), "{script:?}: what was told stays so");
        let relock = pushotp::Relock { pin: None, presence: None, cost: cost() };
        let rotation = world.device.rotated(rotating, (&ticket, &relock), later(1), &mut world.rng).unwrap();
        assert!(matches!(rotation, pushotp::Rotation::Locked { .. }), "{script:?}");
        world.log_in(world.mail, later(2));
        assert!(world.logged(pushotp::AuditKind::Rotated), "{script:?}: the approval was under the new secret");
    }
}
