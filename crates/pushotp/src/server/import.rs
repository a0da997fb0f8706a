//! Tokens with a secret from elsewhere: their passcodes are typed by hand, next to push in the same account.

use core::fmt;

use pushotp_oath::{Counter, Drift, Hotp, Period, Totp};
use pushotp_provision::{Credential, Kind};
use pushotp_types::{Digits, Secret, TokenId, UnixTime};
use pushotp_wire::{
    message::TokenInfo,
    terms::{OtpSpec, TokenPolicy},
};
use subtle::{Choice, ConstantTimeEq};

use super::{
    AccountId, AuditKind, LoginServer, PushSwitch, Rng, ServerError,
    answer::TRIES,
    record::{Id, Name, Record, Secrets, Token, Typed},
    secret::{Leftovers, fresh_name},
    token::MAX_TOKENS,
    trace,
    vault::Change,
};

/// The longest period, in seconds: with one step on either side a passcode then counts for a quarter of an hour.
const MAX_PERIOD: u32 = 300;
/// The shortest secret without a permission, in bytes.
const MIN_SECRET: usize = 16;

/// A credential to be imported as a token of an account.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::{Import, PasscodeVerdict, provision::{Policy, otpauth}};
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let uri = "otpauth://hotp/fob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=0"; // the key of RFC 4226
/// let parsed = otpauth::parse(uri, &Policy::server())?;
/// let import = Import::new(&parsed.credential).named("Old key fob");
/// let fob = block_on(world.server.import_token(&world.user, &import, NOW, &mut world.rng))?;
/// let typed = block_on(world.server.verify_passcode(&world.user, "755224", NOW, &mut world.rng))?;
/// assert_eq!(typed, PasscodeVerdict::Accepted { token: fob });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Import<'a> {
    credential: &'a Credential,
    name: Option<String>,
    weak: bool,
}

impl<'a> Import<'a> {
    /// A credential as it was read; the token is called as its issuer, its serial number or its account, in this order.
    ///
    /// ```
    /// use pushotp::{Import, provision::{Credential, Kind}, types::Secret};
    ///
    /// let credential = Credential::new(Kind::totp(30), "alice", Secret::new(b"12345678901234567890")?);
    /// assert!(!format!("{:?}", Import::new(&credential)).contains("1234")); // its secret is not shown
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn new(credential: &'a Credential) -> Self {
        Self { credential, name: None, weak: false }
    }

    /// The same under a name of its own, 1 to 64 bytes.
    ///
    /// ```
    /// # use pushotp::{Import, provision::{Credential, Kind}, types::Secret};
    /// let credential = Credential::new(Kind::totp(30), "alice", Secret::new(b"12345678901234567890")?);
    /// assert!(format!("{:?}", Import::new(&credential).named("Key fob")).contains("Key fob"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same although its secret has fewer than 128 bits: for tokens that exist and cannot be replaced.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Import, ImportError, provision::{Credential, Kind}, types::Secret};
    ///
    /// let mut world = World::new(); // a server with one user
    /// let credential = Credential::new(Kind::totp(30), "alice", Secret::danger_import_weak(b"0123456789")?);
    /// let strict = Import::new(&credential);
    /// let refused = block_on(world.server.import_token(&world.user, &strict, NOW, &mut world.rng));
    /// assert!(matches!(refused, Err(ImportError::WeakSecret { bits: 80 })));
    /// let lenient = strict.danger_weak_secret();
    /// assert!(block_on(world.server.import_token(&world.user, &lenient, NOW, &mut world.rng)).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn danger_weak_secret(mut self) -> Self {
        self.weak = true;
        self
    }

    /// What of it the record keeps.
    fn read(&self) -> Result<Imported, ImportError> {
        let credential = self.credential;
        let (algorithm, bytes) = (credential.algorithm(), credential.secret().expose().len());
        let digits = || Digits::new(credential.digits().get()).map_err(|_| ImportError::Digits);
        let mut imported = match *credential.kind() {
            Kind::Totp { period, t0, drift } => {
                let bounded = Period::from_secs(period).ok().filter(|period| period.as_secs() <= MAX_PERIOD);
                let totp = Totp::new(digits()?, bounded.ok_or(ImportError::Period)?);
                let drift = i16::try_from(drift).ok().and_then(|steps| Drift::from_steps(steps).ok());
                let drift = drift.ok_or(ImportError::Drift)?;
                Imported { typed: Typed::totp(algorithm, totp, t0), counter: 0, drift, name: String::new() }
            }
            Kind::Hotp { counter } => {
                Counter::new(counter).next().ok_or(ImportError::Counter)?;
                let typed = Typed::hotp(algorithm, Hotp::new(digits()?));
                Imported { typed, counter, drift: Drift::ZERO, name: String::new() }
            }
            ref other => return Err(ImportError::Kind(other.name())),
        };
        if credential.pin().is_some() {
            return Err(ImportError::Pin);
        }
        if bytes < MIN_SECRET && !self.weak {
            return Err(ImportError::WeakSecret { bits: bytes * 8 });
        }
        let account = Some(credential.account()).filter(|account| !account.is_empty());
        let name = self.name.as_deref().or(credential.display_issuer()).or(credential.serial()).or(account);
        name.ok_or(ImportError::Name)?.clone_into(&mut imported.name);
        Ok(imported)
    }
}

