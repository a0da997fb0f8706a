use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt::{self, Write as _};

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac as _};
use pushotp_types::HashAlgorithm;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    cipher::encrypt,
    fields::{NUMBERS, SLOTS, Slot},
    key::{URN, YUBIKEY, user},
    parse,
};
use crate::{Credential, Error, Kind, Mac, Part, Policy, Unlock, bulk::difference};

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const HMAC_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";

/// Writes a container with plain values: whoever has the text has the keys.
///
/// # Errors
/// [`Error::NotExpressible`] for a kind or a part that PSKC has no place for, and for a name with characters that XML
/// does not have. What is written is read again first, and must be the same.
///
/// ```
/// use pushotp_provision::{Credential, Kind, Policy, Unlock, pskc};
/// use pushotp_types::Secret;
///
/// let secret = Secret::new(b"12345678901234567890")?;
/// let credential = Credential::new(Kind::totp(60), "", secret).with_serial("1001").with_extra("manufacturer", "Acme");
/// let xml = pskc::write(&[credential])?;
/// let again = pskc::parse(xml.as_bytes(), &Policy::server(), &Unlock::none())?;
/// assert_eq!(again.credentials().next().and_then(Credential::serial), Some("1001"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(credentials: &[Credential]) -> Result<Zeroizing<String>, Error> {
    write_with(credentials, &mut Plain, None)
}

/// Writes a container whose secrets are encrypted with AES-CBC under a key of 16, 24 or 32 bytes, each with an
/// HMAC-SHA-256. Serial numbers, names and counters stay readable, as everywhere in PSKC.
///
/// `key_name` tells the receiver which key it is.
///
/// # Errors
/// As those of [`write()`], and [`Error::NotExpressible`] for a key of another length.
///
/// ```
/// use pushotp_provision::{Credential, Kind, Policy, Unlock, pskc};
/// use pushotp_types::Secret;
/// # use rand_core::SeedableRng;
///
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
/// let credential = Credential::new(Kind::totp(30), "", Secret::new(b"12345678901234567890")?).with_serial("1001");
/// let xml = pskc::write_encrypted(&[credential], "Pre-shared-key", &[7; 16], &mut rng)?;
/// let again = pskc::parse(xml.as_bytes(), &Policy::server(), &Unlock::none().key(&[7; 16]))?;
/// assert_eq!(again.credentials().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_encrypted<R: CryptoRng + ?Sized>(
    credentials: &[Credential],
    key_name: &str,
    key: &[u8],
    rng: &mut R,
) -> Result<String, Error> {
    let mut mac_key = Zeroizing::new([0; 32]);
    rng.fill_bytes(mac_key.as_mut_slice());
    let mut sealer = Sealer { key, key_name, mac_key, rng };
    write_with(credentials, &mut sealer, Some(key)).map(|xml| xml.as_str().into())
}

/// How values are written.
trait Values {
    /// What stands before the packages.
    fn header(&mut self, xml: &mut Xml) -> Result<(), Error>;

    /// A secret.
    fn value(&mut self, value: &[u8], xml: &mut Xml) -> Result<(), Error>;
}

