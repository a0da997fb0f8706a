use alloc::vec::Vec;
use core::{fmt, ops::BitOr};

use pushotp_types::Digits;

use super::{PasscodeKind, PushKind};
use crate::Error;

macro_rules! bits {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $bit:ident = $value:literal,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(u8);

        impl $name {
            /// No bit.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::terms::", stringify!($name), ";")]
            #[doc = concat!("assert_eq!(", stringify!($name), "::NONE.bits(), 0);")]
            /// ```
            pub const NONE: Self = Self(0);
            $($(#[$doc])*
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::terms::", stringify!($name), ";")]
            #[doc = concat!("assert_eq!(", stringify!($name), "::", stringify!($bit), ".bits(), ", stringify!($value), ");")]
            /// ```
            pub const $bit: Self = Self($value);)+

            /// The bits as they stand in a message.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::terms::", stringify!($name), ";")]
            #[doc = concat!("assert_eq!(", stringify!($name), "::TYPE_NUMBER.bits(), 8);")]
            /// ```
            #[must_use]
            pub const fn bits(self) -> u8 {
                self.0
            }

            /// Bits as they stood in a message.
            ///
            /// # Errors
            /// [`Error::Field`] for a bit that version 1 does not have.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::terms::", stringify!($name), ";")]
            #[doc = concat!("let from = ", stringify!($name), "::from_bits;")]
            #[doc = concat!("assert_eq!(from(8), Ok(", stringify!($name), "::TYPE_NUMBER));")]
            /// assert!(from(16).is_err());
            /// ```
            pub const fn from_bits(bits: u8) -> Result<Self, Error> {
                if bits < 16 { Ok(Self(bits)) } else { Err(Error::Field("pol")) }
            }

            /// Whether every bit of `other` is set.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::terms::", stringify!($name), ";")]
            #[doc = concat!("let one = ", stringify!($name), "::TYPE_NUMBER;")]
            #[doc = concat!("assert!(one.contains(one) && one.contains(", stringify!($name), "::NONE));")]
            #[doc = concat!("assert!(!", stringify!($name), "::NONE.contains(one));")]
            /// ```
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }
        }

        impl BitOr for $name {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }
    )+};
}

bits! {
    /// What a challenge asks for.
    ///
    /// ```
    /// use pushotp_wire::terms::ChallengePolicy;
    ///
    /// let policy = ChallengePolicy::VERIFY_USER | ChallengePolicy::TYPE_NUMBER;
    /// assert!(policy.contains(ChallengePolicy::TYPE_NUMBER));
    /// assert!(ChallengePolicy::from_bits(16).is_err());
    /// ```
    ChallengePolicy {
        /// The user must be verified, by PIN or biometric.
        VERIFY_USER = 1,
        /// Must not be answered from the lock screen or the notification.
        NOT_FROM_NOTIFICATION = 2,
        /// A report is offered after a denial.
        REPORT_OFFERED = 4,
        /// The number must be typed.
        TYPE_NUMBER = 8,
    }

    /// What a token was enrolled with: a floor under every challenge.
    ///
    /// ```
    /// use pushotp_wire::terms::TokenPolicy;
    ///
    /// assert!(!TokenPolicy::NONE.contains(TokenPolicy::PIN_PROTECTED));
    /// ```
    TokenPolicy {
        /// Its secret is unlocked by a PIN.
        PIN_PROTECTED = 1,
        /// A biometric may take the place of the PIN.
        BIOMETRIC = 2,
        /// May be approved from the notification.
        FROM_NOTIFICATION = 4,
        /// The number must be typed, whatever a challenge says.
        TYPE_NUMBER = 8,
    }
}

/// How the number of the login page gets into the device.
///
/// ```
/// use pushotp_wire::terms::NumberMode;
///
/// assert_eq!(NumberMode::TypeIn { digits: 6 }.digits(), 6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberMode {
    /// Not at all. Weaker: nothing ties the approval to a page.
    None,
    /// The user types it; it is never sent to the device.
    TypeIn {
        /// 2 to 8.
        digits: u8,
    },
    /// The user picks it among three. Weaker: one guess in three is right.
    PickOne {
        /// Three different numbers under 100.
        choices: [u8; 3],
    },
}

impl NumberMode {
    /// How many digits the user's answer has.
    ///
    /// ```
    /// use pushotp_wire::terms::NumberMode;
    ///
    /// assert_eq!(NumberMode::None.digits(), 0);
    /// assert_eq!(NumberMode::PickOne { choices: [7, 42, 99] }.digits(), 2); // 7 is answered as 07
    /// ```
    #[must_use]
    pub const fn digits(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::TypeIn { digits } => *digits,
            Self::PickOne { .. } => 2,
        }
    }

    pub(crate) fn from_parts(mode: u8, digits: u8, choices: &[u8]) -> Result<Self, Error> {
        match (mode, digits, choices) {
            (0, 0, []) => Ok(Self::None),
            (1, 2..=8, []) => Ok(Self::TypeIn { digits }),
            (2, 2, &[a, b, c]) if a.max(b).max(c) < 100 && a != b && b != c && a != c => {
                Ok(Self::PickOne { choices: [a, b, c] })
            }
            _ => Err(Error::Field("num")),
        }
    }

    pub(crate) fn parts(&self) -> (u8, u8, &[u8]) {
        match self {
            Self::None => (0, 0, &[]),
            Self::TypeIn { digits } => (1, *digits, &[]),
            Self::PickOne { choices } => (2, 2, choices),
        }
    }
}

