//! Spans and events of a whole story: one span for each event, and nothing in them that is secret or came from outside.

use std::{
    collections::BTreeMap,
    fmt::{Debug, Write as _},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use pollster::block_on;
use pushotp::{
    DeviceUpdate, KekId, KekRing, LoginRequest, NewToken, Outcome, Relock, ServerError, SoftwareKek,
    pin::Pin,
    store::{Cas, DynStore, Expect, Hint, Key, Store, StoreError, Versioned},
    wire::terms::{PushAddress, PushKind, Reason, Status},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::with_default,
};
use tracing_core::span::Current;

use crate::{
    fixture::{KEK, NOW, PIN, World, cost, later},
    redaction::{Log, approvals, enrolment, found},
};

/// A span or an event: its name, and its fields as they were last recorded.
type Seen = (&'static str, BTreeMap<&'static str, String>);

/// Takes all there is, at every level.
#[derive(Default)]
struct Capture {
    /// Each value that was ever recorded.
    text: Mutex<String>,
    spans: Mutex<Vec<Seen>>,
    events: Mutex<Vec<Seen>>,
    entered: Mutex<Vec<(span::Id, &'static Metadata<'static>)>>,
    known: Mutex<BTreeMap<u64, &'static Metadata<'static>>>,
    next: AtomicU64,
    /// Targets that begin so are not wanted.
    unwanted: Option<&'static str>,
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>, &'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        writeln!(self.1, "{}={value}", field.name()).unwrap();
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.unwanted.is_none_or(|unwanted| !metadata.target().starts_with(unwanted))
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let (mut fields, mut text) = (BTreeMap::new(), self.text.lock().unwrap());
        writeln!(text, "{} {}", attributes.metadata().target(), attributes.metadata().name()).unwrap();
        attributes.record(&mut Fields(&mut fields, &mut text));
        self.spans.lock().unwrap().push((attributes.metadata().name(), fields));
        self.known.lock().unwrap().insert(number + 1, attributes.metadata());
        span::Id::from_u64(number + 1)
    }

    fn record(&self, id: &span::Id, values: &span::Record<'_>) {
        let (mut spans, mut text) = (self.spans.lock().unwrap(), self.text.lock().unwrap());
        let place = usize::try_from(id.into_u64() - 1).unwrap();
        values.record(&mut Fields(&mut spans[place].1, &mut text));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let (mut fields, mut text) = (BTreeMap::new(), self.text.lock().unwrap());
        event.record(&mut Fields(&mut fields, &mut text));
        let within = self.entered.lock().unwrap().last().map_or("", |(_, metadata)| metadata.name());
        self.events.lock().unwrap().push((within, fields));
    }

    fn enter(&self, id: &span::Id) {
        let metadata = self.known.lock().unwrap()[&id.into_u64()];
        self.entered.lock().unwrap().push((id.clone(), metadata));
    }

    fn exit(&self, _: &span::Id) {
        self.entered.lock().unwrap().pop();
    }

    fn current_span(&self) -> Current {
        match self.entered.lock().unwrap().last() {
            Some((id, metadata)) => Current::new(id.clone(), metadata),
            None => Current::none(),
        }
    }
}

impl Capture {
    /// The spans of a name.
    fn named(&self, name: &str) -> Vec<BTreeMap<&'static str, String>> {
        let spans = self.spans.lock().unwrap();
        spans.iter().filter(|(seen, _)| *seen == name).map(|(_, fields)| fields.clone()).collect()
    }

    fn outcomes(&self, name: &str) -> Vec<String> {
        self.named(name).into_iter().map(|fields| fields["outcome"].clone()).collect()
    }
}

/// What a story returns, and what was captured of it.
fn captured<T>(story: impl FnOnce() -> T) -> (T, Arc<Capture>) {
    let capture = Arc::new(Capture::default());
    let told = with_default(Arc::clone(&capture), story);
    (told, capture)
}

