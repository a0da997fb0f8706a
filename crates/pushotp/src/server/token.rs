use pushotp_types::{DeviceId, TokenId, UnixTime};
use pushotp_wire::{
    message::TokenInfo,
    terms::{OtpSpec, TokenPolicy},
};

use super::{
    AccountId, AuditKind, LoginServer, Rng, ServerError,
    record::{Id, Name, Record, Secrets, Token},
    trace,
    vault::Change,
};

/// How many tokens an account may have.
pub(super) const MAX_TOKENS: usize = 16;

/// A token to be made; its secret comes into being when a device enrols.
///
/// ```
/// use pushotp::NewToken;
///
/// let token = NewToken::new("Work").pin_protected();
/// assert!(!format!("{token:?}").is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct NewToken {
    name: String,
    policy: TokenPolicy,
    by_hand: bool,
}

impl NewToken {
    /// A token without a PIN, named as the device shows it: 1 to 64 bytes.
    ///
    /// ```
    /// let token = pushotp::NewToken::new("Work");
    /// assert!(format!("{token:?}").contains("Work"));
    /// ```
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), policy: TokenPolicy::NONE, by_hand: false }
    }

    /// It may be approved right from the notification, where the login permits it; number and PIN are asked for as ever.
    ///
    /// Weaker: whoever holds an unlocked device answers without opening the app.
    ///
    /// ```
    /// use pushotp::NewToken;
    ///
    /// let token = NewToken::new("Coffee machine").approvable_from_notification();
    /// # let _ = token;
    /// ```
    #[must_use]
    pub fn approvable_from_notification(mut self) -> Self {
        self.policy = self.policy | TokenPolicy::FROM_NOTIFICATION;
        self
    }

    /// Its number must always be typed: it does not answer logins with weaker number matching.
    ///
    /// ```
    /// use pushotp::NewToken;
    ///
    /// let token = NewToken::new("Treasury").pin_protected().number_always_typed();
    /// # let _ = token;
    /// ```
    #[must_use]
    pub fn number_always_typed(mut self) -> Self {
        self.policy = self.policy | TokenPolicy::TYPE_NUMBER;
        self
    }

    /// Every passcode of the token needs its PIN.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let world = World::new(); // its bank token was made with `pin_protected`
    /// assert!(world.token(world.bank).pin_protected && !world.token(world.mail).pin_protected);
    /// ```
    #[must_use]
    pub fn pin_protected(mut self) -> Self {
        self.policy = self.policy | TokenPolicy::PIN_PROTECTED;
        self
    }

    /// Every passcode of the token needs its PIN, or a fingerprint or a face where the user switched that on.
    ///
    /// The device's word for it is signed, and the passcode is the evidence: the platform's key decrypts the secret, or there
    /// is none. Whoever gets at the secret this way can search for the PIN, too.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let (world, _, vpn) = World::with_presence(); // its VPN token was made with `pin_or_biometric`
    /// assert!(world.token(vpn).pin_protected && world.token(vpn).biometric);
    /// assert!(world.token(world.bank).pin_protected && !world.token(world.bank).biometric);
    /// ```
    #[must_use]
    pub fn pin_or_biometric(mut self) -> Self {
        self.policy = self.policy | TokenPolicy::PIN_PROTECTED | TokenPolicy::BIOMETRIC;
        self
    }

    /// A passcode may also be shown by the device and typed by hand: TOTP, HMAC-SHA-256, 30 s, 8 digits.
    ///
    /// A shown passcode can be observed. Together with a stolen device file it is a check for the PIN, so for a PIN
    /// protected token this is only as good as the device's key store.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::PasscodeVerdict;
    ///
    /// let mut world = World::new(); // its mail token was made with `typed_by_hand`
    /// let (code, _) = world.device.passcode(world.mail, None, NOW)?;
    /// let verdict = block_on(world.server.verify_passcode(&world.user, code.expose(), NOW, &mut world.rng))?;
    /// assert_eq!(verdict, PasscodeVerdict::Accepted { token: world.mail });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn typed_by_hand(mut self) -> Self {
        self.by_hand = true;
        self
    }
}

