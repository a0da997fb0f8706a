//! A PIN: reading its digits, and unlocking with a right and a wrong one.

use std::hint::black_box;

use ctcheck::{classify, declassify, errors};
use pushotp_pin::{
    Arena, Assurance, Blob, Cost, DeviceError, DeviceKey, Generation, Header, Locks, MemoryAttempts, Permit, Pin,
    Sealing, SoftwareKey, UniformSecret, Verifiable,
};
use pushotp_types::{TokenId, UnixTime};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{CryptoRng, SeedableRng},
};
use zeroize::Zeroizing;

use super::Report;

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
const RIGHT: &str = "271846";

pub(super) fn check(report: &mut Report) {
    digits(report);
    unlocking(report);
    verifying(report);
}

/// Which digits they are is secret: the low four bits of each, as far as memcheck looks at single bits. That they are
/// digits is not, nor how many.
fn digits(report: &mut Report) {
    for typed in ["271846", "0000", "9999999999999999"] {
        let mut text = black_box(typed.as_bytes().to_vec());
        for byte in &mut text {
            let value = black_box(*byte & 15);
            classify(&value);
            // Read again: a copy that is still in a register is not marked.
            *byte = b'0' | (*black_box(&value) & 15);
        }
        // The check that it is UTF-8 looks at the high bits, which are known.
        let text = str::from_utf8(&text).unwrap();
        // The verdict is one branch, however many digits there are.
        report.check(
            "reading a PIN, beyond the verdict",
            false,
            errors(|| Pin::entered(text).is_ok()).saturating_sub(1),
        );
        let search = |byte| b"0123456789".iter().position(|digit| black_box(*digit) == byte);
        let found = errors(|| text.bytes().filter_map(search).sum::<usize>());
        report.check("control: a search for each digit", true, found.saturating_sub(1));
    }
}

/// A key of the device, whose every answer is secret; so is what Argon2id made of the PIN, which is the end of what it
/// is asked. What Argon2id itself does depends on the PIN, as it must from the second half of its first pass on.
#[derive(Debug)]
struct Tainting(SoftwareKey);

/// Bytes of Argon2id's output, the last field of the question.
const S1: usize = 32;

impl DeviceKey for Tainting {
    fn id(&self) -> [u8; 16] {
        self.0.id()
    }

    fn assurance(&self) -> Assurance {
        self.0.assurance()
    }

    fn prf(&self, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, DeviceError> {
        let mut input = Zeroizing::new(black_box(input).to_vec());
        let public = input.len().saturating_sub(S1);
        classify(input.split_at_mut(public).1);
        let output = self.0.prf(black_box(&input))?;
        classify(output.as_slice());
        Ok(output)
    }

    fn mac(&self, message: &[u8]) -> Result<[u8; 32], DeviceError> {
        self.0.mac(message)
    }

    fn next_generation(&self, rng: &mut dyn CryptoRng) -> Result<Self, DeviceError> {
        self.0.next_generation(rng).map(Self)
    }

    fn erase(&mut self) -> Result<(), DeviceError> {
        self.0.erase()
    }
}

fn unlocking(report: &mut Report) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (device, mut arena) = (SoftwareKey::from_bytes([1; 16], &[7; 32]), Arena::new());
    let secret = UniformSecret::generate(&mut rng, 32).unwrap();
    let right = Pin::entered(RIGHT).unwrap();
    let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    let cost = Cost::danger_below_floor(8, 1, 1).unwrap();
    let sealing = Sealing { header, cost, device: &device, arena: &mut arena, rng: &mut rng };
    let blob = Blob::seal_pin(&secret, &right, sealing).unwrap();
    let tainting = Tainting(SoftwareKey::from_bytes([1; 16], &[7; 32]));

    for (name, pin) in [("right", RIGHT), ("wrong", "271847"), ("wrong", "000000")] {
        let (pin, store) = (Pin::entered(pin).unwrap(), MemoryAttempts::new());
        blob.arm(&store, &device).unwrap();
        let attempt = blob.begin(&store, &device, NOW).unwrap();
        let mut candidate = None;
        let found = errors(|| candidate = attempt.open(&pin, &tainting, &mut arena).ok());
        report.check(&format!("unlocking with a {name} PIN"), false, found);
        // The twin that knows a wrong PIN when it sees one, and where it goes wrong.
        let opened = candidate.unwrap();
        let found = errors(|| {
            let kept = black_box(secret.secret().expose());
            opened.secret().expose().iter().zip(kept).position(|(a, b)| black_box(*a) != *b)
        });
        report.check("control: a secret that is compared", true, found);
        declassify(opened.secret().expose());
    }
}

/// A key that answers as if hardware slowed guesses down; else a blob that tells a wrong PIN could not be sealed.
#[derive(Debug)]
struct Throttled<K>(K);

impl<K: DeviceKey> DeviceKey for Throttled<K> {
    fn id(&self) -> [u8; 16] {
        self.0.id()
    }

    fn assurance(&self) -> Assurance {
        Assurance::HardwareThrottled
    }

    fn prf(&self, input: &[u8]) -> Result<Zeroizing<[u8; 32]>, DeviceError> {
        self.0.prf(input)
    }

    fn mac(&self, message: &[u8]) -> Result<[u8; 32], DeviceError> {
        self.0.mac(message)
    }

    fn next_generation(&self, rng: &mut dyn CryptoRng) -> Result<Self, DeviceError> {
        self.0.next_generation(rng).map(Self)
    }

    fn erase(&mut self) -> Result<(), DeviceError> {
        self.0.erase()
    }
}

/// The suite that tells a wrong PIN: that it is wrong shows, as the verdict's branches. Where its tag differs does not, and
/// nothing of the secret.
fn verifying(report: &mut Report) {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let (device, mut arena) = (Throttled(SoftwareKey::from_bytes([1; 16], &[7; 32])), Arena::new());
    let secret = UniformSecret::generate(&mut rng, 32).unwrap();
    let right = Pin::entered(RIGHT).unwrap();
    let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
    let cost = Cost::danger_below_floor(8, 1, 1).unwrap();
    let sealing = Sealing { header, cost, device: &device, arena: &mut arena, rng: &mut rng };
    let locks = Locks::verifiable_pin(&right, Permit::from_device(&device).unwrap());
    let blob: Blob<Verifiable> = Blob::seal(&secret, &locks, sealing).unwrap();
    let tainting = Throttled(Tainting(SoftwareKey::from_bytes([1; 16], &[7; 32])));

    for (name, pin) in [("right", RIGHT), ("wrong", "271847"), ("wrong", "000000")] {
        let (pin, store) = (Pin::entered(pin).unwrap(), MemoryAttempts::new());
        blob.arm(&store, &device).unwrap();
        let attempt = blob.begin(&store, &device, NOW).unwrap();
        let mut verdict = None;
        let found = errors(|| verdict = Some(attempt.open(&pin, &tainting, &mut arena).is_ok()));
        // The verdict is one branch, whichever it is.
        report.check(&format!("verifying a {name} PIN, beyond the verdict"), false, found.saturating_sub(1));
        assert_eq!(verdict, Some(name == "right"));
    }
    // The twin, which stops where the tags differ: at the end.
    let (expected, mut tag) = (black_box([7_u8; 32]), black_box([7; 32]));
    tag[31] = black_box(8);
    classify(&expected);
    let found = errors(|| black_box(&expected).iter().zip(black_box(&tag)).position(|(a, b)| black_box(*a) != *b));
    report.check("control: a tag that is compared byte by byte", true, found.saturating_sub(1));
}
