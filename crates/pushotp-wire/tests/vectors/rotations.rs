//! Rotations that are right: request, ticket and confirmation, and all that both sides derive.

use hkdf::Hkdf;
use pushotp_types::{Code, Digits, Secret, TokenId};
use pushotp_wire::{
    device::{Device, Incoming, Sending},
    message::{FromDevice, Sent},
    rotate::{Granting, Rotating, RotationRequest},
    signer::Ed25519Signer,
    terms::{Generation, MessageHash},
};
use rand_chacha::rand_core::Rng;
use sha2::Sha256;

use crate::{
    cbor::split_bytes,
    diagnostic::notation,
    format::{Rotation, rng, seed},
    passcodes::bound,
    peer::{
        D2S_KID, NOW, OTHER_TOKEN, S2D_KEY, S2D_KID, SIGNING, TOKEN, at, binding, channel, device_opens, keys,
        message_hash, open_envelope, open_frame, server_key, server_opens,
    },
};

/// One rotation, before it is made.
struct Plan {
    id: &'static str,
    comment: &'static str,
    token: [u8; 16],
    generation: u32,
    secret: Vec<u8>,
}

fn plans() -> Vec<Plan> {
    let secret = |len: u8| (0..len).collect();
    let plan = |id, comment| Plan { id, comment, token: TOKEN, generation: 1, secret: secret(32) };
    vec![
        plan("first", "from generation 1 to 2"),
        Plan { token: OTHER_TOKEN, generation: 300, ..plan("another_token", "its three hundredth secret") },
        Plan { generation: u32::MAX - 1, ..plan("last_generation", "there is none after it") },
        Plan { secret: secret(20), ..plan("secret_of_20_bytes", "the new one is as long") },
        Plan { secret: secret(64), ..plan("secret_of_64_bytes", "the new one is as long") },
    ]
}

fn device() -> Device {
    Device::new(binding(), keys(), *server_key().public_key())
}

fn answer(secret: &[u8], question: &[u8; 32]) -> Code {
    Code::from_value(bound(secret, question), Digits::EIGHT)
}

/// The request of a plan, and what waits for the ticket.
fn asked(plan: &Plan, case: &mut Rotation) -> Rotating {
    let (device, signer, mut rng) = (device(), Ed25519Signer::from_bytes(&SIGNING), rng(seed(plan.id)));
    let generation = Generation::new(plan.generation).unwrap();
    let request = RotationRequest::new(&device, TokenId::from_bytes(plan.token), generation, &mut rng).unwrap();
    let (hash, code) = (request.hash(), answer(&plan.secret, request.hash().as_bytes()));
    let sent = Sent { at: at(NOW), sequence: 1 };
    let (frame, waiting) = request.send(&code, &device, &mut Sending { signer: &signer, rng: &mut rng, sent }).unwrap();
    (case.hash, case.code) = (hash.as_bytes().into(), code.expose().into());
    case.rh = message_hash(&frame).into();
    (case.request_signed, case.request_payload, case.request_fields) = signed(&frame);
    case.request = frame.into();
    waiting
}

/// What is signed in a frame, its payload, and that for people.
fn signed(frame: &[u8]) -> (crate::format::Hex, crate::format::Hex, String) {
    let (signed, _) = open_frame(frame, &D2S_KID, &channel());
    let (payload, _) = split_bytes(&signed[11..]);
    (signed.as_slice().into(), payload.into(), notation(payload))
}

/// The server's ticket, and the secret that both have then.
fn granted(plan: &Plan, case: &mut Rotation) {
    let seed = seed(&format!("{} ticket", plan.id));
    let FromDevice::Rotate(rotate) = server_opens(&case.request.0).unwrap() else { panic!() };
    let (binding, keys, secret) = (binding(), keys(), Secret::new(&plan.secret).unwrap());
    let granting = Granting { binding: &binding, keys: &keys, secret: &secret };
    let about = MessageHash::of(&case.request.0);
    let granted = rotate.grant(about, &granting, at(NOW), &mut rng(seed)).unwrap();
    let (_, payload) = open_envelope(&granted.ticket, &S2D_KEY, &S2D_KID);
    let mut nonce = [0; 32];
    rng(seed).fill_bytes(&mut nonce);
    assert_eq!(granted.secret.expose(), next(plan, &nonce));
    (case.ticket_rng_seed, case.nonce) = (seed.into(), nonce.into());
    (case.ticket_fields, case.ticket_payload) = (notation(&payload), payload.into());
    (case.ticket, case.next_secret) = (granted.ticket.into(), granted.secret.expose().into());
}

/// K', by hand.
fn next(plan: &Plan, nonce: &[u8]) -> Vec<u8> {
    use crate::{
        cbor::{array, bytes, text, uint},
        peer::{DID, TENANT},
    };
    let whose = [bytes(TENANT), bytes(DID), bytes(plan.token), uint(1), uint(u64::from(plan.generation) + 1)];
    let info = array(&[&[text("pushotp-k"), uint(1)][..], &whose].concat());
    let mut next = vec![0; plan.secret.len()];
    Hkdf::<Sha256>::new(Some(nonce), &plan.secret).expand(&info, &mut next).unwrap();
    next
}

/// The device has the new secret, and shows it.
fn confirmed(plan: &Plan, waiting: Rotating, case: &mut Rotation) {
    let seed = seed(&format!("{} confirm", plan.id));
    let (device, signer, mut rng) = (device(), Ed25519Signer::from_bytes(&SIGNING), rng(seed));
    let Ok(Incoming::Ticket(ticket)) = device_opens(&case.ticket.0) else { panic!() };
    let rotated = waiting.finish(&ticket, &Secret::new(&plan.secret).unwrap(), &device).unwrap();
    assert_eq!(rotated.secret().expose(), case.next_secret.0);
    let (hash, code) = (rotated.hash(), answer(&case.next_secret.0, rotated.hash().as_bytes()));
    let sent = Sent { at: at(NOW), sequence: 2 };
    let (frame, _) = rotated.confirm(&code, &device, &mut Sending { signer: &signer, rng: &mut rng, sent }).unwrap();
    (case.confirm_rng_seed, case.confirm_hash) = (seed.into(), hash.as_bytes().into());
    case.confirm_code = code.expose().into();
    (case.confirm_signed, case.confirm_payload, case.confirm_fields) = signed(&frame);
    case.confirm = frame.into();
}

fn written(plan: &Plan) -> Rotation {
    let mut case = Rotation {
        id: plan.id.into(),
        comment: plan.comment.into(),
        tid: plan.token.into(),
        generation: plan.generation,
        secret: plan.secret.as_slice().into(),
        rng_seed: seed(plan.id).into(),
        ..Rotation::default()
    };
    let waiting = asked(plan, &mut case);
    granted(plan, &mut case);
    confirmed(plan, waiting, &mut case);
    case
}

pub(crate) fn rotations() -> Vec<Rotation> {
    plans().iter().map(written).collect()
}

/// The first of them, to be refused other tickets, and what waits for one.
pub(crate) fn first() -> (Rotating, Rotation) {
    let plan = &plans()[0];
    let mut case = written(plan);
    (asked(plan, &mut case), case)
}
