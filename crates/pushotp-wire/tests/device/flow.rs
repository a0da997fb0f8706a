//! From the push to the confirmation, against the server's own state machine.

use pushotp_types::{Code, Digits};
use pushotp_wire::{
    Error,
    device::{Answering, Incoming, Outcome, Shown},
    message::{Cancel, FromDevice, Pending, Reply},
    state::State,
    terms::{CancelReason, MessageHash, Nonce, NumberMode, Reason, Status, TokenPolicy, UserVerification},
};

use crate::fixture::*;

fn approve(world: &mut World, shown: Shown, code: &Code) -> (Vec<u8>, Answering) {
    world.send(|device, sending| shown.approve(&approval(code), device, sending)).unwrap()
}

// protocol.md: DISP-3
#[test]
fn approved_collected_and_confirmed() {
    let mut world = World::new();
    let shown = world.shown();
    assert_eq!((shown.context().application(), shown.context().user()), ("Intranet", "alice"));
    assert_eq!(shown.tokens(), [held(TOKEN, TokenPolicy::PIN_PROTECTED)]);
    assert_eq!(shown.number_mode(), NumberMode::TypeIn { digits: 6 });
    assert_eq!(shown.age(at(NOW + 42)).as_secs(), 42);
    assert_eq!(shown.age(at(NOW - 42)).as_secs(), 0);
    assert_eq!(shown.hash(), request().hash);
    assert!(shown.requires_verification(&TOKEN) && shown.report_offered());

    let (frame, answering) = approve(&mut world, shown, &code());
    let FromDevice::Approve(sent) = world.receive(&frame).0 else { panic!("not an approval") };
    assert_eq!((sent.challenge(), sent.hash(), sent.token()), (parts().id, request().hash, TOKEN));
    assert_eq!((sent.expose_number(), sent.expose_code()), (NUMBER, code().expose()));
    assert_eq!((sent.verification(), sent.sent().sequence), (UserVerification::Pin, 1));

    let mut stored = request();
    let result = world.serve(&mut stored, &frame);
    assert!(matches!(stored.state, State::Approved { token: TOKEN, .. }));
    assert!(matches!(answering.finish(&result), Ok(Outcome::Accepted { failures: 2 })));
}

// protocol.md: DEV-1
#[test]
fn three_wrong_passcodes() {
    let mut world = World::new();
    let (mut stored, mut shown) = (request(), world.shown());
    let wrong = Code::from_value(11_111_111, Digits::EIGHT);
    for expected in [2, 1] {
        let (frame, answering) = approve(&mut world, shown, &wrong);
        let result = world.serve(&mut stored, &frame);
        let Ok(Outcome::TryAgain { shown: again, left }) = answering.finish(&result) else { panic!("not again") };
        assert_eq!(left, expected);
        shown = again;
    }
    let (frame, answering) = approve(&mut world, shown, &wrong);
    let result = world.serve(&mut stored, &frame);
    assert!(matches!(answering.finish(&result), Ok(Outcome::Final(Status::Refused))));
    assert_eq!(stored.state, State::Failed);
}

/// The reply was lost: the same bytes get the same one, and the approval still stands once.
#[test]
fn a_lost_reply() {
    let mut world = World::new();
    let shown = world.shown();
    let (frame, answering) = approve(&mut world, shown, &code());
    let mut stored = request();
    let lost = world.serve(&mut stored, &frame);
    let after = stored.clone();
    let again = world.serve(&mut stored, &frame);
    assert_eq!((lost.reply(), &after), (again.reply(), &stored));
    assert!(matches!(answering.finish(&again), Ok(Outcome::Accepted { .. })));
}

// protocol.md: DEV-1
#[test]
fn denied_and_reported() {
    let mut world = World::new();
    let (mut stored, shown) = (request(), world.shown());
    let (frame, denied) = world.send(|device, sending| shown.deny(Reason::NotMe, device, sending)).unwrap();
    let result = world.serve(&mut stored, &frame);
    assert_eq!(denied.finish(&result), Some(Status::Accepted));
    assert!(denied.report_offered());
    assert_eq!((denied.id(), denied.hash()), (stored.id, stored.hash));

    let (frame, reported) = world.send(|device, sending| denied.report(Reason::NotMe, device, sending)).unwrap();
    assert_eq!(reported.finish(&result), None, "the result of the denial");
    let result = world.serve(&mut stored, &frame);
    assert_eq!(reported.finish(&result), Some(Status::Accepted));
    assert_eq!(stored.state, State::Reported);
}

/// Case 187: only the result of exactly these bytes ends the wait.
// protocol.md: DEV-4
#[test]
fn a_result_of_another_message() {
    let mut world = World::new();
    let shown = world.shown();
    let (frame, answering) = approve(&mut world, shown, &code());
    let other = world.told(MessageHash::of(b"another frame"), Status::Accepted);
    let waiting = answering.finish(&other).unwrap_err();
    let mine = world.told(MessageHash::of(&frame), Status::Accepted);
    assert!(matches!(waiting.finish(&mine), Ok(Outcome::Accepted { failures: 0 })));

    let shown = world.shown();
    let (frame, denied) = world.send(|device, sending| shown.deny(Reason::Mistake, device, sending)).unwrap();
    assert_eq!(denied.finish(&other), None);
    let mine = world.told(MessageHash::of(&frame), Status::AlreadyAnswered);
    assert_eq!(denied.finish(&mine), Some(Status::AlreadyAnswered));
}

