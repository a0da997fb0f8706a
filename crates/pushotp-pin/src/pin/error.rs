/// Why a text is not taken as a PIN; says nothing of the text.
///
/// ```
/// # use pushotp_pin::Pin;
/// let error = Pin::entered("12a4").unwrap_err();
/// assert_eq!(error.to_string(), "a PIN consists of digits only");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// Something that is no decimal digit of any script; where is not said.
    #[error("a PIN consists of digits only")]
    NotADigit,
    /// In alphanumeric mode: a control character, one that nobody sees or one that Unicode does not know.
    #[error("a PIN consists of visible characters only")]
    NotACharacter,
    /// Too few characters.
    #[error("the PIN has fewer than {min} characters")]
    TooShort {
        /// The fewest.
        min: usize,
    },
    /// Too many characters.
    #[error("the PIN has more than {max} characters")]
    TooLong {
        /// The most.
        max: usize,
    },
    /// A duress PIN that is the PIN, or that one slip in typing makes of it.
    #[error("the duress PIN is too much like the PIN")]
    TooClose,
    /// Among those that are tried first.
    #[error("the PIN is too easy to guess")]
    Trivial,
}

/// A policy that no PIN may have.
///
/// ```
/// # use pushotp_pin::{PinPolicy, PolicyError};
/// assert_eq!(PinPolicy::new(8, 6), Err(PolicyError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a policy allows PINs of 4 to 16 characters")]
pub struct PolicyError;
