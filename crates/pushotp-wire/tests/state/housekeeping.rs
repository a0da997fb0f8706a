//! Group I at the server: updates and rotations, one case each.

use pushotp_types::TokenId;
use pushotp_wire::{
    Error,
    message::{Rotation, RotationStep},
    rotate::RotationPublicKey,
    state::{
        MAX_TRIES, Reply, TokenStanding,
        housekeeping::{
            Effect, Event, MAX_REPLIES, Record, RotateEvent, Told, Transition, Under, UpdateEvent, UpdateStanding,
            apply,
        },
    },
    terms::{Generation, RotationId, Status},
};

use crate::fixture::{TOKEN, at, rh};

const NOW: u64 = 1_800_000_000;
const OTHER: TokenId = TokenId::from_bytes([8; 16]);

fn generation(generation: u32) -> Generation {
    Generation::new(generation).unwrap()
}

fn update(frame: u8, sequence: u64) -> UpdateEvent {
    UpdateEvent { rh: rh(frame), sequence, standing: UpdateStanding::Possible }
}

/// A request with nothing wrong in it.
fn ask(frame: u8, sequence: u64) -> RotateEvent {
    let step = RotationStep::Request { key: RotationPublicKey::parse(&[9; 32]).unwrap() };
    rotation(frame, sequence, 1, step, Under::Current)
}

fn confirm(frame: u8, sequence: u64) -> RotateEvent {
    rotation(frame, sequence, 2, RotationStep::Confirm, Under::Pending)
}

fn rotation(frame: u8, sequence: u64, number: u32, step: RotationStep, under: Under) -> RotateEvent {
    let rotation = Rotation { id: RotationId::from_bytes([3; 16]), token: TOKEN, generation: generation(number), step };
    RotateEvent { rh: rh(frame), sequence, rotation, standing: TokenStanding::Usable, passcode: Some(under) }
}

fn wrong(event: RotateEvent) -> RotateEvent {
    RotateEvent { passcode: None, ..event }
}

/// A device with two tokens, one of which was used just now.
fn approved() -> Record {
    let event = Event::Approved { token: TOKEN, under: Under::Current };
    apply(&Record::new([TOKEN, OTHER]), &event, at(NOW)).next.unwrap()
}

fn granted() -> Record {
    rotate(&approved(), ask(1, 10)).next.unwrap()
}

fn rotate(record: &Record, event: RotateEvent) -> Transition {
    apply(record, &Event::Rotate(event), at(NOW))
}

const fn told(status: Status) -> Told {
    Told::Result(Reply::new(status))
}

const fn try_again(left: u8) -> Told {
    Told::Result(Reply { status: Status::WrongPasscode, left, failures: 0 })
}

/// Refused before anything in it was judged: nothing is written.
fn refused(transition: &Transition, status: Status, error: Error) {
    assert_eq!((transition.told, transition.error), (Some(told(status)), Some(error)));
    assert!(transition.next.is_none() && transition.effects.is_empty(), "{transition:?}");
}

/// Case 225.
// protocol.md: ROT-5
#[test]
fn updates() {
    let record = Record::new([TOKEN]);
    let first = apply(&record, &Event::Update(update(1, 10)), at(NOW));
    assert_eq!((first.told, &first.effects[..]), (Some(told(Status::Accepted)), &[Effect::Update][..]));
    let record = first.next.unwrap();
    let again = apply(&record, &Event::Update(update(1, 10)), at(NOW));
    assert_eq!(
        (again.told, again.next, again.effects.len()),
        (Some(told(Status::Accepted)), None, 0),
        "the same bytes"
    );
    for sequence in [0, 9, 10] {
        let old = apply(&record, &Event::Update(update(2, sequence)), at(NOW));
        refused(&old, Status::AlreadyAnswered, Error::AlreadyAnswered);
    }
    assert!(apply(&record, &Event::Update(update(2, 11)), at(NOW)).next.is_some());
}

