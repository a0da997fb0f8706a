//! The push protocol: sealing and opening a challenge against the AEAD alone on the same bytes, verifying an approval
//! against the one key agreement and the one signature verification that it cannot do without.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first thing that is wrong")]

use benches::ratio;
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
    message::{Approve, ApproveParts, Challenge, ChallengeParts, Context, FromDevice, Sent},
    signer::{DeviceSigner, Ed25519Signer},
    terms::{ChallengeHash, ChallengeId, ChallengePolicy, NumberMode, OtpSpec, UserVerification},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

fn tenant() -> TenantId {
    TenantId::new(b"example.com").unwrap()
}

fn binding() -> Binding {
    Binding { tenant: tenant(), device: DeviceId::from_bytes([1; 16]), epoch: Epoch::FIRST }
}

fn keys() -> ChannelKeys {
    ChannelKeys::from_exposed(&[7; 80]).unwrap()
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
        nonce: [3; 32],
        policy: ChallengePolicy::VERIFY_USER | ChallengePolicy::TYPE_NUMBER,
        number: NumberMode::TypeIn { digits: 6 },
        otp: OtpSpec::BOUND,
        context,
    })
    .unwrap()
}

fn seal_and_open(c: &mut Criterion) {
    let (keys, tenant) = (keys(), tenant());
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let bytes = envelope::seal(&challenge().encode().unwrap(), &keys, &tenant, &mut rng).unwrap();
    println!("a typical challenge: {} bytes sealed (bar 384)", bytes.len());
    let device = Device::new(binding(), self::keys(), *ServerKey::from_bytes(&[9; 32]).public_key());

    // The AEAD alone, with additional data of the same length.
    let parsed = Envelope::parse(&bytes).unwrap();
    let plain = parsed.open(&keys, &tenant).unwrap();
    let (cipher, nonce, aad) = (ChaCha20Poly1305::new(&[7; 32].into()), (*parsed.iv()).into(), [0; 67]);
    let sealed = cipher.encrypt(&nonce, Sealed { msg: plain.as_bytes(), aad: &aad }).unwrap();
    let aead_open = || ChaCha20Poly1305::new(&[7; 32].into()).decrypt(&nonce, Sealed { msg: &sealed, aad: &aad });
    let aead_seal =
        || ChaCha20Poly1305::new(&[7; 32].into()).encrypt(&nonce, Sealed { msg: plain.as_bytes(), aad: &aad });

    c.bench_function("wire/open a challenge", |b| b.iter(|| device.open(&bytes, NOW).unwrap()));
    c.bench_function("wire/the AEAD alone, open", |b| b.iter(aead_open));
    ratio("open + check + decode a challenge / AEAD", 2.0, || device.open(&bytes, NOW).unwrap(), aead_open);

    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut seal = || envelope::seal(&challenge().encode().unwrap(), &keys, &tenant, &mut rng).unwrap();
    c.bench_function("wire/build and seal a challenge", |b| b.iter(&mut seal));
    ratio("build + seal a challenge / AEAD", 2.0, seal, aead_seal);
}

fn verify_an_approval(c: &mut Criterion) {
    let (binding, keys, server_key) = (binding(), keys(), ServerKey::from_bytes(&[9; 32]));
    let signer = Ed25519Signer::from_bytes(&[5; 32]);
    let approve = Approve::new(&ApproveParts {
        challenge: ChallengeId::from_bytes([1; 16]),
        hash: ChallengeHash::from_bytes([2; 32]),
        token: TokenId::from_bytes([2; 16]),
        verification: UserVerification::Pin,
        number: "493027",
        code: &Code::from_value(64_727_617, Digits::EIGHT),
        sent: Sent { at: NOW, sequence: 7 },
    });
    let sealing = Sealing { binding: &binding, keys: &keys, server_key: server_key.public_key(), signer: &signer };
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let bytes = frame::seal(&FromDevice::Approve(approve.unwrap()), &sealing, &mut rng).unwrap();
    println!("an approval: {} bytes sealed (bar 320)", bytes.len());
    let verifying_key = signer.verifying_key();
    let recipient =
        Recipient { server_key: &server_key, binding: &binding, keys: &keys, verifying_key: &verifying_key };
    let open = || Frame::parse(&bytes).unwrap().open(&recipient).unwrap().decode().unwrap();

    let signing_key = SigningKey::from_bytes(&[5; 32]);
    let (message, public) = ([0; 200], signing_key.verifying_key());
    let signature = signing_key.sign(&message);
    let secret = x25519_dalek::StaticSecret::from([9; 32]);
    let peer = x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from([8; 32]));
    let bare = || {
        public.verify_strict(&message, &signature).unwrap();
        secret.diffie_hellman(&peer)
    };

    c.bench_function("wire/verify an approval", |b| b.iter(open));
    c.bench_function("wire/one X25519 and one Ed25519 verification", |b| b.iter(bare));
    ratio("verify an approval / (X25519 + Ed25519)", 1.15, open, bare);
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = seal_and_open, verify_an_approval
}
criterion_main!(benches);
