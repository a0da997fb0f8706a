//! The pages as a browser and a device use them, in one process: the real handlers, the real login server, the real
//! authenticator; only the clock is the test's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod accounts;
mod app;
mod assets;
mod choose;
mod demo;
mod device;
mod device_page;
mod enrol;
mod failure;
mod guard;
mod home;
mod html;
mod keys;
mod live;
mod operator;
mod options;
mod passcode;
mod passwords;
mod qr;
mod sealed;
mod send;
mod serve;
mod session;
mod sign_in;
mod site;
mod start;
#[path = "../store.rs"]
mod store;
mod visitor;
mod wait;
mod wakes;

#[path = "tests/browser.rs"]
mod browser;
#[path = "tests/desk.rs"]
mod desk;
#[path = "tests/device_pages.rs"]
mod device_pages;
#[path = "tests/devices.rs"]
mod devices;
#[path = "tests/enrolments.rs"]
mod enrolments;
#[path = "tests/files.rs"]
mod files;
#[path = "tests/forms.rs"]
mod forms;
#[path = "tests/headers.rs"]
mod headers;
#[path = "tests/logins.rs"]
mod logins;
#[path = "tests/passwords.rs"]
mod password_tests;
#[path = "tests/phone.rs"]
mod phone;
#[path = "tests/servers.rs"]
mod servers;
#[path = "tests/sessions.rs"]
mod sessions;
#[path = "tests/world.rs"]
mod world;
