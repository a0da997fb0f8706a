//! Why a login failed, as its page is told: it says what the answer lacked, to whoever reads it, and no more.

use pollster::block_on;
use pushotp::{
    DuressResponse, LoginFailure, LoginServer, LoginState, Outcome, ServerPolicy, Started,
    pin::Pin,
    store::{Cas, DynStore, Expect, Hint, Key},
    wire::terms::Status,
};

use crate::{
    duress::{FORCED, Twin, WRONG, twin},
    fixture::{NOW, PIN, World, later},
};

/// A login that these PINs end, with the number from its page or another one.
fn failed(world: &mut World, (pins, right_number): (&[&str], bool)) -> Started {
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    let other = if number == "000000" { "000001" } else { "000000" };
    let (number, mut next) = (if right_number { &*number } else { other }, Some(prompt));
    for pin in pins {
        match world.approve(next.take().unwrap(), (number, pin), NOW) {
            Outcome::TryAgain { prompt, .. } => next = Some(prompt),
            Outcome::Refused(Status::Refused) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(next.is_none(), "it is over");
    started
}

/// As long as the login is kept, and by any server; that a user was not verified is shown by
/// `presence_refused::the_server_refuses_it_where_the_policy_does`.
#[test]
fn a_page_is_told_what_was_wrong() {
    for (pins, right_number, why) in [
        (&[PIN][..], false, LoginFailure::WrongNumber),
        (&[WRONG], false, LoginFailure::WrongNumber),
        (&[WRONG, WRONG, WRONG], true, LoginFailure::TooManyPasscodes),
    ] {
        let mut world = World::new();
        let started = failed(&mut world, (pins, right_number));
        for now in [0, 121, 720].map(later) {
            assert_eq!(world.state(&started, now), LoginState::Failed(why), "{pins:?}");
        }
        world.server = world.server_on(world.store.clone());
        assert_eq!(world.state(&started, NOW), LoginState::Failed(why), "{pins:?}, after a restart");
    }
}

/// The last try may end it in another way than those before.
#[test]
fn the_last_answer_is_the_reason() {
    let mut world = World::new();
    let (prompt, started) = world.prompt(NOW);
    let (number, other) = (world.number(&started), "000001");
    assert_ne!(number, other);
    let Outcome::TryAgain { prompt, .. } = world.approve(prompt, (&number, WRONG), NOW) else { panic!() };
    assert!(matches!(world.state(&started, NOW), LoginState::Waiting { .. }), "two tries are left");
    world.approve(prompt, (other, WRONG), NOW);
    assert_eq!(world.state(&started, NOW), LoginState::Failed(LoginFailure::WrongNumber));
}

/// Whoever forces the user reads the page as well: under the duress PIN it says what it says of any wrong one, and when.
#[test]
fn a_page_does_not_tell_duress_from_a_wrong_pin() {
    let mut told = [Twin::Duress, Twin::Wrong].map(|other| {
        let mut world = twin(DuressResponse::SeemWrong, other);
        let mut told = Vec::new();
        for pins in [&[FORCED, FORCED, FORCED][..], &[WRONG, FORCED, WRONG], &[WRONG, WRONG, FORCED]] {
            world.forget_attempts();
            let (prompt, started) = world.prompt(NOW);
            let (number, mut next) = (world.number(&started), Some(prompt));
            for pin in pins {
                let pin = Pin::entered(pin).unwrap();
                let about = (world.bank, &*number, Some(&pin));
                let sent = world.device.approve(next.take().unwrap(), about, NOW, &mut world.rng).unwrap();
                let reply = world.send(&sent.0, NOW).unwrap();
                if let Outcome::TryAgain { prompt, .. } = world.device.finish(sent.1, &reply, NOW).unwrap().outcome {
                    next = Some(prompt);
                }
                told.push((world.state(&started, NOW), reply.len()));
            }
            assert_eq!(world.state(&started, NOW), LoginState::Failed(LoginFailure::TooManyPasscodes));
        }
        told
    });
    assert_eq!(told[0].len(), 9);
    assert_eq!(told[0], told[1]);
    // The negative control: a right one, and the page says something else.
    let mut world = twin(DuressResponse::SeemWrong, Twin::Right);
    let (prompt, started) = world.prompt(NOW);
    let number = world.number(&started);
    world.approve(prompt, (&number, FORCED), NOW);
    told[1][0].0 = world.state(&started, NOW);
    assert_ne!(told[0], told[1]);
}

/// Writes a code in the place of the reason, as another version would.
fn rewrite(world: &World, (from, to): (u8, u8)) {
    let key = Key::new("account/alice").unwrap();
    let stored = block_on(DynStore::get(&*world.store, &key)).unwrap().unwrap();
    // A failed login's state: its code, the reason, no token, no device.
    let nobody = [&[0x50][..], &[0; 16]].concat();
    let state = |why: u8| [&[0x84, 5, why][..], &nobody, &nobody].concat();
    let at = stored.value.windows(37).position(|window| window == state(from)).unwrap();
    let mut value = stored.value;
    value[at..at + 37].copy_from_slice(&state(to));
    let put = DynStore::put_if(&*world.store, &key, Expect::Version(stored.version), Some(&value), Hint::NONE);
    assert!(matches!(block_on(put).unwrap(), Cas::Won(_)));
}

/// Records of a version that kept no reason, or had one more, are read all the same.
#[test]
fn a_reason_of_another_version_is_not_known() {
    let mut world = World::new();
    let started = failed(&mut world, (&[PIN], false));
    let state = |server: &LoginServer| block_on(server.login_state(&started.ticket, NOW)).unwrap();
    for (codes, why) in [
        ((1, 0), LoginFailure::Unknown),
        ((0, 23), LoginFailure::Unknown),
        ((23, 4), LoginFailure::Unknown),
        ((4, 1), LoginFailure::WrongNumber),
    ] {
        rewrite(&world, codes);
        assert_eq!(state(&world.server), LoginState::Failed(why), "{codes:?}");
    }
    assert!(!world.redeem(&started, NOW));
    world.forget_attempts();
    world.log_in(world.mail, later(1));
}

/// Enough tries in a row that the login after them has none: the reason stays that of its own answer, and who knows the
/// password learns of the lock from the next login alone, as before.
#[test]
fn a_locked_token_is_no_reason() {
    let mut policy = ServerPolicy::default();
    policy.max_consecutive_failures = 3;
    let mut world = World::with(policy);
    let started = failed(&mut world, (&[WRONG, WRONG, WRONG], true));
    assert!(world.token(world.bank).disabled);
    assert_eq!(world.state(&started, NOW), LoginState::Failed(LoginFailure::TooManyPasscodes));
}
