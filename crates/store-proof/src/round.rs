//! One round: a login and a passcode, what everybody was told about them, and whether all of it can be true together.

use std::{thread, time::Duration};

use pushotp::{AuditKind, types::UnixTime, wire::terms::Status};

use crate::{Answer, Command, Login, Racer, Snapshot, World};

/// What one command of a round is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The passcode of the round.
    Passcode,
    /// One of the frames of the round.
    Frame(usize),
    /// The page collects.
    Redeem,
    /// The page looks.
    State,
}

/// What somebody was told, if they were told.
#[derive(Clone, Debug)]
struct Told {
    what: What,
    answer: Option<Answer>,
}

/// A login and a passcode, and all that was told about them.
#[derive(Debug)]
pub struct Round {
    /// Its time.
    pub now: UnixTime,
    login: Login,
    code: String,
    frames: Vec<Vec<u8>>,
    before: Snapshot,
    told: Vec<Told>,
    /// From here on: told after everything had come to rest.
    settled: usize,
    unknown: usize,
}

/// How often a server is asked again that could not decide.
const PATIENCE: u32 = 400;

impl Round {
    /// Starts a login at one of the servers; `frames` makes the devices' answers to it.
    pub fn begin(
        (world, now): (&mut World, UnixTime),
        racer: &mut Racer,
        frames: impl FnOnce(&mut World, &Login) -> Vec<Vec<u8>>,
    ) -> Self {
        let before = world.snapshot();
        let start = Command::Start(world.account.clone());
        let Answer::Started(ticket, pushes) = insist(racer, now, &start) else { panic!("no login") };
        let Answer::Number(number) = insist(racer, now, &Command::Number(ticket.clone())) else { panic!("no number") };
        let login = Login { ticket, number, pushes };
        let (frames, code) = (frames(world, &login), world.code(now));
        Self { now, login, code, frames, before, told: Vec::new(), settled: 0, unknown: 0 }
    }

    /// The call that asks for it.
    #[must_use]
    pub fn command(&self, world: &World, what: What) -> Command {
        let ticket = || self.login.ticket.clone();
        match what {
            What::Passcode => Command::Passcode(world.account.clone(), self.code.clone()),
            What::Frame(frame) => Command::Receive(self.frames[frame].clone()),
            What::Redeem => Command::Redeem(ticket()),
            What::State => Command::State(ticket()),
        }
    }

    /// Notes what was told; `None` if whoever was asked was killed first.
    pub fn note(&mut self, what: What, answer: Option<Answer>) {
        self.unknown += usize::from(answer == Some(Answer::Unknown));
        self.told.push(Told { what, answer });
    }

    /// Everybody does the same at once, or each their own. Who could not decide is asked again, as users do.
    pub fn all_at_once(&mut self, world: &World, racers: &mut [Racer], what: impl Fn(usize) -> What) {
        for (number, racer) in racers.iter_mut().enumerate() {
            racer.send(self.now, &self.command(world, what(number)));
        }
        let mut undecided = Vec::new();
        for (number, racer) in racers.iter_mut().enumerate() {
            let answer = racer.hear();
            if matches!(answer, Some(Answer::Failed(_) | Answer::Unknown)) {
                undecided.push(number);
            }
            self.note(what(number), answer);
        }
        for number in undecided {
            let answer = insist(&mut racers[number], self.now, &self.command(world, what(number)));
            self.note(what(number), Some(answer));
        }
    }

    /// Asks everything once more, of one who lives, when all the others are still.
    pub fn settle(&mut self, world: &World, racer: &mut Racer) {
        self.settled = self.told.len();
        let frames = (0..self.frames.len()).map(What::Frame);
        for what in [What::State, What::Passcode].into_iter().chain(frames).chain([What::Redeem, What::State]) {
            let answer = insist(racer, self.now, &self.command(world, what));
            self.note(what, Some(answer));
        }
    }

    /// What cannot be true together: of what was told, and of what is stored.
    #[must_use]
    pub fn violations(&self, world: &World) -> Vec<String> {
        let after = world.snapshot();
        let mut found = grown(&self.before, &after);
        found.extend(self.passcode(&after));
        found.extend(self.grants(&after));
        found.extend(self.frames(world));
        found.extend(self.states());
        found.extend(self.undecided());
        if !found.is_empty() {
            found.push(format!("{:?} {:?}", self.now, self.told));
        }
        found
    }

    /// How many were told that nobody knows.
    #[must_use]
    pub const fn unknown(&self) -> usize {
        self.unknown
    }

    fn answers(&self, what: What) -> impl Iterator<Item = &Told> {
        self.told.iter().filter(move |told| told.what == what)
    }

    fn count(&self, what: What, answer: &Answer) -> usize {
        self.answers(what).filter(|told| told.answer.as_ref() == Some(answer)).count()
    }

    /// Those who may have decided something that nobody heard of.
    fn silent(&self, what: What) -> usize {
        self.answers(what).filter(|told| matches!(told.answer, None | Some(Answer::Unknown))).count()
    }

    /// Of one thing that can happen once: told at most once, told as it is stored, and lost only with who did it.
    fn once(&self, what: What, (yes, stored): (&Answer, usize), happened: bool) -> Vec<String> {
        let told = self.count(what, yes);
        let mut found = Vec::new();
        let mut refuse = |wrong: bool, text: &str| {
            if wrong {
                found.push(format!("{what:?}: told {told}, stored {stored}: {text}"));
            }
        };
        refuse(told > 1, "granted more than once");
        refuse(stored > 1, "stored more than once");
        refuse(told > stored, "told and not stored");
        refuse(told < stored && self.silent(what) == 0, "stored, told to nobody, and nobody died");
        refuse(happened && stored == 0, "it is over, and who had it is not stored");
        found
    }

