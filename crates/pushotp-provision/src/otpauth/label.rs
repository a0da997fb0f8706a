use alloc::{borrow::Cow, string::String};

use super::query::decode;
use crate::{Error, Part};

/// The path of the URI: an issuer, if there is one, and the account.
pub(crate) struct Label {
    pub(crate) issuer: Option<String>,
    pub(crate) account: String,
}

impl Label {
    /// Splits before decoding: `:` and `%3A` are not the same, and decoding twice would find colons that are none.
    ///
    /// First by the issuer parameter, which is the only way to keep an issuer with a colon in it, then at the first
    /// literal colon, then at the first encoded one.
    pub(crate) fn parse(label: &str, issuer: Option<&str>) -> Result<Self, Error> {
        // Of all providers one encodes its labels as a form.
        let form = issuer == Some("Microsoft") && label.contains('+');
        let label = if form { Cow::Owned(label.replace('+', "%20")) } else { Cow::Borrowed(label) };
        let (before, after) = match split(&label) {
            Some((before, after)) => (Some(text(before, Part::Issuer)?), text(after, Part::Account)?),
            None => (None, text(&label, Part::Account)?),
        };
        // Where the part in front is the issuer, the whole says nothing else.
        if let Some(issuer) = issuer.filter(|issuer| before.as_deref() != Some(issuer)) {
            let whole = text(&label, Part::Account)?;
            if let Some(account) = whole.strip_prefix(issuer).and_then(|rest| rest.strip_prefix(':')) {
                return Ok(Self { issuer: Some(issuer.into()), account: account.trim_start_matches(' ').into() });
            }
        }
        let account = if before.is_some() { after.trim_start_matches(' ') } else { &after };
        let issuer = before.filter(|issuer| !issuer.is_empty()).map(Cow::into_owned);
        Ok(Self { issuer, account: account.into() })
    }

    /// The issuer parameter; with its pluses as they stand there, if the label shows that they were meant.
    pub(crate) fn keep_plus(&self, issuer: String, with_plus: Option<String>) -> String {
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

fn text(part: &str, name: Part) -> Result<Cow<'_, str>, Error> {
    decode(part, name)?.text(name)
}
