//! Groups A, B, C and I: what is refused before a message is decoded. One defect, one error.

use ed25519_dalek::{Signer, SigningKey};
use pushotp_types::{DeviceId, Epoch, TenantId};
use pushotp_wire::{
    Envelope, Error, Frame,
    frame::Recipient,
    keys::{Binding, ChannelKeys, ServerKey},
    signer::{DeviceSigner, Ed25519Signer},
};

use crate::{
    cbor::{array, bytes, map, tagged, text, uint},
    enrols::{self, EID},
    hpke::Bound,
    messages,
    peer::*,
};

type Case = (&'static str, Vec<u8>, Error);

fn plain() -> Vec<u8> {
    payload(&messages::challenge())
}

fn good_envelope() -> Vec<u8> {
    envelope(65281, &plain())
}

/// The parts of an envelope with one of them in another form.
fn parts(replace: usize, with: Vec<u8>) -> Vec<u8> {
    let ciphertext = encrypt(&header(65281), &external_aad(), &plain());
    let mut parts = vec![bytes(header(65281)), map(&[]), bytes(ciphertext)];
    parts[replace] = with;
    tagged(16, array(&parts))
}

/// The protected header with these entries: sealed under them, so that only the header is wrong.
fn headed(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    envelope_with(&map(entries), &plain())
}

/// The four entries with one replaced.
fn entry(at: usize, key: Vec<u8>, value: Vec<u8>) -> Vec<u8> {
    let mut entries =
        vec![(uint(1), uint(24)), (uint(4), bytes(S2D_KID)), (uint(5), bytes([9; 12])), (uint(16), uint(65281))];
    entries[at] = (key, value);
    headed(&entries)
}

fn replaced(find: &[u8], with: &[u8]) -> Vec<u8> {
    replaced_in(&good_envelope(), find, with)
}

fn replaced_in(message: &[u8], find: &[u8], with: &[u8]) -> Vec<u8> {
    let at = message.windows(find.len()).position(|window| window == find).expect("what is replaced is there");
    [&message[..at], with, &message[at + find.len()..]].concat()
}

fn templates() -> Vec<Case> {
    let good = good_envelope();
    let two = [&good[..], &good].concat();
    let prefixed = |prefix: &[u8]| [prefix, &good[1..]].concat();
    vec![
        ("1 empty", vec![], Error::Truncated),
        ("2 the tag alone", vec![0xd0], Error::Truncated),
        ("3 one byte too long", vec![0xd0; 4097], Error::TooLarge),
        ("4 nested arrays", vec![0x81; 4096], Error::Shape),
        ("5 a byte after it", [&good[..], &[0]].concat(), Error::Trailing),
        ("6 two in a row", two, Error::Trailing),
        ("7 no tag", good[1..].to_vec(), Error::Shape),
        ("8 the tag in two bytes", prefixed(&[0xd8, 0x10]), Error::NotCanonical),
        ("9 tag 17", prefixed(&[0xd1]), Error::Shape),
        ("9 tag 18", prefixed(&[0xd2]), Error::Shape),
        ("9 tag 19", prefixed(&[0xd3]), Error::Shape),
        ("9 tag 96", prefixed(&[0xd8, 96]), Error::Shape),
        ("9 tag 97", prefixed(&[0xd8, 97]), Error::Shape),
        ("9 tag 998", prefixed(&[0xd9, 3, 0xe6]), Error::Shape),
        ("10 the tag twice", [&[0xd0], &good[..]].concat(), Error::Shape),
        ("11 self-described CBOR", [&[0xd9, 0xd9, 0xf7], &good[..]].concat(), Error::Shape),
        ("12 a long array head", replaced(&[0xd0, 0x83], &[0xd0, 0x98, 3]), Error::NotCanonical),
        ("13 the longest", replaced(&[0xd0, 0x83], &[0xd0, 0x9b, 0, 0, 0, 0, 0, 0, 0, 3]), Error::NotCanonical),
        ("14 an open array", [&replaced(&[0xd0, 0x83], &[0xd0, 0x9f])[..], &[0xff]].concat(), Error::NotCanonical),
        ("15 an array of two", replaced(&[0xd0, 0x83], &[0xd0, 0x82]), Error::Shape),
        ("16 an array of four", replaced(&[0xd0, 0x83], &[0xd0, 0x84]), Error::Shape),
        ("17 the protected header is a map", parts(0, header(65281)), Error::Shape),
        ("18 nothing protected", parts(0, bytes([])), Error::Header),
        ("19 an empty map protected", parts(0, bytes([0xa0])), Error::Header),
        ("20 its length in two bytes", replaced(&[0x58, 32], &[0x59, 0, 32]), Error::NotCanonical),
        ("21 in chunks", parts(0, [&[0x5f], &bytes(header(65281))[..], &[0xff]].concat()), Error::NotCanonical),
        ("39 alg unprotected", parts(1, map(&[(uint(1), uint(24))])), Error::Shape),
        ("40 an empty map in two bytes", parts(1, vec![0xb8, 0]), Error::NotCanonical),
        ("41 an open map", parts(1, vec![0xbf, 0xff]), Error::NotCanonical),
        ("42 no ciphertext", parts(2, vec![0xf6]), Error::Shape),
        ("43 an empty one", parts(2, bytes([])), Error::Shape),
        ("44 text", parts(2, text(&"a".repeat(80))), Error::Shape),
        ("45 in chunks", parts(2, [&[0x5f], &bytes([0; 80])[..], &[0xff]].concat()), Error::NotCanonical),
        ("46 of 2^63-1 bytes", parts(2, crate::cbor::head(2, (1 << 63) - 1)), Error::Truncated),
        ("47 its length in four bytes", parts(2, [&[0x5a, 0, 0, 0, 80][..], &[0; 80]].concat()), Error::NotCanonical),
        ("48 one byte less", parts(2, bytes([0; 79])), Error::Shape),
        ("48 one byte more", parts(2, bytes([0; 81])), Error::Shape),
        ("48 a tag alone", parts(2, bytes([0; 16])), Error::Shape),
        ("48 64 blocks", parts(2, bytes(vec![0; 64 * 64 + 16])), Error::TooLarge),
        ("61 the tag cut to 8 bytes", parts(2, bytes([0; 72])), Error::Shape),
        ("61 the tag cut to 12 bytes", parts(2, bytes([0; 76])), Error::Shape),
    ]
}

fn headers() -> Vec<Case> {
    let (alg, kid, iv, typ) =
        ((uint(1), uint(24)), (uint(4), bytes(S2D_KID)), (uint(5), bytes([9; 12])), (uint(16), uint(65281)));
    let all = [alg.clone(), kid.clone(), iv.clone(), typ.clone()];
    let without = |at: usize| {
        headed(&all.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, e)| e.clone()).collect::<Vec<_>>())
    };
    let plus = |key: Vec<u8>, value: Vec<u8>| headed(&[&all[..], &[(key, value)]].concat());
    let negative = |value: u64| crate::cbor::head(1, value - 1);
    let mut cases = vec![
        ("22 labels out of order", headed(&[kid.clone(), alg.clone(), iv.clone(), typ.clone()]), Error::Header),
        ("23 alg twice", headed(&[alg.clone(), alg.clone(), kid.clone(), iv.clone(), typ.clone()]), Error::Header),
        ("26 alg as text", entry(0, uint(1), text("ChaCha20/Poly1305")), Error::Header),
        ("26 alg missing", without(0), Error::Header),
        ("27 alg in three bytes", entry(0, uint(1), vec![0x19, 0, 24]), Error::Header),
        ("28 kid as text", entry(1, uint(4), text("kidkidki")), Error::Header),
        ("29 iv as text", entry(2, uint(5), text("nonce-nonce-")), Error::Header),
        ("30 a partial iv", entry(2, uint(6), bytes([9; 12])), Error::Header),
        ("31 no iv", without(2), Error::Header),
        ("32 no typ", without(3), Error::Header),
        ("33 typ 65280", entry(3, uint(16), uint(65280)), Error::Header),
        ("33 typ 65294", entry(3, uint(16), uint(65294)), Error::Header),
        ("34 typ as text", entry(3, uint(16), text("pu")), Error::Header),
        ("35 typ in five bytes", entry(3, uint(16), vec![0x1a, 0, 0, 0xff, 1]), Error::Header),
        ("36 crit", plus(uint(2), array(&[uint(1)])), Error::Header),
        ("37 content type", plus(uint(3), uint(60)), Error::Header),
        ("38 an unknown label", plus(uint(99), uint(0)), Error::Header),
        ("56 typ of an approval", entry(3, uint(16), uint(65282)), Error::Direction),
        ("56 typ of an enrol-request", entry(3, uint(16), uint(65289)), Error::Direction),
        ("53 unknown kid", entry(1, uint(4), bytes([0; 8])), Error::UnknownKid),
    ];
    for value in [0, 1, 2, 3, 23, 25] {
        cases.push(("24 26 another alg", entry(0, uint(1), uint(value)), Error::Header));
    }
    for value in [5, 9, 19] {
        cases.push(("25 alg of another class", entry(0, uint(1), negative(value)), Error::Header));
    }
    for len in [0, 7, 9] {
        cases.push(("28 kid of another length", entry(1, uint(4), bytes(vec![0x33; len])), Error::Header));
    }
    for len in [0, 8, 11, 13, 24] {
        cases.push(("29 iv of another length", entry(2, uint(5), bytes(vec![9; len])), Error::Header));
    }
    cases
}

