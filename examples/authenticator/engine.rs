//! The device behind the screens: it holds the keys, carries out commands, and says what is to be sent and when.
//!
//! It does no network and reads no clock, so it can be driven by hand. Each message is posted until there is a reply to
//! it, always the same bytes: whatever is lost on the way, nothing is answered twice.

mod enrol;
mod logins;
mod tokens;

use std::{collections::VecDeque, time::Duration};

use pushotp::{
    Answering, Authenticator, AuthenticatorError, Confirming, ConfirmingRotation, Denied, Enrolling, Fetching, Prompt,
    Rotating, Updating,
    pin::{Cost, Pin},
    types::{TokenId, UnixTime},
    wire::{device::Reported, terms::ChallengeId},
};
use rand_core::Rng as _;

use crate::{
    file::{FileError, StateFile},
    finger::SimulatedFinger,
    http::{self, NoReply, Patience},
    keys::{KeptKeys, NoKeys, rng},
    message::{Answer, Command, Device, Event, Link, Request, Token},
};

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// So long the server may hold a fetch up while there is nothing.
const LONG_POLL: Duration = Duration::from_secs(25);
/// Where it does not, a fetch is sent so often.
const POLL: Duration = Duration::from_secs(2);
/// The waits between attempts double from the first to the last.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LAST_WAIT: Duration = Duration::from_secs(30);
/// How often a message is sent that the server does not take.
const REJECTIONS: u32 = 3;
/// An answer is judged by when it arrived; its result may be asked for so long after the end of the login.
const GRACE: Duration = Duration::from_mins(1);
/// So many logins are known to be over, so that none comes back to the screen.
const OVER: usize = 64;

/// Something happened.
pub(crate) enum Input {
    Command(Command),
    /// What became of a post.
    Reply(u64, Result<Vec<u8>, NoReply>),
}

/// Something is to be done.
#[derive(Debug)]
pub(crate) enum Output {
    Event(Event),
    Post(Post),
}

#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) job: u64,
    pub(crate) url: String,
    pub(crate) message: Vec<u8>,
    pub(crate) patience: Patience,
}

pub(crate) struct Setup {
    /// What the organisation calls this device.
    pub(crate) name: String,
    pub(crate) key_in_file: bool,
    pub(crate) server: Option<String>,
    /// What a guess at a PIN shall cost; called once for each enrolment and each changed PIN.
    pub(crate) cost: fn() -> Cost,
}

pub(crate) struct Engine {
    setup: Setup,
    file: StateFile,
    finger: SimulatedFinger,
    device: Option<Authenticator>,
    /// Where it sends.
    url: String,
    comparing: Option<Comparing>,
    jobs: Vec<Job>,
    last_job: u64,
    /// Logins that wait for the person.
    open: Vec<Prompt>,
    /// Those that may still be reported.
    denied: Vec<(ChallengeId, Denied)>,
    /// All that came, and what of it is over.
    seen: Vec<Request>,
    over: VecDeque<Request>,
    fetch_at: Duration,
    fetch_failures: u32,
    /// Whether the last fetch had a reply. The first one after none is answered at once, and says that the line is good.
    linked: bool,
    out: Vec<Output>,
}

/// An enrolment that waits for the person.
struct Comparing {
    confirming: Confirming,
    kept: KeptKeys,
    server: Option<String>,
}

/// A message on its way.
struct Job {
    number: u64,
    kind: Kind,
    message: Vec<u8>,
    url: String,
    tries: u32,
    rejections: u32,
    /// When it is sent again; none while it is on its way.
    again_at: Option<Duration>,
    until: Duration,
}

/// What waits for the reply.
enum Kind {
    Enrol { enrolling: Box<Enrolling>, kept: KeptKeys, server: Option<String> },
    Fetch { fetching: Fetching, sent: Duration, held: Duration },
    Approve(ChallengeId, Box<Answering>),
    Deny(ChallengeId),
    Report(ChallengeId, Reported),
    Update { updating: Updating, on: bool },
    Rotate { token: TokenId, rotating: Box<Rotating>, new: Pin, finger: bool },
    Confirm(ConfirmingRotation),
}

