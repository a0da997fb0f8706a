//! The negative cases of the protocol that the state machine decides, and the last second of each deadline.

use pushotp_types::TokenId;
use pushotp_wire::{
    Error,
    state::{
        Approval, Collected, Denial, Effect, Event, Incident, PasscodeVerdict, Reply, Request, State, TokenStanding,
        Transition, apply,
    },
    terms::{
        CancelReason, ChallengeHash, ChallengePolicy, OtpSpec, PasscodeKind, Status, TokenPolicy, UserVerification,
    },
};

use crate::fixture::*;

const NOW: u64 = EXPIRES - 100;

/// Applies the events in turn, as a store with one writer would; the last transition and what is stored after it.
fn run(mut request: Request, events: &[(Event, u64)]) -> (Transition, Request) {
    let mut last = Transition::default();
    for (event, now) in events {
        last = apply(&request, event, at(*now));
        request = last.next.clone().unwrap_or(request);
    }
    (last, request)
}

fn told(transition: &Transition) -> (Status, Option<Error>) {
    (transition.reply.unwrap().status, transition.error)
}

/// One thing wrong with an approval of a pending request: what it is told, and what the request is then.
// protocol.md: CHK-3, SRV-5, SRV-8
#[test]
fn one_defect_one_refusal() {
    let pending = State::Pending { wrong: 0 };
    let mut flipped = *CH.as_bytes();
    flipped[31] ^= 1;
    let cases = [
        (
            "141 ch off by one bit",
            Approval { ch: ChallengeHash::from_bytes(flipped), ..good(1) },
            Error::HashMismatch,
            pending,
        ),
        (
            "168 tid not named",
            Approval { token: TokenId::from_bytes([8; 16]), ..good(1) },
            Error::TokenMismatch,
            pending,
        ),
        (
            "169 tid of another device",
            Approval { standing: TokenStanding::NotHeld, ..good(1) },
            Error::TokenMismatch,
            pending,
        ),
        (
            "170 disabled token",
            Approval { standing: TokenStanding::Disabled, ..good(1) },
            Error::TokenDisabled,
            pending,
        ),
        (
            "151 uv below policy",
            Approval { verification: UserVerification::None, ..good(1) },
            Error::UvRequired,
            State::Failed,
        ),
        (
            "151 biometric not permitted",
            Approval { verification: UserVerification::Biometric, ..good(1) },
            Error::UvRequired,
            State::Failed,
        ),
    ];
    for (case, approval, error, state) in cases {
        // The passcode is wrong too, and never reached: nothing may be counted.
        let approval = Approval { passcode: PasscodeVerdict::Wrong, ..approval };
        let (last, after) = run(pending_two_tokens(), &[(Event::Approve(approval), NOW)]);
        assert_eq!(told(&last), (Status::Refused, Some(error)), "{case}");
        assert_eq!(after.state, state, "{case}");
        assert!(!last.effects.iter().any(|effect| matches!(effect, Effect::CountFailure(_))), "{case}");
        assert_eq!(last.next.is_some(), state != pending, "{case}");
    }
}

fn pending_two_tokens() -> Request {
    Request { tokens: vec![TOKEN, TokenId::from_bytes([9; 16])], ..pending() }
}

/// Cases 152 and 177: a wrong number ends the request, and the passcode beside it is not counted.
// protocol.md: NUM-5, CHK-5
#[test]
fn a_wrong_number_leaves_the_passcode_unjudged() {
    let (last, after) = run(pending(), &[(wrong_number(1), NOW)]);
    assert_eq!(told(&last), (Status::Refused, Some(Error::Number)));
    assert_eq!(after.state, State::Failed);
    assert!(!last.effects.contains(&Effect::CountFailure(TOKEN)));
}

/// Cases 159, 160, 162.
// protocol.md: SRV-6
#[test]
fn three_wrong_passcodes_end_it() {
    let (first, _) = run(pending(), &[(wrong_passcode(1), NOW)]);
    assert_eq!(first.reply, Some(Reply { status: Status::WrongPasscode, left: 2, failures: 0 }));
    let (second, _) = run(pending(), &[(wrong_passcode(1), NOW), (wrong_passcode(2), NOW)]);
    assert_eq!(second.reply, Some(Reply { status: Status::WrongPasscode, left: 1, failures: 0 }));
    let three = [(wrong_passcode(1), NOW), (wrong_passcode(2), NOW), (wrong_passcode(3), NOW)];
    let (third, failed) = run(pending(), &three);
    assert_eq!(told(&third), (Status::Refused, Some(Error::Code)));
    assert!(third.effects.contains(&Effect::CountFailure(TOKEN)));
    let (fourth, after) = run(failed.clone(), &[(approve(4), NOW)]);
    assert_eq!(told(&fourth), (Status::Refused, Some(Error::AlreadyAnswered)));
    assert_eq!(after, failed);
}

