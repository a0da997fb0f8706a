use core::fmt;

use super::{Pin, PinError, PinPolicy};

/// A second PIN, for a user who is forced to type one: it opens the blob to another secret, as every PIN does, and the
/// server that knows that secret is warned.
///
/// Nothing on the device says that there is one. Open the token's [`Blob`](crate::Blob) with [`pin`](Self::pin) as with any
/// PIN and hand the secret to the server, on a channel of the caller's own; then settle the attempt as
/// [`Unjudged`](crate::Settlement::Unjudged), for no passcode was made. The secret of the token itself is not needed.
///
/// A rotation changes what every PIN yields: set the duress PIN anew. A [`Verifiable`](crate::Verifiable) blob has none,
/// since it opens with its PIN only.
///
/// ```
/// use pushotp_pin::{DuressPin, Pin, PinError, PinPolicy};
///
/// let pin = Pin::entered("271846")?;
/// assert!(DuressPin::choose("905317", &pin, &PinPolicy::DEFAULT).is_ok());
/// for slip in ["271846", "271847", "271864", "27186", "2718466"] {
///     let refused = DuressPin::choose(slip, &pin, &PinPolicy::DEFAULT.danger_allow_trivial()).unwrap_err();
///     assert!(matches!(refused, PinError::TooClose | PinError::TooShort { .. }));
/// }
/// # Ok::<(), PinError>(())
/// ```
pub struct DuressPin(Pin);

impl DuressPin {
    /// A duress PIN as the user chooses it, next to the PIN: what the policy allows, and more than one slip away from it.
    ///
    /// A slip is what a mistyped PIN has most often: one character that is another, missing or one too many, or two
    /// neighbours that changed places; letters count alike in both cases, as a caps lock makes them. Else a slip would raise
    /// the alarm, or the forced user could not be believed to have mistyped.
    ///
    /// Nothing here can tell whether `pin` is the token's. Have the user approve a login with it just before; that the two
    /// are not the same the server finds out.
    ///
    /// # Errors
    /// [`PinError::TooClose`], and those of [`Pin::choose`].
    ///
    /// ```
    /// # use pushotp_pin::{DuressPin, Pin, PinError, PinPolicy};
    /// let pin = Pin::entered("271846")?;
    /// assert_eq!(DuressPin::choose("271864", &pin, &PinPolicy::DEFAULT).unwrap_err(), PinError::TooClose);
    /// assert_eq!(DuressPin::choose("123456", &pin, &PinPolicy::DEFAULT).unwrap_err(), PinError::Trivial);
    /// # Ok::<(), PinError>(())
    /// ```
    pub fn choose(text: &str, pin: &Pin, policy: &PinPolicy) -> Result<Self, PinError> {
        let chosen = Pin::choose(text, policy)?;
        if is_slip(chosen.expose(), pin.expose()) { Err(PinError::TooClose) } else { Ok(Self(chosen)) }
    }

    /// The PIN that opens the blob.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{Arena, DuressPin, Locks, MemoryAttempts, PinPolicy, Settlement};
    ///
    /// let pin = pin("271846");
    /// let (blob, store) = (seal(&Locks::pin(&pin)), MemoryAttempts::new());
    /// blob.arm(&store, &device())?;
    ///
    /// let duress = DuressPin::choose("905317", &pin, &PinPolicy::DEFAULT)?;
    /// let candidate = blob.begin(&store, &device(), NOW)?.open(duress.pin(), &device(), &mut Arena::new())?;
    /// let for_the_server = candidate.secret().expose(); // on a channel of its own
    /// assert_ne!(for_the_server, secret().secret().expose());
    /// candidate.settle(Settlement::Unjudged, &store, &device(), NOW)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn pin(&self) -> &Pin {
        &self.0
    }
}

impl fmt::Debug for DuressPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DuressPin").finish_non_exhaustive()
    }
}

/// Whether one is the other, or it with one slip: what is left between the longest common beginning and end says so.
fn is_slip(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.chars(), other.chars());
    while let Some(rest) = after(&one, &other, Iterator::next) {
        (one, other) = rest;
    }
    while let Some(rest) = after(&one, &other, DoubleEndedIterator::next_back) {
        (one, other) = rest;
    }
    match (one.clone().count(), other.clone().count()) {
        (0 | 1, 0 | 1) => true,
        (2, 2) => one.zip(other.rev()).all(|(a, b)| is_same(a, b)),
        _ => false,
    }
}

/// What is left of two texts after a character that both have.
fn after<C: Iterator<Item = char> + Clone>(one: &C, other: &C, next: fn(&mut C) -> Option<char>) -> Option<(C, C)> {
    let (mut one, mut other) = (one.clone(), other.clone());
    let is_common = next(&mut one).zip(next(&mut other)).is_some_and(|(a, b)| is_same(a, b));
    is_common.then_some((one, other))
}

fn is_same(a: char, b: char) -> bool {
    a.to_lowercase().eq(b.to_lowercase())
}
