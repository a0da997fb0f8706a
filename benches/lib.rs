//! Ratios: what an operation costs in units of what it cannot do without, both measured in turns in the same run.
//!
//! Criterion shows how an operation's own time moves; a ratio holds on any machine, so it is what a bar can be set for.

mod reference;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

pub use reference::{argon2id, argon2id_warm};

/// How many turns each side gets; the median of them counts.
const TURNS: usize = 301;
/// What one turn should take, in nanoseconds: long against the clock's resolution.
const TURN: f64 = 1_000_000.0;

/// Prints `ratio NAME: R (bar B)`, the time of `ours` divided by that of `base`; a bar of infinity is none.
///
/// Under `--test` each runs once and nothing is measured. A ratio over its bar is printed as such; it fails nothing,
/// for a time on a busy machine is no verdict.
pub fn ratio<A, B>(name: &str, bar: f64, ours: impl FnMut() -> A, base: impl FnMut() -> B) {
    ratio_of(TURNS, name, bar, ours, base);
}

/// The same with so many turns for each side: few, where one call takes a tenth of a second.
pub fn ratio_of<A, B>(turns: usize, name: &str, bar: f64, mut ours: impl FnMut() -> A, mut base: impl FnMut() -> B) {
    if std::env::args().any(|argument| argument == "--test") {
        black_box(ours());
        black_box(base());
        println!("ratio {name}: runs");
        return;
    }
    let (our_calls, base_calls) = (calls(&mut ours), calls(&mut base));
    let (mut our_times, mut base_times) = (Vec::with_capacity(turns), Vec::with_capacity(turns));
    for _ in 0..turns {
        our_times.push(time(our_calls, &mut ours));
        base_times.push(time(base_calls, &mut base));
    }
    let (ours, base) = (median(our_times), median(base_times));
    let bar = match bar {
        f64::INFINITY => "no bar".to_owned(),
        bar => format!("bar {bar:.2}{}", if ours / base > bar { ", OVER" } else { "" }),
    };
    println!("ratio {name}: {:.2} ({bar}; {ours:.0} ns against {base:.0} ns)", ours / base);
}

/// How many calls fill a turn; also warms up.
fn calls<T>(run: &mut impl FnMut() -> T) -> u32 {
    let mut calls = 1;
    loop {
        let nanoseconds = time(calls, run) * f64::from(calls);
        if nanoseconds >= TURN / 2.0 || calls >= 1 << 24 {
            return calls;
        }
        calls *= 2;
    }
}

/// Nanoseconds per call.
fn time<T>(calls: u32, run: &mut impl FnMut() -> T) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        // By reference: a result that is given away is copied, which is no part of the work.
        black_box(&run());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How many calls make a turn of a [`Contender`].
const CALLS: u32 = 1024;

/// One of several that do the same work.
pub struct Contender<'a> {
    /// Who does it, and in which form.
    pub name: &'static str,
    run: Box<dyn FnMut(u64) -> Duration + 'a>,
}

impl<'a> Contender<'a> {
    /// Someone whose work is one call of `work`.
    pub fn new<T>(name: &'static str, mut work: impl FnMut() -> T + 'a) -> Self {
        let run = move |calls| {
            let start = Instant::now();
            for _ in 0..calls {
                black_box(&work());
            }
            start.elapsed()
        };
        Self { name, run: Box::new(run) }
    }

    /// How long so many calls take.
    pub fn run(&mut self, calls: u64) -> Duration {
        (self.run)(calls)
    }
}

/// Prints `ratio WORK, NAME / FIRST: R` for each contender after the first, its time divided by that of the first.
///
/// All take turns. Under `--test` each runs once and nothing is measured.
pub fn ratios(work: &str, contenders: &mut [Contender<'_>]) {
    let test = std::env::args().any(|argument| argument == "--test");
    let (turns, calls) = if test { (1, 1) } else { (TURNS, CALLS) };
    let mut times = vec![Vec::with_capacity(turns); contenders.len()];
    for _ in 0..turns {
        for (times, contender) in times.iter_mut().zip(&mut *contenders) {
            times.push(contender.run(calls.into()).as_secs_f64() * 1e9 / f64::from(calls));
        }
    }
    let mut results = contenders.iter().map(|contender| contender.name).zip(times.into_iter().map(median));
    let Some((first, base)) = results.next() else { return };
    for (name, time) in results {
        let ratio = format!("{:.2} ({time:.0} ns against {base:.0} ns)", time / base);
        println!("ratio {work}, {name} / {first}: {}", if test { "runs" } else { &ratio });
    }
}
