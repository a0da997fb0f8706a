use pushotp_types::{TokenId, UnixTime};

use super::{
    Effect, Event, MAX_REPLIES, ROTATION_WINDOW, Record, Remembered, RotateEvent, TokenSecrets, Told, Transition,
    Under, UpdateEvent, UpdateStanding,
};
use crate::{
    Error,
    message::RotationStep,
    state::{MAX_TRIES, Reply, TokenStanding},
    terms::{MessageHash, Status},
};

/// What `event` does to `record` at the server's time `now`.
///
/// The order of the checks is part of the protocol: the token, the bytes of an earlier message, the sequence number, the
/// generation, a recent approval, the passcode. The last second of [`ROTATION_WINDOW`] still counts.
///
/// See [the module](super) for the table, and an example.
///
/// ```
/// use pushotp_types::{TokenId, UnixTime};
/// use pushotp_wire::state::{Reply, housekeeping::{Effect, Event, Record, Told, UpdateEvent, UpdateStanding, apply}};
/// use pushotp_wire::terms::{MessageHash, Status};
///
/// let (record, now) = (Record::new([TokenId::from_bytes([7; 16])]), UnixTime::from_secs(1_800_000_000));
/// let update = |bytes: &[u8]| Event::Update(UpdateEvent {
///     rh: MessageHash::of(bytes),
///     sequence: 7,
///     standing: UpdateStanding::Possible,
/// });
/// let first = apply(&record, &update(b"a frame"), now);
/// assert_eq!(first.effects, [Effect::Update]);
///
/// // Another message under that number changes nothing.
/// let second = apply(&first.next.ok_or("not judged")?, &update(b"another"), now);
/// assert!(second.effects.is_empty());
/// assert_eq!(second.told, Some(Told::Result(Reply::new(Status::AlreadyAnswered))));
/// # Ok::<(), &str>(())
/// ```
pub fn apply(record: &Record, event: &Event, now: UnixTime) -> Transition {
    match event {
        Event::Update(update) => self::update(record, update),
        Event::Rotate(rotate) => self::rotate(record, rotate, now),
        Event::Approved { token, under } => approved(record, token, *under, now),
    }
}

/// A refusal without a trace: nothing was judged.
fn refuse(status: Status, error: Error) -> Transition {
    Transition { told: Some(Told::Result(Reply::new(status))), error: Some(error), ..Transition::default() }
}

/// What an earlier message with these bytes was told, or that a later one came first.
fn answered(record: &Record, rh: MessageHash, sequence: u64) -> Option<Transition> {
    if let Some(earlier) = record.replies.iter().find(|earlier| earlier.rh == rh) {
        return Some(Transition { told: Some(earlier.told), ..Transition::default() });
    }
    let late = record.sequence.is_some_and(|highest| sequence <= highest);
    late.then(|| refuse(Status::AlreadyAnswered, Error::AlreadyAnswered))
}

/// A message that was judged: no later one with these bytes, or with a lower sequence number, is judged again.
fn judged(
    mut record: Record,
    (rh, sequence): (MessageHash, u64),
    effect: Option<Effect>,
    (told, error): (Told, Option<Error>),
) -> Transition {
    record.sequence = Some(sequence);
    let excess = (record.replies.len() + 1).saturating_sub(MAX_REPLIES);
    record.replies.drain(..excess.min(record.replies.len()));
    record.replies.push(Remembered { rh, told });
    Transition { next: Some(record), effects: effect.into_iter().collect(), told: Some(told), error }
}

fn update(record: &Record, update: &UpdateEvent) -> Transition {
    let &UpdateEvent { rh, sequence, standing } = update;
    if standing == UpdateStanding::NotHeld {
        return refuse(Status::Refused, Error::TokenMismatch);
    }
    if let Some(answered) = answered(record, rh, sequence) {
        return answered;
    }
    let (status, error, effect) = match standing {
        UpdateStanding::Possible => (Status::Accepted, None, Some(Effect::Update)),
        _ => (Status::Refused, Some(Error::TokenDisabled), None),
    };
    judged(record.clone(), (rh, sequence), effect, (Told::Result(Reply::new(status)), error))
}

