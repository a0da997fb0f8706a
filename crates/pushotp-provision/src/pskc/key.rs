use alloc::{
    borrow::{Cow, ToOwned},
    format,
    string::String,
    vec::Vec,
};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use pushotp_types::{Digits, HashAlgorithm, Secret};
use roxmltree::Node;
use zeroize::Zeroizing;

use super::{
    fields::{Fields, NUMBERS, element},
    keys::{Keys, base64},
};
use crate::{
    Credential, Error, Kind, Part, Policy, Warning, Warnings,
    bulk::ocra_suite,
    notes::{Notes, number},
    xml::{child, children, content},
};

/// The algorithms of RFC 6030 and of the profiles that everybody uses with it.
pub(super) const URN: &str = "urn:ietf:params:xml:ns:keyprov:pskc";
pub(super) const YUBIKEY: &str = "http://www.yubico.com/#yubikey-aes";

/// A key of a package: what its fields are, what its token is, and what was unusual about it.
pub(super) type Read = (Fields, Result<Credential, Error>, Warnings);

pub(super) fn read(package: Node<'_, '_>, key: Node<'_, '_>, keys: &Keys, policy: &Policy) -> Read {
    let (mut fields, mut notes) = (Fields(Vec::new()), Notes::new(policy));
    let read = fields.read(package, key, &mut notes);
    let data = Data { key, keys };
    let numbers = NUMBERS.iter().try_for_each(|(name, draft, field)| {
        let value = data.number(name, draft, &mut notes.warnings)?;
        fields.add(field, &value.unwrap_or_default());
        Ok(())
    });
    let is_pin = fields.get("algorithm").map(profile) == Some("pin");
    let secret = data.secret(is_pin, &mut notes);
    if child(key, "Extensions").is_some() {
        notes.warnings.add(Warning::Unused);
    }
    let credential = read.and(numbers).and(secret).and_then(|secret| {
        let fields = Fields(fields.0.clone());
        credential(fields, secret, &mut notes)
    });
    (fields, credential, notes.warnings)
}

/// The data of a key: `Data/Secret`, or `Data` elements with names, as in drafts.
struct Data<'a, 'i> {
    key: Node<'a, 'i>,
    keys: &'a Keys,
}

/// A value and the MAC that stands beside it.
enum Value<'a, 'i> {
    Plain(Node<'a, 'i>),
    Encrypted(Node<'a, 'i>, Option<Node<'a, 'i>>),
}

impl<'a, 'i: 'a> Data<'a, 'i> {
    fn value(&self, name: &str, draft: &str) -> Option<Value<'a, 'i>> {
        if let Some(holder) = child(self.key, "Data").and_then(|data| child(data, name)) {
            let encrypted =
                child(holder, "EncryptedValue").map(|value| Value::Encrypted(value, child(holder, "ValueMAC")));
            return encrypted.or_else(|| child(holder, "PlainValue").map(Value::Plain));
        }
        let named = |data: &Node<'_, '_>| data.tag_name().name() == "Data" && data.attribute("Name") == Some(draft);
        let holder = children(self.key).find(named)?;
        let (value, mac) = (child(holder, "Value")?, child(holder, "ValueDigest"));
        // Where all is encrypted, numbers without a MAC are not.
        let encrypted = self.keys.encrypts_all() && (mac.is_some() || draft == "SECRET");
        Some(if encrypted { Value::Encrypted(value, mac) } else { Value::Plain(value) })
    }

    /// A PIN may be as short as PINs are.
    fn secret(&self, is_pin: bool, notes: &mut Notes<'_>) -> Result<Secret, Error> {
        let bytes = match self.value("Secret", "SECRET").ok_or(Error::SecretMissing)? {
            Value::Plain(value) => base64(&content(value))?,
            Value::Encrypted(value, mac) => self.keys.open(value, mac, &mut notes.warnings)?,
        };
        if is_pin && !bytes.is_empty() {
            return Secret::danger_import_weak(&bytes).map_err(|_| Error::SecretTooLong);
        }
        notes.secret(&bytes)
    }

    /// A number as decimal text, which may have a sign. It comes as decimal, as base64 of decimal, as base64 of
    /// bytes, the highest first, and encrypted as one of the last two.
    fn number(&self, name: &'static str, draft: &str, warnings: &mut Warnings) -> Result<Option<String>, Error> {
        let invalid = Error::Invalid(Part::Field(name));
        let bytes = match self.value(name, draft) {
            None => return Ok(None),
            Some(Value::Encrypted(value, mac)) => self.keys.open(value, mac, warnings)?,
            Some(Value::Plain(value)) => match content(value) {
                text if text.is_empty() => return Ok(None),
                text if is_decimal(&text) => return Ok(Some(Cow::into_owned(text))),
                text => base64(&text).map_err(|_| invalid)?,
            },
        };
        if let Some(text) = core::str::from_utf8(&bytes).ok().filter(|text| is_decimal(text)) {
            return Ok(Some(text.to_owned()));
        }
        if bytes.is_empty() || bytes.len() > 8 {
            return Err(invalid);
        }
        let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Ok(Some(format!("{number}")))
    }
}

