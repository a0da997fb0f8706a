//! The push protocol: sealing and opening a challenge against the AEAD alone on the same bytes, verifying an approval
//! against the one key agreement and the one signature verification that it cannot do without. Then the same content as
//! JSON under HS256 and through `coset`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a bench stops at the first thing that is wrong")]

mod cose;
mod jwt;
mod table;

use benches::{Contender, ratio};
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit,
    aead::{Aead, Payload as Sealed},
};
use criterion::{Criterion, criterion_group, criterion_main};
use ed25519_dalek::{Signer as _, SigningKey};
use pushotp_types::{Code, DeviceId, Digits, Epoch, TenantId, TokenId, UnixTime};
use pushotp_wire::{
    Envelope, Frame,
    device::Device,
    envelope,
    frame::{self, Recipient, Sealing},
    keys::{Binding, ChannelKeys, ServerKey},
    message::{Approve, ApproveParts, Challenge, ChallengeParts, Context, FromDevice, FromServer, Sent},
    signer::{DeviceSigner, Ed25519Signer},
    terms::{ChallengeHash, ChallengeId, ChallengePolicy, NumberMode, OtpSpec, UserVerification},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use table::Row;

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
const NONCE: [u8; 32] = [3; 32];
const SEED: &[u8; 32] = &[5; 32];

fn tenant() -> TenantId {
    TenantId::new(b"example.com").unwrap()
}

fn binding() -> Binding {
    Binding { tenant: tenant(), device: DeviceId::from_bytes([1; 16]), epoch: Epoch::FIRST }
}

fn keys() -> ChannelKeys {
    ChannelKeys::from_exposed(&[7; 80]).unwrap()
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

/// A typical one: two tokens, place, address and client software.
fn challenge() -> Challenge {
    let context = Context::new("Intranet", "alice@example.com").unwrap().with_ip([192, 0, 2, 7].into());
    let context = context.with_place("Vienna, Austria").unwrap().with_client("Firefox on Linux").unwrap();
    Challenge::new(ChallengeParts {
        id: ChallengeId::from_bytes([1; 16]),
        tokens: vec![TokenId::from_bytes([2; 16]), TokenId::from_bytes([3; 16])],
        issued: NOW,
        expires: UnixTime::from_secs(1_800_000_120),
        nonce: NONCE,
        policy: ChallengePolicy::VERIFY_USER | ChallengePolicy::TYPE_NUMBER,
        number: NumberMode::TypeIn { digits: 6 },
        otp: OtpSpec::BOUND,
        context,
    })
    .unwrap()
}

fn approve() -> Approve {
    Approve::new(&ApproveParts {
        challenge: ChallengeId::from_bytes([1; 16]),
        hash: ChallengeHash::from_bytes([2; 32]),
        token: TokenId::from_bytes([2; 16]),
        verification: UserVerification::Pin,
        number: "493027",
        code: &Code::from_value(64_727_617, Digits::EIGHT),
        sent: Sent { at: NOW, sequence: 7 },
    })
    .unwrap()
}

fn device() -> Device {
    Device::new(binding(), keys(), *ServerKey::from_bytes(&[9; 32]).public_key())
}

fn seal_and_open(c: &mut Criterion) {
    let (keys, tenant, device) = (keys(), tenant(), device());
    let bytes = envelope::seal(&challenge().encode().unwrap(), &keys, &tenant, &mut rng()).unwrap();
    println!("a typical challenge: {} bytes sealed (bar 384)", bytes.len());

    // The AEAD alone, from the same key, with additional data of the same length.
    let parsed = Envelope::parse(&bytes).unwrap();
    let payload = parsed.open(&keys, &tenant).unwrap();
    let (key, nonce, aad) = ([7; 32], (*parsed.iv()).into(), [0; 67]);
    let cipher = || ChaCha20Poly1305::new(&key.into());
    let aead_seal = || cipher().encrypt(&nonce, Sealed { msg: payload.as_bytes(), aad: &aad }).unwrap();
    let sealed = aead_seal();
    let aead_open = || cipher().decrypt(&nonce, Sealed { msg: &sealed, aad: &aad }).unwrap();

    c.bench_function("wire/open a challenge", |b| b.iter(|| device.open(&bytes, NOW).unwrap()));
    c.bench_function("wire/the AEAD alone, open", |b| b.iter(aead_open));
    ratio("open + check + decode a challenge / AEAD", 2.0, || device.open(&bytes, NOW).unwrap(), aead_open);
    let no_bar = f64::INFINITY;
    ratio("of it, template + AEAD", no_bar, || Envelope::parse(&bytes).unwrap().open(&keys, &tenant), aead_open);
    ratio("of it, strict CBOR + ranges + display rules", no_bar, || payload.decode().unwrap(), aead_open);
    ratio("of it, challenge hash", no_bar, || payload.challenge_hash(&tenant), aead_open);

    let mut rng = rng();
    let mut seal = || envelope::seal(&challenge().encode().unwrap(), &keys, &tenant, &mut rng).unwrap();
    c.bench_function("wire/build and seal a challenge", |b| b.iter(&mut seal));
    ratio("build + seal a challenge / AEAD", 2.0, seal, aead_seal);
}

fn verify_an_approval(c: &mut Criterion) {
    let (binding, keys, server_key) = (binding(), keys(), ServerKey::from_bytes(&[9; 32]));
    let signer = Ed25519Signer::from_bytes(SEED);
    let sealing = Sealing { binding: &binding, keys: &keys, server_key: server_key.public_key(), signer: &signer };
    let bytes = frame::seal(&FromDevice::Approve(approve()), &sealing, &mut rng()).unwrap();
    println!("an approval: {} bytes sealed (bar 320)", bytes.len());
    let verifying_key = signer.verifying_key();
    let recipient =
        Recipient { server_key: &server_key, binding: &binding, keys: &keys, verifying_key: &verifying_key };
    let open = || Frame::parse(&bytes).unwrap().open(&recipient).unwrap().decode().unwrap();

    // As strict a verification, with a key that is decompressed too, of a message of the same length.
    let signing_key = SigningKey::from_bytes(SEED);
    let (message, public) = ([0; 158], signing_key.verifying_key());
    let signature = signing_key.sign(&message);
    let secret = x25519_dalek::StaticSecret::from([9; 32]);
    let peer = x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from([8; 32]));
    let agree = || secret.diffie_hellman(&peer);
    let bare = || {
        public.verify_strict(&message, &signature).unwrap();
        agree()
    };

    c.bench_function("wire/verify an approval", |b| b.iter(open));
    c.bench_function("wire/one X25519 and one Ed25519 verification", |b| b.iter(bare));
    ratio("verify an approval / (X25519 + Ed25519)", 1.15, open, bare);
    ratio("of these, one X25519", f64::INFINITY, agree, bare);
}

/// A challenge in three formats. Each is built from the same parts, and read into what its fields mean.
fn formats_of_a_challenge(_: &mut Criterion) {
    let (keys, tenant, device) = (keys(), tenant(), device());
    let ours = |rng: &mut ChaCha20Rng| envelope::seal(&challenge().encode().unwrap(), &keys, &tenant, rng).unwrap();
    let cose = |rng: &mut ChaCha20Rng| cose::seal(&challenge(), &[7; 32], rng);
    let (sealed, general) = (ours(&mut rng()), cose(&mut rng()));
    assert_eq!(sealed, general, "both are the same message");
    assert!(matches!(cose::open(&sealed, &[7; 32]), FromServer::Challenge(read) if read == challenge()));
    let token = jwt::challenge(&challenge(), NONCE);
    let (mut for_ours, mut for_cose) = (rng(), rng());
    let rows = &mut [
        Row {
            bytes: sealed.len(),
            build: Contender::new("pushotp", || ours(&mut for_ours)),
            read: Contender::new("", || device.open(&sealed, NOW).unwrap()),
        },
        Row {
            bytes: general.len(),
            build: Contender::new("coset: COSE_Encrypt0", || cose(&mut for_cose)),
            read: Contender::new("", || cose::open(&general, &[7; 32])),
        },
        Row {
            bytes: token.len(),
            build: Contender::new("JSON, HS256: readable by all", || jwt::challenge(&challenge(), NONCE)),
            read: Contender::new("", || jwt::read_challenge(&token, NOW)),
        },
    ];
    table::print("a challenge", rows);
}

/// An approval in three formats, of which only ours is sealed.
fn formats_of_an_approval(_: &mut Criterion) {
    let (binding, keys, server_key) = (binding(), keys(), ServerKey::from_bytes(&[9; 32]));
    let (signer, signing_key) = (Ed25519Signer::from_bytes(SEED), SigningKey::from_bytes(SEED));
    let sealing = Sealing { binding: &binding, keys: &keys, server_key: server_key.public_key(), signer: &signer };
    let (device_key, public) = (signer.verifying_key(), signing_key.verifying_key());
    let recipient = Recipient { server_key: &server_key, binding: &binding, keys: &keys, verifying_key: &device_key };
    let message = || FromDevice::Approve(approve());
    let sealed = frame::seal(&message(), &sealing, &mut rng()).unwrap();
    let (general, token) = (cose::sign(&message(), &signing_key), jwt::approve(&approve()));
    let mut rng = rng();
    let rows = &mut [
        Row {
            bytes: sealed.len(),
            build: Contender::new("pushotp: Ed25519 in HPKE", || frame::seal(&message(), &sealing, &mut rng).unwrap()),
            read: Contender::new("", || Frame::parse(&sealed).unwrap().open(&recipient).unwrap().decode().unwrap()),
        },
        Row {
            bytes: general.len(),
            build: Contender::new("coset: COSE_Sign1, Ed25519, not sealed", || cose::sign(&message(), &signing_key)),
            read: Contender::new("", || cose::verify(&general, &public)),
        },
        Row {
            bytes: token.len(),
            build: Contender::new("JSON, HS256: readable by all", || jwt::approve(&approve())),
            read: Contender::new("", || jwt::read_approve(&token)),
        },
    ];
    table::print("an approval", rows);
    println!(
        "What HS256 does not give: secrecy, since the passcode stands there for every carrier to read, and proof of the \
         device, since whoever has the server's database has the key that signs."
    );
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = seal_and_open, verify_an_approval, formats_of_a_challenge, formats_of_an_approval
}
criterion_main!(benches);
