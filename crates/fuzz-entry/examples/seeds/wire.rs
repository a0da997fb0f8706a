use fuzz_entry::fixture;
use pushotp_cbor::{ByteArray, ByteBuf, CborError, encode};
use pushotp_types::{Code, DeviceId, Digits, EnrolmentId, Epoch, TenantId, TokenId, UnixTime};
use pushotp_wire::{
    envelope,
    frame::{self, Sealing},
    keys::{Binding, ChannelKeys, ServerKey},
    message::{
        Approve, ApproveParts, Cancel, Challenge, ChallengeParts, Changes, Context, ContextValue, Deny, EnrolResponse,
        Fetch, FromDevice, Payload, Pending, PushSwitch, Report, ResultMessage, Rotate, Rotation, RotationStep, Sent,
        TokenInfo, Update,
    },
    rotate::RotationPublicKey,
    signer::{DeviceSigner, Ed25519Signer},
    state::Reply,
    terms::{
        CancelReason, ChallengeHash, ChallengeId, ChallengePolicy, Generation, MessageHash, Nonce, NumberMode, OtpSpec,
        PushAddress, PushKind, Reason, RotationId, Status, TokenPolicy, Typ, UserVerification,
    },
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::Seed;

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
/// A point of the curve, compressed: somebody's public key.
const P256_GENERATOR: [u8; 33] = *b"\
    \x03\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\
    \x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96";
const CHALLENGE: ChallengeId = ChallengeId::from_bytes([0xc1; 16]);

pub(crate) fn seeds() -> Vec<Seed> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let tenant = TenantId::new(b"example.com").unwrap();
    let binding = Binding { tenant, device: DeviceId::from_bytes([0xd1; 16]), epoch: Epoch::FIRST };
    let keys = ChannelKeys::from_exposed(&[7; 80]).unwrap();
    let server_key = ServerKey::from_bytes(&[9; 32]);
    let signer = Ed25519Signer::from_bytes(&[5; 32]);
    let sealing = Sealing { binding: &binding, keys: &keys, server_key: server_key.public_key(), signer: &signer };

    let mut seeds = Vec::new();
    for (name, payload) in from_server() {
        let sealed = envelope::seal(&payload, &keys, &tenant, &mut rng).unwrap();
        seeds.push(("envelope", name.to_owned(), sealed));
        seeds.push(kind("payload_server", name, payload.typ(), payload.as_bytes()));
    }
    for (name, message) in from_device() {
        let sealed = frame::seal(&message, &sealing, &mut rng).unwrap();
        seeds.push(("frame", name.to_owned(), sealed));
        seeds.push(kind("payload_device", name, message.typ(), &message.encode().unwrap()));
    }
    seeds.extend(enrolment(&signer));
    seeds.extend(states());
    seeds
}

/// A payload with the byte that chooses its kind in front.
fn kind(target: &'static str, name: &str, typ: Typ, payload: &[u8]) -> Seed {
    let [_, low] = typ.code().to_be_bytes();
    (target, name.to_owned(), [&[low], payload].concat())
}

/// Both messages of the enrolment that the targets play, and the response that refuses it.
fn enrolment(signer: &Ed25519Signer) -> Vec<Seed> {
    let (frame, _) = fixture::start(fixture::profile());
    let key = signer.verifying_key();
    let request = enrol_request(1, key.as_bytes(), (0, b""));
    let pushed = enrol_request(1, key.as_bytes(), (3, b"https://push.example.com/alice"));
    let p256 = enrol_request(2, &P256_GENERATOR, (0, b""));
    let (id, about) = (fixture::offer().enrolment, MessageHash::of(&frame));
    let response = |tokens| EnrolResponse::new(id, about, tokens, NOW).unwrap().encode().unwrap().as_bytes().to_vec();
    vec![
        kind("payload_device", "enrol-request", Typ::EnrolRequest, &request),
        kind("payload_device", "enrol-request-p256", Typ::EnrolRequest, &p256),
        kind("payload_server", "ticket", Typ::Ticket, &ticket()),
        ("frame", "enrol-request".to_owned(), frame),
        ("enrol_request", "polls".to_owned(), request),
        ("enrol_request", "pushed".to_owned(), pushed),
        ("enrol_response", "tokens".to_owned(), response(vec![fixture::token()])),
        ("enrol_response", "refused".to_owned(), response(vec![])),
    ]
}

