//! Manual entry: a bare secret, as a person types or pastes it.
//!
//! Such a secret says nothing of its kind. It is taken for TOTP with SHA-1, 6 digits and 30 s, as all apps do, with
//! [`Warning::KindAssumed`]; change it with [`Credential::with_codes`] if the provider says otherwise.
//!
//! ```
//! use pushotp_provision::{Policy, Warning, manual};
//!
//! let parsed = manual::base32("gezd gnbv gy3t qojq", &Policy::app())?;
//! assert_eq!(parsed.credential.secret().expose(), b"1234567890");
//! assert!(parsed.warnings.contains(Warning::KindAssumed));
//! # Ok::<(), pushotp_provision::Error>(())
//! ```

use alloc::{string::String, vec::Vec};
use core::fmt;

use data_encoding::BASE32_NOPAD;
use pushotp_types::Secret;
use zeroize::{Zeroize, Zeroizing};

use crate::{Credential, Error, Kind, Parsed, Policy, Warning, base32 as decoder, notes::Notes};

/// Reads a secret in base32: in groups, in lower case, with padding or without, as the policy tolerates it.
///
/// Look-alikes are refused, for applications disagree about them: see [`correct`]. Padding that is cut short is
/// refused, since then the secret may be as well.
///
/// # Errors
/// [`Error::Base32`] with the position, [`Error::Padding`], and what the policy says of the secret.
///
/// ```
/// use pushotp_provision::{Error, Policy, manual};
///
/// assert!(manual::base32("GEZDGNBVGY3TQOJQ", &Policy::server()).is_ok());
/// assert_eq!(manual::base32("GEZD1NBVGY3TQOJQ", &Policy::app()), Err(Error::Base32 { position: 4 }));
/// assert_eq!(manual::base32("MZXW6YTBOI=====", &Policy::app()), Err(Error::Padding)); // one is missing
/// ```
pub fn base32(text: &str, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes::new(policy);
    let text = notes.line(text)?;
    let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
    let symbols = text.bytes().filter(u8::is_ascii_alphanumeric).count() % 8;
    if padding > 0 && symbols > 0 && symbols + padding < 8 {
        return Err(Error::Padding);
    }
    let secret = notes.base32(text.as_bytes())?;
    let digits = text.bytes().filter(u8::is_ascii_alphanumeric);
    if padding == 0 && symbols % 2 == 0 && digits.clone().all(|byte| byte.is_ascii_hexdigit()) {
        notes.warnings.add(Warning::AmbiguousAlphabet);
    }
    Ok(assumed(secret, notes))
}

/// Reads a secret in hexadecimal, in either case, with spaces, hyphens or colons between the digits or without.
///
/// # Errors
/// [`Error::Hex`] with the position among the digits, and what the policy says of the secret.
///
/// ```
/// use pushotp_provision::{Error, Policy, manual};
///
/// let parsed = manual::hex("3132 3334 3536 3738 3930", &Policy::app())?;
/// assert_eq!(parsed.credential.secret().expose(), b"1234567890");
/// assert_eq!(manual::hex("313", &Policy::app()), Err(Error::Hex { position: 2 }));
/// # Ok::<(), Error>(())
/// ```
pub fn hex(text: &str, policy: &Policy) -> Result<Parsed, Error> {
    let mut notes = Notes::new(policy);
    let text = notes.line(text)?;
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(text.bytes().filter(|byte| !b" -:".contains(byte)).collect());
    if digits.len() != text.len() {
        notes.tolerate(Warning::Separators, Error::Hex { position: 0 })?;
    }
    let secret = notes.hex(&digits)?;
    Ok(assumed(secret, notes))
}

fn assumed(secret: Secret, mut notes: Notes<'_>) -> Parsed {
    notes.warnings.add(Warning::KindAssumed);
    Parsed { credential: Credential::new(Kind::totp(30), "", secret), warnings: notes.warnings }
}

/// Writes a secret in base32, in upper case and without padding: what a person types into an app.
///
/// Kind, digits and period are lost; hand them over with it.
///
/// ```
/// use pushotp_provision::{Policy, manual};
///
/// let credential = manual::hex("31323334353637383930", &Policy::app())?.credential;
/// assert_eq!(manual::write(credential.secret()).as_str(), "GEZDGNBVGY3TQOJQ");
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[must_use]
pub fn write(secret: &Secret) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(Vec::new());
    bytes.resize(BASE32_NOPAD.encode_len(secret.expose().len()), 0);
    BASE32_NOPAD.encode_mut(secret.expose(), &mut bytes);
    let mut text = Zeroizing::new(String::with_capacity(bytes.len()));
    text.extend(bytes.iter().map(|byte| char::from(*byte)));
    text
}

