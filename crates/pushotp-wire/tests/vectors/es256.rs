//! Devices whose key is on P-256: the same messages under the other signature.

use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use pushotp_wire::{
    Error,
    message::FromDevice,
    signer::{DeviceSigner, Ed25519Signer, Esp256Signer},
    terms::Typ,
};

use crate::{
    cbor::{bytes, map, uint},
    enrolments,
    enrols::{EID, bound, request, sender},
    files,
    format::{Enroller, Keys, Message, Refusal, To},
    frames,
    messages::{approve, with},
    peer::{NOW, SERVER, SIGNING, external_aad, frame, frame_of, sign_header, sign1_of, signed_payload, to_be_signed},
    refused,
};

const SCALAR: [u8; 32] = [0x26; 32];
/// n, the order of the curve.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// The prime of the field, and five: the same x as five, which is on the curve.
const P_PLUS_5: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04,
];

fn signer() -> Esp256Signer {
    Esp256Signer::from_bytes(&SCALAR).unwrap()
}

fn public_key() -> Vec<u8> {
    signer().verifying_key().as_bytes().to_vec()
}

fn keys() -> Keys {
    Keys { signing_key: SCALAR.into(), verifying_key: public_key().into(), ..files::keys() }
}

/// What another device said, signed with this one's key.
fn again(message: &Message) -> Message {
    let said = FromDevice::decode(Typ::from_code(message.typ).unwrap(), &message.payload.0).unwrap();
    let id = format!("es256_{}", message.id);
    frames::sealed_by(&signer(), &id, &message.comment, message.about.as_deref(), &said)
}

/// `{1: -9, 16: typ}`
fn header(typ: u16) -> Vec<u8> {
    map(&[(uint(1), vec![0x28]), (uint(16), [&[0x19][..], &typ.to_be_bytes()].concat())])
}

fn signature(scalar: &[u8; 32], over: &[u8]) -> Signature {
    let signature: Signature = SigningKey::from_slice(scalar).unwrap().sign(over);
    signature.normalize_s()
}

fn signed(typ: u16, payload: &[u8]) -> Vec<u8> {
    let over = to_be_signed("Signature1", &header(typ), &external_aad(), payload);
    sign1_of(&header(typ), payload, &signature(&SCALAR, &over).to_bytes())
}

/// An approval with another header and signature.
fn approval(protected: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut plain = sign1_of(protected, &signed_payload(&approve()), signature);
    plain.resize(plain.len().next_multiple_of(64), 0);
    frame(&plain)
}

fn signatures() -> Vec<Refusal> {
    let payload = signed_payload(&approve());
    let over = |typ| to_be_signed("Signature1", &header(typ), &external_aad(), &payload);
    let good = signature(&SCALAR, &over(65282));
    let (r, s) = good.split_bytes();
    let (r, s, zero): ([u8; 32], [u8; 32], [u8; 32]) = (r.into(), s.into(), [0; 32]);
    let high: [u8; 32] = p256::FieldBytes::from(-*good.s()).into();
    let reversed = |half: [u8; 32]| half.iter().rev().copied().collect::<Vec<_>>();
    let of = |scalar: &[u8; 32], typ| signature(scalar, &over(typ)).to_bytes().to_vec();
    let bad = Error::BadSignature;
    let ed25519 = Ed25519Signer::from_bytes(&SIGNING).sign(&over(65282)).unwrap();
    let cases = [
        ("r_zero", [zero, s].concat(), bad),
        ("s_zero", [r, zero].concat(), bad),
        ("r_the_order", [ORDER, s].concat(), bad),
        ("s_the_order", [r, ORDER].concat(), bad),
        ("r_all_ones", [[0xff; 32], s].concat(), bad),
        ("s_all_ones", [r, [0xff; 32]].concat(), bad),
        ("s_high", [r, high].concat(), bad),
        ("r_and_s_exchanged", [s, r].concat(), bad),
        ("little_endian", [reversed(r), reversed(s)].concat(), bad),
        ("another_device", of(&[0x27; 32], 65282), bad),
        ("signed_as_a_denial", of(&SCALAR, 65283), bad),
        ("signature_of_ed25519", ed25519.to_vec(), bad),
        ("signature_in_der", good.to_der().as_bytes().to_vec(), Error::Shape),
        ("signature_of_63_bytes", [&r[..], &s[1..]].concat(), Error::Shape),
    ];
    let refused =
        cases.map(|(id, signature, error)| Refusal::incident(id, approval(&header(65282), &signature), error));
    let other = approval(&sign_header(65282), &good.to_bytes());
    let other = Refusal::incident("alg_minus_19_where_minus_9_is_enrolled", other, Error::Header);
    let right = Refusal::accepted("right", To::Server, approval(&header(65282), &good.to_bytes()));
    refused.into_iter().chain([other, right]).collect()
}

