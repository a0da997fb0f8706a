#![doc = include_str!("../README.md")]
#![no_std]

mod counter;
mod hotp;
mod key;
mod mac;
mod ocra;
mod totp;
mod truncate;

pub use counter::{Counter, LookAhead, Period, RangeError, Step, Window};
pub use hotp::{Hotp, HotpMatch, HotpVerdict};
pub use key::Key;
pub use ocra::{DataInput, DataInputError, FullMac, OcraSuite, OcraVerdict, Part, Question, SuiteError};
pub use totp::{Match, Totp, Verdict};
