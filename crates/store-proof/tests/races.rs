//! Eight servers, the same passcode and the same login, at once: one of each is accepted, and everybody is told so.
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use store_proof::{Place, Promise, Round, What, World, rounds, time_of};

const RACERS: usize = 8;
const PROGRAM: &str = env!("CARGO_BIN_EXE_store-proof");

/// What the devices answer to a login.
#[derive(Clone, Copy, Debug)]
enum Answers {
    /// One frame, which arrives eight times.
    SameApproval,
    /// Eight approvals, four of each device.
    Approvals,
    /// An approval of one device and a denial of the other.
    ApproveDeny,
}

/// Plays rounds until something is wrong; what that is.
fn race(place: &Place, rounds: u64, answers: impl Fn(u64) -> Answers) -> Vec<String> {
    let mut racers = place.racers(RACERS);
    let mut world = World::new(&place.store(), "alice");
    for number in 0..rounds {
        let (now, answers) = (time_of(number), answers(number));
        let mut round = Round::begin((&mut world, now), &mut racers[0], |world, login| match answers {
            Answers::SameApproval => vec![world.approval(0, login, now)],
            Answers::Approvals => (0..RACERS).map(|racer| world.approval(racer % 2, login, now)).collect(),
            Answers::ApproveDeny => vec![world.approval(0, login, now), world.denial(1, login, now)],
        });
        round.all_at_once(&world, &mut racers, |_| What::Passcode);
        round.all_at_once(&world, &mut racers, |racer| match answers {
            Answers::SameApproval => What::Frame(0),
            Answers::Approvals => What::Frame(racer),
            Answers::ApproveDeny => What::Frame(racer % 2),
        });
        round.all_at_once(&world, &mut racers, |_| What::State);
        round.all_at_once(&world, &mut racers, |_| What::Redeem);
        round.settle(&world, &mut racers[RACERS - 1]);
        let violations = round.violations(&world);
        if !violations.is_empty() {
            return violations;
        }
    }
    println!("{}: {rounds} rounds of {RACERS}", place.name);
    Vec::new()
}

/// Each kind of answer in so many rounds.
fn each(place: &Place, usual: u64) {
    let violations = race(place, 3 * rounds(usual), |round| match round % 3 {
        0 => Answers::SameApproval,
        1 => Answers::Approvals,
        _ => Answers::ApproveDeny,
    });
    assert_eq!(violations, Vec::<String>::new());
}

#[test]
fn memory() {
    each(&Place::memory(), 500);
}

#[test]
fn sqlite() {
    each(&Place::file(PROGRAM), 170);
}

#[test]
fn postgres() {
    let Some(place) = Place::postgres(PROGRAM) else { return };
    each(&place, 100);
}

/// The negative control: where the last write wins, so do many.
#[test]
fn blind_writes_are_found() {
    for place in [Some(Place::memory()), Some(Place::file(PROGRAM)), Place::postgres(PROGRAM)].into_iter().flatten() {
        let violations = race(&place.broken(Promise::Versions), 500, |_| Answers::SameApproval);
        assert!(!violations.is_empty());
    }
}