/// Cases 226 and 227.
// protocol.md: ROT-4, ROT-6
#[test]
fn updates_that_cannot_be_carried_out() {
    let record = Record::new([TOKEN]);
    let of = |standing| apply(&record, &Event::Update(UpdateEvent { standing, ..update(1, 10) }), at(NOW));
    refused(&of(UpdateStanding::NotHeld), Status::Refused, Error::TokenMismatch);
    let blocked = of(UpdateStanding::Blocked);
    assert_eq!((blocked.told, blocked.error), (Some(told(Status::Refused)), Some(Error::TokenDisabled)));
    assert!(blocked.effects.is_empty(), "it stays off");
    // Held back until the block is lifted, it is too late.
    let later = apply(&blocked.next.unwrap(), &Event::Update(update(2, 10)), at(NOW));
    refused(&later, Status::AlreadyAnswered, Error::AlreadyAnswered);
}

/// Case 228: not judged, so not counted either.
// protocol.md: ROT-7
#[test]
fn a_rotation_needs_a_recent_approval_of_its_own() {
    let never = Record::new([TOKEN, OTHER]);
    let of_another = apply(&never, &Event::Approved { token: OTHER, under: Under::Current }, at(NOW)).next.unwrap();
    for record in [never, of_another] {
        for event in [ask(1, 10), wrong(ask(1, 10))] {
            refused(&rotate(&record, event), Status::Refused, Error::Field("approval"));
        }
    }
    let late = |secs| apply(&approved(), &Event::Rotate(ask(1, 10)), at(NOW + secs));
    assert_eq!(late(600).told, Some(Told::Ticket));
    refused(&late(601), Status::Refused, Error::Field("approval"));
    refused(&rotate(&granted(), ask(2, 11)), Status::Refused, Error::Field("approval"));
}

// protocol.md: ROT-5, ROT-9, ROT-10, ROT-11, ROT-12
#[test]
fn a_rotation_from_end_to_end() {
    let asked = rotate(&approved(), ask(1, 10));
    assert_eq!((asked.told, asked.error), (Some(Told::Ticket), None));
    assert_eq!(asked.effects, [Effect::KeepPending(TOKEN, generation(2))], "and no counter is reset");
    let record = asked.next.unwrap();
    assert_eq!((record.tokens[0].generation, record.tokens[0].pending), (generation(1), true));
    let again = rotate(&record, ask(1, 10));
    assert_eq!((again.told, again.next), (Some(Told::Ticket), None), "the same bytes");

    let confirmed = rotate(&record, confirm(2, 11));
    assert_eq!((confirmed.told, confirmed.error), (Some(told(Status::Accepted)), None));
    assert_eq!(confirmed.effects, [Effect::Promote(TOKEN, generation(2))]);
    let record = confirmed.next.unwrap();
    assert_eq!((record.tokens[0].generation, record.tokens[0].pending), (generation(2), false));
    assert_eq!(record.tokens[1], Record::new([OTHER]).tokens[0], "the other token is as it was");
    refused(&rotate(&record, confirm(3, 12)), Status::Refused, Error::Field("gen"));
}

/// Case 233, the crash between storing and confirming.
// protocol.md: ROT-11
#[test]
fn an_approval_confirms_as_well() {
    let approval = |under| apply(&granted(), &Event::Approved { token: TOKEN, under }, at(NOW + 1));
    let under_new = approval(Under::Pending);
    assert_eq!(under_new.effects, [Effect::Promote(TOKEN, generation(2))]);
    let secrets = under_new.next.unwrap().tokens[0];
    assert_eq!((secrets.generation, secrets.pending, secrets.approved), (generation(2), false, Some(at(NOW + 1))));
    let under_old = approval(Under::Current);
    let secrets = under_old.next.unwrap().tokens[0];
    assert_eq!((under_old.effects.len(), secrets.pending, secrets.approved), (0, true, Some(at(NOW + 1))));
    let nothing_pending = apply(&approved(), &Event::Approved { token: TOKEN, under: Under::Pending }, at(NOW));
    assert_eq!(nothing_pending.next.unwrap().tokens[0].generation, generation(1));
    let unknown = TokenId::from_bytes([0; 16]);
    let transition = apply(&approved(), &Event::Approved { token: unknown, under: Under::Current }, at(NOW));
    assert_eq!(transition, Transition::default());
}

