//! An authenticator in the terminal: it enrols, shows codes, approves logins and denies them.
//!
//! `cargo run --example authenticator [-- --state FILE] [--enrol URI|IMAGE] [--server URL]`

mod app;
mod engine;
mod file;
mod finger;
mod http;
mod keys;
mod message;
mod options;
mod qr;
mod terminal;
mod text;
mod view;
mod words;
mod worker;

use std::process::ExitCode;

use options::Options;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    match terminal::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("authenticator: {error}");
            ExitCode::FAILURE
        }
    }
}