/// Pieces of bytes that are sealed: whoever prints some of them prints one of these, or a nonce.
fn pieces(log: &mut Log, sealed: &[u8]) {
    log.secrets.extend(sealed.chunks_exact(16).map(<[u8]>::to_vec));
    // The nonce in the header of an envelope: label 5, a byte string of 12.
    let nonce = sealed.windows(14).find(|window| window.starts_with(&[0x05, 0x4c]));
    log.secrets.extend(nonce.map(|window| window[2..].to_vec()));
}

fn send(world: &mut World, log: &mut Log, message: &[u8], seconds: u64) -> Vec<u8> {
    let reply = world.send(message, later(seconds)).unwrap();
    pieces(log, message);
    pieces(log, &reply);
    reply
}

/// Denial and report, a wrong number, a rotation, an update, a fetch, a typed passcode, a stranger.
fn answers(world: &mut World, log: &mut Log) {
    let (prompt, started) = world.prompt(later(100));
    pieces(log, started.ticket.as_bytes());
    started.pushes.iter().for_each(|push| pieces(log, &push.envelope));
    log.words.push(world.number(&started));
    let (message, denied) = world.device.deny(prompt, Reason::Unspecified, later(100), &mut world.rng).unwrap();
    let reply = send(world, log, &message, 100);
    assert_eq!(world.device.denied(&denied, &reply, later(100)), Ok(Status::Accepted));
    let (message, _) = world.device.report(denied, Reason::NotMe, later(100), &mut world.rng).unwrap();
    send(world, log, &message, 100);
    for token in [world.bank, world.mail] {
        block_on(world.server.set_push((&world.user, token), true, later(101), &mut world.rng)).unwrap();
    }
    let (prompt, started) = world.prompt(later(110));
    let wrong = if world.number(&started) == "000000" { "000001" } else { "000000" };
    log.words.push(world.number(&started));
    assert!(matches!(world.approve(prompt, (wrong, PIN), later(110)), Outcome::Refused(_)));

    world.log_in(world.bank, later(120));
    let pin = Pin::entered(PIN).unwrap();
    let (message, rotating) = world.device.rotate(world.bank, Some(&pin), later(121), &mut world.rng).unwrap();
    let ticket = send(world, log, &message, 121);
    let relock = Relock { pin: Some(&pin), presence: None, cost: cost() };
    let _ = world.device.rotated(rotating, (&ticket, &relock), later(121), &mut world.rng).unwrap();
    world.log_in(world.bank, later(122));
    let address = PushAddress::new(PushKind::WebPush, b"https://push.example/abcdef".to_vec()).unwrap();
    let update = DeviceUpdate::new().address(address).name("new handset");
    let (message, _) = world.device.update(&update, later(123), &mut world.rng).unwrap();
    send(world, log, &message, 123);
    let (message, _) = world.device.fetch(later(124), &mut world.rng).unwrap();
    send(world, log, &message, 124);
    let (code, _) = world.device.passcode(world.mail, None, later(150)).unwrap();
    log.words.push(code.expose().to_owned());
    for typed in [code.expose(), code.expose(), "87654321"] {
        let _ = block_on(world.server.verify_passcode(&world.user, typed, later(150), &mut world.rng)).unwrap();
    }
    assert_eq!(world.send(b"from a stranger", later(151)), None);
    let place = (&world.user, world.device.id());
    let offer = block_on(world.server.offer_replacement(place, later(152), &mut world.rng)).unwrap();
    log.secrets.push(offer.psk.to_vec());
    let started = world.start(later(153));
    block_on(world.server.cancel_login(&started.ticket, later(153), &mut world.rng)).unwrap();
    let ring = KekRing::new(KekId::new(1), SoftwareKek::from_bytes([0xa9; 32]));
    let resealing = world.server_under(ring.opens_unnamed(SoftwareKek::from_bytes(KEK)).unwrap());
    log.secrets.extend([world.secrets(), vec![vec![0xa9; 32]]].concat());
    let page = block_on(resealing.reseal(None, 100, &mut world.rng)).unwrap();
    assert!(page.resealed > 0 && page.unreadable == 0);
}