/// Whether a job is over, or waits on.
type Done = Result<(), Kind>;

impl Engine {
    /// From the file, if a device was enrolled; else it waits for an enrolment.
    pub(crate) fn open(setup: Setup, file: StateFile) -> Result<Self, FileError> {
        let stored = file.stored()?;
        let mut engine = Self {
            setup,
            finger: SimulatedFinger::beside(file.path()),
            file,
            device: None,
            url: String::new(),
            comparing: None,
            jobs: Vec::new(),
            last_job: 0,
            open: Vec::new(),
            denied: Vec::new(),
            seen: Vec::new(),
            over: VecDeque::new(),
            fetch_at: Duration::ZERO,
            fetch_failures: 0,
            linked: false,
            out: Vec::new(),
        };
        let Some(stored) = stored else { return Ok(engine) };
        match stored.keys.open() {
            Ok(keys) => {
                let storage = engine.file.enrolment(stored.keys.clone(), stored.server.clone());
                let loaded = Authenticator::load(&stored.authenticator, keys, storage);
                engine.begin(loaded.map_err(|_| FileError::Format)?, stored.server);
            }
            Err(NoKeys::Unreadable) => return Err(FileError::Format),
            Err(NoKeys::Gone) => engine.say(Event::NotEnrolled(
                "The key of this device is gone, as after a restart of the machine. Enrol it again.".into(),
            )),
        }
        Ok(engine)
    }

