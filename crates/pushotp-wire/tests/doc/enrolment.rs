// What the examples of an enrolment start from; the documentation includes it.

use pushotp_cbor::{ByteArray, ByteBuf, encode};
use pushotp_types::{DeviceId, EnrolmentId, Epoch, Offer, TenantId, TokenId, UnixTime};
use pushotp_wire::{
    Frame,
    enrol::{DeviceEnrolment, EnrolmentOpened, EnrolmentRecipient},
    keys::ServerKey,
    message::{DeviceProfile, EnrolRequest, FromDevice, Sent, TokenInfo},
    signer::{DeviceSigner, Ed25519Signer},
    terms::{OtpSpec, PushAddress, TokenPolicy, Typ},
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

pub(crate) fn profile() -> DeviceProfile {
    DeviceProfile::new("Alice's phone", PushAddress::POLL, Sent { at: NOW, sequence: 0 }).unwrap()
}

pub(crate) fn token() -> TokenInfo {
    TokenInfo::new(TokenId::from_bytes([4; 16]), "Work", TokenPolicy::PIN_PROTECTED, OtpSpec::BOUND).unwrap()
}

/// An offer that the device has and the server remembers.
pub(crate) struct World {
    pub(crate) offer: Offer,
    pub(crate) server_key: ServerKey,
    pub(crate) signer: Ed25519Signer,
    pub(crate) rng: ChaCha20Rng,
}

impl World {
    pub(crate) fn new() -> Self {
        let server_key = ServerKey::from_bytes(&[7; 32]);
        let offer = Offer {
            tenant: TenantId::new(b"example.com").unwrap(),
            enrolment: EnrolmentId::from_bytes([1; 16]),
            device: DeviceId::from_bytes([2; 16]),
            epoch: Epoch::FIRST,
            psk: [3; 32],
            server_key: *server_key.public_key().as_bytes(),
            url: "https://login.example.com/push".into(),
            expires: UnixTime::from_secs(1_800_000_600),
        };
        Self { offer, server_key, signer: Ed25519Signer::from_bytes(&[6; 32]), rng: ChaCha20Rng::seed_from_u64(1) }
    }

    pub(crate) fn recipient(&self) -> EnrolmentRecipient<'_> {
        let Offer { tenant, enrolment, device, epoch, psk, .. } = &self.offer;
        let (tenant, enrolment, device, epoch) = (*tenant, *enrolment, *device, *epoch);
        EnrolmentRecipient { server_key: &self.server_key, tenant, enrolment, device, epoch, psk }
    }

    /// The device's side.
    pub(crate) fn start(&mut self) -> (Vec<u8>, DeviceEnrolment) {
        DeviceEnrolment::start(&self.offer, profile(), &self.signer, &mut self.rng).unwrap()
    }

    /// The server's side.
    pub(crate) fn open(&self, request: &[u8]) -> EnrolmentOpened {
        Frame::parse(request).unwrap().open_enrolment(&self.recipient()).unwrap()
    }

    /// The device's message as it stands inside seal and signature.
    pub(crate) fn request(&self) -> EnrolRequest {
        let bytes = |pad| {
            let (id, key) = (ByteArray::new(*self.offer.enrolment.as_bytes()), self.signer.verifying_key());
            let (bind, key, push) = (ByteArray::new([9; 32]), ByteBuf::from(key.as_bytes()), (0, ByteBuf::new()));
            let pad = ByteBuf::from(vec![0; pad]);
            encode(&(1, id, bind, 1, key, profile().name(), push, NOW.as_secs(), 0, pad)).unwrap()
        };
        let decoded = |pad| FromDevice::decode(Typ::EnrolRequest, &bytes(pad)).ok();
        match (0..88).find_map(decoded).unwrap() {
            FromDevice::EnrolRequest(request) => request,
            other => panic!("{other:?}"),
        }
    }
}
