//! A fault at each call of the store in turn, and many at once: whatever fails, what was told is stored, nothing is granted
//! twice, and who asks again gets an answer.
//!
//! `faults` shows what the single writes of an account come to, with others who write in between.

use std::{
    future::{Future, pending},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use pollster::block_on;
use pushotp::{
    Answering, AuditKind, Authenticator, DeviceSetup, LoginRequest, LoginServer, LoginStart, LoginState, NewToken,
    Outcome, PasscodeVerdict, Received, ServerError, SoftwareKeys,
    pin::Pin,
    store::{Cas, Expect, Hint, Key, MemoryStore, Store, StoreError, Versioned, conformance::FaultStore},
    types::Offer,
    wire::terms::{PushAddress, Reason, Status},
};

use crate::fixture::{NOW, World, later};

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Not done, and the store says so.
    NotApplied,
    /// Of unknown fate: not done.
    Vanished,
    /// Of unknown fate: done.
    Unheard,
    /// Not done, and the server dies.
    DiesBefore,
    /// Done, and the server dies before it hears of it.
    DiesAfter,
    /// The negative control: said to be done, and not done.
    Lies,
}

/// A store whose call of one number goes wrong.
struct Planted {
    memory: Arc<MemoryStore>,
    calls: AtomicUsize,
    fault: (usize, How),
}

impl Planted {
    fn fault(&self) -> Option<How> {
        let (number, how) = self.fault;
        (self.calls.fetch_add(1, Ordering::SeqCst) == number).then_some(how)
    }

    async fn read<T>(&self, found: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        match self.fault() {
            None | Some(How::Lies) => found.await,
            Some(How::NotApplied | How::Vanished | How::Unheard) => Err(StoreError::not_applied("planted")),
            Some(How::DiesBefore | How::DiesAfter) => pending().await,
        }
    }
}

impl Store for Planted {
    async fn get(&self, key: &Key) -> Result<Option<Versioned>, StoreError> {
        self.read(Store::get(&*self.memory, key)).await
    }

    async fn put_if(&self, key: &Key, expect: Expect, value: Option<&[u8]>, hint: Hint) -> Result<Cas, StoreError> {
        let write = Store::put_if(&*self.memory, key, expect, value, hint);
        match self.fault() {
            None => write.await,
            Some(How::NotApplied) => Err(StoreError::not_applied("planted")),
            Some(How::Vanished) => Err(StoreError::unknown("planted")),
            Some(How::Unheard) => write.await.and(Err(StoreError::unknown("planted"))),
            Some(How::DiesBefore) => pending().await,
            Some(How::DiesAfter) => {
                let _ = write.await;
                pending().await
            }
            Some(How::Lies) => match expect {
                Expect::Version(version) => Ok(Cas::Won(version)),
                Expect::Absent => write.await,
            },
        }
    }

    async fn scan(&self, after: Option<&Key>, limit: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        self.read(Store::scan(&*self.memory, after, limit)).await
    }
}

const FAULTS: [How; 5] = [How::NotApplied, How::Vanished, How::Unheard, How::DiesBefore, How::DiesAfter];

/// The story once for every call that its server makes, with that one going wrong, in each way; at least so many calls.
fn everywhere(least: usize, hows: &[How], story: impl Fn(&mut World, &LoginServer)) {
    for how in hows {
        for number in 0.. {
            let mut world = World::new();
            let (memory, calls) = (Arc::clone(&world.store), AtomicUsize::new(0));
            let planted = Arc::new(Planted { memory, calls, fault: (number, *how) });
            let server = world.server_on(planted.clone());
            story(&mut world, &server);
            if planted.calls.load(Ordering::SeqCst) <= number {
                assert!(number >= least, "{how:?}: {number} calls");
                break;
            }
        }
    }
}

/// What is told: nothing if the server died.
fn told<T>(event: impl Future<Output = Result<T, ServerError>>) -> Option<Result<T, ServerError>> {
    match pin!(event).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(told) => Some(told),
        Poll::Pending => None,
    }
}

fn reply(told: Option<Result<Received, ServerError>>) -> Option<Vec<u8>> {
    told?.ok().map(|received| received.into_reply().unwrap())
}

