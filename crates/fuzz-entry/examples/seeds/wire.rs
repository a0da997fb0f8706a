use pushotp_cbor::{ByteArray, ByteBuf, encode};
use pushotp_types::{Code, DeviceId, Digits, EnrolmentId, Epoch, Offer, TenantId, TokenId, UnixTime};
use pushotp_wire::{
    enrol::DeviceEnrolment,
    envelope,
    frame::{self, Sealing},
    keys::{Binding, ChannelKeys, ServerKey},
    message::{
        Approve, ApproveParts, Cancel, Challenge, ChallengeParts, Context, ContextValue, Deny, DeviceProfile,
        EnrolResponse, Fetch, FromDevice, Payload, Pending, Report, ResultMessage, Sent, TokenInfo,
    },
    signer::{DeviceSigner, Ed25519Signer},
    state::Reply,
    terms::{
        CancelReason, ChallengeHash, ChallengeId, ChallengePolicy, MessageHash, Nonce, NumberMode, OtpSpec,
        PushAddress, Reason, Status, TokenPolicy, Typ, UserVerification,
    },
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::Seed;

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
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
        seeds.push(kind(name, payload.typ(), payload.as_bytes()));
    }
    for (name, message) in from_device() {
        let sealed = frame::seal(&message, &sealing, &mut rng).unwrap();
        seeds.push(("frame", name.to_owned(), sealed));
        seeds.push(kind(name, message.typ(), &message.encode().unwrap()));
    }
    let (sealed, _) = DeviceEnrolment::start(&offer(), profile(), &signer, &mut rng).unwrap();
    seeds.push(("frame", "enrol-request".to_owned(), sealed));
    seeds.push(kind("enrol-request", Typ::EnrolRequest, &enrol_request(&signer)));
    seeds
}

/// A payload with the byte that chooses its kind in front.
fn kind(name: &str, typ: Typ, payload: &[u8]) -> Seed {
    let [_, low] = typ.code().to_be_bytes();
    ("payload", name.to_owned(), [&[low], payload].concat())
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
    ]
}

fn offer() -> Offer {
    Offer {
        tenant: TenantId::new(b"example.com").unwrap(),
        enrolment: EnrolmentId::from_bytes([0xe1; 16]),
        device: DeviceId::from_bytes([0xd1; 16]),
        epoch: Epoch::FIRST,
        server_key: *ServerKey::from_bytes(&[9; 32]).public_key().as_bytes(),
        psk: [3; 32],
        url: "https://login.example.com/push".into(),
        expires: UnixTime::from_secs(1_800_000_600),
    }
}

fn profile() -> DeviceProfile {
    DeviceProfile::new("Alice's phone", PushAddress::POLL, Sent { at: NOW, sequence: 1 }).unwrap()
}

/// Only an enrolment makes one, and keeps it to itself: so it is written by hand, with each pad until one is right.
fn enrol_request(signer: &Ed25519Signer) -> Vec<u8> {
    let key = signer.verifying_key();
    (0..88)
        .map(|pad| {
            encode(&(
                1,
                ByteArray::new([0xe1; 16]),
                ByteArray::new([8; 32]),
                1,
                ByteBuf::from(key.as_bytes()),
                "Alice's phone",
                (0, ByteBuf::new()),
                NOW.as_secs(),
                1,
                ByteBuf::from(vec![0; pad]),
            ))
            .unwrap()
        })
        .find(|payload| FromDevice::decode(Typ::EnrolRequest, payload).is_ok())
        .unwrap()
}
