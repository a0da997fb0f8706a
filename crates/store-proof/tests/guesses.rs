//! Eight servers, and somebody who guesses at all of them: no more refusals are told than the limit.
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use store_proof::{Answer, Command, Place, Promise, World, rng, rounds, time_of};

use rand_core::Rng as _;

const RACERS: usize = 8;
const GUESSES: usize = 4;
/// The tenth failure in a row disables a token.
const LIMIT: usize = 10;
const PROGRAM: &str = env!("CARGO_BIN_EXE_store-proof");

/// Plays rounds, each with an account of its own, until something is wrong; what that is.
fn guess(place: &Place, rounds: u64, with_kills: bool) -> Vec<String> {
    let (store, mut racers, mut rng) = (place.store(), place.racers(RACERS), rng());
    let mut kills = 0;
    for number in 0..rounds {
        let mut world = World::new(&store, &format!("alice{number}"));
        let now = time_of(0);
        let code = world.code(now);
        for racer in &mut racers {
            for guess in 0..GUESSES {
                racer.send(now, &Command::Passcode(world.account.clone(), wrong(&code, guess)));
            }
        }
        let killed = with_kills.then(|| rng.next_u32() as usize % RACERS);
        if let Some(killed) = killed {
            racers[killed].kill();
            kills += 1;
        }
        let told: Vec<Answer> =
            racers.iter_mut().flat_map(|racer| (0..GUESSES).map_while(|_| racer.hear()).collect::<Vec<_>>()).collect();
        if let Some(killed) = killed {
            racers[killed] = place.racer();
        }
        let right = racers[0].ask(now, &Command::Passcode(world.account.clone(), code));
        let violations = violations(&told, usize::from(world.failures()), with_kills, right.as_ref());
        if !violations.is_empty() {
            return violations;
        }
    }
    println!("{}: {rounds} rounds of {RACERS} with {GUESSES} guesses each, {kills} kills", place.name);
    Vec::new()
}

/// None of three neighbours in time has it.
fn wrong(code: &str, guess: usize) -> String {
    let digits =
        code.bytes().map(|digit| char::from(b'0' + (digit - b'0' + 1 + u8::try_from(guess).unwrap_or(0)) % 10));
    digits.collect()
}

fn violations(told: &[Answer], stored: usize, with_kills: bool, right: Option<&Answer>) -> Vec<String> {
    let refused = told.iter().filter(|told| **told == Answer::Refused).count();
    let over = told.iter().any(|told| matches!(told, Answer::Accepted | Answer::Replayed));
    let mut found = Vec::new();
    if refused > LIMIT || stored > LIMIT || refused > stored || over {
        found.push(format!("{refused} refusals told, {stored} stored: {told:?}"));
    }
    // 32 guesses are enough for all ten, and where nobody dies each that was stored is told.
    if !with_kills && (refused != LIMIT || right != Some(&Answer::NoToken)) {
        found.push(format!("{refused} refusals told, then {right:?}"));
    }
    found
}

#[test]
fn memory() {
    assert_eq!(guess(&Place::memory(), rounds(100), false), Vec::<String>::new());
}

#[test]
fn sqlite() {
    assert_eq!(guess(&Place::file(PROGRAM), rounds(10), false), Vec::<String>::new());
    assert_eq!(guess(&Place::file(PROGRAM), rounds(10), true), Vec::<String>::new());
}

#[test]
fn postgres() {
    let Some(place) = Place::postgres(PROGRAM) else { return };
    assert_eq!(guess(&place, rounds(10), false), Vec::<String>::new());
    let Some(place) = Place::postgres(PROGRAM) else { return };
    assert_eq!(guess(&place, rounds(10), true), Vec::<String>::new());
}

/// The negative controls: where writes are lost, so are counts, and there is no end to guessing.
#[test]
fn uncounted_guesses_are_found() {
    for promise in [Promise::Versions, Promise::Commits] {
        assert!(!guess(&Place::memory().broken(promise), 500, false).is_empty(), "{promise:?}");
        assert!(!guess(&Place::file(PROGRAM).broken(promise), 500, false).is_empty(), "{promise:?}");
    }
}
