#![doc = include_str!("../README.md")]
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

mod code;
mod digits;
mod hash;
mod id;
#[cfg(feature = "alloc")]
mod offer;
mod secret;
mod time;

pub use code::Code;
pub use digits::{Digits, DigitsError};
pub use hash::HashAlgorithm;
pub use id::{DeviceId, EnrolmentId, Epoch, Generation, IdError, TenantId, TokenId};
#[cfg(feature = "alloc")]
pub use offer::Offer;
#[cfg(feature = "alloc")]
pub use secret::{Secret, Strength};
pub use secret::{SecretError, SecretRef};
pub use time::UnixTime;