/// Which characters that are no base32 stand for others. Applications disagree, so the caller chooses.
///
/// ```
/// use pushotp_provision::manual::{LookAlikes, correct};
///
/// assert_eq!(correct("1", LookAlikes::KeePassXc).text(), "L");
/// assert_eq!(correct("1", LookAlikes::MobilePass).text(), "I");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookAlikes {
    /// 0 is O, 1 is L, 8 is B.
    KeePassXc,
    /// 0 is O, 1 is I.
    MobilePass,
}

/// Replaces look-alikes and drops what cannot be base32; each change is listed, to be shown to the person who typed.
///
/// ```
/// use pushotp_provision::{Policy, manual};
///
/// let corrected = manual::correct("GEZD GNBV GY3T Q0JQ!", manual::LookAlikes::KeePassXc);
/// let changes: Vec<_> = corrected.changes().iter().map(|change| (change.position, change.typed, change.read)).collect();
/// assert_eq!(changes, [(16, '0', Some('O')), (19, '!', None)]);
/// let parsed = manual::base32(corrected.text(), &Policy::app())?; // once the person agrees
/// assert_eq!(parsed.credential.secret().expose(), b"1234567890");
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[must_use]
pub fn correct(typed: &str, look_alikes: LookAlikes) -> Corrected {
    let typed = typed.get(..4 * decoder::MAX_BYTES).unwrap_or(typed);
    let mut corrected = Corrected { text: Zeroizing::new(String::with_capacity(typed.len())), changes: Vec::new() };
    for (position, character) in typed.char_indices() {
        let read = match (character, look_alikes) {
            (kept, _) if kept.is_ascii_alphabetic() || matches!(kept, '2'..='7' | ' ' | '-' | '=') => Some(kept),
            ('0', _) => Some('O'),
            ('1', LookAlikes::KeePassXc) => Some('L'),
            ('1', LookAlikes::MobilePass) => Some('I'),
            ('8', LookAlikes::KeePassXc) => Some('B'),
            _ => None,
        };
        corrected.text.extend(read);
        if read != Some(character) {
            corrected.changes.push(Change { position, typed: character, read });
        }
    }
    corrected
}

/// A typed secret after correction, with what was changed: as secret as the secret itself, erased when dropped.
///
/// ```
/// use pushotp_provision::manual::{LookAlikes, correct};
///
/// let corrected = correct("GEZD0", LookAlikes::KeePassXc);
/// assert_eq!((corrected.text(), corrected.changes().len()), ("GEZDO", 1));
/// assert_eq!(format!("{corrected:?}"), "Corrected { changes: 1, .. }");
/// ```
pub struct Corrected {
    text: Zeroizing<String>,
    changes: Vec<Change>,
}

impl Corrected {
    /// The text to be read.
    ///
    /// ```
    /// # use pushotp_provision::manual::{LookAlikes, correct};
    /// assert_eq!(correct("gezd-8", LookAlikes::KeePassXc).text(), "gezd-B");
    /// ```
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was changed, in the order of the text.
    ///
    /// ```
    /// # use pushotp_provision::manual::{LookAlikes, correct};
    /// assert!(correct("gezd", LookAlikes::KeePassXc).changes().is_empty());
    /// ```
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}

impl fmt::Debug for Corrected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Corrected").field("changes", &self.changes.len()).finish_non_exhaustive()
    }
}

impl Drop for Corrected {
    fn drop(&mut self) {
        for change in &mut self.changes {
            change.typed.zeroize();
            change.read.zeroize();
        }
    }
}

/// One changed character of a typed secret.
///
/// ```
/// use pushotp_provision::manual::{LookAlikes, correct};
///
/// let corrected = correct("A0", LookAlikes::MobilePass);
/// let change = &corrected.changes()[0];
/// assert_eq!((change.position, change.typed, change.read), (1, '0', Some('O')));
/// ```
#[expect(clippy::exhaustive_structs, reason = "to be displayed, and there is no more to it")]
pub struct Change {
    /// The byte at which it stood, from 0.
    pub position: usize,
    /// What was typed.
    pub typed: char,
    /// What is read instead; nothing if it was dropped.
    pub read: Option<char>,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change").field("position", &self.position).finish_non_exhaustive()
    }
}
