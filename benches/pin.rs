//! What a PIN unlock costs its owner, and what a guess costs a thief.
//!
//! The owner: one unlock against Argon2id alone at the same cost, as the reference implementation in C does it, built
//! for this machine, and as others do it, on fresh memory each time. The thief: the quickest of all, on memory that he
//! keeps. CPU time throughout, so that it counts what the system does to hand out memory, and nothing that others do.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first thing that is wrong")]

mod argon2_peers;

use std::{
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use argon2_peers::{Libargon2, Libsodium, Work, fresh_memory};
use benches::{argon2id, argon2id_warm};
use criterion::{Criterion, criterion_group, criterion_main};
use pushotp_pin::{
    Arena, Blob, Cost, Generation, Header, MAX_ATTEMPTS, MemoryAttempts, Pin, Sealing, Settlement, SoftwareKey,
    UniformSecret,
};
use pushotp_types::{TokenId, UnixTime};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rustix::time::{ClockId, clock_gettime};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
/// Of an unlock's CPU time, in units of the reference's.
const BAR: f64 = 1.1;
/// How many turns each side gets; the median of them counts.
const TURNS: usize = 15;
const COSTS: [(u32, u32); 3] = [(19, 2), (46, 1), (64, 3)];

fn is_test() -> bool {
    std::env::args().any(|argument| argument == "--test")
}

/// CPU time of the process.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

/// A token on a device: all that an unlock reads.
struct Token {
    device: SoftwareKey,
    attempts: MemoryAttempts,
    blob: Blob,
    pin: Pin,
}

impl Token {
    fn new(cost: Cost) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (device, attempts) = (SoftwareKey::generate(&mut rng), MemoryAttempts::new());
        let secret = UniformSecret::generate(&mut rng, 32).unwrap();
        let pin = Pin::entered("271846").unwrap();
        let header = Header { token: TokenId::from_bytes([7; 16]), generation: Generation::FIRST };
        let sealing = Sealing { header, cost, device: &device, arena: &mut Arena::new(), rng: &mut rng };
        let blob = Blob::seal_pin(&secret, &pin, sealing).unwrap();
        blob.arm(&attempts, &device).unwrap();
        Self { device, attempts, blob, pin }
    }

    /// From the typed PIN to the settled attempt.
    fn unlock(&self, arena: &mut Arena) {
        let attempt = self.blob.begin(&self.attempts, &self.device, NOW).unwrap();
        let candidate = attempt.open(black_box(&self.pin), &self.device, arena).unwrap();
        black_box(candidate.settle(Settlement::Accepted, &self.attempts, &self.device, NOW).unwrap());
    }
}

/// One of those that do the work, and its CPU times in milliseconds.
struct Contender<'a> {
    name: &'static str,
    run: Box<dyn FnMut() + 'a>,
    times: Vec<f64>,
}

impl<'a> Contender<'a> {
    fn new(name: &'static str, run: impl FnMut() + 'a) -> Self {
        Self { name, run: Box::new(run), times: Vec::new() }
    }

    fn turn(&mut self) {
        let start = cpu_time();
        (self.run)();
        self.times.push(cpu_time().saturating_sub(start).as_secs_f64() * 1e3);
    }

    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// The libraries that are there.
struct Peers {
    libargon2: Option<Libargon2>,
    libsodium: Option<Libsodium>,
}

impl Peers {
    fn load() -> Self {
        let peers = Self { libargon2: Libargon2::load(), libsodium: Libsodium::load() };
        if peers.libargon2.is_none() {
            println!("skipped: libargon2 is not installed");
        }
        if peers.libsodium.is_none() {
            println!("skipped: libsodium is not installed");
        }
        peers
    }

    /// All compute the same: else their times say nothing.
    fn assert_same_tags(&self, work: Work<'_>) {
        let mut memory = vec![Block::new(); usize::try_from(work.memory_kib).unwrap()];
        let expected = crate_argon2(work, &mut memory);
        assert_ne!(expected, [0; 32]);
        assert_eq!(argon2id(work.password, work.salt, work.memory_kib, work.passes), expected, "reference");
        assert_eq!(argon2id_warm(work.password, work.salt, work.memory_kib, work.passes), expected, "reference, warm");
        if let Some(peer) = &self.libargon2 {
            assert_eq!(peer.argon2id(work), expected, "libargon2");
        }
        if let Some(peer) = &self.libsodium {
            assert_eq!(peer.argon2id(work), expected, "libsodium");
        }
    }

