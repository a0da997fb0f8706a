use hpke::{Deserializable as _, Kem as _, Serializable as _};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    Error,
    seal::{Kem, PrivateKey},
};

/// The points of X25519 whose multiples are all zero, in every encoding below 2^255.
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    edge(1, 0, 0),
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
        0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    edge(0xec, 0xff, 0x7f),
    edge(0xed, 0xff, 0x7f),
    edge(0xee, 0xff, 0x7f),
];

/// Thirty bytes alike between the lowest and the highest.
const fn edge(low: u8, middle: u8, high: u8) -> [u8; 32] {
    let m = middle;
    [low, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, m, high]
}

/// The public half of the key that a rotation request carries: X25519, not of small order.
///
/// ```
/// use pushotp_wire::{Error, rotate::RotationPublicKey};
///
/// assert!(RotationPublicKey::parse(&[9; 32]).is_ok());
/// assert_eq!(RotationPublicKey::parse(&[0; 32]).unwrap_err(), Error::WeakKey);
/// assert_eq!(RotationPublicKey::parse(&[9; 31]).unwrap_err(), Error::WeakKey);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationPublicKey([u8; 32]);

impl RotationPublicKey {
    /// A key as it was received, 32 bytes.
    ///
    /// # Errors
    /// [`Error::WeakKey`] for another length, or for a point of small order, with which anybody could open the ticket.
    ///
    /// ```
    /// use pushotp_wire::{Error, rotate::RotationPublicKey};
    ///
    /// let base = std::array::from_fn::<u8, 32, _>(|n| if n == 0 { 9 } else { 0 });
    /// assert!(RotationPublicKey::parse(&base).is_ok());
    /// let one = std::array::from_fn::<u8, 32, _>(|n| u8::from(n == 0)); // its multiples are all zero
    /// assert_eq!(RotationPublicKey::parse(&one), Err(Error::WeakKey));
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let key: [u8; 32] = bytes.try_into().map_err(|_| Error::WeakKey)?;
        // RFC 7748 §5: the highest bit is not looked at.
        let mut masked = key;
        let [.., high] = &mut masked;
        *high &= 0x7f;
        if SMALL_ORDER.contains(&masked) { Err(Error::WeakKey) } else { Ok(Self(key)) }
    }

    /// Its bytes.
    ///
    /// ```
    /// use pushotp_wire::rotate::RotationPublicKey;
    ///
    /// assert_eq!(RotationPublicKey::parse(&[9; 32])?.as_bytes(), &[9; 32]);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The private half: in memory only, gone once the ticket is open.
pub(super) struct RotationKey {
    private: PrivateKey,
}

impl RotationKey {
    pub(super) fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Result<Self, Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut_slice());
        let private = PrivateKey::from_bytes(bytes.as_slice()).map_err(|_| Error::WeakKey)?;
        Ok(Self { private })
    }

    pub(super) fn public(&self) -> RotationPublicKey {
        RotationPublicKey(Kem::sk_to_pk(&self.private).to_bytes().into())
    }

    pub(super) const fn private(&self) -> &PrivateKey {
        &self.private
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    use x25519_dalek::{PublicKey, StaticSecret};

    use super::*;

    fn is_contributory(point: [u8; 32]) -> bool {
        StaticSecret::from([0x42; 32]).diffie_hellman(&PublicKey::from(point)).was_contributory()
    }

    #[test]
    fn what_is_refused_has_small_order_and_its_neighbours_have_not() {
        for point in SMALL_ORDER {
            for top in [0, 0x80] {
                let mut point = point;
                point[31] |= top;
                assert!(!is_contributory(point), "{point:02x?}");
                assert_eq!(RotationPublicKey::parse(&point), Err(Error::WeakKey));
                point[0] ^= 0x10;
                assert!(is_contributory(point), "{point:02x?}");
                assert!(RotationPublicKey::parse(&point).is_ok());
            }
        }
    }

    #[test]
    fn a_fresh_key_is_taken() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for _ in 0..100 {
            let key = RotationKey::generate(&mut rng).unwrap();
            assert_eq!(RotationPublicKey::parse(key.public().as_bytes()), Ok(key.public()));
        }
    }
}
