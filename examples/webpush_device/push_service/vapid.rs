//! Who pushes: RFC 8292.

use data_encoding::BASE64URL_NOPAD;
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier as _};
use pushotp::types::UnixTime;
use serde_json::Value;

/// The furthest that the end of a token may be away: section 2.
const DAY: u64 = 86_400;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// No credentials of this kind.
    Missing,
    /// Others than the subscription asks for, not for this service, or not for now.
    Invalid,
}

impl Refused {
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::Missing => 401,
            Self::Invalid => 403,
        }
    }
}

/// Whether the header `Authorization` is that of the server with this public key, for the service with this origin.
pub(super) fn verify(header: Option<&str>, (key, origin): (&[u8], &str), now: UnixTime) -> Result<(), Refused> {
    let (scheme, parameters) = header.and_then(|header| header.split_once(' ')).ok_or(Refused::Missing)?;
    if !scheme.eq_ignore_ascii_case("vapid") {
        return Err(Refused::Missing);
    }
    let claims = signed_claims(parameters, key).ok_or(Refused::Invalid)?;
    let ends = claims.get("exp").and_then(Value::as_u64).ok_or(Refused::Invalid)?;
    let is_now = now.as_secs() < ends && ends <= now.as_secs().saturating_add(DAY);
    let is_here = claims.get("aud").and_then(Value::as_str) == Some(origin);
    if is_now && is_here { Ok(()) } else { Err(Refused::Invalid) }
}

/// The claims, if this key has signed them.
fn signed_claims(parameters: &str, key: &[u8]) -> Option<Value> {
    let [token, named] = ["t", "k"].map(|name| parameter(parameters, name));
    if decode(named?)? != key {
        return None;
    }
    let (signed, signature) = token?.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Value = serde_json::from_slice(&decode(header)?).ok()?;
    if header.get("alg")?.as_str()? != "ES256" {
        return None;
    }
    let signature = Signature::from_slice(&decode(signature)?).ok()?;
    VerifyingKey::from_sec1_bytes(key).ok()?.verify(signed.as_bytes(), &signature).ok()?;
    serde_json::from_slice(&decode(claims)?).ok()
}

/// The value of a parameter that is there once.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    let pairs = parameters.split(',').filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(found, _)| *found == name);
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}
