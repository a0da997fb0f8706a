//! The file of a token between two secrets.
//!
//! ```cddl
//! rotation = [ magic: bstr .size 4, ver: 1, used: 0..1, old: bstr .size (1..1024), next: bstr .size (1..1024) ]
//! ```

use alloc::vec::Vec;
use core::fmt;

use pushotp_cbor::{ByteArray, ByteBuf, decode, encode};

use super::{GiveUpError, RotateError};
use crate::{
    AttemptStore, Blob, BlobError, Camouflage, DeviceKey, Field, Mode, RecordError, SealError, attempt::carry,
};

/// `OPR1`.
const MAGIC: [u8; 4] = *b"OPR1";
const VERSION: u8 = 1;
/// The longest file: two blobs and what stands around them.
const MAX_LEN: usize = 2 * Blob::MAX_LEN + 16;

/// Where the mark of use stands.
const MARK: usize = 7;

/// magic, version, 1 once a passcode of the new secret may have left, old blob, new blob.
type Fields = (ByteArray<4>, u8, u8, ByteBuf, ByteBuf);

/// The old and the new blob of a token, until the server has accepted a passcode of the new secret.
///
/// One file per token holds either a blob or a pending rotation ([`Stored`]) and is replaced as a whole: write another,
/// sync it, rename it, sync the folder. Then a stop at any moment loses nothing:
///
/// 1. [`Blob::rotate`]; store [`as_bytes`](Self::as_bytes) in the place of the old blob.
/// 2. [`arm`](Self::arm) the new blob; again after each restart that finds a pending rotation.
/// 3. [`first_use`](Self::first_use); store that. Only then a passcode of the new secret may leave, to confirm or to
///    approve. Up to here [`give_up`](Self::give_up) goes back to the old blob, as if nothing had happened.
/// 4. The server accepts one: [`promote`](Self::promote); store the new blob alone, then erase the old device key.
///
/// For the wire protocol the new generation is stored with step 3.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
/// # use world::*;
/// use pushotp_pin::{Arena, DeviceKey, EraseReceipt, Header, Locks, MemoryAttempts, Sealing, Stored};
///
/// let (blob, mut old, store, mut rng) = (seal(&Locks::pin(&pin("271846"))), device(), MemoryAttempts::new(), rng(2));
/// blob.arm(&store, &old)?;
/// let (new, ticket) = (old.next_generation(&mut rng)?, ticket(2));
/// let header = Header { generation: ticket.generation(), ..HEADER };
/// let sealing = Sealing { header, cost: cost(), device: &new, arena: &mut Arena::new(), rng: &mut rng };
///
/// let pending = blob.rotate(ticket, &Locks::pin(&pin("905317")), sealing)?;
/// let mut file = pending.as_bytes().to_vec(); // 1
/// pending.arm(&store, &old, &new)?; // 2
/// let pending = pending.first_use();
/// file = pending.as_bytes().to_vec(); // 3, and the passcode leaves
///
/// let Stored::Rotating(pending) = Stored::decode(&file)? else { panic!() }; // after a restart
/// assert!(pending.is_used() && pending.next().begin(&store, &new, NOW).is_ok());
/// file = pending.promote().as_bytes().to_vec(); // 4: the server accepted it
/// let receipt = EraseReceipt::of(&mut old)?;
/// assert!(matches!(Stored::decode(&file)?, Stored::Sealed(blob) if blob.device_id() != receipt.id()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a rotation that is not stored is lost"]
pub struct PendingRotation<M: Mode = Camouflage, O: Mode = M> {
    old: Blob<O>,
    next: Blob<M>,
    used: bool,
    bytes: Vec<u8>,
}

impl PendingRotation {
    /// A pending rotation as it was stored, both blobs camouflaged.
    ///
    /// ```
    /// # use pushotp_pin::{BlobError, PendingRotation};
    /// assert_eq!(PendingRotation::decode(b"no rotation").unwrap_err(), BlobError::Magic);
    /// ```
    ///
    /// # Errors
    /// [`BlobError`]; nothing is authenticated yet.
    pub fn decode(bytes: &[u8]) -> Result<Self, BlobError> {
        Self::decode_as(bytes)
    }
}

