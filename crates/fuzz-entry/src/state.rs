use std::collections::HashMap;

use pushotp_types::{DeviceId, TokenId, UnixTime};
use pushotp_wire::{
    state::{
        Approval, Collected, Denial, Effect, Event, MAX_ANSWERS, MAX_TRIES, NumberVerdict, PasscodeVerdict, Reply,
        Request, State, TokenStanding, Transition, apply,
    },
    terms::{
        CancelReason, ChallengeHash, ChallengeId, ChallengePolicy, MessageHash, OtpSpec, Reason, TokenPolicy,
        UserVerification,
    },
};

const TOKEN: TokenId = TokenId::from_bytes([7; 16]);
const START: u64 = 1_800_000_000;

/// Any sequence of events, two bytes for each: one decision that stays, one grant, one reply to the same bytes.
pub fn state(input: &[u8]) -> bool {
    let (mut request, mut now, mut seen) = (pending(), START, Seen::default());
    for pair in input.as_chunks::<2>().0 {
        let (event, passed) = event(*pair);
        now += passed;
        let transition = apply(&request, &event, UnixTime::from_secs(now));
        seen.observe(&request, &event, &transition);
        request = transition.next.unwrap_or(request);
    }
    request.state.is_final()
}

/// What has happened so far.
#[derive(Default)]
struct Seen {
    granted: u8,
    judged: u8,
    told: HashMap<[u8; 32], Reply>,
}

impl Seen {
    fn observe(&mut self, before: &Request, event: &Event, transition: &Transition) {
        let judged = |effect: &&Effect| matches!(effect, Effect::CountFailure(_) | Effect::ResetFailures(_));
        self.judged += u8::try_from(transition.effects.iter().filter(judged).count()).unwrap();
        self.granted += u8::from(transition.collected == Some(Collected::Granted));
        assert!(self.granted <= 1 && self.judged <= MAX_TRIES, "granted or judged too often");
        assert!(transition.next.is_some() || transition.effects.is_empty(), "an effect without a write");
        let after = transition.next.as_ref().unwrap_or(before);
        assert!(after.answers.len() <= MAX_ANSWERS && after.answers.starts_with(&before.answers));
        let denied = matches!(before.state, State::Denied { .. });
        let stays = before.state.is_final() || denied && after.state != State::Reported;
        assert!(!stays || after.state == before.state, "a decision was overwritten");
        for answer in &after.answers {
            let first = *self.told.entry(*answer.rh.as_bytes()).or_insert(answer.reply);
            assert!(first == answer.reply, "another reply is remembered");
        }
        let remembered = sender(event).and_then(|rh| self.told.get(rh.as_bytes()));
        assert!(remembered.is_none_or(|reply| Some(*reply) == transition.reply), "another reply was told");
    }
}

fn sender(event: &Event) -> Option<MessageHash> {
    match event {
        Event::Approve(approval) => Some(approval.rh),
        Event::Deny(denial) | Event::Report(denial) => Some(denial.rh),
        _ => None,
    }
}

/// The first byte: what, and of 32 frames which; the second: whose, what is wrong with it, and the time since the last.
fn event([what, how]: [u8; 2]) -> (Event, u64) {
    let rh = MessageHash::of(&[what >> 3, how & 0x1f]);
    let device = DeviceId::from_bytes([how & 1; 16]);
    let ch = ChallengeHash::from_bytes([if how & 0b1110 == 0b1110 { 8 } else { 9 }; 32]);
    let approval = Approval {
        device,
        rh,
        ch,
        token: TOKEN,
        standing: if how & 0b1110 == 0b1100 { TokenStanding::Disabled } else { TokenStanding::Usable },
        token_policy: TokenPolicy::PIN_PROTECTED,
        verification: if how & 0b1110 == 0b1010 { UserVerification::Biometric } else { UserVerification::Pin },
        number: if how & 0b1110 == 0b1000 { NumberVerdict::Wrong } else { NumberVerdict::Right },
        passcode: if what & 1 == 0 { PasscodeVerdict::Right } else { PasscodeVerdict::Wrong },
        failures: what >> 3,
    };
    let denial = Denial { device, rh, ch, reason: Reason::NotMe };
    let event = match what & 7 {
        0 | 1 => Event::Approve(approval),
        2 => Event::Deny(denial),
        3 => Event::Report(denial),
        4 => Event::Cancel(CancelReason::PageClosed),
        5 => Event::Tick,
        _ => Event::Collect,
    };
    (event, u64::from(how >> 5) * 30)
}

fn pending() -> Request {
    Request {
        id: ChallengeId::from_bytes([5; 16]),
        hash: ChallengeHash::from_bytes([9; 32]),
        tokens: vec![TOKEN],
        policy: ChallengePolicy::VERIFY_USER,
        otp: OtpSpec::BOUND,
        expires: UnixTime::from_secs(START + 120),
        state: State::Pending { wrong: 0 },
        answers: vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The negative control: what `apply` never does, the law must notice.
    #[test]
    #[should_panic(expected = "granted or judged too often")]
    fn a_second_grant_is_noticed() {
        let mut transition = Transition::default();
        transition.collected = Some(Collected::Granted);
        let mut seen = Seen::default();
        seen.observe(&pending(), &Event::Collect, &transition);
        seen.observe(&pending(), &Event::Collect, &transition);
    }

    #[test]
    #[should_panic(expected = "a decision was overwritten")]
    fn a_denial_that_is_overwritten_is_noticed() {
        let denied = Request { state: State::Denied { device: DeviceId::from_bytes([0; 16]) }, ..pending() };
        let mut transition = Transition::default();
        transition.next = Some(Request { state: State::Consumed, ..pending() });
        Seen::default().observe(&denied, &Event::Collect, &transition);
    }
}
