//! What an authenticator remembers, as one CBOR value.

use pushotp_cbor::{ByteArray, ByteBuf, CborError, decode, encode_secret};
use pushotp_pin::Stored;
use pushotp_types::{DeviceId, Epoch, TenantId, TokenId};
use pushotp_wire::{
    device::Device,
    keys::{Binding, ChannelKeys, ServerPublicKey},
    terms::TokenPolicy,
};
use zeroize::{Zeroize, Zeroizing};

use super::{AuthenticatorError, Biometric, DeviceStorage, DeviceToken, StorageError};
use crate::tuple::tuple_struct;

const FORMAT: u8 = 1;

tuple_struct! {
    /// One enrolment: whom it is with, its channel keys, its tokens.
    pub(crate) struct State {
        format: u8,
        tenant: ByteBuf,
        device: ByteArray<16>,
        epoch: u32,
        url: String,
        server_key: ByteArray<32>,
        keys: ByteArray<80>,
        /// The highest sequence number that was sent.
        sequence: u64,
        tokens: Vec<Token>,
        /// Challenges that were shown, until they cannot come again.
        seen: Vec<Seen>,
    }

    /// A token, its secret sealed.
    pub(crate) struct Token {
        id: ByteArray<16>,
        name: String,
        policy: u8,
        /// 1: challenges for it are shown.
        push: u8,
        blob: ByteBuf,
        /// The failed tries at its PIN, empty before the first.
        retry: ByteBuf,
        /// HOTP: the next counter.
        counter: u64,
    }

    /// A challenge that was shown.
    #[derive(Clone)]
    pub(crate) struct Seen {
        id: ByteArray<16>,
        hash: ByteArray<32>,
        expires: u64,
    }
}

impl State {
    pub(crate) fn encode(&self) -> Result<Zeroizing<Vec<u8>>, CborError> {
        encode_secret(self)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CborError> {
        let state: Self = decode(bytes)?;
        if state.format == FORMAT { Ok(state) } else { Err(CborError::Malformed) }
    }

    pub(crate) const fn format() -> u8 {
        FORMAT
    }

    /// The channel to the server, if the state can be one.
    pub(crate) fn device(&self) -> Option<Device> {
        let binding = Binding {
            tenant: TenantId::new(&self.tenant).ok()?,
            device: DeviceId::from_bytes(*self.device),
            epoch: Epoch::new(self.epoch).ok()?,
        };
        let keys = ChannelKeys::from_exposed(&self.keys).ok()?;
        Some(Device::new(binding, keys, ServerPublicKey::from_bytes(*self.server_key)))
    }
}

impl Token {
    pub(crate) fn view(&self) -> DeviceToken {
        let policy = TokenPolicy::from_bits(self.policy).unwrap_or(TokenPolicy::NONE);
        DeviceToken {
            id: TokenId::from_bytes(*self.id),
            name: self.name.clone(),
            pin_protected: self.policy & TokenPolicy::PIN_PROTECTED.bits() != 0,
            biometric: Biometric::of(policy, self.has_presence()),
            push: self.push != 0,
        }
    }

    /// Whether the lock that counts has a place for a presence key.
    fn has_presence(&self) -> bool {
        let blob = match Stored::decode(&self.blob) {
            Ok(Stored::Sealed(blob)) => blob,
            Ok(Stored::Rotating(pending)) => pending.promote(),
            Err(_) => return false,
        };
        blob.presence_providers().next().is_some()
    }
}

/// The state and where it is stored.
pub(crate) struct Memory {
    pub(crate) state: State,
    pub(crate) storage: Box<dyn DeviceStorage>,
}

impl Memory {
    pub(crate) fn save(&mut self) -> Result<(), StorageError> {
        let bytes = self.state.encode().map_err(|_| StorageError)?;
        self.storage.save(&bytes)
    }

    pub(crate) fn token_mut(&mut self, id: TokenId) -> Result<&mut Token, AuthenticatorError> {
        let found = self.state.tokens.iter_mut().find(|token| *token.id == *id.as_bytes());
        found.ok_or(AuthenticatorError::NoToken)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.keys.zeroize();
    }
}
