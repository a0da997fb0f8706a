//! Enrolment against the second implementation, in both roles: the same keys, codes and secrets, derived by hand.

use pushotp_types::{DeviceId, EnrolmentId, Epoch, Offer, TokenId};
use pushotp_wire::{
    Error, Frame,
    enrol::{DeviceEnrolment, EnrolmentOpened, EnrolmentRecipient, NotEnrolled},
    message::{DeviceProfile, FromDevice, Sent, TokenInfo},
    signer::{DeviceSigner, Ed25519Signer},
    terms::{OtpSpec, PushAddress, PushKind, TokenPolicy, Typ},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::{
    cbor::{array, bytes, text, uint},
    hpke::{Bound, Run},
    messages::Fields,
    peer::*,
};

pub(crate) const EID: [u8; 16] = [0xe1; 16];
pub(crate) const PSK: [u8; 32] = [0x99; 32];
const EPHEMERAL: [u8; 32] = [12; 32];

pub(crate) fn bound() -> Bound {
    let info = array(&[text("pushotp"), uint(1), text("enrol"), bytes(TENANT), bytes(EID), bytes(DID), uint(1)]);
    Bound::psk(&PSK, &EID, info)
}

/// The sender's side of an enrolment.
pub(crate) fn sender(bound: &Bound) -> ([u8; 32], Run) {
    bound.sender(server_key().public_key().as_bytes(), &EPHEMERAL)
}

/// `X(label, tid, L)`
pub(crate) fn export(run: &Run, label: &str, tid: [u8; 16], len: u16) -> Vec<u8> {
    let context = [text("pushotp"), uint(1), text(label), bytes(TENANT), bytes(DID), bytes(tid), uint(1)];
    run.export(&array(&context), len)
}

pub(crate) fn public_key() -> Vec<u8> {
    Ed25519Signer::from_bytes(&SIGNING).verifying_key().as_bytes().to_vec()
}

/// The fields of a request in a run.
pub(crate) fn request(run: &Run) -> Fields {
    vec![
        uint(1),
        bytes(EID),
        bytes(export(run, "bind", [0; 16], 32)),
        uint(1),
        bytes(public_key()),
        text("Alice's phone"),
        array(&[uint(2), bytes(b"address")]),
        uint(NOW),
        uint(7),
    ]
}

/// The frame of a request, signed with the device's key.
pub(crate) fn first_frame(run: &Run, enc: &[u8; 32], fields: &Fields) -> Vec<u8> {
    frame_of(&EID, enc, &run.seal(&external_aad(), &sign1(65289, &signed_payload(fields))))
}

/// Our server opens it.
pub(crate) fn server_enrols(frame: &[u8]) -> Result<EnrolmentOpened, Error> {
    let server_key = server_key();
    Frame::parse(frame)?.open_enrolment(&EnrolmentRecipient {
        server_key: &server_key,
        tenant: tenant(),
        enrolment: EnrolmentId::from_bytes(EID),
        device: DeviceId::from_bytes(DID),
        epoch: Epoch::FIRST,
        psk: &PSK,
    })
}

pub(crate) fn response(rh: &[u8], status: u64, tokens: &[Vec<u8>]) -> Fields {
    vec![uint(1), bytes(EID), bytes(rh), uint(status), array(tokens), uint(NOW)]
}

pub(crate) fn token_info(tid: [u8; 16], name: &str, pol: u64) -> Vec<u8> {
    array(&[bytes(tid), text(name), uint(pol), array(&[uint(1), uint(8)])])
}

pub(crate) fn offer() -> Offer {
    Offer {
        tenant: tenant(),
        enrolment: EnrolmentId::from_bytes(EID),
        device: DeviceId::from_bytes(DID),
        epoch: Epoch::FIRST,
        server_key: *server_key().public_key().as_bytes(),
        psk: PSK,
        url: "https://login.example.com/push".into(),
        expires: at(NOW + 600),
    }
}

pub(crate) fn start() -> (Vec<u8>, DeviceEnrolment) {
    let push = PushAddress::new(PushKind::Fcm, b"address".to_vec()).unwrap();
    let profile = DeviceProfile::new("Alice's phone", push, Sent { at: at(NOW), sequence: 7 }).unwrap();
    let signer = Ed25519Signer::from_bytes(&SIGNING);
    DeviceEnrolment::start(&offer(), profile, &signer, &mut ChaCha20Rng::seed_from_u64(2)).unwrap()
}

/// An envelope under the keys of a run.
pub(crate) fn respond(run: &Run, plain: &[u8]) -> Vec<u8> {
    use chacha20poly1305::{
        ChaCha20Poly1305, Key, KeyInit, Nonce,
        aead::{Aead, Payload},
    };
    let kid = export(run, "s2d kid", [0; 16], 8);
    let entries = [(uint(1), uint(24)), (uint(4), bytes(kid)), (uint(5), bytes([1; 12])), (uint(16), uint(65290))];
    let protected = crate::cbor::map(&entries);
    let aad = array(&[text("Encrypt0"), bytes(&protected), bytes(external_aad())]);
    let cipher = ChaCha20Poly1305::new(&Key::try_from(&export(run, "s2d key", [0; 16], 32)[..]).unwrap());
    let sealed = cipher.encrypt(&Nonce::from([1; 12]), Payload { msg: plain, aad: &aad }).unwrap();
    crate::cbor::tagged(16, array(&[bytes(protected), crate::cbor::map(&[]), bytes(sealed)]))
}

/// The keys that `expose` lays out, by hand.
fn channel_keys(run: &Run) -> Vec<u8> {
    let parts = [("s2d key", 32), ("d2s psk", 32), ("s2d kid", 8), ("d2s kid", 8)];
    parts.map(|(label, len)| export(run, label, [0; 16], len)).concat()
}

fn confirmation(run: &Run) -> String {
    let value = u64::from_be_bytes(export(run, "confirm", [0; 16], 8).try_into().unwrap());
    format!("{:06}", value % 1_000_000)
}

// protocol.md: FRM-2, KEY-1, KEY-2
#[test]
fn a_device_by_hand_enrols_at_our_server() {
    let (enc, run) = sender(&bound());
    let frame = first_frame(&run, &enc, &request(&run));
    let opened = server_enrols(&frame).unwrap();
    assert_eq!((opened.verifying_key().as_bytes(), opened.profile().name()), (&public_key()[..], "Alice's phone"));
    assert_eq!((opened.profile().push().kind(), opened.profile().push().addr()), (PushKind::Fcm, &b"address"[..]));
    let info = |id, name| TokenInfo::new(TokenId::from_bytes(id), name, TokenPolicy::PIN_PROTECTED, OtpSpec::BOUND);
    let tokens = [info(OTHER_TOKEN, "Mail").unwrap(), info(TOKEN, "Bank").unwrap()];
    let enrolled = opened.respond(&tokens, at(NOW), &mut ChaCha20Rng::seed_from_u64(3)).unwrap();

    let keys = channel_keys(&run);
    assert_eq!(enrolled.keys.expose().as_slice(), keys);
    assert_eq!(enrolled.confirmation.as_str(), confirmation(&run));
    for (id, secret) in &enrolled.secrets {
        assert_eq!(secret.expose(), export(&run, "token", *id.as_bytes(), 32));
    }
    let infos = [token_info(TOKEN, "Bank", 1), token_info(OTHER_TOKEN, "Mail", 1)];
    let plain = payload(&response(&message_hash(&frame), 0, &infos));
    assert_eq!(open_envelope(&enrolled.response, &keys[..32], &keys[64..72]), (65290, plain));
}

// protocol.md: FRM-2, ENR-4, KEY-1, KEY-2
#[test]
fn our_device_enrols_at_a_server_by_hand() {
    let (frame, waiting) = start();
    let (plain, run) = open_frame(&frame, &EID, &bound());
    assert_eq!(open_sign1(&plain, &public_key()), (65289, signed_payload(&request(&run))));
    let infos = [token_info(TOKEN, "Bank", 1), token_info(OTHER_TOKEN, "Mail", 0)];
    let sealed = respond(&run, &payload(&response(&message_hash(&frame), 0, &infos)));
    let enrolled = waiting.finish(&sealed).unwrap();

    assert_eq!(enrolled.keys.expose().as_slice(), channel_keys(&run));
    assert_eq!(enrolled.confirmation.as_str(), confirmation(&run));
    assert_eq!(enrolled.tokens.len(), 2);
    for (info, secret) in &enrolled.tokens {
        assert_eq!(secret.expose(), export(&run, "token", *info.id().as_bytes(), 32));
    }
}

/// The exporter's value in a request is nobody's to read; the name is what an operator looks for.
#[test]
fn a_request_prints_no_exporter_value() {
    let (_, run) = sender(&bound());
    let fields = crate::messages::with(request(&run), 2, bytes([0xab; 32]));
    let request = FromDevice::decode(Typ::EnrolRequest, &signed_payload(&fields)).unwrap();
    let text = format!("{request:?}");
    assert!(!text.contains("171") && text.contains("Alice's phone"), "{text}");
}

/// A server that opened a request and has no token for it. That is final: it is this server's word on this request.
// protocol.md: ENR-6, ENR-8
#[test]
fn a_server_of_ours_refuses() {
    let (frame, waiting) = start();
    let refusal = server_enrols(&frame).unwrap().respond(&[], at(NOW), &mut ChaCha20Rng::seed_from_u64(3)).unwrap();
    let (_, run) = open_frame(&frame, &EID, &bound());
    let keys = channel_keys(&run);
    let plain = payload(&response(&message_hash(&frame), 1, &[]));
    assert_eq!(open_envelope(&refusal.response, &keys[..32], &keys[64..72]), (65290, plain));
    assert!(matches!(waiting.finish(&refusal.response), Err(NotEnrolled::Refused)));
}

/// The offer is used up when the reply comes: nothing on the way may end an enrolment by altering it.
// protocol.md: ENR-7
#[test]
fn a_device_waits_for_the_right_response() {
    let (frame, mut waiting) = start();
    let opened = server_enrols(&frame).unwrap();
    let info = TokenInfo::new(TokenId::from_bytes(TOKEN), "Bank", TokenPolicy::PIN_PROTECTED, OtpSpec::BOUND).unwrap();
    let enrolled = opened.respond(&[info], at(NOW), &mut ChaCha20Rng::seed_from_u64(3)).unwrap();
    let right = enrolled.response;
    let altered = (0..right.len() * 8).map(|bit| {
        let mut altered = right.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        altered
    });
    let garbage = [vec![], vec![0; 5000], b"<html>502 Bad Gateway</html>".to_vec(), frame, right[1..].to_vec()];
    for reply in garbage.into_iter().chain(altered) {
        waiting = match waiting.finish(&reply) {
            Err(NotEnrolled::Waiting { enrolment, .. }) => *enrolment,
            other => panic!("{other:?} for {reply:?}"),
        };
    }
    let device = waiting.finish(&right).unwrap();
    assert_eq!(device.keys.expose(), enrolled.keys.expose());
    assert_eq!(device.confirmation, enrolled.confirmation);
}