fn is_decimal(text: &str) -> bool {
    number(text.strip_prefix('-').unwrap_or(text)).is_some()
}

/// The token that the fields describe; what has no place of its own becomes an extra.
fn credential(mut fields: Fields, secret: Secret, notes: &mut Notes<'_>) -> Result<Credential, Error> {
    let name = fields.take("algorithm");
    let mut credential = match name.as_deref().map(profile).unwrap_or_default() {
        "hotp" => {
            let counter = fields.take("counter").map(|counter| number(&counter).ok_or(Error::Counter)).transpose()?;
            let kind = Kind::Hotp { counter: notes.counter(counter)? };
            oath(kind, &mut fields, secret, notes)?
        }
        "totp" => {
            let kind = time_based(&mut fields, notes)?;
            oath(kind, &mut fields, secret, notes)?
        }
        "ocra" => ocra(&mut fields, secret, notes)?,
        "pin" => Credential::new(Kind::Static, "", secret),
        "yubikey-aes" => yubikey(&mut fields, secret, notes)?,
        _ => Credential::new(Kind::Other { algorithm: name }, "", secret),
    };
    credential.issuer = fields.take("issuer");
    credential.serial = fields.take("serial");
    credential.account = fields.take("user_id").unwrap_or_default();
    if fields.get("response_check_digits").is_some_and(|check| check == "true" || check == "1") {
        // One more digit than a verifier expects.
        notes.tolerate(Warning::UnknownParameter, Error::Unsupported(Part::Field("CheckDigits")))?;
    }
    credential.extra = fields.0.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(credential)
}

/// Which profile a URI names, in the spellings of the RFC and of its drafts.
fn profile(uri: &str) -> &'static str {
    const PROFILES: [&str; 4] = ["hotp", "totp", "ocra", "pin"];
    if uri == YUBIKEY {
        return "yubikey-aes";
    }
    let (space, name) = uri.rsplit_once([':', '#']).unwrap_or(("", uri));
    let known = ["", URN, "http://www.ietf.org/keyprov/pskc"].contains(&space);
    PROFILES.into_iter().find(|profile| known && profile.eq_ignore_ascii_case(name)).unwrap_or_default()
}

fn time_based(fields: &mut Fields, notes: &mut Notes<'_>) -> Result<Kind, Error> {
    let period = match fields.take("time_interval") {
        Some(interval) => notes.period_of(number(&interval).ok_or(Error::Period)?)?,
        None => 30,
    };
    let drift = fields.take("time_drift").map_or(Ok(0), |drift| drift.parse());
    let drift = drift.map_err(|_| Error::Invalid(Part::Field("TimeDrift")))?;
    // The time of delivery in steps, and no epoch. 0 says nothing.
    if fields.get("time") == Some("0") {
        fields.take("time");
    }
    Ok(Kind::Totp { period, t0: 0, drift })
}

