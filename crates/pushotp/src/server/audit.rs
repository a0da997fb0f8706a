use core::fmt;

use pushotp_types::{TokenId, UnixTime};

use super::record::{Event, Id, Record};

/// One line of an account's audit log.
///
/// It names what happened, never a secret, a passcode or a number.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::AuditKind;
///
/// let world = World::new(); // a server with one user, whose device was enrolled
/// let events = block_on(world.server.audit(&world.user))?;
/// let last = events.last().expect("an event");
/// assert_eq!((last.kind(), last.at(), last.token()), (AuditKind::DeviceEnrolled, NOW, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    number: u64,
    at: UnixTime,
    kind: AuditKind,
    token: Option<TokenId>,
}

impl AuditEvent {
    /// Counts the account's events from 0; a gap means that older ones fell out of the record.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let world = World::new(); // a server with one user, and the user's device
    /// let events = block_on(world.server.audit(&world.user))?; // two tokens and an enrolment
    /// assert!(events.iter().map(|event| event.number()).eq(0..5)); // none is missing
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// When the server decided it.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let world = World::new(); // a server with one user, and the user's device
    /// let events = block_on(world.server.audit(&world.user))?; // two tokens and an enrolment
    /// assert_eq!(events[0].at(), NOW);
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    #[must_use]
    pub const fn at(&self) -> UnixTime {
        self.at
    }

    /// What happened.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::AuditKind;
    ///
    /// let world = World::new(); // a server with one user, and the user's device
    /// let events = block_on(world.server.audit(&world.user))?; // two tokens and an enrolment
    /// assert_eq!(events[0].kind(), AuditKind::TokenAdded);
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    #[must_use]
    pub const fn kind(&self) -> AuditKind {
        self.kind
    }

    /// The token it is about, if it is about one.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let world = World::new(); // a server with one user, and the user's device
    /// let events = block_on(world.server.audit(&world.user))?; // two tokens and an enrolment
    /// assert_eq!(events[0].token(), Some(world.bank));
    /// assert_eq!(events.last().and_then(|event| event.token()), None); // the enrolment is about no single one
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    #[must_use]
    pub const fn token(&self) -> Option<TokenId> {
        self.token
    }

    pub(crate) fn read(event: &Event) -> Self {
        let token = TokenId::from_bytes(*event.token);
        Self {
            number: event.number,
            at: UnixTime::from_secs(event.at),
            kind: AuditKind::from_code(event.kind),
            token: (token.as_bytes() != &[0; 16]).then_some(token),
        }
    }
}

macro_rules! audit_kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)+) => {
        /// What an audit event says; its `Display` is a sentence for an operator.
        ///
        /// ```
        /// use pushotp::AuditKind;
        ///
        /// assert_eq!(AuditKind::WrongNumber.to_string(), "login refused: the number was not the one on the page");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum AuditKind { $($(#[$doc])* $name,)+ }

        impl AuditKind {
            pub(crate) const fn code(self) -> u8 {
                match self { $(Self::$name => $code,)+ }
            }

            const fn from_code(code: u8) -> Self {
                match code { $($code => Self::$name,)+ _ => Self::Unknown }
            }
        }

        impl fmt::Display for AuditKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$name => $text,)+ })
            }
        }
    };
}

