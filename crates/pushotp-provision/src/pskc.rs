//! PSKC, the key containers of RFC 6030, in which vendors of hardware tokens deliver seeds.
//!
//! Read: plain values; AES-CBC, 3DES-CBC and AES key wrap under a key that both sides have or one derived from a
//! passphrase with PBKDF2; the drafts that old files follow. The MAC of a value is verified before it is decrypted.
//! Not read, with an error that says so: Camellia, and keys that are encrypted for a certificate. A signature is not
//! verified, and that is said. Written: plain, and AES-CBC with HMAC-SHA-256.

mod cipher;
mod fields;
mod key;
mod keys;
mod write;

use alloc::{string::String, vec::Vec};
use core::fmt;

use roxmltree::Node;
use zeroize::Zeroize;

pub use write::{write, write_encrypted};

use crate::{
    Entry, Error, Format, Part, Place, Policy, Record, Records, Unlock, Warning, Warnings,
    bulk::mark_duplicates,
    pskc::{
        fields::{Fields, attribute},
        keys::{Keys, algorithm, declared_mac},
    },
    xml::{self, Lines, child, content},
};

/// A container as it describes itself, and its keys.
///
/// ```
/// use pushotp_provision::{Policy, Unlock, pskc};
///
/// let xml = br#"<KeyContainer Version="1.0" Id="C1" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage>
///     <Key Id="K1" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp"><KeyReference>Master</KeyReference></Key>
///     </KeyPackage></KeyContainer>"#;
/// let container = pskc::parse(xml, &Policy::app(), &Unlock::none())?;
/// assert_eq!((container.id.as_deref(), container.signed, container.keys.len()), (Some("C1"), false, 1));
/// // There is no secret in it: the two sides derive it from a master key. What is known can still be had.
/// let key = &container.keys[0];
/// assert!(key.record.result.is_err());
/// assert_eq!((key.field("key_id"), key.field("key_reference")), (Some("K1"), Some("Master")));
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct KeyContainer {
    /// The version in the file: `1.0`, or a draft's.
    pub version: Option<String>,
    /// The container's name.
    pub id: Option<String>,
    /// The algorithm of the first encrypted value.
    pub encryption_algorithm: Option<String>,
    /// Which key was used, in words.
    pub encryption_key_name: Option<String>,
    /// The algorithm of the MAC.
    pub mac_algorithm: Option<String>,
    /// Whether there is a signature, which was not verified.
    pub signed: bool,
    /// The keys, in the order of the file; also those that were refused.
    pub keys: Vec<Key>,
    /// What was unusual about the whole.
    pub warnings: Warnings,
}

/// A key of a container: the token, and all that the file says about it.
///
/// ```
/// use pushotp_provision::{Policy, Unlock, pskc};
///
/// let xml = br#"<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage>
///     <Key Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:pin"><Data><Secret><PlainValue>MTIzNA==</PlainValue>
///     </Secret></Data><Policy><KeyUsage>CR</KeyUsage><KeyUsage>OTP</KeyUsage></Policy></Key>
///     </KeyPackage></KeyContainer>"#;
/// let container = pskc::parse(xml, &Policy::app(), &Unlock::none())?;
/// let key = &container.keys[0];
/// assert!(key.fields().filter(|(name, _)| *name == "key_usage").map(|(_, usage)| usage).eq(["CR", "OTP"]));
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[non_exhaustive]
pub struct Key {
    /// The token, or why it is none.
    pub record: Record,
    fields: Fields,
}

/// Names only: in some files the name of a user contains a secret.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.fields().map(|(name, _)| name).collect();
        f.debug_struct("Key").field("record", &self.record).field("fields", &names).finish()
    }
}

