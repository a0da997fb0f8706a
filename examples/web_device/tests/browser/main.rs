//! The page in a real browser, against a real login server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod order;
mod site;
mod stories;
mod tabs;