    /// What is to be done now, in order.
    pub(crate) fn outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.out)
    }

    pub(crate) fn handle(&mut self, input: Input, now: Duration) {
        match input {
            Input::Command(command) => self.command(command, now),
            Input::Reply(job, reply) => self.reply(job, reply, now),
        }
    }

    /// Time has passed: what is due is sent, what has expired is over.
    pub(crate) fn tick(&mut self, now: Duration) {
        self.expire(now);
        let fetching = self.jobs.iter().any(|job| matches!(job.kind, Kind::Fetch { .. }));
        if self.device.is_some() && !fetching && now >= self.fetch_at {
            self.fetch(now);
        }
        for job in &mut self.jobs {
            if job.again_at.is_some_and(|at| now >= at) {
                job.again_at = None;
                self.out.push(Output::Post(job.post()));
            }
        }
    }

    fn command(&mut self, command: Command, now: Duration) {
        match command {
            Command::Enrol(text) => self.enrol(&text, now),
            Command::Agree(pins) => self.agree(&pins, now),
            Command::Disagree => self.disagree(),
            Command::Approve { login, token, number, how } => self.approve(login, (token, &number, &how), now),
            Command::Deny(login) => self.deny(login, now),
            Command::Report(login) => self.report(login, now),
            Command::Code { token, how } => self.code(token, &how, now),
            Command::Push { token, on } => self.switch_push(token, on, now),
            Command::ChangePin { token, old, new, finger } => self.change_pin(token, &old, (new, finger), now),
        }
    }

    /// The device is enrolled.
    fn begin(&mut self, device: Authenticator, server: Option<String>) {
        self.url = self.setup.server.clone().or(server).unwrap_or_else(|| device.url().to_owned());
        let key = match self.file.stored() {
            Ok(Some(stored)) => stored.keys.words(),
            _ => "",
        };
        let about = Device {
            organisation: String::from_utf8_lossy(device.tenant().as_bytes()).into_owned(),
            server: self.url.clone(),
            file: self.file.path().display().to_string(),
            key,
            tokens: Token::list(&device.tokens()),
        };
        self.device = Some(device);
        (self.fetch_at, self.fetch_failures, self.linked) = (Duration::ZERO, 0, false);
        self.say(Event::Ready(about));
        self.say(Event::History(self.file.history()));
        if http::refuse(&self.url).is_some() {
            self.say(Event::Link(Link::Down));
        }
    }

    fn say(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }

    fn post(&mut self, kind: Kind, (message, url): (Vec<u8>, String), until: Duration) {
        self.last_job += 1;
        let number = self.last_job;
        let job = Job { number, kind, message, url, tries: 0, rejections: 0, again_at: None, until };
        self.out.push(Output::Post(job.post()));
        self.jobs.push(job);
    }

    fn reply(&mut self, number: u64, reply: Result<Vec<u8>, NoReply>, now: Duration) {
        let Some(at) = self.jobs.iter().position(|job| job.number == number) else { return };
        let mut job = self.jobs.swap_remove(at);
        match reply {
            Ok(bytes) => match self.take(job.kind, &bytes, now) {
                Ok(()) => return,
                Err(kind) => job.kind = kind,
            },
            Err(NoReply::Rejected) => job.rejections += 1,
            Err(NoReply::Unreachable) => {}
        }
        if let Kind::Fetch { .. } = job.kind {
            self.not_fetched(job.rejections > 0, now);
        } else if job.rejections == REJECTIONS || now >= job.until {
            self.give_up(job.kind);
        } else {
            job.again_at = Some(now + wait(job.tries));
            job.tries += 1;
            self.jobs.push(job);
        }
    }

    fn take(&mut self, kind: Kind, reply: &[u8], now: Duration) -> Done {
        match kind {
            Kind::Enrol { enrolling, kept, server } => self.enrolled(*enrolling, (kept, server), reply),
            Kind::Fetch { fetching, sent, held } => self.fetched(fetching, (sent, held), reply, now),
            Kind::Approve(login, answering) => self.approved(login, *answering, reply, now),
            Kind::Deny(login) => self.denied(login, reply, now),
            Kind::Report(login, reported) => self.reported(login, reported, reply, now),
            Kind::Update { updating, on } => self.updated(updating, on, reply, now),
            Kind::Rotate { token, rotating, new, finger } => {
                self.rotated((token, *rotating), reply, (new, finger), now)
            }
            Kind::Confirm(confirming) => self.rotation_confirmed(confirming, reply, now),
        }
    }

    fn give_up(&mut self, kind: Kind) {
        match kind {
            Kind::Enrol { kept, .. } => {
                kept.erase();
                self.say(Event::NotEnrolled(
                    "The server does not take this enrolment. It may be too old, or used: ask for a new one.".into(),
                ));
            }
            Kind::Approve(login, _) | Kind::Deny(login) => self.silence(login),
            Kind::Report(login, _) => self.say(Event::Answer(login, Answer::Silence)),
            Kind::Update { .. } => {
                self.say(Event::Push("The server could not be told. It counts on this device only.".into()));
            }
            Kind::Rotate { .. } => self.not_changed("The server did not answer. The old PIN still holds.".into()),
            // The next approved login does it.
            Kind::Confirm(_) | Kind::Fetch { .. } => {}
        }
    }

    /// Does something with the enrolled device; an error if there is none.
    fn with<T>(
        &mut self,
        use_device: impl FnOnce(&mut Authenticator) -> Result<T, AuthenticatorError>,
    ) -> Result<T, AuthenticatorError> {
        self.device.as_mut().map_or(Err(AuthenticatorError::NoToken), use_device)
    }
}

impl Job {
    fn post(&self) -> Post {
        let held = if let Kind::Fetch { held, .. } = self.kind { held } else { Duration::ZERO };
        let patience = Patience { held, whole: held + PATIENCE };
        Post { job: self.number, url: self.url.clone(), message: self.message.clone(), patience }
    }
}

pub(crate) const fn unix(now: Duration) -> UnixTime {
    UnixTime::from_secs(now.as_secs())
}

/// How long to wait before the next attempt: twice as long each time, and by chance up to a half more or less, so that
/// not all devices come back to a restarted server in one moment.
fn wait(tries: u32) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(1 << tries.min(6)).min(LAST_WAIT);
    wait / 2 + wait.mul_f64(f64::from(rng().next_u32()) / f64::from(u32::MAX))
}
