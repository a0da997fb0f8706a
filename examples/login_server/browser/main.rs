//! The program as it is, in a real browser, with a real authenticator at its device endpoint.
//!
//! It needs Debian's packages `chromium` and `chromium-driver`, and is passed over without them unless the environment
//! says `PUSHOTP_REQUIRE_BROWSER=1`. The pictures of all pages are in `screenshots/login_server` of the target folder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bare;
mod in_browser;
mod logins;
mod phone;
mod pictures;
mod server;
mod servers;
mod tabs;
mod world;
