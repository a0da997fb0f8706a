//! A login server, and the device of one user with it; between them nothing but messages that a test carries.

use std::{path::PathBuf, sync::Arc, time::Duration};

use pollster::block_on;
use pushotp::{
    AccountId, LoginRequest, LoginServer, LoginStart, LoginState, NewToken, ServerPolicy, ServerSetup, SoftwareKek,
    Started,
    pin::{Cost, Pin, PinPolicy},
    provision::enrolment,
    store::DynStore,
    types::{Offer, TenantId, TokenId, UnixTime},
    wire::{keys::ServerKey, terms::ChallengeId},
};
use pushotp_store_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::{
    engine::{Engine, Input, Output, Post, Setup},
    file::StateFile,
    http::NoReply,
    keys::rng,
    message::{Answer, Command, Event, Request, Unlock},
    person::NOW,
};

pub(crate) const PIN: &str = "271846";
pub(crate) const URL: &str = "http://127.0.0.1:8088/push";

/// A cost for tests.
pub(crate) fn cost() -> Cost {
    Cost::danger_below_floor(8, 1, 1).unwrap()
}

pub(crate) fn pin(text: &str) -> Pin {
    Pin::entered(text).unwrap()
}

/// The server's side.
pub(crate) struct Server {
    pub(crate) login: LoginServer,
    pub(crate) user: AccountId,
    pub(crate) work: TokenId,
    pub(crate) mail: TokenId,
}

impl Server {
    /// On an SQLite file, with one user and two tokens.
    pub(crate) fn new(db: &std::path::Path, now: UnixTime) -> Self {
        let store: Arc<dyn DynStore> = Arc::new(SqliteStore::open(db).unwrap());
        let login = LoginServer::new(ServerSetup {
            tenant: TenantId::new(b"example.com").unwrap(),
            url: "https://login.example.com/push".into(),
            key: ServerKey::from_bytes(&[5; 32]),
            kek: Arc::new(SoftwareKek::from_bytes([7; 32])),
            store,
            policy: ServerPolicy::default(),
        });
        let user = AccountId::new("alice").unwrap();
        block_on(login.add_account(&user)).unwrap();
        let add = |token| block_on(login.add_token(&user, token, now, &mut rng())).unwrap();
        let work = add(NewToken::new("Work").pin_or_biometric());
        let mail = add(NewToken::new("Mail").typed_by_hand());
        Self { login, user, work, mail }
    }

    pub(crate) fn offer(&self, now: UnixTime) -> Offer {
        block_on(self.login.offer_enrolment(&self.user, now, &mut rng())).unwrap()
    }

    pub(crate) fn confirm(&self, offer: &Offer, now: UnixTime) {
        block_on(self.login.confirm_enrolment((&self.user, offer.enrolment), true, now, &mut rng())).unwrap();
    }

    pub(crate) fn start(&self, now: UnixTime) -> Started {
        let request = LoginRequest::new("Intranet").place("Vienna, Austria");
        match block_on(self.login.start_login(&self.user, &request, now, &mut rng())).unwrap() {
            LoginStart::Started(started) => started,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn state(&self, started: &Started, now: UnixTime) -> LoginState {
        block_on(self.login.login_state(&started.ticket, now)).unwrap()
    }
}

/// Both sides, the time, and what the device said.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) server: Server,
    pub(crate) engine: Engine,
    pub(crate) now: Duration,
    pub(crate) heard: Vec<Event>,
    /// On their way to the server.
    pub(crate) posts: Vec<Post>,
    /// All that arrived at the server.
    pub(crate) arrived: Vec<Vec<u8>>,
}

pub(crate) fn setup() -> Setup {
    Setup { name: "terminal".into(), key_in_file: true, server: Some(URL.into()), cost }
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new(&folder.path().join("login.db"), UnixTime::from_secs(NOW.as_secs()));
        let file = StateFile::open(&folder.path().join("device.state")).unwrap();
        let engine = Engine::open(setup(), file).unwrap();
        Self { folder, server, engine, now: NOW, heard: Vec::new(), posts: Vec::new(), arrived: Vec::new() }
    }

