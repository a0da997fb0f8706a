use pushotp_types::{DeviceId, TokenId, UnixTime};
use pushotp_wire::{
    state::{Answer, Approval, Denial, Event, NumberVerdict, PasscodeVerdict, Reply, Request, State, TokenStanding},
    terms::{
        ChallengeHash, ChallengeId, ChallengePolicy, MessageHash, OtpSpec, Reason, Status, TokenPolicy,
        UserVerification,
    },
};

pub(crate) const TOKEN: TokenId = TokenId::from_bytes([7; 16]);
pub(crate) const PHONE: DeviceId = DeviceId::from_bytes([1; 16]);
pub(crate) const TABLET: DeviceId = DeviceId::from_bytes([2; 16]);
pub(crate) const CH: ChallengeHash = ChallengeHash::from_bytes([9; 32]);
/// The last second of the request.
pub(crate) const EXPIRES: u64 = 1_800_000_120;
/// When `approved` was approved.
pub(crate) const APPROVED_AT: u64 = EXPIRES - 60;

pub(crate) fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

/// Different numbers, different bytes on the wire.
pub(crate) fn rh(frame: u8) -> MessageHash {
    MessageHash::of(&[frame])
}

pub(crate) fn request(state: State) -> Request {
    Request {
        id: ChallengeId::from_bytes([5; 16]),
        hash: CH,
        tokens: vec![TOKEN],
        policy: ChallengePolicy::VERIFY_USER,
        otp: OtpSpec::BOUND,
        expires: at(EXPIRES),
        state,
        answers: vec![],
    }
}

pub(crate) fn pending() -> Request {
    request(State::Pending { wrong: 0 })
}

/// An approval with nothing wrong in it.
pub(crate) fn good(frame: u8) -> Approval {
    Approval {
        device: PHONE,
        rh: rh(frame),
        ch: CH,
        token: TOKEN,
        standing: TokenStanding::Usable,
        token_policy: TokenPolicy::PIN_PROTECTED,
        verification: UserVerification::Pin,
        number: NumberVerdict::Right,
        passcode: PasscodeVerdict::Right,
        failures: 4,
    }
}

pub(crate) fn approve(frame: u8) -> Event {
    Event::Approve(good(frame))
}

pub(crate) fn wrong_passcode(frame: u8) -> Event {
    Event::Approve(Approval { passcode: PasscodeVerdict::Wrong, ..good(frame) })
}

pub(crate) fn wrong_number(frame: u8) -> Event {
    // The passcode is wrong as well, and must not be counted.
    Event::Approve(Approval { number: NumberVerdict::Wrong, passcode: PasscodeVerdict::Wrong, ..good(frame) })
}

pub(crate) fn denial(frame: u8, device: DeviceId) -> Denial {
    Denial { device, rh: rh(frame), ch: CH, reason: Reason::NotMe }
}

pub(crate) fn remembered(frame: u8) -> Answer {
    Answer { rh: rh(frame), device: PHONE, reply: Reply { status: Status::WrongPasscode, left: 2, failures: 0 } }
}
