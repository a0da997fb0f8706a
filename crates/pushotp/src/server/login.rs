use pushotp_cbor::ByteBuf;
use pushotp_types::{DeviceId, Digits, TokenId, UnixTime};
use pushotp_wire::{
    envelope,
    message::{Cancel, Challenge, ChallengeParts, Payload},
    state::{self, Collected, State},
    terms::{CancelReason, ChallengeId, ChallengePolicy, Kid, NumberMode, OtpSpec},
};

use super::{
    AccountId, AuditKind, LoginFailure, LoginRequest, LoginServer, LoginStart, LoginState, NumberMatching, Push, Rng,
    ServerError, Started, Ticket,
    audit::Happened,
    device::{StoredDevice, device_name},
    record::{Device, Hash, Id, Login, Record, Sealed},
    request::{PENDING, UNDER_DURESS, store_request, stored_request},
    ticket::Stub,
    trace,
    vault::Change,
};

/// How often a login is made anew because tokens or devices changed meanwhile.
const TRIES: u32 = 8;
/// How many finished logins a record keeps, for late answers and repeated ones.
const MAX_LOGINS: usize = 4;
/// How long a finished login is kept after its end: as long as it may be reported.
const KEEP_SECS: u64 = 600;

/// All random values of one login, drawn once.
struct Draft {
    id: ChallengeId,
    nonce: [u8; 32],
    number: Number,
}

/// The number of one login.
struct Number {
    /// As the page shows it; empty without number matching.
    shown: String,
    mode: NumberMode,
}

