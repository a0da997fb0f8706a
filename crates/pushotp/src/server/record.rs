//! The account record: one versioned value that decides everything about an account.

use pushotp_cbor::{ByteArray, ByteBuf, CborError, decode, encode_into};

use crate::tuple::tuple_struct;

/// The format that this code reads and writes; another one is refused, never guessed.
const FORMAT: u8 = 1;
/// The longest record, in bytes.
const MAX_LEN: usize = 12 * 1024;
/// The length of a usual one: what is written has room from the start.
const USUAL_LEN: usize = 2 * 1024;
/// How many audit events a record carries, or as many as its last write logged.
const MAX_AUDIT: usize = 16;

pub(crate) type Id = ByteArray<16>;
pub(crate) type Hash = ByteArray<32>;
/// What a sealed entry beside the record is stored under: the kid of the enrolment that made it, or drawn.
pub(crate) type Name = ByteArray<8>;

tuple_struct! {
    /// Everything that is decided about one account.
    #[derive(Clone, Debug)]
    pub(crate) struct Record {
        format: u8,
        /// The event that wrote this version: resolves a write of unknown fate.
        last_attempt: Id,
        tokens: Vec<Token>,
        devices: Vec<Device>,
        enrolments: Vec<Enrolment>,
        logins: Vec<Login>,
        /// Pushes without a success that are remembered, and when the last of them was.
        pushes: (u8, u64),
        next_event: u64,
        audit: Vec<Event>,
    }

    /// A token: what decides whether its passcode is accepted.
    #[derive(Clone, Debug)]
    pub(crate) struct Token {
        id: Id,
        name: String,
        /// The enrolled policy bits of the protocol.
        policy: u8,
        /// 1: a passcode may be typed by hand.
        by_hand: u8,
        /// 0 usable, 1 disabled.
        disabled: u8,
        /// 0 off, 1 on, 2 blocked until an operator lifts it.
        push: u8,
        /// 1: its user switched push off on the device.
        muted: u8,
        /// TOTP: the last accepted step + 1. Only grows.
        next_step: u64,
        /// HOTP: the next counter. Only grows.
        next_counter: u64,
        /// Failed passcodes since the last success.
        failures: u8,
        /// Failed passcodes of 30 days, as a leaky bucket: level and the time of its last change.
        month: (u8, u64),
        /// The device that holds it and the epoch of its secret; no epoch yet: 0.
        device: Id,
        epoch: u32,
        secrets: Secrets,
        /// How its typed passcodes are made, if it was imported: none or one. Others have TOTP as the protocol does.
        typed: Vec<Typed>,
        /// How many steps its clock is behind and ahead, one of which is none; moved by a resynchronisation alone.
        drift: (u16, u16),
    }

    /// What a credential says that was imported.
    #[derive(Clone, Debug)]
    pub(crate) struct Typed {
        /// 0 TOTP, 1 HOTP.
        kind: u8,
        /// 1 SHA-1, 2 SHA-256, 3 SHA-512.
        algorithm: u8,
        digits: u8,
        /// TOTP: seconds of a step, and when the first one began.
        period: u32,
        t0: u64,
    }

    /// Which secrets a token has in its epoch, and whether they may change.
    #[derive(Clone, Debug)]
    pub(crate) struct Secrets {
        /// Counts them, from 1.
        generation: u32,
        /// Where the current one is stored.
        current: Name,
        /// Where that of the next generation is, until a passcode under it comes: none or one.
        pending: Vec<Name>,
        /// When an approval was accepted that no rotation has used: none or one.
        approved: Vec<u64>,
        /// Wrong passcodes in rotations since then.
        wrong: u8,
        /// Where that of its duress PIN is: none or one.
        duress: Vec<Name>,
        /// How many of the token's failures a passcode under duress seemed to end.
        hidden: u8,
    }

    /// An enrolled device.
    #[derive(Clone, Debug)]
    pub(crate) struct Device {
        id: Id,
        epoch: u32,
        name: String,
        kid: ByteArray<8>,
        /// Where its push address is stored.
        address: Name,
        /// The highest sequence number of its answers.
        sequence: u64,
        /// That of its last update or rotation that was judged: none or one.
        judged: Vec<u64>,
        /// What the last updates and rotations were told.
        told: Vec<Told>,
    }

    /// An update or a rotation that was judged: the same bytes get the same reply.
    #[derive(Clone, Debug)]
    pub(crate) struct Told {
        hash: Hash,
        status: u8,
        left: u8,
        /// Where the ticket is stored that it was answered with, instead of a result: none or one.
        ticket: Vec<Name>,
    }

    /// An enrolment on its way.
    #[derive(Clone, Debug)]
    pub(crate) struct Enrolment {
        id: Id,
        device: Id,
        epoch: u32,
        tokens: Vec<Id>,
        expires: u64,
        /// Empty until the request was opened: then what the confirmed device will be.
        opened: Vec<Opened>,
    }

    /// A request that was opened and answered, and waits for a person to compare the codes.
    #[derive(Clone, Debug)]
    pub(crate) struct Opened {
        hash: Hash,
        name: String,
        kid: ByteArray<8>,
    }

    /// A login on its way: a challenge and what became of it.
    #[derive(Clone, Debug)]
    pub(crate) struct Login {
        id: Id,
        hash: Hash,
        tokens: Vec<Id>,
        issued: u64,
        expires: u64,
        policy: u8,
        /// The kind of passcode that an approval carries.
        otp: u8,
        /// A keyed hash of the number to type.
        number: Hash,
        /// State of the protocol, with up to three values that belong to it: wrong passcodes, a time, or why it failed.
        state: (u8, u64, Id, Id),
        answers: Vec<Answer>,
        /// The devices that were asked.
        devices: Vec<Id>,
        /// The sealed challenge per device while it is open: fetched and pushed as the same bytes.
        sealed: Vec<Sealed>,
    }

    /// An answer that was judged: the same bytes get the same reply.
    #[derive(Clone, Debug)]
    pub(crate) struct Answer {
        hash: Hash,
        device: Id,
        status: u8,
        left: u8,
        failures: u8,
    }

    /// A sealed challenge for one device.
    #[derive(Clone, Debug)]
    pub(crate) struct Sealed {
        device: Id,
        bytes: ByteBuf,
    }

    /// One line of the audit log.
    #[derive(Clone, Debug)]
    pub(crate) struct Event {
        number: u64,
        at: u64,
        kind: u8,
        /// Zeros where it is about none.
        token: Id,
        attempt: Id,
    }
}

