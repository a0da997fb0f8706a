//! What the crate's [`apply`] makes of every request that can come about, asked once: the checker has two threads and
//! keeps worlds by the hundred thousand, so a request is known to it by its place here.

use pushotp_wire::state::{Collected, Effect, Reply, Request, State, apply};

use crate::{
    events::{Input, TIMES},
    fixture::pending,
};

/// A request by its place in the table; the first is the one that nobody has answered.
pub(crate) type RequestId = u16;

/// What a server tells a device or the login page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) reply: Option<Reply>,
    pub(crate) collected: Option<Collected>,
}

/// What `apply` said.
#[derive(Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) next: Option<RequestId>,
    pub(crate) counts: bool,
    pub(crate) told: Told,
}

pub(crate) struct Table {
    requests: Vec<Request>,
    /// For each request, for each input, for each time.
    outcomes: Vec<Outcome>,
}

impl Table {
    /// Everything that any order of inputs makes of a pending request.
    pub(crate) fn new() -> Self {
        let mut table = Self { requests: vec![pending()], outcomes: Vec::new() };
        let mut done = 0;
        while let Some(request) = table.requests.get(done).cloned() {
            for input in Input::ALL {
                for now in TIMES {
                    let transition = apply(&request, &input.event(), now);
                    let outcome = Outcome {
                        counts: transition.effects.iter().any(|effect| matches!(effect, Effect::CountFailure(_))),
                        told: Told { reply: transition.reply, collected: transition.collected },
                        next: transition.next.map(|next| table.keep(next)),
                    };
                    table.outcomes.push(outcome);
                }
            }
            done += 1;
        }
        table
    }

    fn keep(&mut self, request: Request) -> RequestId {
        let place = self.requests.iter().position(|known| *known == request).unwrap_or_else(|| {
            self.requests.push(request);
            self.requests.len() - 1
        });
        place.try_into().unwrap()
    }

    pub(crate) fn outcome(&self, request: RequestId, input: Input, time: u8) -> Outcome {
        let row = usize::from(request) * Input::ALL.len() + input as usize;
        self.outcomes[row * TIMES.len() + usize::from(time)]
    }

    pub(crate) fn state(&self, request: RequestId) -> State {
        self.requests[usize::from(request)].state
    }

    /// What the request remembers to have been told to whoever sent these bytes.
    pub(crate) fn remembered(&self, request: RequestId, input: Input) -> Option<Reply> {
        let rh = input.hash()?;
        self.requests[usize::from(request)].answers.iter().find(|answer| answer.rh == rh).map(|answer| answer.reply)
    }
}
