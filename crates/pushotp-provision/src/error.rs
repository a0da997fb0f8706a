/// Why a text is no credential. It names the part and never its value, which may be the secret.
///
/// ```
/// use pushotp_provision::Error;
///
/// assert_eq!(Error::Base32 { position: 3 }.to_string(), "the secret is not base32 at its byte 3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Longer than the format's limit.
    #[error("the text is longer than 4096 bytes")]
    TooLong,
    /// Not `otpauth:` and not `apple-otpauth:`.
    #[error("the text is no otpauth URI")]
    Scheme,
    /// Neither HOTP nor TOTP.
    #[error("the type is neither hotp nor totp")]
    Type,
    /// The secret is one half of a key that the app and the server make together.
    #[error("the token needs a second step, which is not supported")]
    TwoStep,
    /// A percent sign without two hexadecimal digits.
    #[error("a percent escape is not complete: {0}")]
    Escape(Part),
    /// Bytes that are no UTF-8.
    #[error("not UTF-8: {0}")]
    Utf8(Part),
    /// A name of more than 512 bytes.
    #[error("too long: {0}")]
    PartTooLong(Part),
    /// A parameter with two values.
    #[error("two values: {0}")]
    Repeated(Part),
    /// No secret.
    #[error("the secret is missing")]
    SecretMissing,
    /// A character that is no base32.
    #[error("the secret is not base32 at its byte {position}")]
    Base32 {
        /// Counts bytes of the decoded parameter from 0.
        position: usize,
    },
    /// Padding, which the format does not have.
    #[error("the secret has padding")]
    Padding,
    /// A number of symbols that no encoder makes.
    #[error("the secret has a length that base32 does not have")]
    SecretLength,
    /// Bits in the last symbol that no encoder sets.
    #[error("the secret has spare bits set")]
    SpareBits,
    /// More than 1024 bytes.
    #[error("the secret is longer than 1024 bytes")]
    SecretTooLong,
    /// Fewer bits than the policy asks for.
    #[error("the secret is weaker than the policy permits")]
    SecretTooWeak,
    /// No hash function that one-time passcodes use here: SHA-1, SHA-256, SHA-512.
    #[error("the algorithm is not SHA1, SHA256 or SHA512")]
    Algorithm,
    /// A number of digits that the policy does not permit.
    #[error("the digits are not a number that the policy permits")]
    Digits,
    /// No number of seconds from 1 to 2^32 - 1.
    #[error("the period is not a number of seconds from 1")]
    Period,
    /// No counter up to 2^64 - 1.
    #[error("the counter is not a number")]
    Counter,
    /// HOTP without a counter.
    #[error("the counter is missing")]
    CounterMissing,
    /// The issuer before the account is not the one in the parameter.
    #[error("the label names another issuer than the parameter")]
    IssuerMismatch,
    /// No account.
    #[error("the account is missing")]
    AccountMissing,
    /// No URI says this: it would be read as something else.
    #[error("the names cannot be told apart in a URI")]
    Ambiguous,
    /// A name with a character that would deceive when displayed.
    #[error("not displayable: {0}")]
    Undisplayable(Part),
}

/// A part of the text.
///
/// ```
/// assert_eq!(pushotp_provision::Part::Parameter(2).to_string(), "parameter 2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Part {
    /// The account.
    #[error("account")]
    Account,
    /// The issuer, in the label or as a parameter.
    #[error("issuer")]
    Issuer,
    /// A parameter, by its place from 0.
    #[error("parameter {0}")]
    Parameter(usize),
}