/// Sends an approval to a server that fails, then the same bytes to one that does not, as the device does until it hears
/// something; the outcome, and whether it was heard at once.
fn judged(world: &mut World, server: &LoginServer, (message, answering): (&[u8], Answering)) -> (Outcome, bool) {
    let mut waits = answering;
    if let Some(reply) = reply(told(server.receive(message, NOW, &mut world.rng))) {
        match world.device.finish(waits, &reply, NOW).unwrap().outcome {
            Outcome::RetryLater(again) => waits = *again,
            outcome => return (outcome, true),
        }
    }
    let reply = world.send(message, later(1)).unwrap();
    (world.device.finish(waits, &reply, later(1)).unwrap().outcome, false)
}

fn approval(world: &mut World, server: &LoginServer) {
    let (message, answering, started) = world.approval(NOW);
    let (outcome, _) = judged(world, server, (&message, answering));
    assert!(matches!(outcome, Outcome::Accepted { failures: 0 }), "{outcome:?}");
    assert_eq!(world.state(&started, NOW), LoginState::Approved, "what was told is stored");
    assert!(world.redeem(&started, NOW) && !world.redeem(&started, NOW));
}

// protocol.md: SRV-3
#[test]
fn an_approval_is_told_as_it_is_stored() {
    everywhere(5, &FAULTS, approval);
}

/// The negative control: a store that only says that it wrote is found out.
#[test]
#[should_panic(expected = "what was told is stored")]
fn a_lie_is_found_out() {
    everywhere(0, &[How::Lies], approval);
}

#[test]
fn a_wrong_pin_is_counted_once_whatever_fails() {
    everywhere(5, &FAULTS, |world, server| {
        let (prompt, started) = world.prompt(NOW);
        let (number, pin) = (world.number(&started), Pin::entered("271847").unwrap());
        let about = (world.bank, &*number, Some(&pin));
        let (message, answering) = world.device.approve(prompt, about, NOW, &mut world.rng).unwrap();
        let (outcome, _) = judged(world, server, (&message, answering));
        assert!(matches!(outcome, Outcome::TryAgain { left: 2, .. }), "{outcome:?}");
        assert_eq!(world.token(world.bank).failures, 1);
    });
}

#[test]
fn a_denial_and_its_report_hold_whatever_fails() {
    everywhere(5, &FAULTS, |world, server| {
        let (prompt, started) = world.prompt(NOW);
        let (denial, denied) = world.device.deny(prompt, Reason::Unspecified, NOW, &mut world.rng).unwrap();
        let first = reply(told(server.receive(&denial, NOW, &mut world.rng)));
        let status = |reply: &[u8]| world.device.denied(&denied, reply, NOW).unwrap();
        if let Some(Status::Accepted) = first.as_deref().map(status) {
            assert_eq!(world.state(&started, NOW), LoginState::Denied);
        }
        let again = world.send(&denial, NOW).unwrap();
        assert_eq!(world.device.denied(&denied, &again, NOW).unwrap(), Status::Accepted);
        assert_eq!(world.state(&started, NOW), LoginState::Denied);
        let (report, reported) = world.device.report(denied, Reason::NotMe, NOW, &mut world.rng).unwrap();
        let _ = told(server.receive(&report, NOW, &mut world.rng));
        let again = world.send(&report, NOW).unwrap();
        assert_eq!(world.device.reported(&reported, &again, NOW).unwrap(), Status::Accepted);
        assert_eq!(world.state(&started, NOW), LoginState::Reported);
    });
}

// protocol.md: SRV-4
#[test]
fn a_login_is_granted_once_whatever_fails() {
    everywhere(2, &FAULTS, |world, server| {
        let (message, _, started) = world.approval(NOW);
        assert!(world.send(&message, NOW).is_some());
        let granted = match told(server.redeem(&started.ticket, NOW, &mut world.rng)) {
            Some(Ok(granted)) => {
                assert!(granted.is_some(), "the first that asks, and hears something");
                assert_eq!(world.state(&started, NOW), LoginState::Redeemed, "what was told is stored");
                true
            }
            Some(Err(_)) | None => false,
        };
        let is_spent = world.state(&started, NOW) == LoginState::Redeemed;
        assert_eq!(world.redeem(&started, NOW), !is_spent, "what was not spent is still there");
        assert!(!granted || is_spent);
    });
}

#[test]
fn a_login_starts_whatever_fails() {
    everywhere(4, &FAULTS, |world, server| {
        let request = LoginRequest::new("Intranet");
        let start = told(server.start_login(&world.user, &request, NOW, &mut world.rng));
        match start {
            Some(Ok(LoginStart::Started(started))) => {
                assert!(matches!(world.state(&started, NOW), LoginState::Waiting { .. }), "what was told is stored");
            }
            Some(Ok(other)) => panic!("{other:?}"),
            Some(Err(_)) | None => {}
        }
        // The page asks again, and that login goes on.
        approval(world, &world.server_on(world.store.clone()));
    });
}

