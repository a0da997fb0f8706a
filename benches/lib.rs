//! Ratios: what an operation costs in units of what it cannot do without, both measured in turns in the same run.
//!
//! Criterion shows how an operation's own time moves; a ratio holds on any machine, so it is what a bar can be set for.

mod reference;

use std::{hint::black_box, time::Instant};

pub use reference::argon2id;

/// How many turns each side gets; the median of them counts.
const TURNS: usize = 301;
/// What one turn should take, in nanoseconds: long against the clock's resolution.
const TURN: f64 = 1_000_000.0;

/// Prints `ratio NAME: R (bar B)`, the time of `ours` divided by that of `base`.
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
    let over = if ours / base > bar { ", OVER" } else { "" };
    println!("ratio {name}: {:.2} (bar {bar:.2}{over}; {ours:.0} ns against {base:.0} ns)", ours / base);
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
        black_box(run());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
