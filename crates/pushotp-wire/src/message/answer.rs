use alloc::{string::String, vec::Vec};
use core::fmt;

use pushotp_cbor::ByteBuf;
use pushotp_types::{Code, TokenId, UnixTime};
use zeroize::Zeroizing;

use super::{Hash, Id, read, secs, sequence, version, write};
use crate::{
    Error,
    padding::Frame,
    terms::{ChallengeHash, ChallengeId, Reason, UserVerification},
};

type ApproveFields = (u8, Id, Hash, Id, u8, String, String, u64, u64, ByteBuf);
type DenyFields = (u8, Id, Hash, u8, u64, u64, ByteBuf);

/// When a device says that it sent a message, and its sequence number; logged, never deciding about a login.
///
/// ```
/// use pushotp_types::UnixTime;
/// use pushotp_wire::message::Sent;
///
/// let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 1_800_000_000_000 };
/// assert!(Sent { sequence: sent.sequence + 1, ..sent } != sent);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The device's clock.
    pub at: UnixTime,
    /// Higher than in any earlier message of the device.
    pub sequence: u64,
}

impl Sent {
    pub(super) fn new(at: u64, seq: u64) -> Result<Self, Error> {
        Ok(Self { at: secs(at, "dts")?, sequence: sequence(seq)? })
    }

    pub(super) fn check(self) -> Result<Self, Error> {
        Self::new(self.at.as_secs(), self.sequence)
    }
}

/// What an approval says, before it is made.
///
/// ```
/// use pushotp_types::{Code, Digits, TokenId, UnixTime};
/// use pushotp_wire::message::{Approve, ApproveParts, Sent};
/// use pushotp_wire::{Error, terms::{ChallengeHash, ChallengeId, UserVerification}};
///
/// let parts = ApproveParts {
///     challenge: ChallengeId::from_bytes([1; 16]),
///     hash: ChallengeHash::from_bytes([2; 32]),
///     token: TokenId::from_bytes([3; 16]),
///     verification: UserVerification::Pin,
///     number: "12 456",
///     code: &Code::from_value(64_727_617, Digits::EIGHT),
///     sent: Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 },
/// };
/// assert_eq!(Approve::new(&parts).unwrap_err(), Error::Number);
/// assert!(Approve::new(&ApproveParts { number: "123456", ..parts }).is_ok());
/// ```
pub struct ApproveParts<'a> {
    /// The challenge.
    pub challenge: ChallengeId,
    /// Its hash, so all that was displayed.
    pub hash: ChallengeHash,
    /// The token that the user chose.
    pub token: TokenId,
    /// How the device verified its user.
    pub verification: UserVerification,
    /// The number that the user typed: 0 to 8 digits.
    pub number: &'a str,
    /// The passcode.
    pub code: &'a Code,
    /// Clock and sequence number.
    pub sent: Sent,
}

/// The number is what ties the approval to the page.
impl fmt::Debug for ApproveParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApproveParts")
            .field("challenge", &self.challenge)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// The user approves: about one challenge, with one token, the number and the passcode.
///
/// Number and passcode are text as they came; whether they have the right form is part of the verdict on them.
///
/// ```
/// use pushotp_types::{Code, Digits, TokenId, UnixTime};
/// use pushotp_wire::message::{Approve, ApproveParts, Sent};
/// use pushotp_wire::terms::{ChallengeHash, ChallengeId, UserVerification};
///
/// let approve = Approve::new(&ApproveParts {
///     challenge: ChallengeId::from_bytes([1; 16]),
///     hash: ChallengeHash::from_bytes([2; 32]),
///     token: TokenId::from_bytes([3; 16]),
///     verification: UserVerification::Pin,
///     number: "123456",
///     code: &Code::from_value(64_727_617, Digits::EIGHT),
///     sent: Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 },
/// })?;
/// assert!(!format!("{approve:?}").contains("64727617"));
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
pub struct Approve {
    challenge: ChallengeId,
    hash: ChallengeHash,
    token: TokenId,
    verification: UserVerification,
    number: Zeroizing<String>,
    code: Zeroizing<String>,
    sent: Sent,
}