/// Cases 229, 230 and 234: whatever else the passcode is right for.
// protocol.md: ROT-5, ROT-8
#[test]
fn wrong_passcodes_are_counted_in_both_steps() {
    type Of = fn(u8, u64) -> RotateEvent;
    let cases: [(Record, Of); 4] = [
        (approved(), |frame, sequence| wrong(ask(frame, sequence))),
        (approved(), |frame, sequence| RotateEvent { passcode: Some(Under::Pending), ..ask(frame, sequence) }),
        (granted(), |frame, sequence| wrong(confirm(frame, sequence))),
        (granted(), |frame, sequence| RotateEvent { passcode: Some(Under::Current), ..confirm(frame, sequence) }),
    ];
    for (mut record, of) in cases {
        for tries in 1..=MAX_TRIES {
            let event = of(tries + 1, 10 + u64::from(tries));
            let transition = rotate(&record, event);
            let left = MAX_TRIES - tries;
            assert_eq!(transition.told, if left == 0 { Some(told(Status::Refused)) } else { Some(try_again(left)) });
            assert_eq!(
                (transition.error, &transition.effects[..]),
                (Some(Error::Code), &[Effect::CountFailure(TOKEN)][..])
            );
            record = transition.next.unwrap();
            let again = rotate(&record, event);
            assert_eq!((again.told, again.next, again.effects.len()), (transition.told, None, 0), "counted once");
        }
        let fourth = rotate(&record, of(9, 20));
        assert!(fourth.next.is_none() && fourth.effects.is_empty(), "not judged: {fourth:?}");
        assert_eq!(fourth.told, Some(told(Status::Refused)));
        // The next approval opens the way again.
        let event = Event::Approved { token: TOKEN, under: Under::Current };
        let record = apply(&record, &event, at(NOW)).next.unwrap();
        assert_eq!(rotate(&record, of(9, 20)).told, Some(try_again(2)));
    }
}

/// Case 231, and the generations of a confirmation.
// protocol.md: ROT-3, ROT-12
#[test]
fn generations() {
    let of = |record: &Record, event: RotateEvent, number: u32| {
        let rotation = Rotation { generation: generation(number), ..event.rotation };
        rotate(record, RotateEvent { rotation, ..event })
    };
    refused(&of(&approved(), ask(1, 10), 2), Status::Refused, Error::Field("gen"));
    for number in [1, 3] {
        refused(&of(&granted(), confirm(2, 11), number), Status::Refused, Error::Field("gen"));
    }
    refused(&rotate(&approved(), confirm(2, 11)), Status::Refused, Error::Field("gen"));
    let mut last = approved();
    last.tokens[0].generation = generation(u32::MAX);
    refused(&of(&last, ask(1, 10), u32::MAX), Status::Refused, Error::Field("gen"));
}

/// Case 232: an older request after a newer ticket.
// protocol.md: ROT-5
#[test]
fn a_request_that_was_held_back() {
    let record = rotate(&approved(), ask(2, 11)).next.unwrap();
    let record = apply(&record, &Event::Approved { token: TOKEN, under: Under::Current }, at(NOW)).next.unwrap();
    refused(&rotate(&record, ask(1, 10)), Status::AlreadyAnswered, Error::AlreadyAnswered);
    // Updates and rotations count in one sequence.
    refused(&apply(&record, &Event::Update(update(3, 11)), at(NOW)), Status::AlreadyAnswered, Error::AlreadyAnswered);
}

// protocol.md: ROT-4
#[test]
fn tokens() {
    let of = |standing| rotate(&approved(), RotateEvent { standing, ..ask(1, 10) });
    refused(&of(TokenStanding::NotHeld), Status::Refused, Error::TokenMismatch);
    refused(&of(TokenStanding::Disabled), Status::Refused, Error::TokenDisabled);
    let mut unknown = ask(1, 10);
    unknown.rotation.token = TokenId::from_bytes([0; 16]);
    refused(&rotate(&approved(), unknown), Status::Refused, Error::TokenMismatch);
}

/// The memory is bounded; what falls out of it is still not judged again.
// protocol.md: ROT-5
#[test]
fn memory() {
    let mut record = Record::new([TOKEN]);
    for n in 1..=9 {
        record = apply(&record, &Event::Update(update(n, n.into())), at(NOW)).next.unwrap();
        assert_eq!(record.replies.len(), usize::from(n).min(MAX_REPLIES));
    }
    refused(&apply(&record, &Event::Update(update(5, 5)), at(NOW)), Status::AlreadyAnswered, Error::AlreadyAnswered);
    assert_eq!(apply(&record, &Event::Update(update(6, 6)), at(NOW)).told, Some(told(Status::Accepted)));
}
