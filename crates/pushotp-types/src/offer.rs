use alloc::string::String;
use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{DeviceId, EnrolmentId, Epoch, TenantId, UnixTime};

/// An enrolment offer: what the server puts into the provisioning URI, shown as a QR code.
///
/// Whoever holds it can enrol a device until it expires or is used. `pushotp-provision` reads and writes it as a URI,
/// `pushotp-wire` enrols with it.
///
/// ```
/// use pushotp_types::{DeviceId, EnrolmentId, Epoch, Offer, TenantId, UnixTime};
///
/// let offer = Offer {
///     tenant: TenantId::new(b"example.com")?,
///     enrolment: EnrolmentId::from_bytes([1; 16]),
///     device: DeviceId::from_bytes([2; 16]),
///     epoch: Epoch::FIRST,
///     server_key: [9; 32],
///     psk: [3; 32],
///     url: "https://login.example.com/push".into(),
///     expires: UnixTime::from_secs(1_800_000_000),
/// };
/// assert!(!format!("{offer:?}").contains("3, 3"));
/// # Ok::<(), pushotp_types::IdError>(())
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Offer {
    /// The organisation.
    #[zeroize(skip)]
    pub tenant: TenantId,
    /// This offer's own id.
    #[zeroize(skip)]
    pub enrolment: EnrolmentId,
    /// The device that the offer creates or replaces.
    #[zeroize(skip)]
    pub device: DeviceId,
    /// The epoch that the enrolment starts.
    #[zeroize(skip)]
    pub epoch: Epoch,
    /// The server's X25519 public key, 32 bytes.
    #[zeroize(skip)]
    pub server_key: [u8; 32],
    /// The one-time secret, 32 random bytes.
    pub psk: [u8; 32],
    /// Where the device sends its messages: `https`, 8 to 256 bytes.
    #[zeroize(skip)]
    pub url: String,
    /// The last second at which the server takes the offer.
    #[zeroize(skip)]
    pub expires: UnixTime,
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer")
            .field("tenant", &self.tenant)
            .field("enrolment", &self.enrolment)
            .field("device", &self.device)
            .field("epoch", &self.epoch)
            .field("url", &self.url)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
