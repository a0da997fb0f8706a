//! Bodies of push messages, opened on the device.

use proptest::prelude::*;
use pushotp_webpush::{OpenError, Opened};
use pushotp_wire::notify::PushMessage;

use crate::fixture::{CREATED, Service, address, keys, notify, on_loopback};

fn body(message: PushMessage<'_>) -> Vec<u8> {
    let service = Service::answering(CREATED);
    notify(&on_loopback(), &address(&service.url()), message).unwrap();
    service.asked().remove(0).body
}

/// The record size is not authenticated (RFC 8188); all else is.
#[test]
fn every_byte_counts() {
    let (keys, body) = (keys(), body(PushMessage::Sealed(b"an envelope")));
    let whole = Opened::Sealed(b"an envelope".to_vec());
    assert_eq!(keys.open(&body).unwrap(), whole);
    for place in 0..body.len() {
        let mut changed = body.clone();
        changed[place] ^= 1 << (place % 8);
        match keys.open(&changed) {
            Err(OpenError) => {}
            Ok(opened) => assert!((16..20).contains(&place) && opened == whole, "byte {place}"),
        }
    }
    for length in (0..=104).chain([body.len() - 1]) {
        assert_eq!(keys.open(&body[..length]), Err(OpenError), "cut to {length}");
    }
    assert_eq!(keys.open(&[body.as_slice(), &[0]].concat()), Err(OpenError));
}

#[test]
fn the_largest_body_is_4096_bytes() {
    let largest = body(PushMessage::Sealed(&[7; 3993]));
    assert_eq!(largest.len(), 4096);
    assert!(keys().open(&largest).is_ok());
    assert_eq!(keys().open(&[0; 4097]), Err(OpenError));
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(keys().open(&bytes), Err(OpenError));
    }
}
