//! Every state against every event: the next state, the reply and the effects of each cell.

use std::collections::BTreeMap;

use pushotp_types::UnixTime;
use pushotp_wire::{
    state::{Approval, Audit, Effect, Event, Request, State, Transition, apply},
    terms::{CancelReason, UserVerification},
};

use crate::fixture::*;

/// `states | events | next state | reply or outcome | effects`; `=` nothing to write, `+` the same state, written.
///
/// A reply is `status/left/failures error`. `again` are the bytes of an answer that was told `6/2/0`.
const TABLE: &str = "
pending0 pending1 pending2 | approve       | approved  | 0/0/4                   | reset audit:approved withdraw:others
pending0 pending1 pending2 | number        | failed    | 1/0/0 Number            | audit:number withdraw:others
pending0 pending1 pending2 | uv            | failed    | 1/0/0 UvRequired        | audit:uv withdraw:others
pending0                   | code          | pending1  | 6/2/0 Code              | count audit:code
pending1                   | code          | pending2  | 6/1/0 Code              | count audit:code
pending2                   | code          | failed    | 1/0/0 Code              | count audit:codes withdraw:others
pending0 pending1 pending2 | deny          | denied    | 0/0/0                   | audit:denied withdraw:others
pending0 pending1 pending2 | report report2 | reported | 0/0/0                   | withdraw:others block incident:report audit:reported
pending0 pending1 pending2 | cancel        | cancelled | -                       | audit:cancelled withdraw:all
pending0 pending1 pending2 | tick          | =         | -                       | -
pending0 pending1 pending2 | late          | expired   | -                       | audit:expired
pending0 pending1 pending2 | collect       | =         | Pending                 | -

approved | approve number uv code deny     | =         | 2/0/0 AlreadyAnswered   | -
approved | report report2                  | +         | 2/0/0 AlreadyAnswered   | incident:approved audit:reported
approved | cancel                          | cancelled | -                       | audit:cancelled
approved | tick                            | =         | -                       | -
approved | late                            | expired   | -                       | audit:expired
approved | collect                         | consumed  | Granted                 | audit:collected

consumed | approve number uv code deny     | =         | 2/0/0 AlreadyAnswered   | -
consumed | report report2                  | +         | 2/0/0 AlreadyAnswered   | incident:approved audit:reported
consumed | cancel tick late                | =         | -                       | -
consumed | collect                         | =         | Used                    | -

denied   | approve number uv code deny report2 | =     | 2/0/0 AlreadyAnswered   | -
denied   | report                          | reported  | 0/0/0                   | block incident:report audit:reported
denied reported failed expired cancelled | cancel tick late | = | -              | -
denied reported failed expired cancelled | collect | = | Refused                 | -

reported  | approve number uv code deny report report2 | = | 2/0/0 AlreadyAnswered | -
failed    | approve number uv code deny report report2 | = | 1/0/0 AlreadyAnswered | -
cancelled | approve number uv code deny report report2 | = | 4/0/0 Cancelled       | -
expired   | approve number uv code deny    | =         | 3/0/0 Expired           | -
expired   | report report2                 | +         | 3/0/0 Expired           | incident:expired audit:reported

pending0 pending1 pending2 approved consumed denied reported failed expired cancelled | again | = | 6/2/0 | -
";

const STATES: [&str; 10] = [
    "pending0",
    "pending1",
    "pending2",
    "approved",
    "consumed",
    "denied",
    "reported",
    "failed",
    "expired",
    "cancelled",
];
const EVENTS: [&str; 12] =
    ["approve", "number", "uv", "code", "deny", "report", "report2", "cancel", "tick", "late", "collect", "again"];

const AGAIN: u8 = 200;
const NEW: u8 = 100;

fn state(name: &str) -> State {
    match name {
        "pending0" => State::Pending { wrong: 0 },
        "pending1" => State::Pending { wrong: 1 },
        "pending2" => State::Pending { wrong: 2 },
        "approved" => State::Approved { token: TOKEN, device: PHONE, at: at(APPROVED_AT) },
        "consumed" => State::Consumed,
        "denied" => State::Denied { device: PHONE },
        "reported" => State::Reported,
        "failed" => State::Failed,
        "expired" => State::Expired,
        "cancelled" => State::Cancelled,
        other => panic!("no state {other}"),
    }
}

