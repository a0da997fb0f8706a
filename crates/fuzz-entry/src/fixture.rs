//! One enrolment, the same each time: keys, offer and token.

use pushotp_types::{DeviceId, EnrolmentId, Epoch, Offer, TenantId, TokenId, UnixTime};
use pushotp_wire::{
    enrol::{DeviceEnrolment, EnrolmentOpened, EnrolmentRecipient},
    frame::Frame,
    keys::ServerKey,
    message::{DeviceProfile, Sent, TokenInfo},
    signer::Ed25519Signer,
    terms::{OtpSpec, PushAddress, TokenPolicy},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

/// The time of everything here.
pub const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
/// The offer's last second is the last one that a message can name, so that no profile comes too late.
const LAST: UnixTime = UnixTime::from_secs(4_102_444_800);

/// Randomness that repeats.
pub fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(2)
}

/// The offer.
pub fn offer() -> Offer {
    Offer {
        tenant: TenantId::new(b"example.com").unwrap(),
        enrolment: EnrolmentId::from_bytes([0xe1; 16]),
        device: DeviceId::from_bytes([0xd1; 16]),
        epoch: Epoch::FIRST,
        server_key: *ServerKey::from_bytes(&[9; 32]).public_key().as_bytes(),
        psk: [3; 32],
        url: "https://login.example.com/push".into(),
        expires: LAST,
    }
}

/// A device that polls.
pub fn profile() -> DeviceProfile {
    DeviceProfile::new("Alice's phone", PushAddress::POLL, Sent { at: NOW, sequence: 1 }).unwrap()
}

/// The device's first frame, and what it waits with.
pub fn start(profile: DeviceProfile) -> (Vec<u8>, DeviceEnrolment) {
    DeviceEnrolment::start(&offer(), profile, &Ed25519Signer::from_bytes(&[5; 32]), &mut rng()).unwrap()
}

/// The server's view of that frame.
pub fn opened(frame: &[u8]) -> EnrolmentOpened {
    let (offer, server_key) = (offer(), ServerKey::from_bytes(&[9; 32]));
    let recipient = EnrolmentRecipient {
        server_key: &server_key,
        tenant: offer.tenant,
        enrolment: offer.enrolment,
        device: offer.device,
        epoch: offer.epoch,
        psk: &offer.psk,
    };
    Frame::parse(frame).unwrap().open_enrolment(&recipient).unwrap()
}

/// What the server would answer.
pub fn token() -> TokenInfo {
    TokenInfo::new(TokenId::from_bytes([1; 16]), "Work", TokenPolicy::PIN_PROTECTED, OtpSpec::BOUND).unwrap()
}
