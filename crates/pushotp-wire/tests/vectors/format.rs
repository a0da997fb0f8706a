//! The shape of the files; docs/vectors/README.md says what the keys mean.

use pushotp_wire::{Class, Error};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A byte string, in lower-case hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hex(pub(crate) Vec<u8>);

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl<T: AsRef<[u8]>> From<T> for Hex {
    fn from(bytes: T) -> Self {
        Self(bytes.as_ref().to_vec())
    }
}

impl Hex {
    pub(crate) fn array<const N: usize>(&self) -> [u8; N] {
        self.0.as_slice().try_into().unwrap()
    }
}

impl Serialize for Hex {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        pairs
            .map(|pair| u8::from_str_radix(pair, 16))
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

/// A file: what its cases have in common, and the cases.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File<K, C> {
    pub(crate) source: String,
    pub(crate) notes: String,
    pub(crate) kind: String,
    pub(crate) keys: K,
    pub(crate) cases: Vec<C>,
}

/// Both ends of one channel.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    pub(crate) now: u64,
    pub(crate) tenant: Hex,
    pub(crate) did: Hex,
    pub(crate) epoch: u32,
    pub(crate) s2d_key: Hex,
    pub(crate) s2d_kid: Hex,
    pub(crate) d2s_psk: Hex,
    pub(crate) d2s_kid: Hex,
    pub(crate) server_private: Hex,
    pub(crate) server_public: Hex,
    pub(crate) signing_key: Hex,
    pub(crate) verifying_key: Hex,
    pub(crate) secrets: Vec<TokenSecret>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenSecret {
    pub(crate) tid: Hex,
    pub(crate) secret: Hex,
}

/// A message that is right.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the key in the file")]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) comment: String,
    pub(crate) typ: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    pub(crate) rng_seed: Hex,
    pub(crate) fields: String,
    pub(crate) payload: Hex,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ch: Option<Hex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signed: Option<Hex>,
    pub(crate) message: Hex,
    pub(crate) rh: Hex,
}

/// What an enrolment begins with, apart from the offer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enroller {
    pub(crate) now: u64,
    pub(crate) server_private: Hex,
    pub(crate) signing_key: Hex,
}

/// An enrolment that is under way: the offer, and the request that its device sent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolmentKeys {
    pub(crate) now: u64,
    pub(crate) server_private: Hex,
    pub(crate) signing_key: Hex,
    pub(crate) offer: Hex,
    pub(crate) request: Hex,
}

/// A whole enrolment.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrolment {
    pub(crate) id: String,
    pub(crate) comment: String,
    pub(crate) offer: Hex,
    pub(crate) uri: String,
    pub(crate) rng_seed: Hex,
    pub(crate) request_fields: String,
    pub(crate) request_payload: Hex,
    pub(crate) request_signed: Hex,
    pub(crate) request: Hex,
    pub(crate) rh: Hex,
    pub(crate) exports: Exports,
    pub(crate) confirmation: String,
    pub(crate) response_rng_seed: Hex,
    pub(crate) response_fields: String,
    pub(crate) response_payload: Hex,
    pub(crate) response: Hex,
}

/// What the exporter yields, by label.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exports {
    #[serde(rename = "s2d key")]
    pub(crate) s2d_key: Hex,
    #[serde(rename = "d2s psk")]
    pub(crate) d2s_psk: Hex,
    #[serde(rename = "s2d kid")]
    pub(crate) s2d_kid: Hex,
    #[serde(rename = "d2s kid")]
    pub(crate) d2s_kid: Hex,
    pub(crate) bind: Hex,
    pub(crate) confirm: Hex,
    pub(crate) token: Vec<TokenSecret>,
}

