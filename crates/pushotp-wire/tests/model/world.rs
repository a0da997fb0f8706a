//! The store, the two servers and the clock; one step of any of them.

use std::collections::HashMap;

use pushotp_wire::state::{Collected, Effect, Event, Reply, Request, State, apply};

use crate::events::{TIMES, events, pending};

/// What the caller of `apply` must do, each to be left out once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// The write is made only if the stored request is still the one that was read.
    pub(crate) compare: bool,
    /// The reply is told once the write is won, not before.
    pub(crate) write_first: bool,
}

/// A request by its place in [`Machine::requests`]: worlds are compared and kept by the hundred thousand.
pub(crate) type RequestId = u16;

/// What a server tells a device or the login page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) reply: Option<Reply>,
    pub(crate) collected: Option<Collected>,
}

/// A server, with the event that it works on and when that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Server {
    Idle,
    /// It has read this request.
    Read {
        event: u8,
        time: u8,
        request: RequestId,
    },
    /// It has written what `apply` made of this request, and has to tell.
    Written {
        event: u8,
        time: u8,
        request: RequestId,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) stored: RequestId,
    pub(crate) servers: [Server; 2],
    pub(crate) time: u8,
    /// How often the login page was told that it may log in, as far as two.
    pub(crate) granted: u8,
    /// Which states were ever stored, a bit for each.
    pub(crate) past: u8,
    /// How often the one wrong passcode was counted, as far as two.
    pub(crate) counted: u8,
}

impl World {
    pub(crate) const START: Self =
        Self { stored: 0, servers: [Server::Idle; 2], time: 0, granted: 0, past: 1, counted: 0 };

    /// The two servers are alike: worlds that differ in their order alone are one.
    fn with(self, which: usize, server: Server) -> Self {
        let mut servers = self.servers;
        servers[which] = server;
        servers.sort_unstable();
        Self { servers, ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Receive(Server),
    Write(Server),
    Retry(Server),
    Tell(Server),
    Crash(Server),
    Clock,
}

/// A step: the world after it, and what was told in it for which event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) action: Action,
    pub(crate) after: World,
    pub(crate) told: Option<(u8, Told)>,
}

/// What `apply` said once.
#[derive(Clone, Copy)]
struct Outcome {
    next: Option<RequestId>,
    counts: bool,
    told: Told,
}

/// `apply` over requests that are kept once each.
pub(crate) struct Machine {
    pub(crate) rules: Rules,
    pub(crate) events: Vec<Event>,
    pub(crate) requests: Vec<Request>,
    outcomes: HashMap<(RequestId, u8, u8), Outcome>,
}

impl Machine {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules, events: events(), requests: vec![pending()], outcomes: HashMap::new() }
    }

    pub(crate) fn state(&self, request: RequestId) -> State {
        self.requests[usize::from(request)].state
    }

    fn outcome(&mut self, request: RequestId, event: u8, time: u8) -> Outcome {
        if let Some(known) = self.outcomes.get(&(request, event, time)) {
            return *known;
        }
        let happened = &self.events[usize::from(event)];
        let transition = apply(&self.requests[usize::from(request)], happened, TIMES[usize::from(time)]);
        let outcome = Outcome {
            counts: transition.effects.iter().any(|effect| matches!(effect, Effect::CountFailure(_))),
            told: Told { reply: transition.reply, collected: transition.collected },
            next: transition.next.map(|next| self.keep(next)),
        };
        self.outcomes.insert((request, event, time), outcome);
        outcome
    }

    fn keep(&mut self, request: Request) -> RequestId {
        let place = self.requests.iter().position(|known| *known == request).unwrap_or_else(|| {
            self.requests.push(request);
            self.requests.len() - 1
        });
        place.try_into().unwrap()
    }

    /// Everything that can happen next.
    pub(crate) fn steps(&mut self, world: &World) -> Vec<Step> {
        let mut steps = Vec::new();
        if usize::from(world.time) + 1 < TIMES.len() {
            steps.push(Step { action: Action::Clock, after: World { time: world.time + 1, ..*world }, told: None });
        }
        for which in 0..2 {
            match world.servers[which] {
                Server::Idle => {
                    for event in 0..u8::try_from(self.events.len()).unwrap() {
                        steps.push(self.receive(world, which, event));
                    }
                }
                Server::Read { event, time, request } => steps.push(self.write(world, which, (event, time, request))),
                Server::Written { event, time, request } => {
                    steps.push(self.tell(world, which, (event, time, request)));
                }
            }
            if world.servers[which] != Server::Idle {
                let after = world.with(which, Server::Idle);
                steps.push(Step { action: Action::Crash(world.servers[which]), after, told: None });
            }
        }
        steps
    }

    fn receive(&mut self, world: &World, which: usize, event: u8) -> Step {
        let read = Server::Read { event, time: world.time, request: world.stored };
        let early = (!self.rules.write_first).then(|| (event, self.outcome(world.stored, event, world.time).told));
        let after = granted(world.with(which, read), early);
        Step { action: Action::Receive(read), after, told: early }
    }

    fn write(&mut self, world: &World, which: usize, (event, time, request): (u8, u8, RequestId)) -> Step {
        let outcome = self.outcome(request, event, time);
        if self.rules.compare && outcome.next.is_some() && request != world.stored {
            let again = Server::Read { event, time, request: world.stored };
            return Step { action: Action::Retry(again), after: world.with(which, again), told: None };
        }
        let written = Server::Written { event, time, request };
        // Told already: there is nothing left to do.
        let mut after = world.with(which, if self.rules.write_first { written } else { Server::Idle });
        if let Some(next) = outcome.next {
            after.stored = next;
            after.past |= 1 << place(self.state(next));
            after.counted = (after.counted + u8::from(outcome.counts)).min(2);
        }
        Step { action: Action::Write(written), after, told: None }
    }

    fn tell(&mut self, world: &World, which: usize, (event, time, request): (u8, u8, RequestId)) -> Step {
        let told = Some((event, self.outcome(request, event, time).told));
        let after = granted(world.with(which, Server::Idle), told);
        Step { action: Action::Tell(world.servers[which]), after, told }
    }
}

fn granted(mut world: World, told: Option<(u8, Told)>) -> World {
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
