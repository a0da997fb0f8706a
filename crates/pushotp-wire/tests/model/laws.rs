//! What must hold in every step.

use pushotp_types::{DeviceId, TokenId, UnixTime};
use pushotp_wire::{
    state::{Collected, State},
    terms::Status,
};
use stateright::Property;

use crate::{
    events::Input,
    table::{Table, Told},
    world::{Machine, Step, World, place},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    pub(crate) fn bit(self) -> u8 {
        1 << self as u8
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OneGrant => "one grant",
            Self::DenyStays => "no denial overwritten",
            Self::FinalStays => "final states stay",
            Self::ToldWasStored => "told was stored",
            Self::SameBytesSameReply => "same bytes, same reply",
            Self::CountedOnce => "counted once",
        }
    }

    /// A property is about a world, so each world says which laws the step to it broke.
    pub(crate) fn property(self) -> Property<Machine> {
        let kept: fn(&Machine, &World) -> bool = match self {
            Self::OneGrant => |_, world| world.keeps(Self::OneGrant),
            Self::DenyStays => |_, world| world.keeps(Self::DenyStays),
            Self::FinalStays => |_, world| world.keeps(Self::FinalStays),
            Self::ToldWasStored => |_, world| world.keeps(Self::ToldWasStored),
            Self::SameBytesSameReply => |_, world| world.keeps(Self::SameBytesSameReply),
            Self::CountedOnce => |_, world| world.keeps(Self::CountedOnce),
        };
        Property::always(self.name(), kept)
    }

    pub(crate) fn holds(self, table: &Table, before: &World, step: &Step) -> bool {
        let (old, new) = (table.state(before.stored), table.state(step.after.stored));
        match self {
            Self::OneGrant => step.after.granted <= 1,
            Self::DenyStays => !matches!(old, State::Denied { .. }) || matches!(new, State::Reported) || new == old,
            Self::FinalStays => !old.is_final() || new == old,
            Self::ToldWasStored => step.told.is_none_or(|(input, told)| was_stored(table, &step.after, input, told)),
            Self::SameBytesSameReply => step.told.is_none_or(|(input, told)| {
                table.remembered(step.after.stored, input).is_none_or(|reply| Some(reply) == told.reply)
            }),
            Self::CountedOnce => step.after.counted <= 1,
        }
    }
}

const DENIED: State = State::Denied { device: DeviceId::from_bytes([0; 16]) };
const APPROVED: State = State::Approved {
    token: TokenId::from_bytes([0; 16]),
    device: DeviceId::from_bytes([0; 16]),
    at: UnixTime::from_secs(0),
};

/// Whether the store is, or once was, as the verdict says.
fn was_stored(table: &Table, world: &World, input: Input, told: Told) -> bool {
    let ever = |states: &[State]| states.iter().any(|state| world.past >> place(*state) & 1 == 1);
    let page = match told.collected {
        Some(Collected::Granted | Collected::Used) => ever(&[State::Consumed]),
        Some(Collected::Refused) => ever(&[DENIED, State::Reported, State::Failed, State::Expired, State::Cancelled]),
        Some(_) | None => true,
    };
    let device = match told.reply.map(|reply| reply.status) {
        Some(Status::Accepted | Status::WrongPasscode) => table.remembered(world.stored, input) == told.reply,
        Some(Status::Refused) => ever(&[State::Failed]),
        Some(Status::AlreadyAnswered) => ever(&[APPROVED, State::Consumed, DENIED, State::Reported]),
        Some(Status::Expired) => ever(&[State::Expired]),
        Some(Status::Cancelled) => ever(&[State::Cancelled]),
        Some(_) => false,
        None => true,
    };
    page && device
}
