use alloc::string::String;

/// What a token computes, and what moves it on.
///
/// ```
/// use pushotp_provision::{Kind, Policy, otpauth};
///
/// let uri = "otpauth://hotp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=7";
/// assert_eq!(otpauth::parse(uri, &Policy::server())?.credential.kind(), &Kind::Hotp { counter: 7 });
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A counter, RFC 4226.
    Hotp {
        /// The counter of the next code.
        counter: u64,
    },
    /// The time, RFC 6238.
    Totp {
        /// Seconds per step, at least 1.
        period: u32,
        /// Where the steps are counted from, in seconds since 1970: 0 but for some hardware.
        t0: u64,
        /// How many steps the token's clock is ahead; negative if it is behind.
        drift: i32,
    },
    /// Challenge and response, RFC 6287.
    Ocra {
        /// As `OCRA-1:HOTP-SHA1-6:QN08`.
        suite: String,
        /// The counter of the next response; 0 if the suite has none.
        counter: u64,
    },
    /// Steam Guard: five letters and digits, HMAC-SHA-1, 30 s.
    Steam,
    /// Mobile-OTP: six hexadecimal digits of an MD5, 10 s, with the PIN as a part of the key.
    Motp,
    /// Yandex Key: eight letters, 30 s, with the PIN as a part of the key.
    Yandex {
        /// How many digits the PIN has, if that is known.
        pin_length: Option<u8>,
    },
    /// Yubico OTP: AES-128 over a private identity and counters.
    YubikeyOtp {
        /// The identity that stands before each passcode, in modhex.
        public_id: Option<String>,
    },
    /// A challenge that a device answers with its HMAC-SHA-1, as the second slot of a YubiKey does.
    ChallengeResponse,
    /// A password or PIN that is sent as it is.
    Static,
    /// A key for something else.
    Other {
        /// The algorithm's name in the file, often a URI; some files give none.
        algorithm: Option<String>,
    },
}

impl Kind {
    /// TOTP that counts from 1970, with a clock that is right.
    ///
    /// ```
    /// # use pushotp_provision::Kind;
    /// assert_eq!(Kind::totp(30), Kind::Totp { period: 30, t0: 0, drift: 0 });
    /// ```
    #[must_use]
    pub const fn totp(period: u32) -> Self {
        Self::Totp { period, t0: 0, drift: 0 }
    }

    /// One word for a table or a log.
    ///
    /// ```
    /// # use pushotp_provision::Kind;
    /// assert_eq!((Kind::totp(30).name(), Kind::Steam.name()), ("totp", "steam"));
    /// ```
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hotp { .. } => "hotp",
            Self::Totp { .. } => "totp",
            Self::Ocra { .. } => "ocra",
            Self::Steam => "steam",
            Self::Motp => "motp",
            Self::Yandex { .. } => "yandex",
            Self::YubikeyOtp { .. } => "yubikey-otp",
            Self::ChallengeResponse => "challenge-response",
            Self::Static => "static",
            Self::Other { .. } => "other",
        }
    }

    /// Seconds per step, for those that go by the time.
    ///
    /// ```
    /// # use pushotp_provision::Kind;
    /// assert_eq!((Kind::totp(60).period(), Kind::Steam.period(), Kind::Motp.period()), (Some(60), Some(30), Some(10)));
    /// assert_eq!(Kind::Hotp { counter: 0 }.period(), None);
    /// ```
    #[must_use]
    pub const fn period(&self) -> Option<u32> {
        match self {
            Self::Totp { period, .. } => Some(*period),
            Self::Steam | Self::Yandex { .. } => Some(30),
            Self::Motp => Some(10),
            _ => None,
        }
    }
}
