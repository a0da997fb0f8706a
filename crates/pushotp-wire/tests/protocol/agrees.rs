//! Both implementations write the same bytes, and each reads the other's.

use core::net::Ipv4Addr;

use pushotp_types::{Code, DeviceId, Digits};
use pushotp_wire::{
    Envelope,
    device::Incoming,
    envelope::seal,
    message::{
        Approve, ApproveParts, Cancel, Challenge, ChallengeParts, Changes, Context, ContextValue, Deny, Fetch,
        FromDevice, FromServer, Payload, Pending, PushSwitch, Reply, Report, ResultMessage, Rotate, Rotation,
        RotationStep, Sent, Update,
    },
    rotate::RotationPublicKey,
    signer::{DeviceSigner, Ed25519Signer},
    terms::{
        CancelReason, ChallengeHash, ChallengeId, ChallengePolicy, Generation, MessageHash, Nonce, NumberMode, OtpSpec,
        PushAddress, PushKind, Reason, RotationId, Status, UserVerification,
    },
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::{messages, messages::*, peer::*};

fn our_context() -> Context {
    Context::new("Intranet", "alice")
        .and_then(|context| context.with_ip(Ipv4Addr::new(192, 0, 2, 7).into()).with_place("Vienna, Austria"))
        .and_then(|context| context.with_client("Firefox on Linux")?.with_action("log in"))
        .and_then(|context| context.with_extra(13, ContextValue::Uint(5)))
        .unwrap()
}

fn our_challenge() -> Challenge {
    let tokens = vec![pushotp_types::TokenId::from_bytes(OTHER_TOKEN), token()];
    let policy = ChallengePolicy::VERIFY_USER | ChallengePolicy::REPORT_OFFERED | ChallengePolicy::TYPE_NUMBER;
    let (id, number, otp) = (ChallengeId::from_bytes(CID), NumberMode::TypeIn { digits: 6 }, OtpSpec::BOUND);
    let (issued, expires, context) = (at(NOW), at(NOW + 120), our_context());
    Challenge::new(ChallengeParts { id, tokens, issued, expires, nonce: [3; 32], policy, number, otp, context })
        .unwrap()
}

/// Each message of the server as a payload of ours, and its number and fields by hand.
fn from_server() -> Vec<(Payload, u64, Fields)> {
    let (id, about) = (ChallengeId::from_bytes(CID), MessageHash::from_bytes(RH));
    let reply = Reply { status: Status::WrongPasscode, left: 2, failures: 0 };
    let result = ResultMessage::new(id, about, reply, at(NOW)).unwrap();
    let cancel = Cancel::new(id, CancelReason::Superseded, at(NOW));
    let item = envelope(65281, &payload(&challenge()));
    let pending = Pending::new(Nonce::from_bytes([4; 16]), at(NOW), vec![item.clone()]).unwrap();
    vec![
        (our_challenge().encode().unwrap(), 65281, challenge()),
        (result.encode().unwrap(), 65285, messages::result()),
        (cancel.encode().unwrap(), 65286, messages::cancel()),
        (pending.encode().unwrap(), 65288, messages::pending(&[item])),
    ]
}

fn our_update() -> Update {
    // In any order: the message has them ascending.
    let push = vec![
        PushSwitch { token: pushotp_types::TokenId::from_bytes(OTHER_TOKEN), on: true },
        PushSwitch { token: token(), on: false },
    ];
    let address = PushAddress::new(PushKind::Fcm, b"address".to_vec()).unwrap();
    let changes = Changes { address: Some(address), push, name: Some("Alice's phone".into()) };
    Update::new(DeviceId::from_bytes(DID), changes, Sent { at: at(NOW), sequence: NOW * 1000 }).unwrap()
}

fn our_rotation(generation: u32, step: RotationStep) -> Rotation {
    let generation = Generation::new(generation).unwrap();
    Rotation { id: RotationId::from_bytes(RID), token: token(), generation, step }
}

/// Each message of a device, and its number and fields by hand.
fn from_device() -> Vec<(FromDevice, u64, Fields)> {
    let (challenge, hash) = (ChallengeId::from_bytes(CID), ChallengeHash::from_bytes(CH));
    let (sent, code) = (Sent { at: at(NOW), sequence: NOW * 1000 }, Code::from_value(64_727_617, Digits::EIGHT));
    let (number, verification) = ("482913", UserVerification::Pin);
    let approve =
        Approve::new(&ApproveParts { challenge, hash, token: token(), verification, number, code: &code, sent })
            .unwrap();
    let deny = Deny::new((challenge, hash), Reason::NotMe, sent).unwrap();
    let report = Report::new((challenge, hash), Reason::NotMe, sent).unwrap();
    let fetch = Fetch::new(DeviceId::from_bytes(DID), Nonce::from_bytes([4; 16]), at(NOW)).unwrap();
    let key = RotationPublicKey::parse(&[9; 32]).unwrap();
    let (ask, confirm) = (our_rotation(1, RotationStep::Request { key }), our_rotation(2, RotationStep::Confirm));
    vec![
        (FromDevice::Approve(approve), 65282, messages::approve()),
        (FromDevice::Deny(deny), 65283, messages::deny()),
        (FromDevice::Report(report), 65284, messages::deny()),
        (FromDevice::Fetch(fetch), 65287, messages::fetch()),
        (FromDevice::Update(our_update()), 65291, update()),
        (FromDevice::Rotate(Rotate::new(ask, &code, sent).unwrap()), 65292, rotate(&[9; 32])),
        (FromDevice::Rotate(Rotate::new(confirm, &code, sent).unwrap()), 65292, messages::confirm()),
    ]
}

// protocol.md: ENV-5, MSG-1
#[test]
fn envelopes() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for (ours, typ, fields) in from_server() {
        let theirs = payload(&fields);
        assert_eq!(ours.as_bytes(), theirs, "{typ}");
        assert_eq!(u64::from(ours.typ().code()), typ);
        let sealed = seal(&ours, &keys(), &tenant(), &mut rng).unwrap();
        assert_eq!(open_envelope(&sealed, &S2D_KEY, &S2D_KID), (typ, theirs.clone()));
        let opened = Envelope::parse(&envelope(typ, &theirs)).unwrap().open(&keys(), &tenant()).unwrap();
        assert_eq!(opened, ours);
        match opened.decode().unwrap() {
            FromServer::Challenge(challenge) => assert_eq!(challenge, our_challenge()),
            FromServer::Result(message) => assert_eq!(message.encode().unwrap(), ours),
            FromServer::Cancel(message) => assert_eq!(message.encode().unwrap(), ours),
            FromServer::Pending(message) => assert_eq!(message.encode().unwrap(), ours),
            other => panic!("{other:?}"),
        }
    }
}

