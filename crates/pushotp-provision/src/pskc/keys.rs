use alloc::vec::Vec;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit};
use roxmltree::Node;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::cipher::Cipher;
use crate::{
    Error, KdfUnit, Mac, Part, Policy, Unlock, Warning, Warnings,
    notes::number,
    xml::{child, content},
};

/// Characters of a value in base64; a secret has at most 1024 bytes, and white space may stand between.
const BASE64_CHARACTERS: usize = 8192;
/// Below so many iterations a passphrase is quickly guessed: what NIST SP 800-63B-3 asks for at least.
const FEW_ITERATIONS: u64 = 10_000;

/// A hash function of HMAC.
#[derive(Clone, Copy)]
enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// `…#hmac-sha256`, `HMAC-SHA1`.
    fn parse(uri: &str, part: Part) -> Result<Self, Error> {
        const NAMES: [(&str, Hash); 5] = [
            ("hmac-sha1", Hash::Sha1),
            ("hmac-sha224", Hash::Sha224),
            ("hmac-sha256", Hash::Sha256),
            ("hmac-sha384", Hash::Sha384),
            ("hmac-sha512", Hash::Sha512),
        ];
        let name = uri.rsplit_once('#').map_or(uri, |(_, name)| name);
        let found = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, hash)| *hash).ok_or(Error::Unsupported(part))
    }

    /// In constant time.
    fn verify(self, key: &[u8], value: &[u8], mac: &[u8]) -> Result<(), Error> {
        fn with<M: hmac::Mac + KeyInit>(key: &[u8], value: &[u8], mac: &[u8]) -> Result<(), Error> {
            let keyed = <M as KeyInit>::new_from_slice(key).map_err(|_| Error::Mac)?;
            keyed.chain_update(value).verify_slice(mac).map_err(|_| Error::Mac)
        }
        match self {
            Self::Sha1 => with::<Hmac<Sha1>>(key, value, mac),
            Self::Sha224 => with::<Hmac<Sha224>>(key, value, mac),
            Self::Sha256 => with::<Hmac<Sha256>>(key, value, mac),
            Self::Sha384 => with::<Hmac<Sha384>>(key, value, mac),
            Self::Sha512 => with::<Hmac<Sha512>>(key, value, mac),
        }
    }

    fn pbkdf2(self, password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) -> Result<(), Error> {
        match self {
            Self::Sha1 => pbkdf2::pbkdf2::<Hmac<Sha1>>(password, salt, iterations, key),
            Self::Sha224 => pbkdf2::pbkdf2::<Hmac<Sha224>>(password, salt, iterations, key),
            Self::Sha256 => pbkdf2::pbkdf2::<Hmac<Sha256>>(password, salt, iterations, key),
            Self::Sha384 => pbkdf2::pbkdf2::<Hmac<Sha384>>(password, salt, iterations, key),
            Self::Sha512 => pbkdf2::pbkdf2::<Hmac<Sha512>>(password, salt, iterations, key),
        }
        .map_err(|_| Error::Decrypt)
    }
}

/// The key of a MAC and its hash function.
type MacKey = (Hash, Zeroizing<Vec<u8>>);

/// What opens the values of a container, as far as it could be had.
pub(super) struct Keys {
    /// The encryption of values that name none of their own, in drafts.
    global: Option<Cipher>,
    iv: Option<Zeroizing<Vec<u8>>>,
    encryption: Result<Zeroizing<Vec<u8>>, Error>,
    /// The hash and the key of the MAC, if the container declares one.
    mac: Option<Result<MacKey, Error>>,
    policy: Mac,
}

impl Keys {
    /// # Errors
    /// A key derivation that is too expensive, for the caller to decide; the rest concerns single values.
    pub(super) fn new(
        root: Node<'_, '_>,
        policy: &Policy,
        unlock: &Unlock<'_>,
        warnings: &mut Warnings,
    ) -> Result<Self, Error> {
        let method = child(root, "EncryptionMethod").map(|node| (node, algorithm(node).unwrap_or_default()));
        let method = method.filter(|(_, uri)| *uri != "NONE");
        let iv = method.and_then(|(node, _)| child(node, "IV")).map(|node| base64(&content(node))).transpose()?;
        let mut keys = Self { global: None, iv, encryption: Err(Error::Locked), mac: None, policy: policy.mac };
        keys.iv = keys.iv.filter(|iv| !iv.is_empty());
        keys.encryption = match method.map(|(node, uri)| (node, Cipher::parse(uri))) {
            Some((_, Err(error))) => Err(error),
            Some((node, Ok(cipher))) => {
                keys.global = Some(cipher);
                encryption_key(root, Some((node, cipher)), policy, unlock, warnings)
            }
            None => encryption_key(root, None, policy, unlock, warnings),
        };
        if let Err(error @ Error::KdfTooExpensive { .. }) = keys.encryption {
            return Err(error);
        }
        keys.mac = declared_mac(root).map(|(uri, node)| {
            let hash = Hash::parse(&uri, Part::Field("MACMethod"))?;
            let key = match child(node, "MACKey") {
                // Not under a MAC itself: a changed key makes each MAC wrong.
                Some(key) => keys.decrypt(key)?,
                // Drafts had no key of its own.
                None => keys.encryption.clone()?,
            };
            Ok((hash, key))
        });
        Ok(keys)
    }

