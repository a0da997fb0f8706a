use core::time::Duration;

use super::{Cost, MAX_PASSES, MAX_PRODUCT};
use crate::{Arena, ArenaError};

/// How long an unlock should take.
const TARGET: Duration = Duration::from_millis(250);
/// What is tried, in KiB, from the most that helps to the floor.
const MEMORIES: [u32; 4] = [64 * 1024, 46 * 1024, 32 * 1024, Cost::FLOOR.memory_kib];
/// An unlock takes at most this part of the machine's memory.
const SHARE: u64 = 16;
/// The quickest run of so many counts: what else the machine does only makes a run slower.
const RUNS: u32 = 3;

impl Cost {
    /// The cost whose unlock takes about 250 ms on this machine, for sealing: measured, so call it once, at enrolment.
    ///
    /// `ram` is the memory, in bytes, that the machine has or the process may use: the cost takes the most of 64, 46,
    /// 32 and 19 MiB that is no more than a sixteenth of it and that the allocator gives. Then it takes as many passes
    /// as come nearest to the time, on fresh memory as in a real unlock, but never fewer than the floor has, however
    /// slow the machine, and never more than the ceilings allow. `clock` yields the time since any fixed moment, on the
    /// wall or of the processor; one that stands still leads to the ceiling. It takes about two seconds.
    ///
    /// # Errors
    /// [`ArenaError`] if the allocator does not even give 19 MiB.
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// use pushotp_pin::Cost;
    ///
    /// let start = Instant::now();
    /// let cost = Cost::calibrate(8 << 30, || start.elapsed())?; // 8 GiB
    /// assert!(!cost.is_below_floor());
    /// # Ok::<(), pushotp_pin::ArenaError>(())
    /// ```
    pub fn calibrate(ram: u64, clock: impl FnMut() -> Duration) -> Result<Self, ArenaError> {
        calibrate(ram, &mut Machine(clock))
    }
}

/// What a calibration asks of a machine.
trait Bench {
    /// Whether the memory is there.
    fn fits(&mut self, cost: Cost) -> Result<(), ArenaError>;
    /// How long one unlock takes.
    fn run(&mut self, cost: Cost) -> Result<Duration, ArenaError>;
}

/// This one, by the caller's clock.
struct Machine<C>(C);

impl<C: FnMut() -> Duration> Bench for Machine<C> {
    fn fits(&mut self, cost: Cost) -> Result<(), ArenaError> {
        Arena::new().reserve(cost)
    }

    fn run(&mut self, cost: Cost) -> Result<Duration, ArenaError> {
        let start = (self.0)();
        Arena::new().argon2id(cost, b"n:000000", &[0; 16], &mut [0; 32])?;
        Ok((self.0)().saturating_sub(start))
    }
}

fn calibrate(ram: u64, bench: &mut dyn Bench) -> Result<Cost, ArenaError> {
    let mut cost = memory(ram, bench)?;
    let most = u32::try_from(MAX_PRODUCT / u64::from(cost.memory_kib)).unwrap_or(MAX_PASSES).min(MAX_PASSES);
    let mut time = quickest(cost, bench)?;
    while time < TARGET && cost.passes < most {
        // The first pass is the dearest, so this is at most what is wanted; where it is not, the next is measured.
        let wanted = (TARGET.as_nanos() * u128::from(cost.passes)).checked_div(time.as_nanos());
        let passes = wanted.and_then(|passes| u32::try_from(passes).ok()).unwrap_or(most);
        let next = Cost { passes: passes.clamp(cost.passes + 1, most), ..cost };
        let next_time = quickest(next, bench)?;
        if next_time.saturating_sub(TARGET) > TARGET.saturating_sub(time) {
            break;
        }
        (cost, time) = (next, next_time);
    }
    Ok(cost)
}

/// The most memory that may be taken and is there, with the fewest passes.
fn memory(ram: u64, bench: &mut dyn Bench) -> Result<Cost, ArenaError> {
    let most = ram / SHARE / 1024;
    let affordable = MEMORIES.into_iter().filter(|memory| u64::from(*memory) <= most);
    for memory_kib in affordable {
        let cost = Cost { memory_kib, ..Cost::FLOOR };
        if bench.fits(cost).is_ok() {
            return Ok(cost);
        }
    }
    bench.fits(Cost::FLOOR).map(|()| Cost::FLOOR)
}

