//! Every single bit of what travels counts, and no byte string panics a decoder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use pushotp_types::{DeviceId, EnrolmentId, Epoch, Offer, TenantId, TokenId, UnixTime};
use pushotp_wire::{
    Envelope, Error, Frame,
    enrol::{DeviceEnrolment, EnrolmentRecipient},
    envelope,
    keys::{ChannelKeys, ServerKey},
    message::{Cancel, DeviceProfile, Sent, TokenInfo},
    signer::{DeviceSigner, Ed25519Signer, VerifyingKey},
    terms::{CancelReason, ChallengeId, OtpSpec, PushAddress, TokenPolicy},
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

fn tenant() -> TenantId {
    TenantId::new(b"example.com").unwrap()
}

fn offer(server_key: &ServerKey) -> Offer {
    Offer {
        tenant: tenant(),
        enrolment: EnrolmentId::from_bytes([1; 16]),
        device: DeviceId::from_bytes([2; 16]),
        epoch: Epoch::FIRST,
        server_key: *server_key.public_key().as_bytes(),
        psk: [3; 32],
        url: "https://login.example.com/push".into(),
        expires: NOW,
    }
}

fn recipient(server_key: &ServerKey) -> EnrolmentRecipient<'_> {
    EnrolmentRecipient {
        server_key,
        tenant: tenant(),
        enrolment: EnrolmentId::from_bytes([1; 16]),
        device: DeviceId::from_bytes([2; 16]),
        epoch: Epoch::FIRST,
        psk: &[3; 32],
    }
}

fn start(server_key: &ServerKey, rng: &mut ChaCha20Rng) -> (Vec<u8>, DeviceEnrolment) {
    let profile = DeviceProfile::new("phone", PushAddress::POLL, Sent { at: NOW, sequence: 1 }).unwrap();
    DeviceEnrolment::start(&offer(server_key), profile, &Ed25519Signer::from_bytes(&[5; 32]), rng).unwrap()
}

fn flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

#[test]
fn each_bit_of_an_envelope() {
    let keys = ChannelKeys::from_exposed(&[7; 80]).unwrap();
    let cancel = Cancel::new(ChallengeId::from_bytes([1; 16]), CancelReason::PageClosed, NOW);
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let bytes = envelope::seal(&cancel.encode().unwrap(), &keys, &tenant(), &mut rng).unwrap();
    let open = |bytes: &[u8]| Envelope::parse(bytes)?.open(&keys, &tenant());
    assert!(open(&bytes).is_ok());
    for flipped in flips(&bytes) {
        assert!(open(&flipped).is_err());
    }
    // Neither another tenant nor another key opens it.
    let other = TenantId::new(b"example.org").unwrap();
    assert_eq!(Envelope::parse(&bytes).unwrap().open(&keys, &other), Err(Error::BadSeal));
    let mut exposed = [7; 80];
    exposed[0] ^= 1;
    let other = ChannelKeys::from_exposed(&exposed).unwrap();
    assert_eq!(Envelope::parse(&bytes).unwrap().open(&other, &tenant()), Err(Error::BadSeal));
}

#[test]
fn each_bit_of_an_enrolment() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let server_key = ServerKey::from_bytes(&[9; 32]);
    let (request, device) = start(&server_key, &mut rng);
    let opened = Frame::parse(&request).unwrap().open_enrolment(&recipient(&server_key)).unwrap();
    for flipped in flips(&request) {
        let opened = Frame::parse(&flipped).and_then(|frame| frame.open_enrolment(&recipient(&server_key)));
        assert!(opened.is_err());
    }
    let info = TokenInfo::new(TokenId::from_bytes([4; 16]), "Work", TokenPolicy::NONE, OtpSpec::BOUND).unwrap();
    let server = opened.respond(&[info], NOW, &mut rng).unwrap();
    for flipped in flips(&server.response) {
        // The same request, so the same keys on the device's side.
        let (again, device) = start(&server_key, &mut ChaCha20Rng::seed_from_u64(2));
        assert_eq!(again, request);
        assert!(device.finish(&flipped).is_err());
    }
    let device = device.finish(&server.response).unwrap();
    assert_eq!(device.confirmation.as_str(), server.confirmation.as_str());
    assert_eq!(device.keys.expose(), server.keys.expose());
    assert_eq!(device.tokens[0].1.expose(), server.secrets[0].1.expose());
}

