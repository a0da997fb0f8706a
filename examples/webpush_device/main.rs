//! A login is pushed to a real browser over Web Push: from the login server through a push service on loopback to the
//! service worker of a page, and back.
//!
//! `cargo run --example webpush_device [-- [--headed] [--keep] [--screenshot FILE] | --device-only]`

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

use std::{io, process::ExitCode};

fn main() -> ExitCode {
    let options = match options::Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    match story::tell(&options, &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("webpush_device: {error}");
            ExitCode::FAILURE
        }
    }
}
