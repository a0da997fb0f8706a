//! One-time codes on the command line, in the manner of `oathtool`, and OCRA besides.
//!
//! `cargo run --example otp -- [totp|hotp|ocra|verify] [OPTION]… KEY [CODE]`; `--help` lists the options.

mod arguments;
mod calendar;
mod date;
mod duration;
mod failure;
mod ocra;
mod options;
mod secret;
mod token;
mod verbose;

use std::{
    ffi::OsString,
    io::{self, BufRead, BufWriter, Write},
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use failure::Failure;
use options::{Kind, Options, Request};
use pushotp_types::{Secret, UnixTime};
use token::Token;

fn main() -> ExitCode {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (mut input, mut out) = (io::stdin().lock(), BufWriter::new(io::stdout().lock()));
    let ended = run(std::env::args_os().skip(1), &mut input, &mut out, UnixTime::from_secs(now.as_secs()));
    match ended.and_then(|right| Ok(out.flush().map(|()| right)?)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("otp: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Does what was asked; false if a code was to be verified and is wrong.
fn run(
    arguments: impl Iterator<Item = OsString>,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    now: UnixTime,
) -> Result<bool, Failure> {
    let mut options = match Options::parse(arguments, now)? {
        Request::Help => return Ok(write!(out, "{}", options::USAGE).map(|()| true)?),
        Request::Code(options) => options,
    };
    // The lines of standard input come in this order.
    let key = secret::decode(&secret::read("key", &options.key, input)?, options.base32)?;
    for (what, text) in [("code", &mut options.code), ("--pin", &mut options.ocra.pin)] {
        if let Some(text) = text {
            *text = secret::read(what, text, input)?;
        }
    }
    match options.kind {
        Kind::Ocra => answer_challenge(&options, &key, out),
        Kind::Hotp => show(&Token::hotp(&options, &key)?, &options, &key, out),
        Kind::Totp(algorithm) => show(&Token::totp(&options, &key, algorithm)?, &options, &key, out),
        Kind::Steam => show(&Token::steam(&options, &key)?, &options, &key, out),
    }
}

fn show(token: &Token, options: &Options, key: &Secret, out: &mut dyn Write) -> Result<bool, Failure> {
    if options.verbose {
        verbose::token(out, options, key, token)?;
    }
    match &options.code {
        None => token.generate(options.window, out)?,
        Some(code) if options.verify => return token.verify(code, options.window, options.last, out),
        Some(code) => {
            let place = token.validate(code, options.window)?.ok_or(Failure::NotFound)?;
            writeln!(out, "{place}")?;
        }
    }
    Ok(true)
}

fn answer_challenge(options: &Options, key: &Secret, out: &mut dyn Write) -> Result<bool, Failure> {
    let asked = ocra::Asked::new(options)?;
    if options.verbose {
        verbose::ocra(out, options, key, &asked)?;
    }
    match &options.code {
        None => asked.generate(key, out)?,
        Some(code) if options.verify => return asked.verify(key, code, out),
        Some(code) if asked.is_answered_by(key, code)? => writeln!(out, "0")?,
        Some(_) => return Err(Failure::NotFound),
    }
    Ok(true)
}
