#![doc = include_str!("../README.md")]

mod config;
mod error;
mod options;
mod parameter;
mod pool;
mod schema;
mod session;
mod store;
mod worker;

pub use error::{OpenError, PostgresError};
pub use options::Options;
pub use store::PostgresStore;
pub use tokio_postgres;
