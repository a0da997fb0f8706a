//! What this crate takes, an independent strict decoder takes as well: over well-formed items written in every possible
//! way, over mutated ones and over noise.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use cbor_core::Value;
use pushotp_cbor::{ByteArray, ByteBuf, decode, encode};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use serde::{Serialize, de::DeserializeOwned};

type Fields = (u8, ByteArray<4>, String, (u64, u16), BTreeMap<u8, ByteBuf>, Vec<u32>);

const ROUNDS: u32 = 60_000;

/// How the readers judged all inputs.
#[derive(Debug, Default)]
struct Tally {
    strict: u32,
    independent: u32,
    /// Plain ciborium alone.
    lenient_alone: u32,
}

impl Tally {
    /// One input as one type. The law stands here.
    #[expect(clippy::disallowed_methods, reason = "the control: what this crate protects from")]
    fn judge<T: DeserializeOwned + Serialize>(&mut self, input: &[u8]) {
        let strict = decode::<T>(input).is_ok();
        let independent = Value::decode(input).is_ok_and(|value| value.encode() == input);
        let lenient = ciborium::de::from_reader::<T, _>(input).is_ok();
        assert!(independent || !strict, "taken here, refused by an independent decoder: {input:02x?}");
        assert!(lenient || !strict, "taken here, refused by ciborium: {input:02x?}");
        self.strict += u32::from(strict);
        self.independent += u32::from(independent);
        self.lenient_alone += u32::from(lenient && !strict && !independent);
    }

    fn judge_as_all(&mut self, input: &[u8]) {
        self.judge::<Fields>(input);
        self.judge::<u64>(input);
        self.judge::<String>(input);
        self.judge::<ByteBuf>(input);
        self.judge::<Vec<Vec<u64>>>(input);
        self.judge::<BTreeMap<u8, String>>(input);
        self.judge::<(ByteBuf, (u8, String))>(input);
    }
}

/// A writer of CBOR that takes a wrong turn now and then.
struct Writer {
    rng: ChaCha20Rng,
    out: Vec<u8>,
    /// One wrong turn in so many.
    odds: u32,
}

impl Writer {
    fn below(&mut self, limit: u32) -> u32 {
        self.rng.next_u32() % limit
    }

    fn errs(&mut self) -> bool {
        self.odds > 0 && self.below(self.odds) == 0
    }

    /// A head; by mistake one that is longer than it need be.
    fn head(&mut self, major: u8, argument: u64) {
        let shortest = match argument {
            0..24 => 0,
            24..0x100 => 1,
            0x100..0x1_0000 => 2,
            0x1_0000..0x1_0000_0000 => 3,
            _ => 4,
        };
        let size = if self.errs() { shortest.max(self.below(5)) } else { shortest };
        let bytes = argument.to_be_bytes();
        if size == 0 {
            self.out.push(major << 5 | bytes[7]);
        } else {
            self.out.push(major << 5 | (23 + u8::try_from(size).unwrap()));
            self.out.extend_from_slice(&bytes[8 - (1 << (size - 1))..]);
        }
    }

    /// A byte or text string; by mistake in chunks.
    fn string(&mut self, major: u8, bytes: &[u8]) {
        if self.errs() {
            self.out.push(major << 5 | 31);
            self.head(major, bytes.len() as u64);
            self.out.extend_from_slice(bytes);
            self.out.push(0xff);
        } else {
            self.head(major, bytes.len() as u64);
            self.out.extend_from_slice(bytes);
        }
    }

    fn uint(&mut self) {
        let bits = self.below(64);
        let value = self.rng.next_u64() >> bits;
        if self.errs() {
            let tag = u8::try_from(self.below(4)).unwrap();
            self.out.push(0xc0 | tag);
        }
        self.head(0, value);
    }

    fn bytes(&mut self) {
        let mut bytes = vec![0; self.below(6) as usize];
        self.rng.fill_bytes(&mut bytes);
        self.string(2, &bytes);
    }

    fn text(&mut self) {
        let word = ["", "a", "é", "日本", "two words"][self.below(5) as usize];
        self.string(3, word.as_bytes());
    }

    /// The head of an array or a map; by mistake without a length. Says whether it must be closed.
    fn open(&mut self, major: u8, len: u64) -> bool {
        let indefinite = self.errs();
        if indefinite {
            self.out.push(major << 5 | 31);
        } else {
            self.head(major, len);
        }
        indefinite
    }

