use core::fmt;

use pushotp_cbor::{ByteArray, decode, encode_secret};

use pushotp_wire::terms::ChallengeId;

use super::{AccountId, LoginServer, Rng, ServerError, record::Id, trace};
use crate::tuple::tuple_struct;

const CONTEXT: &[u8] = b"ticket";

/// What the login page keeps while it waits: sealed, opaque bytes for a session cookie.
///
/// It carries the account, the login and the number to type, so that any server of the tenant can go on with it, also
/// after a restart. It grants nothing by itself.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pushotp::Ticket;
///
/// let mut world = World::new(); // a server with one user, and the user's device
/// let login = world.start(NOW);
/// let from_cookie = Ticket::from_bytes(login.ticket.as_bytes());
/// assert_eq!(world.server.number(&from_cookie)?, world.number(&login));
/// assert!(world.server.number(&Ticket::from_bytes(*b"forged")).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket(Vec<u8>);

impl Ticket {
    /// A ticket as it came back from the browser.
    ///
    /// ```
    /// use pushotp::Ticket;
    ///
    /// let cookie = b"opaque".to_vec(); // as it came back
    /// assert_eq!(Ticket::from_bytes(cookie.clone()).as_bytes(), cookie);
    /// ```
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Its bytes, to be stored in the browser.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pushotp::Ticket;
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let login = world.start(NOW);
    /// assert_eq!(Ticket::from_bytes(login.ticket.as_bytes()), login.ticket);
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}

tuple_struct! {
    /// What a ticket says.
    pub(super) struct Stub {
        account: String,
        login: Id,
        number: String,
    }
}

impl Stub {
    pub(super) fn account(&self) -> Result<AccountId, ServerError> {
        AccountId::new(self.account.clone())
    }
}

impl LoginServer {
    pub(super) fn issue_ticket(&self, stub: &Stub, rng: Rng<'_>) -> Result<Ticket, ServerError> {
        let plain = encode_secret(stub).map_err(|_| ServerError::Ticket)?;
        Ok(Ticket(self.vault.kek.seal(CONTEXT, &plain, rng)?))
    }

    pub(super) fn read_ticket(&self, ticket: &Ticket) -> Result<Stub, ServerError> {
        let plain = self.vault.kek.open(CONTEXT, &ticket.0).map_err(|_| ServerError::Ticket)?;
        decode(&plain).map_err(|_| ServerError::Ticket)
    }

    /// What a ticket says, also to the span of the event that it is needed for.
    pub(super) fn traced_ticket(&self, ticket: &Ticket) -> Result<(Stub, AccountId), ServerError> {
        let stub = self.read_ticket(ticket)?;
        let account = stub.account()?;
        trace::account(self, &account);
        trace::challenge(ChallengeId::from_bytes(*stub.login));
        Ok((stub, account))
    }

    /// The keyed hash of a number, bound to its login: what the record holds instead of the number.
    pub(super) fn number_hash(&self, login: &Id, number: &str) -> Result<ByteArray<32>, ServerError> {
        Ok(ByteArray::new(self.vault.kek.mac(b"number", &number_message(login, number))?))
    }

    /// The same for a number that came, under the key that made the `kept` hash: another one may be in use by now.
    pub(super) fn number_hash_as(
        &self,
        login: &Id,
        number: &str,
        kept: &ByteArray<32>,
    ) -> Result<ByteArray<32>, ServerError> {
        Ok(ByteArray::new(self.vault.kek.mac_as(b"number", &number_message(login, number), kept)?))
    }
}

fn number_message(login: &Id, number: &str) -> Vec<u8> {
    [login.as_slice(), number.as_bytes()].concat()
}
