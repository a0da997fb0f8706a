#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod base32;
mod credential;
pub mod enrolment;
mod error;
pub mod otpauth;
mod policy;
mod warning;

pub use credential::{Credential, Kind, Parsed, display};
pub use error::{Error, Part};
pub use policy::Policy;
pub use warning::{Warning, Warnings};
