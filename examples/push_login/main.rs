//! A whole push login, from enrolment to "logged in", and everything that is refused on the way.
//!
//! `cargo run --example push_login [-- --db FILE] [--device FILE] [--interactive] [--quiet]`

mod device;
mod interactive;
mod options;
mod refusals;
mod screen;
mod server;
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
    match story::tell(&options, &mut screen::Screen::new(&mut io::stdout().lock(), options.quiet)) {
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
