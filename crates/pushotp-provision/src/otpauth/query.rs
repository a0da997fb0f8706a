use alloc::{string::String, vec::Vec};

use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use crate::{Error, Part, Warning, Warnings};

/// The parameters, each decoded once.
#[derive(Default)]
pub(super) struct Query {
    pub(super) secret: Option<Zeroizing<Vec<u8>>>,
    pub(super) issuer: Option<String>,
    /// The issuer once more, with pluses where they stand and not spaces.
    pub(super) issuer_with_plus: Option<String>,
    pub(super) algorithm: Option<String>,
    pub(super) digits: Option<String>,
    pub(super) period: Option<String>,
    pub(super) counter: Option<String>,
    pub(super) steam: bool,
    pub(super) two_step: bool,
}

impl Query {
    pub(super) fn parse(query: &str, warnings: &mut Warnings) -> Result<Self, Error> {
        let mut found = Self::default();
        for (place, parameter) in query.split('&').enumerate().filter(|(_, parameter)| !parameter.is_empty()) {
            let (name, raw) = parameter.split_once('=').unwrap_or((parameter, ""));
            let part = Part::Parameter(place);
            let value = form_decode(raw, part)?;
            let slot = match name.to_ascii_lowercase().as_str() {
                "secret" => {
                    found.keep_secret(value, part, warnings)?;
                    continue;
                }
                "issuer" => {
                    found.issuer_with_plus = Some(text(&decode(raw.as_bytes(), part)?, part)?.into());
                    &mut found.issuer
                }
                "algorithm" => &mut found.algorithm,
                "digits" => &mut found.digits,
                "period" => &mut found.period,
                "counter" => &mut found.counter,
                other => {
                    found.steam |= other == "steam" || (other == "encoder" && value.eq_ignore_ascii_case(b"steam"));
                    found.two_step |= other.starts_with("2step_");
                    warnings.add(Warning::UnknownParameter);
                    continue;
                }
            };
            keep(slot, text(&value, part)?, part, warnings)?;
        }
        // An empty issuer is none.
        found.issuer = found.issuer.filter(|issuer| !issuer.is_empty());
        Ok(found)
    }

    fn keep_secret(&mut self, value: Zeroizing<Vec<u8>>, part: Part, warnings: &mut Warnings) -> Result<(), Error> {
        match &self.secret {
            Some(known) if *known == value => warnings.add(Warning::Repeated),
            Some(_) => return Err(Error::Repeated(part)),
            None => self.secret = Some(value),
        }
        Ok(())
    }
}

fn keep(slot: &mut Option<String>, text: &str, part: Part, warnings: &mut Warnings) -> Result<(), Error> {
    match slot {
        Some(known) if known == text => warnings.add(Warning::Repeated),
        Some(_) => return Err(Error::Repeated(part)),
        None => *slot = Some(text.into()),
    }
    Ok(())
}

fn text(value: &[u8], part: Part) -> Result<&str, Error> {
    core::str::from_utf8(value).map_err(|_| Error::Utf8(part))
}

/// A value of a query: `+` is a space, then percent escapes, once.
fn form_decode(value: &str, part: Part) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut spaced = Zeroizing::new(value.as_bytes().to_vec());
    for byte in spaced.iter_mut().filter(|byte| **byte == b'+') {
        *byte = b' ';
    }
    decode(&spaced, part)
}

/// Percent escapes, once; an escape that is not complete is an error, as readers disagree about it.
pub(super) fn decode(text: &[u8], part: Part) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let escape = rest.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        escape.ok_or(Error::Escape(part))?;
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    out.extend(percent_decode(text));
    Ok(out)
}
