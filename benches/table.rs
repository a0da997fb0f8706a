//! A table of formats for the same content: bytes, and the time to build and to read, all in turns.

use benches::Contender;

const TURNS: usize = 101;
/// What one turn should take, in nanoseconds.
const TURN: f64 = 300_000.0;

/// One format: its size, and its two directions.
pub(crate) struct Row<'a> {
    pub(crate) bytes: usize,
    /// Its name is that of the row.
    pub(crate) build: Contender<'a>,
    pub(crate) read: Contender<'a>,
}

/// Prints the rows; under `--test` each side runs once and no time is told.
pub(crate) fn print(what: &str, rows: &mut [Row<'_>]) {
    let test = std::env::args().any(|argument| argument == "--test");
    let turns = if test { 1 } else { TURNS };
    let mut sides: Vec<_> = rows.iter_mut().flat_map(|row| [&mut row.build, &mut row.read]).collect();
    let calls: Vec<u64> = sides.iter_mut().map(|side| if test { 1 } else { calls(side) }).collect();
    let mut times = vec![Vec::with_capacity(turns); sides.len()];
    for _ in 0..turns {
        for ((side, calls), times) in sides.iter_mut().zip(&calls).zip(&mut times) {
            times.push(side.run(*calls).as_nanos() / u128::from(*calls));
        }
    }
    println!("{what:<40} {:>6} {:>10} {:>10}", "bytes", "build, ns", "read, ns");
    for (row, times) in rows.iter().zip(times.chunks_mut(2)) {
        let [build, read] = times else { continue };
        let (build, read) = if test { ("runs".into(), "runs".into()) } else { (median(build), median(read)) };
        println!("  {:<38} {:>6} {build:>10} {read:>10}", row.build.name, row.bytes);
    }
}

/// How many calls fill a turn.
fn calls(side: &mut Contender<'_>) -> u64 {
    side.run(16);
    let nanoseconds = side.run(16).as_secs_f64() * 1e9 / 16.0;
    (1..=12).map(|power| 1_u32 << power).find(|calls| f64::from(*calls) * nanoseconds > TURN).unwrap_or(1 << 12).into()
}

fn median(times: &mut [u128]) -> String {
    times.sort_unstable();
    times.get(times.len() / 2).map(u128::to_string).unwrap_or_default()
}
