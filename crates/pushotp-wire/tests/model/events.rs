//! What two devices, the login page and an administrator can do to one request.

use pushotp_types::{DeviceId, TokenId, UnixTime};
use pushotp_wire::{
    state::{Approval, Denial, Event, NumberVerdict, PasscodeVerdict, Request, State, TokenStanding},
    terms::{
        CancelReason, ChallengeHash, ChallengeId, ChallengePolicy, MessageHash, OtpSpec, Reason, TokenPolicy,
        UserVerification,
    },
};

const TOKEN: TokenId = TokenId::from_bytes([7; 16]);
const PHONE: DeviceId = DeviceId::from_bytes([1; 16]);
const TABLET: DeviceId = DeviceId::from_bytes([2; 16]);
const CH: ChallengeHash = ChallengeHash::from_bytes([9; 32]);
const EXPIRES: u64 = 1_800_000_120;

/// The last second for an answer, and one at which nothing may be answered or collected any more.
pub(crate) const TIMES: [UnixTime; 2] = [at(EXPIRES), at(EXPIRES + 61)];

const fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

pub(crate) fn pending() -> Request {
    Request {
        id: ChallengeId::from_bytes([5; 16]),
        hash: CH,
        tokens: vec![TOKEN],
        policy: ChallengePolicy::VERIFY_USER,
        otp: OtpSpec::BOUND,
        expires: at(EXPIRES),
        state: State::Pending { wrong: 0 },
        answers: vec![],
    }
}

/// A device may send any of its frames in any order: more than a user can do, so that no order is forgotten.
pub(crate) fn events() -> Vec<Event> {
    vec![
        Event::Approve(approval(1, PHONE)),
        Event::Approve(Approval { passcode: PasscodeVerdict::Wrong, ..approval(2, PHONE) }),
        Event::Deny(denial(3)),
        Event::Report(denial(4)),
        Event::Approve(approval(5, TABLET)),
        Event::Approve(Approval { number: NumberVerdict::Wrong, ..approval(6, TABLET) }),
        Event::Cancel(CancelReason::PageClosed),
        Event::Collect,
    ]
}

/// The hash of the message, if the event is one.
pub(crate) fn hash(event: &Event) -> Option<MessageHash> {
    match event {
        Event::Approve(approval) => Some(approval.rh),
        Event::Deny(denial) | Event::Report(denial) => Some(denial.rh),
        _ => None,
    }
}

fn approval(frame: u8, device: DeviceId) -> Approval {
    Approval {
        device,
        rh: MessageHash::of(&[frame]),
        ch: CH,
        token: TOKEN,
        standing: TokenStanding::Usable,
        token_policy: TokenPolicy::PIN_PROTECTED,
        verification: UserVerification::Pin,
        number: NumberVerdict::Right,
        passcode: PasscodeVerdict::Right,
        failures: 0,
    }
}

fn denial(frame: u8) -> Denial {
    Denial { device: PHONE, rh: MessageHash::of(&[frame]), ch: CH, reason: Reason::NotMe }
}
