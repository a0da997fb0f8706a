use zeroize::Zeroize;

use super::{compression::Compression, copy};

/// A hash in progress; erased when dropped.
pub(crate) struct Hash<C: Compression> {
    state: C::State,
    block: C::Block,
    filled: usize,
    total: u64,
}

impl<C: Compression> Hash<C> {
    pub(crate) const fn new() -> Self {
        Self { state: C::START, block: C::ZEROS, filled: 0, total: 0 }
    }

    /// Goes on from a state that has taken one whole block.
    pub(super) const fn after_block(state: C::State) -> Self {
        Self { state, block: C::ZEROS, filled: 0, total: C::BLOCK as u64 }
    }

    pub(crate) fn update(&mut self, mut input: &[u8]) {
        self.total = self.total.wrapping_add(input.len() as u64);
        while !input.is_empty() {
            let (_, free) = self.block.as_mut().split_at_mut(self.filled);
            let (now, later) = input.split_at(input.len().min(free.len()));
            copy(free, now);
            self.filled += now.len();
            if self.filled == C::BLOCK {
                C::compress(&mut self.state, &self.block);
                self.filled = 0;
            }
            input = later;
        }
    }

    /// The last state, whose words are the digest.
    pub(super) fn finish(mut self) -> C::State {
        let bits = self.total.wrapping_mul(8).to_be_bytes();
        let (_, free) = self.block.as_mut().split_at_mut(self.filled);
        free.fill(0);
        copy(free, &[0x80]);
        // The marker and the length, 8 bytes or 16, may need a block of their own.
        if C::BLOCK - self.filled <= C::BLOCK / 8 {
            C::compress(&mut self.state, &self.block);
            self.block = C::ZEROS;
        }
        copy(self.block.as_mut().split_at_mut(C::BLOCK - bits.len()).1, &bits);
        C::compress(&mut self.state, &self.block);
        self.state
    }

    /// Writes the digest to the front of `out`.
    pub(crate) fn finish_into(self, out: &mut [u8]) {
        let mut state = self.finish();
        C::digest(&state, out);
        state.as_mut().zeroize();
    }
}

impl<C: Compression> Drop for Hash<C> {
    fn drop(&mut self) {
        self.state.as_mut().zeroize();
        self.block.as_mut().zeroize();
    }
}
