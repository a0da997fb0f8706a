#![doc = include_str!("../README.md")]

mod error;
mod file;
mod reader;
mod schema;
mod store;
mod writer;

pub use error::{OpenError, SqliteError};
pub use store::SqliteStore;
