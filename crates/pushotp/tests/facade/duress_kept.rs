//! A duress PIN: set, cleared, void after a rotation, and whatever stops or races on the way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use pollster::block_on;
use pushotp::{
    AccountId, AuditKind, Authenticator, AuthenticatorError, DeviceSetup, DuressResponse, Incoming, LoginServer,
    NewToken, Outcome, PasscodeVerdict, Relock, Rotation, ServerError, SoftwareKeys,
    pin::{DuressPin, Pin, PinPolicy},
    store::{Cas, Expect, Hint, Key, MemoryStore, Store, StoreError, Versioned},
    types::{Secret, TokenId, UnixTime},
    wire::terms::{PasscodeKind, PushAddress, Status},
};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::{
    duress::{FORCED, Twin, WRONG, alarms, duress_pin, forced, secret_keys, set, tries, twin, with, with_typed},
    faults::{Fault, faulty, killed},
    fixture::{NOW, PIN, World, cost, later},
    races::{RACERS, race},
};

fn rotate(world: &mut World, old: &str, now: UnixTime) -> Rotation {
    let (message, rotating) =
        world.device.rotate(world.bank, Some(&Pin::entered(old).unwrap()), now, &mut world.rng).unwrap();
    let reply = world.send(&message, now).unwrap();
    let new = Pin::entered("640285").unwrap();
    let relock = Relock { pin: Some(&new), presence: None, cost: cost() };
    world.device.rotated(rotating, (&reply, &relock), now, &mut world.rng).unwrap()
}

fn confirm(world: &mut World, rotation: Rotation, now: UnixTime) {
    let Rotation::Locked { message, confirming } = rotation else { panic!("{rotation:?}") };
    let reply = world.send(&message, now).unwrap();
    assert_eq!(world.device.rotation_confirmed(&confirming, &reply, now), Ok(Status::Accepted));
}

/// A new secret of the token is another one for every PIN, so the server forgets what it knew.
#[test]
fn a_rotation_voids_it() {
    let mut world = forced(DuressResponse::SeemWrong);
    let old = world.device.duress_secret(world.bank, &duress_pin(), NOW).unwrap();
    world.log_in(world.bank, NOW);
    let rotation = rotate(&mut world, PIN, NOW);
    let waits = world.device.duress_secret(world.bank, &duress_pin(), NOW).unwrap_err();
    assert_eq!(waits, AuthenticatorError::Unconfirmed);
    assert_eq!(secret_keys(&world).len(), 3, "until it is confirmed all count");
    confirm(&mut world, rotation, later(1));
    assert_eq!(secret_keys(&world).len(), 1);
    assert!(world.logged(AuditKind::DuressVoid));
    assert!(!matches!(world.approve_with(world.bank, Some(FORCED), later(2)), Outcome::Accepted { .. }));
    assert_eq!(alarms(&world), 0, "a PIN like any other");

    let new = world.device.duress_secret(world.bank, &duress_pin(), later(3)).unwrap();
    assert_ne!(new.expose(), old.expose());
    let bank = world.bank;
    set(&mut world, bank);
    assert!(!matches!(world.approve_with(world.bank, Some(FORCED), later(4)), Outcome::Accepted { .. }));
    assert_eq!(alarms(&world), 1, "it was set anew");
}

/// So does a new enrolment of the device.
#[test]
fn a_replacement_voids_it() {
    let mut world = forced(DuressResponse::SeemWrong);
    let place = (&world.user, world.device.id());
    let offer = block_on(world.server.offer_replacement(place, NOW, &mut world.rng)).unwrap();
    let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    let setup = DeviceSetup { name: "new".into(), push: PushAddress::POLL, keys };
    let (request, _) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
    assert!(world.send(&request, NOW).is_some());
    block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng)).unwrap();
    assert!(world.logged(AuditKind::DuressVoid));
    assert_eq!(secret_keys(&world).len(), 1);
}