#[test]
fn envelopes() {
    assert!(device_opens(&good_envelope()).is_ok(), "what the cases are made of is right");
    assert!(device_opens(&entry(0, uint(1), uint(24))).is_ok());
    assert!(device_opens(&parts(1, map(&[]))).is_ok());
    for (case, message, expected) in templates().into_iter().chain(headers()) {
        assert_eq!(device_opens(&message).err(), Some(expected), "{case}");
    }
}

/// Case 58: sealed with the right key, for somebody else.
#[test]
fn additional_data() {
    let aads = [
        ("tenant B", array(&[text("pushotp"), uint(1), bytes(b"example.org")])),
        ("version 2", array(&[text("pushotp"), uint(2), bytes(TENANT)])),
        ("no tenant", array(&[text("pushotp"), uint(1)])),
        ("tenant as text", array(&[text("pushotp"), uint(1), text("example.com")])),
        ("nothing", vec![]),
    ];
    for (case, aad) in aads {
        let message = parts(2, bytes(encrypt(&header(65281), &aad, &plain())));
        assert_eq!(device_opens(&message).err(), Some(Error::BadSeal), "{case}");
    }
    // The kind is under the seal: a result under the header of a cancel does not open.
    let message =
        tagged(16, array(&[bytes(header(65286)), map(&[]), bytes(encrypt(&header(65285), &external_aad(), &plain()))]));
    assert_eq!(device_opens(&message).err(), Some(Error::BadSeal));
}