/// Everything that the story knows and that no line may show.
fn all_secrets(world: &World, log: &mut Log) {
    for (key, stored) in block_on(DynStore::scan(&*world.store, None, 100)).unwrap() {
        if let Some(kid) = key.as_bytes().strip_prefix(b"kid/") {
            log.secrets.push(kid.to_vec());
        }
        if !key.as_bytes().starts_with(b"account/") {
            pieces(log, &stored.value);
        }
    }
    let typed = ["271846", "271847", "87654321"].map(String::from);
    let text = [
        "alice",
        "Bank",
        "Mail",
        "VPN",
        "phone",
        "tablet",
        "handset",
        "Intranet",
        "push.example",
        "stranger",
        "example.com",
    ];
    log.words.extend(typed.into_iter().chain(text.map(String::from)));
}

#[test]
fn a_whole_story_traces_no_secret() {
    let mut log = Log::default();
    let (world, capture) = captured(|| {
        let mut world = World::new();
        enrolment(&mut world, &mut log);
        approvals(&mut world, &mut log);
        answers(&mut world, &mut log);
        world
    });
    all_secrets(&world, &mut log);
    assert!(log.secrets.len() > 100 && log.words.len() > 20, "{} {}", log.secrets.len(), log.words.len());
    log.text = capture.text.lock().unwrap().clone();
    assert!(log.text.len() > 4_000, "the story is too short to prove anything: {}", log.text);
    assert!(log.text.chars().all(|c| c == '\n' || !c.is_control()), "one line each");
    log.is_silent();

    let handle = world.server.account_handle(&world.user).unwrap();
    for (name, fields) in capture.spans.lock().unwrap().iter() {
        assert!(fields.contains_key("outcome"), "{name}: {fields:?}");
        let is_nobodys = *name == "reseal" || fields["outcome"] == "rejected";
        assert_eq!(fields.get("account"), (!is_nobodys).then_some(&handle), "{name}: {fields:?}");
    }
    for name in ["add_account", "add_token", "offer_enrolment", "confirm_enrolment", "offer_replacement", "reseal"] {
        assert!(capture.outcomes(name).iter().all(|outcome| outcome == "done"), "{name}");
        assert!(!capture.named(name).is_empty(), "{name}");
    }
    let typed = capture.outcomes("verify_passcode");
    assert_eq!(typed, ["accepted", "replayed", "refused"]);
    assert!(capture.outcomes("receive").iter().any(|outcome| outcome == "rejected"));
}

/// The negative control: whoever lets a secret into a span, a field or a message is seen.
#[test]
fn a_planted_leak_is_captured() {
    let log = Log { secrets: vec![(0xc0..0xe0).collect()], words: vec![PIN.to_owned()], ..Log::default() };
    for form in log.forms() {
        let ((), span) = captured(|| drop(tracing::trace_span!("leak", leak = form)));
        let ((), recorded) = captured(|| {
            let span = tracing::trace_span!("leak", leak = tracing::field::Empty);
            span.record("leak", tracing::field::display(&form));
        });
        let ((), message) = captured(|| tracing::trace!("it is {form}"));
        for capture in [span, recorded, message] {
            assert!(found(&capture.text.lock().unwrap(), &log.forms()).contains(&form), "{form}");
        }
    }
}

