//! Envelope, frame, signature, padding and hashes by hand, and the two ends of one channel under test.

use chacha20poly1305::{
    ChaCha20Poly1305, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use ed25519_dalek::{Signer, SigningKey};
use pushotp_types::{DeviceId, Epoch, TenantId, TokenId, UnixTime};
use pushotp_wire::{
    Error, Frame,
    device::{Device, Incoming},
    frame::{Recipient, Sealing},
    keys::{Binding, ChannelKeys, ServerKey},
    message::FromDevice,
    signer::{DeviceSigner, Ed25519Signer},
};
use sha2::{Digest, Sha256};

use crate::{
    cbor::{array, bytes, map, split, split_bytes, tagged, text, uint},
    hpke::{Bound, Run},
};

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const TENANT: &[u8] = b"example.com";
pub(crate) const DID: [u8; 16] = [1; 16];
pub(crate) const TOKEN: [u8; 16] = [7; 16];
pub(crate) const OTHER_TOKEN: [u8; 16] = [8; 16];
pub(crate) const S2D_KEY: [u8; 32] = [0x11; 32];
pub(crate) const D2S_PSK: [u8; 32] = [0x22; 32];
pub(crate) const S2D_KID: [u8; 8] = [0x33; 8];
pub(crate) const D2S_KID: [u8; 8] = [0x44; 8];
pub(crate) const SERVER: [u8; 32] = [5; 32];
pub(crate) const SIGNING: [u8; 32] = [6; 32];
const IV: [u8; 12] = [9; 12];
const EPHEMERAL: [u8; 32] = [10; 32];

pub(crate) fn at(secs: u64) -> UnixTime {
    UnixTime::from_secs(secs)
}

pub(crate) fn tenant() -> TenantId {
    TenantId::new(TENANT).unwrap()
}

pub(crate) fn token() -> TokenId {
    TokenId::from_bytes(TOKEN)
}

pub(crate) fn binding() -> Binding {
    Binding { tenant: tenant(), device: DeviceId::from_bytes(DID), epoch: Epoch::FIRST }
}

pub(crate) fn keys() -> ChannelKeys {
    let all = [&S2D_KEY[..], &D2S_PSK, &S2D_KID, &D2S_KID].concat();
    ChannelKeys::from_exposed(&all.try_into().unwrap()).unwrap()
}

pub(crate) fn server_key() -> ServerKey {
    ServerKey::from_bytes(&SERVER)
}

/// Our device opens an envelope.
pub(crate) fn device_opens(envelope: &[u8]) -> Result<Incoming, Error> {
    Device::new(binding(), keys(), *server_key().public_key()).open(envelope, at(NOW))
}

/// Our server opens a frame and decodes the message in it.
pub(crate) fn server_opens(frame: &[u8]) -> Result<FromDevice, Error> {
    let verifying_key = Ed25519Signer::from_bytes(&SIGNING).verifying_key();
    let (server_key, binding, keys) = (server_key(), binding(), keys());
    let recipient =
        Recipient { server_key: &server_key, binding: &binding, keys: &keys, verifying_key: &verifying_key };
    Frame::parse(frame)?.open(&recipient)?.decode()
}

/// Our device seals a message.
pub(crate) fn device_seals(message: &FromDevice) -> Vec<u8> {
    use rand_chacha::rand_core::SeedableRng;
    let (server_key, binding, keys, signer) = (server_key(), binding(), keys(), Ed25519Signer::from_bytes(&SIGNING));
    let sealing = Sealing { binding: &binding, keys: &keys, server_key: server_key.public_key(), signer: &signer };
    pushotp_wire::frame::seal(message, &sealing, &mut rand_chacha::ChaCha20Rng::seed_from_u64(1)).unwrap()
}

/// E: the external additional data.
pub(crate) fn external_aad() -> Vec<u8> {
    array(&[text("pushotp"), uint(1), bytes(TENANT)])
}

/// The shortest run of zeros that makes `len` of the whole plaintext a multiple of 64.
fn shortest_pad(whole: impl Fn(Vec<u8>) -> usize) -> Vec<u8> {
    (0..100).map(|len| bytes(vec![0; len])).find(|pad| whole(pad.clone()).is_multiple_of(64)).unwrap()
}

/// A server's payload of these fields, padded.
pub(crate) fn payload(fields: &[Vec<u8>]) -> Vec<u8> {
    let with = |pad: Vec<u8>| array(&[fields, &[pad]].concat());
    with(shortest_pad(|pad| with(pad).len()))
}

/// A device's payload of these fields, padded for the signature around it.
pub(crate) fn signed_payload(fields: &[Vec<u8>]) -> Vec<u8> {
    let with = |pad: Vec<u8>| array(&[fields, &[pad]].concat());
    with(shortest_pad(|pad| sign1_of(&sign_header(0), &with(pad), &[0; 64]).len()))
}

/// `{1: 24, 4: kid, 5: iv, 16: typ}`
pub(crate) fn header(typ: u64) -> Vec<u8> {
    map(&[(uint(1), uint(24)), (uint(4), bytes(S2D_KID)), (uint(5), bytes(IV)), (uint(16), uint(typ))])
}

/// An envelope of any protected header: sealed as it should be, if that header is one.
pub(crate) fn envelope_with(protected: &[u8], plain: &[u8]) -> Vec<u8> {
    tagged(16, array(&[bytes(protected), map(&[]), bytes(encrypt(protected, &external_aad(), plain))]))
}

pub(crate) fn encrypt(protected: &[u8], external_aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let aad = array(&[text("Encrypt0"), bytes(protected), bytes(external_aad)]);
    let cipher = ChaCha20Poly1305::new(&Key::from(S2D_KEY));
    cipher.encrypt(&Nonce::from(IV), Payload { msg: plain, aad: &aad }).unwrap()
}

pub(crate) fn envelope(typ: u64, plain: &[u8]) -> Vec<u8> {
    envelope_with(&header(typ), plain)
}

/// Opens an envelope with a key: its kind and plaintext.
pub(crate) fn open_envelope(sealed: &[u8], key: &[u8], kid: &[u8]) -> (u64, Vec<u8>) {
    assert_eq!(sealed[..2], [0xd0, 0x83]);
    let (protected, rest) = split_bytes(&sealed[2..]);
    assert_eq!(rest[0], 0xa0);
    let (ciphertext, rest) = split_bytes(&rest[1..]);
    assert!(rest.is_empty());
    let typ = split(&protected[29..]).1;
    let iv: [u8; 12] = protected[16..28].try_into().unwrap();
    let entries = [(uint(1), uint(24)), (uint(4), bytes(kid)), (uint(5), bytes(iv)), (uint(16), uint(typ))];
    assert_eq!(protected, map(&entries));
    let aad = array(&[text("Encrypt0"), bytes(protected), bytes(external_aad())]);
    let cipher = ChaCha20Poly1305::new(&Key::try_from(key).unwrap());
    (typ, cipher.decrypt(&Nonce::from(iv), Payload { msg: ciphertext, aad: &aad }).unwrap())
}

/// `{1: -19, 16: typ}`
pub(crate) fn sign_header(typ: u64) -> Vec<u8> {
    map(&[(uint(1), vec![0x32]), (uint(16), [vec![0x19], u16::try_from(typ).unwrap().to_be_bytes().to_vec()].concat())])
}

/// Seven bytes of a protected header stand in where only the length counts.
pub(crate) fn sign1_of(protected: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    tagged(18, array(&[bytes(protected), map(&[]), bytes(payload), bytes(signature)]))
}

pub(crate) fn to_be_signed(context: &str, protected: &[u8], external_aad: &[u8], payload: &[u8]) -> Vec<u8> {
    array(&[text(context), bytes(protected), bytes(external_aad), bytes(payload)])
}

pub(crate) fn sign_with(seed: &[u8; 32], protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let signed = to_be_signed("Signature1", protected, &external_aad(), payload);
    sign1_of(protected, payload, &SigningKey::from_bytes(seed).sign(&signed).to_bytes())
}

pub(crate) fn sign1(typ: u64, payload: &[u8]) -> Vec<u8> {
    sign_with(&SIGNING, &sign_header(typ), payload)
}

/// Checks a signed message: its kind and payload.
pub(crate) fn open_sign1(message: &[u8], public: &[u8]) -> (u64, Vec<u8>) {
    assert_eq!(message[..2], [0xd2, 0x84]);
    let (protected, rest) = split_bytes(&message[2..]);
    let typ = split(&protected[4..]).1;
    assert_eq!(protected, sign_header(typ));
    assert_eq!(rest[0], 0xa0);
    let (payload, rest) = split_bytes(&rest[1..]);
    let (signature, rest) = split_bytes(rest);
    assert!(rest.is_empty());
    let key = ed25519_dalek::VerifyingKey::from_bytes(public.try_into().unwrap()).unwrap();
    let signature = ed25519_dalek::Signature::from_slice(signature).unwrap();
    key.verify_strict(&to_be_signed("Signature1", protected, &external_aad(), payload), &signature).unwrap();
    (typ, payload.to_vec())
}

/// What the frames of the device are bound to.
pub(crate) fn channel() -> Bound {
    let info = array(&[text("pushotp"), uint(1), text("d2s"), bytes(TENANT), bytes(DID), uint(1)]);
    Bound::psk(&D2S_PSK, &D2S_KID, info)
}

pub(crate) fn frame_of(id: &[u8], enc: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    array(&[uint(1), bytes(id), bytes(enc), bytes(ciphertext)])
}

/// A frame of any plaintext, under any binding.
pub(crate) fn frame_with(bound: &Bound, plain: &[u8]) -> Vec<u8> {
    let (enc, run) = bound.sender(server_key().public_key().as_bytes(), &EPHEMERAL);
    frame_of(&D2S_KID, &enc, &run.seal(&external_aad(), plain))
}

pub(crate) fn frame(plain: &[u8]) -> Vec<u8> {
    frame_with(&channel(), plain)
}

/// Opens a frame: the plaintext, and the run for its exporter.
pub(crate) fn open_frame(message: &[u8], id: &[u8], bound: &Bound) -> (Vec<u8>, Run) {
    assert_eq!(message[..2], [0x84, 0x01]);
    let (named, rest) = split_bytes(&message[2..]);
    assert_eq!(named, id);
    let (enc, rest) = split_bytes(rest);
    let (ciphertext, rest) = split_bytes(rest);
    assert!(rest.is_empty());
    let run = bound.receiver(&SERVER, enc.try_into().unwrap());
    (run.open(&external_aad(), ciphertext), run)
}

/// `ch`
pub(crate) fn challenge_hash(payload: &[u8]) -> [u8; 32] {
    Sha256::digest(array(&[text("pushotp-ch"), uint(1), bytes(TENANT), bytes(payload)])).into()
}

/// `rh`
pub(crate) fn message_hash(message: &[u8]) -> [u8; 32] {
    Sha256::digest(array(&[text("pushotp-rh"), uint(1), bytes(message)])).into()
}