fn quickest(cost: Cost, bench: &mut dyn Bench) -> Result<Duration, ArenaError> {
    let mut quickest = Duration::MAX;
    for _ in 0..RUNS {
        quickest = quickest.min(bench.run(cost)?);
    }
    Ok(quickest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine as a formula: time of the first touch of a MiB, time of a MiB-pass, memory, and noise.
    struct Fake {
        touch: Duration,
        pass: Duration,
        memory_kib: u32,
        noise: u32,
        runs: u32,
    }

    impl Fake {
        fn time(&self, cost: Cost) -> Duration {
            (self.touch + self.pass * cost.passes) * (cost.memory_kib / 1024)
        }
    }

    impl Bench for Fake {
        fn fits(&mut self, cost: Cost) -> Result<(), ArenaError> {
            if cost.memory_kib <= self.memory_kib { Ok(()) } else { Err(ArenaError) }
        }

        fn run(&mut self, cost: Cost) -> Result<Duration, ArenaError> {
            self.runs += 1;
            // The third run of three is undisturbed.
            let noise = if self.runs % RUNS == 0 { 0 } else { self.noise };
            self.fits(cost).map(|()| self.time(cost) * (1 + noise))
        }
    }

    const GIB: u64 = 1 << 30;
    /// About this machine: 64 MiB, 3 passes in 120 ms.
    const TYPICAL: Fake = Fake {
        touch: Duration::from_micros(300),
        pass: Duration::from_micros(525),
        memory_kib: u32::MAX,
        noise: 3,
        runs: 0,
    };

    fn typical(pass: u64) -> Fake {
        Fake { touch: Duration::from_micros(pass / 2), pass: Duration::from_micros(pass), ..TYPICAL }
    }

    #[test]
    fn a_typical_machine() {
        let cost = calibrate(8 * GIB, &mut { TYPICAL }).unwrap();
        assert_eq!(cost, Cost::new(64 * 1024, 7, 1).unwrap());
        // The negative control: had noise counted, there would be fewer passes.
        let mut disturbed = Fake { touch: TYPICAL.touch * 4, pass: TYPICAL.pass * 4, ..TYPICAL };
        assert!(calibrate(8 * GIB, &mut disturbed).unwrap().passes < cost.passes);
    }

    /// Where neither floor nor ceiling is reached, no number of passes is nearer to the time.
    #[test]
    fn nearest_to_the_time() {
        let mut met = 0;
        for pass in (1..6000).step_by(7) {
            let mut fake = typical(pass);
            let cost = calibrate(8 * GIB, &mut fake).unwrap();
            assert!((2..=16).contains(&cost.passes) && cost.lanes == 1 && cost.memory_kib == 64 * 1024);
            let miss = |passes| fake.time(Cost { passes, ..cost }).abs_diff(TARGET);
            for passes in 2..=16 {
                assert!(miss(cost.passes) <= miss(passes), "{pass}: {} or {passes}", cost.passes);
            }
            met += u32::from(miss(cost.passes) <= TARGET / 5);
        }
        assert!(met > 200, "within 20 %: {met}");
    }

    #[test]
    fn never_below_the_floor() {
        for pass in [10_000, 1_000_000, 1 << 32] {
            let cost = calibrate(8 * GIB, &mut typical(pass)).unwrap();
            assert_eq!((cost.memory_kib, cost.passes), (64 * 1024, Cost::FLOOR.passes), "{pass}");
            let cost = calibrate(0, &mut typical(pass)).unwrap();
            assert_eq!(cost, Cost::FLOOR, "{pass}");
        }
    }

    #[test]
    fn a_sixteenth_of_the_memory_if_it_is_there() {
        let mib = |mib: u64| mib << 20;
        for (ram, expected) in [
            (mib(1024), 64),
            (mib(1024) - 1, 46),
            (mib(736), 46),
            (mib(735), 32),
            (mib(512), 32),
            (mib(511), 19),
            (mib(304), 19),
            (mib(32), 19),
            (0, 19),
            (u64::MAX, 64),
        ] {
            let cost = calibrate(ram, &mut { TYPICAL }).unwrap();
            assert_eq!(cost.memory_kib, expected * 1024, "{ram}");
            assert!(!cost.is_below_floor());
        }
        for (there, expected) in [(64, Ok(64)), (63, Ok(46)), (45, Ok(32)), (31, Ok(19)), (18, Err(ArenaError))] {
            let mut fake = Fake { memory_kib: there * 1024, ..TYPICAL };
            let memory = calibrate(8 * GIB, &mut fake).map(|cost| cost.memory_kib / 1024);
            assert_eq!(memory, expected, "{there}");
        }
    }

    #[test]
    fn never_above_the_ceilings() {
        for pass in [0, 1] {
            let cost = calibrate(8 * GIB, &mut typical(pass)).unwrap();
            assert_eq!((cost.memory_kib, cost.passes), (64 * 1024, 16));
            assert!(Cost::new(cost.memory_kib, cost.passes, cost.lanes).is_ok());
        }
    }

    /// Fast ones in one step, slow ones at once: somebody waits for it.
    #[test]
    fn few_runs() {
        for (pass, runs) in [(0, 6), (525, 15), (3000, 3), (1 << 32, 3)] {
            let mut fake = typical(pass);
            calibrate(8 * GIB, &mut fake).unwrap();
            assert!(fake.runs <= runs, "{pass}: {}", fake.runs);
        }
    }

    /// Clocks that stand still or run backwards.
    #[test]
    fn broken_clocks() {
        let mut hours = 5_u64;
        let backwards = move || {
            hours = hours.saturating_sub(1);
            Duration::from_secs(3600 * hours)
        };
        let mut machine = Machine(backwards);
        assert_eq!(machine.run(Cost::danger_below_floor(8, 1, 1).unwrap()), Ok(Duration::ZERO));
    }
}
