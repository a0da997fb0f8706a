//! What must come about at least once: a search that reaches nothing breaks nothing.

use pushotp_wire::{
    state::{Collected, State},
    terms::Status,
};
use stateright::Property;

use crate::{
    events::Input,
    world::{Job, Machine, Server, World},
};

type Goal = Property<Machine>;

pub(crate) fn goals() -> Vec<Goal> {
    [ends(), races(), repeats(), crashes()].concat()
}

fn ends() -> Vec<Goal> {
    vec![
        Goal::sometimes("the page may log in", |_, world| world.granted == 1),
        Goal::sometimes("denied", |machine, world| matches!(stored(machine, world), State::Denied { .. })),
        Goal::sometimes("reported", |machine, world| stored(machine, world) == State::Reported),
        Goal::sometimes("failed", |machine, world| stored(machine, world) == State::Failed),
        Goal::sometimes("expired", |machine, world| stored(machine, world) == State::Expired),
        Goal::sometimes("cancelled", |machine, world| stored(machine, world) == State::Cancelled),
        Goal::sometimes("a wrong passcode counted", |_, world| world.counted == 1),
    ]
}

fn races() -> Vec<Goal> {
    vec![
        Goal::sometimes("a write is too late", |machine, world| reading(world).any(|job| machine.is_late(world, job))),
        Goal::sometimes("a denial is faster than an approval", |machine, world| {
            let denied = matches!(stored(machine, world), State::Denied { .. });
            denied && reading(world).any(|job| job.input == Input::TabletApproves && would_win(machine, job))
        }),
        Goal::sometimes("an approval is faster than a denial", |machine, world| {
            let approved = matches!(stored(machine, world), State::Approved { .. });
            approved && reading(world).any(|job| job.input == Input::PhoneDenies && would_win(machine, job))
        }),
        Goal::sometimes("both devices approve at once", |machine, world| {
            let both = |input| reading(world).any(|job| job.input == input && would_win(machine, job));
            both(Input::PhoneApproves) && both(Input::TabletApproves)
        }),
        Goal::sometimes("an answer in time is written after the deadline", |machine, world| {
            let wins = |job: Job| job.time == 0 && job.request == world.stored && would_win(machine, job);
            world.time == 1 && reading(world).any(wins)
        }),
    ]
}

fn repeats() -> Vec<Goal> {
    vec![
        Goal::sometimes("the same bytes at both servers", |_, world| {
            let of = |server| job(server).map(|job| job.input);
            let first = of(world.servers[0]);
            first == of(world.servers[1]) && first.and_then(Input::hash).is_some()
        }),
        Goal::sometimes("the same bytes accepted again", |machine, world| {
            written(world).any(|job| {
                let earlier = machine.table.remembered(job.request, job.input);
                earlier.is_some_and(|reply| reply.status == Status::Accepted)
            })
        }),
        Goal::sometimes("a report before its denial", |machine, world| {
            let pending = |job: Job| matches!(machine.table.state(job.request), State::Pending { .. });
            written(world).any(|job| job.input == Input::PhoneReports && pending(job))
        }),
    ]
}

/// A server dies after its write, before it tells: the login is lost, not doubled.
fn crashes() -> Vec<Goal> {
    vec![
        Goal::sometimes("a crash between the write and the reply", |machine, world| {
            stored(machine, world) == State::Consumed && never_told(machine, world)
        }),
        Goal::sometimes("a lost login is not given again", |machine, world| {
            let used = written(world).any(|job| machine.outcome(job).told.collected == Some(Collected::Used));
            used && never_told(machine, world)
        }),
    ]
}

/// The page was not told that it may log in, and no server is about to tell it.
fn never_told(machine: &Machine, world: &World) -> bool {
    let telling = |job| machine.outcome(job).told.collected == Some(Collected::Granted);
    world.granted == 0 && !written(world).any(telling)
}

fn stored(machine: &Machine, world: &World) -> State {
    machine.table.state(world.stored)
}

/// Whether it is accepted, and for the first time.
fn would_win(machine: &Machine, job: Job) -> bool {
    let outcome = machine.outcome(job);
    outcome.next.is_some() && outcome.told.reply.is_some_and(|reply| reply.status == Status::Accepted)
}

fn job(server: Server) -> Option<Job> {
    match server {
        Server::Idle => None,
        Server::Read(job) | Server::Written(job) => Some(job),
    }
}

fn reading(world: &World) -> impl Iterator<Item = Job> {
    world.servers.into_iter().filter(|server| matches!(server, Server::Read(_))).filter_map(job)
}

fn written(world: &World) -> impl Iterator<Item = Job> {
    world.servers.into_iter().filter(|server| matches!(server, Server::Written(_))).filter_map(job)
}
