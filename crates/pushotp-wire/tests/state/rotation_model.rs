//! Every order of two rotations: frames held back, doubled and lost, crashes of the device, approvals in between. The
//! secret that the device has stored is always one that the server takes.

use std::collections::BTreeSet;

use pushotp_wire::{
    message::{Rotation, RotationStep},
    rotate::RotationPublicKey,
    state::{
        TokenStanding,
        housekeeping::{Effect, Event, Record, RotateEvent, Told, Under, apply},
    },
    terms::{Generation, RotationId},
};
use stateright::{Checker, HasDiscoveries, Model, Property};

use crate::fixture::{TOKEN, at, rh};

const NOW: u64 = 1_800_000_000;

/// Names a secret: 0 is that of the enrolment, n that of the nth request's ticket.
type Secret = u8;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Frame {
    /// The request that it is or confirms; also its sequence number, twice, and one more for a confirmation.
    number: u8,
    confirms: bool,
    generation: u32,
    /// The secret of its passcode.
    secret: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    record: Record,
    current: Secret,
    pending: Option<Secret>,
    /// What the device has stored, and which ticket it waits for.
    stored: (Secret, u32),
    waits: Option<u8>,
    requests: u8,
    approvals: u8,
    /// Frames and tickets that were sent, each of which may arrive at any time, any number of times.
    frames: BTreeSet<Frame>,
    tickets: BTreeSet<u8>,
}

impl World {
    fn new() -> Self {
        Self {
            record: Record::new([TOKEN]),
            current: 0,
            pending: None,
            stored: (0, 1),
            waits: None,
            requests: 0,
            approvals: 0,
            frames: BTreeSet::new(),
            tickets: BTreeSet::new(),
        }
    }

    fn under(&self, secret: Secret) -> Option<Under> {
        if secret == self.current {
            return Some(Under::Current);
        }
        (Some(secret) == self.pending).then_some(Under::Pending)
    }

    /// Whether the device can still log in.
    fn is_alive(&self) -> bool {
        self.under(self.stored.0).is_some()
    }

    fn happens(&mut self, event: &Event, ticket: u8) {
        let transition = apply(&self.record, event, at(NOW));
        for effect in &transition.effects {
            match effect {
                Effect::KeepPending(..) => self.pending = Some(ticket),
                Effect::Promote(..) => self.current = self.pending.take().unwrap(),
                _ => {}
            }
        }
        if transition.told == Some(Told::Ticket) {
            self.tickets.insert(ticket);
        }
        self.record = transition.next.unwrap_or_else(|| self.record.clone());
    }

    /// A frame arrives, at a server that `forgets` which sequence numbers it has seen, or one that does not.
    fn arrives(&mut self, frame: &Frame, forgets: bool) {
        let key = RotationPublicKey::parse(&[9; 32]).unwrap();
        let step = if frame.confirms { RotationStep::Confirm } else { RotationStep::Request { key } };
        let rotation = Rotation {
            id: RotationId::from_bytes([frame.number; 16]),
            token: TOKEN,
            generation: Generation::new(frame.generation).unwrap(),
            step,
        };
        let sequence = u64::from(frame.number) * 2 + u64::from(frame.confirms);
        let (rh, passcode) = (rh(u8::try_from(sequence).unwrap()), self.under(frame.secret));
        if forgets {
            self.record.sequence = None;
        }
        let event = RotateEvent { rh, sequence, rotation, standing: TokenStanding::Usable, passcode };
        self.happens(&Event::Rotate(event), frame.number);
    }

    /// The device asks, and gives an earlier request up.
    fn ask(&mut self) {
        self.requests += 1;
        self.waits = Some(self.requests);
        let (secret, generation) = self.stored;
        self.frames.insert(Frame { number: self.requests, confirms: false, generation, secret });
    }

    /// The device takes the ticket that it waits for, stores the secret, and sends a confirmation, which may be lost.
    fn stores(&mut self, ticket: u8) {
        self.waits = None;
        self.stored = (ticket, self.stored.1 + 1);
        let (secret, generation) = self.stored;
        self.frames.insert(Frame { number: ticket, confirms: true, generation, secret });
    }

    /// The generation that the server has.
    fn generation(&self) -> u32 {
        self.record.tokens[0].generation.get()
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Action {
    Approve(Under),
    Ask,
    /// The device crashes, and no longer waits.
    GiveUp,
    Store(u8),
    Arrive(Frame),
}

/// `forgets`: the negative control, a server without sequence numbers.
struct Rotations {
    forgets: bool,
}

type Claim = Property<Rotations>;

const ALIVE: &str = "the device can log in";

impl Model for Rotations {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.approvals < 5 {
            actions.extend(world.under(world.stored.0).map(Action::Approve));
        }
        if world.requests < 4 {
            actions.push(Action::Ask);
        }
        if let Some(ticket) = world.waits {
            actions.push(Action::GiveUp);
            if world.tickets.contains(&ticket) {
                actions.push(Action::Store(ticket));
            }
        }
        actions.extend(world.frames.iter().cloned().map(Action::Arrive));
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut world = world.clone();
        match action {
            Action::Approve(under) => {
                world.approvals += 1;
                world.happens(&Event::Approved { token: TOKEN, under }, 0);
            }
            Action::Ask => world.ask(),
            Action::GiveUp => world.waits = None,
            Action::Store(ticket) => world.stores(ticket),
            Action::Arrive(frame) => world.arrives(&frame, self.forgets),
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Claim::always(ALIVE, |_, world| world.is_alive()),
            Claim::sometimes("two secrets were replaced", |_, world| world.generation() > 2),
            Claim::sometimes("the server still has the earlier secret", |_, world| {
                world.pending == Some(world.stored.0)
            }),
            Claim::sometimes("a ticket is lost", |_, world| {
                world.waits.is_none() && world.pending.is_some_and(|pending| world.stored.0 < pending)
            }),
            Claim::sometimes("a request is older than the secret", |_, world| {
                world.frames.iter().any(|frame| !frame.confirms && frame.generation < world.generation())
            }),
        ]
    }
}

/// Goes everywhere, or until the device is locked out.
fn check(forgets: bool) -> impl Checker<Rotations> {
    Rotations { forgets }.checker().threads(2).finish_when(HasDiscoveries::AllFailures).spawn_bfs().join()
}

/// Cases 232 and 233.
// protocol.md: ROT-11
#[test]
fn no_order_of_events_locks_the_device_out() {
    let checker = check(false);
    checker.assert_properties();
    let worlds = checker.unique_state_count();
    println!("{worlds} worlds");
    assert!(worlds > 1000, "only {worlds} worlds");
}

/// The same without the check of the sequence number: a request that was held back replaces a newer secret.
// protocol.md: ROT-5
#[test]
fn without_sequence_numbers_it_is_locked_out() {
    check(true).assert_any_discovery(ALIVE);
}