/// A whole rotation of a token's secret.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    pub(crate) id: String,
    pub(crate) comment: String,
    pub(crate) tid: Hex,
    pub(crate) generation: u32,
    pub(crate) secret: Hex,
    pub(crate) rng_seed: Hex,
    pub(crate) hash: Hex,
    pub(crate) code: String,
    pub(crate) request_fields: String,
    pub(crate) request_payload: Hex,
    pub(crate) request_signed: Hex,
    pub(crate) request: Hex,
    pub(crate) rh: Hex,
    pub(crate) ticket_rng_seed: Hex,
    pub(crate) nonce: Hex,
    pub(crate) ticket_fields: String,
    pub(crate) ticket_payload: Hex,
    pub(crate) ticket: Hex,
    pub(crate) next_secret: Hex,
    pub(crate) confirm_rng_seed: Hex,
    pub(crate) confirm_hash: Hex,
    pub(crate) confirm_code: String,
    pub(crate) confirm_fields: String,
    pub(crate) confirm_payload: Hex,
    pub(crate) confirm_signed: Hex,
    pub(crate) confirm: Hex,
}

/// What the refused tickets are not the reply to.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotationKeys {
    pub(crate) channel: Keys,
    pub(crate) rotation: Rotation,
}

/// A passcode bound to a challenge.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passcode {
    pub(crate) id: String,
    pub(crate) comment: String,
    pub(crate) secret: Hex,
    pub(crate) ch: Hex,
    pub(crate) code: String,
}

/// A message with one defect, or with something that looks like one.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    pub(crate) id: String,
    pub(crate) to: To,
    pub(crate) message: Hex,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) class: Option<String>,
    pub(crate) outside: Outside,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u8>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) incident: bool,
}

/// What happens to one request, in turn, and what is said to the last of it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sequence {
    pub(crate) id: String,
    pub(crate) events: Vec<Happening>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) left: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) collected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) class: Option<String>,
    pub(crate) state: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Happening {
    pub(crate) event: String,
    pub(crate) bytes: u8,
    pub(crate) after_exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wrong: Option<String>,
}

/// Who reads a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum To {
    Device,
    Server,
    EnrollingServer,
    EnrollingDevice,
    RotatingDevice,
}

/// What is seen of it from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outside {
    Accepted,
    Nothing,
    Reject,
    Result,
}

impl Refusal {
    fn new(id: &str, to: To, message: Vec<u8>, error: Option<Error>, outside: Outside) -> Self {
        let (name, field) = error.map(words).unzip();
        let class = error.map(|error| class(error.class()));
        let (id, message) = (id.into(), message.into());
        Self { id, to, message, error: name, field: field.flatten(), class, outside, status: None, incident: false }
    }

    pub(crate) fn accepted(id: &str, to: To, message: Vec<u8>) -> Self {
        Self::new(id, to, message, None, Outside::Accepted)
    }

    /// Dropped by a device, without a word.
    pub(crate) fn dropped(id: &str, message: Vec<u8>, error: Error) -> Self {
        Self::new(id, To::Device, message, Some(error), Outside::Nothing)
    }

    /// Refused by the server before it is known who sent it.
    pub(crate) fn rejected(id: &str, message: Vec<u8>, error: Error) -> Self {
        Self::new(id, To::Server, message, Some(error), Outside::Reject)
    }

    /// The same, from somebody who has the keys to seal it.
    pub(crate) fn incident(id: &str, message: Vec<u8>, error: Error) -> Self {
        Self { incident: true, ..Self::rejected(id, message, error) }
    }

    /// Refused by the server with a sealed result: the device did sign it.
    pub(crate) fn answered(id: &str, message: Vec<u8>, error: Error) -> Self {
        Self { status: Some(1), ..Self::new(id, To::Server, message, Some(error), Outside::Result) }
    }

    /// The same case, for another reader.
    pub(crate) fn to(self, to: To) -> Self {
        Self { to, ..self }
    }
}

/// The name of an error, and of the field that it is about.
pub(crate) fn words(error: Error) -> (String, Option<String>) {
    let text = format!("{error:?}");
    match text.trim_end_matches(')').split_once('(') {
        Some((name, field)) => (name.into(), Some(field.trim_matches('"').into())),
        None => (text, None),
    }
}

pub(crate) fn class(class: Class) -> String {
    format!("{class:?}").to_lowercase()
}

/// Generators of the cases are seeded with the hash of the case's name.
pub(crate) fn seed(id: &str) -> [u8; 32] {
    Sha256::digest(id).into()
}

pub(crate) fn rng(seed: [u8; 32]) -> ChaCha20Rng {
    ChaCha20Rng::from_seed(seed)
}
