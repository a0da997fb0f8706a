use core::{fmt, num::NonZeroU32};

use rand_core::CryptoRng;

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// An identifier as it was stored or received.
            ///
            /// ```
            #[doc = concat!("# use pushotp_types::", stringify!($name), ";")]
            #[doc = concat!("let id = ", stringify!($name), "::from_bytes([0xab; 16]);")]
            /// assert_eq!(id.to_string(), "ab".repeat(16));
            /// ```
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// A fresh one: 16 random bytes.
            ///
            /// ```
            #[doc = concat!("# use pushotp_types::", stringify!($name), ";")]
            /// # use rand_core::SeedableRng;
            /// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
            #[doc = concat!("let mut fresh = || ", stringify!($name), "::generate(&mut rng);")]
            /// assert_ne!(fresh(), fresh());
            /// ```
            pub fn generate<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
                let mut bytes = [0; 16];
                rng.fill_bytes(&mut bytes);
                Self(bytes)
            }

            /// Its 16 bytes.
            ///
            /// ```
            #[doc = concat!("# use pushotp_types::", stringify!($name), ";")]
            #[doc = concat!("let id = ", stringify!($name), "::from_bytes([7; 16]);")]
            #[doc = concat!("assert_eq!(", stringify!($name), "::from_bytes(*id.as_bytes()), id); // as it was stored")]
            /// ```
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        /// Lower-case hexadecimal, 32 characters.
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
    };
}

random_id! {
    /// Names one token of a user; drawn by the server, not secret.
    ///
    /// ```
    /// use pushotp_types::TokenId;
    ///
    /// let id = TokenId::from_bytes([0xab; 16]);
    /// assert!(id.to_string().starts_with("abab"));
    /// ```
    TokenId
}
random_id! {
    /// Names one device of a user, over all its epochs; drawn by the server, not secret.
    ///
    /// ```
    /// use pushotp_types::DeviceId;
    ///
    /// assert_eq!(DeviceId::from_bytes([1; 16]).as_bytes(), &[1; 16]);
    /// ```
    DeviceId
}
random_id! {
    /// Names one enrolment offer: the `eid` of the protocol, single use.
    ///
    /// ```
    /// use pushotp_types::EnrolmentId;
    ///
    /// assert_eq!(format!("{:?}", EnrolmentId::from_bytes([0; 16])).len(), "EnrolmentId()".len() + 32);
    /// ```
    EnrolmentId
}

/// Names the organisation whose users log in: 1 to 32 bytes, bound into every key and every seal, never on the wire.
///
/// ```
/// use pushotp_types::TenantId;
///
/// let tenant = TenantId::new(b"example.com")?;
/// assert_eq!(tenant.as_bytes(), b"example.com");
/// assert!(TenantId::new(b"").is_err() && TenantId::new(&[0; 33]).is_err());
/// # Ok::<(), pushotp_types::IdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantId {
    bytes: [u8; 32],
    len: u8,
}

impl TenantId {
    /// A tenant's name.
    ///
    /// # Errors
    /// [`IdError`] unless it has 1 to 32 bytes.
    ///
    /// ```
    /// # use pushotp_types::TenantId;
    /// assert!(TenantId::new(&[7; 32]).is_ok());
    /// ```
    pub fn new(name: &[u8]) -> Result<Self, IdError> {
        let mut bytes = [0; 32];
        let place = bytes.get_mut(..name.len()).ok_or(IdError::TenantLength)?;
        place.copy_from_slice(name);
        match u8::try_from(name.len()) {
            Ok(len) if len > 0 => Ok(Self { bytes, len }),
            _ => Err(IdError::TenantLength),
        }
    }

    /// Its bytes.
    ///
    /// ```
    /// # use pushotp_types::TenantId;
    /// # let tenant = TenantId::new(b"a")?;
    /// assert_eq!(tenant.as_bytes(), b"a");
    /// # Ok::<(), pushotp_types::IdError>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.split_at(usize::from(self.len)).0
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantId({})", self.as_bytes().escape_ascii())
    }
}

macro_rules! counted_from_one {
    ($(#[$doc:meta])* $name:ident, $what:literal, $zero:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The first one.
            ///
            /// ```
            #[doc = concat!("# use pushotp_types::", stringify!($name), ";")]
            #[doc = concat!("assert_eq!(", stringify!($name), "::new(1), Ok(", stringify!($name), "::FIRST));")]
            #[doc = concat!("assert!(", stringify!($name), "::FIRST < ", stringify!($name), "::FIRST.next().unwrap());")]
            /// ```
            pub const FIRST: Self = Self(NonZeroU32::MIN);

            #[doc = concat!($what, " as it was stored or received.")]
            ///
            /// # Errors
            /// [`IdError`] for 0.
            ///
            /// ```
            #[doc = concat!("# use pushotp_types::{", stringify!($name), ", IdError};")]
            #[doc = concat!("assert_eq!(", stringify!($name), "::new(0), Err(IdError::", stringify!($zero), "));")]
            /// ```
            pub const fn new(number: u32) -> Result<Self, IdError> {
                match NonZeroU32::new(number) {
                    Some(number) => Ok(Self(number)),
                    None => Err(IdError::$zero),
                }
            }

            /// The number itself.
            ///
            /// ```
            #[doc = concat!("# use pushotp_types::", stringify!($name), ";")]
            #[doc = concat!("assert_eq!(", stringify!($name), "::FIRST.get(), 1);")]
            /// ```
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0.get()
            }

            /// The one after it, `None` after the last that four bytes can count.
            ///
            /// ```
            #[doc = concat!("# use pushotp_types::", stringify!($name), ";")]
            #[doc = concat!("assert_eq!(", stringify!($name), "::new(u32::MAX).map(", stringify!($name), "::next), Ok(None));")]
            /// ```
            #[must_use]
            pub const fn next(self) -> Option<Self> {
                match self.0.checked_add(1) {
                    Some(next) => Some(Self(next)),
                    None => None,
                }
            }
        }
    };
}

counted_from_one! {
    /// Counts the enrolments of one device: 1 for the first, one more whenever phone or keys are replaced.
    ///
    /// ```
    /// use pushotp_types::Epoch;
    ///
    /// assert_eq!(Epoch::FIRST.next().map(Epoch::get), Some(2));
    /// ```
    Epoch, "An epoch", EpochZero
}
counted_from_one! {
    /// Counts the secrets of one token: 1 for that of the enrolment, one more for each new secret, PIN or cost.
    ///
    /// ```
    /// use pushotp_types::Generation;
    ///
    /// assert_eq!(Generation::FIRST.next().map(Generation::get), Some(2));
    /// ```
    Generation, "A generation", GenerationZero
}

/// An identifier out of its range.
///
/// ```
/// # use pushotp_types::{IdError, TenantId};
/// assert_eq!(TenantId::new(b""), Err(IdError::TenantLength));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// A tenant's name has 1 to 32 bytes.
    #[error("a tenant has 1 to 32 bytes")]
    TenantLength,
    /// Epochs count from 1.
    #[error("epochs count from 1")]
    EpochZero,
    /// Generations count from 1.
    #[error("generations count from 1")]
    GenerationZero,
}
