//! The network between a server and PostgreSQL is cut between a commit and its reply: what is told then is true, or
//! nothing is.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use store_proof::{Answer, Fate, Place, Proxy, Racer, Round, What, World, rounds, time_of};

const PROGRAM: &str = env!("CARGO_BIN_EXE_store-proof");
const FATES: [Fate; 3] = [Fate::ReplyLost, Fate::Lost, Fate::Late];
/// How many others write before the server can look again: none, and fewer than the record has events.
const OTHERS: [usize; 2] = [0, 3];
const DECISIONS: [What; 3] = [What::Passcode, What::Frame(0), What::Redeem];

/// What is decided in a round before the one whose reply is lost.
fn before(what: What) -> &'static [What] {
    match what {
        What::Redeem => &[What::Frame(0)],
        _ => &[],
    }
}

/// What a server is told of its own write, by the fate of that.
fn expected(fate: Fate, others: usize, what: What, answer: &Answer) -> bool {
    let is_told = match what {
        What::Passcode => *answer == Answer::Accepted,
        What::Redeem => *answer == Answer::Granted,
        _ => matches!(answer, Answer::Reply(_)),
    };
    match (fate, others) {
        // Found by its attempt, or made again.
        (Fate::ReplyLost, _) | (_, 0) => is_told,
        // Somebody wrote, and there is no trace of it: nothing is said.
        _ => *answer == Answer::Unknown,
    }
}

#[test]
fn a_reply_that_is_lost() {
    let Some(place) = Place::postgres(PROGRAM) else { return };
    let proxy = Proxy::start(place.port());
    let mut cut_off =
        Racer::process(PROGRAM, &place.url().replace(&place.port().to_string(), &proxy.port().to_string()));
    let mut direct = place.racer();
    let mut world = World::new(&place.store(), "alice");
    let cases = || FATES.into_iter().flat_map(|fate| OTHERS.map(|others| (fate, others)));
    let cases: Vec<_> = cases().flat_map(|(fate, others)| DECISIONS.map(|what| (fate, others, what))).collect();
    // Each has all cases in it, and waits for a connection to be given up. Nothing is left to chance in them, so that one
    // more says little.
    let (rounds, mut unknown) = (rounds(40).div_ceil(30), 0);
    for number in 0..rounds * cases.len() as u64 {
        let (fate, others, what) = cases[usize::try_from(number).unwrap_or(0) % cases.len()];
        let now = time_of(number);
        let mut round = Round::begin((&mut world, now), &mut direct, |world, login| {
            vec![world.approval(0, login, now), world.denial(1, login, now)]
        });
        for what in before(what) {
            round.note(*what, direct.ask(now, &round.command(&world, *what)));
        }
        proxy.cut_at_next_write(fate);
        cut_off.send(now, &round.command(&world, what));
        proxy.wait_for_cut();
        world.write_events(others);
        proxy.heal();
        let answer = cut_off.hear().unwrap_or_else(|| panic!("the server died"));
        assert!(expected(fate, others, what, &answer), "{fate:?}, {others} others, {what:?}: {answer:?}");
        round.note(what, Some(answer));
        proxy.deliver();
        round.settle(&world, &mut direct);
        unknown += round.unknown();
        assert_eq!(round.violations(&world), Vec::<String>::new(), "{fate:?}, {others} others, {what:?}");
    }
    println!("{}: {} cuts, {unknown} unknown outcomes", place.name, rounds * cases.len() as u64);
}
