//! Every single bit of what is sealed or signed, and the class of error that it gives.

use pushotp_wire::{Class, Error};

use crate::{messages, peer::*};

fn flipped(good: &[u8], bit: usize) -> Vec<u8> {
    let mut message = good.to_vec();
    message[bit / 8] ^= 1 << (bit % 8);
    message
}

/// Cases 49 to 52, on the device.
#[test]
fn of_an_envelope() {
    let good = envelope(65281, &payload(&messages::challenge()));
    assert!(device_opens(&good).is_ok());
    for bit in 0..good.len() * 8 {
        let error = device_opens(&flipped(&good, bit)).err().unwrap();
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
#[test]
fn of_a_frame() {
    let good = frame(&sign1(65282, &signed_payload(&messages::approve())));
    assert!(server_opens(&good).is_ok());
    for bit in 0..good.len() * 8 {
        let error = server_opens(&flipped(&good, bit)).err().unwrap();
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