/// Which passcode, of how many digits.
///
/// ```
/// use pushotp_wire::terms::OtpSpec;
///
/// assert_eq!(OtpSpec::BOUND.digits().get(), 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtpSpec {
    kind: PasscodeKind,
    digits: Digits,
}

impl OtpSpec {
    /// The default: OCRA over the challenge hash, 8 digits.
    ///
    /// ```
    /// use pushotp_wire::terms::{OtpSpec, PasscodeKind};
    ///
    /// assert_eq!((OtpSpec::BOUND.kind(), OtpSpec::BOUND.digits().get()), (PasscodeKind::Bound, 8));
    /// ```
    pub const BOUND: Self = Self { kind: PasscodeKind::Bound, digits: Digits::EIGHT };

    /// A passcode.
    ///
    /// # Errors
    /// [`Error::Field`] for a bound one of other than 8 digits.
    ///
    /// ```
    /// use pushotp_types::Digits;
    /// use pushotp_wire::{Error, terms::{OtpSpec, PasscodeKind}};
    ///
    /// assert!(OtpSpec::new(PasscodeKind::Totp, Digits::SIX).is_ok());
    /// assert_eq!(OtpSpec::new(PasscodeKind::Bound, Digits::SIX), Err(Error::Field("otp")));
    /// ```
    pub fn new(kind: PasscodeKind, digits: Digits) -> Result<Self, Error> {
        if matches!(kind, PasscodeKind::Bound) && digits != Digits::EIGHT {
            return Err(Error::Field("otp"));
        }
        Ok(Self { kind, digits })
    }

    /// Which one.
    ///
    /// ```
    /// use pushotp_types::Digits;
    /// use pushotp_wire::terms::{OtpSpec, PasscodeKind};
    ///
    /// assert_eq!(OtpSpec::new(PasscodeKind::Totp, Digits::SIX)?.kind(), PasscodeKind::Totp);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn kind(&self) -> PasscodeKind {
        self.kind
    }

    /// How long.
    ///
    /// ```
    /// use pushotp_types::Digits;
    /// use pushotp_wire::terms::{OtpSpec, PasscodeKind};
    ///
    /// assert_eq!(OtpSpec::new(PasscodeKind::Hotp, Digits::SIX)?.digits(), Digits::SIX);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.digits
    }

    pub(crate) fn from_parts((kind, digits): (u8, u8)) -> Result<Self, Error> {
        Self::new(PasscodeKind::from_code(kind)?, Digits::new(digits).map_err(|_| Error::Field("otp"))?)
    }

    pub(crate) const fn parts(self) -> (u8, u8) {
        (self.kind.code(), self.digits.get())
    }
}

/// Where a device can be pushed.
///
/// ```
/// use pushotp_wire::terms::{PushAddress, PushKind};
///
/// assert_eq!(PushAddress::POLL.kind(), PushKind::Poll);
/// assert!(PushAddress::new(PushKind::Fcm, vec![0; 1025]).is_err());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PushAddress {
    kind: PushKind,
    addr: Vec<u8>,
}

impl PushAddress {
    /// No pushes: the device fetches.
    ///
    /// ```
    /// assert!(pushotp_wire::terms::PushAddress::POLL.addr().is_empty());
    /// ```
    pub const POLL: Self = Self { kind: PushKind::Poll, addr: Vec::new() };

    /// An address of a push service, opaque to the protocol: at most 1024 bytes.
    ///
    /// # Errors
    /// [`Error::Field`] for a longer one.
    ///
    /// ```
    /// use pushotp_wire::{Error, terms::{PushAddress, PushKind}};
    ///
    /// assert!(PushAddress::new(PushKind::WebPush, b"https://push.example.net/7".to_vec()).is_ok());
    /// assert_eq!(PushAddress::new(PushKind::WebPush, vec![0; 1025]), Err(Error::Field("addr")));
    /// ```
    pub fn new(kind: PushKind, addr: Vec<u8>) -> Result<Self, Error> {
        if addr.len() > 1024 { Err(Error::Field("addr")) } else { Ok(Self { kind, addr }) }
    }

    /// The service.
    ///
    /// ```
    /// use pushotp_wire::terms::{PushAddress, PushKind};
    ///
    /// assert_eq!(PushAddress::new(PushKind::Apns, vec![7; 32])?.kind(), PushKind::Apns);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn kind(&self) -> PushKind {
        self.kind
    }

    /// The address.
    ///
    /// ```
    /// use pushotp_wire::terms::{PushAddress, PushKind};
    ///
    /// assert_eq!(PushAddress::new(PushKind::Apns, vec![7; 32])?.addr(), [7; 32]);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn addr(&self) -> &[u8] {
        &self.addr
    }
}

/// An address is the device's, not the log's.
impl fmt::Debug for PushAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushAddress").field("kind", &self.kind).finish_non_exhaustive()
    }
}