impl Approve {
    /// An approval.
    ///
    /// # Errors
    /// [`Error::Number`] for a number of more than eight characters or with anything but digits, [`Error::Field`] for
    /// a time or sequence number out of range.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits, TokenId, UnixTime};
    /// # use pushotp_wire::{Error, message::{Approve, ApproveParts, Sent}, terms::*};
    /// # let parts = ApproveParts {
    /// #     challenge: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]),
    /// #     token: TokenId::from_bytes([3; 16]), verification: UserVerification::Pin, number: "048392",
    /// #     code: &Code::from_value(64_727_617, Digits::EIGHT),
    /// #     sent: Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 },
    /// # };
    /// assert!(Approve::new(&parts).is_ok());
    /// assert_eq!(Approve::new(&ApproveParts { number: "+48392", ..parts }).unwrap_err(), Error::Number);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn new(parts: &ApproveParts<'_>) -> Result<Self, Error> {
        if parts.number.len() > 8 || !parts.number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::Number);
        }
        Ok(Self {
            challenge: parts.challenge,
            hash: parts.hash,
            token: parts.token,
            verification: parts.verification,
            number: Zeroizing::new(parts.number.into()),
            code: Zeroizing::new(parts.code.expose().into()),
            sent: parts.sent.check()?,
        })
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let fields = (
            1_u8,
            Id::new(*self.challenge.as_bytes()),
            Hash::new(*self.hash.as_bytes()),
            Id::new(*self.token.as_bytes()),
            self.verification.code(),
            self.number.as_str(),
            self.code.as_str(),
            self.sent.at.as_secs(),
            self.sent.sequence,
            ByteBuf::new(),
        );
        write(&fields, Frame::Signed)
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Error> {
        let fields = read::<ApproveFields>(payload, Frame::Signed, |fields| &fields.9)?;
        let (v, challenge, hash, token, verification, number, code, at, seq, _) = fields;
        let (number, code) = (Zeroizing::new(number), Zeroizing::new(code));
        version(v)?;
        if number.len() > 8 {
            return Err(Error::Field("num"));
        }
        if !(6..=10).contains(&code.len()) {
            return Err(Error::Field("code"));
        }
        Ok(Self {
            challenge: ChallengeId::from_bytes(*challenge),
            hash: ChallengeHash::from_bytes(*hash),
            token: TokenId::from_bytes(*token),
            verification: UserVerification::from_code(verification)?,
            number,
            code,
            sent: Sent::new(at, seq)?,
        })
    }

    /// The challenge that it answers.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits, TokenId, UnixTime};
    /// # use pushotp_wire::{Error, message::{Approve, ApproveParts, Sent}, terms::*};
    /// # let parts = ApproveParts {
    /// #     challenge: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]),
    /// #     token: TokenId::from_bytes([3; 16]), verification: UserVerification::Pin, number: "048392",
    /// #     code: &Code::from_value(64_727_617, Digits::EIGHT),
    /// #     sent: Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 },
    /// # };
    /// assert_eq!(Approve::new(&parts)?.challenge(), parts.challenge);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn challenge(&self) -> ChallengeId {
        self.challenge
    }

    /// The hash of that challenge.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits, TokenId, UnixTime};
    /// # use pushotp_wire::{Error, message::{Approve, ApproveParts, Sent}, terms::*};
    /// # let parts = ApproveParts {
    /// #     challenge: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]),
    /// #     token: TokenId::from_bytes([3; 16]), verification: UserVerification::Pin, number: "048392",
    /// #     code: &Code::from_value(64_727_617, Digits::EIGHT),
    /// #     sent: Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 },
    /// # };
    /// assert_eq!(Approve::new(&parts)?.hash(), parts.hash);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn hash(&self) -> ChallengeHash {
        self.hash
    }

    /// The token that the user chose.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits, TokenId, UnixTime};
    /// # use pushotp_wire::{Error, message::{Approve, ApproveParts, Sent}, terms::*};
    /// # let parts = ApproveParts {
    /// #     challenge: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]),
    /// #     token: TokenId::from_bytes([3; 16]), verification: UserVerification::Pin, number: "048392",
    /// #     code: &Code::from_value(64_727_617, Digits::EIGHT),
    /// #     sent: Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 },
    /// # };
    /// assert_eq!(Approve::new(&parts)?.token(), parts.token);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn token(&self) -> TokenId {
        self.token
    }

    /// How the device says that it verified its user.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits, TokenId, UnixTime};
    /// # use pushotp_wire::{Error, message::{Approve, ApproveParts, Sent}, terms::*};
    /// # let parts = ApproveParts {
    /// #     challenge: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]),
    /// #     token: TokenId::from_bytes([3; 16]), verification: UserVerification::Pin, number: "048392",
    /// #     code: &Code::from_value(64_727_617, Digits::EIGHT),
    /// #     sent: Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 },
    /// # };
    /// assert_eq!(Approve::new(&parts)?.verification(), UserVerification::Pin);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn verification(&self) -> UserVerification {
        self.verification
    }

    /// The number as it came, at most eight bytes; compare it in constant time.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits, TokenId, UnixTime};
    /// # use pushotp_wire::{Error, message::{Approve, ApproveParts, Sent}, terms::*};
    /// # let parts = ApproveParts {
    /// #     challenge: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]),
    /// #     token: TokenId::from_bytes([3; 16]), verification: UserVerification::Pin, number: "048392",
    /// #     code: &Code::from_value(64_727_617, Digits::EIGHT),
    /// #     sent: Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 },
    /// # };
    /// use pushotp_wire::state::NumberVerdict;
    ///
    /// let approve = Approve::new(&parts)?;
    /// assert_eq!(NumberVerdict::of(b"048392", approve.expose_number().as_bytes()), NumberVerdict::Right);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn expose_number(&self) -> &str {
        &self.number
    }

    /// The passcode as it came, 6 to 10 bytes; compare it in constant time.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits, TokenId, UnixTime};
    /// # use pushotp_wire::{Error, message::{Approve, ApproveParts, Sent}, terms::*};
    /// # let parts = ApproveParts {
    /// #     challenge: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]),
    /// #     token: TokenId::from_bytes([3; 16]), verification: UserVerification::Pin, number: "048392",
    /// #     code: &Code::from_value(64_727_617, Digits::EIGHT),
    /// #     sent: Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 },
    /// # };
    /// let approve = Approve::new(&parts)?;
    /// assert!(Code::from_value(64_727_617, Digits::EIGHT).matches(approve.expose_code()));
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub fn expose_code(&self) -> &str {
        &self.code
    }

    /// Clock and sequence number of the device.
    ///
    /// ```
    /// # use pushotp_types::{Code, Digits, TokenId, UnixTime};
    /// # use pushotp_wire::{Error, message::{Approve, ApproveParts, Sent}, terms::*};
    /// # let parts = ApproveParts {
    /// #     challenge: ChallengeId::from_bytes([1; 16]), hash: ChallengeHash::from_bytes([2; 32]),
    /// #     token: TokenId::from_bytes([3; 16]), verification: UserVerification::Pin, number: "048392",
    /// #     code: &Code::from_value(64_727_617, Digits::EIGHT),
    /// #     sent: Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 7 },
    /// # };
    /// assert_eq!(Approve::new(&parts)?.sent().sequence, 7); // logged
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn sent(&self) -> Sent {
        self.sent
    }
}

