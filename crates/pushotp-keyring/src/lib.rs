#![doc = include_str!("../README.md")]
#![cfg(target_os = "linux")]

mod key;
mod ring;

pub use key::KeyringKey;
pub use ring::Ring;
