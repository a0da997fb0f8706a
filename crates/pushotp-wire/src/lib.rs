#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod cursor;
pub mod device;
pub mod enrol;
pub mod envelope;
mod error;
pub mod frame;
pub mod keys;
pub mod message;
pub mod notify;
mod padding;
pub mod rotate;
mod seal;
mod sign1;
pub mod signer;
pub mod state;
pub mod terms;
mod text;

pub use envelope::Envelope;
pub use error::{Class, Error};
pub use frame::Frame;

/// What a message is where it travels as the body of a request or of an answer: a frame and an envelope are CBOR.
///
/// ```
/// assert_eq!(pushotp_wire::MEDIA_TYPE, "application/cbor");
/// ```
///
/// Source: RFC 8949 §9.3.
pub const MEDIA_TYPE: &str = "application/cbor";