/// Who is forced to change the PIN is refused as with a wrong one, and the operator learns of it.
#[test]
fn a_rotation_under_duress_is_refused_as_a_wrong_one() {
    for response in [DuressResponse::SeemWrong, DuressResponse::SeemAccepted] {
        let seen = [Twin::Duress, Twin::Wrong].map(|which| {
            let mut world = twin(response, which);
            assert!(matches!(rotate(&mut world, FORCED, NOW), Rotation::Refused(Status::Refused)));
            assert_eq!(alarms(&world), 0, "without an approval nothing is judged");
            world.log_in(world.bank, NOW);
            let pin = Pin::entered(FORCED).unwrap();
            let (message, _) = world.device.rotate(world.bank, Some(&pin), NOW, &mut world.rng).unwrap();
            let seen = (world.send(&message, NOW).unwrap(), world.token(world.bank).failures);
            assert!(world.send(&message, NOW).is_some());
            assert!(matches!(rotate(&mut world, FORCED, NOW), Rotation::TryAgain { left: 1, .. }));
            (seen, alarms(&world))
        });
        let [(seen, alarms), (other, no_alarms)] = seen;
        assert_eq!((seen.1, &seen), (1, &other), "{response:?}");
        assert_eq!((alarms, no_alarms), (2, 0), "{response:?}: once for each message");
    }
}

/// What seems to be an approval does not permit a rotation.
#[test]
fn an_approval_under_duress_permits_no_rotation() {
    let mut world = forced(DuressResponse::SeemAccepted);
    tries(&mut world, (PasscodeKind::Bound, &[FORCED]), NOW);
    assert!(matches!(rotate(&mut world, FORCED, NOW), Rotation::Refused(Status::Refused)));
    assert!(matches!(rotate(&mut world, PIN, NOW), Rotation::Refused(Status::Refused)));
    world.log_in(world.bank, later(1));
    assert!(matches!(rotate(&mut world, PIN, later(1)), Rotation::Locked { .. }), "the control");
}

#[test]
fn what_cannot_be_one_is_refused() {
    let mut world = World::new();
    let unheld = NewToken::new("New").pin_protected();
    let unheld = block_on(world.server.add_token(&world.user, unheld, NOW, &mut world.rng)).unwrap();
    let any = Secret::new(&[0x5e; 32]).unwrap();
    let mut set = |token, secret: &Secret| {
        block_on(world.server.set_duress((&world.user, token), secret, NOW, &mut world.rng)).map_err(|e| e.to_string())
    };
    let no_pin = Err(ServerError::NoPin.to_string());
    assert_eq!(set(world.mail, &any), no_pin);
    assert_eq!(set(unheld, &any), no_pin);
    assert_eq!(set(TokenId::from_bytes([9; 16]), &any), Err(ServerError::NoToken.to_string()));
    for length in [16, 31, 33, 64] {
        let other = Secret::new(&vec![0x5e; length]).unwrap();
        assert_eq!(set(world.bank, &other), Err(ServerError::DuressSecret.to_string()), "{length} bytes");
    }
    assert_eq!(set(world.bank, &any), Ok(()));
}

/// The device cannot know that the duress PIN is the PIN, if the PIN was mistyped. The server does, also of the next one.
#[test]
fn the_pin_itself_is_refused() {
    let mut world = World::new();
    let mistyped = Pin::entered(WRONG).unwrap();
    let same = DuressPin::choose(PIN, &mistyped, &PinPolicy::DEFAULT).unwrap();
    let secret = world.device.duress_secret(world.bank, &same, NOW).unwrap();
    let bank = (&world.user, world.bank);
    let told = block_on(world.server.set_duress(bank, &secret, NOW, &mut world.rng));
    assert!(matches!(told, Err(ServerError::DuressSecret)));

    world.log_in(world.bank, NOW);
    let before = world.secrets();
    let Rotation::Locked { .. } = rotate(&mut world, PIN, NOW) else { panic!() };
    let pending = world.secrets().into_iter().find(|secret| !before.contains(secret)).unwrap();
    let pending = Secret::new(&pending).unwrap();
    let told = block_on(world.server.set_duress((&world.user, world.bank), &pending, NOW, &mut world.rng));
    assert!(matches!(told, Err(ServerError::DuressSecret)));
    assert!(!world.logged(AuditKind::DuressSet));
}

#[test]
fn setting_again_replaces_and_clearing_ends() {
    let mut world = forced(DuressResponse::SeemWrong);
    let (bank, stored) = (world.bank, world.stored());
    set(&mut world, bank);
    assert_eq!(world.stored(), stored, "the earlier one is gone");
    let clear = |world: &mut World| {
        block_on(world.server.clear_duress((&world.user, world.bank), NOW, &mut world.rng)).unwrap();
    };
    clear(&mut world);
    assert_eq!(world.stored(), stored - 1);
    let events = block_on(world.server.audit(&world.user)).unwrap().len();
    clear(&mut world);
    assert_eq!(block_on(world.server.audit(&world.user)).unwrap().len(), events, "nothing to clear, nothing to note");
    tries(&mut world, (PasscodeKind::Bound, &[FORCED]), NOW);
    assert_eq!((alarms(&world), world.token(bank).failures), (0, 1));
}

