//! The order of checks of updates and rotations: everything is wrong at once, and then one thing after the other is right.

use pushotp_types::{TokenId, UnixTime};
use pushotp_wire::{
    Error,
    message::{Rotation, RotationStep},
    rotate::RotationPublicKey,
    state::{
        Reply, TokenStanding,
        housekeeping::{Event, Record, RotateEvent, Told, Under, UpdateEvent, UpdateStanding, apply},
    },
    terms::{Generation, MessageHash, RotationId, Status},
};

const TOKEN: TokenId = TokenId::from_bytes([7; 16]);
const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// An update of sequence number 10 was judged before; nobody has approved anything.
fn record() -> Record {
    let update = UpdateEvent { rh: MessageHash::of(b"before"), sequence: 10, standing: UpdateStanding::Possible };
    apply(&Record::new([TOKEN]), &Event::Update(update), NOW).next.unwrap()
}

fn told(record: &Record, event: RotateEvent) -> (Option<Told>, Option<Error>) {
    let transition = apply(record, &Event::Rotate(event), NOW);
    (transition.told, transition.error)
}

const fn status(status: Status, error: Error) -> (Option<Told>, Option<Error>) {
    (Some(Told::Result(Reply::new(status))), Some(error))
}

// protocol.md: ROT-3, ROT-4
#[test]
fn of_a_rotation() {
    let (mut record, refused) = (record(), |error| status(Status::Refused, error));
    let mut event = RotateEvent {
        rh: MessageHash::of(b"a rotation"),
        sequence: 9,
        rotation: Rotation {
            id: RotationId::from_bytes([3; 16]),
            token: TOKEN,
            generation: Generation::FIRST.next().unwrap(),
            step: RotationStep::Request { key: RotationPublicKey::parse(&[9; 32]).unwrap() },
        },
        standing: TokenStanding::NotHeld,
        passcode: None,
    };
    assert_eq!(told(&record, event), refused(Error::TokenMismatch));
    event.standing = TokenStanding::Usable;
    let again = RotateEvent { rh: MessageHash::of(b"before"), ..event };
    assert_eq!(told(&record, again), (Some(Told::Result(Reply::new(Status::Accepted))), None), "the same bytes");
    assert_eq!(told(&record, event), status(Status::AlreadyAnswered, Error::AlreadyAnswered));
    event.sequence = 11;
    assert_eq!(told(&record, event), refused(Error::Field("gen")));
    event.rotation.generation = Generation::FIRST;
    assert_eq!(told(&record, event), refused(Error::Field("approval")));
    record = apply(&record, &Event::Approved { token: TOKEN, under: Under::Current }, NOW).next.unwrap();
    assert_eq!(told(&record, event).1, Some(Error::Code));
    event.passcode = Some(Under::Current);
    assert_eq!(told(&record, event), (Some(Told::Ticket), None));
}

// protocol.md: ROT-3, ROT-4, ROT-6
#[test]
fn of_an_update() {
    let told = |rh: &[u8], sequence, standing| {
        let transition =
            apply(&record(), &Event::Update(UpdateEvent { rh: MessageHash::of(rh), sequence, standing }), NOW);
        (transition.told, transition.error)
    };
    let (held, blocked) = (UpdateStanding::NotHeld, UpdateStanding::Blocked);
    assert_eq!(told(b"before", 9, held), status(Status::Refused, Error::TokenMismatch));
    assert_eq!(told(b"before", 9, blocked), (Some(Told::Result(Reply::new(Status::Accepted))), None));
    assert_eq!(told(b"new", 9, blocked), status(Status::AlreadyAnswered, Error::AlreadyAnswered));
    assert_eq!(told(b"new", 11, blocked), status(Status::Refused, Error::TokenDisabled));
    assert_eq!(told(b"new", 11, UpdateStanding::Possible).1, None);
}
