mod confirm;
mod withdraw;

use std::sync::Arc;

use pushotp_cbor::{ByteArray, ByteBuf};
use pushotp_types::{DeviceId, EnrolmentId, Epoch, Offer, TokenId, UnixTime};
use pushotp_wire::{
    Error as WireError,
    enrol::{EnrolmentRecipient, ServerEnrolled},
    frame::Frame,
    message::TokenInfo,
    terms::{MessageHash, OtpSpec, TokenPolicy},
};
use zeroize::Zeroize;

use super::{
    AccountId, AuditKind, LoginServer, Received, Rng, ServerError, ServerPolicy,
    device::{KidOwner, StoredDevice, device_name},
    record::{Enrolment, Hash, Id, Name, Opened, Record, Token},
    trace,
    vault::Change,
};
use crate::tuple::tuple_struct;
pub(super) use confirm::void_logins;

/// How many enrolments of an account may be open at once.
const MAX_ENROLMENTS: usize = 2;

tuple_struct! {
    /// What an enrolment frame needs before its account is known; sealed under its id.
    pub(super) struct StoredOffer {
        account: String,
        /// Zeros once it was used.
        psk: ByteArray<32>,
        answered: Vec<Answered>,
    }

    /// The one request that was opened: its frame gets the same response again.
    #[derive(Clone)]
    pub(super) struct Answered {
        hash: Hash,
        response: ByteBuf,
        confirmation: String,
    }
}

impl Drop for StoredOffer {
    fn drop(&mut self) {
        self.psk.zeroize();
    }
}

impl LoginServer {
    /// Offers an enrolment for every token of the account that no device holds yet.
    ///
    /// The offer is a secret: show it as a QR code, once, to the person who logged in.
    ///
    /// # Errors
    /// [`ServerError::NoToken`] if every token is held, [`ServerError::Full`] with as many devices as
    /// [`max_devices`](ServerPolicy::max_devices) says or two open offers, [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{NewToken, ServerError};
    ///
    /// let mut world = World::new(); // a user whose tokens are all held by a device
    /// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng));
    /// assert!(matches!(offer, Err(ServerError::NoToken)));
    ///
    /// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
    /// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
    /// assert_eq!(offer.expires, later(600));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn offer_enrolment(
        &self,
        account: &AccountId,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Offer, ServerError> {
        let device = DeviceId::generate(rng);
        let span = trace::span!("offer_enrolment").account(self, account);
        span.trace(self.offer(account, (device, Epoch::FIRST), now, rng)).await
    }