// protocol.md: FRM-2, CHK-2
#[test]
fn another_psk_server_or_epoch_opens_nothing() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let server_key = ServerKey::from_bytes(&[9; 32]);
    let (request, _) = start(&server_key, &mut rng);
    let frame = Frame::parse(&request).unwrap();
    let (other_key, good) = (ServerKey::from_bytes(&[8; 32]), recipient(&server_key));
    for bad in [
        EnrolmentRecipient { psk: &[4; 32], ..good },
        EnrolmentRecipient { server_key: &other_key, ..good },
        EnrolmentRecipient { device: DeviceId::from_bytes([9; 16]), ..good },
        EnrolmentRecipient { epoch: Epoch::new(2).unwrap(), ..good },
        EnrolmentRecipient { tenant: TenantId::new(b"example.org").unwrap(), ..good },
    ] {
        assert_eq!(frame.open_enrolment(&bad).err(), Some(Error::BadSeal));
    }
    assert!(frame.open_enrolment(&good).is_ok());
    assert_eq!(frame.open_unknown(&server_key, tenant()).class(), Error::BadSeal.class());
}

/// 100,000 random and mutated byte strings at each template; those of the payloads have a test of their own.
#[test]
fn hostile_bytes() {
    let mut rng = ChaCha20Rng::seed_from_u64(20_261_124);
    let keys = ChannelKeys::from_exposed(&[7; 80]).unwrap();
    let cancel = Cancel::new(ChallengeId::from_bytes([1; 16]), CancelReason::PageClosed, NOW).encode().unwrap();
    let sealed = envelope::seal(&cancel, &keys, &tenant(), &mut rng).unwrap();
    let (frame, _) = start(&ServerKey::from_bytes(&[9; 32]), &mut rng);
    let seeds = [sealed, frame];
    let (mut envelopes, mut frames) = (0, 0);
    for round in 0..200_000_u32 {
        let mut bytes = seeds[round as usize % 2].clone();
        if round % 10 == 9 {
            bytes = vec![0; rng.next_u32() as usize % 400];
            rng.fill_bytes(&mut bytes);
        }
        for _ in 0..rng.next_u32() % 3 {
            let at = rng.next_u32() as usize % (bytes.len() + 1);
            match rng.next_u32() % 3 {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, rng.next_u32().to_le_bytes()[0]),
                _ => drop(bytes.get_mut(at).map(|byte| *byte = rng.next_u32().to_le_bytes()[0])),
            }
        }
        envelopes += u32::from(Envelope::parse(&bytes).is_ok());
        frames += u32::from(Frame::parse(&bytes).is_ok_and(|frame| frame.as_bytes() == bytes));
    }
    assert!(envelopes > 100 && frames > 100, "{envelopes} {frames}: nothing is proved");
}

/// 100,000 random and mutated public keys: one that is taken has this encoding and no other.
// protocol.md: SIG-7
#[test]
fn hostile_keys() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let good = Ed25519Signer::from_bytes(&[5; 32]).verifying_key();
    let (mut taken, mut refused) = (0, 0);
    for round in 0..100_000_u32 {
        let mut bytes = good.as_bytes().to_vec();
        match round % 4 {
            0 => rng.fill_bytes(&mut bytes),
            1 => bytes.truncate(rng.next_u32() as usize % 32),
            2 => bytes[rng.next_u32() as usize % 32] ^= 1 << (rng.next_u32() % 8),
            // Near the field's order, where a value has two encodings.
            _ => {
                bytes.fill(0xff);
                (bytes[0], bytes[31]) = (rng.next_u32().to_le_bytes()[0], 0x7f | bytes[31] << (round % 8));
            }
        }
        match VerifyingKey::parse(&bytes) {
            Ok(key) => {
                assert_eq!(key.as_bytes(), bytes);
                taken += 1;
            }
            Err(error) => {
                assert_eq!(error, Error::WeakKey);
                refused += 1;
            }
        }
    }
    assert!(taken > 10_000 && refused > 10_000, "{taken} {refused}: nothing is proved");
}