fn write_with(
    credentials: &[Credential],
    values: &mut dyn Values,
    key: Option<&[u8]>,
) -> Result<Zeroizing<String>, Error> {
    // Reserved at once, so that no copy of a secret stays behind when the text grows.
    let bytes: usize = credentials.iter().map(most_bytes).sum();
    let mut xml = Xml(Zeroizing::new(String::with_capacity(4096 + bytes)));
    xml.raw(format_args!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
    xml.raw(format_args!("<KeyContainer Version=\"1.0\" xmlns=\"{URN}\""));
    values.header(&mut xml)?;
    for credential in credentials {
        package(credential, values, &mut xml)?;
    }
    xml.raw(format_args!("</KeyContainer>\n"));
    verify(credentials, &xml.0, key)?;
    Ok(xml.0)
}

/// What a credential is no longer than, with every character of a name escaped.
fn most_bytes(credential: &Credential) -> usize {
    let names = [Some(credential.account()), credential.serial(), credential.issuer()];
    let names: usize = names.into_iter().flatten().map(str::len).sum();
    let extras: usize = credential.extra().map(|(name, value)| 2 * name.len() + value.len() + 64).sum();
    2048 + 6 * (names + extras) + 2 * credential.secret().expose().len()
}

/// What was written must be read as what it was written from.
fn verify(credentials: &[Credential], xml: &str, key: Option<&[u8]>) -> Result<(), Error> {
    let policy = Policy::app().min_secret_bits(0).mac(if key.is_some() { Mac::Required } else { Mac::IfPresent });
    let unlock = key.map_or(Unlock::none(), |key| Unlock::none().key(key));
    let container = parse(xml.as_bytes(), &policy, &unlock)?;
    let mut keys = container.keys.into_iter();
    for credential in credentials {
        let read = keys.next().ok_or(Error::NotExpressible(Part::Kind))?.record.result?;
        let crate::Entry::Credential(read) = read else { return Err(Error::NotExpressible(Part::Kind)) };
        if let Some(part) = difference(&read, credential) {
            return Err(Error::NotExpressible(part));
        }
    }
    Ok(())
}

/// A text that grows, with what XML must escape.
struct Xml(Zeroizing<String>);

impl Xml {
    fn raw(&mut self, text: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.0.write_fmt(text);
    }

    /// A text in an element or in quotes. XML cannot say most control characters at all.
    fn text(&mut self, text: &str) -> Result<(), Error> {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\t' | '\n' | '\r' => self.raw(format_args!("&#{};", u32::from(character))),
                '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {
                    return Err(Error::NotExpressible(Part::Field("control character")));
                }
                character => self.0.push(character),
            }
        }
        Ok(())
    }

    fn element(&mut self, name: &str, text: &str) -> Result<(), Error> {
        self.raw(format_args!("<{name}>"));
        self.text(text)?;
        self.raw(format_args!("</{name}>"));
        Ok(())
    }

    fn base64(&mut self, bytes: &[u8]) {
        let mut text = Zeroizing::new(Vec::new());
        text.resize(BASE64.encode_len(bytes.len()), 0);
        BASE64.encode_mut(bytes, &mut text);
        self.0.push_str(core::str::from_utf8(&text).unwrap_or_default());
    }
}

/// Values as they are.
struct Plain;

impl Values for Plain {
    fn header(&mut self, xml: &mut Xml) -> Result<(), Error> {
        xml.raw(format_args!(">\n"));
        Ok(())
    }

    fn value(&mut self, value: &[u8], xml: &mut Xml) -> Result<(), Error> {
        xml.raw(format_args!("<PlainValue>"));
        xml.base64(value);
        xml.raw(format_args!("</PlainValue>"));
        Ok(())
    }
}

/// Encrypts, then authenticates what it encrypted.
struct Sealer<'a, R: ?Sized> {
    key: &'a [u8],
    key_name: &'a str,
    mac_key: Zeroizing<[u8; 32]>,
    rng: &'a mut R,
}

impl<R: CryptoRng + ?Sized> Sealer<'_, R> {
    fn encrypted(&mut self, value: &[u8], xml: &mut Xml) -> Result<Vec<u8>, Error> {
        let mut iv = [0; 16];
        self.rng.fill_bytes(&mut iv);
        let sealed = encrypt(self.key, &iv, value).ok_or(Error::NotExpressible(Part::Field("key length")))?;
        let bits = 8 * self.key.len();
        xml.raw(format_args!("<xenc:EncryptionMethod Algorithm=\"{XENC}aes{bits}-cbc\"/>"));
        xml.raw(format_args!("<xenc:CipherData><xenc:CipherValue>"));
        xml.base64(&sealed);
        xml.raw(format_args!("</xenc:CipherValue></xenc:CipherData>"));
        Ok(sealed)
    }
}

