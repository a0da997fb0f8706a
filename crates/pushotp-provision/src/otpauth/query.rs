use alloc::{borrow::Cow, string::String, vec::Vec};
use core::ops::Deref;

use zeroize::Zeroizing;

use crate::{Error, Part, Warning, notes::Notes};

/// The parameters, each decoded once.
#[derive(Default)]
pub(crate) struct Query<'a> {
    pub(crate) secret: Option<Text<'a>>,
    pub(crate) issuer: Option<String>,
    /// The issuer once more, with pluses where they stand and not spaces, if it has any.
    pub(crate) issuer_with_plus: Option<String>,
    pub(crate) algorithm: Option<Cow<'a, str>>,
    pub(crate) digits: Option<Cow<'a, str>>,
    pub(crate) period: Option<Cow<'a, str>>,
    pub(crate) counter: Option<Cow<'a, str>>,
    /// The others, in their order.
    pub(crate) extra: Vec<(String, String)>,
}

impl<'a> Query<'a> {
    pub(crate) fn parse(query: &'a str, notes: &mut Notes<'_>) -> Result<Self, Error> {
        let mut found = Self::default();
        let mut count = 0;
        for (place, parameter) in query.split('&').enumerate().filter(|(_, parameter)| !parameter.is_empty()) {
            count += 1;
            if count > notes.policy.limits.parameters {
                return Err(Error::TooMany);
            }
            found.keep(parameter, Part::Parameter(place), notes)?;
        }
        // An empty issuer is none.
        found.issuer = found.issuer.filter(|issuer| !issuer.is_empty());
        Ok(found)
    }

    fn keep(&mut self, parameter: &'a str, part: Part, notes: &mut Notes<'_>) -> Result<(), Error> {
        let (name, raw) = parameter.split_once('=').unwrap_or((parameter, ""));
        let (name, value) = (form_decode(name, part)?, form_decode(raw, part)?);
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if is(b"secret") {
            return keep(&mut self.secret, value, part, notes);
        }
        if is(b"issuer") {
            if raw.contains('+') {
                self.issuer_with_plus = Some(decode(raw, part)?.text(part)?.into_owned());
            }
            return keep(&mut self.issuer, value.text(part)?.into_owned(), part, notes);
        }
        let slot = if is(b"algorithm") {
            &mut self.algorithm
        } else if is(b"digits") {
            &mut self.digits
        } else if is(b"period") {
            &mut self.period
        } else if is(b"counter") {
            &mut self.counter
        } else {
            self.extra.push((name.text(part)?.into_owned(), value.text(part)?.into_owned()));
            return Ok(());
        };
        keep(slot, value.text(part)?, part, notes)
    }

    /// The one of the others with this name, in any case, taken out; with two values it has none.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        let mut found: Option<String> = None;
        let mut conflict = false;
        self.extra.retain_mut(|(known, value)| {
            let same = known.eq_ignore_ascii_case(name);
            if same {
                conflict |= found.as_ref().is_some_and(|found| found != value);
                found = Some(core::mem::take(value));
            }
            !same
        });
        if conflict { Err(Error::Repeated(Part::Field(name))) } else { Ok(found) }
    }
}

/// The first value stays; an equal one is superfluous, and with another one two readers would read two tokens.
fn keep<T: PartialEq>(slot: &mut Option<T>, value: T, part: Part, notes: &mut Notes<'_>) -> Result<(), Error> {
    match slot {
        Some(known) if *known == value => notes.warnings.add(Warning::Repeated),
        Some(_) => return Err(Error::Repeated(part)),
        None => *slot = Some(value),
    }
    Ok(())
}

/// Bytes that may be a secret: those of the input where nothing is escaped, else decoded and erased when dropped.
pub(crate) enum Text<'a> {
    Plain(&'a str),
    Decoded(Zeroizing<Vec<u8>>),
}

impl<'a> Text<'a> {
    /// As text that is no secret.
    pub(crate) fn text(self, part: Part) -> Result<Cow<'a, str>, Error> {
        match self {
            Self::Plain(text) => Ok(Cow::Borrowed(text)),
            Self::Decoded(mut bytes) => {
                String::from_utf8(core::mem::take(&mut bytes)).map(Cow::Owned).map_err(|_| Error::Utf8(part))
            }
        }
    }
}

impl Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Plain(text) => text.as_bytes(),
            Self::Decoded(bytes) => bytes,
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// A value of a query: `+` is a space, then percent escapes, once.
pub(crate) fn form_decode(value: &str, part: Part) -> Result<Text<'_>, Error> {
    if value.contains('+') { unescape(value.as_bytes(), b' ', part).map(Text::Decoded) } else { decode(value, part) }
}

/// Percent escapes, once; an escape that is not complete is an error, as readers disagree about it.
pub(crate) fn decode(text: &str, part: Part) -> Result<Text<'_>, Error> {
    if text.contains('%') { unescape(text.as_bytes(), b'+', part).map(Text::Decoded) } else { Ok(Text::Plain(text)) }
}

/// The bytes without escapes, with what a plus stands for.
fn unescape(text: &[u8], plus: u8, part: Part) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        out.push(match byte {
            b'+' => plus,
            b'%' => {
                let (digits, after) = rest.split_first_chunk::<2>().ok_or(Error::Escape(part))?;
                rest = after;
                let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
                let value = high.zip(low).and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
                value.ok_or(Error::Escape(part))?
            }
            byte => *byte,
        });
    }
    Ok(out)
}
