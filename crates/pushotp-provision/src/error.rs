use crate::Format;

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
    /// None of the formats that [`detect`](crate::detect) knows.
    #[error("the format is not known")]
    UnknownFormat,
    /// Known, but not to be read; [`Format::explain`] says what to do instead.
    #[error("{0} can be recognised but not be read")]
    NotReadable(Format),
    /// To be read with a feature that this build leaves out.
    #[error("{0} needs a feature that is not built in")]
    FeatureMissing(Format),
    /// Longer than [`Limits`](crate::Limits) permit for the format.
    #[error("the text is longer than the limit")]
    TooLong,
    /// More records, entries or parameters than [`Limits`](crate::Limits) permit.
    #[error("there are more entries than the limit permits")]
    TooMany,
    /// No record at all.
    #[error("there is no entry")]
    Empty,
    /// Not what its format is made of, at a byte of the text or of what the text encodes.
    #[error("the text is not well-formed at byte {offset}")]
    Malformed {
        /// Counts bytes from 0.
        offset: usize,
    },
    /// Not what its format is made of, at a line.
    #[error("the text is not well-formed at line {line}, column {column}")]
    MalformedLine {
        /// Counts from 1.
        line: usize,
        /// Counts from 1; 0 where it is not known.
        column: usize,
    },
    /// Another scheme than the format's.
    #[error("the text does not begin with the scheme of its format")]
    Scheme,
    /// A type of token that the format does not have or that is not read.
    #[error("the type of the token is not supported")]
    Type,
    /// A version that is not known.
    #[error("the version of the format is not supported")]
    Version,
    /// An invitation to a push service: there is no secret in it.
    #[error("the text enrols with a push service and has no secret")]
    Push,
    /// The secret is one half of a key that the app and the server make together: alone it gives wrong codes.
    #[error(
        "the token needs a second step: {salt_bytes} bytes from the app, {iterations} iterations, {output_bytes} bytes of key"
    )]
    TwoStep {
        /// The app's part, in bytes.
        salt_bytes: u32,
        /// The key's length in bytes.
        output_bytes: u32,
        /// Iterations of PBKDF2.
        iterations: u32,
    },
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
    /// A part that the format asks for.
    #[error("missing: {0}")]
    Missing(Part),
    /// A part with a value that it cannot have.
    #[error("not valid: {0}")]
    Invalid(Part),
    /// A part that is valid but not supported.
    #[error("not supported: {0}")]
    Unsupported(Part),
    /// No secret.
    #[error("the secret is missing")]
    SecretMissing,
    /// A character that is no base32.
    #[error("the secret is not base32 at its byte {position}")]
    Base32 {
        /// Counts bytes of the decoded parameter from 0.
        position: usize,
    },
    /// A character that is no hexadecimal digit, or an odd number of them.
    #[error("the secret is not hexadecimal at its byte {position}")]
    Hex {
        /// Counts bytes from 0.
        position: usize,
    },
    /// Not base64.
    #[error("the secret is not base64")]
    Base64,
    /// A checksum that does not fit.
    #[error("the checksum of the secret does not fit")]
    Checksum,
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
    /// No hash function that one-time passcodes use here: SHA-1, SHA-256, SHA-512. Nothing falls back to SHA-1.
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
    /// The format to be written has no place for a part.
    #[error("the format cannot express: {0}")]
    NotExpressible(Part),
    /// The file is encrypted and neither password nor key was given.
    #[error("the file is encrypted and needs a password or a key")]
    Locked,
    /// Password or key do not open it, or the file was changed; which of them is not known.
    #[error("the password or key does not open the file")]
    Decrypt,
    /// The MAC of a value does not fit: another key, or the file was changed.
    #[error("the MAC does not fit")]
    Mac,
    /// The file promises a MAC or the policy asks for one, and there is none.
    #[error("the MAC is missing")]
    MacMissing,
    /// The file asks for a key derivation that costs more than [`KdfLimits`](crate::KdfLimits) permit.
    #[error("the key derivation asks for {needed} {unit}, more than the limit permits")]
    KdfTooExpensive {
        /// What the file asks for.
        needed: u64,
        /// Of what.
        unit: KdfUnit,
    },
    /// What is wrong with the offer of the push protocol.
    #[cfg(feature = "enrolment")]
    #[error("{0}")]
    Enrolment(crate::enrolment::EnrolmentError),
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
    /// The kind of token.
    #[error("kind of token")]
    Kind,
    /// The secret.
    #[error("secret")]
    Secret,
    /// The serial number.
    #[error("serial number")]
    Serial,
    /// The PIN.
    #[error("PIN")]
    Pin,
    /// A parameter, by its place from 0.
    #[error("parameter {0}")]
    Parameter(usize),
    /// A part by the name that its format gives it.
    #[error("{0}")]
    Field(&'static str),
}

/// What a key derivation needs too much of.
///
/// ```
/// use pushotp_provision::{Error, KdfUnit};
///
/// let error = Error::KdfTooExpensive { needed: 1 << 30, unit: KdfUnit::Bytes };
/// assert_eq!(error.to_string(), "the key derivation asks for 1073741824 bytes, more than the limit permits");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KdfUnit {
    /// Memory.
    #[error("bytes")]
    Bytes,
    /// Iterations or passes.
    #[error("iterations")]
    Iterations,
    /// Lanes that are computed one after the other.
    #[error("lanes")]
    Lanes,
}