    /// On fresh memory at each call; the reference in front.
    fn owners<'a>(&'a self, work: Work<'a>) -> Vec<Contender<'a>> {
        let mut owners = vec![
            Contender::new("the reference in C, -march=native", move || {
                black_box(argon2id(black_box(work.password), work.salt, work.memory_kib, work.passes));
            }),
            Contender::new("crate argon2 with memory of its own, not wiped", move || {
                let mut out = [0; 32];
                argon2(work).hash_password_into(black_box(work.password), work.salt, &mut out).unwrap();
                black_box(out);
            }),
        ];
        if let Some(peer) = &self.libsodium {
            owners.push(Contender::new("libsodium", move || {
                black_box(peer.argon2id(black_box(work)));
            }));
        }
        if let Some(peer) = &self.libargon2 {
            owners.push(Contender::new("the distribution's libargon2, without SIMD, so slow", move || {
                black_box(peer.argon2id(black_box(work)));
            }));
        }
        owners
    }
}

/// On memory that is kept and not wiped: what a guess costs.
fn thieves(work: Work<'_>) -> Vec<Contender<'_>> {
    let mut memory = vec![Block::new(); usize::try_from(work.memory_kib).unwrap()];
    vec![
        Contender::new("the reference in C", move || {
            black_box(argon2id_warm(black_box(work.password), work.salt, work.memory_kib, work.passes));
        }),
        Contender::new("crate argon2", move || {
            black_box(crate_argon2(black_box(work), &mut memory));
        }),
    ]
}

fn argon2(work: Work<'_>) -> Argon2<'static> {
    let params = Params::new(work.memory_kib, work.passes, 1, Some(32)).unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn crate_argon2(work: Work<'_>, memory: &mut [Block]) -> [u8; 32] {
    let mut out = [0; 32];
    argon2(work).hash_password_into_with_memory(work.password, work.salt, &mut out, memory).unwrap();
    out
}

fn unlock(c: &mut Criterion) {
    fresh_memory();
    let peers = Peers::load();
    for (mib, passes) in COSTS {
        let memory_kib = mib * 1024;
        let work = Work { password: b"n:271846", salt: &[7; 16], memory_kib, passes };
        peers.assert_same_tags(work);
        // One pass is below the floor of what is sealed, so the cost comes as if it had been stored.
        let token = Token::new(Cost::danger_below_floor(memory_kib, passes, 1).unwrap());
        let name = format!("{mib} MiB, {passes} {}", if passes == 1 { "pass" } else { "passes" });
        c.bench_function(&format!("pin/unlock, {name}"), |b| b.iter(|| token.unlock(&mut Arena::new())));

        // On memory that nobody used before, as the others; and as a program does it that keeps its arena.
        let (mut arena, fresh) = (Arena::new(), || token.unlock(&mut Arena::new()));
        let mut ours = [Contender::new("fresh", fresh), Contender::new("kept", || token.unlock(&mut arena))];
        let (mut owners, mut thieves) = (peers.owners(work), thieves(work));
        for _ in 0..if is_test() { 1 } else { TURNS } {
            ours.iter_mut().chain(&mut owners).chain(&mut thieves).for_each(Contender::turn);
        }
        if is_test() {
            println!("ratio one PIN unlock, {name}: runs");
            continue;
        }
        let [fresh, kept] = ours.each_ref().map(Contender::median);
        report_owner(&name, fresh, &owners);
        println!("one PIN unlock, {name}, in an arena that is kept: {kept:.1} ms, {:.2} of the first", kept / fresh);
        report_thief(&name, fresh, &thieves);
    }
}

fn report_owner(name: &str, ours: f64, owners: &[Contender<'_>]) {
    for (place, owner) in owners.iter().enumerate() {
        let (theirs, ratio) = (owner.median(), ours / owner.median());
        let bar = match (place, ratio > BAR) {
            (0, true) => format!("bar {BAR:.2}, OVER"),
            (0, false) => format!("bar {BAR:.2}"),
            _ => "no bar".to_owned(),
        };
        let with = owner.name;
        println!(
            "ratio one PIN unlock, {name} / Argon2id of {with}: {ratio:.2} ({bar}; {ours:.1} ms against {theirs:.1})"
        );
    }
}

fn report_thief(name: &str, ours: f64, thieves: &[Contender<'_>]) {
    let best = thieves.iter().min_by(|one, other| one.median().total_cmp(&other.median())).unwrap();
    let (guess, with) = (best.median(), best.name);
    let rate = 1e3 / guess;
    println!(
        "thief, {name}: {rate:.1} guesses per second and core ({guess:.1} ms each on memory that is kept, {with})"
    );
    for (digits, pins) in [(4, 1e4), (6, 1e6)] {
        let (all, chance) = (span(pins * guess / 1e3), f64::from(MAX_ATTEMPTS) / pins * 100.0);
        println!("thief, {name}, {digits} digits, a blob that shows a wrong PIN: every PIN in {all} on one core");
        println!(
            "thief, {name}, {digits} digits, ours: {MAX_ATTEMPTS} guesses, at the server: {chance:.3} % of all PINs"
        );
    }
    let given = ours / guess;
    println!("thief, {name}: an unlock / a guess is {given:.2}, so {:.2} bits are given away", given.log2());
}

/// Seconds as somebody says them.
fn span(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// What an enrolment on this machine would choose, and how long an unlock then takes: by the processor's clock, since
/// that on the wall also counts what others do on a busy machine.
fn calibration(_: &mut Criterion) {
    fresh_memory();
    let Some(ram) = fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(total_memory) else {
        println!("skipped: no /proc/meminfo");
        return;
    };
    let start = Instant::now();
    let cost = Cost::calibrate(ram, cpu_time).unwrap();
    let (took, mib) = (start.elapsed().as_secs_f64(), cost.memory_kib() / 1024);
    let token = Token::new(cost);
    let mut unlock = Contender::new("ours", || token.unlock(&mut Arena::new()));
    let start = Instant::now();
    for _ in 0..3 {
        unlock.turn();
    }
    let (wall, time) = (start.elapsed().as_secs_f64() * 1e3 / 3.0, unlock.median());
    let (passes, off) = (cost.passes(), time / 2.5 - 100.0);
    println!("calibrated in {took:.1} s: {mib} MiB, {passes} passes");
    println!("an unlock at that cost: {time:.0} ms, {off:+.0} % of 250 ms (bar 20 %); {wall:.0} ms on the wall");
}

/// In bytes.
fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots().sample_size(10).measurement_time(Duration::from_secs(3));
    targets = unlock, calibration
}
criterion_main!(benches);