    /// Enrolled, with nothing on its way.
    pub(crate) fn enrolled() -> Self {
        let mut world = Self::new();
        let offer = world.ask();
        world.carry();
        world.agree(&offer);
        world.settle();
        world
    }

    pub(crate) fn state_file(&self) -> PathBuf {
        self.folder.path().join("device.state")
    }

    pub(crate) fn unix(&self) -> UnixTime {
        UnixTime::from_secs(self.now.as_secs())
    }

    /// The device is given an offer.
    pub(crate) fn ask(&mut self) -> Offer {
        let offer = self.server.offer(self.unix());
        self.command(Command::Enrol(enrolment::write(&offer).unwrap()));
        offer
    }

    /// Both codes are the same, and the PIN is chosen.
    pub(crate) fn agree(&mut self, offer: &Offer) {
        let pins = vec![(self.server.work, Pin::choose(PIN, &PinPolicy::DEFAULT).unwrap())];
        self.command(Command::Agree(pins));
        self.server.confirm(offer, self.unix());
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.engine.handle(Input::Command(command), self.now);
        self.collect();
    }

    fn collect(&mut self) {
        for output in self.engine.outputs() {
            match output {
                Output::Event(event) => self.heard.push(event),
                Output::Post(post) => self.posts.push(post),
            }
        }
    }

    pub(crate) fn pass(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
        self.engine.tick(self.now);
        self.collect();
    }

    /// What the server replies to a message.
    pub(crate) fn receive(&mut self, message: &[u8]) -> Result<Vec<u8>, NoReply> {
        self.arrived.push(message.to_vec());
        let received = block_on(self.server.login.receive(message, self.unix(), &mut rng())).unwrap();
        received.into_reply().map_err(|_| NoReply::Rejected)
    }

    pub(crate) fn reply(&mut self, job: u64, reply: Result<Vec<u8>, NoReply>) {
        self.engine.handle(Input::Reply(job, reply), self.now);
        self.collect();
    }

    /// All that is on its way arrives, and so do the replies.
    pub(crate) fn carry(&mut self) {
        for post in std::mem::take(&mut self.posts) {
            assert_eq!(post.url, URL);
            let reply = self.receive(&post.message);
            self.reply(post.job, reply);
        }
    }

    /// All that is on its way is lost.
    pub(crate) fn lose(&mut self) {
        for post in std::mem::take(&mut self.posts) {
            self.reply(post.job, Err(NoReply::Unreachable));
        }
    }

    /// A few rounds of a good network.
    pub(crate) fn settle(&mut self) {
        for _ in 0..8 {
            self.carry();
            self.pass(700);
        }
    }

    /// A login that reached the device.
    pub(crate) fn asked(&mut self) -> (Started, Request) {
        let started = self.server.start(self.unix());
        self.heard.clear();
        self.settle();
        let found = self.heard.iter().find_map(|event| match event {
            Event::Login(request) => Some(request.clone()),
            _ => None,
        });
        (started, found.expect("the device shows the login"))
    }

    pub(crate) fn approve(&mut self, login: ChallengeId, token: TokenId, number: &str, pin: Option<Pin>) {
        let how = pin.map_or(Unlock::Nothing, Unlock::Pin);
        self.command(Command::Approve { login, token, number: number.into(), how });
    }

    pub(crate) fn number(&self, started: &Started) -> String {
        self.server.login.number(&started.ticket).unwrap()
    }

    /// What became of the answers so far.
    pub(crate) fn answers(&self) -> Vec<Answer> {
        let answer = |event: &Event| match event {
            Event::Answer(_, answer) => Some(answer.clone()),
            _ => None,
        };
        self.heard.iter().filter_map(answer).collect()
    }
}
