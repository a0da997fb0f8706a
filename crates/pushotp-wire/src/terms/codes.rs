use crate::Error;

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident: $ty:ty, $field:literal { $($(#[$doc:meta])* $variant:ident = $code:literal,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Its number in the protocol.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::terms::", stringify!($name), ";")]
            #[doc = concat!("use ", stringify!($name), "::*;\n")]
            #[doc = concat!($("assert_eq!(", stringify!($variant), ".code(), ", stringify!($code), ");\n",)+)]
            /// ```
            #[must_use]
            pub const fn code(self) -> $ty {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The meaning of a number.
            ///
            /// # Errors
            /// [`Error::Field`] for a number that version 1 does not have.
            ///
            /// ```
            #[doc = concat!("# use pushotp_wire::terms::", stringify!($name), ";")]
            #[doc = concat!("assert!(", stringify!($name), "::from_code(99).is_err());")]
            #[doc = concat!("for value in [", $(stringify!($name), "::", stringify!($variant), ", ",)+ "] {")]
            #[doc = concat!("    assert_eq!(", stringify!($name), "::from_code(value.code()), Ok(value));")]
            /// }
            /// ```
            pub const fn from_code(code: $ty) -> Result<Self, Error> {
                match code { $($code => Ok(Self::$variant),)+ _ => Err(Error::Field($field)) }
            }
        }
    )+};
}

codes! {
    /// The kind of a message, as it stands in its protected header.
    ///
    /// ```
    /// use pushotp_wire::terms::Typ;
    ///
    /// assert_eq!(Typ::Challenge.code(), 65281);
    /// assert!(Typ::Approve.is_from_device() && !Typ::Result.is_from_device());
    /// ```
    Typ: u16, "typ" {
        /// The request, all that is displayed.
        Challenge = 65281,
        /// The user approves, with a passcode.
        Approve = 65282,
        /// The user denies.
        Deny = 65283,
        /// The user denies and reports.
        Report = 65284,
        /// The reply to one message of the device.
        Result = 65285,
        /// Withdraws a prompt.
        Cancel = 65286,
        /// Asks for what is open.
        Fetch = 65287,
        /// The reply to a fetch, with envelopes inside.
        Pending = 65288,
        /// The first message of a device.
        EnrolRequest = 65289,
        /// The reply to it.
        EnrolResponse = 65290,
        /// A device's new push address, switches or name.
        Update = 65291,
        /// A device asks for a new secret for a token, or shows that it has it.
        Rotate = 65292,
        /// The reply that gives it.
        Ticket = 65293,
    }

    /// What became of a message of the device.
    ///
    /// ```
    /// use pushotp_wire::terms::Status;
    ///
    /// assert_eq!(Status::from_code(6), Ok(Status::WrongPasscode));
    /// assert!(Status::from_code(7).is_err());
    /// ```
    Status: u8, "status" {
        /// Done.
        Accepted = 0,
        /// Refused.
        Refused = 1,
        /// Another answer was first.
        AlreadyAnswered = 2,
        /// Too late.
        Expired = 3,
        /// Withdrawn.
        Cancelled = 4,
        /// Not now.
        RetryLater = 5,
        /// The passcode was wrong, the user may try again.
        WrongPasscode = 6,
    }

    /// Why a user denied or reported.
    ///
    /// ```
    /// assert_eq!(pushotp_wire::terms::Reason::NotMe.code(), 1);
    /// ```
    Reason: u8, "reason" {
        /// Not said.
        Unspecified = 0,
        /// The user did not start this.
        NotMe = 1,
        /// Something displayed is wrong.
        WrongDetails = 2,
        /// Too many requests.
        TooMany = 3,
        /// Pressed by mistake.
        Mistake = 4,
    }

    /// Why a prompt was withdrawn.
    ///
    /// ```
    /// assert_eq!(pushotp_wire::terms::CancelReason::Superseded.code(), 5);
    /// ```
    CancelReason: u8, "reason" {
        /// Not said.
        Unspecified = 0,
        /// Another device answered.
        AnsweredElsewhere = 1,
        /// The page no longer waits.
        PageClosed = 2,
        /// An operator.
        Administrator = 3,
        /// The device was replaced.
        DeviceReplaced = 4,
        /// A newer login took its place.
        Superseded = 5,
    }

    /// How the device verified its user: a signed claim, the evidence is the passcode.
    ///
    /// ```
    /// assert_eq!(pushotp_wire::terms::UserVerification::Pin.code(), 1);
    /// ```
    UserVerification: u8, "uv" {
        /// Not at all.
        None = 0,
        /// By PIN.
        Pin = 1,
        /// By a biometric.
        Biometric = 2,
        /// By both.
        Both = 3,
    }

    /// Which passcode an approval carries.
    ///
    /// ```
    /// assert_eq!(pushotp_wire::terms::PasscodeKind::Bound.code(), 1);
    /// ```
    PasscodeKind: u8, "otp" {
        /// OCRA over the challenge hash: good for this request alone.
        Bound = 1,
        /// HOTP; only where the policy says so.
        Hotp = 2,
        /// TOTP; only where the policy says so.
        Totp = 3,
    }

    /// Which service carries pushes to a device.
    ///
    /// ```
    /// assert_eq!(pushotp_wire::terms::PushKind::Poll.code(), 0);
    /// ```
    PushKind: u8, "push" {
        /// None: the device fetches.
        Poll = 0,
        /// Apple's.
        Apns = 1,
        /// Google's.
        Fcm = 2,
        /// Web Push, RFC 8030.
        WebPush = 3,
        /// Windows'.
        Wns = 4,
    }
}

impl Typ {
    /// Whether it comes from a device, so in a frame; the others come in envelopes.
    ///
    /// ```
    /// use pushotp_wire::terms::Typ;
    ///
    /// assert!(Typ::Deny.is_from_device());
    /// assert!(!Typ::Challenge.is_from_device());
    /// ```
    #[must_use]
    pub const fn is_from_device(self) -> bool {
        matches!(
            self,
            Self::Approve | Self::Deny | Self::Report | Self::Fetch | Self::EnrolRequest | Self::Update | Self::Rotate
        )
    }
}
