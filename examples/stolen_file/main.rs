//! A thief has a device's file and its keys: what a PIN of four digits is still worth, in an app as most are and in ours.
//!
//! `cargo run --example stolen_file [-- --cost quick|floor|recommended] [--pin PIN] [--quiet]`

mod conventional;
mod offline;
mod online;
mod options;
mod owner;
mod screen;
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
    let mut out = io::stdout().lock();
    let mut screen = screen::Screen { out: &mut out, quiet: options.quiet };
    match story::tell(&options, &mut screen) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stolen_file: {error}");
            ExitCode::FAILURE
        }
    }
}
