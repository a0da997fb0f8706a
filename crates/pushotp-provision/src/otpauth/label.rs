use alloc::string::{String, ToString};

use super::query::decode;
use crate::{Error, Part};

/// The path of the URI: an issuer, if there is one, and the account.
pub(super) struct Label {
    pub(super) issuer: Option<String>,
    pub(super) account: String,
}

impl Label {
    /// Splits before decoding: `:` and `%3A` are not the same, and decoding twice would find colons that are none.
    ///
    /// First by the issuer parameter, which is the only way to keep an issuer with a colon in it, then at the first
    /// literal colon, then at the first encoded one.
    pub(super) fn parse(label: &str, issuer: Option<&str>) -> Result<Self, Error> {
        // Of all providers one encodes its labels as a form.
        let label = &if issuer == Some("Microsoft") { label.replace('+', "%20") } else { label.to_string() };
        let (before, after) = match split(label) {
            Some((before, after)) => (Some(text(before, Part::Issuer)?), text(after, Part::Account)?),
            None => (None, text(label, Part::Account)?),
        };
        let whole = text(label, Part::Account)?;
        if let Some(account) = issuer.and_then(|issuer| whole.strip_prefix(issuer)?.strip_prefix(':')) {
            return Ok(Self { issuer: issuer.map(String::from), account: account.trim_start_matches(' ').into() });
        }
        let account = if before.is_some() { after.trim_start_matches(' ').into() } else { after };
        Ok(Self { issuer: before.filter(|issuer| !issuer.is_empty()), account })
    }

    /// The issuer parameter; with its pluses as they stand there, if the label shows that they were meant.
    pub(super) fn keep_plus(&self, issuer: String, with_plus: Option<String>) -> String {
        with_plus.filter(|with_plus| Some(with_plus) == self.issuer.as_ref()).unwrap_or(issuer)
    }
}

/// At the first literal colon, else at the first encoded one.
fn split(label: &str) -> Option<(&str, &str)> {
    let encoded = || {
        let at = ["%3A", "%3a"].into_iter().filter_map(|colon| label.find(colon)).min()?;
        Some((label.get(..at)?, label.get(at + 3..)?))
    };
    label.split_once(':').or_else(encoded)
}

fn text(part: &str, name: Part) -> Result<String, Error> {
    let bytes = decode(part.as_bytes(), name)?;
    core::str::from_utf8(&bytes).map(String::from).map_err(|_| Error::Utf8(name))
}
