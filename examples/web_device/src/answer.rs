//! What the page gets.

use pushotp::{Authenticator, DeviceToken, Prompt, pin::Settled, types::UnixTime, wire::terms::Status};
use serde::Serialize;

use crate::{
    failure::Failure,
    text::{Bytes, Id},
};

/// The whole answer: the page stores what is to be stored, and then looks at the rest.
#[derive(Serialize)]
pub(crate) struct Answer {
    /// The new state of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<Bytes>,
    #[serde(flatten)]
    pub(crate) result: Outcome,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Outcome {
    Ok(Told),
    Error(Failure),
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(crate) enum Told {
    Nothing {},
    /// The device as it is enrolled.
    Device {
        device: DeviceView,
    },
    /// To be posted.
    Message {
        message: Bytes,
    },
    /// To be posted to a server that the device is not enrolled with yet.
    Enrol {
        message: Bytes,
        url: String,
    },
    /// To be compared, and the tokens that will be here.
    Compare {
        code: String,
        tokens: Vec<TokenView>,
    },
    /// The device is enrolled; its keys are stored with the state.
    Enrolled {
        keys: Bytes,
        device: DeviceView,
    },
    /// All that is open and not answered yet.
    Logins {
        logins: Vec<LoginView>,
    },
    /// What became of an answer.
    Verdict(Verdict),
    /// What became of a switch, and how the device stands then.
    Switched {
        #[serde(flatten)]
        verdict: Verdict,
        device: DeviceView,
    },
    /// The token has its new PIN; the message tells the server.
    Changed {
        word: &'static str,
        message: Bytes,
    },
    /// For the operator.
    UnlockRequest {
        request: String,
    },
    /// The tries at the PIN that there are again.
    Unlocked {
        attempts: u8,
    },
    /// A passcode, and the last second of its step.
    Passcode {
        code: String,
        until: u64,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeviceView {
    tenant: String,
    url: String,
    tokens: Vec<TokenView>,
}

impl From<&Authenticator> for DeviceView {
    fn from(device: &Authenticator) -> Self {
        Self {
            tenant: String::from_utf8_lossy(device.tenant().as_bytes()).into_owned(),
            url: device.url().to_owned(),
            tokens: TokenView::all(&device.tokens()),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenView {
    id: Id,
    name: String,
    needs_pin: bool,
    push: bool,
}

impl TokenView {
    pub(crate) fn all(tokens: &[DeviceToken]) -> Vec<Self> {
        let view = |token: &DeviceToken| Self {
            id: Id(*token.id.as_bytes()),
            name: token.name.clone(),
            needs_pin: token.pin_protected,
            push: token.push,
        };
        tokens.iter().map(view).collect()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoginView {
    id: Id,
    application: String,
    user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    started: u64,
    expires: u64,
    digits: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<[String; 3]>,
    tokens: Vec<TokenView>,
    report_offered: bool,
}

impl LoginView {
    pub(crate) fn new(prompt: &Prompt, now: UnixTime) -> Self {
        Self {
            id: Id(*prompt.id().as_bytes()),
            application: prompt.application().to_owned(),
            user: prompt.user().to_owned(),
            place: prompt.place().map(str::to_owned),
            ip: prompt.ip().map(|ip| ip.to_string()),
            client: prompt.client().map(str::to_owned),
            action: prompt.action().map(str::to_owned),
            started: now.as_secs().saturating_sub(prompt.age(now).as_secs()),
            expires: prompt.expires().as_secs(),
            digits: prompt.number_digits(),
            choices: prompt.number_choices(),
            tokens: TokenView::all(prompt.tokens()),
            report_offered: prompt.report_offered(),
        }
    }
}

/// What the server said about an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verdict {
    word: &'static str,
    /// Of an acceptance: wrong passcodes before it. Of a wrong passcode: the tries left for this login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u8>,
    /// The tries at the PIN that are left on this device.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u8>,
    /// When the next of them may begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_until: Option<u64>,
}

impl Verdict {
    pub(crate) const fn new(word: &'static str, count: Option<u8>) -> Self {
        Self { word, count, attempts: None, wait_until: None }
    }

    pub(crate) fn with(mut self, settled: Option<Settled>) -> Self {
        self.attempts = settled.map(|settled| settled.left());
        self.wait_until = settled.and_then(|settled| settled.wait_until()).map(UnixTime::as_secs);
        self
    }
}

impl From<Status> for Verdict {
    fn from(status: Status) -> Self {
        let word = match status {
            Status::Accepted => "accepted",
            Status::AlreadyAnswered => "already-answered",
            Status::Expired => "expired",
            Status::Cancelled => "cancelled",
            Status::RetryLater => "retry-later",
            Status::WrongPasscode => "try-again",
            _ => "refused",
        };
        Self::new(word, None)
    }
}
