//! What all server processes of one tenant share besides the store.

use std::sync::Arc;

use getrandom::{SysRng, rand_core::UnwrapErr};
use pushotp::{
    LoginServer, ServerPolicy, ServerSetup, SoftwareKek,
    store::DynStore,
    types::{TenantId, UnixTime},
    wire::keys::ServerKey,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// When the first round is played.
pub const START: UnixTime = UnixTime::from_secs(1_800_000_000);

/// The seconds from one round to the next: past the life of a login, and past the interval that pushes are counted in.
const ROUND_SECS: u64 = 1_000;

/// The time of a round.
#[must_use]
pub fn time_of(round: u64) -> UnixTime {
    UnixTime::from_secs(START.as_secs() + round * ROUND_SECS)
}

/// The tenant of all.
#[must_use]
pub(crate) fn tenant() -> TenantId {
    TenantId::new(b"example.com").unwrap()
}

/// The key of the tenant.
#[must_use]
pub(crate) fn server_key() -> ServerKey {
    ServerKey::from_bytes(&[9; 32])
}

/// What seals the store.
#[must_use]
pub(crate) fn kek() -> SoftwareKek {
    SoftwareKek::from_bytes([0xb7; 32])
}

/// A server on a store, as each process makes it.
#[must_use]
pub fn server_on(store: Arc<dyn DynStore>) -> LoginServer {
    LoginServer::new(ServerSetup {
        tenant: tenant(),
        url: "https://login.example.com/push".into(),
        key: server_key(),
        kek: Arc::new(kek()),
        store,
        policy: ServerPolicy::default(),
    })
}

/// Different in each process and thread: attempts must not have the same names.
#[must_use]
pub fn rng() -> ChaCha20Rng {
    let mut seed = [0; 32];
    UnwrapErr(SysRng).fill_bytes(&mut seed);
    ChaCha20Rng::from_seed(seed)
}
