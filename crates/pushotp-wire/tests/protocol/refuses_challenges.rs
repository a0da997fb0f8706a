//! Groups D, E and G on the device: a server that holds the right keys, and what no single refused message of
//! docs/vectors shows.

use pushotp_wire::{
    Error,
    device::{Device, Incoming},
    terms::Nonce,
};

use crate::{
    cbor::{bytes, map, uint},
    messages::*,
    peer::*,
};

/// The challenge with one field replaced, sealed.
fn field(at: usize, item: Vec<u8>) -> Vec<u8> {
    envelope(65281, &payload(&with(challenge(), at, item)))
}

/// Case 102: no simple value, short or long, stands for a number.
// protocol.md: CBOR-1
#[test]
fn simple_values() {
    assert!(device_opens(&field(POL, uint(13))).is_ok(), "what the cases are made of");
    let long = (0..=255).map(|value| vec![0xf8, value]);
    for value in (0xe0..=0xf7).map(|value| vec![value]).chain(long) {
        assert_eq!(device_opens(&field(POL, value.clone())).err(), Some(Error::Shape), "{value:02x?}");
    }
}

/// Case 108: every byte of the pad, which encoding again does not check.
// protocol.md: PAD-2
#[test]
fn padding() {
    let good = payload(&challenge());
    let zeros = good.iter().rev().take_while(|byte| **byte == 0).count();
    assert!(zeros > 0);
    for at in good.len() - zeros..good.len() {
        let mut plain = good.clone();
        plain[at] = 1;
        assert_eq!(device_opens(&envelope(65281, &plain)).err(), Some(Error::Padding), "108 byte {at}");
    }
}

/// Cases 183, 185, 186: each item is opened on its own, and one that fails spoils no other.
// protocol.md: MSG-18, MSG-19
#[test]
fn items_of_a_reply() {
    let device = Device::new(binding(), keys(), *server_key().public_key());
    let challenge = field(V, uint(1));
    let foreign = envelope_with(
        &map(&[(uint(1), uint(24)), (uint(4), bytes([0; 8])), (uint(5), bytes([9; 12])), (uint(16), uint(65281))]),
        &payload(&crate::messages::challenge()),
    );
    let nested = envelope(65288, &payload(&pending(&[])));
    let reply = envelope(65288, &payload(&pending(&[foreign, challenge, nested, vec![0; 119]])));
    let Ok(Incoming::Pending(pending)) = device_opens(&reply) else { panic!() };
    let other = device.items(&pending, &Nonce::from_bytes([5; 16]), at(NOW));
    assert_eq!(other.err(), Some(Error::Field("n")), "183 another nonce");
    let items = device.items(&pending, &Nonce::from_bytes([4; 16]), at(NOW)).unwrap();
    assert!(
        matches!(
            &items[..],
            [Err(Error::UnknownKid), Ok(Incoming::Challenge(_)), Err(Error::Direction), Err(Error::Shape)]
        ),
        "{items:?}"
    );
}
