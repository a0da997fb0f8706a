use core::fmt;

use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

macro_rules! bytes {
    ($($(#[$meta:meta])* $name:ident: $len:literal)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// As it was stored or received.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::terms::", stringify!($name), ";")]
            #[doc = concat!("let id = ", stringify!($name), "::from_bytes([0xab; ", stringify!($len), "]);")]
            #[doc = concat!("assert_eq!(id.to_string(), \"ab\".repeat(", stringify!($len), "));")]
            /// ```
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::terms::", stringify!($name), ";")]
            #[doc = concat!("let id = ", stringify!($name), "::from_bytes([7; ", stringify!($len), "]);")]
            #[doc = concat!("assert_eq!(", stringify!($name), "::from_bytes(*id.as_bytes()), id); // as it was stored")]
            /// ```
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        /// Lower-case hexadecimal.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )+};
}

bytes! {
    /// Names the keys of one direction of one device epoch: 8 bytes out of the enrolment's exporter.
    ///
    /// ```
    /// assert_eq!(pushotp_wire::terms::Kid::from_bytes([1; 8]).to_string(), "0101010101010101");
    /// ```
    Kid: 8
    /// Names one login request: 16 random bytes.
    ///
    /// ```
    /// assert_eq!(pushotp_wire::terms::ChallengeId::NONE.as_bytes(), &[0; 16]);
    /// ```
    ChallengeId: 16
    /// Ties a reply to its fetch: 16 random bytes.
    ///
    /// ```
    /// assert_eq!(pushotp_wire::terms::Nonce::from_bytes([2; 16]).as_bytes(), &[2; 16]);
    /// ```
    Nonce: 16
    /// The hash of a challenge, so of all that was displayed: every answer is about it.
    ///
    /// ```
    /// assert_eq!(pushotp_wire::terms::ChallengeHash::from_bytes([0; 32]).to_string().len(), 64);
    /// ```
    ChallengeHash: 32
    /// The hash of a whole message as it was on the wire: what a reply is about.
    ///
    /// ```
    /// use pushotp_wire::terms::MessageHash;
    ///
    /// assert_ne!(MessageHash::of(b"one"), MessageHash::of(b"two"));
    /// ```
    MessageHash: 32
    /// Names one rotation of a token's secret: 16 random bytes, drawn by the device.
    ///
    /// ```
    /// assert_eq!(pushotp_wire::terms::RotationId::from_bytes([3; 16]).as_bytes(), &[3; 16]);
    /// ```
    RotationId: 16
    /// The hash of what a rotation is about: the question that its passcode answers.
    ///
    /// ```
    /// assert_eq!(pushotp_wire::terms::RotationHash::from_bytes([0; 32]).to_string().len(), 64);
    /// ```
    RotationHash: 32
}

impl ChallengeId {
    /// The id of a reply to a message that named no challenge, or none that could be read.
    ///
    /// ```
    /// use pushotp_wire::terms::ChallengeId;
    ///
    /// assert_eq!(ChallengeId::NONE, ChallengeId::from_bytes([0; 16]));
    /// ```
    pub const NONE: Self = Self([0; 16]);

    /// A fresh one.
    ///
    /// ```
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// use pushotp_wire::terms::ChallengeId;
    ///
    /// let mut fresh = || ChallengeId::generate(&mut rng);
    /// assert_ne!(fresh(), fresh());
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

impl Nonce {
    /// A fresh one.
    ///
    /// ```
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// use pushotp_wire::terms::Nonce;
    ///
    /// let mut fresh = || Nonce::generate(&mut rng);
    /// assert_ne!(fresh(), fresh());
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

impl RotationId {
    /// A fresh one.
    ///
    /// ```
    /// # use rand_core::SeedableRng;
    /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
    /// use pushotp_wire::terms::RotationId;
    ///
    /// let mut fresh = || RotationId::generate(&mut rng);
    /// assert_ne!(fresh(), fresh());
    /// ```
    pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

impl MessageHash {
    /// The hash of `message`: SHA-256 over the deterministic CBOR of `["pushotp-rh", 1, message]`.
    ///
    /// ```
    /// use pushotp_wire::terms::MessageHash;
    ///
    /// let hash = MessageHash::of(b"");
    /// assert!(hash.to_string().starts_with("40fc8795"));
    /// ```
    #[must_use]
    pub fn of(message: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"\x83\x6apushotp-rh\x01");
        crate::cursor::with_bytes_head(message.len(), |head| hash.update(head));
        hash.update(message);
        Self(hash.finalize().into())
    }
}
