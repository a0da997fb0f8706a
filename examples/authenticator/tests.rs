//! The authenticator without its terminal: every screen, what keys do, what a bad network does, what the file holds; and
//! once as it is, in a real terminal against a real server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod app;
mod engine;
mod file;
mod finger;
mod http;
mod keys;
mod message;
mod options;
mod qr;
mod text;
mod view;
mod words;

#[path = "tests/carrier.rs"]
mod carrier;
#[path = "tests/files.rs"]
mod files;
#[path = "tests/fingers.rs"]
mod fingers;
#[path = "tests/images.rs"]
mod images;
#[path = "tests/in_terminal.rs"]
mod in_terminal;
#[path = "tests/lossy.rs"]
mod lossy;
#[path = "tests/person.rs"]
mod person;
#[path = "tests/screens.rs"]
mod screens;
#[path = "tests/states.rs"]
mod states;
#[path = "tests/texts.rs"]
mod texts;
#[path = "tests/world.rs"]
mod world;