/// The attempt at the PIN is counted before and taken back after; of a device that waits nothing is had.
#[test]
fn the_device_counts_and_takes_back() {
    let mut world = World::new();
    let before = world.storage.saved();
    let first = world.device.duress_secret(world.bank, &duress_pin(), NOW).unwrap();
    assert_ne!(world.storage.saved(), before, "the attempt has a number of its own");
    for _ in 0..20 {
        let again = world.device.duress_secret(world.bank, &duress_pin(), NOW).unwrap();
        assert_eq!(again.expose(), first.expose());
    }
    tries(&mut world, (PasscodeKind::Bound, &[WRONG; 3]), NOW);
    let waits = world.device.duress_secret(world.bank, &duress_pin(), NOW).unwrap_err();
    assert!(matches!(waits, AuthenticatorError::Attempt(_)), "{waits:?}");
    assert!(world.device.duress_secret(world.bank, &duress_pin(), later(30)).is_ok());
}

/// Eight pages set one at once: one of them stays, the others leave nothing.
#[test]
fn one_of_eight_stays() {
    let mut world = World::new();
    let (stored, bank) = (world.stored(), (&world.user, world.bank));
    let secret = world.device.duress_secret(world.bank, &duress_pin(), NOW).unwrap();
    let told = race(&world, (1, false), |server, _, rng| block_on(server.set_duress(bank, &secret, NOW, rng)));
    assert!(told.iter().any(Result::is_ok));
    assert!(told.iter().all(|told| matches!(told, Ok(()) | Err(ServerError::Busy))), "{told:?}");
    let unfinished = told.iter().filter(|told| told.is_err()).count();
    assert!((1..=1 + unfinished).contains(&(world.stored() - stored)));
}

/// Set and cleared while approvals come: what is judged is judged by a state that there was.
#[test]
fn set_and_cleared_while_it_is_used() {
    let mut world = with(DuressResponse::SeemWrong);
    let secret = world.device.duress_secret(world.bank, &duress_pin(), NOW).unwrap();
    let (prompt, started) = world.prompt(NOW);
    let (number, pin) = (world.number(&started), Pin::entered(FORCED).unwrap());
    let (message, _) = world.device.approve(prompt, (world.bank, &number, Some(&pin)), NOW, &mut world.rng).unwrap();
    let bank = (&world.user, world.bank);
    let told = race(&world, (1, false), |server, number, rng| match number % 4 {
        0 => block_on(server.set_duress(bank, &secret, NOW, rng)).is_ok(),
        1 => block_on(server.clear_duress(bank, NOW, rng)).is_ok(),
        _ => block_on(server.receive(&message, NOW, rng)).is_ok(),
    });
    assert_eq!(told.len(), RACERS);
    assert!(alarms(&world) <= 1, "one message, one alarm");
    assert_eq!(world.token(world.bank).failures, 1, "and one failure");
    block_on(world.server.clear_duress(bank, NOW, &mut world.rng)).unwrap();
    let bank = world.bank;
    set(&mut world, bank);
}

/// The secret is stored before the account names it: whatever stops in between, there is a duress PIN or none, and it can be
/// set again.
#[test]
fn a_stop_between_the_writes() {
    for (script, is_set) in [
        (&[Fault::NotApplied][..], false),
        (&[Fault::Vanished(1)], false),
        (&[Fault::Vanished(0)], true),
        (&[Fault::Written(0)], true),
        (&[Fault::WrittenAndBlind], true),
        (&[Fault::Dies], true),
    ] {
        let mut world = World::new();
        let secret = world.device.duress_secret(world.bank, &duress_pin(), NOW).unwrap();
        let (server, bank) = (faulty(&world, script), (&world.user, world.bank));
        if matches!(script, [Fault::Dies]) {
            killed(server.set_duress(bank, &secret, NOW, &mut world.rng));
        } else {
            let told = block_on(server.set_duress(bank, &secret, NOW, &mut world.rng));
            assert!(is_set || told.is_err(), "{script:?}");
        }
        tries(&mut world, (PasscodeKind::Bound, &[FORCED]), NOW);
        assert_eq!(alarms(&world), usize::from(is_set), "{script:?}");
        let bank = world.bank;
        set(&mut world, bank);
        tries(&mut world, (PasscodeKind::Bound, &[FORCED]), later(1));
        assert_eq!(alarms(&world), usize::from(is_set) + 1, "{script:?}");
    }
}