impl LoginServer {
    /// Starts a login: a challenge for every device that holds a usable token of the account with push switched on.
    ///
    /// There is never more than one open login of an account to confuse, so never two for a token, nor three for a device: an
    /// open one is withdrawn, or the new one refused, as the request says.
    ///
    /// # Errors
    /// [`ServerError::Message`] if a text of the request cannot be displayed, [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{LoginRequest, LoginStart};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (server, user, rng) = (&world.server, &world.user, &mut world.rng);
    /// let start = block_on(server.start_login(user, &LoginRequest::new("Intranet"), NOW, rng))?;
    /// let LoginStart::Started(login) = start else { panic!() };
    /// assert_eq!((login.pushes.len(), login.expires), (1, later(120)));
    ///
    /// let nameless = LoginRequest::new("");
    /// assert!(block_on(server.start_login(user, &nameless, NOW, rng)).is_err());
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub async fn start_login(
        &self,
        account: &AccountId,
        request: &LoginRequest,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<LoginStart, ServerError> {
        let span = trace::span!("start_login").account(self, account);
        span.trace(self.start(account, request, now, rng)).await
    }

    async fn start(
        &self,
        account: &AccountId,
        request: &LoginRequest,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<LoginStart, ServerError> {
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let draft = Draft { id: ChallengeId::generate(rng), nonce, number: self.draw_number(request.number(), rng) };
        trace::challenge(draft.id);
        let stub = Stub {
            account: account.as_str().into(),
            login: Id::new(*draft.id.as_bytes()),
            number: draft.number.shown.clone(),
        };
        let ticket = self.issue_ticket(&stub, rng)?;
        for _ in 0..TRIES {
            let record = self.vault.load(account).await?;
            let tokens = pushable(&record);
            if tokens.is_empty() {
                return Ok(LoginStart::NoToken);
            }
            if let Some(expires) = open_until(&record, now).filter(|_| !request.supersedes()) {
                return Ok(LoginStart::Open { expires });
            }
            if let Some(retry_at) = self.throttled(&record, now) {
                self.note_throttled(account, now, rng).await?;
                return Ok(LoginStart::TooMany { retry_at });
            }
            let payload = self.challenge(account, request, (&draft, &record, &tokens), now)?;
            let withdrawn = self.withdraw(account, &record, now, &mut *rng).await?;
            let mut pushes = self.seal_for_devices(account, (&record, &tokens), &payload.0, &mut *rng).await?;
            let login = self.login(&draft, (&tokens, &payload, &pushes), request, now)?;
            let happened = Self::happened(now, rng);
            if self.keep_login(account, (login, request.supersedes()), &happened).await? {
                pushes.extend(withdrawn);
                let expires = now.saturating_add(self.policy.challenge_life);
                return Ok(LoginStart::Started(Started { ticket, pushes, expires }));
            }
        }
        Err(ServerError::Busy)
    }

    /// The number that the page shows next to the login, empty without number matching.
    ///
    /// # Errors
    /// [`ServerError::Ticket`].
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let login = world.start(NOW);
    /// let number = world.server.number(&login.ticket)?; // on the page, never in the push
    /// assert!(number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit()));
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub fn number(&self, ticket: &Ticket) -> Result<String, ServerError> {
        Ok(self.read_ticket(ticket)?.number)
    }

    /// What became of a login.
    ///
    /// # Errors
    /// [`ServerError::Ticket`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::LoginState;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, _, login) = world.approval(NOW);
    /// let state = |world: &World| block_on(world.server.login_state(&login.ticket, NOW));
    /// assert!(matches!(state(&world)?, LoginState::Waiting { .. }));
    /// world.send(&message, NOW);
    /// assert_eq!(state(&world)?, LoginState::Approved);
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub async fn login_state(&self, ticket: &Ticket, now: UnixTime) -> Result<LoginState, ServerError> {
        let stub = self.read_ticket(ticket)?;
        let record = self.vault.load(&stub.account()?).await?;
        let login = record.logins.iter().find(|login| login.id == stub.login).ok_or(ServerError::Ticket)?;
        let request = stored_request(login)?;
        let request = state::apply(&request, &state::Event::Tick, now).next.unwrap_or(request);
        Ok(match request.state {
            State::Pending { .. } => LoginState::Waiting { expires: request.expires },
            State::Approved { .. } => LoginState::Approved,
            State::Consumed => LoginState::Redeemed,
            State::Denied { .. } => LoginState::Denied,
            State::Reported => LoginState::Reported,
            State::Failed => LoginState::Failed(LoginFailure::from_code(login.state.1)),
            State::Expired => LoginState::Expired,
            State::Cancelled => LoginState::Cancelled,
        })
    }

    /// Collects an approved login: the account name once, `None` for ever after and in every other state.
    ///
    /// One that was approved under a duress PIN is not granted: [`redeem_even_under_duress`] collects those as well.
    ///
    /// [`redeem_even_under_duress`]: Self::redeem_even_under_duress
    ///
    /// # Errors
    /// [`ServerError::Ticket`], or the store's; then nothing is granted.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let (message, _, login) = world.approval(NOW);
    /// world.send(&message, NOW);
    /// let (server, rng) = (&world.server, &mut world.rng);
    /// assert_eq!(block_on(server.redeem(&login.ticket, NOW, rng))?, Some(world.user)); // start the session
    /// assert_eq!(block_on(server.redeem(&login.ticket, NOW, rng))?, None);
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub async fn redeem(&self, ticket: &Ticket, now: UnixTime, rng: Rng<'_>) -> Result<Option<AccountId>, ServerError> {
        let collected = trace::span!("redeem").trace(self.collect(ticket, false, now, rng)).await?;
        Ok(collected.map(|(account, _)| account))
    }

    /// Collects an approved login, one under duress only if that is asked for: the account, and whether it was such a one.
    pub(super) async fn collect(
        &self,
        ticket: &Ticket,
        even_under_duress: bool,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Option<(AccountId, bool)>, ServerError> {
        let (stub, account) = self.traced_ticket(ticket)?;
        let happened = Self::happened(now, rng);
        let decide = |record: &mut Record| {
            let login = record.login_mut(&stub.login).ok_or(ServerError::Ticket)?;
            let under_duress = login.state.0 == UNDER_DURESS;
            if under_duress && !even_under_duress {
                return Ok(Change::Keep(None));
            }
            let transition = state::apply(&stored_request(login)?, &state::Event::Collect, now);
            let granted = (transition.collected == Some(Collected::Granted)).then_some(under_duress);
            let written = self.carry_out(record, (stub.login, Id::new([0; 16])), &transition, &happened);
            Ok(if written { Change::Write(granted) } else { Change::Keep(None) })
        };
        let granted = self.vault.update(&account, happened.attempt, decide).await?;
        Ok(granted.map(|under_duress| (account, under_duress)))
    }

    /// Withdraws a login that the page no longer waits for; the pushes tell the devices.
    ///
    /// # Errors
    /// [`ServerError::Ticket`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::LoginState;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let login = world.start(NOW);
    /// let pushes = block_on(world.server.cancel_login(&login.ticket, NOW, &mut world.rng))?;
    /// assert_eq!((pushes.len(), world.state(&login, NOW)), (1, LoginState::Cancelled));
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub async fn cancel_login(&self, ticket: &Ticket, now: UnixTime, rng: Rng<'_>) -> Result<Vec<Push>, ServerError> {
        trace::span!("cancel_login").trace(self.cancel(ticket, now, rng)).await
    }

    async fn cancel(&self, ticket: &Ticket, now: UnixTime, rng: Rng<'_>) -> Result<Vec<Push>, ServerError> {
        let (stub, account) = self.traced_ticket(ticket)?;
        let reason = CancelReason::PageClosed;
        let happened = Self::happened(now, rng);
        let decide = |record: &mut Record| {
            let login = record.login_mut(&stub.login).ok_or(ServerError::Ticket)?;
            let was_open = login.state.0 == PENDING;
            let transition = state::apply(&stored_request(login)?, &state::Event::Cancel(reason), now);
            let written = self.carry_out(record, (stub.login, Id::new([0; 16])), &transition, &happened);
            Ok(if written { Change::Write(was_open) } else { Change::Keep(false) })
        };
        if !self.vault.update(&account, happened.attempt, decide).await? {
            return Ok(Vec::new());
        }
        let cancel = Cancel::new(ChallengeId::from_bytes(*stub.login), reason, now);
        self.cancels(&account, &cancel, None, rng).await
    }

    /// The number that ties the approval to the page.
    fn draw_number(&self, matching: NumberMatching, rng: Rng<'_>) -> Number {
        match matching {
            NumberMatching::TypeIn => {
                let digits = self.policy.number_digits.clamp(2, 8);
                Number { shown: random_number(digits, rng), mode: NumberMode::TypeIn { digits } }
            }
            NumberMatching::WeakerPickOne => {
                let choices = three_numbers(rng);
                let [shown, ..] = choices;
                // In ascending order, so that the place of the right one says nothing.
                let mut sorted = choices;
                sorted.sort_unstable();
                Number { shown: format!("{shown:02}"), mode: NumberMode::PickOne { choices: sorted } }
            }
            NumberMatching::WeakerTapOnly => Number { shown: String::new(), mode: NumberMode::None },
        }
    }

    fn challenge(
        &self,
        account: &AccountId,
        request: &LoginRequest,
        (draft, record, tokens): (&Draft, &Record, &[Id]),
        now: UnixTime,
    ) -> Result<(Payload, ChallengePolicy), ServerError> {
        let mut policy = ChallengePolicy::REPORT_OFFERED;
        if tokens.iter().filter_map(|id| record.token(id)).all(super::record::Token::needs_pin) {
            policy = policy | ChallengePolicy::VERIFY_USER;
        }
        if matches!(draft.number.mode, NumberMode::TypeIn { .. }) {
            policy = policy | ChallengePolicy::TYPE_NUMBER;
        }
        if request.is_in_app_only() {
            policy = policy | ChallengePolicy::NOT_FROM_NOTIFICATION;
        }
        let context = request.context(account)?;
        let challenge = Challenge::new(ChallengeParts {
            id: draft.id,
            tokens: tokens.iter().map(|id| TokenId::from_bytes(**id)).collect(),
            issued: now,
            expires: now.saturating_add(self.policy.challenge_life),
            nonce: draft.nonce,
            policy,
            number: draft.number.mode,
            otp: OtpSpec::new(request.passcode_kind(), Digits::EIGHT)?,
            context,
        })?;
        Ok((challenge.encode()?, policy))
    }

    async fn seal_for_devices(
        &self,
        account: &AccountId,
        (record, tokens): (&Record, &[Id]),
        payload: &Payload,
        rng: Rng<'_>,
    ) -> Result<Vec<Push>, ServerError> {
        let mut pushes = Vec::new();
        for device in &record.devices {
            if record.tokens.iter().any(|token| token.device == device.id && tokens.contains(&token.id)) {
                pushes.push(self.seal_for(account, device, payload, &mut *rng).await?);
            }
        }
        Ok(pushes)
    }

    pub(super) async fn seal_for(
        &self,
        account: &AccountId,
        device: &Device,
        payload: &Payload,
        rng: Rng<'_>,
    ) -> Result<Push, ServerError> {
        let place = device_name(account, Kid::from_bytes(*device.kid));
        let stored: StoredDevice = self.vault.get_sealed(("device", &place)).await?.ok_or(ServerError::Record)?;
        let envelope = envelope::seal(payload, &stored.keys()?, &self.tenant, rng)?;
        let address = self.address(account, device.address).await?;
        Ok(Push { device: DeviceId::from_bytes(*device.id), address, envelope })
    }

    /// Cancel messages for the devices of every open login that a new one replaces.
    async fn withdraw(
        &self,
        account: &AccountId,
        record: &Record,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Vec<Push>, ServerError> {
        let mut pushes = Vec::new();
        for login in record.logins.iter().filter(|login| is_open(login, now)) {
            let cancel = Cancel::new(ChallengeId::from_bytes(*login.id), CancelReason::Superseded, now);
            pushes.extend(self.cancels(account, &cancel, None, &mut *rng).await?);
        }
        Ok(pushes)
    }

    fn login(
        &self,
        draft: &Draft,
        (tokens, (payload, policy), pushes): (&[Id], &(Payload, ChallengePolicy), &[Push]),
        request: &LoginRequest,
        now: UnixTime,
    ) -> Result<Login, ServerError> {
        let id = Id::new(*draft.id.as_bytes());
        let sealed = |push: &Push| Sealed {
            device: Id::new(*push.device.as_bytes()),
            bytes: ByteBuf::from(push.envelope.clone()),
        };
        Ok(Login {
            id,
            hash: Hash::new(*payload.challenge_hash(&self.tenant).as_bytes()),
            tokens: tokens.to_vec(),
            issued: now.as_secs(),
            expires: now.saturating_add(self.policy.challenge_life).as_secs(),
            policy: policy.bits(),
            otp: request.passcode_kind().code(),
            number: self.number_hash(&id, &draft.number.shown)?,
            state: (PENDING, 0, Id::new([0; 16]), Id::new([0; 16])),
            answers: Vec::new(),
            devices: pushes.iter().map(|push| Id::new(*push.device.as_bytes())).collect(),
            sealed: pushes.iter().map(sealed).collect(),
        })
    }

    /// Writes the login, if tokens and devices are still those that it was made for.
    async fn keep_login(
        &self,
        account: &AccountId,
        (login, supersedes): (Login, bool),
        happened: &Happened,
    ) -> Result<bool, ServerError> {
        let now = happened.at;
        let decide = |record: &mut Record| {
            if pushable(record) != login.tokens || devices_of(record, &login.tokens) != login.devices {
                return Ok(Change::Keep(false));
            }
            if self.throttled(record, now).is_some() || (!supersedes && open_until(record, now).is_some()) {
                return Ok(Change::Keep(false));
            }
            for open in record.logins.iter_mut().filter(|login| is_open(login, now)) {
                let event = state::Event::Cancel(CancelReason::Superseded);
                if let Some(next) = state::apply(&stored_request(open)?, &event, now).next {
                    store_request(open, &next);
                }
            }
            forget_old(record, now);
            self.count_push(record, now);
            record.logins.push(login.clone());
            happened.log(record, AuditKind::LoginStarted, None);
            Ok(Change::Write(true))
        };
        self.vault.update(account, happened.attempt, decide).await
    }
}

/// The tokens that a challenge may name: at most eight, in the order of their ids.
fn pushable(record: &Record) -> Vec<Id> {
    record.tokens.iter().filter(|token| token.can_be_pushed()).map(|token| token.id).take(8).collect()
}

fn devices_of(record: &Record, tokens: &[Id]) -> Vec<Id> {
    let holds = |device: &Id| record.tokens.iter().any(|token| token.device == *device && tokens.contains(&token.id));
    record.devices.iter().map(|device| device.id).filter(holds).collect()
}

/// When the open login ends, if there is one.
fn open_until(record: &Record, now: UnixTime) -> Option<UnixTime> {
    record.logins.iter().find(|login| is_open(login, now)).map(|login| UnixTime::from_secs(login.expires))
}

fn is_open(login: &Login, now: UnixTime) -> bool {
    login.state.0 == PENDING && login.expires >= now.as_secs()
}

/// Drops logins that can no longer be reported, and sealed bytes that nobody will fetch.
fn forget_old(record: &mut Record, now: UnixTime) {
    record.logins.retain(|login| login.expires.saturating_add(KEEP_SECS) >= now.as_secs());
    let surplus = (record.logins.len() + 1).saturating_sub(MAX_LOGINS);
    record.logins.drain(..surplus);
    for login in record.logins.iter_mut().filter(|login| login.state.0 != PENDING) {
        login.sealed.clear();
    }
}

/// Three different numbers under 100.
fn three_numbers(rng: Rng<'_>) -> [u8; 3] {
    loop {
        let [a, b, c] = core::array::from_fn(|_| below(100, &mut *rng));
        if a != b && b != c && a != c {
            return [a, b, c].map(|number| u8::try_from(number).unwrap_or_default());
        }
    }
}

/// A uniformly random number of so many digits.
fn random_number(digits: u8, rng: Rng<'_>) -> String {
    format!("{:0width$}", below(10_u32.pow(u32::from(digits)), rng), width = usize::from(digits))
}

/// A uniformly random number under `bound`, by rejection.
fn below(bound: u32, rng: Rng<'_>) -> u32 {
    let limit = u32::MAX - u32::MAX % bound;
    loop {
        let drawn = rng.next_u32();
        if drawn < limit {
            return drawn % bound;
        }
    }
}
