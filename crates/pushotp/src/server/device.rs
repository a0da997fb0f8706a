//! What the store holds of an enrolled device, sealed.

use pushotp_cbor::ByteArray;
use pushotp_cbor::ByteBuf;
use pushotp_wire::{
    keys::ChannelKeys,
    signer::VerifyingKey,
    terms::{Kid, PushAddress, PushKind},
};
use zeroize::Zeroize;

use super::{AccountId, ServerError, record::Id};
use crate::tuple::tuple_struct;

tuple_struct! {
    /// Whom the kid of a frame belongs to.
    #[derive(PartialEq)]
    pub(super) struct KidOwner {
        account: String,
        device: Id,
        epoch: u32,
    }

    /// What one epoch of a device needs.
    pub(super) struct StoredDevice {
        keys: ByteArray<80>,
        verifying_key: ByteBuf,
        push_kind: u8,
        push_address: ByteBuf,
    }
}

impl Drop for StoredDevice {
    fn drop(&mut self) {
        self.keys.zeroize();
    }
}

impl StoredDevice {
    pub(super) fn new(keys: &ChannelKeys, verifying_key: &VerifyingKey, address: &PushAddress) -> Self {
        Self {
            keys: ByteArray::new(*keys.expose()),
            verifying_key: ByteBuf::from(verifying_key.as_bytes()),
            push_kind: address.kind().code(),
            push_address: ByteBuf::from(address.addr()),
        }
    }

    pub(super) fn keys(&self) -> Result<ChannelKeys, ServerError> {
        ChannelKeys::from_exposed(&self.keys).map_err(|_| ServerError::Record)
    }

    pub(super) fn verifying_key(&self) -> Result<VerifyingKey, ServerError> {
        VerifyingKey::parse(&self.verifying_key).map_err(|_| ServerError::Record)
    }

    pub(super) fn push_address(&self) -> Result<PushAddress, ServerError> {
        let kind = PushKind::from_code(self.push_kind).map_err(|_| ServerError::Record)?;
        PushAddress::new(kind, self.push_address.clone().into_vec()).map_err(|_| ServerError::Record)
    }
}

/// Where the keys of an enrolled device are stored. The kid comes out of the enrolment's own run, so two runs of one
/// offer never share a place.
pub(super) fn device_name(account: &AccountId, kid: Kid) -> String {
    format!("{account}/{kid}")
}
