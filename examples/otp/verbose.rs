//! What `--verbose` says, in the words of `oathtool`.

use std::io::{self, Write};

use data_encoding::{BASE32, HEXLOWER};
use pushotp_types::Secret;
use zeroize::Zeroizing;

use crate::{
    calendar::Utc,
    ocra::Asked,
    options::{Kind, Options},
    token::Token,
};

/// The key in both spellings, and the code that was typed.
fn secret(out: &mut dyn Write, secret: &Secret, code: Option<&str>) -> io::Result<()> {
    writeln!(out, "Hex secret: {}", *Zeroizing::new(HEXLOWER.encode(secret.expose())))?;
    writeln!(out, "Base32 secret: {}", *Zeroizing::new(BASE32.encode(secret.expose())))?;
    code.map_or(Ok(()), |code| writeln!(out, "OTP: {code}"))
}

pub(crate) fn token(out: &mut dyn Write, options: &Options, key: &Secret, token: &Token) -> io::Result<()> {
    secret(out, key, options.code.as_deref().map(String::as_str))?;
    writeln!(out, "Digits: {}", token.digits())?;
    writeln!(out, "Window size: {}", options.window)?;
    let (clock, factor) = (&options.clock, token.factor());
    match options.kind {
        Kind::Hotp | Kind::Ocra => return writeln!(out, "Start counter: 0x{factor:X} ({factor})\n"),
        Kind::Totp(algorithm) => writeln!(out, "TOTP mode: {algorithm}")?,
        Kind::Steam => writeln!(out, "TOTP mode: STEAM")?,
    }
    writeln!(out, "Step size (seconds): {}", clock.period.as_secs())?;
    writeln!(out, "Start time: {}", Utc(clock.start))?;
    writeln!(out, "Current time: {}", Utc(clock.now))?;
    writeln!(out, "Counter: 0x{factor:X} ({factor})\n")
}

/// `oathtool` knows no OCRA; the PIN is not shown.
pub(crate) fn ocra(out: &mut dyn Write, options: &Options, key: &Secret, asked: &Asked) -> io::Result<()> {
    secret(out, key, options.code.as_deref().map(String::as_str))?;
    writeln!(out, "Suite: {}", asked.suite.as_str())?;
    for question in &asked.questions {
        writeln!(out, "Question: {}", question.as_str())?;
    }
    if let Some(counter) = asked.counter.map(pushotp_oath::Counter::get) {
        writeln!(out, "Counter: 0x{counter:X} ({counter})")?;
    }
    if let Some(time) = asked.time {
        writeln!(out, "Current time: {}", Utc(time))?;
    }
    writeln!(out)
}
