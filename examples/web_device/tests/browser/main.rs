//! The page in a real browser, against a real login server.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod order;
mod pins;
mod site;
mod stories;
mod tabs;
