//! HMAC over the bare compression functions: two midstates per key, two compressions per code.

mod compression;
mod hash;

use compression::Compression;
pub(crate) use compression::{Sha1, Sha256, Sha512};
pub(crate) use hash::Hash;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A MAC or a digest of up to 64 bytes: erased when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Mac {
    bytes: [u8; 64],
    len: usize,
}

impl Mac {
    fn of_state<C: Compression>(mut state: C::State) -> Self {
        let mut mac = Self { bytes: [0; 64], len: C::OUTPUT };
        C::digest(&state, &mut mac.bytes);
        state.as_mut().zeroize();
        mac
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.split_at(self.len).0
    }
}

/// What dynamic truncation looks at: the first 20 bytes of a MAC, as words, and its last byte.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) first: [u32; 5],
    pub(crate) last: u8,
}

/// A key after its first block on both sides: `H(K ^ ipad …` and `H(K ^ opad …`.
pub(crate) struct Midstates<C: Compression> {
    inner: C::State,
    outer: C::State,
}

impl<C: Compression> Midstates<C> {
    /// No key yet: to be [prepared](Self::prepare) in its place, for what is moved leaves a copy behind.
    pub(crate) const EMPTY: Self = Self { inner: C::START, outer: C::START };

    /// Takes the secret in; one that is longer than a block is hashed.
    ///
    /// The padded key stands in one buffer, which is erased: no copy of it is made.
    ///
    /// Source: RFC 2104 §2, §4.
    pub(crate) fn prepare(&mut self, secret: &[u8]) {
        let mut block = C::ZEROS;
        if secret.len() > C::BLOCK {
            let mut hash = Hash::<C>::new();
            hash.update(secret);
            hash.finish_into(block.as_mut());
        } else {
            copy(block.as_mut(), secret);
        }
        xor(block.as_mut(), 0x36);
        C::compress(&mut self.inner, &block);
        xor(block.as_mut(), 0x36 ^ 0x5c);
        C::compress(&mut self.outer, &block);
        block.as_mut().zeroize();
    }

    /// HMAC of the concatenated parts.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Mac {
        let mut inner = Hash::<C>::after_block(self.inner);
        for part in parts {
            inner.update(part);
        }
        let [outer] = self.finish([inner.finish()]);
        Mac::of_state::<C>(outer)
    }

    /// HMAC of eight bytes, for several messages: exactly two compressions each.
    ///
    /// All blocks of one side are written before the first is read: a processor waits where it has to read what it has
    /// only just written, in pieces of another size.
    pub(crate) fn mac8<const N: usize>(&self, messages: [u64; N]) -> [Ends; N] {
        let blocks = messages.map(|message| {
            let mut block = C::EIGHT;
            copy(block.as_mut(), &message.to_be_bytes());
            block
        });
        let mut inner = [self.inner; N];
        for (state, block) in inner.iter_mut().zip(&blocks) {
            C::compress(state, block);
        }
        self.finish(inner).map(|state| C::ends(&state))
    }

    /// The outer hashes of the digests of `inner`.
    fn finish<const N: usize>(&self, mut inner: [C::State; N]) -> [C::State; N] {
        let mut blocks = inner.map(|state| {
            let mut block = C::DIGEST;
            C::digest(&state, block.as_mut());
            block
        });
        let mut outer = [self.outer; N];
        for (state, block) in outer.iter_mut().zip(&mut blocks) {
            C::compress(state, block);
            // As slices, which are erased at once: an array is erased element by element.
            block.as_mut().zeroize();
        }
        for state in &mut inner {
            state.as_mut().zeroize();
        }
        outer
    }
}

impl<C: Compression> Drop for Midstates<C> {
    fn drop(&mut self) {
        self.inner.as_mut().zeroize();
        self.outer.as_mut().zeroize();
    }
}

impl<C: Compression> ZeroizeOnDrop for Midstates<C> {}

/// Writes `bytes` to the front of `place`.
fn copy(place: &mut [u8], bytes: &[u8]) {
    for (place, byte) in place.iter_mut().zip(bytes) {
        *place = *byte;
    }
}

fn xor(block: &mut [u8], pad: u8) {
    for byte in block {
        *byte ^= pad;
    }
}