/// Requests with a key that is none.
fn requests() -> Vec<Refusal> {
    let (enc, run) = sender(&bound());
    let asked = |algorithm: u64, key: &[u8]| {
        let fields = with(with(request(&run), 3, uint(algorithm)), 4, bytes(key));
        frame_of(&EID, &enc, &run.seal(&external_aad(), &signed(65289, &signed_payload(&fields))))
    };
    let good = public_key();
    let tagged = |tag: u8| [&[tag][..], &good[1..]].concat();
    let uncompressed = SigningKey::from_slice(&SCALAR).unwrap().verifying_key().to_sec1_point(false);
    let weak = Error::WeakKey;
    let cases = [
        ("key_of_ed25519", asked(2, Ed25519Signer::from_bytes(&SIGNING).verifying_key().as_bytes()), weak),
        ("key_said_to_be_of_ed25519", asked(1, &good), weak),
        ("key_of_32_bytes", asked(2, &good[..32]), weak),
        ("key_uncompressed", asked(2, uncompressed.as_bytes()), weak),
        ("key_tagged_0", asked(2, &tagged(0)), weak),
        ("key_tagged_4", asked(2, &tagged(4)), weak),
        ("key_tagged_5", asked(2, &tagged(5)), weak),
        ("key_off_the_curve", asked(2, &[&[2][..], &[0; 31], &[1]].concat()), weak),
        ("key_not_reduced", asked(2, &[&[2][..], &P_PLUS_5].concat()), weak),
        ("key_all_ones", asked(2, &[&[2][..], &[0xff; 32]].concat()), weak),
        ("key_zero", asked(2, &[0; 33]), weak),
        ("key_of_the_other_point", asked(2, &tagged(good[0] ^ 1)), Error::BadPossession),
    ];
    let refused = cases.map(|(id, message, error)| Refusal::incident(id, message, error).to(To::EnrollingServer));
    let right = Refusal::accepted("right", To::EnrollingServer, asked(2, &good));
    refused.into_iter().chain([right]).collect()
}

/// The files of this algorithm.
pub(crate) fn files(frames: &[Message]) -> Vec<(&'static str, String)> {
    let said = ["approve_with_pin", "deny_not_me", "report_not_me", "fetch", "update_everything"];
    let again = frames.iter().filter(|message| said.contains(&&*message.id)).map(again).collect();
    let enroller = Enroller { now: NOW, server_private: SERVER.into(), signing_key: SCALAR.into() };
    let enrolment = enrolments::enrolled_by(&signer(), "es256");
    let keys_of_an_enrolment = refused::enrolments::keys();
    vec![
        ("frames_es256.json", files::file("messages", "What a device with a key on P-256 sends.", keys(), again)),
        ("enrolments_es256.json", files::file("enrolments", "The enrolment of one.", enroller, vec![enrolment])),
        ("refused_es256.json", files::file("refused", "Its frames, wrongly signed.", keys(), signatures())),
        ("refused_es256_requests.json", files::refused_requests(keys_of_an_enrolment, requests())),
    ]
}
