//! Every reachable state of one request, with three devices, lost replies and every order of events.
//!
//! A lost reply and a crash after the write look the same to the request: the device sends its bytes again. So all bytes
//! may come again in every state here. The test target `model` has two servers that write one request.

use std::collections::{BTreeMap, HashSet};

use pushotp_types::{DeviceId, UnixTime};
use pushotp_wire::{
    state::{Approval, Collected, Effect, Event, MAX_ANSWERS, Reply, Request, State, Transition, apply},
    terms::{CancelReason, MessageHash, Status},
};

use crate::fixture::*;

const WATCH: DeviceId = DeviceId::from_bytes([3; 16]);
/// Before, at and after each deadline.
const TIMES: [u64; 6] = [EXPIRES - 1, EXPIRES, EXPIRES + 1, EXPIRES + 61, EXPIRES + 600, EXPIRES + 601];

fn alphabet() -> Vec<Event> {
    let by = |device, event| match event {
        Event::Approve(approval) => Event::Approve(Approval { device, ..approval }),
        other => other,
    };
    vec![
        by(PHONE, approve(1)),
        by(TABLET, approve(2)),
        by(PHONE, wrong_passcode(3)),
        by(PHONE, wrong_passcode(4)),
        by(TABLET, wrong_passcode(5)),
        by(WATCH, wrong_passcode(6)),
        by(WATCH, wrong_number(7)),
        Event::Deny(denial(8, PHONE)),
        Event::Deny(denial(9, TABLET)),
        Event::Report(denial(10, PHONE)),
        Event::Report(denial(11, WATCH)),
        Event::Cancel(CancelReason::PageClosed),
        Event::Tick,
        Event::Collect,
    ]
}

/// What has happened so far, as an observer counts it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Seen {
    granted: u8,
    accepted: u8,
    judged: u8,
    writes: u8,
    /// The reply to the bytes that were judged.
    replies: BTreeMap<[u8; 32], (u8, u8, u8)>,
}

type Node = (State, Vec<[u8; 32]>, usize, Seen);

/// Goes through everything that `step` can reach: how many nodes, or what went wrong.
fn explore(step: impl Fn(&Request, &Event, UnixTime) -> Transition) -> Result<usize, String> {
    let mut frontier = vec![(pending(), 0, Seen::default())];
    let mut known: HashSet<Node> = HashSet::new();
    while let Some((request, time, seen)) = frontier.pop() {
        let answers = request.answers.iter().map(|answer| *answer.rh.as_bytes()).collect();
        if !known.insert((request.state, answers, time, seen.clone())) {
            continue;
        }
        if time + 1 < TIMES.len() {
            frontier.push((request.clone(), time + 1, seen.clone()));
        }
        for event in alphabet() {
            let transition = step(&request, &event, at(TIMES[time]));
            let mut after = seen.clone();
            observe(&mut after, &request, &event, &transition)
                .map_err(|law| format!("{law}: {event:?} {request:?}"))?;
            if transition.next.is_some() || after != seen {
                frontier.push((transition.next.unwrap_or_else(|| request.clone()), time, after));
            }
        }
    }
    Ok(known.len())
}

fn observe(seen: &mut Seen, request: &Request, event: &Event, transition: &Transition) -> Result<(), &'static str> {
    let passcode = transition.effects.iter().any(|e| matches!(e, Effect::CountFailure(_) | Effect::ResetFailures(_)));
    seen.judged += u8::from(passcode);
    seen.granted += u8::from(transition.collected == Some(Collected::Granted));
    seen.accepted += u8::from(transition.effects.iter().any(|e| matches!(e, Effect::ResetFailures(_))));
    seen.writes += u8::from(transition.next.is_some());
    if let (Some(rh), Some(reply)) = (hash(event), transition.reply) {
        one_reply(seen, rh, reply, transition)?;
    }
    let laws = [
        (seen.granted <= 1 && seen.granted <= seen.accepted, "a grant too many"),
        (seen.accepted <= 1, "two approvals accepted"),
        (seen.judged <= 3, "more than three passcodes judged"),
        (seen.writes <= 5, "more writes than answers and deadlines"),
        (transition.next.is_some() || transition.effects.is_empty(), "effects without a write"),
        (hash(event).is_some() == transition.reply.is_some(), "an answer without a reply"),
    ];
    if let Some((_, what)) = laws.iter().find(|(holds, _)| !holds) {
        return Err(what);
    }
    let Some(next) = &transition.next else { return Ok(()) };
    if next.answers.len() > MAX_ANSWERS {
        return Err("more answers than there is room for");
    }
    if request.state.is_final() && next.state != request.state { Err("a final state was left") } else { Ok(()) }
}

/// What was judged once is told the same for ever, and judged no more.
fn one_reply(seen: &mut Seen, rh: MessageHash, reply: Reply, transition: &Transition) -> Result<(), &'static str> {
    let told = (reply.status.code(), reply.left, reply.failures);
    match seen.replies.get(rh.as_bytes()) {
        Some(first) if *first != told => Err("two replies to the same bytes"),
        Some(_) if !transition.effects.is_empty() => Err("the same bytes had an effect twice"),
        Some(_) => Ok(()),
        None => {
            let judged =
                matches!(reply.status, Status::Accepted | Status::WrongPasscode) || !transition.effects.is_empty();
            // An answer that only found the request expired changed it, but was not judged.
            let remembered = transition.next.as_ref().is_some_and(|next| next.answers.iter().any(|a| a.rh == rh));
            if remembered {
                seen.replies.insert(*rh.as_bytes(), told);
            }
            if judged && !remembered && reply.status != Status::Expired { Err("judged and forgotten") } else { Ok(()) }
        }
    }
}

fn hash(event: &Event) -> Option<MessageHash> {
    match event {
        Event::Approve(approval) => Some(approval.rh),
        Event::Deny(denial) | Event::Report(denial) => Some(denial.rh),
        _ => None,
    }
}

#[test]
fn every_reachable_state_obeys() {
    let nodes = explore(apply).unwrap();
    assert!(nodes > 1000, "the search reached only {nodes} nodes");
}

/// The search must find what the memory of answers prevents.
#[test]
fn negative_control_without_memory() {
    let forgetful = |request: &Request, event: &Event, now| {
        let mut transition = apply(&Request { answers: vec![], ..request.clone() }, event, now);
        if let Some(next) = &mut transition.next {
            let rest: Vec<_> = next.answers.drain(..).collect();
            next.answers = request.answers.iter().copied().chain(rest).take(MAX_ANSWERS).collect();
        }
        transition
    };
    let found = explore(forgetful).unwrap_err();
    assert!(found.starts_with("two replies to the same bytes") || found.contains("twice"), "{found}");
}

/// The search must find a grant that does not use the request up.
#[test]
fn negative_control_without_consumption() {
    let generous = |request: &Request, event: &Event, now| {
        let mut transition = apply(request, event, now);
        if transition.collected == Some(Collected::Granted) {
            transition.next = None;
            transition.effects.clear();
        }
        transition
    };
    let found = explore(generous).unwrap_err();
    assert!(found.starts_with("a grant too many"), "{found}");
}
