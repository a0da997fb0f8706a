mod json;
mod lines;
pub(crate) mod text;
mod xml;

use crate::Format;

/// How much of a file is looked at, in bytes. What tells formats apart stands at their beginning.
const SCANNED: usize = 1 << 20;

/// What a text or a file was recognised as.
///
/// ```
/// use pushotp_provision::{Format, detect};
///
/// let detected = detect(b"oktaverify://alice@example.com/?t=abc&f=def&s=https://example.okta.com");
/// assert_eq!(detected.format(), Some(Format::Okta));
/// println!("{}", detected.explain());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detected(Option<Format>);

impl Detected {
    /// The format, if it is one of those known.
    ///
    /// ```
    /// # use pushotp_provision::{Format, detect};
    /// assert_eq!(detect(b"JBSW Y3DP EHPK 3PXP").format(), Some(Format::Base32));
    /// assert_eq!(detect(b"good morning!").format(), None);
    /// ```
    #[must_use]
    pub const fn format(self) -> Option<Format> {
        self.0
    }

    /// What it is and what to do with it, in sentences for a help desk.
    ///
    /// ```
    /// # use pushotp_provision::detect;
    /// assert!(detect(b"PK\x03\x04 and so on").explain().starts_with("This is a ZIP archive."));
    /// assert!(detect(b"good morning!").explain().starts_with("This is none of"));
    /// ```
    #[must_use]
    pub const fn explain(self) -> &'static str {
        match self.0 {
            Some(format) => format.explain(),
            None => {
                "This is none of the formats that tokens come in. Ask for a QR code or a secret key for an authenticator app."
            }
        }
    }
}

/// Recognises a text or a file by its scheme, its first bytes, its keys, its root element or its lines.
///
/// It looks at no more than the first mebibyte, and reads no secret. That a format is recognised does not say that
/// the whole is well-formed.
///
/// ```
/// use pushotp_provision::{Format, detect};
///
/// for (input, format) in [
///     ("otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ", Format::Otpauth),
///     (r#"{"version": 1, "header": {"slots": null}, "db": {"entries": []}}"#, Format::Aegis),
///     ("<?xml version=\"1.0\"?><KeyContainer Version=\"1.0\">", Format::Pskc),
///     ("HOTP/T30 alice - 3132333435363738393031323334353637383930", Format::LiboathUsers),
/// ] {
///     assert_eq!(detect(input.as_bytes()).format(), Some(format));
/// }
/// ```
#[must_use]
pub fn detect(input: &[u8]) -> Detected {
    Detected(binary(input).or_else(|| text::detect(readable(input)?)))
}

/// Formats that are no text, by their first bytes.
fn binary(input: &[u8]) -> Option<Format> {
    const MAGIC: [(&[u8], Format); 10] = [
        (b"\xac\xed\x00\x05", Format::FreeOtp2),
        (b"PK\x03\x04", Format::Zip),
        (b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5", Format::Kdbx),
        (b"\x03\xd9\xa2\x9a\x65\xfb\x4b\xb5", Format::Kdbx),
        (b"AUTHENTICATORPRO", Format::StratumEncrypted),
        (b"AuthenticatorPro", Format::StratumLegacy),
        (b"\x89PNG\r\n\x1a\n", Format::Image),
        (b"\xff\xd8\xff", Format::Image),
        (b"GIF8", Format::Image),
        (b"-----BEGIN ", Format::Pem),
    ];
    let found = MAGIC.iter().find(|(magic, _)| input.starts_with(magic)).map(|(_, format)| *format);
    found.or_else(|| andotp(input).then_some(Format::AndOtpEncrypted))
}

/// Iterations as a 32-bit number that somebody would choose, then what cannot be text: a salt, a nonce, a tag.
fn andotp(input: &[u8]) -> bool {
    let Some((iterations, rest)) = input.split_first_chunk::<4>() else { return false };
    let plausible = (1_000..=10_000_000).contains(&u32::from_be_bytes(*iterations));
    plausible && rest.len() >= 12 + 12 + 16 && core::str::from_utf8(rest).is_err()
}

/// The beginning of a text, without the mark of its encoding and without what is around it.
fn readable(input: &[u8]) -> Option<&str> {
    let input = input.get(..SCANNED).unwrap_or(input);
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let text = match core::str::from_utf8(input) {
        Ok(text) => text,
        // Cut within a character, or text of another encoding: what stands before it is enough.
        Err(error) => core::str::from_utf8(input.get(..error.valid_up_to())?).ok()?,
    };
    Some(text.trim_ascii()).filter(|text| !text.is_empty())
}