    /// Offers an enrolment in the place of a device, whose phone or keys are new: the next epoch of the same device id.
    ///
    /// The old epoch stays in force until the codes were compared; with [`confirm_enrolment`](Self::confirm_enrolment) its
    /// keys are void, and the tokens that it held get new secrets. A token that was disabled can be used again.
    ///
    /// # Errors
    /// [`ServerError::NoDevice`] for a device that the account does not have, [`ServerError::NoToken`] if it holds none,
    /// [`ServerError::Full`] also after the last epoch of all, [`ServerError::NoAccount`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let place = (&world.user, world.device.id());
    /// let offer = block_on(world.server.offer_replacement(place, NOW, &mut world.rng))?;
    /// assert_eq!((offer.device, offer.epoch.get()), (world.device.id(), 2));
    /// # Ok::<(), pushotp::ServerError>(())
    /// ```
    pub async fn offer_replacement(
        &self,
        (account, device): (&AccountId, DeviceId),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Offer, ServerError> {
        let span = trace::span!("offer_replacement").account(self, account);
        span.trace(self.offer_next((account, device), now, rng)).await
    }

    async fn offer_next(
        &self,
        (account, device): (&AccountId, DeviceId),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Offer, ServerError> {
        let record = self.vault.load(account).await?;
        let held = record.device(&Id::new(*device.as_bytes())).ok_or(ServerError::NoDevice)?;
        let epoch = Epoch::new(held.epoch).map_err(|_| ServerError::Record)?;
        let epoch = epoch.next().ok_or(ServerError::Full("epochs"))?;
        self.offer(account, (device, epoch), now, rng).await
    }

    async fn offer(
        &self,
        account: &AccountId,
        (device, epoch): (DeviceId, Epoch),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Offer, ServerError> {
        let mut psk = [0; 32];
        rng.fill_bytes(&mut psk);
        let offer = Offer {
            tenant: self.tenant,
            enrolment: EnrolmentId::generate(rng),
            device,
            epoch,
            server_key: *self.key.public_key().as_bytes(),
            psk,
            url: self.url.clone(),
            expires: now.saturating_add(self.policy.offer_life),
        };
        psk.zeroize();
        let stored =
            StoredOffer { account: account.as_str().into(), psk: ByteArray::new(offer.psk), answered: Vec::new() };
        self.vault.put_sealed(("offer", &offer.enrolment.to_string()), &stored, rng).await?;

        let happened = Self::happened(now, rng);
        let decide = |record: &mut Record| {
            keep_offer(record, &offer, (now, &self.policy))?;
            happened.log(record, AuditKind::EnrolmentOffered, None);
            Ok(Change::Write(()))
        };
        if let Err(error) = self.vault.update(account, happened.attempt, decide).await {
            // Nobody gets this offer, so whatever the account holds of it is as good as nothing.
            let _ = self.vault.remove(("offer", &offer.enrolment.to_string())).await;
            return Err(error);
        }
        Ok(offer)
    }

    /// The code to show to the person, once the device has answered: the device shows the same one.
    ///
    /// # Errors
    /// [`ServerError::NoEnrolment`] for an unknown enrolment, or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::NewToken;
    ///
    /// let mut world = World::new(); // a server with one user
    /// block_on(world.server.add_token(&world.user, NewToken::new("VPN"), NOW, &mut world.rng))?;
    /// let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng))?;
    /// assert_eq!(block_on(world.server.confirmation_code(offer.enrolment))?, None); // no device has answered yet
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn confirmation_code(&self, enrolment: EnrolmentId) -> Result<Option<String>, ServerError> {
        let stored: StoredOffer =
            self.vault.get_sealed(("offer", &enrolment.to_string())).await?.ok_or(ServerError::NoEnrolment)?;
        Ok(stored.answered.first().map(|answered| answered.confirmation.clone()))
    }

    /// A frame under an enrolment id: checks, keys and the response, or the constant reject.
    pub(super) async fn receive_enrolment(
        &self,
        frame: &Frame<'_>,
        enrolment: EnrolmentId,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Received, ServerError> {
        let name = enrolment.to_string();
        let Some(mut stored) = self.vault.get_sealed::<StoredOffer>(("offer", &name)).await? else {
            return Ok(Received::reject(frame.open_unknown(&self.key, self.tenant)));
        };
        let account = AccountId::new(stored.account.clone())?;
        trace::account(self, &account);
        let id = Id::new(*enrolment.as_bytes());
        let record = match self.vault.load(&account).await {
            Ok(record) => record,
            // The account was removed, and this offer is still to be swept.
            Err(ServerError::NoAccount) => Arc::new(Record::new()),
            Err(error) => return Err(error),
        };
        let Some(slot) = record.enrolments.iter().find(|e| e.id == id && e.expires >= now.as_secs()) else {
            // For the time that it takes: whether an enrolment is known must not show.
            let _ = frame.open_unknown(&self.key, self.tenant);
            return Ok(Received::reject(WireError::EnrolmentExpired));
        };
        let hash = Hash::new(*MessageHash::of(frame.as_bytes()).as_bytes());
        if let Some(answered) = stored.answered.first().cloned() {
            // For the time that it takes: whether an enrolment is known must not show.
            let _ = frame.open_unknown(&self.key, self.tenant);
            if answered.hash != hash {
                self.note(&account, AuditKind::EnrolmentReused, now, rng).await?;
                return Ok(Received::reject(WireError::EnrolmentUsed));
            }
            return Ok(Received::reply(&account, answered.response.into_vec()));
        }
        let opened = match frame.open_enrolment(&self.recipient(slot, enrolment, &stored)?) {
            Ok(opened) => opened,
            Err(error) => {
                // What opens under the offer's secret was sealed by somebody who has it.
                if error != WireError::BadSeal {
                    self.note(&account, AuditKind::BadEnrolment, now, rng).await?;
                }
                return Ok(Received::reject(error));
            }
        };
        if !self.take_signing_key(opened.verifying_key(), (&account, slot), now, &mut *rng).await? {
            self.note(&account, AuditKind::SigningKeyInUse, now, &mut *rng).await?;
            let refusal = opened.respond(&[], now, rng)?.response;
            return Ok(Received::reply(&account, refusal).with(Some(WireError::WeakKey), Vec::new()));
        }
        let infos = token_infos(&record, slot)?;
        let enrolled = opened.respond(&infos, now, rng)?;
        self.keep_device(&account, slot, &enrolled, rng).await?;

        // The account decides which of two frames was first; the response is kept after that, so that a crash in
        // between leaves an offer that the same frame can use again.
        let is_first = match self.note_opened(&account, id, (&enrolled, hash), (now, &mut *rng)).await {
            // Withdrawn since it was read. What was stored is for the sweep: if a person has confirmed this very frame
            // meanwhile, it counts.
            Err(ServerError::NoEnrolment) => return Ok(Received::reject(WireError::EnrolmentExpired)),
            noted => noted?,
        };
        if !is_first {
            self.note(&account, AuditKind::EnrolmentReused, now, rng).await?;
            return Ok(Received::reject(WireError::EnrolmentUsed));
        }
        let response = enrolled.response.clone();
        let confirmation = enrolled.confirmation.as_str().to_owned();
        stored.psk.zeroize();
        stored.answered.push(Answered { hash, response: ByteBuf::from(response.clone()), confirmation });
        self.vault.put_sealed(("offer", &name), &stored, rng).await?;
        Ok(Received::reply(&account, response))
    }

    fn recipient<'a>(
        &'a self,
        slot: &Enrolment,
        enrolment: EnrolmentId,
        stored: &'a StoredOffer,
    ) -> Result<EnrolmentRecipient<'a>, ServerError> {
        Ok(EnrolmentRecipient {
            server_key: &self.key,
            tenant: self.tenant,
            enrolment,
            device: DeviceId::from_bytes(*slot.device),
            epoch: Epoch::new(slot.epoch).map_err(|_| ServerError::Record)?,
            psk: &stored.psk,
        })
    }

    /// Stores what the account will refer to: keys, signing key, address, secrets.
    async fn keep_device(
        &self,
        account: &AccountId,
        slot: &Enrolment,
        enrolled: &ServerEnrolled,
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        let kid = enrolled.keys.d2s_kid();
        let owner = KidOwner { account: account.as_str().into(), device: slot.device, epoch: slot.epoch };
        if !self.vault.insert_sealed(("kid", &kid.to_string()), &owner, rng).await? {
            // Taken: by this very frame before a crash, or by another device, which is one chance in 2^64.
            let holder: Option<KidOwner> = self.vault.get_sealed(("kid", &kid.to_string())).await?;
            if holder.is_none_or(|holder| holder != owner) {
                return Err(ServerError::Busy);
            }
        }
        let stored = StoredDevice::new(&enrolled.keys, &enrolled.verifying_key);
        self.vault.put_sealed(("device", &device_name(account, kid)), &stored, rng).await?;
        let name = Name::new(*kid.as_bytes());
        self.keep_address(account, (name, enrolled.profile.push()), &mut *rng).await?;
        for (token, secret) in &enrolled.secrets {
            self.keep_secret(account, (token, name), secret, &mut *rng).await?;
        }
        Ok(())
    }

    async fn note_opened(
        &self,
        account: &AccountId,
        id: Id,
        (enrolled, hash): (&ServerEnrolled, Hash),
        (now, rng): (UnixTime, Rng<'_>),
    ) -> Result<bool, ServerError> {
        let happened = Self::happened(now, rng);
        let kid = ByteArray::new(*enrolled.keys.d2s_kid().as_bytes());
        let decide = |record: &mut Record| {
            let slot = record.enrolments.iter_mut().find(|e| e.id == id).ok_or(ServerError::NoEnrolment)?;
            if let Some(first) = slot.opened.first() {
                return Ok(Change::Keep(first.hash == hash));
            }
            slot.opened = vec![Opened { hash, name: enrolled.profile.name().into(), kid }];
            happened.log(record, AuditKind::EnrolmentOpened, None);
            Ok(Change::Write(true))
        };
        self.vault.update(account, happened.attempt, decide).await
    }

    /// Adds one line to an account's audit log, unless the last one says the same: who repeats it does not push the others
    /// out, and costs no writes.
    pub(super) async fn note(
        &self,
        account: &AccountId,
        kind: AuditKind,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        let happened = Self::happened(now, rng);
        let decide = |record: &mut Record| {
            if record.ends_with(kind.code(), None) {
                return Ok(Change::Keep(()));
            }
            happened.log(record, kind, None);
            Ok(Change::Write(()))
        };
        self.vault.update(account, happened.attempt, decide).await
    }
}

/// Gives an offer its slot, for the tokens that no device holds.
fn keep_offer(record: &mut Record, offer: &Offer, (now, policy): (UnixTime, &ServerPolicy)) -> Result<(), ServerError> {
    record.enrolments.retain(|old| old.expires >= now.as_secs());
    if record.enrolments.len() >= MAX_ENROLMENTS {
        return Err(ServerError::Full("enrolments"));
    }
    let device = Id::new(*offer.device.as_bytes());
    let replaces = offer.epoch != Epoch::FIRST;
    if !replaces && policy.is_full(record.devices.len()) {
        return Err(ServerError::Full("devices"));
    }
    let wanted = |token: &&Token| if replaces { token.device == device } else { !token.has_secret() };
    let tokens: Vec<Id> = record.tokens.iter().filter(wanted).map(|token| token.id).take(8).collect();
    if tokens.is_empty() {
        return Err(ServerError::NoToken);
    }
    record.enrolments.push(Enrolment {
        id: Id::new(*offer.enrolment.as_bytes()),
        device,
        epoch: offer.epoch.get(),
        tokens,
        expires: offer.expires.as_secs(),
        opened: Vec::new(),
    });
    Ok(())
}

fn token_infos(record: &Record, slot: &Enrolment) -> Result<Vec<TokenInfo>, ServerError> {
    let info = |id: &Id| {
        let token = record.token(id).ok_or(ServerError::Record)?;
        let policy = TokenPolicy::from_bits(token.policy).map_err(|_| ServerError::Record)?;
        Ok(TokenInfo::new(TokenId::from_bytes(*token.id), &token.name, policy, OtpSpec::BOUND)?)
    };
    slot.tokens.iter().map(info).collect()
}
