//! Every message of a server that is right, with every option.

use core::net::{Ipv4Addr, Ipv6Addr};

use pushotp_types::{Digits, TokenId};
use pushotp_wire::{
    envelope,
    message::{Cancel, Challenge, ChallengeParts, Context, ContextValue, Payload, Pending, Reply, ResultMessage},
    terms::{
        CancelReason, ChallengeId, ChallengePolicy, MessageHash, Nonce, NumberMode, OtpSpec, PasscodeKind, Status,
    },
};

use crate::{
    diagnostic::notation,
    format::{Message, rng, seed},
    messages::CID,
    peer::{NOW, OTHER_TOKEN, at, keys, message_hash, tenant, token},
};

/// A payload, sealed with the generator that its name seeds.
fn sealed(id: &str, comment: &str, about: Option<&str>, payload: &Payload) -> Message {
    let message = envelope::seal(payload, &keys(), &tenant(), &mut rng(seed(id))).unwrap();
    let typ = payload.typ().code();
    Message {
        id: id.into(),
        comment: comment.into(),
        typ,
        about: about.map(str::to_string),
        rng_seed: seed(id).into(),
        fields: notation(payload.as_bytes()),
        payload: payload.as_bytes().into(),
        ch: (typ == 65281).then(|| payload.challenge_hash(&tenant()).as_bytes().into()),
        signed: None,
        rh: message_hash(&message).into(),
        message: message.into(),
    }
}

fn context() -> Context {
    Context::new("Intranet", "alice").unwrap()
}

/// The least that a challenge can say.
fn minimal() -> ChallengeParts {
    ChallengeParts {
        id: ChallengeId::from_bytes(CID),
        tokens: vec![token()],
        issued: at(NOW),
        expires: at(NOW + 120),
        nonce: [3; 32],
        policy: ChallengePolicy::NONE,
        number: NumberMode::None,
        otp: OtpSpec::BOUND,
        context: context(),
    }
}

/// What a login server usually asks.
fn typical() -> ChallengeParts {
    let context = context().with_ip(Ipv4Addr::new(192, 0, 2, 7).into()).with_place("Vienna, Austria");
    ChallengeParts {
        tokens: vec![token(), TokenId::from_bytes(OTHER_TOKEN)],
        policy: ChallengePolicy::VERIFY_USER | ChallengePolicy::REPORT_OFFERED | ChallengePolicy::TYPE_NUMBER,
        number: NumberMode::TypeIn { digits: 6 },
        context: context.and_then(|context| context.with_client("Firefox on Linux")).unwrap(),
        ..minimal()
    }
}

type Case = (&'static str, &'static str, ChallengeParts);

fn numbers_and_passcodes() -> Vec<Case> {
    let number = |number: NumberMode| ChallengeParts { number, ..minimal() };
    let otp = |kind, digits| ChallengeParts { otp: OtpSpec::new(kind, digits).unwrap(), ..minimal() };
    vec![
        ("challenge_minimal", "the least that it can say: no number, no bit, one token", minimal()),
        ("challenge_typical", "a typed number, two tokens, who and where", typical()),
        ("challenge_number_of_2_digits", "", number(NumberMode::TypeIn { digits: 2 })),
        ("challenge_number_of_8_digits", "", number(NumberMode::TypeIn { digits: 8 })),
        (
            "challenge_pick_one_of_three",
            "in the order of display",
            number(NumberMode::PickOne { choices: [48, 0, 99] }),
        ),
        ("challenge_hotp", "of 6 digits", otp(PasscodeKind::Hotp, Digits::SIX)),
        ("challenge_totp", "of 10 digits", otp(PasscodeKind::Totp, Digits::new(10).unwrap())),
    ]
}

fn policies_and_times() -> Vec<Case> {
    let policy = |policy| ChallengeParts { policy, ..typical() };
    let every = ChallengePolicy::from_bits(15).unwrap();
    let life = |issued, seconds| ChallengeParts { issued: at(issued), expires: at(issued + seconds), ..minimal() };
    let eight = (1..=8).rev().map(|n| TokenId::from_bytes([n; 16])).collect();
    vec![
        ("challenge_user_verified", "bit 1", policy(ChallengePolicy::VERIFY_USER)),
        ("challenge_not_from_notification", "bit 2", policy(ChallengePolicy::NOT_FROM_NOTIFICATION)),
        ("challenge_report_offered", "bit 4", policy(ChallengePolicy::REPORT_OFFERED)),
        ("challenge_number_must_be_typed", "bit 8", policy(ChallengePolicy::TYPE_NUMBER)),
        ("challenge_every_policy_bit", "", policy(every)),
        (
            "challenge_eight_tokens",
            "ascending, whatever their order was",
            ChallengeParts { tokens: eight, ..minimal() },
        ),
        ("challenge_of_one_second", "", life(NOW, 1)),
        ("challenge_of_600_seconds", "the longest life", life(NOW, 600)),
        ("challenge_issued_120_seconds_ahead", "of the device's clock: the last that it takes", life(NOW + 120, 60)),
        ("challenge_ended_120_seconds_ago", "by the device's clock: the last that it takes", life(NOW - 180, 60)),
    ]
}

