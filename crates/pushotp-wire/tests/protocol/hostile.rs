//! 100,000 random and mutated payloads at the decoder of each kind: what is read has one encoding, and it is that one.

use pushotp_wire::{
    message::{FromDevice, FromServer, Payload},
    terms::Typ,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

use crate::{
    enrols::{bound, request, response, sender, token_info},
    messages::*,
    peer::*,
};

const ROUNDS: usize = 100_000;

/// The payload of each kind.
fn seeds() -> Vec<(u16, Vec<u8>)> {
    let item = envelope(65286, &payload(&cancel()));
    let (_, run) = sender(&bound());
    vec![
        (65281, payload(&challenge())),
        (65282, signed_payload(&approve())),
        (65283, signed_payload(&deny())),
        (65284, signed_payload(&deny())),
        (65285, payload(&result())),
        (65286, payload(&cancel())),
        (65287, signed_payload(&fetch())),
        (65288, payload(&pending(&[item.clone(), item]))),
        (65289, signed_payload(&request(&run))),
        (65290, payload(&response(&RH, 0, &[token_info(TOKEN, "Bank", 1)]))),
        (65291, signed_payload(&update())),
        (65292, signed_payload(&rotate(&[9; 32]))),
        (65292, signed_payload(&confirm())),
        (65293, payload(&ticket(&RID, &RH, (&[9; 32], &[8; 48])))),
    ]
}

fn mutate(seed: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    if rng.next_u32().is_multiple_of(10) {
        rng.fill_bytes(&mut bytes);
    }
    for _ in 0..rng.next_u32() % 4 {
        let (at, byte) = (rng.next_u32() as usize % (bytes.len() + 1), rng.next_u32().to_le_bytes()[0]);
        match rng.next_u32() % 8 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, byte),
            2 => drop(bytes.get_mut(at).map(|value| *value = [0x9f, 0xff, 0xbf, 0x5f][usize::from(byte % 4)])),
            _ => drop(bytes.get_mut(at).map(|value| *value ^= 1 << (byte % 8))),
        }
    }
    bytes
}

/// The message of a kind, and its encoding.
fn decode(typ: Typ, bytes: &[u8]) -> Option<Vec<u8>> {
    if typ.is_from_device() {
        return Some(FromDevice::decode(typ, bytes).ok()?.encode().unwrap());
    }
    let message = Payload::from_stored(typ, bytes).unwrap().decode().ok()?;
    let payload = match message {
        FromServer::Challenge(message) => message.encode(),
        FromServer::Result(message) => message.encode(),
        FromServer::Cancel(message) => message.encode(),
        FromServer::Pending(message) => message.encode(),
        FromServer::EnrolResponse(message) => message.encode(),
        FromServer::Ticket(message) => message.encode(),
        other => panic!("{other:?}"),
    };
    Some(payload.unwrap().as_bytes().to_vec())
}

// protocol.md: CBOR-2
#[test]
fn payloads() {
    let mut rng = ChaCha20Rng::seed_from_u64(20_261_124);
    for (code, seed) in seeds() {
        let typ = Typ::from_code(code).unwrap();
        let (mut read, mut refused) = (0, 0);
        for _ in 0..ROUNDS {
            let bytes = mutate(&seed, &mut rng);
            match decode(typ, &bytes) {
                Some(encoded) => {
                    assert_eq!(encoded, bytes, "{typ:?}");
                    read += 1;
                }
                None => refused += 1,
            }
        }
        assert!(read > 20_000 && refused > 20_000, "{typ:?}: {read} {refused}, nothing is proved");
    }
}
