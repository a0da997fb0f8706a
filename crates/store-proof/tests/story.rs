//! A whole login over two servers: the browser is at one of them, the device at the other, and both may be started anew
//! in the middle.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use pushotp::{types::UnixTime, wire::terms::Status};
use store_proof::{Answer, Command, Login, Place, Racer, World, time_of};

const PROGRAM: &str = env!("CARGO_BIN_EXE_store-proof");

/// When both servers are killed and started anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restart {
    Never,
    BeforeApproval,
    BeforeRedeem,
}

/// What the user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    Approves,
    Denies,
}

fn ask(racer: &mut Racer, now: UnixTime, command: &Command) -> Answer {
    racer.ask(now, command).unwrap_or_else(|| panic!("the server died of {command}"))
}

fn start(racer: &mut Racer, world: &World, now: UnixTime) -> Login {
    let Answer::Started(ticket, pushes) = ask(racer, now, &Command::Start(world.account.clone())) else { panic!() };
    let Answer::Number(number) = ask(racer, now, &Command::Number(ticket.clone())) else { panic!() };
    Login { ticket, number, pushes }
}

fn restart(place: &Place, servers: &mut [Racer]) {
    for server in servers {
        server.kill();
        *server = place.racer();
    }
}

/// One login, `browser` and `device` being the servers that they talk to.
fn log_in(
    (place, servers, world): (&Place, &mut [Racer], &mut World),
    (browser, device): (usize, usize),
    (user, when): (User, Restart),
    now: UnixTime,
) {
    let login = start(&mut servers[browser], world, now);
    let state = |servers: &mut [Racer], who: usize| ask(&mut servers[who], now, &Command::State(login.ticket.clone()));
    let redeem =
        |servers: &mut [Racer], who: usize| ask(&mut servers[who], now, &Command::Redeem(login.ticket.clone()));
    assert_eq!(state(servers, device), Answer::State("Waiting".into()));
    assert_eq!(redeem(servers, browser), Answer::NotGranted);
    if when == Restart::BeforeApproval {
        restart(place, servers);
    }
    let frame = if user == User::Approves { world.approval(0, &login, now) } else { world.denial(0, &login, now) };
    for who in [device, browser, device] {
        let Answer::Reply(reply) = ask(&mut servers[who], now, &Command::Receive(frame.clone())) else { panic!() };
        assert_eq!(world.status(&reply, now), Status::Accepted, "the same bytes, the same verdict");
    }
    if when == Restart::BeforeRedeem {
        restart(place, servers);
    }
    let (is_in, over) = match user {
        User::Approves => (Answer::Granted, "Redeemed"),
        User::Denies => (Answer::NotGranted, "Denied"),
    };
    assert_eq!(redeem(servers, browser), is_in);
    assert_eq!(redeem(servers, device), Answer::NotGranted, "once");
    assert_eq!(redeem(servers, browser), Answer::NotGranted, "once");
    assert_eq!(state(servers, browser), Answer::State(over.into()));
    let typed = Command::Passcode(world.account.clone(), world.code(now));
    assert_eq!(ask(&mut servers[browser], now, &typed), Answer::Accepted);
    assert_eq!(ask(&mut servers[device], now, &typed), Answer::Replayed);
}

/// Every combination on one store.
fn all_stories(place: &Place, restarts: &[Restart]) {
    let (mut servers, mut world) = (place.racers(2), World::new(&place.store(), "alice"));
    let mut number = 0;
    for places in [(0, 1), (1, 0), (0, 0)] {
        for user in [User::Approves, User::Denies] {
            for when in restarts {
                number += 1;
                log_in((place, &mut servers, &mut world), places, (user, *when), time_of(number));
            }
        }
    }
    println!("{}: {number} logins", place.name);
}

const ALL: [Restart; 3] = [Restart::Never, Restart::BeforeApproval, Restart::BeforeRedeem];

/// A restart would lose all: the memory is that of one process.
#[test]
fn memory() {
    all_stories(&Place::memory(), &[Restart::Never]);
}

#[test]
fn two_processes_on_one_sqlite_file() {
    all_stories(&Place::file(PROGRAM), &ALL);
}

#[test]
fn two_servers_on_one_postgres() {
    let Some(place) = Place::postgres(PROGRAM) else { return };
    all_stories(&place, &ALL);
}
