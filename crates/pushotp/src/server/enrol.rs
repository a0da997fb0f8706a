use pushotp_cbor::{ByteArray, ByteBuf, Bytes};
use pushotp_types::{DeviceId, EnrolmentId, Epoch, Offer, TokenId, UnixTime};
use pushotp_wire::{
    Error as WireError,
    enrol::{EnrolmentRecipient, ServerEnrolled},
    frame::Frame,
    message::TokenInfo,
    terms::{Kid, MessageHash, OtpSpec, TokenPolicy},
};
use zeroize::Zeroize;

use super::{
    AccountId, AuditKind, LoginServer, Received, Rng, ServerError,
    device::{KidOwner, StoredDevice, device_name},
    record::{Device, Enrolment, Hash, Id, Opened, Record},
    vault::Change,
};
use crate::tuple::tuple_struct;

/// How many enrolments of an account may be open at once.
const MAX_ENROLMENTS: usize = 2;
/// How many devices an account may have.
const MAX_DEVICES: usize = 4;

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
    /// [`ServerError::NoToken`] if every token is held, [`ServerError::Full`], [`ServerError::NoAccount`], or the store's.
    pub async fn offer_enrolment(
        &self,
        account: &AccountId,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<Offer, ServerError> {
        let mut psk = [0; 32];
        rng.fill_bytes(&mut psk);
        let offer = Offer {
            tenant: self.tenant,
            enrolment: EnrolmentId::generate(rng),
            device: DeviceId::generate(rng),
            epoch: Epoch::FIRST,
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
            keep_offer(record, &offer, now)?;
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
    pub async fn confirmation_code(&self, enrolment: EnrolmentId) -> Result<Option<String>, ServerError> {
        let stored: StoredOffer =
            self.vault.get_sealed(("offer", &enrolment.to_string())).await?.ok_or(ServerError::NoEnrolment)?;
        Ok(stored.answered.first().map(|answered| answered.confirmation.clone()))
    }

    /// The person compared the codes: if they `agree`, the device counts from now on; if not, nothing of it is kept.
    ///
    /// # Errors
    /// [`ServerError::NoEnrolment`] unless the device has answered an offer that is still open and whose tokens no other
    /// device got meanwhile, or the store's.
    pub async fn confirm_enrolment(
        &self,
        (account, enrolment): (&AccountId, EnrolmentId),
        agree: bool,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        let happened = Self::happened(now, rng);
        let id = Id::new(*enrolment.as_bytes());
        let decide = |record: &mut Record| {
            let at = record.enrolments.iter().position(|e| e.id == id).ok_or(ServerError::NoEnrolment)?;
            let enrolment = record.enrolments.remove(at);
            let opened = enrolment.opened.first().ok_or(ServerError::NoEnrolment)?;
            if enrolment.expires < now.as_secs() {
                return Err(ServerError::NoEnrolment);
            }
            if agree && is_taken(record, &enrolment) {
                return Err(ServerError::NoEnrolment);
            }
            if agree {
                activate(record, &enrolment, opened);
            }
            let kind = if agree { AuditKind::DeviceEnrolled } else { AuditKind::EnrolmentRefused };
            happened.log(record, kind, None);
            let refused = (!agree).then(|| (Kid::from_bytes(*opened.kid), enrolment.clone()));
            Ok(Change::Write(refused))
        };
        let refused = self.vault.update(account, happened.attempt, decide).await?;
        // Decided and written: what cannot be removed now refers to nothing, and does not undo the decision.
        let _ = self.vault.remove(("offer", &enrolment.to_string())).await;
        if let Some((kid, enrolment)) = refused {
            let _ = self.forget_device(account, kid, &enrolment).await;
        }
        Ok(())
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
        let id = Id::new(*enrolment.as_bytes());
        let (_, record) = self.vault.load(&account).await?;
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
        if !self.note_opened(&account, id, (&enrolled, hash), (now, &mut *rng)).await? {
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
        let stored = StoredDevice::new(&enrolled.keys, &enrolled.verifying_key, enrolled.profile.push());
        self.vault.put_sealed(("device", &device_name(account, kid)), &stored, rng).await?;
        for (token, secret) in &enrolled.secrets {
            let place = secret_name(account, token, kid);
            self.vault.put_sealed(("secret", &place), Bytes::new(secret.expose()), rng).await?;
        }
        Ok(())
    }

    /// Removes what [`keep_device`](Self::keep_device) stored, and gives the signing key back.
    async fn forget_device(&self, account: &AccountId, kid: Kid, enrolment: &Enrolment) -> Result<(), ServerError> {
        for token in &enrolment.tokens {
            let place = secret_name(account, &TokenId::from_bytes(**token), kid);
            self.vault.remove(("secret", &place)).await?;
        }
        let name = device_name(account, kid);
        if let Some(stored) = self.vault.get_sealed::<StoredDevice>(("device", &name)).await? {
            self.release_signing_key(&stored.verifying_key()?, enrolment.device).await?;
        }
        self.vault.remove(("device", &name)).await?;
        self.vault.remove(("kid", &kid.to_string())).await
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
fn keep_offer(record: &mut Record, offer: &Offer, now: UnixTime) -> Result<(), ServerError> {
    record.enrolments.retain(|old| old.expires >= now.as_secs());
    if record.enrolments.len() >= MAX_ENROLMENTS {
        return Err(ServerError::Full("enrolments"));
    }
    if record.devices.len() >= MAX_DEVICES {
        return Err(ServerError::Full("devices"));
    }
    let tokens: Vec<Id> = record.tokens.iter().filter(|t| t.epoch == 0).map(|t| t.id).take(8).collect();
    if tokens.is_empty() {
        return Err(ServerError::NoToken);
    }
    record.enrolments.push(Enrolment {
        id: Id::new(*offer.enrolment.as_bytes()),
        device: Id::new(*offer.device.as_bytes()),
        epoch: offer.epoch.get(),
        tokens,
        expires: offer.expires.as_secs(),
        opened: Vec::new(),
    });
    Ok(())
}

/// Whether another enrolment of the same tokens was confirmed first: it stays, for nobody asked to replace it.
fn is_taken(record: &Record, enrolment: &Enrolment) -> bool {
    record.tokens.iter().any(|token| token.epoch > 0 && enrolment.tokens.contains(&token.id))
}

/// Starts the epoch: the device counts, and its tokens have secrets.
fn activate(record: &mut Record, enrolment: &Enrolment, opened: &Opened) {
    record.devices.retain(|device| device.id != enrolment.device);
    record.devices.push(Device {
        id: enrolment.device,
        epoch: enrolment.epoch,
        name: opened.name.clone(),
        kid: opened.kid,
        sequence: 0,
    });
    for token in record.tokens.iter_mut().filter(|token| enrolment.tokens.contains(&token.id)) {
        token.device = enrolment.device;
        token.epoch = enrolment.epoch;
        token.next_step = 0;
        token.failures = 0;
        token.disabled = 0;
    }
}

fn token_infos(record: &Record, slot: &Enrolment) -> Result<Vec<TokenInfo>, ServerError> {
    let info = |id: &Id| {
        let token = record.token(id).ok_or(ServerError::Record)?;
        let policy = TokenPolicy::from_bits(token.policy).map_err(|_| ServerError::Record)?;
        Ok(TokenInfo::new(TokenId::from_bytes(*token.id), &token.name, policy, OtpSpec::BOUND)?)
    };
    slot.tokens.iter().map(info).collect()
}

/// Where the secret of a token is stored, as the device with this kid holds it.
pub(super) fn secret_name(account: &AccountId, token: &TokenId, kid: Kid) -> String {
    format!("{account}/{token}/{kid}")
}
