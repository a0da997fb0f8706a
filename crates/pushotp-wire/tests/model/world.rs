//! The store, the two servers and the clock; one step of any of them.

use pushotp_wire::state::{Collected, State};
use stateright::{Model, Property};

use crate::{
    events::{Input, TIMES},
    goals::goals,
    laws::Law,
    table::{Outcome, RequestId, Table, Told},
};

/// What the caller of `apply` must do, each to be left out once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// The write is made only if the stored request is still the one that was read.
    pub(crate) compare: bool,
    /// The reply is told once the write is won, not before.
    pub(crate) write_first: bool,
}

/// What a server works on: an input, when that came in, and the request that it read for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Job {
    pub(crate) input: Input,
    pub(crate) time: u8,
    pub(crate) request: RequestId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Server {
    Idle,
    Read(Job),
    /// It has written what `apply` made of the request, and has to tell.
    Written(Job),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) stored: RequestId,
    /// In order: the two are alike, so worlds that differ in who is who are one.
    pub(crate) servers: [Server; 2],
    pub(crate) time: u8,
    /// How often the login page was told that it may log in, as far as two.
    pub(crate) granted: u8,
    /// Which states were ever stored, a bit for each.
    pub(crate) past: u8,
    /// How often the one wrong passcode was counted, as far as two.
    pub(crate) counted: u8,
    /// The laws that the last step broke, a bit for each.
    broken: u8,
}

impl World {
    const START: Self =
        Self { stored: 0, servers: [Server::Idle; 2], time: 0, granted: 0, past: 1, counted: 0, broken: 0 };

    pub(crate) fn keeps(&self, law: Law) -> bool {
        self.broken & law.bit() == 0
    }

    fn with(self, which: usize, server: Server) -> Self {
        let mut servers = self.servers;
        servers[which] = server;
        servers.sort_unstable();
        Self { servers, ..self }
    }
}

/// A step, of the server at this place in the order of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Clock,
    Receive(usize, Input),
    /// The server writes, or reads again if another was faster.
    Write(usize),
    Tell(usize),
    Crash(usize),
}

/// A world and what was told on the way to it, for which input.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) after: World,
    pub(crate) told: Option<(Input, Told)>,
}

pub(crate) struct Machine {
    pub(crate) rules: Rules,
    /// Those that are watched. From a world that breaks one, the search does not go on.
    laws: Vec<Law>,
    pub(crate) table: Table,
}

impl Machine {
    pub(crate) fn new(rules: Rules, laws: &[Law]) -> Self {
        Self { rules, laws: laws.to_vec(), table: Table::new() }
    }

    pub(crate) fn outcome(&self, job: Job) -> Outcome {
        self.table.outcome(job.request, job.input, job.time)
    }

    /// Whether the write is refused: there is one, and the stored request is no longer the one that was read.
    pub(crate) fn is_late(&self, world: &World, job: Job) -> bool {
        self.rules.compare && self.outcome(job).next.is_some() && job.request != world.stored
    }

    fn step(&self, world: &World, action: Action) -> Step {
        match action {
            Action::Clock => Step { after: World { time: world.time + 1, ..*world }, told: None },
            Action::Receive(which, input) => self.receive(world, which, input),
            Action::Write(which) => self.write(world, which),
            Action::Tell(which) => self.tell(world, which),
            Action::Crash(which) => Step { after: world.with(which, Server::Idle), told: None },
        }
    }

    fn receive(&self, world: &World, which: usize, input: Input) -> Step {
        let job = Job { input, time: world.time, request: world.stored };
        let early = (!self.rules.write_first).then(|| (input, self.outcome(job).told));
        Step { after: granted(world.with(which, Server::Read(job)), early), told: early }
    }

    fn write(&self, world: &World, which: usize) -> Step {
        let Server::Read(job) = world.servers[which] else { panic!("nothing to write") };
        if self.is_late(world, job) {
            let again = Server::Read(Job { request: world.stored, ..job });
            return Step { after: world.with(which, again), told: None };
        }
        // Told already: there is nothing left to do.
        let mut after = world.with(which, if self.rules.write_first { Server::Written(job) } else { Server::Idle });
        let outcome = self.outcome(job);
        if let Some(next) = outcome.next {
            after.stored = next;
            after.past |= 1 << place(self.table.state(next));
            after.counted = (after.counted + u8::from(outcome.counts)).min(2);
        }
        Step { after, told: None }
    }

    fn tell(&self, world: &World, which: usize) -> Step {
        let Server::Written(job) = world.servers[which] else { panic!("nothing to tell") };
        let told = Some((job.input, self.outcome(job).told));
        Step { after: granted(world.with(which, Server::Idle), told), told }
    }
}

impl Model for Machine {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::START]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.broken != 0 {
            return;
        }
        if usize::from(world.time) + 1 < TIMES.len() {
            actions.push(Action::Clock);
        }
        // What the second could do, the first does already if it is in the same place.
        let different = if world.servers[0] == world.servers[1] { 1 } else { 2 };
        for which in 0..different {
            match world.servers[which] {
                Server::Idle => actions.extend(Input::ALL.map(|input| Action::Receive(which, input))),
                Server::Read(_) => actions.extend([Action::Write(which), Action::Crash(which)]),
                Server::Written(_) => actions.extend([Action::Tell(which), Action::Crash(which)]),
            }
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let step = self.step(world, action);
        let broken = self.laws.iter().filter(|law| !law.holds(&self.table, world, &step));
        Some(World { broken: broken.fold(0, |bits, law| bits | law.bit()), ..step.after })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        self.laws.iter().map(|law| law.property()).chain(goals()).collect()
    }
}

fn granted(mut world: World, told: Option<(Input, Told)>) -> World {
    if told.is_some_and(|(_, told)| told.collected == Some(Collected::Granted)) {
        world.granted = (world.granted + 1).min(2);
    }
    world
}

pub(crate) fn place(state: State) -> u8 {
    match state {
        State::Pending { .. } => 0,
        State::Approved { .. } => 1,
        State::Consumed => 2,
        State::Denied { .. } => 3,
        State::Reported => 4,
        State::Failed => 5,
        State::Expired => 6,
        State::Cancelled => 7,
    }
}
