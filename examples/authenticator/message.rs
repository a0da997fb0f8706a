//! What passes between the screens and the device behind them. The screens hold no key and no secret but what is typed.

use std::{borrow::Cow, net::IpAddr};

use data_encoding::HEXLOWER;
use pushotp::{
    Activation, Biometric, DeviceToken, Prompt,
    pin::{Pin, PresenceKey},
    types::{TokenId, UnixTime},
    wire::terms::ChallengeId,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What is said to the person.
pub(crate) type Words = Cow<'static, str>;

/// What the person wants.
#[derive(Debug)]
pub(crate) enum Command {
    /// The text of a QR code, or the name of a file with its image.
    Enrol(Zeroizing<String>),
    /// Both codes are the same: lock each of the tokens that have one with its PIN.
    Agree(Vec<(TokenId, Pin)>),
    /// They are not.
    Disagree,
    Approve {
        login: ChallengeId,
        token: TokenId,
        number: String,
        how: Unlock,
    },
    Deny(ChallengeId),
    Report(ChallengeId),
    Code {
        token: TokenId,
        how: Unlock,
    },
    Push {
        token: TokenId,
        on: bool,
    },
    ChangePin {
        token: TokenId,
        old: Unlock,
        new: Pin,
        /// Whether a fingerprint shall open it as well.
        finger: bool,
    },
}

/// How the person has a token unlocked.
#[derive(Debug)]
pub(crate) enum Unlock {
    /// It needs nothing.
    Nothing,
    Pin(Pin),
    /// The simulated fingerprint.
    Finger,
}

impl Unlock {
    pub(crate) fn activation<'a>(&'a self, finger: &'a dyn PresenceKey, prompt: &'a str) -> Activation<'a> {
        match self {
            Self::Nothing => Activation::Nothing,
            Self::Pin(pin) => Activation::Pin(pin),
            Self::Finger => Activation::Presence { key: finger, prompt },
        }
    }
}

/// What the device has to say.
#[derive(Debug)]
pub(crate) enum Event {
    /// Enrolled, now or at an earlier start.
    Ready(Device),
    /// The server was asked.
    Asked,
    /// Two codes are to be compared; once more, if there was a problem.
    Compare {
        code: String,
        tokens: Vec<Token>,
        problem: Option<Words>,
    },
    NotEnrolled(Words),
    Tokens(Vec<Token>),
    Login(Request),
    Withdrawn(ChallengeId),
    Answer(ChallengeId, Answer),
    Code {
        token: TokenId,
        code: Zeroizing<String>,
        until: UnixTime,
        /// Whether a PIN was typed for it.
        typed: bool,
    },
    NoCode(Words),
    /// What became of a switch of push.
    Push(Words),
    PinChange(PinChange),
    History(Vec<Past>),
    /// Whether the server can be reached.
    Link(Link),
}

/// The enrolment, for the screen about it.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) organisation: String,
    pub(crate) server: String,
    pub(crate) file: String,
    /// Where the device's key is, and what that is worth.
    pub(crate) key: &'static str,
    pub(crate) tokens: Vec<Token>,
}

/// A token, as the screens need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) id: TokenId,
    pub(crate) name: String,
    pub(crate) pin_protected: bool,
    pub(crate) biometric: Biometric,
    pub(crate) push: bool,
}

impl Token {
    /// Whether the simulated fingerprint opens it.
    pub(crate) fn takes_finger(&self) -> bool {
        self.biometric == Biometric::On
    }

    pub(crate) fn list(tokens: &[DeviceToken]) -> Vec<Self> {
        let view = |token: &DeviceToken| Self {
            id: token.id,
            name: token.name.clone(),
            pin_protected: token.pin_protected,
            biometric: token.biometric,
            push: token.push,
        };
        tokens.iter().map(view).collect()
    }
}

/// A login that somebody wants approved.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: ChallengeId,
    pub(crate) application: String,
    pub(crate) user: String,
    pub(crate) action: Option<String>,
    pub(crate) place: Option<String>,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) client: Option<String>,
    pub(crate) started: UnixTime,
    pub(crate) expires: UnixTime,
    pub(crate) digits: u8,
    pub(crate) choices: Option<[String; 3]>,
    pub(crate) tokens: Vec<Token>,
}

impl Request {
    pub(crate) fn of(prompt: &Prompt, now: UnixTime) -> Self {
        let started = now.as_secs().saturating_sub(prompt.age(now).as_secs());
        Self {
            id: prompt.id(),
            application: prompt.application().into(),
            user: prompt.user().into(),
            action: prompt.action().map(Into::into),
            place: prompt.place().map(Into::into),
            ip: prompt.ip(),
            client: prompt.client().map(Into::into),
            started: UnixTime::from_secs(started),
            expires: prompt.expires(),
            digits: prompt.number_digits(),
            choices: prompt.number_choices(),
            tokens: Token::list(prompt.tokens()),
        }
    }
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Accepted {
        /// Wrong passcodes before this one.
        failures: u8,
    },
    /// It can be answered again.
    WrongPin {
        /// Tries that the server still takes for this login.
        left: u8,
        /// Attempts in a row that the device still takes.
        device: Option<u8>,
    },
    /// It can be answered again, and no PIN was typed for it.
    NotAccepted {
        /// Tries that the server still takes for this login.
        left: u8,
    },
    Denied {
        report: bool,
    },
    Reported,
    Refused,
    Expired,
    Cancelled,
    Elsewhere,
    /// Nothing was sent; it can be answered again.
    NotSent(Words),
    /// The server said nothing until the end.
    Silence,
}

/// What became of a changed PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PinChange {
    /// With what a fingerprint does from now on.
    Changed(Biometric),
    WrongPin {
        left: u8,
    },
    /// Not accepted, and no PIN was typed.
    NotAccepted,
    NotGranted,
    Failed(Words),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Unknown,
    Up,
    Down,
    /// The server answers, and does not know this device.
    Stranger,
}

/// A request of the past, as it is stored: who and where, how it ended, no number and no code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Past {
    /// Which one, by the name that the server gave it.
    pub(crate) login: String,
    pub(crate) at: u64,
    pub(crate) application: String,
    pub(crate) user: String,
    pub(crate) place: Option<String>,
    pub(crate) end: End,
}

impl Past {
    pub(crate) fn of(request: &Request, end: End) -> Self {
        Self {
            login: HEXLOWER.encode(request.id.as_bytes()),
            at: request.started.as_secs(),
            application: request.application.clone(),
            user: request.user.clone(),
            place: request.place.clone(),
            end,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum End {
    Approved,
    Denied,
    Reported,
    Refused,
    Expired,
    Withdrawn,
    Elsewhere,
    Unknown,
}