impl Secrets {
    /// The first of an epoch.
    pub(crate) const fn first(current: Name) -> Self {
        Self {
            generation: 1,
            current,
            pending: Vec::new(),
            approved: Vec::new(),
            wrong: 0,
            duress: Vec::new(),
            hidden: 0,
        }
    }
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            format: FORMAT,
            last_attempt: Id::new([0; 16]),
            tokens: Vec::new(),
            devices: Vec::new(),
            enrolments: Vec::new(),
            logins: Vec::new(),
            pushes: (0, 0),
            next_event: 0,
            audit: Vec::new(),
        }
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > MAX_LEN {
            return Err(RecordError::TooLarge);
        }
        let record: Self = decode(bytes)?;
        if record.format == FORMAT { Ok(record) } else { Err(RecordError::Format) }
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let mut bytes = Vec::with_capacity(USUAL_LEN);
        encode_into(self, &mut bytes)?;
        if bytes.len() > MAX_LEN { Err(RecordError::TooLarge) } else { Ok(bytes) }
    }

    /// Adds an event; the oldest of more than sixteen falls out, unless the same write logged it. Nobody could have drained it.
    pub(crate) fn log(&mut self, mut event: Event) {
        event.number = self.next_event;
        self.next_event = self.next_event.saturating_add(1);
        let surplus = (self.audit.len() + 1).saturating_sub(MAX_AUDIT);
        let others = self.audit.iter().take(surplus).take_while(|older| older.attempt != event.attempt).count();
        self.audit.drain(..others);
        self.audit.push(event);
    }

    /// Whether this version, or one of the last sixteen that logged an event, was written by `attempt`.
    pub(crate) fn carries(&self, attempt: &Id) -> bool {
        self.last_attempt == *attempt || self.audit.iter().any(|event| event.attempt == *attempt)
    }

    /// Whether the newest event is of this kind and about this token.
    pub(crate) fn ends_with(&self, kind: u8, token: Option<Id>) -> bool {
        let token = token.unwrap_or_else(|| Id::new([0; 16]));
        self.audit.last().is_some_and(|event| event.kind == kind && event.token == token)
    }

    pub(crate) fn token_mut(&mut self, id: &Id) -> Option<&mut Token> {
        self.tokens.iter_mut().find(|token| token.id == *id)
    }

    pub(crate) fn token(&self, id: &Id) -> Option<&Token> {
        self.tokens.iter().find(|token| token.id == *id)
    }

    pub(crate) fn device(&self, id: &Id) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == *id)
    }

    pub(crate) fn device_mut(&mut self, id: &Id) -> Option<&mut Device> {
        self.devices.iter_mut().find(|device| device.id == *id)
    }

    pub(crate) fn login_mut(&mut self, id: &Id) -> Option<&mut Login> {
        self.logins.iter_mut().find(|login| login.id == *id)
    }
}

