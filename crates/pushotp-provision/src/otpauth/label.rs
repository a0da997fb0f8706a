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
        let whole = text(label, Part::Account)?;
        if let Some(account) = issuer.and_then(|issuer| whole.strip_prefix(issuer)?.strip_prefix(':')) {
            return Ok(Self { issuer: issuer.map(String::from), account: account.trim_start_matches(' ').into() });
        }
        let encoded = || label.split_once("%3A").or_else(|| label.split_once("%3a"));
        let Some((issuer, account)) = label.split_once(':').or_else(encoded) else {
            return Ok(Self { issuer: None, account: whole });
        };
        let issuer = Some(text(issuer, Part::Issuer)?).filter(|issuer| !issuer.is_empty());
        Ok(Self { issuer, account: text(account, Part::Account)?.trim_start_matches(' ').into() })
    }

    /// The issuer parameter; with its pluses, if the label shows that they were meant.
    pub(super) fn keep_plus(&self, issuer: String) -> String {
        match &self.issuer {
            Some(label) if label.contains('+') && label.replace('+', " ") == issuer => label.clone(),
            _ => issuer,
        }
    }
}

fn text(part: &str, name: Part) -> Result<String, Error> {
    let bytes = decode(part.as_bytes(), name)?;
    core::str::from_utf8(&bytes).map(String::from).map_err(|_| Error::Utf8(name))
}