impl Key {
    /// The first field of a name.
    ///
    /// The names are those of RFC 6030 in lower case with underscores: `manufacturer`, `serial`, `model`, `issue_no`,
    /// `key_id`, `algorithm`, `suite`, `response_length`, `counter`, `time_interval`, `start_date`, `pin_key_id` and so on.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, Unlock, pskc};
    /// # let xml = br#"<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage>
    /// #     <Key Id="K1"/></KeyPackage></KeyContainer>"#;
    /// let container = pskc::parse(xml, &Policy::app(), &Unlock::none())?;
    /// assert_eq!((container.keys[0].field("key_id"), container.keys[0].field("counter")), (Some("K1"), None));
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name)
    }

    /// All fields, in the order of the schema.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, Unlock, pskc};
    /// # let xml = br#"<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage>
    /// #     <Key Id="K1"><Issuer>Acme</Issuer></Key></KeyPackage></KeyContainer>"#;
    /// let container = pskc::parse(xml, &Policy::app(), &Unlock::none())?;
    /// assert!(container.keys[0].fields().eq([("key_id", "K1"), ("issuer", "Acme")]));
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// Reads a container. Only what concerns all keys is an error; each key has its own result.
///
/// # Errors
/// Text that is no XML, has a DOCTYPE or is too long; another version; a key derivation that is too expensive; a signature
/// where the policy rejects signed files.
///
/// ```
/// use pushotp_provision::{Kind, Policy, Unlock, pskc};
///
/// let xml = br#"<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage>
///     <DeviceInfo><SerialNo>987654321</SerialNo></DeviceInfo>
///     <Key Id="12345678" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp">
///         <AlgorithmParameters><ResponseFormat Length="8" Encoding="DECIMAL"/></AlgorithmParameters>
///         <Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>
///             <Counter><PlainValue>0</PlainValue></Counter></Data>
///     </Key></KeyPackage></KeyContainer>"#;
/// let container = pskc::parse(xml, &Policy::server(), &Unlock::none())?;
/// for credential in container.credentials() {
///     assert_eq!((credential.serial(), credential.digits().get()), (Some("987654321"), 8));
///     assert_eq!(credential.kind(), &Kind::Hotp { counter: 0 });
/// }
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
pub fn parse(input: &[u8], policy: &Policy, unlock: &Unlock<'_>) -> Result<KeyContainer, Error> {
    if input.len() > policy.limits.file {
        return Err(Error::TooLong);
    }
    let document = xml::parse(input, &policy.limits)?;
    let root = document.root_element();
    let mut container = container(root, policy)?;
    let keys = Keys::new(root, policy, unlock, &mut container.warnings)?;
    let mut lines = Lines::new(&document);
    for package in key::packages(root) {
        for node in key::keys(package) {
            if container.keys.len() == policy.limits.records {
                return Err(Error::TooMany);
            }
            container.keys.push(read_key((package, node), &keys, policy, &mut lines));
        }
    }
    mark_duplicates(container.keys.iter_mut().map(|key| &mut key.record));
    Ok(container)
}

/// Reads a container as one of many formats: one of which no key opens without a key or a passphrase is locked as a
/// whole, as with them.
pub(crate) fn read(input: &[u8], policy: &Policy, unlock: &Unlock<'_>) -> Result<Records, Error> {
    let container = parse(input, policy, unlock)?;
    let mut records = Records::new(Format::Pskc, container.keys.into_iter().map(|key| key.record).collect());
    records.warnings = container.warnings;
    if records.records.is_empty() {
        return Err(Error::Empty);
    }
    let locked = records.records.iter().all(|record| matches!(record.result, Err(Error::Locked)));
    if locked { Err(Error::Locked) } else { Ok(records) }
}

impl KeyContainer {
    /// The tokens that were read, without what was tolerated.
    ///
    /// ```
    /// # use pushotp_provision::{Policy, Unlock, pskc};
    /// let xml = br#"<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"/>"#;
    /// assert_eq!(pskc::parse(xml, &Policy::app(), &Unlock::none())?.credentials().count(), 0);
    /// # Ok::<(), pushotp_provision::Error>(())
    /// ```
    pub fn credentials(&self) -> impl Iterator<Item = &crate::Credential> {
        self.keys.iter().filter_map(|key| key.record.credential())
    }
}

/// What the container says of itself.
fn container(root: Node<'_, '_>, policy: &Policy) -> Result<KeyContainer, Error> {
    const DRAFTS: [Option<&str>; 4] = [None, Some("1"), Some("1.1"), Some("1.2")];
    if !matches!(root.tag_name().name(), "KeyContainer" | "SecretContainer") {
        return Err(Error::Missing(Part::Field("KeyContainer")));
    }
    let version = attribute(root, "Version");
    let draft = root.tag_name().namespace() != Some(key::URN);
    if version != Some("1.0") && version != Some("1") && !(draft && DRAFTS.contains(&version)) {
        return Err(Error::Version);
    }
    let (signed, mut warnings) = (key::is_signed(root), Warnings::default());
    if signed && policy.reject_signed {
        return Err(Error::Unsupported(Part::Field("Signature")));
    }
    if signed {
        warnings.add(Warning::SignatureNotVerified);
    }
    let mut methods = root.descendants().filter(|node| node.tag_name().name() == "EncryptionMethod");
    let name = child(root, "EncryptionKey").and_then(|key| {
        let derived = child(key, "DerivedKey").and_then(|derived| child(derived, "MasterKeyName"));
        derived.or_else(|| child(key, "KeyName"))
    });
    let bounded = |text: &str| text.chars().take(policy.limits.name).collect::<String>();
    Ok(KeyContainer {
        version: version.map(bounded),
        id: attribute(root, "Id").map(bounded),
        encryption_algorithm: methods.next().and_then(algorithm).filter(|uri| *uri != "NONE").map(bounded),
        encryption_key_name: name.map(|name| bounded(&content(name))),
        mac_algorithm: declared_mac(root).map(|(uri, _)| bounded(&uri)),
        signed,
        keys: Vec::new(),
        warnings,
    })
}

fn read_key((package, node): (Node<'_, '_>, Node<'_, '_>), keys: &Keys, policy: &Policy, lines: &mut Lines<'_>) -> Key {
    let (mut fields, result, warnings) = key::read(package, node, keys, policy);
    if result.as_ref().is_ok_and(|credential| credential.private_id().is_some()) {
        // The user's name is the private identity, which the credential keeps and erases.
        fields.take("user_id").zeroize();
    }
    let place = Place::Line(lines.of(node));
    Key { record: Record { place, result: result.map(Entry::from), warnings }, fields }
}
