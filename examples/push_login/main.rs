//! A whole push login, from enrolment to "logged in", and everything that is refused on the way.
//!
//! `cargo run --example push_login [-- --db DB] [--keys FILE] [--device FILE] [--interactive] [--quiet]`

mod device;
mod interactive;
mod options;
mod refusals;
mod screen;
mod server;
#[path = "../store.rs"]
mod store;
mod story;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

fn main() -> ExitCode {
    let options = match options::Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    let (mut out, mut input, colours) = (io::stdout().lock(), io::stdin().lock(), io::stdout().is_terminal());
    let mut screen = screen::Screen { out: &mut out, input: &mut input, quiet: options.quiet, colours };
    match story::tell(&options, &mut screen) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("push_login: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}