/// A stored record that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("the record is longer than 12288 bytes")]
    TooLarge,
    #[error("the record has a format of another version")]
    Format,
    #[error(transparent)]
    Cbor(#[from] CborError),
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// A wrong passcode typed under duress that disables sixteen tokens: no event logs more.
    const LONGEST_WRITE: usize = 16 + 2;

    /// Every list at its cap, every text at its longest, every number at its largest.
    fn fullest() -> Record {
        let (id, hash) = (Id::new([0xff; 16]), Hash::new([0xff; 32]));
        let token = Token {
            id,
            name: "n".repeat(64),
            policy: u8::MAX,
            by_hand: 1,
            disabled: 1,
            push: 2,
            muted: 1,
            next_step: u64::MAX,
            next_counter: u64::MAX,
            failures: u8::MAX,
            month: (u8::MAX, u64::MAX),
            device: id,
            epoch: u32::MAX,
            secrets: Secrets {
                generation: u32::MAX,
                current: Name::new([0xff; 8]),
                pending: vec![Name::new([0xff; 8])],
                approved: vec![u64::MAX],
                wrong: u8::MAX,
                duress: vec![Name::new([0xff; 8])],
                hidden: u8::MAX,
            },
            typed: vec![Typed { kind: u8::MAX, algorithm: u8::MAX, digits: u8::MAX, period: u32::MAX, t0: u64::MAX }],
            drift: (u16::MAX, u16::MAX),
        };
        let kid = ByteArray::new([0xff; 8]);
        let told = Told { hash, status: u8::MAX, left: u8::MAX, ticket: vec![Name::new([0xff; 8])] };
        let device = Device {
            id,
            epoch: u32::MAX,
            name: "n".repeat(64),
            kid,
            address: Name::new([0xff; 8]),
            sequence: u64::MAX,
            judged: vec![u64::MAX],
            told: vec![told; 4],
        };
        let opened = Opened { hash, name: "n".repeat(64), kid };
        let enrolment =
            Enrolment { id, device: id, epoch: u32::MAX, tokens: vec![id; 8], expires: u64::MAX, opened: vec![opened] };
        let answer = Answer { hash, device: id, status: u8::MAX, left: u8::MAX, failures: u8::MAX };
        let login = Login {
            id,
            hash,
            tokens: vec![id; 8],
            issued: u64::MAX,
            expires: u64::MAX,
            policy: u8::MAX,
            otp: u8::MAX,
            number: hash,
            state: (u8::MAX, u64::MAX, id, id),
            answers: vec![answer; 4],
            devices: vec![id; 5],
            sealed: Vec::new(),
        };
        let sealed = Sealed { device: id, bytes: ByteBuf::from(vec![0xff; 384]) };
        let event = Event { number: u64::MAX, at: u64::MAX, kind: u8::MAX, token: id, attempt: id };
        let mut logins = vec![login; 4];
        if let Some(open) = logins.last_mut() {
            open.sealed = vec![sealed; 5];
        }
        Record {
            format: FORMAT,
            last_attempt: id,
            tokens: vec![token; 16],
            devices: vec![device; 5],
            enrolments: vec![enrolment; 2],
            logins,
            pushes: (u8::MAX, u64::MAX),
            next_event: u64::MAX,
            audit: vec![event; LONGEST_WRITE],
        }
    }

    #[test]
    fn the_fullest_record_with_typical_challenges_can_be_written() {
        let bytes = pushotp_cbor::encode(&fullest()).unwrap();
        assert!(bytes.len() <= MAX_LEN, "{} bytes", bytes.len());
        assert!(Record::decode(&bytes).is_ok());
    }

    #[test]
    fn another_format_or_too_many_bytes_are_refused() {
        let other = Record { format: 2, ..Record::new() };
        assert_eq!(Record::decode(&other.encode().unwrap()).err(), Some(RecordError::Format));
        assert_eq!(Record::decode(&vec![0; MAX_LEN + 1]).err(), Some(RecordError::TooLarge));
        let mut long = fullest();
        long.tokens.extend(long.tokens.clone());
        assert_eq!(long.encode().err(), Some(RecordError::TooLarge));
    }
}