// protocol.md: DEV-1
#[test]
fn every_status_of_an_approval() {
    let mut world = World::new();
    for code in 0..7 {
        let status = Status::from_code(code).unwrap();
        let shown = world.shown();
        let (frame, answering) = approve(&mut world, shown, &crate::fixture::code());
        let left = if status == Status::WrongPasscode { 2 } else { 0 };
        let result = world.result(MessageHash::of(&frame), Reply { status, left, failures: 0 });
        match (status, answering.finish(&result).unwrap()) {
            (Status::Accepted, Outcome::Accepted { failures: 0 })
            | (Status::WrongPasscode, Outcome::TryAgain { left: 2, .. }) => {}
            (Status::RetryLater, Outcome::RetryLater(answering)) => {
                let result = world.told(MessageHash::of(&frame), Status::Accepted);
                assert!(matches!(answering.finish(&result), Ok(Outcome::Accepted { .. })));
            }
            (status, Outcome::Final(told)) => {
                assert_eq!(status, told);
                assert!((1..=4).contains(&code));
            }
            (status, outcome) => panic!("{status:?} {outcome:?}"),
        }
    }
}

/// Case 192: a cancel closes the prompt that it names, and no other. Case 193: an approval that was sent may have won.
// protocol.md: DEV-1
#[test]
fn withdrawn() {
    let mut world = World::new();
    let shown = world.shown();
    let cancel = |id| Cancel::new(id, CancelReason::AnsweredElsewhere, at(NOW));
    assert!(shown.is_withdrawn_by(&cancel(parts().id)));
    assert!(!shown.is_withdrawn_by(&cancel(pushotp_wire::terms::ChallengeId::from_bytes([9; 16]))));

    let (frame, answering) = approve(&mut world, shown, &code());
    let mut stored = request();
    let result = world.serve(&mut stored, &frame);
    assert!(matches!(answering.finish(&result), Ok(Outcome::Accepted { .. })));
}

/// Every frame is sealed anew, so two of them are never the same bytes.
// protocol.md: FRM-3
#[test]
fn frames_differ() {
    let mut world = World::new();
    let shown = [world.shown(), world.shown()];
    world.sequence = 0;
    let mut frames = Vec::new();
    for shown in shown {
        world.sequence = 0;
        frames.push(approve(&mut world, shown, &code()).0);
    }
    assert_eq!(frames[0].len(), frames[1].len());
    assert_ne!(frames[0], frames[1]);
}

/// Neither size nor form tells an approval, a denial and a report apart.
#[test]
fn answers_look_alike() {
    let mut world = World::new();
    let (first, second) = (world.shown(), world.shown());
    let (approve, _) = approve(&mut world, first, &code());
    let (deny, denied) = world.send(|device, sending| second.deny(Reason::NotMe, device, sending)).unwrap();
    let (report, _) = world.send(|device, sending| denied.report(Reason::NotMe, device, sending)).unwrap();
    assert_eq!((approve.len(), deny.len()), (deny.len(), report.len()));
    assert_eq!(approve[..12], deny[..12]);
}

/// Cases 183 and 186, and an item of another device: dropped alone.
// protocol.md: MSG-18, MSG-19
#[test]
fn fetched() {
    let mut world = World::new();
    let (frame, nonce) = world.send(pushotp_wire::device::Device::fetch).unwrap();
    let FromDevice::Fetch(fetch) = world.receive(&frame).0 else { panic!("not a fetch") };
    assert_eq!((fetch.nonce(), fetch.device()), (nonce, world.device.binding().device));

    let good = world.seal(&payload(parts()));
    let nested = Pending::new(nonce, at(NOW), vec![]).unwrap().encode().unwrap();
    let nested = world.seal(&nested);
    let foreign = pushotp_wire::envelope::seal(&payload(parts()), &keys(99), &tenant(), &mut world.rng).unwrap();
    let pending = Pending::new(nonce, at(NOW), vec![foreign, nested, good]).unwrap();
    let bytes = world.seal(&pending.encode().unwrap());
    let Incoming::Pending(pending) = world.device.open(&bytes, at(NOW)).unwrap() else { panic!("not pending") };

    let items = world.device.items(&pending, &nonce, at(NOW)).unwrap();
    assert!(matches!(items[..], [Err(Error::UnknownKid), Err(Error::Direction), Ok(Incoming::Challenge(_))]));
    let other = Nonce::from_bytes([0; 16]);
    assert_eq!(world.device.items(&pending, &other, at(NOW)).unwrap_err(), Error::Field("n"));
}