/// Whether logins may be pushed for a token.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::PushSwitch;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// assert_eq!(world.token(world.bank).push, PushSwitch::On);
/// block_on(world.server.set_push((&world.user, world.bank), false, NOW, &mut world.rng))?;
/// assert_eq!(world.token(world.bank).push, PushSwitch::Off);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushSwitch {
    /// Switched off; an operator may switch it on.
    Off,
    /// On.
    On,
    /// Off after a report, until an operator switches it on.
    Blocked,
    /// Switched off on the device by its user, who may switch it on again.
    Muted,
}

impl PushSwitch {
    /// The operator's part of it, as it is stored.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Off => 0,
            Self::On | Self::Muted => 1,
            Self::Blocked => 2,
        }
    }
}

/// A token as an operator sees it.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// let world = World::new(); // a server with one user, and the user's device
/// let bank = world.token(world.bank);
/// assert!(bank.enrolled && bank.pin_protected && !bank.disabled);
/// assert_eq!((&*bank.name, bank.failures), ("Bank", 0));
/// assert_eq!((bank.device, bank.typed_by_hand), (Some(world.device.id()), false));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "facts that an operator sees side by side, none of which follows")]
pub struct TokenView {
    /// Its id.
    pub id: TokenId,
    /// Its name.
    pub name: String,
    /// Whether it needs a PIN.
    pub pin_protected: bool,
    /// Whether a fingerprint or a face may take the place of the PIN; whether it does, the device knows.
    pub biometric: bool,
    /// Whether its passcodes may be typed by hand.
    pub typed_by_hand: bool,
    /// Whether a device holds it.
    pub enrolled: bool,
    /// Which device holds it.
    pub device: Option<DeviceId>,
    /// Whether it was imported: its passcodes are typed by hand, and no login is pushed for it.
    pub imported: bool,
    /// Whether too many failures disabled it.
    pub disabled: bool,
    /// Whether logins may be pushed for it.
    pub push: PushSwitch,
    /// Failed passcodes since the last success.
    pub failures: u8,
}

impl TokenView {
    pub(super) fn read(token: &Token) -> Self {
        Self {
            id: TokenId::from_bytes(*token.id),
            name: token.name.clone(),
            pin_protected: token.needs_pin(),
            biometric: token.needs_pin() && token.policy & TokenPolicy::BIOMETRIC.bits() != 0,
            typed_by_hand: token.by_hand != 0,
            enrolled: token.epoch > 0,
            device: (token.epoch > 0).then(|| DeviceId::from_bytes(*token.device)),
            imported: token.is_imported(),
            disabled: token.disabled != 0,
            push: match (token.push, token.muted) {
                (1, 0) => PushSwitch::On,
                (1, _) => PushSwitch::Muted,
                (2, _) => PushSwitch::Blocked,
                _ => PushSwitch::Off,
            },
            failures: token.failures,
        }
    }
}

impl Token {
    pub(super) fn needs_pin(&self) -> bool {
        self.policy & TokenPolicy::PIN_PROTECTED.bits() != 0
    }

    /// Whether there is a secret of it.
    pub(super) fn has_secret(&self) -> bool {
        self.epoch > 0 || self.is_imported()
    }

    /// Whether its passcodes may be typed, once nothing disables it.
    pub(super) fn can_be_typed(&self) -> bool {
        self.by_hand != 0 && self.has_secret()
    }

    /// Whether it has its secret from elsewhere: no device of this server ever holds it.
    pub(super) fn is_imported(&self) -> bool {
        !self.typed.is_empty()
    }

    /// Where its secrets are stored; without one this is a place where nothing is.
    pub(super) fn names(&self) -> impl Iterator<Item = Name> {
        let Secrets { current, pending, duress, .. } = &self.secrets;
        pending.iter().chain(duress).chain([current]).copied()
    }

    /// The device that held it is gone: it may be enrolled anew.
    pub(super) fn release(&mut self) {
        self.device = Id::new([0; 16]);
        self.epoch = 0;
        self.secrets = Secrets::first(Name::new([0; 8]));
        self.muted = 0;
    }

