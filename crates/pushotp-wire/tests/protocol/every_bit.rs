//! Every single bit of what is sealed or signed, and the class of error that it gives.

use pushotp_wire::{Class, Error};

use crate::{messages, peer::*};

fn flipped(good: &[u8], bit: usize) -> Vec<u8> {
    let mut message = good.to_vec();
    message[bit / 8] ^= 1 << (bit % 8);
    message
}

/// Cases 49 to 52, on the device.
// protocol.md: ENV-8, CHK-6
#[test]
fn of_an_envelope() {
    let ticket = messages::ticket(&messages::RID, &messages::RH, (&[9; 32], &[8; 48]));
    for (typ, fields) in [(65281, messages::challenge()), (65293, ticket)] {
        every_bit_of_an_envelope(&envelope(typ, &payload(&fields)));
    }
}

fn every_bit_of_an_envelope(good: &[u8]) {
    assert!(device_opens(good).is_ok());
    for bit in 0..good.len() * 8 {
        let error = device_opens(&flipped(good, bit)).err().unwrap();
        let right = match bit / 8 {
            10..18 => error == Error::UnknownKid,
            // iv, ciphertext and tag
            20..32 | 39.. => error == Error::BadSeal,
            // The kind: none, one of a device's, or another one, which the seal covers.
            35 => matches!(error, Error::Header | Error::Direction | Error::BadSeal),
            _ => error.class() == Class::Malformed,
        };
        assert!(right, "bit {bit}: {error:?}");
    }
}

/// Cases 49 and 222, at the server.
// protocol.md: FRM-1
#[test]
fn of_a_frame() {
    let rotate = messages::rotate(&crate::rotates::epk());
    for (typ, fields) in [(65282, messages::approve()), (65291, messages::update()), (65292, rotate)] {
        every_bit_of_a_frame(&frame(&sign1(typ, &signed_payload(&fields))));
    }
}

fn every_bit_of_a_frame(good: &[u8]) {
    assert!(server_opens(good).is_ok());
    for bit in 0..good.len() * 8 {
        let error = server_opens(&flipped(good, bit)).err().unwrap();
        let right = match bit / 8 {
            3..11 => error == Error::UnknownKid,
            // enc, ciphertext and tag
            13..45 | 47.. => error == Error::BadSeal,
            _ => error.class() == Class::Malformed,
        };
        assert!(right, "bit {bit}: {error:?}");
    }
}

/// Case 75: every bit of payload and signature, sealed again with the right keys.
// protocol.md: SIG-3
#[test]
fn of_what_is_signed() {
    let good = sign1(65282, &signed_payload(&messages::approve()));
    let payload = good.len() - 66 - signed_payload(&messages::approve()).len();
    for bit in payload * 8..good.len() * 8 {
        let error = server_opens(&frame(&flipped(&good, bit))).err();
        let head = (good.len() - 66..good.len() - 64).contains(&(bit / 8));
        assert!(error == Some(Error::BadSignature) || head && error.is_some(), "bit {bit}: {error:?}");
    }
}
