//! Whatever is stored and whatever comes: a decision, and the laws that every decision keeps.

use proptest::{collection::vec, prelude::*};
use pushotp_types::{DeviceId, TokenId, UnixTime};
use pushotp_wire::{
    state::{
        Answer, Approval, Denial, Event, MAX_ANSWERS, NumberVerdict, PasscodeVerdict, Reply, Request, State,
        TokenStanding, apply,
    },
    terms::{
        CancelReason, ChallengeHash, ChallengeId, ChallengePolicy, MessageHash, OtpSpec, Reason, Status, TokenPolicy,
        UserVerification,
    },
};

/// Few values, so that they meet.
fn device() -> impl Strategy<Value = DeviceId> {
    (0..3_u8).prop_map(|n| DeviceId::from_bytes([n; 16]))
}

fn token() -> impl Strategy<Value = TokenId> {
    (0..3_u8).prop_map(|n| TokenId::from_bytes([n; 16]))
}

fn rh() -> impl Strategy<Value = MessageHash> {
    (0..8_u8).prop_map(|n| MessageHash::of(&[n]))
}

fn ch() -> impl Strategy<Value = ChallengeHash> {
    prop_oneof![9 => Just(9_u8), 1 => any::<u8>()].prop_map(|n| ChallengeHash::from_bytes([n; 32]))
}

fn time() -> impl Strategy<Value = UnixTime> {
    prop_oneof![8 => 900..1800_u64, 1 => any::<u64>(), 1 => Just(u64::MAX)].prop_map(UnixTime::from_secs)
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        4 => any::<u8>().prop_map(|wrong| State::Pending { wrong: wrong % 5 }),
        1 => any::<u8>().prop_map(|wrong| State::Pending { wrong }),
        2 => (token(), device(), time()).prop_map(|(token, device, at)| State::Approved { token, device, at }),
        2 => device().prop_map(|device| State::Denied { device }),
        5 => prop::sample::select(vec![
            State::Consumed,
            State::Reported,
            State::Failed,
            State::Expired,
            State::Cancelled,
        ]),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    (rh(), device(), 0..7_u8, any::<(u8, u8)>()).prop_map(|(rh, device, status, (left, failures))| Answer {
        rh,
        device,
        reply: Reply { status: Status::from_code(status).unwrap(), left, failures },
    })
}

prop_compose! {
    fn request()(
        tokens in vec(token(), 0..4),
        policy in 0..16_u8,
        hash in ch(),
        expires in time(),
        state in state(),
        answers in vec(answer(), 0..7),
    ) -> Request {
        Request {
            id: ChallengeId::from_bytes([1; 16]),
            hash,
            tokens,
            policy: ChallengePolicy::from_bits(policy).unwrap(),
            otp: OtpSpec::BOUND,
            expires,
            state,
            answers,
        }
    }
}

prop_compose! {
    fn approval()(
        (device, rh, ch, token) in (device(), rh(), ch(), token()),
        standing in prop::sample::select(vec![TokenStanding::Usable, TokenStanding::Disabled, TokenStanding::NotHeld]),
        policy in 0..16_u8,
        verification in 0..4_u8,
        (number, passcode) in any::<(bool, bool)>(),
        failures in any::<u8>(),
    ) -> Approval {
        Approval {
            device,
            rh,
            ch,
            token,
            standing,
            token_policy: TokenPolicy::from_bits(policy).unwrap(),
            verification: UserVerification::from_code(verification).unwrap(),
            number: if number { NumberVerdict::Right } else { NumberVerdict::Wrong },
            passcode: if passcode { PasscodeVerdict::Right } else { PasscodeVerdict::Wrong },
            failures,
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    let denial = || {
        (device(), rh(), ch(), 0..5_u8).prop_map(|(device, rh, ch, reason)| Denial {
            device,
            rh,
            ch,
            reason: Reason::from_code(reason).unwrap(),
        })
    };
    prop_oneof![
        4 => approval().prop_map(Event::Approve),
        2 => denial().prop_map(Event::Deny),
        2 => denial().prop_map(Event::Report),
        1 => (0..6_u8).prop_map(|reason| Event::Cancel(CancelReason::from_code(reason).unwrap())),
        1 => Just(Event::Tick),
        1 => Just(Event::Collect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Total over any stored request, and a decision is only about state and answers.
    #[test]
    fn one_decision(request in request(), event in event(), now in time()) {
        let transition = apply(&request, &event, now);
        prop_assert_eq!(&transition, &apply(&request, &event, now));
        prop_assert!(transition.next.is_some() || transition.effects.is_empty());
        let answered = matches!(event, Event::Approve(_) | Event::Deny(_) | Event::Report(_));
        prop_assert_eq!(transition.reply.is_some(), answered);
        prop_assert_eq!(transition.collected.is_some(), event == Event::Collect);
        if let Some(next) = transition.next {
            prop_assert!(next != request);
            prop_assert!(next.answers.len() <= request.answers.len().max(MAX_ANSWERS));
            prop_assert!(next.answers.starts_with(&request.answers));
            prop_assert!(!request.state.is_final() || next.state == request.state);
            prop_assert_eq!(Request { state: request.state, answers: request.answers.clone(), ..next }, request);
        }
    }

    /// The clock alone settles a request: a second look at the same time finds nothing to do.
    #[test]
    fn ticks_are_idempotent(request in request(), now in time()) {
        if let Some(next) = apply(&request, &Event::Tick, now).next {
            prop_assert_eq!(next.state, State::Expired);
            prop_assert_eq!(apply(&next, &Event::Tick, now).next, None);
        }
    }

    /// A storm of events on a fresh request: the replies to bytes that were judged never change.
    #[test]
    fn replies_are_a_function_of_the_bytes(events in vec((event(), 0..30_u64), 0..60)) {
        let mut request = Request { tokens: vec![TokenId::from_bytes([1; 16])], ..fresh() };
        let (mut now, mut told) = (1000, std::collections::BTreeMap::new());
        for (event, passed) in events {
            now += passed;
            let transition = apply(&request, &event, UnixTime::from_secs(now));
            for answer in &transition.next.as_ref().unwrap_or(&request).answers {
                let reply = told.entry(*answer.rh.as_bytes()).or_insert(answer.reply);
                prop_assert_eq!(*reply, answer.reply);
            }
            let rh = match event {
                Event::Approve(Approval { rh, .. }) | Event::Deny(Denial { rh, .. }) | Event::Report(Denial { rh, .. }) => rh,
                _ => MessageHash::of(b""),
            };
            if let (Some(reply), Some(first)) = (transition.reply, told.get(rh.as_bytes())) {
                prop_assert_eq!(*first, reply);
            }
            request = transition.next.unwrap_or(request);
        }
        prop_assert!(request.answers.len() <= MAX_ANSWERS);
    }
}

fn fresh() -> Request {
    Request {
        id: ChallengeId::from_bytes([1; 16]),
        hash: ChallengeHash::from_bytes([9; 32]),
        tokens: vec![],
        policy: ChallengePolicy::NONE,
        otp: OtpSpec::BOUND,
        expires: UnixTime::from_secs(1120),
        state: State::Pending { wrong: 0 },
        answers: vec![],
    }
}
