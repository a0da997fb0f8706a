#![expect(clippy::cast_possible_truncation, reason = "bytes and words are taken out of larger words")]

use zeroize::DefaultIsZeroes;

use super::{Ends, copy};

/// A compression function with what HMAC needs to know of it. Source: FIPS 180-4.
pub(crate) trait Compression {
    type Word: DefaultIsZeroes;
    type State: Copy + AsMut<[Self::Word]>;
    type Block: Copy + AsMut<[u8]>;

    const START: Self::State;
    const ZEROS: Self::Block;
    /// A whole block and eight bytes: the block that ends it, with zeros for the eight bytes.
    const EIGHT: Self::Block;
    /// A whole block and a digest: the block that ends it, with zeros for the digest.
    const DIGEST: Self::Block;
    /// The block's length in bytes.
    const BLOCK: usize;
    /// The digest's length in bytes.
    const OUTPUT: usize;

    fn compress(state: &mut Self::State, block: &Self::Block);
    /// Writes the digest to the front of `out`.
    fn digest(state: &Self::State, out: &mut [u8]);
    fn ends(state: &Self::State) -> Ends;
}

/// The end of a message whose last block has `len` bytes of it, after one whole block: a one bit, zeros, the length in bits.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which an index out of range stops")]
const fn last_block<const N: usize>(len: u16) -> [u8; N] {
    let mut block = [0; N];
    let [high, low] = ((N as u16 + len) * 8).to_be_bytes();
    (block[len as usize], block[N - 2], block[N - 1]) = (0x80, high, low);
    block
}

macro_rules! compression {
    ($name:ident, [$word:ty; $words:literal], $block:literal, $output:literal, $compress:path, $ends:expr, $start:expr) => {
        pub(crate) struct $name;

        impl Compression for $name {
            type Word = $word;
            type State = [$word; $words];
            type Block = [u8; $block];

            const START: Self::State = $start;
            const ZEROS: Self::Block = [0; $block];
            const EIGHT: Self::Block = last_block(8);
            const DIGEST: Self::Block = last_block($output);
            const BLOCK: usize = $block;
            const OUTPUT: usize = $output;

            fn compress(state: &mut Self::State, block: &Self::Block) {
                $compress(state, core::slice::from_ref(block));
            }

            fn digest(state: &Self::State, out: &mut [u8]) {
                copy(out, state.map(<$word>::to_be_bytes).as_flattened());
            }

            fn ends(state: &Self::State) -> Ends {
                let ends: fn(Self::State) -> Ends = $ends;
                ends(*state)
            }
        }
    };
}

compression!(
    Sha1,
    [u32; 5],
    64,
    20,
    sha1::block_api::compress,
    |first| Ends { first, last: first[4] as u8 },
    [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
);
compression!(
    Sha256,
    [u32; 8],
    64,
    32,
    sha2::block_api::compress256,
    |[a, b, c, d, e, _, _, h]| Ends { first: [a, b, c, d, e], last: h as u8 },
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19]
);
compression!(
    Sha512,
    [u64; 8],
    128,
    64,
    sha2::block_api::compress512,
    |[a, b, c, .., h]| Ends { first: [high(a), a as u32, high(b), b as u32, high(c)], last: h as u8 },
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

const fn high(word: u64) -> u32 {
    (word >> 32) as u32
}
