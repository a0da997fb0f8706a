//! Server to device: a `COSE_Encrypt0` as a fixed template.

use alloc::vec::Vec;

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit, Nonce,
    aead::{Aead, Payload as Sealed},
};
use pushotp_types::TenantId;
use rand_core::CryptoRng;

use crate::{
    Error,
    cursor::{Cursor, external_aad, is_padded, put_bytes},
    keys::ChannelKeys,
    message::Payload,
    terms::{Kid, Typ},
};

/// The longest message of the protocol, in bytes; checked before anything else.
///
/// ```
/// use pushotp_wire::{Envelope, Error, envelope::MAX_LEN};
///
/// assert_eq!(Envelope::parse(&[0; MAX_LEN + 1]).unwrap_err(), Error::TooLarge);
/// ```
pub const MAX_LEN: usize = 4096;
/// The shortest envelope, in bytes.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::{envelope::MIN_LEN, message::Cancel, terms::{CancelReason, ChallengeId}};
///
/// let cancel = Cancel::new(ChallengeId::from_bytes([1; 16]), CancelReason::PageClosed, at(NOW));
/// assert_eq!(World::new().seal(&cancel.encode()?).len(), MIN_LEN); // one block
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
pub const MIN_LEN: usize = 119;
/// The longest plaintext, in blocks of 64 bytes.
const MAX_BLOCKS: usize = 63;

/// An envelope that has the right form; nothing of it is authentic before it is opened.
///
/// Parsing compares constants and slices four fields: no allocation, no recursion.
///
/// Source: RFC 9052 §5.2, RFC 9053 §4.3, RFC 9596.
///
/// ```
/// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
/// # use world::*;
/// use pushotp_wire::{Envelope, terms::Typ};
///
/// let mut world = World::new(); // both ends of one channel
/// let bytes = world.seal(&payload(parts()));
/// let envelope = Envelope::parse(&bytes)?;
/// assert_eq!((envelope.typ(), envelope.kid()), (Typ::Challenge, world.device.keys().s2d_kid()));
/// assert_eq!(envelope.open(world.device.keys(), &tenant())?, payload(parts()));
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    protected: &'a [u8; 32],
    kid: Kid,
    iv: [u8; 12],
    typ: Typ,
    ciphertext: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Reads the template.
    ///
    /// # Errors
    /// [`Error`] for any other byte string, [`Error::Direction`] for a message that only devices send.
    ///
    /// ```
    /// use pushotp_wire::{Envelope, Error};
    ///
    /// assert_eq!(Envelope::parse(&[0xd0]).unwrap_err(), Error::Truncated);
    /// assert_eq!(Envelope::parse(&[0x81; 4096]).unwrap_err(), Error::Shape);
    /// assert_eq!(Envelope::parse(&[0; 4097]).unwrap_err(), Error::TooLarge);
    /// ```
    pub fn parse(input: &'a [u8]) -> Result<Self, Error> {
        if input.len() > MAX_LEN {
            return Err(Error::TooLarge);
        }
        let mut cursor = Cursor::new(input);
        cursor.expect((6, 16))?;
        cursor.expect((4, 3))?;
        let protected = cursor.array::<32>(Error::Header)?;
        let (kid, iv, typ) = header(protected)?;
        cursor.expect((5, 0))?;
        let ciphertext = cursor.bytes()?;
        cursor.end()?;
        if !is_padded(ciphertext, MAX_BLOCKS) {
            return Err(Error::Shape);
        }
        Ok(Self { protected, kid, iv, typ, ciphertext })
    }

    /// Whose key seals it.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::Envelope;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let bytes = world.seal(&payload(parts()));
    /// assert_eq!(Envelope::parse(&bytes)?.kid(), world.device.keys().s2d_kid());
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn kid(&self) -> Kid {
        self.kid
    }

    /// The kind of message, authenticated by the seal.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::{Envelope, terms::Typ};
    ///
    /// let bytes = World::new().seal(&payload(parts()));
    /// assert_eq!(Envelope::parse(&bytes)?.typ(), Typ::Challenge);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn typ(&self) -> Typ {
        self.typ
    }

    /// The nonce, 12 bytes.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::Envelope;
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let (once, again) = (world.seal(&payload(parts())), world.seal(&payload(parts())));
    /// assert_ne!(Envelope::parse(&once)?.iv(), Envelope::parse(&again)?.iv()); // fresh for every sealing
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn iv(&self) -> &[u8; 12] {
        &self.iv
    }

    /// The ciphertext with its tag.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_wire::Envelope;
    ///
    /// let bytes = World::new().seal(&payload(parts()));
    /// assert_eq!(Envelope::parse(&bytes)?.ciphertext().len() % 64, 16); // whole blocks, and the tag
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    #[must_use]
    pub const fn ciphertext(&self) -> &'a [u8] {
        self.ciphertext
    }

    /// Opens the seal.
    ///
    /// # Errors
    /// [`Error::UnknownKid`] if it names another key, [`Error::BadSeal`] if it was not sealed with this one, for this
    /// tenant: which of its bytes is wrong is not said.
    ///
    /// ```
    /// # mod world { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/device/fixture.rs")); }
    /// # use world::*;
    /// use pushotp_types::TenantId;
    /// use pushotp_wire::{Envelope, Error};
    ///
    /// let mut world = World::new(); // both ends of one channel
    /// let bytes = world.seal(&payload(parts()));
    /// let (envelope, keys) = (Envelope::parse(&bytes)?, world.device.keys());
    /// assert_eq!(envelope.open(keys, &tenant())?, payload(parts()));
    /// let other = TenantId::new(b"example.org").unwrap();
    /// assert_eq!(envelope.open(keys, &other).unwrap_err(), Error::BadSeal);
    /// # Ok::<(), pushotp_wire::Error>(())
    /// ```
    pub fn open(&self, keys: &ChannelKeys, tenant: &TenantId) -> Result<Payload, Error> {
        if self.kid != keys.s2d_kid() {
            return Err(Error::UnknownKid);
        }
        let aad = aad(self.protected, tenant);
        let cipher = ChaCha20Poly1305::new(keys.s2d_key().into());
        let plain = cipher
            .decrypt(&Nonce::from(self.iv), Sealed { msg: self.ciphertext, aad: &aad })
            .map_err(|_| Error::BadSeal)?;
        Ok(Payload::new(self.typ, plain))
    }
}