fn contexts() -> Vec<Case> {
    let says = |context: Context| ChallengeParts { context, ..minimal() };
    let extra = |key, value| says(context().with_extra(key, value).unwrap());
    let ipv6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7);
    let longest = Context::new("a".repeat(64), "b".repeat(128)).unwrap().with_ip(ipv6.into());
    let longest = longest.with_place("c".repeat(64)).and_then(|context| context.with_client("d".repeat(128))).unwrap();
    let longest = longest.with_action("e".repeat(256)).unwrap();
    let sixteen =
        (0..10).try_fold(longest.clone(), |context, n| context.with_extra(2 * n + 1, ContextValue::Uint(n.into())));
    let pad = |len| says(Context::new("a".repeat(len), "u").unwrap());
    vec![
        ("challenge_ipv6", "", says(context().with_ip(ipv6.into()))),
        ("challenge_action", "more than a login", says(context().with_action("pay 12.50 EUR to Bob").unwrap())),
        ("challenge_every_text_at_its_limit", "", says(longest)),
        ("challenge_sixteen_entries", "six that are known and ten odd ones", says(sixteen.unwrap())),
        (
            "challenge_odd_key_text",
            "unknown: ignored, and covered by ch",
            extra(13, ContextValue::Text("later".into())),
        ),
        ("challenge_odd_key_empty_text", "", extra(1, ContextValue::Text(String::new()))),
        ("challenge_odd_key_bytes", "256 of them, the most", extra(23, ContextValue::Bytes(vec![0xab; 256]))),
        ("challenge_odd_key_number", "the largest", extra(3, ContextValue::Uint(u64::MAX))),
        ("challenge_other_scripts", "names in any language", says(Context::new("Банк 銀行", "עליסה").unwrap())),
        ("challenge_pad_of_0", "nothing is missing", pad(23)),
        ("challenge_pad_of_87", "25 bytes are missing, which no byte string fills", pad(62)),
    ]
}

pub(crate) fn challenges() -> Vec<Message> {
    let parts = numbers_and_passcodes().into_iter().chain(policies_and_times()).chain(contexts());
    parts
        .map(|(id, comment, parts)| sealed(id, comment, None, &Challenge::new(parts).unwrap().encode().unwrap()))
        .collect()
}

/// Results of frames, and what a server says unasked.
pub(crate) fn replies(frames: &[Message], challenges: &[Message]) -> Vec<Message> {
    [results(frames), cancels(), of_fetches(challenges)].into_iter().flatten().collect()
}

fn results(frames: &[Message]) -> Vec<Message> {
    let reply = |status, left, failures| Reply { status, left, failures };
    let cases = [
        ("result_accepted", "approve_with_pin", reply(Status::Accepted, 0, 0)),
        ("result_accepted_after_255_failures", "approve_with_pin", reply(Status::Accepted, 0, 255)),
        ("result_refused", "approve_with_pin", reply(Status::Refused, 0, 0)),
        ("result_already_answered", "deny_unspecified", reply(Status::AlreadyAnswered, 0, 0)),
        ("result_expired", "report_not_me", reply(Status::Expired, 0, 0)),
        ("result_cancelled", "approve_with_pin", reply(Status::Cancelled, 0, 0)),
        ("result_retry_later", "fetch", reply(Status::RetryLater, 0, 0)),
        ("result_wrong_passcode_two_left", "approve_with_pin", reply(Status::WrongPasscode, 2, 0)),
        ("result_wrong_passcode_one_left", "approve_with_pin", reply(Status::WrongPasscode, 1, 0)),
        ("result_to_what_could_not_be_read", "fetch", reply(Status::Refused, 0, 0)),
    ];
    cases
        .map(|(id, about, reply)| {
            let frame = frames.iter().find(|frame| frame.id == about).unwrap();
            let challenge = if about == "fetch" { ChallengeId::NONE } else { ChallengeId::from_bytes(CID) };
            let result = ResultMessage::new(challenge, MessageHash::from_bytes(frame.rh.array()), reply, at(NOW));
            sealed(id, "", Some(about), &result.unwrap().encode().unwrap())
        })
        .into()
}

fn cancels() -> Vec<Message> {
    let cases = [
        ("cancel_unspecified", CancelReason::Unspecified),
        ("cancel_answered_elsewhere", CancelReason::AnsweredElsewhere),
        ("cancel_page_closed", CancelReason::PageClosed),
        ("cancel_administrator", CancelReason::Administrator),
        ("cancel_device_replaced", CancelReason::DeviceReplaced),
        ("cancel_superseded", CancelReason::Superseded),
    ];
    let cancel = |reason| Cancel::new(ChallengeId::from_bytes(CID), reason, at(NOW)).encode().unwrap();
    cases.map(|(id, reason)| sealed(id, "", None, &cancel(reason))).into()
}

fn of_fetches(challenges: &[Message]) -> Vec<Message> {
    let items = |count: usize| challenges.iter().take(count).map(|challenge| challenge.message.0.clone()).collect();
    let pending = |count| Pending::new(Nonce::from_bytes([4; 16]), at(NOW), items(count)).unwrap().encode().unwrap();
    vec![
        sealed("pending_nothing", "", Some("fetch"), &pending(0)),
        sealed("pending_one", "challenge_minimal", Some("fetch"), &pending(1)),
        sealed("pending_eight", "the first eight challenges of this file", Some("fetch"), &pending(8)),
    ]
}