    /// An encrypted value with the MAC that stands beside it; `warnings` are those of its token.
    pub(super) fn open(
        &self,
        value: Node<'_, '_>,
        mac: Option<Node<'_, '_>>,
        warnings: &mut Warnings,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (cipher, bytes) = self.cipher_value(value)?;
        let Some(mac) = mac else {
            if !cipher.authenticates() {
                if self.mac.is_some() || self.policy == Mac::Required {
                    return Err(Error::MacMissing);
                }
                warnings.add(Warning::MacMissing);
            }
            return self.decrypt_bytes(cipher, &bytes);
        };
        // The error of the encryption key comes first: it is what the caller can mend.
        self.encryption.as_ref().map_err(|error| *error)?;
        let (hash, key) = match &self.mac {
            Some(Ok(mac)) => mac,
            Some(Err(error)) => return Err(*error),
            None => return Err(Error::Missing(Part::Field("MACMethod"))),
        };
        let mac = base64(&content(mac))?;
        if self.policy == Mac::OverPlaintext {
            let plain = self.decrypt_bytes(cipher, &bytes)?;
            return hash.verify(key, &plain, &mac).map(|()| plain);
        }
        hash.verify(key, &bytes, &mac)?;
        self.decrypt_bytes(cipher, &bytes)
    }

    /// Whether values without a mark of their own are encrypted, as in drafts.
    pub(super) fn encrypts_all(&self) -> bool {
        self.global.is_some()
    }

    fn decrypt(&self, value: Node<'_, '_>) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (cipher, bytes) = self.cipher_value(value)?;
        self.decrypt_bytes(cipher, &bytes)
    }

    fn decrypt_bytes(&self, cipher: Cipher, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let key = self.encryption.as_ref().map_err(|error| *error)?;
        cipher.decrypt(key, self.iv.as_ref().filter(|_| self.global.is_some()).map(|iv| iv.as_slice()), bytes)
    }

    /// The cipher and the ciphertext of a value: of RFC 6030, or the bare text of drafts.
    fn cipher_value(&self, value: Node<'_, '_>) -> Result<(Cipher, Zeroizing<Vec<u8>>), Error> {
        const MISSING: Error = Error::Missing(Part::Field("CipherValue"));
        let Some(data) = child(value, "CipherData") else {
            let cipher = self.global.ok_or(MISSING)?;
            return Ok((cipher, base64(&content(value))?));
        };
        let uri = child(value, "EncryptionMethod").and_then(algorithm).unwrap_or_default();
        let cipher =
            if uri.is_empty() { self.global.map_or_else(|| Cipher::parse(uri), Ok)? } else { Cipher::parse(uri)? };
        Ok((cipher, base64(&content(child(data, "CipherValue").ok_or(MISSING)?))?))
    }
}

/// An attribute that drafts write in lower case.
pub(super) fn algorithm<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    node.attribute("Algorithm").or_else(|| node.attribute("algorithm")).map(str::trim_ascii)
}

/// The algorithm of the MAC and the element that says it: of RFC 6030, or one of two drafts.
pub(super) fn declared_mac<'a, 'i: 'a>(root: Node<'a, 'i>) -> Option<(alloc::borrow::Cow<'a, str>, Node<'a, 'i>)> {
    let method = child(root, "MACMethod").or_else(|| child(root, "DigestMethod"));
    if let Some(method) = method {
        return Some((algorithm(method).unwrap_or_default().into(), method));
    }
    child(root, "MACAlgorithm").map(|node| (content(node), node))
}

/// White space may stand anywhere.
pub(super) fn base64(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    if text.len() > BASE64_CHARACTERS {
        return Err(Error::SecretTooLong);
    }
    let dense = Zeroizing::new(text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<u8>>());
    BASE64.decode(&dense).map(Zeroizing::new).map_err(|_| Error::Base64)
}

