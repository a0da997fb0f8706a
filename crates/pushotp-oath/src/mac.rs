//! HMAC over the bare compression functions: two midstates per key, two compressions per code.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A compression function with what HMAC needs to know of it. Source: FIPS 180-4.
pub(crate) trait Compression {
    type State: Copy + Zeroize;
    type Block: Copy + AsMut<[u8]> + AsRef<[u8]> + Zeroize;

    const START: Self::State;
    const ZEROS: Self::Block;
    /// The block's length in bytes.
    const BLOCK: usize;
    /// The digest's length in bytes.
    const OUTPUT: usize;

    fn compress(state: &mut Self::State, block: &Self::Block);
    /// Writes the digest to the front of a block.
    fn digest(state: &Self::State, out: &mut [u8]);
}

/// A MAC of up to 64 bytes: erased when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Mac {
    bytes: [u8; 64],
    len: usize,
}

impl Mac {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.split_at(self.len).0
    }
}

/// A key after its first block on both sides: `H(K ^ ipad …` and `H(K ^ opad …`.
pub(crate) struct Midstates<C: Compression> {
    inner: C::State,
    outer: C::State,
}

impl<C: Compression> Midstates<C> {
    /// Hashes a secret that is longer than a block, as RFC 2104 says.
    pub(crate) fn new(secret: &[u8]) -> Self {
        let mut key = C::ZEROS;
        if secret.len() > C::BLOCK {
            let mut hash = Hasher::<C>::new(C::START, 0);
            hash.update(secret);
            hash.finish(key.as_mut());
        } else {
            for (place, byte) in key.as_mut().iter_mut().zip(secret) {
                *place = *byte;
            }
        }
        let midstates = Self { inner: padded::<C>(key, 0x36), outer: padded::<C>(key, 0x5c) };
        key.zeroize();
        midstates
    }

    /// HMAC of the concatenated parts.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Mac {
        let mut inner = Hasher::<C>::new(self.inner, C::BLOCK);
        for part in parts {
            inner.update(part);
        }
        let mut block = C::ZEROS;
        inner.finish(block.as_mut());
        self.finish_outer(block)
    }

    /// HMAC of eight bytes: exactly two compressions.
    pub(crate) fn mac8(&self, message: u64) -> Mac {
        let mut block = C::ZEROS;
        end(block.as_mut(), 8, C::BLOCK + 8);
        for (place, byte) in block.as_mut().iter_mut().zip(message.to_be_bytes()) {
            *place = byte;
        }
        let mut state = self.inner;
        C::compress(&mut state, &block);
        let mut digest = C::ZEROS;
        C::digest(&state, digest.as_mut());
        state.zeroize();
        self.finish_outer(digest)
    }

    /// The outer hash of a digest that stands at the front of a block.
    fn finish_outer(&self, mut block: C::Block) -> Mac {
        end(block.as_mut(), C::OUTPUT, C::BLOCK + C::OUTPUT);
        let mut state = self.outer;
        C::compress(&mut state, &block);
        let mut mac = Mac { bytes: [0; 64], len: C::OUTPUT };
        C::digest(&state, &mut mac.bytes);
        state.zeroize();
        block.zeroize();
        mac
    }
}

impl<C: Compression> Zeroize for Midstates<C> {
    fn zeroize(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

impl<C: Compression> Drop for Midstates<C> {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl<C: Compression> ZeroizeOnDrop for Midstates<C> {}

fn padded<C: Compression>(mut block: C::Block, pad: u8) -> C::State {
    for byte in block.as_mut() {
        *byte ^= pad;
    }
    let mut state = C::START;
    C::compress(&mut state, &block);
    block.zeroize();
    state
}

/// The end of a message of `total` bytes, `len` of which are in its last block: a one bit and the length in bits.
fn end(block: &mut [u8], len: usize, total: usize) {
    if let Some(marker) = block.get_mut(len) {
        *marker = 0x80;
    }
    let bits = (total as u64).wrapping_mul(8).to_be_bytes();
    for (place, byte) in block.iter_mut().rev().zip(bits.iter().rev()) {
        *place = *byte;
    }
}

/// A hash in progress, from any state at a block's edge.
struct Hasher<C: Compression> {
    state: C::State,
    block: C::Block,
    filled: usize,
    total: usize,
}

impl<C: Compression> Hasher<C> {
    const fn new(state: C::State, total: usize) -> Self {
        Self { state, block: C::ZEROS, filled: 0, total }
    }

    fn update(&mut self, mut input: &[u8]) {
        self.total = self.total.wrapping_add(input.len());
        while !input.is_empty() {
            let (_, free) = self.block.as_mut().split_at_mut(self.filled);
            let (now, later) = input.split_at(input.len().min(free.len()));
            for (place, byte) in free.iter_mut().zip(now) {
                *place = *byte;
            }
            self.filled += now.len();
            if self.filled == C::BLOCK {
                C::compress(&mut self.state, &self.block);
                self.filled = 0;
            }
            input = later;
        }
    }

    fn finish(mut self, out: &mut [u8]) {
        let (_, free) = self.block.as_mut().split_at_mut(self.filled);
        free.fill(0);
        // The marker and the length, 8 bytes or 16, may need a block of their own.
        if C::BLOCK - self.filled <= C::BLOCK / 8 {
            if let Some(marker) = free.first_mut() {
                *marker = 0x80;
            }
            C::compress(&mut self.state, &self.block);
            self.block = C::ZEROS;
            let bits = (self.total as u64).wrapping_mul(8).to_be_bytes();
            for (place, byte) in self.block.as_mut().iter_mut().rev().zip(bits.iter().rev()) {
                *place = *byte;
            }
        } else {
            end(self.block.as_mut(), self.filled, self.total);
        }
        C::compress(&mut self.state, &self.block);
        C::digest(&self.state, out);
        self.state.zeroize();
        self.block.zeroize();
    }
}

macro_rules! compression {
    ($name:ident, $word:ty, $words:literal, $block:literal, $output:literal, $compress:path, $start:expr) => {
        pub(crate) struct $name;

        impl Compression for $name {
            type State = [$word; $words];
            type Block = [u8; $block];

            const START: Self::State = $start;
            const ZEROS: Self::Block = [0; $block];
            const BLOCK: usize = $block;
            const OUTPUT: usize = $output;

            fn compress(state: &mut Self::State, block: &Self::Block) {
                $compress(state, core::slice::from_ref(block));
            }

            fn digest(state: &Self::State, out: &mut [u8]) {
                let bytes = state.map(<$word>::to_be_bytes);
                for (place, byte) in out.iter_mut().zip(bytes.as_flattened()) {
                    *place = *byte;
                }
            }
        }
    };
}

compression!(
    Sha1,
    u32,
    5,
    64,
    20,
    sha1::block_api::compress,
    [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
);
compression!(
    Sha256,
    u32,
    8,
    64,
    32,
    sha2::block_api::compress256,
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,]
);
compression!(
    Sha512,
    u64,
    8,
    128,
    64,
    sha2::block_api::compress512,
    [
        0x6a09_e667_f3bc_c908,
        0xbb67_ae85_84ca_a73b,
        0x3c6e_f372_fe94_f82b,
        0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1,
        0x9b05_688c_2b3e_6c1f,
        0x1f83_d9ab_fb41_bd6b,
        0x5be0_cd19_137e_2179,
    ]
);