impl<M: Mode, O: Mode> PendingRotation<M, O> {
    pub(super) fn new(old: Blob<O>, next: Blob<M>) -> Result<Self, RotateError> {
        let blobs = (ByteBuf::from(old.as_bytes()), ByteBuf::from(next.as_bytes()));
        let bytes = encode(&(ByteArray::new(MAGIC), VERSION, 0_u8, blobs.0, blobs.1)).map_err(|_| SealError::Format)?;
        Ok(Self { old, next, used: false, bytes })
    }

    /// As [`decode`](PendingRotation::decode), for blobs of any modes: that of the new, then that of the old.
    ///
    /// ```
    /// # use pushotp_pin::{BlobError, Camouflage, PendingRotation, Verifiable};
    /// let refused = PendingRotation::<Verifiable, Camouflage>::decode_as(&[0; 4096]).unwrap_err();
    /// assert_eq!(refused, BlobError::TooLong);
    /// ```
    ///
    /// # Errors
    /// [`BlobError`] of either blob, or if they are not two generations of one token's secret, one after the other.
    pub fn decode_as(bytes: &[u8]) -> Result<Self, BlobError> {
        if bytes.len() > MAX_LEN {
            return Err(BlobError::TooLong);
        }
        let rest = bytes.strip_prefix(&[0x85, 0x44]).and_then(|rest| rest.strip_prefix(&MAGIC));
        match rest.ok_or(BlobError::Magic)?.first() {
            Some(&VERSION) => {}
            Some(_) => return Err(BlobError::Unsupported(Field::Version)),
            None => return Err(BlobError::Malformed(Field::Blob)),
        }
        let (_, _, used, old, next) = decode::<Fields>(bytes).map_err(|_| BlobError::Malformed(Field::Blob))?;
        if used > 1 {
            return Err(BlobError::OutOfRange(Field::Used));
        }
        let (old, next) = (Blob::<O>::decode_as(&old)?, Blob::<M>::decode_as(&next)?);
        if old.token() != next.token() || old.generation().next() != Some(next.generation()) {
            return Err(BlobError::OutOfRange(Field::Generation));
        }
        if old.secret_len() != next.secret_len() {
            return Err(BlobError::OutOfRange(Field::SecretLength));
        }
        Ok(Self { old, next, used: used == 1, bytes: bytes.into() })
    }

    /// The bytes to store in the place of the old blob, at most about 2 KiB.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::PendingRotation;
    ///
    /// let pending = rotation();
    /// assert_eq!(PendingRotation::decode(pending.as_bytes())?.as_bytes(), pending.as_bytes());
    /// # Ok::<(), pushotp_pin::BlobError>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The new blob: open this one, as soon as the rotation is [armed](Self::arm).
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// assert_eq!(rotation().next().generation().get(), 2);
    /// ```
    #[must_use]
    pub const fn next(&self) -> &Blob<M> {
        &self.next
    }

    /// The old blob: its device key has to stay until the rotation is over. It opens again after
    /// [`give_up`](Self::give_up). Of a used rotation it is kept for the one case that the server comes back from a backup
    /// without the new secret, and a help desk knows.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::DeviceKey;
    ///
    /// assert_eq!(rotation().old().device_id(), device().id());
    /// ```
    #[must_use]
    pub const fn old(&self) -> &Blob<O> {
        &self.old
    }

    /// Whether a passcode of the new secret may have left.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// assert!(!rotation().is_used());
    /// assert!(rotation().first_use().is_used());
    /// ```
    #[must_use]
    pub const fn is_used(&self) -> bool {
        self.used
    }

    /// Makes the token's record of attempts the new blob's, with its count as it stands. Done before, it does nothing; so
    /// it is repeated whenever a pending rotation is read. Where the old blob needed nobody, the count starts.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::MemoryAttempts;
    ///
    /// let (pending, store) = (rotation(), MemoryAttempts::new());
    /// pending.old().arm(&store, &device())?;
    /// let _ = pending.old().begin(&store, &device(), NOW)?; // failed
    /// pending.arm(&store, &device(), &next_device())?;
    /// assert_eq!(pending.next().attempts(&store, &next_device())?.left(), 9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RecordError`]; the record is as it was, unless the store failed in the middle.
    pub fn arm(
        &self,
        store: &dyn AttemptStore,
        old_device: &dyn DeviceKey,
        new_device: &dyn DeviceKey,
    ) -> Result<(), RecordError> {
        match (self.old.needs_person(), self.next.needs_person()) {
            (true, true) => carry(store, (self.old.header(), old_device), (self.next.header(), new_device)),
            (false, true) => self.next.arm(store, new_device),
            (_, false) => Ok(()),
        }
    }

