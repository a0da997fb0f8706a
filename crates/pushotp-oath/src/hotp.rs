use pushotp_types::{Code, Digits};
use subtle::{Choice, ConditionallySelectable};

use crate::{Counter, Key, LookAhead};

/// HOTP: codes that count.
///
/// ```
/// use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
/// use pushotp_types::{Digits, HashAlgorithm, SecretRef};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let hotp = Hotp::new(Digits::SIX);
/// assert_eq!(hotp.generate(&key, Counter::new(1)).expose(), "287082");
///
/// // The server expects 0; the user has made one passcode without using it.
/// let HotpVerdict::Match(found) = hotp.verify(&key, "287082", Counter::new(0), LookAhead::new(5).unwrap()) else {
///     panic!("it is the code of counter 1")
/// };
/// assert_eq!(found.next(), Some(Counter::new(2))); // store this before telling anybody
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
///
/// Source: RFC 4226.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hotp {
    digits: Digits,
}

/// What became of a typed HOTP code.
///
/// ```
/// use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
/// use pushotp_types::{Digits, HashAlgorithm, SecretRef};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let typed = |code| Hotp::new(Digits::SIX).verify(&key, code, Counter::new(1), LookAhead::new(5).unwrap());
/// assert!(matches!(typed("287082"), HotpVerdict::Match(_)));
/// assert_eq!(typed("755224"), HotpVerdict::Mismatch); // the code of counter 0
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum HotpVerdict {
    /// It is the code of a counter that was not used.
    Match(HotpMatch),
    /// It is none of them; also the code of a counter before the expected one.
    Mismatch,
}

/// An accepted HOTP code: what to store, so that it is accepted once.
///
/// ```
/// use pushotp_oath::{Counter, Hotp, HotpVerdict, Key, LookAhead};
/// use pushotp_types::{Digits, HashAlgorithm, SecretRef};
///
/// let key = Key::new(HashAlgorithm::Sha1, SecretRef::new(b"12345678901234567890")?);
/// let verdict = Hotp::new(Digits::SIX).verify(&key, "287082", Counter::new(0), LookAhead::new(5).unwrap());
/// let HotpVerdict::Match(found) = verdict else { panic!("it is the code of counter 1") };
/// assert_eq!((found.counter(), found.next()), (Counter::new(1), Some(Counter::new(2))));
/// # Ok::<(), pushotp_types::SecretError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the next counter must be stored, or the code can be used again"]
pub struct HotpMatch {
    counter: Counter,
}

impl HotpMatch {
    /// The counter that matched.
    #[must_use]
    pub const fn counter(&self) -> Counter {
        self.counter
    }

    /// The counter to expect from now on; `None` if the last one was used, so that the token can be used no more.
    #[must_use]
    pub const fn next(&self) -> Option<Counter> {
        self.counter.next()
    }
}

impl Hotp {
    /// HOTP with codes of so many digits.
    #[must_use]
    pub const fn new(digits: Digits) -> Self {
        Self { digits }
    }

    /// The code of a counter.
    ///
    /// Source: RFC 4226 §5.3.
    #[must_use]
    pub fn generate(&self, key: &Key, counter: Counter) -> Code {
        key.code(counter.get(), self.digits)
    }

    /// Whether `typed` is the code of `next` or of one of the counters after it.
    ///
    /// It only looks forward, and computes every code whatever matches. If two counters of the window have the code, the
    /// later one is taken: the other way round the same digits would be accepted again.
    ///
    /// Source: RFC 4226 §7.2, §7.4.
    pub fn verify(&self, key: &Key, typed: &str, next: Counter, look_ahead: LookAhead) -> HotpVerdict {
        let last = next.get().saturating_add(look_ahead.get().into());
        let (mut found, mut counter) = (Choice::from(0), 0);
        for candidate in next.get()..=last {
            let matches = key.code(candidate, self.digits).ct_matches(typed.as_bytes());
            counter.conditional_assign(&candidate, matches);
            found |= matches;
        }
        if found.into() {
            HotpVerdict::Match(HotpMatch { counter: Counter::new(counter) })
        } else {
            HotpVerdict::Mismatch
        }
    }
}