    fn passcode(&self, after: &Snapshot) -> Vec<String> {
        let stored = self.events(after, AuditKind::PasscodeAccepted);
        // At the latest when all is still it is accepted; from then on it has been used.
        self.once(What::Passcode, (&Answer::Accepted, stored), true)
            .into_iter()
            .chain(self.only(What::Passcode, &[Answer::Accepted, Answer::Replayed]))
            .collect()
    }

    fn grants(&self, after: &Snapshot) -> Vec<String> {
        let stored = self.events(after, AuditKind::Redeemed);
        let redeemed = self.last_state() == Some("Redeemed");
        self.once(What::Redeem, (&Answer::Granted, stored), redeemed)
            .into_iter()
            .chain(self.only(What::Redeem, &[Answer::Granted, Answer::NotGranted]))
            .chain((stored > 0 && !redeemed).then(|| "redeemed, and the page is told otherwise".into()))
            .collect()
    }

    /// Whoever was told something was told one of these.
    fn only(&self, what: What, answers: &[Answer]) -> Vec<String> {
        let odd = |told: &&Told| match &told.answer {
            None | Some(Answer::Unknown | Answer::Failed(_)) => false,
            Some(answer) => !answers.contains(answer),
        };
        self.answers(what).filter(odd).map(|told| format!("{what:?}: {:?}", told.answer)).collect()
    }

    /// The same bytes always get the same verdict, one answer decides, and the verdict is what became of the login.
    fn frames(&self, world: &World) -> Vec<String> {
        let mut found = Vec::new();
        let mut deciding = Vec::new();
        for frame in 0..self.frames.len() {
            let replies = self.answers(What::Frame(frame)).filter_map(|told| match &told.answer {
                Some(Answer::Reply(reply)) => Some(world.status(reply, self.now)),
                _ => None,
            });
            let mut statuses: Vec<Status> = replies.filter(|status| *status != Status::RetryLater).collect();
            statuses.dedup();
            match statuses[..] {
                [] | [Status::AlreadyAnswered] => {}
                [Status::Accepted] => deciding.push(frame),
                _ => found.push(format!("frame {frame}: {statuses:?}")),
            }
            if self.count(What::Frame(frame), &Answer::Rejected) > 0 {
                found.push(format!("frame {frame}: rejected"));
            }
        }
        // All have been asked when everything was still: exactly one has decided.
        if deciding.len() != 1 {
            found.push(format!("decided by the frames {deciding:?}"));
        }
        found
    }

    fn last_state(&self) -> Option<&str> {
        self.told.iter().rev().find_map(|told| match &told.answer {
            Some(Answer::State(state)) => Some(state.as_str()),
            _ => None,
        })
    }

    /// The page saw no state that an earlier look excludes.
    fn states(&self) -> Vec<String> {
        let order = |state: &str| match state {
            "Waiting" => 0,
            "Approved" => 1,
            "Redeemed" => 2,
            "Denied" => 3,
            _ => 4,
        };
        let mut seen: Vec<u8> = self.told[self.settled..]
            .iter()
            .filter_map(|told| match &told.answer {
                Some(Answer::State(state)) => Some(order(state)),
                _ => None,
            })
            .collect();
        seen.dedup();
        match seen[..] {
            [2 | 3] | [0, 2 | 3] | [1, 2] => Vec::new(),
            _ => vec![format!("the page saw {seen:?}")],
        }
    }

    /// When all is still, everything is decided.
    fn undecided(&self) -> Vec<String> {
        let failed = |told: &&Told| matches!(told.answer, Some(Answer::Unknown | Answer::Failed(_)));
        self.told[self.settled..].iter().filter(failed).map(|told| format!("never decided: {told:?}")).collect()
    }

    /// How many events of this kind the round has brought.
    fn events(&self, after: &Snapshot, kind: AuditKind) -> usize {
        let next = next_event(&self.before);
        after.audit.iter().filter(|event| event.number() >= next && event.kind() == kind).count()
    }
}

/// Asks until something is decided, as long as that can still come; only for who is not killed meanwhile.
fn insist(racer: &mut Racer, now: UnixTime, command: &Command) -> Answer {
    let mut answer = Answer::Unknown;
    for _ in 0..PATIENCE {
        answer = racer.ask(now, command).expect("a living server");
        if !is_passing(&answer) {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
    answer
}

/// Whether it may be another answer next time.
fn is_passing(answer: &Answer) -> bool {
    match answer {
        Answer::Unknown => true,
        Answer::Failed(why) => why.starts_with("Busy") || why.starts_with("Store"),
        _ => false,
    }
}

fn next_event(snapshot: &Snapshot) -> u64 {
    snapshot.audit.last().map_or(0, |event| event.number() + 1)
}

/// What went back, or is missing, between two looks at one account.
fn grown(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let (old, new) = (before.version.as_u64(), after.version.as_u64());
    let mut found = Vec::new();
    if new < old || (new == old && before.record != after.record) {
        found.push(format!("version {old}, then {new}"));
    }
    let (last, next) = (next_event(before), next_event(after));
    let numbers: Vec<u64> = after.audit.iter().map(pushotp::AuditEvent::number).collect();
    if next < last || !numbers.is_sorted_by(|a, b| a + 1 == *b) {
        found.push(format!("audit up to {last}, then {numbers:?}"));
    }
    // A record keeps sixteen: with more than that a round could not be followed.
    if numbers.first().is_some_and(|first| *first > last) {
        found.push(format!("audit events between {last} and {numbers:?} were not seen"));
    }
    let kept = before.audit.iter().filter(|event| numbers.contains(&event.number()));
    for event in kept.filter(|event| !after.audit.contains(event)) {
        found.push(format!("audit event {} is another one now", event.number()));
    }
    found
}