#[test]
fn a_span_tells_who_what_and_how_often() {
    let (world, capture) = captured(|| {
        let mut world = World::new();
        world.log_in(world.bank, NOW);
        assert!(matches!(world.approve_with(world.bank, Some("271847"), later(1)), Outcome::TryAgain { .. }));
        world
    });
    let [first, second] = &capture.named("start_login")[..] else { panic!("two logins") };
    assert_eq!((first["outcome"].as_str(), first["tries"].as_str()), ("started", "1"));
    assert_ne!(first["challenge"], second["challenge"]);
    let received = capture.named("receive");
    // The enrolment, the approval, the one with the wrong PIN.
    let [_, approved, refused] = &received[..] else { panic!("{received:?}") };
    assert_eq!((&approved["challenge"], &refused["challenge"]), (&first["challenge"], &second["challenge"]));
    assert_eq!(approved["token"], world.bank.to_string());
    assert_eq!((approved["outcome"].as_str(), approved.get("error")), ("answered", None));
    assert_eq!((refused["outcome"].as_str(), refused["error"].as_str()), ("refused", "wrong passcode"));
    assert_eq!(capture.named("redeem")[0]["challenge"], first["challenge"]);
    assert_eq!(capture.outcomes("redeem"), ["granted"]);
    // The lines of the audit log, within the spans of what wrote them.
    let events = capture.events.lock().unwrap();
    let last = events.last().unwrap();
    assert_eq!((last.0, last.1["message"].as_str()), ("receive", "passcode refused: wrong PIN, most likely; counted"));
    assert_eq!(last.1["token"], world.bank.to_string());
    let audit = block_on(world.server.audit(&world.user)).unwrap();
    assert_eq!(last.1["number"], audit.last().unwrap().number().to_string());
    assert_eq!(events.len(), audit.len());
}

/// A store that says anything when it fails.
struct Evil;

impl Store for Evil {
    async fn get(&self, _: &Key) -> Result<Option<Versioned>, StoreError> {
        Err(StoreError::not_applied("postgres://user:password@host\n\u{1b}[31mforged line"))
    }

    async fn put_if(&self, _: &Key, _: Expect, _: Option<&[u8]>, _: Hint) -> Result<Cas, StoreError> {
        Err(StoreError::not_applied("\u{1b}"))
    }

    async fn scan(&self, _: Option<&Key>, _: u32) -> Result<Vec<(Key, Versioned)>, StoreError> {
        Ok(Vec::new())
    }
}

#[test]
fn what_a_store_or_a_page_says_reaches_no_line() {
    let mut world = World::new();
    world.server = world.server_of(Arc::new(Evil), SoftwareKek::from_bytes(KEK));
    let request = LoginRequest::new("Intra\nnet\u{1b}").place("\u{202e}");
    let (failed, capture) = captured(|| {
        let name = NewToken::new("a\nforged line");
        let refused = block_on(world.server.add_token(&world.user, name, NOW, &mut world.rng));
        assert!(matches!(refused, Err(ServerError::Name)));
        block_on(world.server.start_login(&world.user, &request, NOW, &mut world.rng))
    });
    assert!(matches!(failed, Err(ServerError::Store(_))));
    let span = &capture.named("start_login")[0];
    assert_eq!((span["outcome"].as_str(), span["error"].as_str()), ("failed", "the store failed"));
    let text = capture.text.lock().unwrap();
    assert!(!text.contains("forged") && !text.contains("password") && !text.contains('\u{1b}'), "{text}");
}

/// Where this crate's spans are filtered out, those of the caller stay as the caller made them.
#[test]
fn a_callers_span_is_left_alone() {
    let mut world = World::new();
    let capture = Arc::new(Capture { unwanted: Some("pushotp"), ..Capture::default() });
    with_default(Arc::clone(&capture), || {
        let span = tracing::info_span!(target: "page", "login", account = tracing::field::Empty, tries = 0);
        span.in_scope(|| world.log_in(world.mail, NOW));
    });
    assert_eq!(*capture.spans.lock().unwrap(), [("login", BTreeMap::from([("tries", "0".to_owned())]))]);
    assert!(capture.events.lock().unwrap().is_empty());
}
