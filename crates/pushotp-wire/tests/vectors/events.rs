//! What the server's state machine says to a sequence of events about one request.

use pushotp_types::TokenId;
use pushotp_wire::{
    state::{Approval, Event, NumberVerdict, PasscodeVerdict, Request, State, TokenStanding, Transition, apply},
    terms::{CancelReason, ChallengeHash, Status, UserVerification},
};

use crate::{
    fixture::{EXPIRES, PHONE, TABLET, at, denial, good, pending},
    format::{Happening, Sequence, class, words},
};

const fn of(event: &'static str, bytes: u8, at: i64) -> (&'static str, u8, i64, &'static str) {
    (event, bytes, at, "")
}

type Plan = (&'static str, &'static [(&'static str, u8, i64, &'static str)]);

/// Event, which bytes, seconds after the end of the challenge, and what is wrong with it.
const PLANS: &[Plan] = &[
    ("approved", &[of("approve", 1, -90)]),
    ("approved_in_the_last_second", &[of("approve", 1, 0)]),
    ("approved_and_collected", &[of("approve", 1, -90), of("collect", 0, -30)]),
    ("collected_twice", &[of("approve", 1, -90), of("collect", 0, -30), of("collect", 0, -29)]),
    ("collected_too_late", &[of("approve", 1, -90), of("collect", 0, -29)]),
    ("collected_before_the_answer", &[of("collect", 0, -90)]),
    ("collected_after_a_denial", &[of("deny", 1, -90), of("collect", 0, -80)]),
    ("denied", &[of("deny", 1, -90)]),
    ("reported_at_once", &[of("report", 1, -90)]),
    ("wrong_hash", &[("approve", 1, -90, "hash")]),
    ("wrong_hash_of_a_denial", &[("deny", 1, -90, "hash")]),
    ("token_not_named", &[("approve", 1, -90, "token_not_named")]),
    ("token_of_another_device", &[("approve", 1, -90, "token_not_held")]),
    ("token_disabled", &[("approve", 1, -90, "token_disabled")]),
    ("user_not_verified", &[("approve", 1, -90, "verification")]),
    ("wrong_number", &[("approve", 1, -90, "number")]),
    ("wrong_passcode_once", &[("approve", 1, -90, "passcode")]),
    ("wrong_passcode_twice", &[("approve", 1, -90, "passcode"), ("approve", 2, -80, "passcode")]),
    (
        "wrong_passcode_three_times",
        &[("approve", 1, -90, "passcode"), ("approve", 2, -80, "passcode"), ("approve", 3, -70, "passcode")],
    ),
    (
        "right_passcode_at_the_third_try",
        &[("approve", 1, -90, "passcode"), ("approve", 2, -80, "passcode"), of("approve", 3, -70)],
    ),
    ("right_passcode_after_a_wrong_number", &[("approve", 1, -90, "number"), of("approve", 2, -80)]),
    ("same_wrong_bytes_again", &[("approve", 1, -90, "passcode"), ("approve", 1, -80, "passcode")]),
    ("same_bytes_again", &[of("approve", 1, -90), of("approve", 1, -80)]),
    ("same_bytes_again_after_the_end", &[of("approve", 1, -90), of("approve", 1, 900)]),
    ("second_approval", &[of("approve", 1, -90), of("approve", 2, -80)]),
    ("second_denial", &[of("deny", 1, -90), of("deny", 2, -80)]),
    ("approval_after_a_denial", &[of("deny", 1, -90), of("approve", 2, -80)]),
    ("denial_after_an_approval", &[of("approve", 1, -90), of("deny", 2, -80)]),
    ("approval_after_a_report", &[of("report", 1, -90), of("approve", 2, -80)]),
    ("approval_after_it_was_collected", &[of("approve", 1, -90), of("collect", 0, -80), of("approve", 2, -70)]),
    ("approval_after_a_cancel", &[of("cancel", 0, -90), of("approve", 1, -80)]),
    ("denial_after_a_cancel", &[of("cancel", 0, -90), of("deny", 1, -80)]),
    ("cancelled_after_the_approval", &[of("approve", 1, -90), of("cancel", 0, -80), of("collect", 0, -70)]),
    ("approval_a_second_late", &[of("approve", 1, 1)]),
    ("denial_a_second_late", &[of("deny", 1, 1)]),
    ("approval_after_one_that_nobody_collected", &[of("approve", 1, -90), of("approve", 2, -29)]),
    ("report_after_a_denial", &[of("deny", 1, -90), of("report", 2, -80)]),
    ("report_600_seconds_after_the_end", &[of("deny", 1, -90), of("report", 2, 600)]),
    ("report_601_seconds_after_the_end", &[of("deny", 1, -90), of("report", 2, 601)]),
    ("report_by_another_device", &[of("deny", 1, -90), of("report_by_another", 2, -80)]),
    ("report_after_an_approval", &[of("approve", 1, -90), of("report", 2, -80)]),
    ("report_after_it_was_collected", &[of("approve", 1, -90), of("collect", 0, -80), of("report", 2, -70)]),
    ("report_after_the_end", &[of("report", 1, 1)]),
    ("report_of_another_hash", &[of("deny", 1, -90), ("report", 2, -80, "hash")]),
    ("report_after_a_cancel", &[of("cancel", 0, -90), of("report", 1, -80)]),
];