// protocol.md: FRM-2, SIG-3, MSG-1
#[test]
fn frames() {
    for (ours, typ, fields) in from_device() {
        let theirs = signed_payload(&fields);
        assert_eq!(ours.encode().unwrap(), theirs, "{typ}");
        let public = Ed25519Signer::from_bytes(&SIGNING).verifying_key();
        let (plain, _) = open_frame(&device_seals(&ours), &D2S_KID, &channel());
        assert_eq!(plain.len() % 64, 0);
        assert_eq!(open_sign1(&plain, public.as_bytes()), (typ, theirs.clone()));
        let opened = server_opens(&frame(&sign1(typ, &theirs))).unwrap();
        assert_eq!(opened.typ(), ours.typ());
        assert_eq!(opened.encode().unwrap(), theirs);
    }
}

/// What an approval says arrives as it was said.
#[test]
fn an_approval_field_by_field() {
    let opened = server_opens(&frame(&sign1(65282, &signed_payload(&approve())))).unwrap();
    let FromDevice::Approve(approve) = opened else { panic!("{opened:?}") };
    assert_eq!((approve.challenge().as_bytes(), approve.hash().as_bytes()), (&CID, &CH));
    assert_eq!((approve.token(), approve.verification()), (token(), UserVerification::Pin));
    assert_eq!((approve.expose_number(), approve.expose_code()), ("482913", "64727617"));
    assert_eq!(approve.sent(), Sent { at: at(NOW), sequence: NOW * 1000 });
}

// protocol.md: HASH-1
#[test]
fn hashes() {
    let plain = payload(&challenge());
    let Ok(Incoming::Challenge(opened)) = device_opens(&envelope(65281, &plain)) else { panic!() };
    assert_eq!(opened.hash().as_bytes(), &challenge_hash(&plain));
    for len in [0, 23, 24, 255, 256, 4096] {
        let message = vec![7; len];
        assert_eq!(MessageHash::of(&message).as_bytes(), &message_hash(&message));
    }
}

/// Case 113: where 25 bytes are missing the pad is 87, and every other length has its own.
// protocol.md: PAD-1
#[test]
fn every_length_of_padding() {
    let mut seen = std::collections::BTreeSet::new();
    for len in 1..=64 {
        let context = [
            (crate::cbor::uint(0), crate::cbor::text(&"a".repeat(len))),
            (crate::cbor::uint(2), crate::cbor::text("u")),
        ];
        let fields = with(challenge(), CTX, crate::cbor::map(&context));
        let plain = payload(&fields);
        assert!(device_opens(&envelope(65281, &plain)).is_ok(), "{len}");
        seen.insert(plain.iter().rev().take_while(|byte| **byte == 0).count());
    }
    assert!(seen.contains(&87) && seen.len() >= 60, "{seen:?}");
}