/// HOTP and TOTP: the hash function is in the suite, and never concluded from the length of the key.
fn oath(kind: Kind, fields: &mut Fields, secret: Secret, notes: &mut Notes<'_>) -> Result<Credential, Error> {
    let known = |suite: &str| ["SHA1", "SHA-1", "SHA256", "SHA-256", "SHA512", "SHA-512"].contains(&suite);
    let suite = fields.get("suite").map(|suite| suite.trim().to_ascii_uppercase());
    let bare = suite.as_deref().map(|suite| suite.strip_prefix("HMAC-").unwrap_or(suite)).filter(|suite| known(suite));
    let algorithm = match bare {
        Some(suite) if suite.ends_with('1') => HashAlgorithm::Sha1,
        Some(suite) if suite.ends_with('6') => HashAlgorithm::Sha256,
        Some(_) => HashAlgorithm::Sha512,
        None => {
            if suite.is_some() {
                notes.tolerate(Warning::AlgorithmAssumed, Error::Algorithm)?;
            }
            if [32, 64].contains(&secret.expose().len()) {
                notes.warnings.add(Warning::AlgorithmAssumed);
            }
            HashAlgorithm::Sha1
        }
    };
    if bare.is_some() {
        fields.take("suite");
    }
    let digits = response(fields, notes)?;
    if digits.is_none() {
        notes.tolerate(Warning::DigitsAssumed, Error::Missing(Part::Field("ResponseFormat")))?;
    }
    Ok(Credential::new(kind, "", secret).with_codes(algorithm, digits.unwrap_or(Digits::SIX)))
}

/// The digits of a code.
fn response(fields: &mut Fields, notes: &mut Notes<'_>) -> Result<Option<Digits>, Error> {
    if fields.take("response_encoding").is_some_and(|encoding| encoding != "DECIMAL") {
        return Err(Error::Unsupported(Part::Field("Encoding")));
    }
    let length = fields.take("response_length");
    length.map(|length| notes.digits_of(number(&length).ok_or(Error::Digits)?)).transpose()
}

fn ocra(fields: &mut Fields, secret: Secret, notes: &mut Notes<'_>) -> Result<Credential, Error> {
    let suite = fields.take("suite").ok_or(Error::Missing(Part::Field("Suite")))?;
    let (algorithm, digits) = ocra_suite(notes, &suite)?;
    if response(fields, notes)?.is_some_and(|stated| stated != digits) {
        return Err(Error::Invalid(Part::Field("ResponseFormat")));
    }
    let counter = fields.take("counter").map_or(Ok(0), |counter| number(&counter).ok_or(Error::Counter))?;
    Ok(Credential::new(Kind::Ocra { suite, counter }, "", secret).with_codes(algorithm, digits))
}

/// The user of a YubiKey is `CN=` its public identity in modhex, and `UID=` its private one in hexadecimal.
fn yubikey(fields: &mut Fields, secret: Secret, notes: &mut Notes<'_>) -> Result<Credential, Error> {
    let names = fields.get("user_id").and_then(identities);
    let Some((public, private)) = names else {
        return Ok(Credential::new(Kind::YubikeyOtp { public_id: None }, "", secret));
    };
    fields.take("user_id");
    notes.name(Part::Field("CN"), Some(&public))?;
    let private = Secret::danger_import_weak(&private).map_err(|_| Error::Invalid(Part::Field("UID")))?;
    Ok(Credential::new(Kind::YubikeyOtp { public_id: Some(public) }, "", secret).with_private_id(private))
}

fn identities(user: &str) -> Option<(String, Zeroizing<Vec<u8>>)> {
    let (public, private) = user.strip_prefix("CN=")?.split_once(", UID=")?;
    let private = HEXLOWER_PERMISSIVE.decode(private.as_bytes()).ok().filter(|private| private.len() == 6)?;
    Some((public.to_owned(), Zeroizing::new(private)))
}

/// The user of a YubiKey.
pub(super) fn user(credential: &Credential) -> Option<Zeroizing<String>> {
    match (credential.kind(), credential.private_id()) {
        (Kind::YubikeyOtp { public_id: Some(public) }, Some(private)) => {
            let private = Zeroizing::new(HEXLOWER.encode(private.expose()));
            Some(Zeroizing::new(format!("CN={public}, UID={}", private.as_str())))
        }
        _ => Some(Zeroizing::new(credential.account().to_owned())).filter(|account| !account.is_empty()),
    }
}

/// The keys of a package: one in RFC 6030, any number in drafts.
pub(super) fn keys<'a, 'i: 'a>(package: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    children(package).filter(|child| matches!(child.tag_name().name(), "Key" | "Secret"))
}

/// The packages of a container.
pub(super) fn packages<'a, 'i: 'a>(root: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    children(root).filter(|child| matches!(child.tag_name().name(), "KeyPackage" | "Device"))
}

/// Whether there is a signature, which nobody here verifies.
pub(super) fn is_signed(root: Node<'_, '_>) -> bool {
    element(root, "Signature").is_some()
}