/// Sequences of events that each end a request, two bytes for an event.
fn states() -> Vec<Seed> {
    let sequences: [(&str, &[u8]); 7] = [
        ("granted", &[0x00, 0x00, 0x06, 0x20, 0x06, 0x00]),
        ("third-time-lucky", &[0x01, 0x00, 0x09, 0x01, 0x01, 0x00, 0x10, 0x20, 0x06, 0x00]),
        ("three-wrong-passcodes", &[0x01, 0x00, 0x09, 0x00, 0x11, 0x01, 0x18, 0x00]),
        ("wrong-number", &[0x00, 0x08, 0x06, 0x00]),
        ("denied-and-reported", &[0x02, 0x00, 0x00, 0x01, 0x0b, 0x00, 0x06, 0x00]),
        ("expired-and-reported", &[0x05, 0xe0, 0x03, 0x01, 0x04, 0x00]),
        ("cancelled-after-approval", &[0x00, 0x00, 0x04, 0x00, 0x06, 0x00]),
    ];
    sequences.map(|(name, events)| ("state", name.to_owned(), events.to_vec())).to_vec()
}

fn from_server() -> Vec<(&'static str, Payload)> {
    let hash = MessageHash::from_bytes([4; 32]);
    let result = |reply| ResultMessage::new(CHALLENGE, hash, reply, NOW).unwrap().encode().unwrap();
    let cancel = Cancel::new(CHALLENGE, CancelReason::AnsweredElsewhere, NOW).encode().unwrap();
    let pending = Pending::new(Nonce::from_bytes([6; 16]), NOW, vec![vec![0xd0; 119]]).unwrap();
    let info = TokenInfo::new(TokenId::from_bytes([1; 16]), "Work", TokenPolicy::PIN_PROTECTED, OtpSpec::BOUND);
    let enrolled = EnrolResponse::new(EnrolmentId::from_bytes([0xe1; 16]), hash, vec![info.unwrap()], NOW);
    vec![
        ("challenge-minimal", challenge(NumberMode::None, Context::new("a", "b").unwrap())),
        ("challenge-typed", challenge(NumberMode::TypeIn { digits: 6 }, full_context())),
        ("challenge-pick-one", challenge(NumberMode::PickOne { choices: [7, 42, 99] }, full_context())),
        ("result-accepted", result(Reply { status: Status::Accepted, left: 0, failures: 3 })),
        ("result-wrong-passcode", result(Reply { status: Status::WrongPasscode, left: 2, failures: 0 })),
        ("cancel", cancel),
        ("pending", pending.encode().unwrap()),
        ("enrol-response", enrolled.unwrap().encode().unwrap()),
    ]
}

fn full_context() -> Context {
    let context = Context::new("Intranet", "alice@example.com").unwrap().with_ip([192, 0, 2, 7].into());
    let context = context.with_place("Wien, Österreich").unwrap().with_client("Firefox on Linux").unwrap();
    let context = context.with_action("log in").unwrap().with_extra(1, ContextValue::Uint(1 << 40)).unwrap();
    context.with_extra(3, ContextValue::Bytes(vec![1, 2, 3])).unwrap()
}

fn challenge(number: NumberMode, context: Context) -> Payload {
    let parts = ChallengeParts {
        id: CHALLENGE,
        tokens: vec![TokenId::from_bytes([1; 16]), TokenId::from_bytes([2; 16])],
        issued: NOW,
        expires: UnixTime::from_secs(1_800_000_120),
        nonce: [3; 32],
        policy: ChallengePolicy::VERIFY_USER | ChallengePolicy::REPORT_OFFERED,
        number,
        otp: OtpSpec::BOUND,
        context,
    };
    Challenge::new(parts).unwrap().encode().unwrap()
}