fn rotate(record: &Record, event: &RotateEvent, now: UnixTime) -> Transition {
    let position = record.tokens.iter().position(|known| known.token == event.rotation.token);
    match event.standing {
        TokenStanding::Usable if position.is_some() => {}
        TokenStanding::Disabled if position.is_some() => return refuse(Status::Refused, Error::TokenDisabled),
        _ => return refuse(Status::Refused, Error::TokenMismatch),
    }
    if let Some(answered) = answered(record, event.rh, event.sequence) {
        return answered;
    }
    let mut record = record.clone();
    let Some(secrets) = position.and_then(|position| record.tokens.get_mut(position)) else {
        return refuse(Status::Refused, Error::TokenMismatch);
    };
    let step = match event.rotation.step {
        RotationStep::Request { .. } => request(secrets, event, now),
        RotationStep::Confirm => confirm(secrets, event),
    };
    match step {
        Ok((effect, verdict)) => judged(record, (event.rh, event.sequence), Some(effect), verdict),
        Err(error) => refuse(Status::Refused, error),
    }
}

type Judged = (Effect, (Told, Option<Error>));

/// A request: nothing of it is judged but shortly after an approval, else it would be a way to guess the PIN.
fn request(secrets: &mut TokenSecrets, event: &RotateEvent, now: UnixTime) -> Result<Judged, Error> {
    let next = secrets.generation.next().ok_or(Error::Field("gen"))?;
    if event.rotation.generation != secrets.generation {
        return Err(Error::Field("gen"));
    }
    if secrets.approved.is_none_or(|at| now > at.saturating_add(ROTATION_WINDOW)) {
        return Err(Error::Field("approval"));
    }
    if event.passcode != Some(Under::Current) {
        let judged = wrong(secrets);
        if secrets.wrong >= MAX_TRIES {
            secrets.approved = None;
        }
        return Ok(judged);
    }
    *secrets = TokenSecrets { pending: true, approved: None, wrong: 0, ..*secrets };
    Ok((Effect::KeepPending(secrets.token, next), (Told::Ticket, None)))
}

/// A confirmation: right only under the pending secret, and counted, since it would be a check for the PIN as well.
fn confirm(secrets: &mut TokenSecrets, event: &RotateEvent) -> Result<Judged, Error> {
    if !secrets.pending || Some(event.rotation.generation) != secrets.generation.next() {
        return Err(Error::Field("gen"));
    }
    if secrets.wrong >= MAX_TRIES {
        return Err(Error::RateLimited);
    }
    if event.passcode != Some(Under::Pending) {
        return Ok(wrong(secrets));
    }
    promote(secrets);
    Ok((Effect::Promote(secrets.token, secrets.generation), (Told::Result(Reply::new(Status::Accepted)), None)))
}

fn wrong(secrets: &mut TokenSecrets) -> Judged {
    secrets.wrong = secrets.wrong.saturating_add(1);
    let left = MAX_TRIES.saturating_sub(secrets.wrong);
    let status = if left == 0 { Status::Refused } else { Status::WrongPasscode };
    let reply = Reply { status, left, failures: 0 };
    (Effect::CountFailure(secrets.token), (Told::Result(reply), Some(Error::Code)))
}

fn promote(secrets: &mut TokenSecrets) {
    if let Some(next) = secrets.generation.next() {
        *secrets = TokenSecrets { generation: next, pending: false, ..*secrets };
    }
}

/// An accepted approval opens the window of a rotation; one under the pending secret makes that the current one.
fn approved(record: &Record, token: &TokenId, under: Under, now: UnixTime) -> Transition {
    let mut record = record.clone();
    let Some(secrets) = record.tokens.iter_mut().find(|known| known.token == *token) else {
        return Transition::default();
    };
    let mut effect = None;
    if under == Under::Pending && secrets.pending {
        promote(secrets);
        effect = Some(Effect::Promote(secrets.token, secrets.generation));
    }
    (secrets.approved, secrets.wrong) = (Some(now), 0);
    Transition { next: Some(record), effects: effect.into_iter().collect(), ..Transition::default() }
}
