use std::io;

use pushotp_provision::{Error, detect};

/// Why nothing was printed: it names the option or the place, and never what stands there, which may be the key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("argument {0}: no option that is known; --help lists them")]
    Unknown(usize),
    #[error("argument {0}: not UTF-8")]
    NotUtf8(usize),
    #[error("{0}: a value is missing")]
    NoValue(&'static str),
    #[error("{0}: given more than once")]
    Repeated(&'static str),
    #[error("{0}: not {1}")]
    Not(&'static str, &'static str),
    #[error("one FILE, or - for standard input; --help lists what else there is")]
    File,
    #[error("cannot read the file: {0}")]
    Read(#[source] io::Error),
    #[error("cannot read the password: {0}")]
    Password(#[source] io::Error),
    #[error("the password is not UTF-8")]
    PasswordUtf8,
    #[error("{error}\n{explanation}")]
    Unusable { error: Error, explanation: &'static str },
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

impl Failure {
    /// With the sentences that a help desk can act on.
    pub(crate) fn unusable(error: Error, input: &[u8]) -> Self {
        let explanation = match error {
            Error::NotReadable(format) | Error::FeatureMissing(format) => format.explain(),
            _ => detect(input).explain(),
        };
        Self::Unusable { error, explanation }
    }
}