/// A store that counts its reads, and before one of them lets another server clear the duress PIN.
struct Counting {
    memory: Arc<MemoryStore>,
    reads: AtomicUsize,
    cleared: Option<(usize, LoginServer, AccountId, TokenId)>,
}

impl Store for Counting {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        let number = self.reads.fetch_add(1, Ordering::SeqCst);
        if let Some((_, server, user, token)) = self.cleared.as_ref().filter(|(at, ..)| *at == number) {
            server.clear_duress((user, *token), NOW, &mut ChaCha20Rng::seed_from_u64(77)).await.unwrap();
        }
        Store::get(&*self.memory, key).await
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        Store::put_if(&*self.memory, key, expect, value, hint).await
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        Store::scan(&*self.memory, after, limit).await
    }
}

/// Cleared before any read of the store in turn: an approval is judged by what the account says when it is written.
#[test]
fn cleared_between_any_two_reads() {
    let mut alarmed = Vec::new();
    for number in 0.. {
        let mut world = forced(DuressResponse::SeemWrong);
        let (prompt, started) = world.prompt(NOW);
        let (digits, pin) = (world.number(&started), Pin::entered(FORCED).unwrap());
        let (message, _) =
            world.device.approve(prompt, (world.bank, &digits, Some(&pin)), NOW, &mut world.rng).unwrap();
        let other = world.server_on(world.store.clone());
        let cleared = Some((number, other, world.user.clone(), world.bank));
        let store = Arc::new(Counting { memory: Arc::clone(&world.store), reads: AtomicUsize::new(0), cleared });
        let server = world.server_on(store.clone());
        assert!(block_on(server.receive(&message, NOW, &mut world.rng)).unwrap().into_reply().is_ok());
        assert_eq!(world.token(world.bank).failures, 1, "before read {number}");
        if store.reads.load(Ordering::SeqCst) <= number {
            break;
        }
        let events = block_on(world.server.audit(&world.user)).unwrap();
        let at = |kind| events.iter().position(|event| event.kind() == kind);
        let (alarm, end) = (at(AuditKind::Duress), at(AuditKind::DuressCleared).unwrap());
        assert!(alarm.is_none_or(|alarm| alarm < end), "before read {number}: there was none any more");
        alarmed.push(alarm.is_some());
    }
    assert!(alarmed.len() > 4 && !alarmed[0], "{alarmed:?}");
}

/// Who has a duress PIN costs the store no read more or less: neither in an approval nor with a typed passcode.
#[test]
fn a_token_without_one_is_read_alike() {
    let reads = [false, true].map(|has| {
        let (mut world, safe) = with_typed(DuressResponse::SeemWrong);
        if !has {
            block_on(world.server.clear_duress((&world.user, safe), NOW, &mut world.rng)).unwrap();
        }
        let store = Arc::new(Counting { memory: Arc::clone(&world.store), reads: AtomicUsize::new(0), cleared: None });
        let started = world.start(NOW);
        let (number, id) = (world.number(&started), world.device.id());
        let push = started.pushes.iter().find(|push| push.device == id).unwrap();
        let Incoming::Login(prompt) = world.device.open(&push.envelope, NOW).unwrap() else { panic!() };
        let wrong = Pin::entered(WRONG).unwrap();
        let (message, _) = world.device.approve(prompt, (safe, &number, Some(&wrong)), NOW, &mut world.rng).unwrap();
        let server = world.server_on(store.clone());
        assert!(block_on(server.receive(&message, NOW, &mut world.rng)).unwrap().into_reply().is_ok());
        let verdict = block_on(server.verify_passcode(&world.user, "00000000", NOW, &mut world.rng)).unwrap();
        assert_eq!(verdict, PasscodeVerdict::Refused);
        store.reads.load(Ordering::SeqCst)
    });
    assert_eq!(reads[0], reads[1]);
    assert!(reads[0] > 5);
}
