//! The boundary to whatever carries a push to a device.
//!
//! A push is a hint, never the truth: it holds the sealed bytes or nothing but a wake-up, and the device can always fetch.
//! So one that is lost, late or repeated changes nothing, and a carrier is trusted with nothing but the push address and
//! the time.

use alloc::boxed::Box;
use core::{fmt, future::Future, pin::Pin, time::Duration};

use pushotp_types::UnixTime;
use rand_core::CryptoRng;

use crate::terms::PushAddress;

/// What a push holds.
///
/// ```
/// use pushotp_wire::notify::PushMessage;
///
/// assert_eq!(format!("{:?}", PushMessage::Sealed(b"an envelope")), "Sealed(11 bytes)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PushMessage<'a> {
    /// An envelope, at most 4096 bytes: the same that the device would fetch.
    Sealed(&'a [u8]),
    /// Nothing: the device fetches.
    WakeUp,
}

impl fmt::Debug for PushMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed(envelope) => write!(f, "Sealed({} bytes)", envelope.len()),
            Self::WakeUp => f.write_str("WakeUp"),
        }
    }
}

/// What a carrier needs besides the message.
///
/// ```
/// use core::time::Duration;
/// use pushotp_types::UnixTime;
/// use pushotp_wire::notify::Sending;
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // yours: the system's generator
///
/// let now = UnixTime::from_secs(1_800_000_000); // yours: the system's clock
/// let sending = Sending { ttl: Duration::from_secs(120), now, rng: &mut rng };
/// assert_eq!(sending.ttl.as_secs(), 120);
/// ```
pub struct Sending<'a> {
    /// What is left of the challenge: nobody wants the push after it. Whole seconds.
    pub ttl: Duration,
    /// The caller's clock.
    pub now: UnixTime,
    /// The caller's random generator.
    pub rng: &'a mut (dyn CryptoRng + Send),
}

impl fmt::Debug for Sending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").field("ttl", &self.ttl).field("now", &self.now).finish_non_exhaustive()
    }
}

/// Hands pushes to a push service.
///
/// Implementations are crates and programs of their own, such as `pushotp-webpush`: here is no I/O. What they keep to:
///
/// * The address comes from a device, so from an attacker: where it is a URL, it must not reach the inside of the
///   server's own network.
/// * It ends in bounded time, also if the push service does not.
/// * `Ok` means that the push service took it, not that the device has it.
///
/// Where the type is not known, use [`DynNotifier`].
///
/// ```
/// use core::future::Future;
/// use pushotp_wire::{notify::{Notifier, NotifyError, PushMessage, Sending}, terms::{PushAddress, PushKind}};
///
/// /// Carries wake-ups to phones of one maker.
/// struct Wake;
///
/// impl Notifier for Wake {
///     async fn notify(&self, to: &PushAddress, message: PushMessage<'_>, _: Sending<'_>) -> Result<(), NotifyError> {
///         match (to.kind(), message) {
///             (PushKind::Apns, PushMessage::WakeUp) => Ok(()), // here it would be sent
///             (PushKind::Apns, PushMessage::Sealed(_)) => Err(NotifyError::TooLarge),
///             _ => Err(NotifyError::Permanent),
///         }
///     }
/// }
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
/// # let now = pushotp_types::UnixTime::from_secs(1_800_000_000);
///
/// let phone = PushAddress::new(PushKind::Apns, vec![7; 32])?;
/// let sending = Sending { ttl: core::time::Duration::from_secs(120), now, rng: &mut rng };
/// let refused = pollster::block_on(Wake.notify(&phone, PushMessage::Sealed(b"an envelope"), sending));
/// assert_eq!(refused, Err(NotifyError::TooLarge)); // then try a wake-up
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
pub trait Notifier: Send + Sync {
    /// Hands one push to the push service of this address.
    ///
    /// # Errors
    /// [`NotifyError`]; [`NotifyError::Permanent`] also for an address of a kind that this notifier does not serve.
    fn notify(
        &self,
        to: &PushAddress,
        message: PushMessage<'_>,
        sending: Sending<'_>,
    ) -> impl Future<Output = Result<(), NotifyError>> + Send;
}

/// A future on the heap.
///
/// ```
/// let future: pushotp_wire::notify::BoxFuture<'_, u8> = Box::pin(async { 7 });
/// assert_eq!(pollster::block_on(future), 7);
/// ```
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`Notifier`] for a notifier whose type is not known: `&dyn DynNotifier`.
///
/// Every [`Notifier`] is one; do not implement it by hand. The method has the name of [`Notifier`]'s: import the one trait or
/// the other.
///
/// ```
/// use pushotp_wire::{notify::{DynNotifier, NoPush, PushMessage, Sending}, terms::{PushAddress, PushKind}};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
/// # let now = pushotp_types::UnixTime::from_secs(1_800_000_000);
///
/// let notifier: Box<dyn DynNotifier> = Box::new(NoPush);
/// let phone = PushAddress::new(PushKind::Apns, vec![7; 32])?;
/// let sending = Sending { ttl: core::time::Duration::from_secs(120), now, rng: &mut rng };
/// assert!(pollster::block_on(notifier.notify(&phone, PushMessage::WakeUp, sending)).is_err());
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
pub trait DynNotifier: Send + Sync {
    /// [`Notifier::notify`].
    ///
    /// # Errors
    /// Those of [`Notifier::notify`].
    fn notify<'a>(
        &'a self,
        to: &'a PushAddress,
        message: PushMessage<'a>,
        sending: Sending<'a>,
    ) -> BoxFuture<'a, Result<(), NotifyError>>;
}

impl<N: Notifier> DynNotifier for N {
    fn notify<'a>(
        &'a self,
        to: &'a PushAddress,
        message: PushMessage<'a>,
        sending: Sending<'a>,
    ) -> BoxFuture<'a, Result<(), NotifyError>> {
        Box::pin(Notifier::notify(self, to, message, sending))
    }
}

/// Why a push was not handed over; says nothing of what the push service answered.
///
/// ```
/// assert_eq!(pushotp_wire::notify::NotifyError::Gone.to_string(), "the push service no longer knows the address");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// The address is void: forget it.
    #[error("the push service no longer knows the address")]
    Gone,
    /// The push service wants to be left alone for so long.
    #[error("the push service asks for a pause of {} s", .0.as_secs())]
    RetryAfter(Duration),
    /// More than the push service takes: a wake-up may fit.
    #[error("the message is too large for the push service")]
    TooLarge,
    /// This push will never be taken, however often it is tried.
    #[error("the push will never be taken")]
    Permanent,
    /// The network, or the push service for now.
    #[error("the push service did not answer as it should")]
    Transient,
}

/// No pushes: the devices fetch. Every push fails for good, so the page says "open the app".
///
/// ```
/// use pushotp_wire::{notify::{NoPush, Notifier, NotifyError, PushMessage, Sending}, terms::{PushAddress, PushKind}};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
/// # let now = pushotp_types::UnixTime::from_secs(1_800_000_000);
///
/// let phone = PushAddress::new(PushKind::Apns, vec![7; 32])?;
/// let sending = Sending { ttl: core::time::Duration::from_secs(120), now, rng: &mut rng };
/// let refused = pollster::block_on(NoPush.notify(&phone, PushMessage::WakeUp, sending));
/// assert_eq!(refused, Err(NotifyError::Permanent));
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoPush;

impl Notifier for NoPush {
    async fn notify(&self, _: &PushAddress, _: PushMessage<'_>, _: Sending<'_>) -> Result<(), NotifyError> {
        Err(NotifyError::Permanent)
    }
}