/// Case 161.
// protocol.md: SRV-7
#[test]
fn a_right_passcode_at_the_third_try() {
    let (last, after) = run(pending(), &[(wrong_passcode(1), NOW), (wrong_passcode(2), NOW), (approve(3), NOW)]);
    assert_eq!(last.reply, Some(Reply { status: Status::Accepted, left: 0, failures: 4 }));
    assert!(last.effects.contains(&Effect::ResetFailures(TOKEN)));
    assert_eq!(after.state, State::Approved { token: TOKEN, device: PHONE, at: at(NOW) });
}

/// Cases 143, 145, 164: the same bytes again are told the same, whatever the request has become and the caller now says.
// protocol.md: SRV-3
#[test]
fn the_same_bytes_again() {
    let (first, counted) = run(pending(), &[(wrong_passcode(1), NOW)]);
    for (event, now) in [(wrong_passcode(1), NOW), (approve(1), NOW), (wrong_passcode(1), EXPIRES + 9999)] {
        let again = apply(&counted, &event, at(now));
        assert_eq!((again.reply, again.error, again.next, again.effects), (first.reply, None, None, vec![]));
    }
    let (first, consumed) = run(pending(), &[(approve(1), NOW), (Event::Collect, NOW)]);
    assert_eq!(first.collected, Some(Collected::Granted));
    let again = apply(&consumed, &approve(1), at(NOW));
    assert_eq!(again.reply, Some(Reply { status: Status::Accepted, left: 0, failures: 4 }));
    assert_eq!((again.next, again.effects), (None, vec![]));
}

/// Cases 146 to 149: one winner, and the other answer is told so.
// protocol.md: SRV-2
#[test]
fn the_first_answer_wins() {
    let deny = |frame, device| Event::Deny(denial(frame, device));
    let other_phone = |frame| Event::Approve(Approval { device: TABLET, ..good(frame) });
    for (case, first, second) in [
        ("146", approve(1), approve(2)),
        ("147", deny(1, PHONE), approve(2)),
        ("148", approve(1), deny(2, PHONE)),
        ("149", deny(1, PHONE), other_phone(2)),
        ("149", other_phone(1), deny(2, PHONE)),
    ] {
        let (last, after) = run(pending(), &[(first, NOW), (second, NOW)]);
        assert_eq!(told(&last), (Status::AlreadyAnswered, Some(Error::AlreadyAnswered)), "{case}");
        assert_eq!(after, run(pending(), &[(first, NOW)]).1, "{case}");
    }
}

/// Case 150.
#[test]
fn nothing_is_approved_after_a_cancel() {
    let cancel = (Event::Cancel(CancelReason::PageClosed), NOW);
    let (last, after) = run(pending(), &[cancel, (approve(1), NOW)]);
    assert_eq!(told(&last), (Status::Cancelled, Some(Error::Cancelled)));
    assert_eq!(after.state, State::Cancelled);
    let (last, _) = run(pending(), &[(approve(1), NOW), cancel, (Event::Collect, NOW)]);
    assert_eq!(last.collected, Some(Collected::Refused));
}

/// Cases 173 to 175, and a report by a device that did not deny.
// protocol.md: TIME-3
#[test]
fn reports() {
    let report = |frame, device| Event::Report(denial(frame, device));
    let (last, after) = run(pending(), &[(report(1, PHONE), NOW)]);
    assert_eq!((told(&last), after.state), ((Status::Accepted, None), State::Reported), "173");

    let (last, after) = run(pending(), &[(approve(1), NOW), (Event::Collect, NOW), (report(2, PHONE), NOW)]);
    assert_eq!((told(&last).0, after.state), (Status::AlreadyAnswered, State::Consumed), "174");
    assert!(last.effects.contains(&Effect::RaiseIncident(Incident::ReportAfterApproval)));

    let denied = (Event::Deny(denial(1, PHONE)), NOW);
    let (last, after) = run(pending(), &[denied, (report(2, PHONE), EXPIRES + 660)]);
    assert_eq!(told(&last), (Status::Expired, Some(Error::Expired)), "175");
    assert_eq!(after.state, State::Denied { device: PHONE });

    let (last, _) = run(pending(), &[denied, (report(2, TABLET), NOW)]);
    assert_eq!(told(&last), (Status::AlreadyAnswered, Some(Error::AlreadyAnswered)));
}

