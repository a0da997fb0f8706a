//! Groups A, B and I: what is refused before a message is decoded, and is no single message of docs/vectors.

use pushotp_types::{DeviceId, Epoch, TenantId};
use pushotp_wire::{
    Envelope, Error, Frame,
    frame::Recipient,
    keys::{Binding, ChannelKeys, ServerKey},
    signer::{DeviceSigner, Ed25519Signer},
};

use crate::{
    cbor::{array, bytes, map, tagged, uint},
    messages,
    peer::*,
};

fn plain() -> Vec<u8> {
    payload(&messages::challenge())
}

/// Cases 24, 25, 29: another algorithm or nonce, sealed under that header so that only it is wrong.
// protocol.md: ENV-2
#[test]
fn headers() {
    let negative = |value: u64| crate::cbor::head(1, value - 1);
    let opened = |alg: Vec<u8>, iv: &[u8]| {
        let entries = [(uint(1), alg), (uint(4), bytes(S2D_KID)), (uint(5), bytes(iv)), (uint(16), uint(65281))];
        device_opens(&envelope_with(&map(&entries), &plain())).err()
    };
    assert_eq!(opened(uint(24), &[9; 12]), None, "what the cases are made of");
    let others = (0..24).chain(25..=255).map(uint).chain((1..=255).map(negative));
    for alg in others {
        assert_eq!(opened(alg.clone(), &[9; 12]), Some(Error::Header), "{alg:02x?}");
    }
    for len in (0..12).chain(13..32) {
        assert_eq!(opened(uint(24), &vec![9; len]), Some(Error::Header), "{len}");
    }
}

/// Case 48: 64 blocks are longer than any message.
// protocol.md: ENV-1
#[test]
fn a_ciphertext_of_64_blocks() {
    let message = tagged(16, array(&[bytes(header(65281)), map(&[]), bytes(vec![0; 64 * 64 + 16])]));
    assert_eq!(device_opens(&message).err(), Some(Error::TooLarge));
}

/// Case 58: sealed with the right key, and about nothing.
// protocol.md: ENV-5
#[test]
fn no_additional_data() {
    let sealed = |aad: &[u8]| {
        let ciphertext = bytes(encrypt(&header(65281), aad, &plain()));
        device_opens(&tagged(16, array(&[bytes(header(65281)), map(&[]), ciphertext])))
    };
    assert!(sealed(&external_aad()).is_ok(), "what the case is made of");
    assert_eq!(sealed(&[]).err(), Some(Error::BadSeal));
}

/// Cases 54, 55, 62.
// protocol.md: KEY-3
#[test]
fn each_direction_has_its_own_form_and_keys() {
    assert_eq!(Envelope::parse(&good_frame()).err(), Some(Error::Shape));
    for zero in [0..32, 32..64] {
        let mut all = *keys().expose();
        all[zero].fill(0);
        assert_eq!(ChannelKeys::from_exposed(&all).err(), Some(Error::WeakKey));
    }
}

fn signed() -> Vec<u8> {
    sign1(65282, &signed_payload(&messages::approve()))
}

fn good_frame() -> Vec<u8> {
    frame(&signed())
}

/// Case 223: our own device under another epoch, tenant or server key.
// protocol.md: FRM-2
#[test]
fn what_a_frame_is_bound_to() {
    assert!(server_opens(&good_frame()).is_ok(), "what the cases are made of");
    let (keys, signer) = (keys(), Ed25519Signer::from_bytes(&SIGNING).verifying_key());
    let others = [
        (SERVER, Binding { tenant: TenantId::new(b"example.org").unwrap(), ..binding() }),
        (SERVER, Binding { device: DeviceId::from_bytes([2; 16]), ..binding() }),
        (SERVER, Binding { epoch: Epoch::new(2).unwrap(), ..binding() }),
        ([6; 32], binding()),
    ];
    for (private, binding) in others {
        let server_key = ServerKey::from_bytes(&private);
        let recipient = Recipient { server_key: &server_key, binding: &binding, keys: &keys, verifying_key: &signer };
        let frame = good_frame();
        assert_eq!(Frame::parse(&frame).unwrap().open(&recipient).err(), Some(Error::BadSeal));
    }
}