fn from_device() -> Vec<(&'static str, FromDevice)> {
    let (hash, sent) = (ChallengeHash::from_bytes([2; 32]), Sent { at: NOW, sequence: 7 });
    let approve = Approve::new(&ApproveParts {
        challenge: CHALLENGE,
        hash,
        token: TokenId::from_bytes([1; 16]),
        verification: UserVerification::Pin,
        number: "493027",
        code: &Code::from_value(64_727_617, Digits::EIGHT),
        sent,
    });
    let deny = Deny::new((CHALLENGE, hash), Reason::Mistake, sent);
    let report = Report::new((CHALLENGE, hash), Reason::NotMe, sent);
    let fetch = Fetch::new(DeviceId::from_bytes([0xd1; 16]), Nonce::from_bytes([6; 16]), NOW);
    vec![
        ("approve", FromDevice::Approve(approve.unwrap())),
        ("deny", FromDevice::Deny(deny.unwrap())),
        ("report", FromDevice::Report(report.unwrap())),
        ("fetch", FromDevice::Fetch(fetch.unwrap())),
        ("update", FromDevice::Update(update(sent))),
        ("rotate-request", FromDevice::Rotate(rotate(RotationStep::Request { key: rotation_key() }, sent))),
        ("rotate-confirm", FromDevice::Rotate(rotate(RotationStep::Confirm, sent))),
    ]
}

fn update(sent: Sent) -> Update {
    let changes = Changes {
        address: Some(PushAddress::new(PushKind::WebPush, b"https://push.example.com/alice".to_vec()).unwrap()),
        push: vec![PushSwitch { token: TokenId::from_bytes([1; 16]), on: false }],
        name: Some("Alice's tablet".into()),
    };
    Update::new(DeviceId::from_bytes([0xd1; 16]), changes, sent).unwrap()
}

fn rotate(step: RotationStep, sent: Sent) -> Rotate {
    let (id, token) = (RotationId::from_bytes([0xa1; 16]), TokenId::from_bytes([1; 16]));
    let rotation = Rotation { id, token, generation: Generation::FIRST, step };
    Rotate::new(rotation, &Code::from_value(64_727_617, Digits::EIGHT), sent).unwrap()
}

fn rotation_key() -> RotationPublicKey {
    RotationPublicKey::parse(ServerKey::from_bytes(&[9; 32]).public_key().as_bytes()).unwrap()
}

/// Only an enrolment makes one, and keeps it to itself: so it is written by hand.
fn enrol_request(alg: u8, key: &[u8], push: (u8, &[u8])) -> Vec<u8> {
    padded(Typ::EnrolRequest, |pad| {
        let (id, bind) = (ByteArray::new([0xe1; 16]), ByteArray::new([8; 32]));
        let push = (push.0, ByteBuf::from(push.1));
        encode(&(1, id, bind, alg, ByteBuf::from(key), "Alice's phone", push, NOW.as_secs(), 1, pad))
    })
}

/// As above: only a server that opened a rotation makes one.
fn ticket() -> Vec<u8> {
    padded(Typ::Ticket, |pad| {
        let (id, hash, token) = (ByteArray::new([0xa1; 16]), ByteArray::new([4; 32]), ByteArray::new([1; 16]));
        encode(&(1, id, hash, token, 2, ByteArray::new([5; 32]), ByteArray::new([6; 48]), NOW.as_secs(), pad))
    })
}

/// The payload with each pad until one is right.
fn padded(typ: Typ, payload: impl Fn(ByteBuf) -> Result<Vec<u8>, CborError>) -> Vec<u8> {
    let right = |bytes: &Vec<u8>| {
        if typ.is_from_device() {
            FromDevice::decode(typ, bytes).is_ok()
        } else {
            Payload::from_stored(typ, bytes.clone()).and_then(|payload| payload.decode()).is_ok()
        }
    };
    (0..88).map(|pad| payload(ByteBuf::from(vec![0; pad])).unwrap()).find(right).unwrap()
}
