#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "conformance")]
extern crate std;

#[cfg(feature = "conformance")]
pub mod conformance;
mod counter;
mod hotp;
mod key;
mod mac;
#[cfg(feature = "motp")]
mod motp;
mod ocra;
mod policy;
mod scan;
#[cfg(feature = "steam")]
mod steam;
mod step;
mod store;
mod totp;
mod truncate;
mod typed;
#[cfg(feature = "yandex")]
mod yandex;

pub use counter::{Counter, LookAhead, RangeError, ResyncWindow};
pub use hotp::{Hotp, HotpMatch, HotpVerdict};
pub use key::Key;
#[cfg(feature = "motp")]
pub use motp::{Motp, MotpCode, MotpError};
pub use ocra::{
    Challenge, ChallengeError, DataInput, DataInputError, Factors, FullMac, GenuineServer, MutualClient, MutualServer,
    MutualSuites, OcraMatch, OcraSuite, OcraVerdict, OneWay, Part, Question, QuestionFormat, SuiteError,
};
pub use policy::{Policy, Violation};
#[cfg(feature = "steam")]
pub use steam::{Steam, SteamCode};
pub use step::{BeforeT0, Drift, Period, Step, T0, Window};
pub use store::{Advance, Advanced, AsyncReplayStore, Authenticated, CommitError, ReplayStore};
pub use totp::{Match, Totp, Verdict};
pub use typed::Ungrouped;
#[cfg(feature = "yandex")]
pub use yandex::{Yandex, YandexCode, YandexError};
