mod calibrate;

/// The ceiling of memory times passes: 1 GiB-pass, in KiB.
const MAX_PRODUCT: u64 = 1024 * 1024;
const MAX_MEMORY: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 4;

/// What one guess at a PIN costs: memory, passes and lanes of Argon2id, version 0x13.
///
/// The ceilings hold for every value, since a cost is read from storage that an attacker may have written: 256 MiB,
/// 16 passes, 4 lanes, and memory times passes at most 1 GiB. The floor holds for what [`new`](Self::new) makes: seal
/// with that, and with a stored cost only if it is not [below the floor](Self::is_below_floor).
///
/// ```
/// use pushotp_pin::{Cost, CostError};
///
/// assert_eq!(Cost::RECOMMENDED.memory_kib(), 64 * 1024);
/// assert_eq!(Cost::new(8 * 1024, 4, 1), Err(CostError::BelowFloor));
/// assert_eq!(Cost::from_stored(4_000_000, 1, 1), Err(CostError::Memory));
/// ```
///
/// Source: RFC 9106 §3.1, §4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// 64 MiB, 3 passes, 1 lane: what to take where nothing speaks against it.
    ///
    /// ```
    /// # use pushotp_pin::Cost;
    /// assert_eq!(Cost::new(64 * 1024, 3, 1), Ok(Cost::RECOMMENDED));
    /// ```
    pub const RECOMMENDED: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// 19 MiB, 2 passes, 1 lane: [`new`](Self::new) makes nothing cheaper.
    ///
    /// ```
    /// # use pushotp_pin::{Cost, CostError};
    /// assert_eq!(Cost::new(19 * 1024, 2, 1), Ok(Cost::FLOOR));
    /// assert_eq!(Cost::new(64 * 1024, 1, 1), Err(CostError::BelowFloor));
    /// ```
    pub const FLOOR: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };

    /// A cost for sealing: memory in KiB, passes, lanes.
    ///
    /// # Errors
    /// [`CostError`] below the floor in memory or passes, or above a ceiling.
    ///
    /// ```
    /// # use pushotp_pin::Cost;
    /// assert!(Cost::new(32 * 1024, 6, 1).is_ok());
    /// ```
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        match Self::from_stored(memory_kib, passes, lanes) {
            Ok(cost) if cost.is_below_floor() => Err(CostError::BelowFloor),
            other => other,
        }
    }

    /// A cost as it was stored: the ceilings hold, the floor does not.
    ///
    /// # Errors
    /// [`CostError`] above a ceiling, or for a cost that Argon2 does not know.
    ///
    /// ```
    /// # use pushotp_pin::Cost;
    /// assert!(Cost::from_stored(8 * 1024, 4, 1)?.is_below_floor());
    /// # Ok::<(), pushotp_pin::CostError>(())
    /// ```
    pub const fn from_stored(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        if lanes == 0 || lanes > MAX_LANES {
            return Err(CostError::Lanes);
        }
        if passes == 0 || passes > MAX_PASSES {
            return Err(CostError::Passes);
        }
        if memory_kib < 8 * lanes || memory_kib > MAX_MEMORY {
            return Err(CostError::Memory);
        }
        if memory_kib as u64 * passes as u64 > MAX_PRODUCT {
            return Err(CostError::Product);
        }
        Ok(Self { memory_kib, passes, lanes })
    }

    /// A cost for tests, from 8 KiB and one pass: a PIN under it is found at once.
    ///
    /// # Errors
    /// As [`from_stored`](Self::from_stored).
    ///
    /// ```
    /// # use pushotp_pin::Cost;
    /// assert!(Cost::danger_below_floor(8, 1, 1).is_ok());
    /// ```
    pub const fn danger_below_floor(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        Self::from_stored(memory_kib, passes, lanes)
    }

    /// Memory in KiB.
    ///
    /// ```
    /// # use pushotp_pin::Cost;
    /// assert_eq!(Cost::RECOMMENDED.memory_kib() / 1024, 64); // MiB that an unlock needs
    /// ```
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    ///
    /// ```
    /// # use pushotp_pin::Cost;
    /// let cost = Cost::RECOMMENDED;
    /// assert_eq!(cost.memory_kib() / 1024 * cost.passes(), 192); // MiB that a guess writes
    /// ```
    #[must_use]
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes.
    ///
    /// ```
    /// # use pushotp_pin::Cost;
    /// assert_eq!(Cost::new(64 * 1024, 3, 4)?.lanes(), 4);
    /// # Ok::<(), pushotp_pin::CostError>(())
    /// ```
    #[must_use]
    pub const fn lanes(self) -> u32 {
        self.lanes
    }

    /// Whether it has less memory or fewer passes than [`FLOOR`](Self::FLOOR): open such a blob only to rotate it.
    ///
    /// ```
    /// # use pushotp_pin::Cost;
    /// assert!(!Cost::FLOOR.is_below_floor());
    /// ```
    #[must_use]
    pub const fn is_below_floor(self) -> bool {
        self.memory_kib < Self::FLOOR.memory_kib || self.passes < Self::FLOOR.passes
    }
}

/// Which bound a cost breaks.
///
/// ```
/// # use pushotp_pin::{Cost, CostError};
/// assert_eq!(Cost::from_stored(64, 17, 1), Err(CostError::Passes));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CostError {
    /// Less than 19 MiB or fewer than two passes.
    #[error("a cost below 19 MiB and two passes is not sealed")]
    BelowFloor,
    /// Not 8 KiB per lane to 256 MiB.
    #[error("memory is not 8 KiB per lane to 256 MiB")]
    Memory,
    /// Not 1 to 16 passes.
    #[error("passes are not 1 to 16")]
    Passes,
    /// Not 1 to 4 lanes.
    #[error("lanes are not 1 to 4")]
    Lanes,
    /// Memory times passes above 1 GiB.
    #[error("memory times passes is above 1 GiB")]
    Product,
}