    /// The same, marked as used: store it before a passcode of the new secret leaves.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::PendingRotation;
    ///
    /// let used = rotation().first_use();
    /// assert!(PendingRotation::decode(used.as_bytes())?.is_used());
    /// # Ok::<(), pushotp_pin::BlobError>(())
    /// ```
    pub fn first_use(mut self) -> Self {
        self.used = true;
        if let Some(mark) = self.bytes.get_mut(MARK) {
            *mark = 1;
        }
        self
    }

    /// The server has accepted a passcode of the new secret, to confirm or to approve, and has forgotten the old one:
    /// store the new blob alone, then erase the old device key, again at each start until it is gone.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// assert_eq!(rotation().promote().generation().get(), 2);
    /// ```
    #[must_use]
    pub fn promote(self) -> Blob<M> {
        self.next
    }

    /// Goes back to the old blob: store it in the place of this, then erase the new device key. The count of attempts is
    /// carried back, too.
    ///
    /// That is possible as long as the rotation is not [used](Self::first_use). Afterwards the server may have forgotten
    /// the old secret, and no refusal says otherwise for sure: a confirmation that is sent twice is refused as well.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
    /// # use world::*;
    /// use pushotp_pin::{GiveUpError, MemoryAttempts};
    ///
    /// let (pending, store) = (rotation(), MemoryAttempts::new());
    /// pending.old().arm(&store, &device())?;
    /// pending.arm(&store, &device(), &next_device())?;
    /// let old = pending.give_up(&store, &device(), &next_device())?;
    /// assert_eq!(old.attempts(&store, &device())?.left(), 10);
    ///
    /// let refused = rotation().first_use().give_up(&store, &device(), &next_device());
    /// assert_eq!(refused.unwrap_err(), GiveUpError::Used);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`GiveUpError`]; the rotation stays pending.
    pub fn give_up(
        &self,
        store: &dyn AttemptStore,
        old_device: &dyn DeviceKey,
        new_device: &dyn DeviceKey,
    ) -> Result<Blob<O>, GiveUpError> {
        if self.used {
            return Err(GiveUpError::Used);
        }
        if self.old.needs_person() && self.next.needs_person() {
            carry(store, (self.next.header(), new_device), (self.old.header(), old_device))?;
        }
        Ok(self.old.clone())
    }
}

impl<M: Mode, O: Mode> fmt::Debug for PendingRotation<M, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PendingRotation");
        shown.field("old", &self.old).field("next", &self.next).field("used", &self.used).finish_non_exhaustive()
    }
}

/// What a token's file holds.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixture/world.rs")); }
/// # use world::*;
/// use pushotp_pin::{Locks, Stored};
///
/// assert!(matches!(Stored::decode(seal(&Locks::pin(&pin("271846"))).as_bytes())?, Stored::Sealed(_)));
/// assert!(matches!(Stored::decode(rotation().as_bytes())?, Stored::Rotating(_)));
/// # Ok::<(), pushotp_pin::BlobError>(())
/// ```
#[derive(Debug)]
pub enum Stored<M: Mode = Camouflage> {
    /// One blob.
    Sealed(Blob<M>),
    /// A rotation that waits for its confirmation: [arm](PendingRotation::arm) it again.
    Rotating(PendingRotation<M>),
}

impl Stored {
    /// The file's content, all of it camouflaged.
    ///
    /// ```
    /// # use pushotp_pin::{BlobError, Stored};
    /// assert_eq!(Stored::decode(b"neither").unwrap_err(), BlobError::Magic);
    /// ```
    ///
    /// # Errors
    /// [`BlobError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, BlobError> {
        Self::decode_as(bytes)
    }
}

impl<M: Mode> Stored<M> {
    /// As [`decode`](Stored::decode), for either mode.
    ///
    /// ```
    /// # use pushotp_pin::{BlobError, Stored, Verifiable};
    /// assert_eq!(Stored::<Verifiable>::decode_as(b"neither").unwrap_err(), BlobError::Magic);
    /// ```
    ///
    /// # Errors
    /// [`BlobError`].
    pub fn decode_as(bytes: &[u8]) -> Result<Self, BlobError> {
        match PendingRotation::decode_as(bytes) {
            Err(BlobError::Magic) => Blob::decode_as(bytes).map(Self::Sealed),
            rotating => rotating.map(Self::Rotating),
        }
    }
}
