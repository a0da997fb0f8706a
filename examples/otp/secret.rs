use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
};

use data_encoding::{HEXLOWER_PERMISSIVE, Specification};
use pushotp_types::Secret;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// What was typed, erased when dropped.
pub(crate) type Text = Zeroizing<String>;

/// No line is that long, in bytes: a key of 1 KiB in hexadecimal is half of it.
const MAX_LINE: usize = 4096;

/// What an argument stands for: `-` for a line of standard input, `@FILE` for the first line of a file, else itself.
pub(crate) fn read(what: &'static str, argument: &str, input: &mut dyn BufRead) -> Result<Text, Failure> {
    let failed = |error: std::io::Error| Failure::Read(what, error.kind());
    match (argument, argument.strip_prefix('@')) {
        ("-", _) => line(input).map_err(failed),
        (_, Some(file)) => File::open(file).and_then(|file| line(&mut BufReader::new(file))).map_err(failed),
        _ => Ok(Text::new(argument.to_owned())),
    }
}

/// A line without what is white at its ends.
fn line(input: &mut dyn BufRead) -> std::io::Result<Text> {
    // At its full length from the start: when a text grows, it leaves a copy behind.
    let mut line = Text::new(String::with_capacity(MAX_LINE));
    let read = input.take(MAX_LINE as u64).read_line(&mut line)?;
    match read {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        MAX_LINE => Err(std::io::ErrorKind::FileTooLarge.into()),
        _ => Ok(Text::new(line.trim().to_owned())),
    }
}

/// The key, which may be as weak as it is: it exists, and somebody has to log in with it.
pub(crate) fn decode(text: &str, base32: bool) -> Result<Secret, Failure> {
    let bytes = if base32 { from_base32(text)? } else { from_hex("key", text)? };
    Ok(Secret::danger_import_weak(&bytes)?)
}

/// Hexadecimal digits of either case, and nothing else.
pub(crate) fn from_hex(what: &'static str, text: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes());
    bytes.map(Zeroizing::new).map_err(|_| Failure::Not(what, "hexadecimal"))
}

/// Base32 of either case, with spaces anywhere, and with its padding or without.
fn from_base32(text: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let malformed = || Failure::Not("key", "base32");
    let mut padded = Text::new(String::with_capacity(text.len() + 8));
    padded.extend(text.chars().filter(|symbol| *symbol != ' '));
    while !padded.len().is_multiple_of(8) {
        padded.push('=');
    }
    let mut base32 = Specification::new();
    base32.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    base32.translate.from.push_str("abcdefghijklmnopqrstuvwxyz");
    base32.translate.to.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    base32.padding = Some('=');
    // Where the padding was cut off, bits that say nothing are left over.
    base32.check_trailing_bits = false;
    let base32 = base32.encoding().map_err(|_| malformed())?;
    base32.decode(padded.as_bytes()).map(Zeroizing::new).map_err(|_| malformed())
}