#[test]
fn a_login_is_withdrawn_whatever_fails() {
    everywhere(3, &FAULTS, |world, server| {
        let started = world.start(NOW);
        if let Some(Ok(_)) = told(server.cancel_login(&started.ticket, NOW, &mut world.rng)) {
            assert_eq!(world.state(&started, NOW), LoginState::Cancelled, "what was told is stored");
        }
        assert!(block_on(world.server.cancel_login(&started.ticket, NOW, &mut world.rng)).is_ok());
        assert_eq!(world.state(&started, NOW), LoginState::Cancelled);
    });
}

#[test]
fn a_typed_passcode_is_accepted_once_wherever_it_fails() {
    everywhere(3, &FAULTS, |world, server| {
        let (code, _) = world.device.passcode(world.mail, None, NOW).unwrap();
        let accepted = PasscodeVerdict::Accepted { token: world.mail };
        let first = match told(server.verify_passcode(&world.user, code.expose(), NOW, &mut world.rng)) {
            Some(Ok(verdict)) => {
                assert_eq!(verdict, accepted);
                true
            }
            Some(Err(_)) | None => false,
        };
        let mut again = || block_on(world.server.verify_passcode(&world.user, code.expose(), NOW, &mut world.rng));
        let second = again().unwrap();
        assert!(second == PasscodeVerdict::Replayed || (second == accepted && !first), "{first}: {second:?}");
        assert_eq!(again().unwrap(), PasscodeVerdict::Replayed);
        assert_eq!(world.token(world.mail).failures, 0);
    });
}

#[test]
fn a_wrong_typed_passcode_is_told_when_it_was_counted() {
    everywhere(3, &FAULTS, |world, server| {
        match told(server.verify_passcode(&world.user, "00000000", NOW, &mut world.rng)) {
            Some(Ok(verdict)) => {
                assert_eq!(verdict, PasscodeVerdict::Refused);
                assert_eq!(world.token(world.mail).failures, 1);
            }
            Some(Err(_)) | None => assert!(world.token(world.mail).failures <= 1),
        }
    });
}

/// A device that answers an offer, and has not sent it yet.
fn enrolling(world: &mut World, offer: &Offer) -> (Vec<u8>, pushotp::Enrolling) {
    let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
    Authenticator::enrol(offer, setup, NOW, &mut world.rng).unwrap()
}

/// An account with a token that no device holds.
fn unheld(world: &mut World) {
    block_on(world.server.add_token(&world.user, NewToken::new("More"), NOW, &mut world.rng)).unwrap();
}

/// How many devices hold tokens.
fn devices(world: &World) -> usize {
    block_on(world.server.accounts(None, 1)).unwrap().accounts[0].devices
}

#[test]
fn an_offer_that_was_told_can_be_used() {
    everywhere(3, &FAULTS, |world, server| {
        unheld(world);
        let offered = told(server.offer_enrolment(&world.user, NOW, &mut world.rng));
        let offer = match offered {
            Some(Ok(offer)) => offer,
            // The operator asks again.
            Some(Err(_)) | None => block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap(),
        };
        let (request, enrolling) = enrolling(world, &offer);
        assert!(enrolling.finish(&world.send(&request, NOW).unwrap()).is_ok());
    });
}

#[test]
fn an_enrolment_leads_to_one_code_whatever_fails() {
    everywhere(10, &FAULTS, |world, server| {
        unheld(world);
        let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
        let (request, enrolling) = enrolling(world, &offer);
        let first = reply(told(server.receive(&request, NOW, &mut world.rng)));
        let again = world.send(&request, NOW).unwrap();
        assert!(first.is_none_or(|first| first == again), "what was told stays so");
        let confirming = enrolling.finish(&again).unwrap();
        let shown = block_on(world.server.confirmation_code(offer.enrolment)).unwrap();
        assert_eq!(shown.as_deref(), Some(confirming.code()));
        // Another device comes too late, whatever failed before.
        let (other, _) = self::enrolling(world, &offer);
        assert!(world.send(&other, NOW).is_none());

        let enrolment = (&world.user, offer.enrolment);
        assert!(block_on(world.server.confirm_enrolment(enrolment, true, NOW, &mut world.rng)).is_ok());
        assert_eq!(devices(world), 2);
    });
}

