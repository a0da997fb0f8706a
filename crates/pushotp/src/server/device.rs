//! What the store holds of an enrolled device, sealed.

use pushotp_cbor::{ByteArray, ByteBuf};
use pushotp_types::UnixTime;
use pushotp_wire::{
    keys::ChannelKeys,
    signer::VerifyingKey,
    terms::{Kid, PushAddress, PushKind},
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize;

use super::{
    AccountId, LoginServer, Rng, ServerError,
    record::{Enrolment, Id, Name},
    vault::hex,
};
use crate::tuple::tuple_struct;

tuple_struct! {
    /// Whom the kid of a frame belongs to.
    #[derive(PartialEq)]
    pub(super) struct KidOwner {
        account: String,
        device: Id,
        epoch: u32,
    }

    /// Whose signing key it is, in the whole tenant.
    pub(super) struct KeyHolder {
        account: String,
        device: Id,
        /// The end of the enrolment; from then on the key is taken only if the device was enrolled.
        until: u64,
    }

    /// What one epoch of a device needs.
    pub(super) struct StoredDevice {
        keys: ByteArray<80>,
        verifying_key: ByteBuf,
    }

    /// Where a device can be pushed.
    struct StoredAddress {
        kind: u8,
        address: ByteBuf,
    }
}

impl Drop for StoredDevice {
    fn drop(&mut self) {
        self.keys.zeroize();
    }
}

impl StoredDevice {
    pub(super) fn new(keys: &ChannelKeys, verifying_key: &VerifyingKey) -> Self {
        Self { keys: ByteArray::new(*keys.expose()), verifying_key: ByteBuf::from(verifying_key.as_bytes()) }
    }

    pub(super) fn keys(&self) -> Result<ChannelKeys, ServerError> {
        ChannelKeys::from_exposed(&self.keys).map_err(|_| ServerError::Record)
    }

    pub(super) fn verifying_key(&self) -> Result<VerifyingKey, ServerError> {
        VerifyingKey::parse(&self.verifying_key).map_err(|_| ServerError::Record)
    }
}

/// Where the keys of an enrolled device are stored. The kid comes out of the enrolment's own run, so two runs of one
/// offer never share a place.
pub(super) fn device_name(account: &AccountId, kid: Kid) -> String {
    format!("{account}/{kid}")
}

/// Where a push address is stored.
fn address_place(account: &AccountId, name: Name) -> String {
    format!("{account}/{}", hex(&*name))
}

impl LoginServer {
    /// Stores a push address under a name that the account's record will refer to.
    pub(super) async fn keep_address(
        &self,
        account: &AccountId,
        (name, address): (Name, &PushAddress),
        rng: Rng<'_>,
    ) -> Result<(), ServerError> {
        let stored = StoredAddress { kind: address.kind().code(), address: ByteBuf::from(address.addr()) };
        self.vault.put_sealed(("address", &address_place(account, name)), &stored, rng).await
    }

    /// Where a device can be pushed; where an update replaced the address meanwhile, it polls this once.
    pub(super) async fn address(&self, account: &AccountId, name: Name) -> Result<PushAddress, ServerError> {
        let place = address_place(account, name);
        let Some(stored) = self.vault.get_sealed::<StoredAddress>(("address", &place)).await? else {
            return Ok(PushAddress::POLL);
        };
        let kind = PushKind::from_code(stored.kind).map_err(|_| ServerError::Record)?;
        PushAddress::new(kind, stored.address.into_vec()).map_err(|_| ServerError::Record)
    }

    pub(super) async fn forget_address(&self, account: &AccountId, name: Name) -> Result<(), ServerError> {
        self.vault.remove(("address", &address_place(account, name))).await
    }

    /// Takes a signing key for the device of an enrolment: `false` if another device of the tenant has it.
    ///
    /// One write decides, but for a key whose holder is gone: two requests of its owner in one moment may both get that.
    pub(super) async fn take_signing_key(
        &self,
        key: &VerifyingKey,
        (account, slot): (&AccountId, &Enrolment),
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<bool, ServerError> {
        let name = key_name(key);
        let place = ("signer", name.as_str());
        let mine = KeyHolder { account: account.as_str().into(), device: slot.device, until: slot.expires };
        if self.vault.insert_sealed(place, &mine, &mut *rng).await? {
            return Ok(true);
        }
        let holder: Option<KeyHolder> = self.vault.get_sealed(place).await?;
        if let Some(holder) = holder.filter(|holder| holder.device != slot.device) {
            if holder.until >= now.as_secs() || self.is_enrolled(&holder).await? {
                return Ok(false);
            }
        }
        self.vault.put_sealed(place, &mine, rng).await?;
        Ok(true)
    }

    /// Gives it back, for the enrolment was refused.
    pub(super) async fn release_signing_key(&self, key: &VerifyingKey, device: Id) -> Result<(), ServerError> {
        let name = key_name(key);
        let place = ("signer", name.as_str());
        match self.vault.get_sealed::<KeyHolder>(place).await? {
            Some(holder) if holder.device == device => self.vault.remove(place).await,
            _ => Ok(()),
        }
    }

    async fn is_enrolled(&self, holder: &KeyHolder) -> Result<bool, ServerError> {
        match self.vault.load(&AccountId::new(holder.account.as_str())?).await {
            Ok(record) => Ok(record.devices.iter().any(|device| device.id == holder.device)),
            Err(ServerError::NoAccount) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Where the holder of a signing key is stored: its SHA-256 in hexadecimal.
pub(super) fn key_name(key: &VerifyingKey) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}