/// Cases 54, 55, 62.
#[test]
fn each_direction_has_its_own_form_and_keys() {
    assert_eq!(Frame::parse(&good_envelope()).err(), Some(Error::Shape));
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

/// A frame of these parts.
fn framed(id: Vec<u8>, enc: Vec<u8>, ciphertext: Vec<u8>) -> Vec<u8> {
    array(&[uint(1), id, enc, ciphertext])
}

fn frames() -> Vec<Case> {
    let good = good_frame();
    let (kid, enc) = (|| bytes(D2S_KID), || bytes(&good[13..45]));
    let sealed = |len: usize| bytes(vec![0; len]);
    let head = |with: &[u8]| [with, &good[1..]].concat();
    let version = |with: &[u8]| [&[0x84], with, &good[2..]].concat();
    vec![
        ("1 empty", vec![], Error::Truncated),
        ("3 194 one byte too long", vec![0x84; 4097], Error::TooLarge),
        ("57 five elements", array(&[uint(1), kid(), uint(65282), enc(), sealed(80)]), Error::Shape),
        ("215 array of three", head(&[0x83]), Error::Shape),
        ("215 array of five", head(&[0x85]), Error::Shape),
        ("215 a tag in front", [&[0xd0], &good[..]].concat(), Error::Shape),
        ("215 its head in two bytes", head(&[0x98, 4]), Error::NotCanonical),
        ("215 open", [&head(&[0x9f])[..], &[0xff]].concat(), Error::NotCanonical),
        ("216 version 0", version(&[0]), Error::Version),
        ("216 version 2", version(&[2]), Error::Version),
        ("216 version in two bytes", version(&[0x18, 1]), Error::NotCanonical),
        ("216 version as text", version(&text("1")), Error::Shape),
        ("217 id of 0 bytes", framed(bytes([]), enc(), sealed(80)), Error::Header),
        ("217 id of 7 bytes", framed(bytes([1; 7]), enc(), sealed(80)), Error::Header),
        ("217 id of 9 bytes", framed(bytes([1; 9]), enc(), sealed(80)), Error::Header),
        ("217 id of 15 bytes", framed(bytes([1; 15]), enc(), sealed(80)), Error::Header),
        ("217 id of 17 bytes", framed(bytes([1; 17]), enc(), sealed(80)), Error::Header),
        ("217 id as text", framed(text("kidkidki"), enc(), sealed(80)), Error::Header),
        (
            "217 its length in two bytes",
            framed([&[0x58, 8][..], &D2S_KID].concat(), enc(), sealed(80)),
            Error::NotCanonical,
        ),
        ("220 enc of 31 bytes", framed(kid(), bytes([1; 31]), sealed(80)), Error::Shape),
        ("220 enc of 33 bytes", framed(kid(), bytes([1; 33]), sealed(80)), Error::Shape),
        ("220 enc zero", framed(kid(), bytes([0; 32]), sealed(80)), Error::BadSeal),
        ("220 enc of small order", framed(kid(), bytes([&[1][..], &[0; 31]].concat()), sealed(80)), Error::BadSeal),
        ("221 one byte less", framed(kid(), enc(), sealed(79)), Error::Shape),
        ("221 a tag alone", framed(kid(), enc(), sealed(16)), Error::Shape),
        ("221 63 blocks", framed(kid(), enc(), sealed(63 * 64 + 16)), Error::Shape),
        ("221 in chunks", framed(kid(), enc(), [&[0x5f], &sealed(80)[..], &[0xff]].concat()), Error::NotCanonical),
        ("221 a byte after it", [&good[..], &[0]].concat(), Error::Trailing),
        ("222 another kid", framed(bytes(S2D_KID), enc(), sealed(80)), Error::UnknownKid),
        ("222 an eid", framed(bytes(EID), enc(), sealed(80)), Error::UnknownKid),
    ]
}

#[test]
fn frames_before_they_are_open() {
    assert!(server_opens(&good_frame()).is_ok());
    for (case, message, expected) in frames() {
        assert_eq!(server_opens(&message).err(), Some(expected), "{case}");
    }
}

/// Case 223: another psk, psk id, info or mode; and our own device under another epoch, tenant or server key.
#[test]
fn what_a_frame_is_bound_to() {
    let info = |label: &str, tenant: &[u8], did: [u8; 16], epoch: u64| {
        array(&[text("pushotp"), uint(1), text(label), bytes(tenant), bytes(did), uint(epoch)])
    };
    let good = channel();
    let cases = [
        ("psk", Bound { psk: vec![0x23; 32], ..good.clone() }),
        ("psk id", Bound { psk_id: S2D_KID.to_vec(), ..good.clone() }),
        ("label", Bound { info: info("enrol", TENANT, DID, 1), ..good.clone() }),
        ("tenant", Bound { info: info("d2s", b"example.org", DID, 1), ..good.clone() }),
        ("device", Bound { info: info("d2s", TENANT, [2; 16], 1), ..good.clone() }),
        ("epoch", Bound { info: info("d2s", TENANT, DID, 2), ..good.clone() }),
        ("base mode", Bound { mode: 0, psk: vec![], psk_id: vec![], ..good.clone() }),
        ("auth_psk mode", Bound { mode: 3, ..good.clone() }),
    ];
    for (case, bound) in cases {
        assert_eq!(server_opens(&frame_with(&bound, &signed())).err(), Some(Error::BadSeal), "{case}");
    }
    assert!(server_opens(&frame_with(&good, &signed())).is_ok());

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

/// A signed message of these parts, filled up to whole blocks so that only the named part is wrong.
fn signed_parts(replace: usize, with: Vec<u8>) -> Vec<u8> {
    let good = signed_payload(&messages::approve());
    let protected = sign_header(65282);
    let signature = SigningKey::from_bytes(&SIGNING)
        .sign(&to_be_signed("Signature1", &protected, &external_aad(), &good))
        .to_bytes();
    let mut parts = vec![bytes(protected), map(&[]), bytes(good), bytes(signature)];
    parts[replace] = with;
    tagged(18, array(&parts))
}

/// Bytes of a plaintext in whole blocks, so that the frame's template takes it.
fn blocks(mut plain: Vec<u8>) -> Vec<u8> {
    plain.resize(plain.len().next_multiple_of(64), 0);
    plain
}

fn signatures() -> Vec<Case> {
    let good = signed();
    let bare = signed_payload(&messages::approve());
    let alg = |alg: Vec<u8>| signed_parts(0, bytes(map(&[(uint(1), alg), (uint(16), uint(65282))])));
    let typ = |typ: Vec<u8>| signed_parts(0, bytes(map(&[(uint(1), vec![0x32]), (uint(16), typ)])));
    let extra = |key: u64, value: Vec<u8>| {
        signed_parts(0, bytes(map(&[(uint(1), vec![0x32]), (uint(16), uint(65282)), (uint(key), value)])))
    };
    let negative = |value: u64| crate::cbor::head(1, value - 1);
    vec![
        ("64 the bare payload", bare, Error::Shape),
        ("65 without its tag", good[1..].to_vec(), Error::Shape),
        ("66 tag 98", [&[0xd8, 98], &good[1..]].concat(), Error::Shape),
        ("66 tag 998", [&[0xd9, 3, 0xe6], &good[1..]].concat(), Error::Shape),
        ("67 nothing protected", signed_parts(0, bytes([])), Error::Header),
        ("67 an empty map protected", signed_parts(0, bytes([0xa0])), Error::Header),
        ("68 alg missing", signed_parts(0, bytes(map(&[(uint(16), uint(65282))]))), Error::Header),
        ("68 alg as text", alg(text("EdDSA")), Error::Header),
        ("68 alg -7, ES256", alg(negative(7)), Error::Header),
        ("68 alg -8, EdDSA", alg(negative(8)), Error::Header),
        ("68 alg -35", alg(negative(35)), Error::Header),
        ("68 alg -999", alg(negative(999)), Error::Header),
        ("69 ESP256 where Ed25519 is enrolled", alg(negative(9)), Error::Header),
        ("70 typ of a challenge", typ(uint(65281)), Error::Direction),
        ("70 typ of a result", typ(uint(65285)), Error::Direction),
        ("71 kid inside", extra(4, bytes(D2S_KID)), Error::Header),
        ("71 an unknown label", extra(99, uint(0)), Error::Header),
        ("72 something unprotected", signed_parts(1, map(&[(uint(4), bytes(D2S_KID))])), Error::Shape),
        ("73 no payload", signed_parts(2, vec![0xf6]), Error::Shape),
        ("74 no signature", signed_parts(3, vec![0xf6]), Error::Shape),
        ("74 signature of 0 bytes", signed_parts(3, bytes([])), Error::Shape),
        ("74 signature of 63 bytes", signed_parts(3, bytes([0; 63])), Error::Shape),
        ("74 signature of 65 bytes", signed_parts(3, bytes([0; 65])), Error::Shape),
        ("77 signature of zeros", signed_parts(3, bytes([0; 64])), Error::BadSignature),
        ("81 bytes after it", [good, vec![0; 64]].concat(), Error::Trailing),
        ("82 a bare fetch", payload(&messages::fetch()), Error::Shape),
        ("218 typ 65280", typ(uint(65280)), Error::Header),
        ("218 typ 65294", typ(uint(65294)), Error::Header),
        ("218 typ as text", typ(text("pu")), Error::Header),
        ("218 typ in five bytes", typ(vec![0x1a, 0, 0, 0xff, 2]), Error::Header),
        ("219 an enrol-request under a kid", sign1(65289, &signed_payload(&messages::fetch())), Error::Direction),
    ]
}

/// Group C, each sealed with the right keys: an error of its own for the log, one reject for the outside.
#[test]
fn signatures_in_a_frame() {
    for (case, message, expected) in signatures() {
        assert_eq!(server_opens(&frame(&blocks(message))).err(), Some(expected), "{case}");
    }
    let wrong = [
        (
            "76 the user's other device",
            sign_with(&[0x55; 32], &sign_header(65282), &signed_payload(&messages::approve())),
        ),
        ("a deny signed, an approve said", {
            let payload = signed_payload(&messages::approve());
            let deny = to_be_signed("Signature1", &sign_header(65283), &external_aad(), &payload);
            sign1_of(&sign_header(65282), &payload, &SigningKey::from_bytes(&SIGNING).sign(&deny).to_bytes())
        }),
        ("79 tenant B", otherwise_signed("Signature1", &array(&[text("pushotp"), uint(1), bytes(b"example.org")]))),
        ("80 context Signature", otherwise_signed("Signature", &external_aad())),
        ("80 context MAC0", otherwise_signed("MAC0", &external_aad())),
    ];
    for (case, message) in wrong {
        assert_eq!(server_opens(&frame(&message)).err(), Some(Error::BadSignature), "{case}");
    }
    assert!(server_opens(&frame(&otherwise_signed("Signature1", &external_aad()))).is_ok());
}

fn otherwise_signed(context: &str, external_aad: &[u8]) -> Vec<u8> {
    let (payload, protected) = (signed_payload(&messages::approve()), sign_header(65282));
    let signed = to_be_signed(context, &protected, external_aad, &payload);
    sign1_of(&protected, &payload, &SigningKey::from_bytes(&SIGNING).sign(&signed).to_bytes())
}

/// Case 77: s + L is the same signature in another encoding; a point of small order for R.
#[test]
fn signatures_that_only_a_lenient_verifier_takes() {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let good = signed();
    let s = good.len() - 32;
    let mut message = good.clone();
    let mut carry = 0;
    for (byte, add) in message[s..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    assert_eq!(server_opens(&frame(&message)).err(), Some(Error::BadSignature));
    // Small order: the neutral element, and one that is not canonical.
    for r in [[&[1][..], &[0; 31]].concat(), [&[0xee][..], &[0xff; 30], &[0x7f]].concat()] {
        let mut message = good.clone();
        message[s - 32..s].copy_from_slice(&r);
        assert_eq!(server_opens(&frame(&message)).err(), Some(Error::BadSignature));
    }
}

/// Case 219, the other half, and 210: under an eid only an enrol-request.
#[test]
fn under_an_enrolment_only_its_request() {
    let (enc, run) = enrols::sender(&enrols::bound());
    for (typ, fields) in [(65282, messages::approve()), (65283, messages::deny()), (65287, messages::fetch())] {
        let sealed = run.seal(&external_aad(), &sign1(typ, &signed_payload(&fields)));
        let error = enrols::server_enrols(&frame_of(&EID, &enc, &sealed)).err();
        assert_eq!(error, Some(Error::Direction), "{typ}");
    }
}