#[test]
fn a_device_is_confirmed_once_whatever_fails() {
    everywhere(3, &FAULTS, |world, server| {
        unheld(world);
        let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
        let (request, _) = enrolling(world, &offer);
        assert!(world.send(&request, NOW).is_some());
        let user = world.user.clone();
        let enrolment = (&user, offer.enrolment);
        let first = told(server.confirm_enrolment(enrolment, true, NOW, &mut world.rng));
        let is_told = matches!(first, Some(Ok(_)));
        assert!(!is_told || devices(world) == 2, "what was told is stored");
        let again = block_on(world.server.confirm_enrolment(enrolment, true, NOW, &mut world.rng));
        assert!(again.is_ok() || matches!(again, Err(ServerError::NoEnrolment)), "{again:?}");
        assert_eq!(devices(world), 2);
    });
}

/// Until it is told something: no server of a network gives up sooner.
fn until_told<T>(mut event: impl FnMut() -> Result<T, ServerError>) -> T {
    for _ in 0..200 {
        if let Ok(told) = event() {
            return told;
        }
    }
    panic!("no answer")
}

/// About every second call fails, in all ways in which a store may, late and repeated writes among them. The device and the
/// page ask until they hear something.
#[test]
fn a_whole_login_over_a_store_that_often_fails() {
    let (mut granted, mut typed, mut planted) = (0, 0, 0);
    for seed in 0..100 {
        let mut world = World::new();
        let store = Arc::new(FaultStore::new(Arc::clone(&world.store), seed));
        let server = world.server_on(store.clone());
        let (user, request) = (world.user.clone(), LoginRequest::new("Intranet"));
        let started = until_told(|| match block_on(server.start_login(&user, &request, NOW, &mut world.rng))? {
            LoginStart::Started(started) => Ok(started),
            other => panic!("{seed}: {other:?}"),
        });
        let number = server.number(&started.ticket).unwrap();
        let pushotp::Incoming::Login(prompt) = world.device.open(&started.pushes[0].envelope, NOW).unwrap() else {
            panic!("{seed}")
        };
        let (message, answering) =
            world.device.approve(prompt, (world.mail, &number, None), NOW, &mut world.rng).unwrap();
        let mut waits = Some(answering);
        until_told(|| {
            let reply = block_on(server.receive(&message, NOW, &mut world.rng))?.into_reply().unwrap();
            match world.device.finish(waits.take().unwrap(), &reply, NOW).unwrap().outcome {
                Outcome::Accepted { failures: 0 } => Ok(()),
                Outcome::RetryLater(again) => {
                    waits = Some(*again);
                    Err(ServerError::Busy)
                }
                other => panic!("{seed}: {other:?}"),
            }
        });
        let grants = [(); 3].map(|()| until_told(|| block_on(server.redeem(&started.ticket, NOW, &mut world.rng))));
        granted += one_at_most(seed, grants.iter().flatten().count());
        let (code, _) = world.device.passcode(world.mail, None, NOW).unwrap();
        let verdicts = [(); 3]
            .map(|()| until_told(|| block_on(server.verify_passcode(&user, code.expose(), NOW, &mut world.rng))));
        let accepted = verdicts.iter().filter(|verdict| matches!(verdict, PasscodeVerdict::Accepted { .. }));
        typed += one_at_most(seed, accepted.count());

        // What was held up lands, and changes nothing that was told.
        block_on(store.settle());
        assert_eq!(world.state(&started, NOW), LoginState::Redeemed, "{seed}");
        assert!(!world.redeem(&started, NOW), "{seed}");
        let drained = block_on(world.server.drain_audit(&user, Some(4))).unwrap();
        let logged = |kind| drained.events.iter().filter(|event| event.kind() == kind).count();
        assert_eq!(
            [AuditKind::Approved, AuditKind::Redeemed, AuditKind::PasscodeAccepted].map(logged),
            [1; 3],
            "{seed}"
        );
        assert!(drained.events.iter().map(pushotp::AuditEvent::number).eq(5..5 + drained.events.len() as u64));
        planted += store.planted();
    }
    // Not all are heard of, but most are: else this has shown nothing.
    assert!(granted > 50 && typed > 50 && planted > 500, "{granted}, {typed}, {planted}");
}

fn one_at_most(seed: u64, count: usize) -> usize {
    assert!(count <= 1, "{seed}: granted {count} times");
    count
}
