//! A device's updates and rotations: judged against the account's record, written, answered.

use pushotp_types::{Generation, TokenId, UnixTime};
use pushotp_wire::{
    Error as WireError,
    frame::Signed,
    message::{Rotate, Sent, Update},
    rotate::Granting,
    state::{
        Reply, TokenStanding,
        housekeeping::{
            self, Effect, Event, Remembered, RotateEvent, TokenSecrets, Told, Transition, Under, UpdateEvent,
            UpdateStanding,
        },
    },
    terms::{ChallengeId, MessageHash, Status},
};

use super::{
    AuditKind, LoginServer, Received, Rng, ServerError,
    answer::{Sender, TRIES, flag},
    audit::Happened,
    judge,
    record::{self, Device, Hash, Id, Name, Record, Token},
    secret::{Leftovers, TokenKeys, fresh_name},
    trace,
    vault::Change,
};

/// The code of "answered with a ticket" where a status stands.
const TICKET: u8 = u8::MAX;

/// A decision about an update or a rotation.
struct Decided {
    told: Told,
    error: Option<WireError>,
    /// Where the ticket is stored, if it was told one.
    ticket: Option<Name>,
    leftovers: Leftovers,
}

/// A new secret and its ticket, stored under a name that no record refers to yet.
struct Draft {
    name: Name,
    token: Id,
}

