use alloc::vec::Vec;
use core::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Cost;

/// The memory that Argon2 works in: kept between unlocks, wiped after each.
///
/// It holds nothing until the first use and then grows to the largest cost that it was used with. One that is kept
/// saves page faults, a third of an unlock's time; dropping it gives the memory back.
///
/// ```
/// use pushotp_pin::{Arena, Cost};
///
/// let mut arena = Arena::new();
/// arena.reserve(Cost::FLOOR)?; // optional: learn now, not at the PIN prompt, whether the memory is there
/// assert!(arena.len_kib() >= Cost::FLOOR.memory_kib() as usize);
/// # Ok::<(), pushotp_pin::ArenaError>(())
/// ```
#[derive(Default)]
pub struct Arena(Vec<Block>);

impl Arena {
    /// An empty arena.
    ///
    /// ```
    /// # use pushotp_pin::{Arena, Cost};
    /// let mut arena = Arena::new(); // takes no memory yet
    /// arena.reserve(Cost::FLOOR)?;
    /// assert_eq!(arena.len_kib(), 19 * 1024);
    /// # Ok::<(), pushotp_pin::ArenaError>(())
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Makes room for `cost`.
    ///
    /// # Errors
    /// [`ArenaError`] if the allocator refuses; nothing is lost, and a smaller cost may still fit.
    ///
    /// ```
    /// # use pushotp_pin::{Arena, Cost};
    /// assert!(Arena::new().reserve(Cost::FLOOR).is_ok());
    /// ```
    pub fn reserve(&mut self, cost: Cost) -> Result<(), ArenaError> {
        let want = usize::try_from(cost.memory_kib()).map_err(|_| ArenaError)?;
        let more = want.saturating_sub(self.0.len());
        self.0.try_reserve_exact(more).map_err(|_| ArenaError)?;
        self.0.extend(core::iter::repeat_n(Block::new(), more));
        Ok(())
    }

    /// Its size in KiB.
    ///
    /// ```
    /// # use pushotp_pin::Arena;
    /// assert_eq!(Arena::new().len_kib(), 0);
    /// ```
    #[must_use]
    pub fn len_kib(&self) -> usize {
        self.0.len()
    }

    /// Argon2id of a password and a salt, 32 bytes.
    pub(crate) fn argon2id(
        &mut self,
        cost: Cost,
        password: &[u8],
        salt: &[u8],
        out: &mut [u8; 32],
    ) -> Result<(), ArenaError> {
        self.reserve(cost)?;
        // Nothing of the two below fails: the cost was checked, the salt is long enough, the memory is there.
        let params = Params::new(cost.memory_kib(), cost.passes(), cost.lanes(), Some(out.len()));
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| ArenaError)?);
        let used = Used(self.0.get_mut(..cost.memory_kib() as usize).ok_or(ArenaError)?);
        argon2.hash_password_into_with_memory(password, salt, out, &mut *used.0).map_err(|_| ArenaError)
    }
}

/// Blocks in use, wiped on every way out, also that of a panic: the last one of each lane yields the tag. So the arena
/// holds nothing but zeros whenever nobody uses it, and dropping it has nothing left to wipe.
struct Used<'a>(&'a mut [Block]);

impl Drop for Used<'_> {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

impl ZeroizeOnDrop for Arena {}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("len_kib", &self.len_kib()).finish_non_exhaustive()
    }
}

/// The memory of a cost cannot be had.
///
/// ```
/// # use pushotp_pin::ArenaError;
/// assert_eq!(ArenaError.to_string(), "the memory for the key derivation cannot be reserved");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the memory for the key derivation cannot be reserved")]
pub struct ArenaError;

#[cfg(test)]
mod tests {
    use super::*;

    fn is_zero(blocks: &[Block]) -> bool {
        blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0))
    }

    #[test]
    fn wiped_after_use() {
        let cost = Cost::danger_below_floor(64, 2, 2).unwrap();
        let (mut arena, mut tag) = (Arena::new(), [0; 32]);
        arena.argon2id(cost, b"n:271846", &[7; 16], &mut tag).unwrap();
        assert_eq!(arena.len_kib(), 64);
        assert!(tag != [0; 32] && is_zero(&arena.0));

        // The crate by itself leaves the memory as it is, the last block included, which gives the tag.
        let params = Params::new(64, 2, 2, Some(32)).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let (mut memory, mut same) = (alloc::vec![Block::new(); 64], [0; 32]);
        argon2.hash_password_into_with_memory(b"n:271846", &[7; 16], &mut same, &mut memory).unwrap();
        assert!(same == tag && !is_zero(&memory));
    }

    #[test]
    fn grows_and_keeps() {
        let mut arena = Arena::new();
        for (memory, expected) in [(64, 64), (8, 64), (128, 128)] {
            arena.reserve(Cost::danger_below_floor(memory, 1, 1).unwrap()).unwrap();
            assert_eq!(arena.len_kib(), expected);
        }
    }

    /// A vector of the reference implementation, through the arena; however large it is and whoever used it before.
    #[test]
    fn same_tag_in_any_arena() {
        let expected = "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe";
        let (mut arena, mut tag) = (Arena::new(), [0; 32]);
        for (memory, passes) in [(256, 2), (512, 1), (8, 3), (256, 2)] {
            let cost = Cost::danger_below_floor(memory, passes, 1).unwrap();
            arena.argon2id(cost, b"password", b"somesalt", &mut tag).unwrap();
            let hex = tag.iter().fold(alloc::string::String::new(), |hex, byte| alloc::format!("{hex}{byte:02x}"));
            assert_eq!(hex == expected, memory == 256, "{memory}");
            assert!(is_zero(&arena.0));
        }
        assert_eq!(arena.len_kib(), 512);
    }
}