fn approval(happening: &Happening) -> Approval {
    let good = good(happening.bytes);
    match happening.wrong.as_deref() {
        None => good,
        Some("hash") => Approval { ch: ChallengeHash::from_bytes([0; 32]), ..good },
        Some("token_not_named") => Approval { token: TokenId::from_bytes([8; 16]), ..good },
        Some("token_not_held") => Approval { standing: TokenStanding::NotHeld, ..good },
        Some("token_disabled") => Approval { standing: TokenStanding::Disabled, ..good },
        Some("verification") => Approval { verification: UserVerification::None, ..good },
        Some("number") => Approval { number: NumberVerdict::Wrong, ..good },
        Some("passcode") => Approval { passcode: PasscodeVerdict::Wrong, ..good },
        Some(other) => panic!("{other}"),
    }
}

fn event(happening: &Happening) -> Event {
    let denial = |device| {
        let mut denial = denial(happening.bytes, device);
        if happening.wrong.is_some() {
            denial.ch = ChallengeHash::from_bytes([0; 32]);
        }
        denial
    };
    match &*happening.event {
        "approve" => Event::Approve(approval(happening)),
        "deny" => Event::Deny(denial(PHONE)),
        "report" => Event::Report(denial(PHONE)),
        "report_by_another" => Event::Report(denial(TABLET)),
        "cancel" => Event::Cancel(CancelReason::PageClosed),
        "collect" => Event::Collect,
        other => panic!("{other}"),
    }
}

/// The last transition, and the request after it.
fn run(happenings: &[Happening]) -> (Transition, Request) {
    let (mut request, mut last) = (pending(), Transition::default());
    for happening in happenings {
        last = apply(&request, &event(happening), at(EXPIRES.saturating_add_signed(happening.after_exp)));
        request = last.next.clone().unwrap_or(request);
    }
    (last, request)
}

fn state(state: State) -> String {
    format!("{state:?}").split([' ', '{']).next().unwrap().to_lowercase()
}

/// The sequence with what comes of it.
fn told(id: &str, events: Vec<Happening>) -> Sequence {
    let (last, request) = run(&events);
    Sequence {
        id: id.into(),
        events,
        status: last.reply.map(|reply| reply.status.code()),
        left: last.reply.filter(|reply| reply.status == Status::WrongPasscode).map(|reply| reply.left),
        collected: last.collected.map(|collected| format!("{collected:?}").to_lowercase()),
        error: last.error.map(|error| words(error).0),
        class: last.error.map(|error| class(error.class())),
        state: state(request.state),
    }
}

pub(crate) fn sequences() -> Vec<Sequence> {
    let happening = |(event, bytes, after_exp, wrong): &(&str, u8, i64, &str)| Happening {
        event: (*event).into(),
        bytes: *bytes,
        after_exp: *after_exp,
        wrong: (!wrong.is_empty()).then(|| (*wrong).into()),
    };
    PLANS.iter().map(|(id, events)| told(id, events.iter().map(happening).collect())).collect()
}

/// The sequence of a file, carried out again.
pub(crate) fn again(case: &Sequence) -> Sequence {
    told(&case.id, case.events.clone())
}
