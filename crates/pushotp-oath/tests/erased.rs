//! After a key is dropped nothing of it is left in this process: its memory is searched, the stack included.
//!
//! What is searched for never stands in memory as such outside the crate's own work: it is computed inverted.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    fs::{self, File},
    hint::black_box,
    os::unix::fs::FileExt,
    sync::mpsc,
    thread,
};

use pushotp_oath::{Counter, DataInput, Hotp, HotpVerdict, Key, LookAhead, OcraSuite, Question};
use pushotp_types::{Digits, HashAlgorithm, SecretRef};

/// Something to look for, kept inverted.
struct Needle(Vec<u8>);

impl Needle {
    fn new(inverted: impl IntoIterator<Item = u8>) -> Self {
        Self(inverted.into_iter().collect())
    }

    /// How often it stands in this process's writable memory.
    ///
    /// A block is read into a buffer that stands in that memory too, so the buffer is left out, and erased at the end: it
    /// held the inverse of this needle's inverse.
    fn hits(&self) -> usize {
        let (memory, maps) = (File::open("/proc/self/mem").unwrap(), fs::read_to_string("/proc/self/maps").unwrap());
        let (mut hits, mut block) = (0, vec![0; 1 << 16]);
        let own = block.as_ptr() as usize..block.as_ptr() as usize + block.len();
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
            let (from, to) = (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
            let mut at = from;
            while at < to {
                let len = block.len().min(usize::try_from(to - at).unwrap());
                if memory.read_exact_at(&mut block[..len], at).is_err() {
                    break;
                }
                block[..len].iter_mut().for_each(|byte| *byte = !*byte);
                let places = block[..len].windows(self.0.len()).enumerate().filter(|(_, window)| *window == self.0);
                hits += places.filter(|(i, _)| !own.contains(&(usize::try_from(at).unwrap() + i))).count();
                // Overlapping, so that nothing hides at an edge.
                at += (len.saturating_sub(self.0.len() - 1)).max(1) as u64;
                if len < block.len() {
                    break;
                }
            }
        }
        block.fill(0);
        black_box(&block);
        hits
    }
}

/// The byte of the secret at a place; never together with the others in memory.
fn secret_byte(place: usize) -> u8 {
    black_box(0x5b_u8).wrapping_mul(u8::try_from(place).unwrap().wrapping_mul(7).wrapping_add(3)) ^ 0xa6
}

const LEN: usize = 20;

fn padded(pad: u8) -> Needle {
    Needle::new((0..LEN).map(|place| !(secret_byte(place) ^ pad)))
}

/// The words of a midstate, as they lie in memory, inverted.
fn midstate(algorithm: HashAlgorithm, pad: u8) -> Needle {
    let mut block = [pad; 64];
    for (place, byte) in block.iter_mut().take(LEN).enumerate() {
        *byte ^= secret_byte(place);
    }
    let invert = |state: &mut [u32]| {
        let words = state.iter().flat_map(|word| (!word).to_ne_bytes()).collect();
        state.fill(0);
        black_box(state);
        Needle(words)
    };
    let needle = if algorithm == HashAlgorithm::Sha1 {
        let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
        sha1::block_api::compress(&mut state, std::slice::from_ref(&block));
        invert(&mut state)
    } else {
        let mut state =
            [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
        sha2::block_api::compress256(&mut state, std::slice::from_ref(&block));
        invert(&mut state)
    };
    block.fill(0);
    black_box(&block);
    needle
}

/// Makes a key, lets it be used, and drops it.
#[inline(never)]
fn with_key(algorithm: HashAlgorithm, used: impl FnOnce(&Key)) {
    let mut secret: Vec<u8> = (0..LEN).map(secret_byte).collect();
    {
        // It ends where it was made: what is moved, also into `drop`, leaves a copy where it was.
        let key = Key::new(algorithm, SecretRef::new(&secret).unwrap());
        used(black_box(&key));
    }
    secret.fill(0);
    black_box(&secret);
}

fn use_in_every_way(key: &Key) {
    let hotp = Hotp::new(Digits::SIX);
    assert_eq!(hotp.verify(key, "no code", Counter::new(0), LookAhead::new(9).unwrap()), HotpVerdict::Mismatch);
    black_box(hotp.generate(key, Counter::new(1)));
    let suite = OcraSuite::parse(&format!("OCRA-1:HOTP-{}-6:QN08", key.algorithm())).unwrap();
    black_box(suite.generate(key, &DataInput::new(Question::Numeric("12345678"))).unwrap());
}

/// Runs deep in the stack of a thread, where nothing is written over later, and looks while that thread still waits.
fn hits_after(run: impl FnOnce() + Send, needles: &[Needle]) -> Vec<usize> {
    #[inline(never)]
    #[expect(clippy::large_stack_arrays, reason = "that is the point")]
    fn deep(run: impl FnOnce()) {
        let room = black_box([0_u8; 1 << 18]);
        run();
        black_box(&room);
    }
    let (done, is_done) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            deep(run);
            done.send(()).unwrap();
            let _ = may_go_on.recv();
        });
        is_done.recv().unwrap();
        let hits = needles.iter().map(Needle::hits).collect();
        drop(go_on);
        hits
    })
}

/// The midstates on both sides, and the padded key on both.
fn needles(algorithm: HashAlgorithm) -> [Needle; 4] {
    [midstate(algorithm, 0x36), midstate(algorithm, 0x5c), padded(0x36), padded(0x5c)]
}

/// One test, for two in one process would find what the other has.
#[test]
fn nothing_is_left_of_a_key() {
    if cfg!(debug_assertions) {
        println!("skipped: without optimisation every step is copied; run it with --release, as CI does");
        return;
    }
    for algorithm in [HashAlgorithm::Sha1, HashAlgorithm::Sha256] {
        for used in [|_: &Key| {}, use_in_every_way] {
            let hits = hits_after(|| with_key(algorithm, used), &needles(algorithm));
            assert_eq!(hits, [0; 4], "{algorithm}: inner midstate, outer midstate, inner padded key, outer padded key");
        }
    }
    // The control: what a careless implementation would leave behind is found.
    let careless = || {
        let (mut blocks, mut states) = ([[0x36; 64], [0x5c; 64]], [[0_u32; 5]; 2]);
        for (block, state) in blocks.iter_mut().zip(&mut states) {
            for (place, byte) in block.iter_mut().take(LEN).enumerate() {
                *byte ^= secret_byte(place);
            }
            *state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
            sha1::block_api::compress(state, std::slice::from_ref(block));
        }
        black_box((&blocks, &states));
    };
    let hits = hits_after(careless, &needles(HashAlgorithm::Sha1));
    assert!(hits.iter().all(|hits| *hits > 0), "{hits:?}");
}