/// The key that the caller has, or the one that is derived from the passphrase as the container says.
fn encryption_key(
    root: Node<'_, '_>,
    method: Option<(Node<'_, '_>, Cipher)>,
    policy: &Policy,
    unlock: &Unlock<'_>,
    warnings: &mut Warnings,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    if let Some((node, cipher)) = method.filter(|(node, _)| child(*node, "PBESalt").is_some()) {
        let (salt, iterations) = (child(node, "PBESalt"), child(node, "PBEIterationCount"));
        let length = if cipher == Cipher::TripleDesCbc { 16 } else { cipher.key_bytes() };
        let parameters = Parameters::new(salt, iterations, length, Hash::Sha1)?;
        return parameters.derive(policy, unlock, warnings);
    }
    let derived = child(root, "EncryptionKey").and_then(|node| child(node, "DerivedKey"));
    match derived {
        Some(derived) => Parameters::parse(root, derived)?.derive(policy, unlock, warnings),
        None => unlock.key.map(|key| Zeroizing::new(key.to_vec())).ok_or(Error::Locked),
    }
}

/// Parameters of PBKDF2.
struct Parameters {
    salt: Zeroizing<Vec<u8>>,
    iterations: u64,
    length: usize,
    prf: Hash,
}

impl Parameters {
    fn new(
        salt: Option<Node<'_, '_>>,
        iterations: Option<Node<'_, '_>>,
        length: usize,
        prf: Hash,
    ) -> Result<Self, Error> {
        let salt = base64(&content(salt.ok_or(Error::Missing(Part::Field("Salt")))?))?;
        let iterations = content(iterations.ok_or(Error::Missing(Part::Field("IterationCount")))?);
        let iterations = number(&iterations).ok_or(Error::Invalid(Part::Field("IterationCount")))?;
        Ok(Self { salt, iterations, length, prf })
    }

    /// Those of `xenc11:DerivedKey`; the elements are in one of three namespaces or in none.
    fn parse(root: Node<'_, '_>, derived: Node<'_, '_>) -> Result<Self, Error> {
        const MISSING: Error = Error::Missing(Part::Field("PBKDF2-params"));
        let method = child(derived, "KeyDerivationMethod").ok_or(MISSING)?;
        if !algorithm(method).is_some_and(|uri| uri.ends_with("#pbkdf2")) {
            return Err(Error::Unsupported(Part::Field("KeyDerivationMethod")));
        }
        let params = child(method, "PBKDF2-params").ok_or(MISSING)?;
        let salt = child(params, "Salt").and_then(|salt| child(salt, "Specified"));
        let length = match child(params, "KeyLength").map(content) {
            Some(length) => number(&length).and_then(|length| usize::try_from(length).ok()).unwrap_or_default(),
            None => needed_key(root)?.key_bytes(),
        };
        if ![16, 24, 32].contains(&length) {
            return Err(Error::Invalid(Part::Field("KeyLength")));
        }
        let prf = match child(params, "PRF").and_then(algorithm) {
            Some(uri) => Hash::parse(uri, Part::Field("PRF"))?,
            None => Hash::Sha1,
        };
        Self::new(salt, child(params, "IterationCount"), length, prf)
    }

    fn derive(
        &self,
        policy: &Policy,
        unlock: &Unlock<'_>,
        warnings: &mut Warnings,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let too_expensive = Error::KdfTooExpensive { needed: self.iterations, unit: KdfUnit::Iterations };
        if self.iterations > policy.kdf.pbkdf2_iterations {
            return Err(too_expensive);
        }
        let iterations = u32::try_from(self.iterations).map_err(|_| too_expensive)?;
        if iterations == 0 {
            return Err(Error::Invalid(Part::Field("IterationCount")));
        }
        if self.iterations < FEW_ITERATIONS {
            warnings.add(Warning::WeakKdf);
        }
        let password = unlock.password.ok_or(Error::Locked)?;
        let mut key = Zeroizing::new(Vec::new());
        key.resize(self.length, 0);
        self.prf.pbkdf2(password.as_bytes(), &self.salt, iterations, &mut key)?;
        Ok(key)
    }
}

/// The encryption of the first value, for a key whose length is not given.
fn needed_key(root: Node<'_, '_>) -> Result<Cipher, Error> {
    let mut methods = root.descendants().filter(|node| node.tag_name().name() == "EncryptionMethod");
    Cipher::parse(methods.next().and_then(algorithm).unwrap_or_default())
}