/// A denial or a report about another challenge changes nothing, in any state.
// protocol.md: SRV-5
#[test]
fn about_another_challenge() {
    let other = Denial { ch: ChallengeHash::from_bytes([0; 32]), ..denial(9, PHONE) };
    let states = [State::Pending { wrong: 0 }, State::Denied { device: PHONE }, State::Consumed, State::Expired];
    for state in states {
        let last = apply(&request(state), &Event::Report(other), at(NOW));
        assert_eq!((last.next, last.effects), (None, vec![]), "{state:?}");
    }
    let last = apply(&pending(), &Event::Deny(other), at(NOW));
    assert_eq!(told(&last), (Status::Refused, Some(Error::HashMismatch)));
}

/// A third late report is told the same, but there is an incident already and no room to remember another.
#[test]
fn late_reports_do_not_pile_up() {
    let late: Vec<(Event, u64)> = (1..=5).map(|frame| (Event::Report(denial(frame, PHONE)), EXPIRES + 1)).collect();
    let (last, after) = run(pending(), &late);
    assert_eq!(told(&last), (Status::Expired, Some(Error::Expired)));
    assert_eq!((last.next, last.effects), (None, vec![]));
    assert_eq!(after.answers.len(), 4);
}

/// The last second counts, the next one does not. Case 142: only the server's clock decides.
// protocol.md: TIME-1, TIME-2, TIME-3
#[test]
fn deadlines() {
    let approved = run(pending(), &[(approve(1), EXPIRES)]).1;
    let denied = run(pending(), &[(Event::Deny(denial(1, PHONE)), NOW)]).1;
    let report = Event::Report(denial(2, PHONE));
    let cases = [
        ("answer", pending(), approve(1), EXPIRES, Some(Status::Expired)),
        ("deny", pending(), Event::Deny(denial(1, PHONE)), EXPIRES, Some(Status::Expired)),
        ("report", denied, report, EXPIRES + 600, Some(Status::Expired)),
        ("collect", approved, Event::Collect, EXPIRES + 60, None),
    ];
    for (case, request, event, last_second, refused) in cases {
        let (in_time, late) = (apply(&request, &event, at(last_second)), apply(&request, &event, at(last_second + 1)));
        if let Some(status) = refused {
            assert_eq!(in_time.reply.unwrap().status, Status::Accepted, "{case}");
            assert_eq!(told(&late), (status, Some(Error::Expired)), "{case}");
        } else {
            assert_eq!(in_time.collected, Some(Collected::Granted), "{case}");
            assert_eq!(late.collected, Some(Collected::Refused), "{case}");
            assert_eq!(late.next.unwrap().state, State::Expired, "{case}");
        }
    }
}

/// A late answer also stores that the request has expired, so that the next look needs no clock.
#[test]
fn a_late_answer_is_told_and_not_remembered() {
    let late = apply(&pending(), &approve(1), at(EXPIRES + 1));
    let next = late.next.unwrap();
    assert_eq!((next.state, next.answers), (State::Expired, vec![]));
}

/// Who must be verified how: the challenge asks, and the token's enrolled policy is a floor.
// protocol.md: SRV-8
#[test]
fn verification() {
    use UserVerification::{Biometric, Both, None, Pin};
    let pin = TokenPolicy::PIN_PROTECTED;
    let either = pin | TokenPolicy::BIOMETRIC;
    let (asks, open) = (ChallengePolicy::VERIFY_USER, ChallengePolicy::NONE);
    for (challenge, token, enough) in [
        (open, TokenPolicy::NONE, &[None, Pin, Biometric, Both][..]),
        (asks, TokenPolicy::NONE, &[Pin, Biometric, Both]),
        (open, pin, &[Pin, Both]),
        (asks, pin, &[Pin, Both]),
        (open, either, &[Pin, Biometric, Both]),
        (asks, either, &[Pin, Biometric, Both]),
    ] {
        for verification in [None, Pin, Biometric, Both] {
            let approval = Approval { token_policy: token, verification, ..good(1) };
            let request = Request { policy: challenge, ..pending() };
            let accepted = apply(&request, &Event::Approve(approval), at(NOW)).error.is_none();
            assert_eq!(accepted, enough.contains(&verification), "{challenge:?} {token:?} {verification:?}");
        }
    }
}

/// Case 167's other half: what was accepted can never be used by hand.
// protocol.md: PASS-4
#[test]
fn a_counter_based_passcode_uses_its_counter_up() {
    for (kind, advances) in [(PasscodeKind::Bound, false), (PasscodeKind::Hotp, true), (PasscodeKind::Totp, true)] {
        let otp = OtpSpec::new(kind, pushotp_types::Digits::EIGHT).unwrap();
        let transition = apply(&Request { otp, ..pending() }, &approve(1), at(NOW));
        assert_eq!(transition.effects.contains(&Effect::AdvanceCounter(TOKEN)), advances, "{kind:?}");
    }
}
