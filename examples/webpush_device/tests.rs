//! The push service under fire, a whole login over it without a browser, and one through a real Firefox.
//!
//! Where Firefox is not installed its test says so and passes; with `PUSHOTP_REQUIRE_BROWSER=1` it fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod agent;
mod bidi;
mod browser;
mod device;
mod firefox;
mod http;
mod listen;
mod options;
mod push_service;
mod server;
mod site;
mod story;

#[path = "tests/fixture.rs"]
mod fixture;
#[path = "tests/frames.rs"]
mod frames;
#[path = "tests/logins.rs"]
mod logins;
#[path = "tests/page.rs"]
mod page;
#[path = "tests/posts.rs"]
mod posts;
#[path = "tests/waiting.rs"]
mod waiting;