impl LoginServer {
    pub(super) async fn receive_update(
        &self,
        sender: &Sender,
        (signed, update): (&Signed, &Update),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Received, ServerError> {
        let address = match &update.changes().address {
            None => None,
            Some(address) => {
                let name = fresh_name(&mut *rng);
                self.keep_address(&sender.account, (name, address), &mut *rng).await?;
                Some(name)
            }
        };
        let happened = Self::happened(now, rng);
        let decide = |record: &mut Record| {
            let event = Event::Update(UpdateEvent {
                rh: signed.hash(),
                sequence: update.sent().sequence,
                standing: standing(record, sender, update),
            });
            let transition = housekeeping::apply(&read(record, sender)?, &event, now);
            let mut leftovers = Leftovers::default();
            if transition.effects.contains(&Effect::Update) {
                leftovers.addresses.extend(carry_out(record, sender, (update, address), &happened));
            } else {
                leftovers.addresses.extend(address);
            }
            let change = ((signed.hash(), update.sent()), &transition, None);
            Ok(self.housekeep(record, sender, change, (leftovers, &happened)))
        };
        let decided = self.vault.update(&sender.account, happened.attempt, decide).await?;
        self.forget(&sender.account, &decided.leftovers).await;
        self.tell_housekeeping(sender, signed, decided, (now, rng)).await
    }

    pub(super) async fn receive_rotate(
        &self,
        sender: &Sender,
        (signed, rotate): (&Signed, &Rotate),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Received, ServerError> {
        trace::token(rotate.rotation().token);
        let question = rotate.rotation().hash(sender.binding())?;
        for _ in 0..TRIES {
            let keys = self.held_keys(sender, &rotate.rotation().token).await?;
            let under = keys.as_ref().and_then(|keys| keys.under(question.as_bytes(), rotate.expose_code()));
            let duress = keys.as_ref().is_some_and(|keys| keys.under_duress(question.as_bytes(), rotate.expose_code()));
            let draft = match &keys {
                Some(keys) => self.draft(sender, (signed.hash(), rotate), (keys, under), (now, &mut *rng)).await?,
                None => None,
            };
            let happened = Self::happened(now, &mut *rng);
            let decide = |record: &mut Record| {
                let token = Id::new(*rotate.rotation().token.as_bytes());
                let held = record.token(&token).filter(|token| token.device == sender.device);
                if held.is_some_and(|token| keys.as_ref().is_none_or(|keys| !keys.are_of(token))) {
                    return Ok(Change::Keep(None));
                }
                let event = rotate_event(held, (signed.hash(), rotate), under);
                let transition = housekeeping::apply(&read(record, sender)?, &event, now);
                let granted = transition.effects.iter().any(|effect| matches!(effect, Effect::KeepPending(..)));
                if granted && draft.is_none() {
                    return Ok(Change::Keep(None));
                }
                let used = draft.as_ref().filter(|_| granted).map(|draft| draft.name);
                let change = ((signed.hash(), rotate.sent()), &transition, used);
                let change = self.housekeep(record, sender, change, (Leftovers::default(), &happened));
                // Under the duress PIN it is wrong, and was counted as such.
                if duress && transition.effects.iter().any(|effect| matches!(effect, Effect::CountFailure(_))) {
                    happened.log(record, AuditKind::Duress, Some(token));
                }
                Ok(match change {
                    Change::Write(decided) => Change::Write(Some((decided, used))),
                    Change::Keep(decided) => Change::Keep(Some((decided, used))),
                })
            };
            let decided = self.vault.update(&sender.account, happened.attempt, decide).await;
            let used = matches!(&decided, Ok(Some((_, Some(_)))) | Err(_));
            if let Some(draft) = draft.filter(|_| !used) {
                self.forget(&sender.account, &draft.leftovers()).await;
            }
            if let Some((decided, _)) = decided? {
                self.forget(&sender.account, &decided.leftovers).await;
                return self.tell_housekeeping(sender, signed, decided, (now, rng)).await;
            }
        }
        Err(ServerError::Busy)
    }

    /// Grants a request that the record as it is now would grant, and stores what came of it.
    ///
    /// It counts only once the record refers to it: two servers may draft for the same request, and one of them wins.
    async fn draft(
        &self,
        sender: &Sender,
        (rh, rotate): (MessageHash, &Rotate),
        (keys, under): (&TokenKeys, Option<Under>),
        (now, rng): (UnixTime, Rng<'_>),
    ) -> Result<Option<Draft>, ServerError> {
        let record = self.vault.load(&sender.account).await?;
        let token = Id::new(*rotate.rotation().token.as_bytes());
        let event = rotate_event(record.token(&token), (rh, rotate), under);
        let transition = housekeeping::apply(&read(&record, sender)?, &event, now);
        if !transition.effects.iter().any(|effect| matches!(effect, Effect::KeepPending(..))) {
            return Ok(None);
        }
        let granting = Granting { binding: sender.binding(), keys: sender.keys(), secret: keys.current() };
        let granted = rotate.grant(rh, &granting, now, &mut *rng)?;
        let name = fresh_name(&mut *rng);
        let (account, place) = (&sender.account, (&rotate.rotation().token, name));
        self.keep_secret(account, place, &granted.secret, &mut *rng).await?;
        self.keep_ticket(account, (name, &granted.ticket), rng).await?;
        Ok(Some(Draft { name, token }))
    }

    /// Writes what a transition says into the record.
    fn housekeep(
        &self,
        record: &mut Record,
        sender: &Sender,
        ((rh, sent), transition, draft): ((MessageHash, Sent), &Transition, Option<Name>),
        (mut leftovers, happened): (Leftovers, &Happened),
    ) -> Change<Decided> {
        let told = transition.told.unwrap_or(Told::Result(Reply::new(Status::Refused)));
        let error = transition.error;
        self.effects(record, (transition, draft), &mut leftovers, happened);
        let Some(next) = &transition.next else {
            let known = record.device(&sender.device).and_then(|device| told_to(device, rh));
            let ticket = known.and_then(|known| known.ticket.first().copied());
            return Change::Keep(Decided { told, error, ticket, leftovers });
        };
        leftovers.tickets.extend(store(record, &sender.device, next, draft));
        flag(record, sender.device, sent, happened);
        Change::Write(Decided { told, error, ticket: draft, leftovers })
    }

    /// The names of secrets follow what a transition says of them.
    fn effects(
        &self,
        record: &mut Record,
        (transition, draft): (&Transition, Option<Name>),
        leftovers: &mut Leftovers,
        happened: &Happened,
    ) {
        for effect in &transition.effects {
            match effect {
                Effect::KeepPending(token, _) => {
                    let id = Id::new(*token.as_bytes());
                    let Some(token) = record.token_mut(&id) else { continue };
                    let before = core::mem::replace(&mut token.secrets.pending, draft.into_iter().collect());
                    leftovers.secrets.extend(before.into_iter().map(|name| (id, name)));
                    happened.log(record, AuditKind::RotationGranted, Some(id));
                }
                Effect::Promote(token, _) => {
                    let id = Id::new(*token.as_bytes());
                    let Some(token) = record.token_mut(&id) else { continue };
                    let Some(name) = token.secrets.pending.pop() else { continue };
                    leftovers.secrets.push((id, core::mem::replace(&mut token.secrets.current, name)));
                    let duress = core::mem::take(&mut token.secrets.duress);
                    happened.log(record, AuditKind::Rotated, Some(id));
                    if !duress.is_empty() {
                        happened.log(record, AuditKind::DuressVoid, Some(id));
                    }
                    leftovers.secrets.extend(duress.into_iter().map(|name| (id, name)));
                }
                Effect::CountFailure(token) => {
                    let id = Id::new(*token.as_bytes());
                    self.count_failure(record, &id, happened);
                    happened.log(record, AuditKind::WrongPasscode, Some(id));
                }
                // An update is carried out by whoever has it.
                _ => {}
            }
        }
    }

    /// An approval was accepted, in the same write: the token may be rotated, and a pending secret that it used counts.
    pub(super) fn after_approval(
        &self,
        record: &mut Record,
        sender: &Sender,
        (token, under): (TokenId, Under),
        happened: &Happened,
    ) -> Result<Leftovers, ServerError> {
        let event = Event::Approved { token, under };
        let transition = housekeeping::apply(&read(record, sender)?, &event, happened.at);
        let mut leftovers = Leftovers::default();
        self.effects(record, (&transition, None), &mut leftovers, happened);
        if let Some(next) = &transition.next {
            leftovers.tickets.extend(store(record, &sender.device, next, None));
        }
        Ok(leftovers)
    }

    /// The sealed result, or the ticket.
    async fn tell_housekeeping(
        &self,
        sender: &Sender,
        signed: &Signed,
        decided: Decided,
        (now, rng): (UnixTime, Rng<'_>),
    ) -> Result<Received, ServerError> {
        match decided.told {
            Told::Result(reply) => {
                let told = judge::Told { error: decided.error, ..judge::Told::of(reply) };
                self.tell(sender, (signed, ChallengeId::NONE), told, (now, rng)).await
            }
            Told::Ticket => {
                let name = decided.ticket.ok_or(ServerError::Record)?;
                let ticket = self.ticket(&sender.account, name).await?.ok_or(ServerError::Busy)?;
                Ok(Received::reply(&sender.account, ticket))
            }
        }
    }
}

impl Draft {
    fn leftovers(&self) -> Leftovers {
        Leftovers { secrets: vec![(self.token, self.name)], tickets: vec![self.name], addresses: Vec::new() }
    }
}

fn rotate_event(held: Option<&Token>, (rh, rotate): (MessageHash, &Rotate), under: Option<Under>) -> Event {
    let standing = match held {
        Some(token) if token.disabled == 0 => TokenStanding::Usable,
        Some(_) => TokenStanding::Disabled,
        None => TokenStanding::NotHeld,
    };
    let (rotation, sequence) = (*rotate.rotation(), rotate.sent().sequence);
    Event::Rotate(RotateEvent { rh, sequence, rotation, standing, passcode: under })
}

/// Whether an update can be carried out: a device switches its own tokens, and lifts nobody's block.
fn standing(record: &Record, sender: &Sender, update: &Update) -> UpdateStanding {
    let mut standing = UpdateStanding::Possible;
    for switch in &update.changes().push {
        let token = record.token(&Id::new(*switch.token.as_bytes()));
        match token.filter(|token| token.device == sender.device) {
            None => return UpdateStanding::NotHeld,
            Some(token) if switch.on && !token.may_be_switched_on() => standing = UpdateStanding::Blocked,
            Some(_) => {}
        }
    }
    standing
}

/// Carries an update out; the name of the push address that it replaces.
fn carry_out(
    record: &mut Record,
    sender: &Sender,
    (update, address): (&Update, Option<Name>),
    happened: &Happened,
) -> Option<Name> {
    let changes = update.changes();
    for switch in &changes.push {
        let id = Id::new(*switch.token.as_bytes());
        if let Some(token) = record.token_mut(&id) {
            token.muted = u8::from(!switch.on);
        }
        happened.log(record, if switch.on { AuditKind::PushUnmuted } else { AuditKind::PushMuted }, Some(id));
    }
    if changes.name.is_some() || changes.address.is_some() {
        happened.log(record, AuditKind::DeviceUpdated, None);
    }
    let device = record.device_mut(&sender.device)?;
    if let Some(name) = &changes.name {
        device.name.clone_from(name);
    }
    address.map(|address| core::mem::replace(&mut device.address, address))
}

/// What the message with this hash was told.
fn told_to(device: &Device, rh: MessageHash) -> Option<&record::Told> {
    device.told.iter().find(|known| *known.hash == *rh.as_bytes())
}

/// What the protocol's state machine knows of a device.
fn read(record: &Record, sender: &Sender) -> Result<housekeeping::Record, ServerError> {
    let device = record.device(&sender.device).ok_or(ServerError::Record)?;
    let tokens = record.tokens.iter().filter(|token| token.device == device.id && token.epoch > 0);
    let mut known = housekeeping::Record::new([]);
    known.sequence = device.judged.first().copied();
    known.tokens = tokens.map(secrets_of).collect::<Result<_, _>>()?;
    known.replies = device.told.iter().map(remembered).collect::<Result<_, _>>()?;
    Ok(known)
}

fn secrets_of(token: &Token) -> Result<TokenSecrets, ServerError> {
    Ok(TokenSecrets {
        token: TokenId::from_bytes(*token.id),
        generation: Generation::new(token.secrets.generation).map_err(|_| ServerError::Record)?,
        pending: !token.secrets.pending.is_empty(),
        approved: token.secrets.approved.first().copied().map(UnixTime::from_secs),
        wrong: token.secrets.wrong,
    })
}

fn remembered(told: &record::Told) -> Result<Remembered, ServerError> {
    let rh = MessageHash::from_bytes(*told.hash);
    if told.status == TICKET {
        return Ok(Remembered { rh, told: Told::Ticket });
    }
    let status = Status::from_code(told.status).map_err(|_| ServerError::Record)?;
    Ok(Remembered { rh, told: Told::Result(Reply { status, left: told.left, failures: 0 }) })
}

/// Writes it back; `draft` is where a ticket is stored that was told just now. The names of tickets that nobody gets again.
fn store(record: &mut Record, device: &Id, next: &housekeeping::Record, draft: Option<Name>) -> Vec<Name> {
    for secrets in &next.tokens {
        let Some(token) = record.token_mut(&Id::new(*secrets.token.as_bytes())) else { continue };
        token.secrets.generation = secrets.generation.get();
        token.secrets.approved = secrets.approved.iter().map(|at| at.as_secs()).collect();
        token.secrets.wrong = secrets.wrong;
    }
    let Some(device) = record.device_mut(device) else { return Vec::new() };
    device.judged = next.sequence.into_iter().collect();
    let before = core::mem::take(&mut device.told);
    device.told = next.replies.iter().map(|reply| stored_reply(&before, reply, draft)).collect();
    let kept = |name: &Name| device.told.iter().any(|told| told.ticket.contains(name));
    before.into_iter().flat_map(|told| told.ticket).filter(|name| !kept(name)).collect()
}

fn stored_reply(before: &[record::Told], reply: &Remembered, draft: Option<Name>) -> record::Told {
    let hash = Hash::new(*reply.rh.as_bytes());
    if let Some(known) = before.iter().find(|told| told.hash == hash) {
        return known.clone();
    }
    match reply.told {
        Told::Result(Reply { status, left, .. }) => {
            record::Told { hash, status: status.code(), left, ticket: Vec::new() }
        }
        Told::Ticket => record::Told { hash, status: TICKET, left: 0, ticket: draft.into_iter().collect() },
    }
}
