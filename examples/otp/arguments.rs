use std::ffi::OsString;

use crate::{failure::Failure, secret::Text};

/// Whether an option has a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    /// Only after an equals sign.
    Perhaps,
    Value,
}

use Takes::{Nothing, Perhaps, Value};

const OPTIONS: &[(&str, Option<char>, Takes)] = &[
    ("--help", Some('h'), Nothing),
    ("--hotp", None, Nothing),
    ("--totp", None, Perhaps),
    ("--base32", Some('b'), Nothing),
    ("--counter", Some('c'), Value),
    ("--time-step-size", Some('s'), Value),
    ("--start-time", Some('S'), Value),
    ("--now", Some('N'), Value),
    ("--digits", Some('d'), Value),
    ("--window", Some('w'), Value),
    ("--verbose", Some('v'), Nothing),
    ("--last", None, Value),
    ("--suite", None, Value),
    ("--question", None, Value),
    ("--pin", None, Value),
    ("--session", None, Value),
];

/// One thing on the command line.
pub(crate) enum Argument {
    /// An option by its long name, and its value, which is empty if it takes none.
    Option(&'static str, Option<Text>),
    /// What is no option, and is not the value of one.
    Operand(Text),
}

/// Takes a command line apart: options and operands in any order, `--long=value`, `--long value`, `-s value`,
/// `-svalue`, `-abc`, and nothing but operands after `--`.
pub(crate) fn split(arguments: impl Iterator<Item = OsString>) -> Result<Vec<Argument>, Failure> {
    let mut arguments = (1..).zip(arguments).map(|(place, argument)| match argument.into_string() {
        Ok(text) => Ok((place, Text::new(text))),
        Err(_) => Err(Failure::NotUtf8(place)),
    });
    let (mut split, mut only_operands) = (Vec::new(), false);
    while let Some((place, text)) = arguments.next().transpose()? {
        let mut value = |name| arguments.next().transpose()?.map(|(_, value)| value).ok_or(Failure::NoValue(name));
        if only_operands || !text.starts_with('-') || *text == "-" {
            split.push(Argument::Operand(text));
        } else if *text == "--" {
            only_operands = true;
        } else if text.starts_with("--") {
            split.push(long(&text, place, &mut value)?);
        } else {
            short(&text, place, &mut value, &mut split)?;
        }
    }
    Ok(split)
}

fn long(
    text: &str,
    place: usize,
    next: &mut dyn FnMut(&'static str) -> Result<Text, Failure>,
) -> Result<Argument, Failure> {
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    let (name, _, takes) = OPTIONS.iter().copied().find(|(known, ..)| *known == name).ok_or(Failure::Unknown(place))?;
    let value = match (takes, value) {
        (Nothing, Some(_)) => return Err(Failure::Value(name)),
        (Nothing | Perhaps, None) => None,
        (Value, None) => Some(next(name)?),
        (Perhaps | Value, Some(value)) => Some(Text::new(value.to_owned())),
    };
    Ok(Argument::Option(name, value))
}

/// A group of one-letter options, of which the last one may have a value.
fn short(
    text: &str,
    place: usize,
    next: &mut dyn FnMut(&'static str) -> Result<Text, Failure>,
    split: &mut Vec<Argument>,
) -> Result<(), Failure> {
    let mut letters = text.chars();
    letters.next();
    while let Some(letter) = letters.next() {
        let known = OPTIONS.iter().copied().find(|(_, short, _)| *short == Some(letter));
        let (name, _, takes) = known.ok_or(Failure::Unknown(place))?;
        let value = match (takes, letters.as_str()) {
            (Nothing | Perhaps, _) => None,
            (Value, "") => Some(next(name)?),
            (Value, rest) => {
                letters = "".chars();
                Some(Text::new(rest.to_owned()))
            }
        };
        split.push(Argument::Option(name, value));
    }
    Ok(())
}