    fn close(&mut self, indefinite: bool) {
        if indefinite {
            self.out.push(0xff);
        }
    }

    /// Keys ascend; by mistake one comes twice or too early.
    fn map(&mut self) {
        let keys: Vec<u64> = (0..u64::from(self.below(4))).map(|key| key * 10 + 1).collect();
        let indefinite = self.open(5, keys.len() as u64);
        for key in keys {
            let key = if self.errs() { key.saturating_sub(10) } else { key };
            self.head(0, key);
            self.bytes();
        }
        self.close(indefinite);
    }

    /// A value of [`Fields`], as well as it goes.
    fn fields(&mut self) {
        let outer = self.open(4, 6);
        let small = u64::from(self.below(256));
        self.head(0, small);
        self.string(2, &[1, 2, 3, 4]);
        self.text();
        let pair = self.open(4, 2);
        self.uint();
        self.head(0, small << 8);
        self.close(pair);
        self.map();
        let list = self.open(4, 2);
        self.head(0, small);
        self.head(0, 1 << 20);
        self.close(list);
        self.close(outer);
    }

    fn any(&mut self, depth: u32) {
        match self.below(if depth == 0 { 4 } else { 6 }) {
            0 => self.uint(),
            1 => self.bytes(),
            2 => self.text(),
            3 => self.map(),
            _ => {
                let len = self.below(4);
                let indefinite = self.open(4, len.into());
                for _ in 0..len {
                    self.any(depth - 1);
                }
                self.close(indefinite);
            }
        }
    }

    /// A byte changed, added, removed, or the end cut off.
    fn mutate(&mut self) {
        let at = self.below(u32::try_from(self.out.len()).unwrap() + 1) as usize;
        let byte = self.rng.next_u32().to_le_bytes()[0];
        match self.below(4) {
            0 => self.out.truncate(at),
            1 => self.out.insert(at, byte),
            2 if at < self.out.len() => drop(self.out.remove(at)),
            _ => drop(self.out.get_mut(at).map(|old| *old = byte)),
        }
    }
}

fn inputs() -> impl Iterator<Item = Vec<u8>> {
    let mut writer = Writer { rng: ChaCha20Rng::seed_from_u64(8949), out: Vec::new(), odds: 0 };
    (0..ROUNDS).map(move |round| {
        writer.out.clear();
        writer.odds = [0, 4, 12, 40][round as usize % 4];
        match round % 5 {
            0 | 1 => writer.fields(),
            2 | 3 => writer.any(3),
            _ => {
                writer.out = vec![0; writer.below(40) as usize];
                let Writer { rng, out, .. } = &mut writer;
                rng.fill_bytes(out);
            }
        }
        for _ in 0..writer.below(3) {
            writer.mutate();
        }
        writer.out.clone()
    })
}

#[test]
fn what_is_taken_here_is_taken_by_an_independent_decoder() {
    let mut tally = Tally::default();
    for input in inputs() {
        tally.judge_as_all(&input);
    }
    // Each reader takes some, and leniency shows: the law is about something.
    assert!(tally.strict > 5_000 && tally.independent > tally.strict && tally.lenient_alone > 5_000, "{tally:?}");
}

/// The negative control: in the place of this crate, plain ciborium breaks the law, with each of these.
#[test]
#[expect(clippy::disallowed_methods, reason = "what this crate protects from")]
fn plain_ciborium_takes_what_neither_does() {
    let variants: [(&str, &[u8]); 6] = [
        ("a longer head", b"\x82\x18\x01\x02"),
        ("an indefinite array", b"\x9f\x01\x02\xff"),
        ("a tag that is skipped", b"\xd8\x20\x82\x01\x02"),
        ("a bignum with a leading zero", b"\x82\xc2\x42\x00\x01\x02"),
        ("an integer in chunks", b"\x82\xc2\x5f\x41\x01\xff\x02"),
        ("something behind it", b"\x82\x01\x02\x00"),
    ];
    for (name, input) in variants {
        assert!(ciborium::de::from_reader::<(u64, u64), _>(input).is_ok(), "{name}: ciborium refuses");
        assert!(decode::<(u64, u64)>(input).is_err(), "{name}: taken here");
        // A tag is good CBOR; what it is put on is not for such a decoder to say.
        assert!(name == "a tag that is skipped" || Value::decode(input).is_err(), "{name}: taken by the other");
    }
    assert_eq!(encode(&(1_u64, 2_u64)).as_deref(), Ok(b"\x82\x01\x02".as_slice()));
}
