//! What must hold in every step, and what must be reached at least once.

use pushotp_types::{DeviceId, TokenId, UnixTime};
use pushotp_wire::{
    state::{Collected, Reply, State},
    terms::Status,
};

use crate::{
    events::hash,
    world::{Action, Machine, Server, Step, Told, World, place},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Law {
    /// The login page is told once at most that it may log in.
    OneGrant,
    /// A denied request can only be reported.
    DenyStays,
    /// Nothing changes a request that is finished.
    FinalStays,
    /// No verdict is told that is not in the store, or was not before.
    ToldWasStored,
    /// The bytes that were judged get the reply that is remembered for them.
    SameBytesSameReply,
    /// A wrong passcode is counted once, however often its bytes come.
    CountedOnce,
}

impl Law {
    pub(crate) const ALL: [Self; 6] = [
        Self::OneGrant,
        Self::DenyStays,
        Self::FinalStays,
        Self::ToldWasStored,
        Self::SameBytesSameReply,
        Self::CountedOnce,
    ];

    pub(crate) fn holds(self, machine: &Machine, before: &World, step: &Step) -> bool {
        let (old, new) = (machine.state(before.stored), machine.state(step.after.stored));
        match self {
            Self::OneGrant => step.after.granted <= 1,
            Self::DenyStays => !matches!(old, State::Denied { .. }) || matches!(new, State::Reported) || new == old,
            Self::FinalStays => !old.is_final() || new == old,
            Self::ToldWasStored => step.told.is_none_or(|(event, told)| was_stored(machine, &step.after, event, told)),
            Self::SameBytesSameReply => step.told.is_none_or(|(event, told)| {
                remembered(machine, &step.after, event).is_none_or(|reply| Some(reply) == told.reply)
            }),
            Self::CountedOnce => step.after.counted <= 1,
        }
    }
}

/// What the store remembers for the bytes of an event.
fn remembered(machine: &Machine, world: &World, event: u8) -> Option<Reply> {
    let rh = hash(&machine.events[usize::from(event)])?;
    let request = &machine.requests[usize::from(world.stored)];
    request.answers.iter().find(|answer| answer.rh == rh).map(|answer| answer.reply)
}

const DENIED: State = State::Denied { device: DeviceId::from_bytes([0; 16]) };
const APPROVED: State = State::Approved {
    token: TokenId::from_bytes([0; 16]),
    device: DeviceId::from_bytes([0; 16]),
    at: UnixTime::from_secs(0),
};

/// Whether the store is, or once was, as the verdict says.
fn was_stored(machine: &Machine, world: &World, event: u8, told: Told) -> bool {
    let ever = |states: &[State]| states.iter().any(|state| world.past >> place(*state) & 1 == 1);
    let page = match told.collected {
        Some(Collected::Granted | Collected::Used) => ever(&[State::Consumed]),
        Some(Collected::Refused) => ever(&[DENIED, State::Reported, State::Failed, State::Expired, State::Cancelled]),
        Some(_) | None => true,
    };
    let device = match told.reply.map(|reply| reply.status) {
        Some(Status::Accepted | Status::WrongPasscode) => remembered(machine, world, event) == told.reply,
        Some(Status::Refused) => ever(&[State::Failed]),
        Some(Status::AlreadyAnswered) => ever(&[APPROVED, State::Consumed, DENIED, State::Reported]),
        Some(Status::Expired) => ever(&[State::Expired]),
        Some(Status::Cancelled) => ever(&[State::Cancelled]),
        Some(_) => false,
        None => true,
    };
    page && device
}

/// What shows that the search comes everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Goal {
    Granted,
    Denied,
    Reported,
    Failed,
    Expired,
    Cancelled,
    /// A server lost the race and began anew.
    LostRace,
    /// Bytes that were accepted came again, and got the reply again.
    Repeated,
    /// The server died that had collected the approval, before it told: the login is lost, not doubled.
    GrantLost,
}

impl Goal {
    pub(crate) const ALL: [Self; 9] = [
        Self::Granted,
        Self::Denied,
        Self::Reported,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
        Self::LostRace,
        Self::Repeated,
        Self::GrantLost,
    ];

    pub(crate) fn reached(self, machine: &Machine, before: &World, step: &Step) -> bool {
        let state = machine.state(step.after.stored);
        match self {
            Self::Granted => step.after.granted == 1,
            Self::Denied => matches!(state, State::Denied { .. }),
            Self::Reported => state == State::Reported,
            Self::Failed => state == State::Failed,
            Self::Expired => state == State::Expired,
            Self::Cancelled => state == State::Cancelled,
            Self::LostRace => matches!(step.action, Action::Retry(_)),
            Self::Repeated => step.told.is_some_and(|(event, told)| {
                accepted(told) && before.servers.iter().any(|server| repeats(machine, *server, event))
            }),
            Self::GrantLost => {
                let telling = before.servers.iter().filter(|server| matches!(server, Server::Written { .. })).count();
                let used = step.told.is_some_and(|(_, told)| told.collected == Some(Collected::Used));
                used && before.granted == 0 && telling == 1
            }
        }
    }
}

fn accepted(told: Told) -> bool {
    told.reply.is_some_and(|reply| reply.status == Status::Accepted)
}

/// Whether what the server read before its reply held that reply already.
fn repeats(machine: &Machine, server: Server, event: u8) -> bool {
    let rh = hash(&machine.events[usize::from(event)]);
    match server {
        Server::Written { event: worked, request, .. } if worked == event => {
            machine.requests[usize::from(request)].answers.iter().any(|answer| Some(answer.rh) == rh)
        }
        _ => false,
    }
}