    /// Whether a challenge may name it.
    pub(super) fn can_be_pushed(&self) -> bool {
        self.may_be_switched_on() && self.muted == 0
    }

    /// Whether nothing but its user's wish keeps challenges from it.
    pub(super) fn may_be_switched_on(&self) -> bool {
        self.epoch > 0 && self.disabled == 0 && self.push == PushSwitch::On.code()
    }
}

impl LoginServer {
    /// Adds a token to an account; it can be used once a device has enrolled.
    ///
    /// # Errors
    /// [`ServerError::Name`], [`ServerError::Full`] from the seventeenth on, [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::NewToken;
    ///
    /// let mut world = World::new(); // a server with one user
    /// let id = block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
    /// assert!(!world.token(id).enrolled); // until a device enrols
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn add_token(
        &self,
        account: &AccountId,
        token: NewToken,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<TokenId, ServerError> {
        let id = TokenId::generate(rng);
        // The enrolment's own rule: else no device could ever enrol for this account.
        TokenInfo::new(id, token.name.as_str(), token.policy, OtpSpec::BOUND).map_err(|_| ServerError::Name)?;
        let happened = Self::happened(now, rng);
        let decide = |record: &mut Record| {
            if record.tokens.len() >= MAX_TOKENS {
                return Err(ServerError::Full("tokens"));
            }
            record.tokens.push(Token {
                id: Id::new(*id.as_bytes()),
                name: token.name.clone(),
                policy: token.policy.bits(),
                by_hand: token.by_hand.into(),
                disabled: 0,
                push: PushSwitch::On.code(),
                muted: 0,
                next_step: 0,
                next_counter: 0,
                failures: 0,
                month: (0, now.as_secs()),
                device: Id::new([0; 16]),
                epoch: 0,
                secrets: Secrets::first(Name::new([0; 8])),
                typed: Vec::new(),
                drift: (0, 0),
            });
            record.tokens.sort_by_key(|token| *token.id);
            happened.log(record, AuditKind::TokenAdded, Some(Id::new(*id.as_bytes())));
            Ok(Change::Write(id))
        };
        let span = trace::span!("add_token").account(self, account).token(id);
        span.trace(self.vault.update(account, happened.attempt, decide)).await
    }

    /// The tokens of an account, in the order of their ids.
    ///
    /// # Errors
    /// [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let world = World::new(); // a server with one user, and the user's device
    /// let names: Vec<String> = block_on(world.server.tokens(&world.user))?.into_iter().map(|token| token.name).collect();
    /// assert!(names.contains(&"Bank".into()) && names.contains(&"Mail".into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn tokens(&self, account: &AccountId) -> Result<Vec<TokenView>, ServerError> {
        let record = self.vault.load(account).await?;
        Ok(record.tokens.iter().map(TokenView::read).collect())
    }

    /// Switches push on or off for a token, as an operator; switching on also lifts a block.
    ///
    /// Off counts at once: a challenge that is open can no longer be approved with this token.
    ///
    /// # Errors
    /// [`ServerError::NoToken`], [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::PushSwitch;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// block_on(world.server.set_push((&world.user, world.mail), false, NOW, &mut world.rng))?;
    /// assert_eq!(world.token(world.mail).push, PushSwitch::Off);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn set_push(
        &self,
        (account, token): (&AccountId, TokenId),
        on: bool,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        let happened = Self::happened(now, rng);
        let id = Id::new(*token.as_bytes());
        let decide = |record: &mut Record| {
            let token = record.token_mut(&id).ok_or(ServerError::NoToken)?;
            token.push = if on { PushSwitch::On } else { PushSwitch::Off }.code();
            happened.log(record, if on { AuditKind::PushOn } else { AuditKind::PushOff }, Some(id));
            Ok(Change::Write(()))
        };
        let span = trace::span!("set_push").account(self, account).token(token);
        span.trace(self.vault.update(account, happened.attempt, decide)).await
    }
}
