//! What an authenticator remembers, as one CBOR value.

use pushotp_cbor::{ByteArray, ByteBuf, CborError, decode, encode_secret};
use zeroize::{Zeroize, Zeroizing};

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
}

impl Drop for State {
    fn drop(&mut self) {
        self.keys.zeroize();
    }
}
