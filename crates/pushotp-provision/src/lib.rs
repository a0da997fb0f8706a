#![doc = include_str!("../README.md")]
#![no_std]
#![expect(clippy::doc_markdown, reason = "names of products are no code")]

extern crate alloc;

#[cfg(feature = "pskc")]
mod aladdin;
#[cfg(feature = "backup")]
mod backup;
mod base32;
#[cfg(any(feature = "pskc", feature = "csv"))]
mod bulk;
mod credential;
#[cfg(feature = "csv")]
pub mod csv;
mod detect;
mod display;
#[cfg(feature = "enrolment")]
pub mod enrolment;
mod error;
mod format;
pub mod keepass;
mod kind;
pub mod liboath;
mod limits;
pub mod linotp;
pub mod manual;
pub mod migration;
#[cfg(feature = "mobilepass")]
pub mod mobilepass;
pub mod mobilepass_plus;
pub mod motp;
#[cfg(feature = "csv")]
mod multiotp;
mod notes;
pub mod oathtoken;
pub mod otpauth;
mod policy;
#[cfg(feature = "pskc")]
pub mod pskc;
pub mod push;
mod read;
mod record;
#[cfg(feature = "csv")]
mod safeword;
pub mod steam;
mod unlock;
mod warning;
#[cfg(feature = "pskc")]
mod xml;
pub mod yandex;

pub use credential::Credential;
pub use detect::{Detected, detect};
pub use display::display;
pub use error::{Error, KdfUnit, Part};
pub use format::{Format, Support};
pub use kind::Kind;
pub use limits::{KdfLimits, Limits};
pub use policy::{Mac, Policy};
pub use read::{read, read_as};
pub use record::{Enrolment, Entry, Parsed, Place, Record, Records};
pub use unlock::Unlock;
pub use warning::{Warning, Warnings};