impl fmt::Debug for Approve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Approve")
            .field("challenge", &self.challenge)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

macro_rules! refusals {
    ($($(#[$meta:meta])* $name:ident)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            challenge: ChallengeId,
            hash: ChallengeHash,
            reason: Reason,
            sent: Sent,
        }

        impl $name {
            /// About this challenge, for this reason.
            ///
            /// # Errors
            /// [`Error::Field`] for a time or sequence number out of range.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::message::{Sent, ", stringify!($name), "};")]
            /// # use pushotp_types::UnixTime;
            /// # use pushotp_wire::terms::{ChallengeHash, ChallengeId, Reason};
            /// # let about = (ChallengeId::from_bytes([1; 16]), ChallengeHash::from_bytes([2; 32]));
            /// # let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 8 };
            #[doc = concat!("let answer = ", stringify!($name), "::new(about, Reason::NotMe, sent)?;")]
            /// assert_eq!((answer.challenge(), answer.hash()), about);
            /// # Ok::<(), pushotp_wire::Error>(())
            /// ```
            pub fn new(
                (challenge, hash): (ChallengeId, ChallengeHash),
                reason: Reason,
                sent: Sent,
            ) -> Result<Self, Error> {
                Ok(Self { challenge, hash, reason, sent: sent.check()? })
            }

            pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
                let fields: DenyFields = (
                    1,
                    Id::new(*self.challenge.as_bytes()),
                    Hash::new(*self.hash.as_bytes()),
                    self.reason.code(),
                    self.sent.at.as_secs(),
                    self.sent.sequence,
                    ByteBuf::new(),
                );
                write(&fields, Frame::Signed)
            }

            pub(super) fn decode(payload: &[u8]) -> Result<Self, Error> {
                let fields = read::<DenyFields>(payload, Frame::Signed, |fields| &fields.6)?;
                let (v, challenge, hash, reason, at, seq, _) = fields;
                version(v)?;
                Ok(Self {
                    challenge: ChallengeId::from_bytes(*challenge),
                    hash: ChallengeHash::from_bytes(*hash),
                    reason: Reason::from_code(reason)?,
                    sent: Sent::new(at, seq)?,
                })
            }

            /// The challenge that it answers.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::message::{Sent, ", stringify!($name), "};")]
            /// # use pushotp_types::UnixTime;
            /// # use pushotp_wire::terms::{ChallengeHash, ChallengeId, Reason};
            /// # let about = (ChallengeId::from_bytes([1; 16]), ChallengeHash::from_bytes([2; 32]));
            /// # let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 8 };
            #[doc = concat!("let answer = ", stringify!($name), "::new(about, Reason::NotMe, sent)?;")]
            /// assert_eq!(answer.challenge(), about.0);
            /// # Ok::<(), pushotp_wire::Error>(())
            /// ```
            #[must_use]
            pub const fn challenge(&self) -> ChallengeId {
                self.challenge
            }

            /// The hash of that challenge.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::message::{Sent, ", stringify!($name), "};")]
            /// # use pushotp_types::UnixTime;
            /// # use pushotp_wire::terms::{ChallengeHash, ChallengeId, Reason};
            /// # let about = (ChallengeId::from_bytes([1; 16]), ChallengeHash::from_bytes([2; 32]));
            /// # let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 8 };
            #[doc = concat!("let answer = ", stringify!($name), "::new(about, Reason::NotMe, sent)?;")]
            /// assert_eq!(answer.hash(), about.1);
            /// # Ok::<(), pushotp_wire::Error>(())
            /// ```
            #[must_use]
            pub const fn hash(&self) -> ChallengeHash {
                self.hash
            }

            /// Why.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::message::{Sent, ", stringify!($name), "};")]
            /// # use pushotp_types::UnixTime;
            /// # use pushotp_wire::terms::{ChallengeHash, ChallengeId, Reason};
            /// # let about = (ChallengeId::from_bytes([1; 16]), ChallengeHash::from_bytes([2; 32]));
            /// # let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 8 };
            #[doc = concat!("let answer = ", stringify!($name), "::new(about, Reason::NotMe, sent)?;")]
            /// assert_eq!(answer.reason(), Reason::NotMe);
            /// # Ok::<(), pushotp_wire::Error>(())
            /// ```
            #[must_use]
            pub const fn reason(&self) -> Reason {
                self.reason
            }

            /// Clock and sequence number of the device.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::message::{Sent, ", stringify!($name), "};")]
            /// # use pushotp_types::UnixTime;
            /// # use pushotp_wire::terms::{ChallengeHash, ChallengeId, Reason};
            /// # let about = (ChallengeId::from_bytes([1; 16]), ChallengeHash::from_bytes([2; 32]));
            /// # let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 8 };
            #[doc = concat!("let answer = ", stringify!($name), "::new(about, Reason::NotMe, sent)?;")]
            /// assert_eq!(answer.sent(), sent);
            /// # Ok::<(), pushotp_wire::Error>(())
            /// ```
            #[must_use]
            pub const fn sent(&self) -> Sent {
                self.sent
            }
        }
    )+};
}

refusals! {
    /// The user denies.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::message::{Deny, Sent};
    /// use pushotp_wire::terms::{ChallengeHash, ChallengeId, Reason};
    ///
    /// let about = (ChallengeId::from_bytes([1; 16]), ChallengeHash::from_bytes([2; 32]));
    /// let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 8 };
    /// assert_eq!(Deny::new(about, Reason::Mistake, sent)?.reason(), Reason::Mistake);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    Deny
    /// The user denied, and says: this was not me.
    ///
    /// ```
    /// use pushotp_types::UnixTime;
    /// use pushotp_wire::message::{Report, Sent};
    /// use pushotp_wire::terms::{ChallengeHash, ChallengeId, Reason};
    ///
    /// let about = (ChallengeId::from_bytes([1; 16]), ChallengeHash::from_bytes([2; 32]));
    /// let sent = Sent { at: UnixTime::from_secs(1_800_000_000), sequence: 9 };
    /// assert_eq!(Report::new(about, Reason::NotMe, sent)?.reason(), Reason::NotMe);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    Report
}