impl<R: CryptoRng + ?Sized> Values for Sealer<'_, R> {
    fn header(&mut self, xml: &mut Xml) -> Result<(), Error> {
        let signatures = "http://www.w3.org/2000/09/xmldsig#";
        xml.raw(format_args!(" xmlns:ds=\"{signatures}\" xmlns:xenc=\"{XENC}\">\n<EncryptionKey>"));
        let name = self.key_name;
        xml.element("ds:KeyName", name)?;
        xml.raw(format_args!("</EncryptionKey>\n<MACMethod Algorithm=\"{HMAC_SHA256}\"><MACKey>"));
        let mac_key = self.mac_key.clone();
        self.encrypted(mac_key.as_slice(), xml)?;
        xml.raw(format_args!("</MACKey></MACMethod>\n"));
        Ok(())
    }

    fn value(&mut self, value: &[u8], xml: &mut Xml) -> Result<(), Error> {
        xml.raw(format_args!("<EncryptedValue>"));
        let sealed = self.encrypted(value, xml)?;
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.mac_key.as_slice());
        let mac = mac.map_err(|_| Error::Mac)?.chain_update(&sealed).finalize();
        xml.raw(format_args!("</EncryptedValue><ValueMAC>"));
        xml.base64(&mac.into_bytes());
        xml.raw(format_args!("</ValueMAC>"));
        Ok(())
    }
}

/// What a credential says in the fields of a package.
struct Stated<'a> {
    credential: &'a Credential,
    /// Those that have places of their own, by the names of the fields.
    own: Vec<(&'static str, Zeroizing<String>)>,
}

impl<'a> Stated<'a> {
    fn new(credential: &'a Credential) -> Result<Self, Error> {
        let mut own = Vec::new();
        let mut state = |name, value: &str| own.push((name, Zeroizing::new(value.into())));
        let digits = credential.digits().get().to_string();
        let profile = match credential.kind() {
            Kind::Hotp { .. } => format!("{URN}:hotp"),
            Kind::Totp { .. } => format!("{URN}:totp"),
            Kind::Ocra { .. } => format!("{URN}:ocra"),
            Kind::Static => format!("{URN}:pin"),
            Kind::YubikeyOtp { .. } => YUBIKEY.into(),
            Kind::Other { algorithm } => algorithm.clone().unwrap_or_default(),
            _ => return Err(Error::NotExpressible(Part::Kind)),
        };
        state("algorithm", &profile);
        match credential.kind() {
            Kind::Hotp { counter } => state("counter", &counter.to_string()),
            Kind::Totp { period, drift, .. } => {
                state("time_interval", &period.to_string());
                state("time_drift", &if *drift == 0 { String::new() } else { drift.to_string() });
                if credential.extra().all(|(name, _)| name != "time") {
                    state("time", "0");
                }
            }
            Kind::Ocra { suite, counter } => {
                state("suite", suite);
                state("counter", &counter.to_string());
            }
            _ => {}
        }
        if matches!(credential.kind(), Kind::Hotp { .. } | Kind::Totp { .. } | Kind::Ocra { .. }) {
            state("response_encoding", "DECIMAL");
            state("response_length", &digits);
        }
        state("suite", suite(credential));
        state("issuer", credential.issuer().unwrap_or_default());
        state("serial", credential.serial().unwrap_or_default());
        state("user_id", user(credential).as_deref().map_or("", |user| user));
        Ok(Self { credential, own })
    }

    /// The values of a field: what has a place of its own, then the extras of that name.
    fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let own = self.own.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value.as_str());
        let extra = self.credential.extra().filter(move |(known, _)| *known == name).map(|(_, value)| value);
        own.chain(extra).filter(|value| !value.is_empty())
    }
}

