//! Pushes on their way: to a carrier, and what its answer means for the account.

use pushotp_types::{DeviceId, UnixTime};
use pushotp_wire::{
    notify::{DynNotifier, NotifyError, PushMessage, Sending},
    terms::{PushAddress, PushKind},
};

use super::{
    AccountId, AuditKind, LoginServer, Push, Rng, ServerError,
    record::{Id, Record},
    secret::fresh_name,
    trace,
    vault::Change,
};

/// What became of one push.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
/// # use world::*;
/// use pollster::block_on;
/// use pushotp::{Carried, wire::notify::NoPush};
///
/// let mut world = World::new(); // a server with one user, whose device polls
/// let login = world.start(NOW);
/// let push = (&world.user, &login.pushes[..], login.expires);
/// let delivered = block_on(world.server.deliver(push, &NoPush, NOW, &mut world.rng));
/// assert_eq!(delivered[0].device, world.device.id());
/// assert_eq!(delivered[0].outcome, Ok(Carried::Fetched)); // else: "open the app" on the page
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// Whom it was for.
    pub device: DeviceId,
    /// How it went; an error is for the page's words and for a log, and no reason to refuse the login.
    pub outcome: Result<Carried, NotifyError>,
}

/// What was handed over.
///
/// ```
/// assert_ne!(pushotp::Carried::Sealed, pushotp::Carried::WakeUp);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Carried {
    /// The sealed message.
    Sealed,
    /// A wake-up, for the sealed message was too large.
    WakeUp,
    /// Nothing: the device has no push address, it fetches.
    Fetched,
}

impl LoginServer {
    /// Hands pushes of an account to a carrier, one after the other, and forgets the addresses that are void.
    ///
    /// The pushes of [`start_login`](Self::start_login) with the end of that login, or those of
    /// [`cancel_login`](Self::cancel_login) and [`Received::pushes`](super::Received::pushes) with an end of the caller's
    /// choice; with one push at a time, they can be carried at once. It never fails: the login stands without its pushes,
    /// since devices can fetch. A push that is wanted by nobody any more is carried with a time to live of zero.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::wire::notify::{DynNotifier, NoPush};
    ///
    /// let mut world = World::new(); // a server with one user, whose device polls
    /// let carrier: Box<dyn DynNotifier> = Box::new(NoPush); // `pushotp-webpush` has a real one
    /// let login = world.start(NOW);
    /// let pushes = (&world.user, &login.pushes[..], login.expires);
    /// let delivered = block_on(world.server.deliver(pushes, &*carrier, NOW, &mut world.rng));
    /// assert!(delivered.iter().all(|push| push.outcome.is_ok()));
    /// ```
    pub async fn deliver(
        &self,
        (account, pushes, until): (&AccountId, &[Push], UnixTime),
        carrier: &dyn DynNotifier,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Vec<Delivered> {
        let mut delivered = Vec::with_capacity(pushes.len());
        for push in pushes {
            let outcome = carry(push, until, carrier, (now, &mut *rng)).await;
            if outcome == Err(NotifyError::Gone) {
                // A void address that could not be forgotten is met again at the next push.
                let _ = self.forget_push_address((account, push.device), &push.address, now, &mut *rng).await;
            }
            delivered.push(Delivered { device: push.device, outcome });
        }
        delivered
    }

    /// Forgets where a device can be pushed, if it is still that address; from then on it fetches, until it names a new one.
    ///
    /// [`deliver`](Self::deliver) does it of itself. Returns whether it was forgotten.
    ///
    /// # Errors
    /// [`ServerError::NoAccount`], [`ServerError::NoDevice`], or the store's.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facade/fixture.rs")); }
    /// # use world::*;
    /// use pollster::block_on;
    /// use pushotp::{DeviceUpdate, wire::terms::{PushAddress, PushKind}};
    ///
    /// let mut world = World::new(); // a server with one user, and the user's device
    /// let old = PushAddress::new(PushKind::Fcm, b"an old registration".to_vec())?;
    /// let new = PushAddress::new(PushKind::Fcm, b"a new registration".to_vec())?;
    /// let (message, _) = world.device.update(&DeviceUpdate::new().address(new.clone()), NOW, &mut world.rng)?;
    /// world.send(&message, NOW);
    ///
    /// let device = (&world.user, world.device.id());
    /// let (server, rng) = (&world.server, &mut world.rng);
    /// assert!(!block_on(server.forget_push_address(device, &old, NOW, rng))?); // the new one stays
    /// assert!(block_on(server.forget_push_address(device, &new, NOW, rng))?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn forget_push_address(
        &self,
        (account, device): (&AccountId, DeviceId),
        address: &PushAddress,
        now: UnixTime,
        rng: Rng<'_>,
    ) -> Result<bool, ServerError> {
        let span = trace::span!("forget_push_address").account(self, account);
        let event = async {
            let device = Id::new(*device.as_bytes());
            let record = self.vault.load(account).await?;
            let void = record.device(&device).ok_or(ServerError::NoDevice)?.address;
            if address.kind() == PushKind::Poll || self.address(account, void).await? != *address {
                return Ok(false);
            }
            // What is stored under a name never changes, so the name tells whether it is still that address.
            let nothing = fresh_name(&mut *rng);
            let happened = Self::happened(now, rng);
            let decide = |record: &mut Record| {
                let device = record.device_mut(&device).ok_or(ServerError::NoDevice)?;
                if device.address != void {
                    return Ok(Change::Keep(false));
                }
                device.address = nothing;
                happened.log(record, AuditKind::PushAddressGone, None);
                Ok(Change::Write(true))
            };
            let forgotten = self.vault.update(account, happened.attempt, decide).await?;
            if forgotten {
                // No record refers to it any more.
                let _ = self.forget_address(account, void).await;
            }
            Ok(forgotten)
        };
        span.trace(event).await
    }
}

/// The sealed message if it fits, else a wake-up.
async fn carry(
    push: &Push,
    until: UnixTime,
    carrier: &dyn DynNotifier,
    (now, rng): (UnixTime, Rng<'_>),
) -> Result<Carried, NotifyError> {
    if push.address.kind() == PushKind::Poll {
        return Ok(Carried::Fetched);
    }
    let ttl = until.since(now);
    let sealed = PushMessage::Sealed(&push.envelope);
    match carrier.notify(&push.address, sealed, Sending { ttl, now, rng: &mut *rng }).await {
        Ok(()) => Ok(Carried::Sealed),
        Err(NotifyError::TooLarge) => {
            let sending = Sending { ttl, now, rng };
            carrier.notify(&push.address, PushMessage::WakeUp, sending).await.map(|()| Carried::WakeUp)
        }
        Err(error) => Err(error),
    }
}