fn event(name: &str) -> (Event, UnixTime) {
    let event = match name {
        "approve" => approve(NEW),
        "number" => wrong_number(NEW),
        // All else is wrong as well: the first check decides.
        "uv" => match wrong_number(NEW) {
            Event::Approve(bad) => Event::Approve(Approval { verification: UserVerification::None, ..bad }),
            other => other,
        },
        "code" => wrong_passcode(NEW),
        "deny" => Event::Deny(denial(NEW, PHONE)),
        "report" => Event::Report(denial(NEW, PHONE)),
        "report2" => Event::Report(denial(NEW, TABLET)),
        "cancel" => Event::Cancel(CancelReason::Administrator),
        "tick" | "late" => Event::Tick,
        "collect" => Event::Collect,
        "again" => approve(AGAIN),
        other => panic!("no event {other}"),
    };
    // Approvals were at EXPIRES - 60, so both deadlines are the same second here.
    (event, at(if name == "late" { EXPIRES + 1 } else { EXPIRES }))
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::CountFailure(token) if *token == TOKEN => "count".into(),
        Effect::ResetFailures(token) if *token == TOKEN => "reset".into(),
        Effect::BlockPush => "block".into(),
        Effect::RaiseIncident(incident) => match format!("{incident:?}").as_str() {
            "Report" => "incident:report".into(),
            "ReportAfterApproval" => "incident:approved".into(),
            "ReportAfterExpiry" => "incident:expired".into(),
            other => other.into(),
        },
        Effect::Withdraw { reason: CancelReason::Administrator, except: None } => "withdraw:all".into(),
        Effect::Withdraw { reason: CancelReason::AnsweredElsewhere, except: Some(_) } => "withdraw:others".into(),
        Effect::Audit(audit) => match audit {
            Audit::Approved(TOKEN) => "audit:approved".into(),
            Audit::WrongPasscode(TOKEN) => "audit:code".into(),
            Audit::TooManyPasscodes(TOKEN) => "audit:codes".into(),
            Audit::WrongNumber(TOKEN) => "audit:number".into(),
            Audit::NotVerified(TOKEN) => "audit:uv".into(),
            other => format!("audit:{}", format!("{other:?}").to_lowercase().split('(').next().unwrap()),
        },
        other => format!("{other:?}"),
    }
}

fn next(request: &Request, transition: &Transition) -> String {
    match &transition.next {
        None => "=".into(),
        Some(next) if next.state == request.state => "+".into(),
        Some(next) => STATES
            .into_iter()
            .find(|name| state(name) == next.state)
            .unwrap_or(match next.state {
                // Approved now, not when the fixture was.
                State::Approved { token: TOKEN, device: PHONE, at: now } if now == at(EXPIRES) => "approved",
                _ => "?",
            })
            .into(),
    }
}

fn told(transition: &Transition) -> String {
    let reply = transition.reply.map(|r| format!("{}/{}/{}", r.status.code(), r.left, r.failures));
    let error = transition.error.map(|error| format!("{error:?}"));
    let collected = transition.collected.map(|collected| format!("{collected:?}"));
    let all: Vec<String> = [reply, error, collected].into_iter().flatten().collect();
    if all.is_empty() { "-".into() } else { all.join(" ") }
}

fn effects(transition: &Transition) -> String {
    let all: Vec<String> = transition.effects.iter().map(effect).collect();
    if all.is_empty() { "-".into() } else { all.join(" ") }
}

fn cells() -> BTreeMap<(&'static str, &'static str), [&'static str; 3]> {
    let mut cells = BTreeMap::new();
    for row in TABLE.lines().filter(|row| !row.is_empty()) {
        let columns: Vec<&str> = row.split('|').map(str::trim).collect();
        let [states, events, expected @ ..] = <[&str; 5]>::try_from(columns).expect("five columns");
        for state in states.split_whitespace() {
            for event in events.split_whitespace() {
                assert!(cells.insert((state, event), expected).is_none(), "{state} {event} stands twice");
            }
        }
    }
    cells
}

// protocol.md: CHK-3, SRV-1, SRV-9
#[test]
fn every_cell_of_the_table() {
    let cells = cells();
    assert_eq!(cells.len(), STATES.len() * EVENTS.len());
    for name in STATES {
        for event_name in EVENTS {
            let mut request = request(state(name));
            request.answers.push(remembered(AGAIN));
            let (event, now) = event(event_name);
            let transition = apply(&request, &event, now);
            let actual = [next(&request, &transition), told(&transition), effects(&transition)];
            assert_eq!(actual.each_ref().map(String::as_str), cells[&(name, event_name)], "{name} {event_name}");
        }
    }
}

/// What was written is remembered with the reply that was told, and with nothing else changed.
#[test]
fn what_is_judged_is_remembered() {
    for name in STATES {
        for event_name in EVENTS {
            let mut request = request(state(name));
            request.answers.push(remembered(AGAIN));
            let (event, now) = event(event_name);
            let transition = apply(&request, &event, now);
            let Some(next) = transition.next else { continue };
            match transition.reply {
                Some(reply) => {
                    let last = next.answers.last().unwrap();
                    assert_eq!((last.rh, last.reply), (rh(NEW), reply), "{name} {event_name}");
                    assert_eq!(next.answers.len(), 2);
                }
                None => assert_eq!(next.answers, request.answers),
            }
            assert_eq!(Request { state: request.state, answers: request.answers.clone(), ..next }, request);
        }
    }
}
