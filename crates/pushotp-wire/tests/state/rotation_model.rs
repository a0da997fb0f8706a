//! Every order of two rotations: frames held back, doubled and lost, crashes of the device, approvals in between. The
//! secret that the device has stored is always one that the server takes.

use std::collections::{BTreeSet, HashSet, VecDeque};

use pushotp_wire::{
    message::{Rotation, RotationStep},
    rotate::RotationPublicKey,
    state::{
        TokenStanding,
        housekeeping::{Effect, Event, Record, RotateEvent, Told, Under, apply},
    },
    terms::{Generation, RotationId},
};

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

#[derive(Clone, PartialEq, Eq, Hash)]
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

    /// A frame arrives. `forgets`: the negative control, a server without sequence numbers.
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

    fn successors(&self, forgets: bool) -> Vec<Self> {
        let mut all = Vec::new();
        let mut next = |change: &dyn Fn(&mut Self)| {
            let mut world = self.clone();
            change(&mut world);
            all.push(world);
        };
        if self.approvals < 5 {
            if let Some(under) = self.under(self.stored.0) {
                next(&|world| {
                    world.approvals += 1;
                    world.happens(&Event::Approved { token: TOKEN, under }, 0);
                });
            }
        }
        if self.requests < 4 {
            next(&Self::ask);
        }
        if let Some(ticket) = self.waits {
            next(&|world| world.waits = None);
            if self.tickets.contains(&ticket) {
                next(&|world| world.stores(ticket));
            }
        }
        for frame in &self.frames {
            next(&|world| world.arrives(frame, forgets));
        }
        all
    }
}

/// Whether the device is alive in every state, how many states there are, and the highest generation in any.
fn explore(forgets: bool) -> (bool, usize, u32) {
    let (mut seen, mut queue) = (HashSet::new(), VecDeque::from([World::new()]));
    let mut highest = 0;
    while let Some(world) = queue.pop_front() {
        if !seen.insert(world.clone()) {
            continue;
        }
        if !world.is_alive() {
            return (false, seen.len(), highest);
        }
        highest = highest.max(world.record.tokens[0].generation.get());
        queue.extend(world.successors(forgets));
    }
    (true, seen.len(), highest)
}

/// Cases 232 and 233.
#[test]
fn no_order_of_events_locks_the_device_out() {
    let (alive, states, highest) = explore(false);
    assert!(alive);
    assert!(states > 1000 && highest > 2, "{states} states, generation {highest}: nothing is proved");
}

/// The same without the check of the sequence number: a request that was held back replaces a newer secret.
#[test]
fn without_sequence_numbers_it_is_locked_out() {
    assert!(!explore(true).0);
}
