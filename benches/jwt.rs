//! The same content as JSON under HS256, in JWS compact serialization (RFC 7515, RFC 7519), as one would write it with
//! care: one algorithm, no unknown field, the tag compared in constant time, the life of a challenge checked.
//!
//! With the HMAC and the base64url that the library has too, so that the formats are compared and not the hash crates.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use pushotp_types::UnixTime;
use pushotp_wire::message::{Approve, Challenge};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use sha2::Sha256;

/// Of the channel: both sides have it.
pub(crate) const KEY: &[u8; 32] = &[7; 32];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: Bytes<8>,
}

/// A challenge, as what stands in it is called in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChallengeClaims {
    v: u8,
    cid: Bytes<16>,
    tids: Vec<Bytes<16>>,
    iat: u64,
    exp: u64,
    nonce: Bytes<32>,
    pol: u8,
    num: Number,
    otp: Otp,
    ctx: Context,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    mode: u8,
    digits: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Otp {
    kind: u8,
    digits: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Context {
    app: String,
    user: String,
    ip: Option<String>,
    place: Option<String>,
    client: Option<String>,
}

/// An approval in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveClaims {
    v: u8,
    cid: Bytes<16>,
    ch: Bytes<32>,
    tid: Bytes<16>,
    uv: u8,
    num: String,
    code: String,
    dts: u64,
    seq: u64,
}

pub(crate) fn challenge(challenge: &Challenge, nonce: [u8; 32]) -> String {
    let context = challenge.context();
    let text = |text: Option<&str>| text.map(str::to_owned);
    let claims = ChallengeClaims {
        v: 1,
        cid: Bytes(*challenge.id().as_bytes()),
        tids: challenge.tokens().iter().map(|id| Bytes(*id.as_bytes())).collect(),
        iat: challenge.issued().as_secs(),
        exp: challenge.expires().as_secs(),
        nonce: Bytes(nonce),
        pol: challenge.policy().bits(),
        num: Number { mode: 1, digits: 6 },
        otp: Otp { kind: 1, digits: 8 },
        ctx: Context {
            app: context.application().to_owned(),
            user: context.user().to_owned(),
            ip: context.ip().map(|ip| ip.to_string()),
            place: text(context.place()),
            client: text(context.client()),
        },
    };
    sign("challenge", &claims)
}

pub(crate) fn read_challenge(token: &str, now: UnixTime) -> ChallengeClaims {
    let claims: ChallengeClaims = verify(token, "challenge");
    assert!((claims.iat..=claims.exp).contains(&now.as_secs()));
    claims
}

pub(crate) fn approve(approve: &Approve) -> String {
    let claims = ApproveClaims {
        v: 1,
        cid: Bytes(*approve.challenge().as_bytes()),
        ch: Bytes(*approve.hash().as_bytes()),
        tid: Bytes(*approve.token().as_bytes()),
        uv: approve.verification().code(),
        num: approve.expose_number().to_owned(),
        code: approve.expose_code().to_owned(),
        dts: approve.sent().at.as_secs(),
        seq: approve.sent().sequence,
    };
    sign("approve", &claims)
}

pub(crate) fn read_approve(token: &str) -> ApproveClaims {
    verify(token, "approve")
}

fn sign(typ: &str, claims: &impl Serialize) -> String {
    let header = Header { alg: "HS256".to_owned(), typ: typ.to_owned(), kid: Bytes([7; 8]) };
    let mut token = BASE64URL_NOPAD.encode(&serde_json::to_vec(&header).unwrap());
    token.push('.');
    BASE64URL_NOPAD.encode_append(&serde_json::to_vec(claims).unwrap(), &mut token);
    let tag = mac(token.as_bytes()).finalize().into_bytes();
    token.push('.');
    BASE64URL_NOPAD.encode_append(&tag, &mut token);
    token
}

fn verify<T: DeserializeOwned>(token: &str, typ: &str) -> T {
    let (signed, tag) = token.rsplit_once('.').unwrap();
    mac(signed.as_bytes()).verify_slice(&BASE64URL_NOPAD.decode(tag.as_bytes()).unwrap()).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let header: Header = serde_json::from_slice(&BASE64URL_NOPAD.decode(header.as_bytes()).unwrap()).unwrap();
    assert!(header.alg == "HS256" && header.typ == typ && header.kid.0 == [7; 8]);
    serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap()).unwrap()
}

fn mac(signed: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(KEY).unwrap().chain_update(signed)
}

/// Bytes, which JSON has only as text.
struct Bytes<const N: usize>([u8; N]);

impl<const N: usize> Serialize for Bytes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Bytes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
        bytes.try_into().map(Self).map_err(|_| serde::de::Error::custom("another length"))
    }
}