impl fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import").field("kind", self.credential.kind()).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a credential was not imported; the account is as it was.
///
/// ```
/// use pushotp::ImportError;
///
/// assert_eq!(ImportError::Kind("steam").to_string(), "passcodes of a steam token are not taken here");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Neither TOTP nor HOTP; the kind is named.
    #[error("passcodes of a {0} token are not taken here")]
    Kind(&'static str),
    /// The secret is weaker than 128 bits, and [`Import::danger_weak_secret`] was not asked for.
    #[error("a secret of {bits} bits is weaker than 128 bits")]
    WeakSecret {
        /// Its length.
        bits: usize,
    },
    /// A PIN belongs in front of its passcodes, which nothing here would ask for.
    #[error("the token has a PIN, which cannot be asked for")]
    Pin,
    /// Fewer than six digits.
    #[error("the passcodes have fewer than 6 digits")]
    Digits,
    /// No period, or one of more than five minutes.
    #[error("the period is not 1 to 300 s")]
    Period,
    /// A clock that is further off than any resynchronisation finds.
    #[error("the drift is more than 2880 steps")]
    Drift,
    /// The last counter of all, which has no next one.
    #[error("the counter is used up")]
    Counter,
    /// It has no name, or one that is too long or not displayable.
    #[error("the token has no name of 1 to 64 bytes that can be displayed")]
    Name,
    /// The account has a token with this secret: each passcode would be accepted twice.
    #[error("the account has a token with this secret")]
    Duplicate,
    /// The server could not.
    #[error(transparent)]
    Server(#[from] ServerError),
}

/// What of a credential the record keeps.
struct Imported {
    typed: Typed,
    counter: u64,
    drift: Drift,
    name: String,
}

/// The imported tokens of an account when their secrets were looked at.
struct Known(Vec<(Id, Name)>);

impl LoginServer {
    /// Imports a credential as a token whose passcodes are typed by hand, with its own hash function, digits and period or
    /// counter. They count by the same rule as all others: each once.
    ///
    /// # Errors
    /// [`ImportError`]: what cannot be used is named; [`ServerError::Full`] from the seventeenth token on,
    /// [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Import, ImportError, provision::{Credential, Kind}, types::Secret};
    ///
    /// let mut world = World::new(); // a server with one user
    /// let credential = Credential::new(Kind::totp(30), "alice", Secret::new(b"12345678901234567890")?);
    /// let import = Import::new(&credential);
    /// let id = block_on(world.server.import_token(&world.user, &import, NOW, &mut world.rng))?;
    /// assert!(world.token(id).imported && !world.token(id).enrolled);
    /// let again = block_on(world.server.import_token(&world.user, &import, NOW, &mut world.rng));
    /// assert!(matches!(again, Err(ImportError::Duplicate)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn import_token(
        &self,
        account: &AccountId,
        import: &Import<'_>,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<TokenId, ImportError> {
        let span = trace::span!("import_token").account(self, account);
        let event = async {
            let imported = import.read()?;
            let (id, name) = (TokenId::generate(&mut *rng), fresh_name(&mut *rng));
            TokenInfo::new(id, imported.name.as_str(), TokenPolicy::NONE, OtpSpec::BOUND)
                .map_err(|_| ImportError::Name)?;
            let secret = import.credential.secret();
            for _ in 0..TRIES {
                let known = self.unlike(account, secret).await?;
                self.keep_secret(account, (&id, name), secret, &mut *rng).await?;
                let happened = Self::happened(now, &mut *rng);
                let decide = |record: &mut Record| {
                    let is_known = |token: &Token| known.0.contains(&(token.id, token.secrets.current));
                    if !record.tokens.iter().filter(|token| token.is_imported()).all(is_known) {
                        return Ok(Change::Keep(false));
                    }
                    if record.tokens.len() >= MAX_TOKENS {
                        return Err(ServerError::Full("tokens"));
                    }
                    record.tokens.push(imported.token(&id, name, now));
                    record.tokens.sort_by_key(|token| *token.id);
                    happened.log(record, AuditKind::TokenImported, Some(Id::new(*id.as_bytes())));
                    Ok(Change::Write(true))
                };
                match self.vault.update(account, happened.attempt, decide).await {
                    Ok(true) => return Ok(id),
                    // The record may refer to it.
                    Err(ServerError::Unknown) => return Err(ServerError::Unknown.into()),
                    told => {
                        let secrets = vec![(Id::new(*id.as_bytes()), name)];
                        self.forget(account, &Leftovers { secrets, ..Leftovers::default() }).await;
                        told?;
                    }
                }
            }
            Err(ServerError::Busy.into())
        };
        span.trace(event).await
    }

    /// Imports many, each into its account: a result for each, in their order; one that fails keeps no other back.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{Import, ImportError, provision::{Credential, Kind}, types::Secret};
    ///
    /// let mut world = World::new(); // a server with one user
    /// let good = Credential::new(Kind::totp(30), "alice", Secret::new(b"12345678901234567890")?);
    /// let bad = Credential::new(Kind::Steam, "alice", Secret::new(b"09876543210987654321")?);
    /// let file = [&bad, &good].map(|credential| (world.user.clone(), Import::new(credential)));
    /// let results = block_on(world.server.import_tokens(&file, NOW, &mut world.rng));
    /// assert!(matches!(results[..], [Err(ImportError::Kind("steam")), Ok(_)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn import_tokens(
        &self,
        imports: &[(AccountId, Import<'_>)],
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Vec<Result<TokenId, ImportError>> {
        let mut results = Vec::with_capacity(imports.len());
        for (account, import) in imports {
            results.push(self.import_token(account, import, now, &mut *rng).await);
        }
        results
    }

    /// The imported tokens of an account, none of which has this secret.
    async fn unlike(&self, account: &AccountId, secret: &Secret) -> Result<Known, ImportError> {
        let record = self.vault.load(account).await?;
        let (mut known, mut same) = (Vec::new(), Choice::from(0));
        for token in record.tokens.iter().filter(|token| token.is_imported()) {
            // One that is gone was removed meanwhile: then the record is another one, too.
            let Some(keys) = self.token_keys(account, token).await? else { continue };
            same |= keys.current().expose().ct_eq(secret.expose());
            known.push((token.id, token.secrets.current));
        }
        if same.into() { Err(ImportError::Duplicate) } else { Ok(Known(known)) }
    }
}

impl Imported {
    fn token(&self, id: &TokenId, name: Name, now: UnixTime) -> Token {
        let mut token = Token {
            id: Id::new(*id.as_bytes()),
            name: self.name.clone(),
            policy: TokenPolicy::NONE.bits(),
            by_hand: 1,
            disabled: 0,
            push: PushSwitch::Off.code(),
            muted: 0,
            next_step: 0,
            next_counter: self.counter,
            failures: 0,
            month: (0, now.as_secs()),
            device: Id::new([0; 16]),
            epoch: 0,
            secrets: Secrets::first(name),
            typed: vec![self.typed.clone()],
            drift: (0, 0),
        };
        token.set_drift(self.drift);
        token
    }
}
