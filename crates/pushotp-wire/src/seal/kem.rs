//! DHKEM(X25519, HKDF-SHA256), whose private key knows its public key. Source: RFC 9180 §4.1.
//!
//! `hpke` computes the public key anew whenever it opens: half a key agreement more. Only decapsulation is ours; the
//! KEM's number, the keys and all that a sender does are those of `hpke`.

use hpke::{
    Deserializable, HpkeError, Kem, Serializable,
    hybrid_array::Array,
    kdf::{HkdfSha256, Kdf as _},
    kem::{SharedSecret, X25519HkdfSha256},
};
use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

type Theirs = X25519HkdfSha256;
type PublicKey = <Theirs as Kem>::PublicKey;
type EncappedKey = <Theirs as Kem>::EncappedKey;

/// The KEM of the protocol.
pub(crate) struct Dhkem;

/// A private key, clamped and erased when dropped, and its public key.
#[derive(Clone)]
pub(crate) struct PrivateKey {
    secret: StaticSecret,
    public: PublicKey,
}

impl PrivateKey {
    fn new(private: &<Theirs as Kem>::PrivateKey) -> Self {
        let bytes = Zeroizing::new(<[u8; 32]>::from(private.to_bytes()));
        Self { secret: StaticSecret::from(*bytes), public: Theirs::sk_to_pk(private) }
    }
}

impl ConstantTimeEq for PrivateKey {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.secret.as_bytes().ct_eq(other.secret.as_bytes())
    }
}

impl Serializable for PrivateKey {
    type OutputSize = <<Theirs as Kem>::PrivateKey as Serializable>::OutputSize;

    fn write_exact(&self, buf: &mut [u8]) {
        buf.copy_from_slice(self.secret.as_bytes());
    }
}

impl Deserializable for PrivateKey {
    fn from_bytes(encoded: &[u8]) -> Result<Self, HpkeError> {
        <Theirs as Kem>::PrivateKey::from_bytes(encoded).map(|private| Self::new(&private))
    }
}

impl Kem for Dhkem {
    type PublicKey = PublicKey;
    type PrivateKey = PrivateKey;
    type EncappedKey = EncappedKey;
    type NSecret = <Theirs as Kem>::NSecret;

    const KEM_ID: u16 = Theirs::KEM_ID;

    fn sk_to_pk(private: &PrivateKey) -> PublicKey {
        private.public.clone()
    }

    fn derive_keypair(ikm: &[u8]) -> (PrivateKey, PublicKey) {
        let (private, public) = Theirs::derive_keypair(ikm);
        (PrivateKey::new(&private), public)
    }

    fn decap(
        private: &PrivateKey,
        sender: Option<&PublicKey>,
        enc: &EncappedKey,
    ) -> Result<SharedSecret<Self>, HpkeError> {
        // The modes that authenticate a sender by its key are none of the protocol's.
        if sender.is_some() {
            return Err(HpkeError::DecapError);
        }
        let context: [[u8; 32]; 2] = [enc.to_bytes().into(), private.public.to_bytes().into()];
        let [enc, _] = context;
        let dh = private.secret.diffie_hellman(&enc.into());
        // RFC 9180 §7.1.4: a point of small order yields zeros.
        if !dh.was_contributory() {
            return Err(HpkeError::DecapError);
        }
        let mut secret = SharedSecret(Array::default());
        HkdfSha256::extract_and_expand(dh.as_bytes(), b"KEM\x00\x20", context.as_flattened(), &mut secret.0)?;
        Ok(secret)
    }

    fn encap_with_rng(
        recipient: &PublicKey,
        sender: Option<(&PrivateKey, &PublicKey)>,
        rng: &mut impl CryptoRng,
    ) -> Result<(SharedSecret<Self>, EncappedKey), HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::EncapError);
        }
        let (secret, enc) = Theirs::encap_with_rng(recipient, None, rng)?;
        Ok((SharedSecret(secret.0), enc))
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    use super::*;

    /// Both read the same 32 bytes.
    fn keys(rng: &mut ChaCha20Rng) -> (PrivateKey, <Theirs as Kem>::PrivateKey) {
        let theirs = Theirs::gen_keypair_with_rng(rng).0;
        (PrivateKey::from_bytes(&theirs.to_bytes()).unwrap(), theirs)
    }

    #[test]
    fn what_it_decapsulates_is_what_hpke_does() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for _ in 0..100 {
            let (ours, theirs) = keys(&mut rng);
            assert_eq!(Dhkem::sk_to_pk(&ours), Theirs::sk_to_pk(&theirs));
            assert_eq!(ours.to_bytes(), theirs.to_bytes());
            let (sent, enc) = Dhkem::encap_with_rng(&ours.public, None, &mut rng).unwrap();
            let opened = Dhkem::decap(&ours, None, &enc).unwrap();
            assert_eq!(opened.0, Theirs::decap(&theirs, None, &enc).unwrap().0);
            assert_eq!(opened.0, sent.0);
            // The negative control: another key opens to another secret.
            assert_ne!(opened.0, Dhkem::decap(&keys(&mut rng).0, None, &enc).unwrap().0);
        }
    }

    #[test]
    fn an_unclamped_key_is_clamped_as_hpke_does() {
        let bytes = [0xff; 32];
        let (ours, theirs) = (PrivateKey::from_bytes(&bytes), <Theirs as Kem>::PrivateKey::from_bytes(&bytes));
        assert_eq!(ours.unwrap().to_bytes(), theirs.unwrap().to_bytes());
        assert!(PrivateKey::from_bytes(&[0xff; 31]).is_err());
    }

    #[test]
    fn a_point_of_small_order_and_a_sender_s_key_are_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let (ours, _) = keys(&mut rng);
        let mut one = [0; 32];
        one[0] = 1;
        for point in [[0; 32], one] {
            let enc = EncappedKey::from_bytes(&point).unwrap();
            assert_eq!(Dhkem::decap(&ours, None, &enc).err(), Some(HpkeError::DecapError));
        }
        let (_, enc) = Dhkem::encap_with_rng(&ours.public, None, &mut rng).unwrap();
        assert!(Dhkem::decap(&ours, None, &enc).is_ok());
        assert_eq!(Dhkem::decap(&ours, Some(&ours.public), &enc).err(), Some(HpkeError::DecapError));
        let sender = Some((&ours, &ours.public));
        assert!(Dhkem::encap_with_rng(&ours.public, sender, &mut rng).is_err());
    }
}