audit_kinds! {
    /// Written by a later version of this crate.
    Unknown = 0, "an event of a later version";
    /// A token was added.
    TokenAdded = 1, "token added";
    /// An enrolment was offered.
    EnrolmentOffered = 2, "enrolment offered";
    /// A device answered the offer.
    EnrolmentOpened = 3, "a device answered the enrolment offer, confirmation code to be compared";
    /// The codes agreed: the device counts.
    DeviceEnrolled = 4, "a device was enrolled";
    /// A person refused the enrolment.
    EnrolmentRefused = 5, "enrolment refused: the confirmation codes differ";
    /// An offer that no device had answered was withdrawn.
    EnrolmentWithdrawn = 75, "enrolment offer withdrawn";
    /// An offer was used a second time with other bytes.
    EnrolmentReused = 6, "incident: an enrolment offer was used a second time";
    /// A message opened under the device's keys, but its signature did not verify.
    BadSignature = 7, "incident: a sealed message without the device's signature";
    /// A login was started and pushed.
    LoginStarted = 8, "login started";
    /// A login was approved.
    Approved = 9, "login approved";
    /// A wrong passcode, so a wrong PIN or a forgery; counted.
    WrongPasscode = 10, "passcode refused: wrong PIN, most likely; counted";
    /// The third wrong passcode of a login.
    TooManyPasscodes = 11, "login refused: three wrong passcodes";
    /// A wrong number; ends the login.
    WrongNumber = 12, "login refused: the number was not the one on the page";
    /// The user was not verified as the policy asks.
    NotVerified = 13, "login refused: the user was not verified as the policy asks";
    /// The user denied.
    Denied = 14, "login denied by the user";
    /// The user denied and reported.
    Reported = 15, "login reported by the user: this was not me";
    /// Nobody answered, or nobody collected the approval.
    Expired = 29, "login expired";
    /// The user reported a login that had been approved already.
    ReportedAfterApproval = 30, "incident: a login was reported after it had been approved";
    /// A login was withdrawn.
    Cancelled = 19, "login cancelled";
    /// The page collected an approved login.
    Redeemed = 20, "logged in";
    /// A passcode typed by hand was accepted.
    PasscodeAccepted = 21, "passcode typed by hand accepted";
    /// A passcode typed by hand was wrong; counted.
    PasscodeRefused = 22, "passcode typed by hand refused; counted";
    /// A passcode typed by hand was right once and is used up.
    PasscodeReplayed = 23, "passcode typed by hand refused: it was used before";
    /// Push was switched on.
    PushOn = 24, "push switched on";
    /// Push was switched off.
    PushOff = 25, "push switched off";
    /// A report switched push off.
    PushBlocked = 26, "push blocked after a report";
    /// Too many failures: the token is disabled.
    TokenDisabled = 27, "token disabled after too many failures";
    /// A login could not be pushed: too many pushes without a success.
    PushThrottled = 28, "push refused: too many without a success";
    /// A message under an open offer that is no good request: malformed, or without proof that the key is the sender's.
    BadEnrolment = 31, "incident: an enrolment request that is malformed or proves nothing";
    /// A device asked to be enrolled with the signing key of another one.
    SigningKeyInUse = 32, "enrolment refused: another device has this signing key";
    /// A device's clock is off; that decides nothing, but such a device may show no logins.
    ClockOff = 33, "a device's clock is more than five minutes off";
    /// The user switched push off on the device.
    PushMuted = 35, "push switched off by the user";
    /// The user switched push on again.
    PushUnmuted = 36, "push switched on by the user";
    /// A device changed its name or its push address.
    DeviceUpdated = 37, "a device changed its name or its push address";
    /// A device was promised a new secret for a token; both count until it shows that it has it.
    RotationGranted = 38, "a new secret was granted for a token";
    /// A passcode under the new secret came; the old one is forgotten.
    Rotated = 39, "a token's new secret is in use";
    /// A device was enrolled in the place of an earlier one, whose keys are void.
    DeviceReplaced = 40, "a device took the place of an earlier one";
    /// An operator let a token be used again.
    TokenUnlocked = 45, "token unlocked by an operator";
    /// An operator let a device start its own count of PIN attempts again.
    DeviceUnlocked = 46, "a device was let count its PIN attempts anew";
    /// A token was removed, with its secret.
    TokenRemoved = 47, "token removed";
    /// A device was removed, with its keys and the secrets of its tokens.
    DeviceRemoved = 48, "device removed";
    /// The account was removed, with everything; this line is only handed over, never stored.
    AccountRemoved = 49, "account removed";
    /// The push service no longer knows a device's push address; it fetches until it names another.
    PushAddressGone = 70, "a device's push address is void and was forgotten";
    /// A token with a secret from elsewhere was imported.
    TokenImported = 50, "token imported";
    /// Passcodes in a row were right: clock or counter of a token are known again.
    Resynchronised = 51, "token resynchronised";
    /// Passcodes in a row were wrong; counted.
    ResyncRefused = 52, "resynchronisation refused; counted";
    /// A token has a duress PIN.
    DuressSet = 41, "duress PIN set";
    /// A token's duress PIN was cleared.
    DuressCleared = 42, "duress PIN cleared";
    /// A token's secret is another one, so its duress PIN yields none that the server knows.
    DuressVoid = 43, "a token's duress PIN is void, for the token has a new secret: it has to be set anew";
    /// A passcode under a token's duress PIN: the user is being forced, most likely.
    Duress = 44, "alarm: a passcode under the duress PIN";
    /// A device used the number of an earlier message again; that decides nothing.
    SequenceRepeated = 34, "a device counts its messages anew: its state was restored or copied, or messages came late";
}

/// What an event is about, besides its kind.
pub(crate) struct Happened {
    pub(crate) at: UnixTime,
    pub(crate) attempt: Id,
}

impl Happened {
    pub(crate) fn log(&self, record: &mut Record, kind: AuditKind, token: Option<Id>) {
        record.log(Event {
            number: 0,
            at: self.at.as_secs(),
            kind: kind.code(),
            token: token.unwrap_or_else(|| Id::new([0; 16])),
            attempt: self.attempt,
        });
    }
}