/// The hash function of HOTP and TOTP, unless it is the one that everybody assumes.
fn suite(credential: &Credential) -> &'static str {
    let told = credential.extra().any(|(name, _)| name == "suite");
    let usual = told || ![32, 64].contains(&credential.secret().expose().len());
    match (credential.kind(), credential.algorithm()) {
        (Kind::Hotp { .. } | Kind::Totp { .. }, HashAlgorithm::Sha256) => "HMAC-SHA256",
        (Kind::Hotp { .. } | Kind::Totp { .. }, HashAlgorithm::Sha512) => "HMAC-SHA512",
        (Kind::Hotp { .. } | Kind::Totp { .. }, HashAlgorithm::Sha1) if !usual => "HMAC-SHA1",
        _ => "",
    }
}

fn package(credential: &Credential, values: &mut dyn Values, xml: &mut Xml) -> Result<(), Error> {
    let stated = Stated::new(credential)?;
    xml.raw(format_args!("<KeyPackage>"));
    for section in ["DeviceInfo", "CryptoModuleInfo"] {
        self::section(section, &stated, xml)?;
    }
    xml.raw(format_args!("<Key"));
    for slot in SLOTS.iter().filter(|slot| slot.section == "Key" && slot.element.is_empty()) {
        attributes(slot, &stated, xml)?;
    }
    xml.raw(format_args!(">"));
    key_elements(&["issuer"], &stated, xml)?;
    section("AlgorithmParameters", &stated, xml)?;
    key_elements(&["key_profile_id", "key_reference", "friendly_name"], &stated, xml)?;
    xml.raw(format_args!("<Data><Secret>"));
    values.value(credential.secret().expose(), xml)?;
    xml.raw(format_args!("</Secret>"));
    for (element, _, name) in NUMBERS {
        if let Some(value) = stated.values(name).next() {
            xml.raw(format_args!("<{element}>"));
            xml.element("PlainValue", value)?;
            xml.raw(format_args!("</{element}>"));
        }
    }
    xml.raw(format_args!("</Data>"));
    key_elements(&["user_id"], &stated, xml)?;
    section("Policy", &stated, xml)?;
    xml.raw(format_args!("</Key></KeyPackage>\n"));
    Ok(())
}

/// An element with all of its fields, if there is any.
fn section(name: &str, stated: &Stated<'_>, xml: &mut Xml) -> Result<(), Error> {
    let slots = || SLOTS.iter().filter(|slot| slot.section == name);
    if !slots().any(|slot| stated.values(slot.name).next().is_some()) {
        return Ok(());
    }
    xml.raw(format_args!("<{name}>"));
    let mut last = "";
    for slot in slots() {
        if slot.attribute.is_empty() {
            stated.values(slot.name).try_for_each(|value| xml.element(slot.element, value))?;
        } else if slot.element != last {
            // All attributes of the element at once.
            last = slot.element;
            element_of_attributes(name, slot.element, stated, xml)?;
        }
    }
    xml.raw(format_args!("</{name}>"));
    Ok(())
}

fn element_of_attributes(section: &str, element: &str, stated: &Stated<'_>, xml: &mut Xml) -> Result<(), Error> {
    let slots = || SLOTS.iter().filter(|slot| slot.section == section && slot.element == element);
    if !slots().any(|slot| stated.values(slot.name).next().is_some()) {
        return Ok(());
    }
    xml.raw(format_args!("<{element}"));
    slots().try_for_each(|slot| attributes(slot, stated, xml))?;
    xml.raw(format_args!("/>"));
    Ok(())
}

fn attributes(slot: &Slot, stated: &Stated<'_>, xml: &mut Xml) -> Result<(), Error> {
    let Some(value) = stated.values(slot.name).next() else { return Ok(()) };
    xml.raw(format_args!(" {}=\"", slot.attribute));
    xml.text(value)?;
    xml.raw(format_args!("\""));
    Ok(())
}

fn key_elements(names: &[&str], stated: &Stated<'_>, xml: &mut Xml) -> Result<(), Error> {
    for slot in SLOTS.iter().filter(|slot| slot.section == "Key" && names.contains(&slot.name)) {
        stated.values(slot.name).try_for_each(|value| xml.element(slot.element, value))?;
    }
    Ok(())
}
