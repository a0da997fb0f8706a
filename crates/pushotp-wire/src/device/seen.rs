use alloc::vec::Vec;

use pushotp_types::UnixTime;

use super::{Opened, SKEW};
use crate::terms::{ChallengeHash, ChallengeId};

/// How many challenges are remembered; far more than can be open at once.
const MAX_SEEN: usize = 64;

/// The challenges that a device has seen, so that each is shown once.
///
/// Persist it before a new challenge is shown. An entry stays until its challenge is too old to be opened again.
///
/// ```
/// use pushotp_types::UnixTime;
/// use pushotp_wire::device::{SeenChallenge, SeenChallenges};
/// use pushotp_wire::terms::{ChallengeHash, ChallengeId};
///
/// let stored = SeenChallenge {
///     id: ChallengeId::from_bytes([1; 16]),
///     hash: ChallengeHash::from_bytes([2; 32]),
///     expires: UnixTime::from_secs(1_800_000_000),
/// };
/// let seen = SeenChallenges::from_entries([stored]);
/// assert_eq!(seen.entries(), [stored]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenChallenges {
    entries: Vec<SeenChallenge>,
}

/// One challenge that was seen.
///
/// ```
/// # use pushotp_types::UnixTime;
/// # use pushotp_wire::{device::SeenChallenge, terms::{ChallengeHash, ChallengeId}};
/// let (id, hash) = (ChallengeId::from_bytes([1; 16]), ChallengeHash::from_bytes([2; 32]));
/// let seen = SeenChallenge { id, hash, expires: UnixTime::from_secs(1_800_000_000) };
/// assert_eq!(seen.id, id);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenChallenge {
    /// Its id.
    pub id: ChallengeId,
    /// The hash of its payload.
    pub hash: ChallengeHash,
    /// Its last second.
    pub expires: UnixTime,
}

/// Whether a challenge was seen before.
///
/// ```
/// use pushotp_wire::device::Seen;
///
/// assert_ne!(Seen::New, Seen::Conflict);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Seen {
    /// Never: show it.
    New,
    /// The same challenge came again, by push and by fetch perhaps: one prompt is enough.
    Again,
    /// Another challenge under an id that was used: drop it, and tell somebody.
    Conflict,
}

impl SeenChallenges {
    /// What was stored, at most the 64 that end last.
    ///
    /// ```
    /// # use pushotp_wire::device::SeenChallenges;
    /// assert_eq!(SeenChallenges::from_entries([]), SeenChallenges::default());
    /// ```
    #[must_use]
    pub fn from_entries(entries: impl IntoIterator<Item = SeenChallenge>) -> Self {
        let mut seen = Self::default();
        entries.into_iter().for_each(|entry| seen.push(entry));
        seen
    }

    /// What is to be stored.
    ///
    /// ```
    /// # use pushotp_wire::device::SeenChallenges;
    /// assert!(SeenChallenges::default().entries().is_empty());
    /// ```
    #[must_use]
    pub fn entries(&self) -> &[SeenChallenge] {
        &self.entries
    }

    /// Remembers a challenge, and says whether it is new; forgets those that can no longer be opened.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{device::{Seen, SeenChallenges}, message::ChallengeParts};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let mut seen = SeenChallenges::default();
    /// assert_eq!(seen.note(&world.opened(parts()), at(NOW)), Seen::New);
    /// assert_eq!(seen.note(&world.opened(parts()), at(NOW)), Seen::Again);
    /// let other = ChallengeParts { nonce: [4; 32], ..parts() }; // under the same id
    /// assert_eq!(seen.note(&world.opened(other), at(NOW)), Seen::Conflict);
    /// ```
    pub fn note(&mut self, opened: &Opened, now: UnixTime) -> Seen {
        self.entries.retain(|entry| entry.expires.saturating_add(SKEW) >= now);
        let entry = SeenChallenge { id: opened.id(), hash: opened.hash(), expires: opened.expires() };
        match self.entries.iter().find(|known| known.id == entry.id) {
            Some(known) if known.hash == entry.hash => Seen::Again,
            Some(_) => Seen::Conflict,
            None => {
                self.push(entry);
                Seen::New
            }
        }
    }

    /// Adds an entry; of too many, the one that ends first makes room.
    fn push(&mut self, entry: SeenChallenge) {
        self.entries.push(entry);
        if self.entries.len() > MAX_SEEN {
            let first = self.entries.iter().enumerate().min_by_key(|(_, entry)| entry.expires).map(|(index, _)| index);
            first.map(|index| self.entries.remove(index));
        }
    }
}
