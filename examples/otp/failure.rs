use std::io;

use pushotp_oath::{BeforeT0, ChallengeError, DataInputError, SuiteError};
use pushotp_types::SecretError;

/// Why there is no answer: it names the option or the place, and never what stands there, which may be the key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("argument {0}: no option that is known; --help lists them")]
    Unknown(usize),
    #[error("argument {0}: not UTF-8")]
    NotUtf8(usize),
    #[error("{0}: a value is missing")]
    NoValue(&'static str),
    #[error("{0}: takes no value")]
    Value(&'static str),
    #[error("{0}: given more than once")]
    Repeated(&'static str),
    #[error("{0}: not {1}")]
    Not(&'static str, &'static str),
    #[error("{0}: only with {1}")]
    Only(&'static str, &'static str),
    #[error("{0}: not with {1}")]
    Never(&'static str, &'static str),
    #[error("missing: {0}; --help lists what is asked for")]
    Missing(&'static str),
    #[error("more than a key and a code")]
    TooMany,
    #[error("hotp, totp and ocra exclude each other")]
    Kinds,
    #[error("--now: {0}")]
    BeforeT0(#[from] BeforeT0),
    #[error("key: {0}")]
    Secret(#[from] SecretError),
    #[error("--suite: {0}")]
    Suite(#[from] SuiteError),
    #[error("--question: {0}")]
    Question(#[from] ChallengeError),
    #[error("--suite: {0}")]
    Input(#[from] DataInputError),
    #[error("the code is not in the window")]
    NotFound,
    #[error("cannot read {0}: {1}")]
    Read(&'static str, io::ErrorKind),
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}
