//! Servers are killed at any instant; what the others were told stays true, and nothing is granted twice.
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    thread,
    time::{Duration, Instant},
};

use pushotp::types::UnixTime;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;
use store_proof::{Command, Place, Promise, Racer, Round, What, World, rng, rounds, time_of};

const RACERS: usize = 4;
/// In each so manieth round the database server dies instead.
const CRASHES: u64 = 10;
const PROGRAM: &str = env!("CARGO_BIN_EXE_store-proof");

/// What each server is asked for, from its own place on: everything that can be decided once.
const SCRIPT: [What; 4] = [What::Passcode, What::Frame(0), What::Frame(1), What::Redeem];

#[derive(Debug, Default)]
struct Count {
    rounds: u64,
    kills: usize,
    crashes: u64,
    /// Commands whose server died first.
    unheard: usize,
    unknown: usize,
}

/// Plays rounds until something is wrong; what that is.
fn kill(place: &mut Place, rounds: u64) -> Vec<String> {
    let (mut rng, mut racers) = (rng(), place.racers(RACERS));
    let mut world = World::new(&place.store(), "alice");
    let (mut count, mut usual) = (Count::default(), Duration::from_millis(5));
    for number in 0..rounds {
        let now = time_of(number);
        let mut round = Round::begin((&mut world, now), &mut racers[0], |world, login| {
            vec![world.approval(0, login, now), world.denial(1, login, now)]
        });
        let begun = Instant::now();
        for (number, racer) in racers.iter_mut().enumerate() {
            for what in script(number) {
                racer.send(now, &round.command(&world, what));
            }
        }
        let is_crash = number % CRASHES == CRASHES - 1 && crash(place, usual, &mut rng);
        let killed = if is_crash { Vec::new() } else { kill_some(&mut racers, usual, &mut rng) };
        for (number, racer) in racers.iter_mut().enumerate() {
            for what in script(number) {
                let answer = racer.hear();
                count.unheard += usize::from(answer.is_none());
                round.note(what, answer);
            }
        }
        if is_crash {
            place.recover();
            revive(place, &mut racers, now, &round.command(&world, What::State));
            count.crashes += 1;
        } else {
            usual = (usual * 7 + begun.elapsed()) / 8;
        }
        count.kills += killed.len();
        for racer in killed {
            racers[racer] = place.racer();
        }
        round.settle(&world, &mut racers[0]);
        count.unknown += round.unknown();
        count.rounds += 1;
        let violations = round.violations(&world);
        if !violations.is_empty() {
            return violations;
        }
    }
    println!("{}: {count:?}", place.name);
    Vec::new()
}

fn script(racer: usize) -> impl Iterator<Item = What> {
    SCRIPT.into_iter().cycle().skip(racer).take(SCRIPT.len() + 1)
}

/// The database server itself, in the middle; `false` if there is none.
fn crash(place: &mut Place, usual: Duration, rng: &mut ChaCha20Rng) -> bool {
    sleep_within(usual, rng);
    place.crash()
}

/// Who was just starting when the database server died could not, and is started once more.
fn revive(place: &Place, racers: &mut [Racer], now: UnixTime, look: &Command) {
    for racer in racers {
        if racer.ask(now, look).is_none() {
            *racer = place.racer();
        }
    }
}

fn sleep_within(longest: Duration, rng: &mut ChaCha20Rng) {
    thread::sleep(longest.mul_f64(f64::from(rng.next_u32()) / f64::from(u32::MAX)));
}

/// One or two of them, at an instant between the first command and about the last answer.
fn kill_some(racers: &mut [Racer], usual: Duration, rng: &mut ChaCha20Rng) -> Vec<usize> {
    let first = rng.next_u32() as usize % racers.len();
    let second = rng.next_u32() as usize % racers.len();
    let killed = if first == second { vec![first] } else { vec![first, second] };
    for racer in &killed {
        sleep_within(usual / 2, rng);
        racers[*racer].kill();
    }
    killed
}

#[test]
fn sqlite() {
    assert_eq!(kill(&mut Place::file(PROGRAM), rounds(200)), Vec::<String>::new());
}

#[test]
fn postgres() {
    let Some(mut place) = Place::postgres(PROGRAM) else { return };
    assert_eq!(kill(&mut place, rounds(200)), Vec::<String>::new());
}

/// The negative control: a store that tells before it commits. Who dies in between has told what is not there.
#[test]
fn what_is_told_too_early_is_found() {
    for place in [Some(Place::file(PROGRAM)), Place::postgres(PROGRAM)].into_iter().flatten() {
        assert!(!kill(&mut place.broken(Promise::Commits), 1_000).is_empty());
    }
}