/// Seals a payload for the device that holds the keys; every sealing is another byte string.
///
/// A message that is sent again is sent as the same bytes, never sealed again.
///
/// # Errors
/// [`Error::TooLarge`] for a payload of more than 63 blocks.
///
/// ```
/// # use pushotp_types::{TenantId, UnixTime};
/// # use pushotp_wire::{Envelope, envelope, keys::ChannelKeys, message::Cancel, terms::*};
/// # use rand_core::SeedableRng;
/// # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
/// # let now = UnixTime::from_secs(1_800_000_000);
/// # let keys = ChannelKeys::from_exposed(&[7; 80])?;
/// # let tenant = TenantId::new(b"example.com").unwrap();
/// let payload = Cancel::new(ChallengeId::from_bytes([1; 16]), CancelReason::PageClosed, now).encode()?;
/// let bytes = envelope::seal(&payload, &keys, &tenant, &mut rng)?;
/// assert_eq!(bytes.len(), 119);
/// assert_eq!(Envelope::parse(&bytes)?.open(&keys, &tenant)?, payload);
/// # Ok::<(), pushotp_wire::Error>(())
/// ```
pub fn seal<R: CryptoRng + ?Sized>(
    payload: &Payload,
    keys: &ChannelKeys,
    tenant: &TenantId,
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    let plain = payload.as_bytes();
    if plain.len() > MAX_BLOCKS * 64 {
        return Err(Error::TooLarge);
    }
    let mut iv = [0; 12];
    rng.fill_bytes(&mut iv);
    let protected = protected(keys.s2d_kid(), &iv, payload.typ());
    let cipher = ChaCha20Poly1305::new(keys.s2d_key().into());
    let ciphertext = cipher
        .encrypt(&Nonce::from(iv), Sealed { msg: plain, aad: &aad(&protected, tenant) })
        .map_err(|_| Error::TooLarge)?;
    let mut out = Vec::with_capacity(40 + ciphertext.len());
    out.extend_from_slice(&[0xd0, 0x83]);
    put_bytes(&mut out, &protected);
    out.push(0xa0);
    put_bytes(&mut out, &ciphertext);
    Ok(out)
}

/// `{1: 24, 4: kid, 5: iv, 16: typ}`.
fn protected(kid: Kid, iv: &[u8; 12], typ: Typ) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    out.extend_from_slice(&[0xa4, 0x01, 0x18, 24, 0x04]);
    put_bytes(&mut out, kid.as_bytes());
    out.push(0x05);
    put_bytes(&mut out, iv);
    let [high, low] = typ.code().to_be_bytes();
    out.extend_from_slice(&[0x10, 0x19, high, low]);
    out
}

fn header(protected: &[u8; 32]) -> Result<(Kid, [u8; 12], Typ), Error> {
    let [0xa4, 0x01, 0x18, 24, 0x04, 0x48, rest @ ..] = protected else { return Err(Error::Header) };
    let (kid, rest) = rest.split_first_chunk::<8>().ok_or(Error::Header)?;
    let [0x05, 0x4c, rest @ ..] = rest else { return Err(Error::Header) };
    let (iv, rest) = rest.split_first_chunk::<12>().ok_or(Error::Header)?;
    let [0x10, 0x19, high, low] = rest else { return Err(Error::Header) };
    let typ = Typ::from_code(u16::from_be_bytes([*high, *low])).map_err(|_| Error::Header)?;
    if typ.is_from_device() { Err(Error::Direction) } else { Ok((Kid::from_bytes(*kid), *iv, typ)) }
}

/// `["Encrypt0", protected, external_aad]`.
fn aad(protected: &[u8], tenant: &TenantId) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    out.extend_from_slice(b"\x83\x68Encrypt0");
    put_bytes(&mut out, protected);
    put_bytes(&mut out, &external_aad(tenant));
    out
}
