//! Nothing that the crates print of themselves shows a secret: a whole story, every value's `Debug`, every error.

use std::{
    error::Error,
    fmt::{Debug, Write as _},
};

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use pollster::block_on;
use pushotp::{
    Authenticator, DeviceSetup, Incoming, KekId, KekRing, LoginRequest, LoginStart, MemoryStorage, NewToken,
    NotEnrolled, Outcome, Prompt, Protection, SoftwareKek, SoftwareKeys, Started,
    pin::{DuressPin, Pin, PinPolicy},
    provision::enrolment,
    store::DynStore,
    types::Secret,
    wire::terms::{PushAddress, Reason},
};

use crate::fixture::{KEK, NOW, PIN, World, cost, later};

const WRONG: &str = "271847";
const FORCED: &str = "905317";

/// A text as it is searched: in lower case, on one line.
fn searched(text: &str) -> String {
    text.to_ascii_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every form in which bytes could be printed, as it is searched.
fn forms(secret: &[u8]) -> Vec<String> {
    let list = |byte: fn(&u8) -> String| secret.iter().map(byte).collect::<Vec<_>>();
    let decimal = list(u8::to_string);
    let mut forms = vec![
        HEXLOWER.encode(secret),
        decimal.join(", "),
        decimal.join(","),
        list(|byte| format!("{byte:x}")).join(", "),
        list(|byte| format!("{byte:02x}")).join(", "),
        secret.escape_ascii().to_string(),
        String::from_utf8_lossy(secret).into_owned(),
    ];
    forms.extend([BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD].map(|base| base.encode(secret)));
    // Of longer bytes that hold the secret somewhere, a base shows the groups that lie wholly within it.
    for (base, group) in [(BASE32_NOPAD, 5), (BASE64_NOPAD, 3), (BASE64URL_NOPAD, 3)] {
        let within = (1..group).filter_map(|skip| secret.get(skip..)).filter(|rest| rest.len() > 16);
        forms.extend(within.map(|rest| base.encode(&rest[..rest.len() / group * group])));
    }
    forms.iter().map(|form| searched(form)).collect()
}

/// What was printed, and what must not have been.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) text: String,
    pub(crate) secrets: Vec<Vec<u8>>,
    /// PINs, passcodes, numbers: short, and also looked for as they are.
    pub(crate) words: Vec<String>,
}

impl Log {
    pub(crate) fn print(&mut self, value: impl Debug) {
        writeln!(self.text, "{value:?} {value:#?}").unwrap();
    }

    pub(crate) fn fails(&mut self, error: &(dyn Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            writeln!(self.text, "{error} {error:?}").unwrap();
            next = error.source();
        }
    }

    /// All forms of all secrets.
    pub(crate) fn forms(&self) -> Vec<String> {
        let words = self.words.iter().map(String::as_bytes);
        let all = self.secrets.iter().map(Vec::as_slice).chain(words).flat_map(forms);
        all.chain(self.words.iter().map(|word| searched(word))).collect()
    }

    /// Nothing is shown; and each secret in each form, once it is printed, is found.
    pub(crate) fn is_silent(&self) {
        let forms = self.forms();
        assert_eq!(found(&self.text, &forms), Vec::<String>::new(), "{}", self.text);
        for form in &forms {
            let form = std::slice::from_ref(form);
            assert_eq!(found(&format!("{} {}", self.text, form[0]), form), form, "a planted leak");
            assert_eq!(found(&format!("{} {}", self.text, form[0].to_ascii_uppercase()), form), form, "in capitals");
        }
    }
}

/// The forms that a text shows.
pub(crate) fn found(text: &str, forms: &[String]) -> Vec<String> {
    let text = searched(text);
    forms.iter().filter(|form| text.contains(form.as_str())).cloned().collect()
}

/// A second device, with all that it and the server print of it.
pub(crate) fn enrolment(world: &mut World, log: &mut Log) {
    let token = NewToken::new("VPN").pin_protected();
    log.print(&token);
    let token = block_on(world.server.add_token(&world.user, token, NOW, &mut world.rng)).unwrap();
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    let uri = enrolment::write(&offer).unwrap();
    log.print((&offer, enrolment::parse(&uri), enrolment::parse(&uri[..100])));
    let keys = SoftwareKeys::generate(&mut world.rng);
    log.print(&keys);
    log.secrets.push(offer.psk.to_vec());
    log.secrets.extend(keys.expose().chunks(32).take(2).map(<[u8]>::to_vec));
    let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys: keys.into_device_keys() };
    log.print(&setup);
    let (request, enrolling) = Authenticator::enrol(&offer, setup, NOW, &mut world.rng).unwrap();
    log.print(&enrolling);
    let received = block_on(world.server.receive(&request, NOW, &mut world.rng)).unwrap();
    log.print(&received);
    let not_enrolled = enrolling.finish(b"not a reply").unwrap_err();
    log.print(&not_enrolled);
    log.fails(&not_enrolled);
    let NotEnrolled::Waiting { enrolling, .. } = not_enrolled else { panic!("{not_enrolled:?}") };
    let confirming = enrolling.finish(&received.into_reply().unwrap()).unwrap();
    log.print(&confirming);
    log.words.push(confirming.code().to_owned());
    let none = Protection { pins: &[], presence: &[], cost: cost() };
    let unconfirmed = confirming.confirm(&none, MemoryStorage::default(), &mut world.rng).unwrap_err();
    log.print(&unconfirmed);
    log.fails(&unconfirmed);
    let pins = [(token, Pin::entered(PIN).unwrap())];
    let protection = Protection { pins: &pins, presence: &[], cost: cost() };
    log.print((&protection, &pins));
    let storage = MemoryStorage::default();
    let device = unconfirmed.confirming.confirm(&protection, storage.clone(), &mut world.rng).unwrap();
    log.print((device, storage));
    let confirmed = (&world.user, offer.enrolment);
    block_on(world.server.confirm_enrolment(confirmed, true, NOW, &mut world.rng)).unwrap();
}

/// A login that waits, with all that is printed of it.
fn prompt(world: &mut World, log: &mut Log, seconds: u64) -> (Prompt, Started) {
    let request = LoginRequest::new("Intranet");
    let start = block_on(world.server.start_login(&world.user, &request, later(seconds), &mut world.rng)).unwrap();
    log.print((&request, &start));
    let LoginStart::Started(started) = start else { panic!("not started") };
    log.words.push(world.number(&started));
    log.secrets.push(started.ticket.as_bytes().to_vec());
    let mine = started.pushes.iter().find(|push| push.device == world.device.id()).unwrap();
    log.secrets.push(mine.envelope.clone());
    let incoming = world.device.open(&mine.envelope, later(seconds)).unwrap();
    log.print(&incoming);
    let Incoming::Login(prompt) = incoming else { panic!("no login") };
    (prompt, started)
}

/// An approval with a wrong PIN, then with the right one.
pub(crate) fn approvals(world: &mut World, log: &mut Log) {
    let (mut prompt, started) = prompt(world, log, 0);
    let number = world.number(&started);
    for pin in [WRONG, PIN] {
        let pin = Pin::entered(pin).unwrap();
        let (message, answering) =
            world.device.approve(prompt, (world.bank, &number, Some(&pin)), NOW, &mut world.rng).unwrap();
        log.words.push(world.code_in(&message));
        log.print(&answering);
        let received = block_on(world.server.receive(&message, NOW, &mut world.rng)).unwrap();
        log.secrets.push(message);
        log.print(&received);
        if let Some(error) = received.error() {
            log.fails(error);
        }
        let reply = received.into_reply().unwrap();
        log.secrets.push(reply.clone());
        let unfinished = world.device.finish(answering, b"not a reply", NOW).unwrap_err();
        log.print(&unfinished);
        log.fails(&unfinished);
        let finished = world.device.finish(*unfinished.answering, &reply, NOW).unwrap();
        log.print(&finished);
        match finished.outcome {
            Outcome::TryAgain { prompt: again, .. } => prompt = again,
            Outcome::Accepted { .. } => break,
            other => panic!("{other:?}"),
        }
    }
    log.print(block_on(world.server.redeem(&started.ticket, NOW, &mut world.rng)));
    log.print(world.state(&started, NOW));
}

/// A duress PIN, set and used.
fn duress(world: &mut World, log: &mut Log) {
    let pin = DuressPin::choose(FORCED, &Pin::entered(PIN).unwrap(), &PinPolicy::DEFAULT).unwrap();
    let secret = world.device.duress_secret(world.bank, &pin, later(90)).unwrap();
    log.print((&pin, &secret, DuressPin::choose(PIN, pin.pin(), &PinPolicy::DEFAULT)));
    let bank = (&world.user, world.bank);
    log.print(block_on(world.server.set_duress(bank, &secret, later(90), &mut world.rng)));
    let own = Secret::new(&[7; 16]).unwrap();
    log.fails(&block_on(world.server.set_duress(bank, &own, later(90), &mut world.rng)).unwrap_err());
    let (prompt, started) = prompt(world, log, 90);
    let (number, pin) = (world.number(&started), pin.pin());
    let (message, _) =
        world.device.approve(prompt, (world.bank, &number, Some(pin)), later(90), &mut world.rng).unwrap();
    log.words.push(world.code_in(&message));
    log.print(block_on(world.server.receive(&message, later(90), &mut world.rng)));
    log.print(block_on(world.server.redeem_even_under_duress(&started.ticket, later(90), &mut world.rng)));
}

/// A denial and a report, a fetch, a typed passcode, and what is refused on the device.
pub(crate) fn others(world: &mut World, log: &mut Log) {
    let (message, fetching) = world.device.fetch(later(50), &mut world.rng).unwrap();
    log.print((&fetching, block_on(world.server.receive(&message, later(50), &mut world.rng))));
    let (refused, _) = prompt(world, log, 60);
    let not_sent = world.device.approve(refused, (world.bank, "12345", None), later(60), &mut world.rng).unwrap_err();
    log.print(&not_sent);
    log.fails(&not_sent);
    let (_, denied) = world.device.deny(*not_sent.prompt, Reason::Unspecified, later(60), &mut world.rng).unwrap();
    log.print(&denied);
    let (_, reported) = world.device.report(denied, Reason::NotMe, later(60), &mut world.rng).unwrap();
    log.print(reported);
    let (code, until) = world.device.passcode(world.mail, None, NOW).unwrap();
    log.words.push(code.expose().to_owned());
    log.print((&code, until));
    log.print(block_on(world.server.verify_passcode(&world.user, code.expose(), NOW, &mut world.rng)));
    log.print(block_on(world.server.audit(&world.user)));
    log.print(block_on(world.server.drain_audit(&world.user, None)));
    for event in block_on(world.server.audit(&world.user)).unwrap() {
        write!(log.text, "{}", event.kind()).unwrap();
    }
    log.print(block_on(world.server.accounts(None, 100)));
    log.print(block_on(world.server.reseal(None, 100, &mut world.rng)));
    log.print(
        KekRing::new(KekId::new(1), SoftwareKek::from_bytes(KEK)).opens(KekId::new(1), SoftwareKek::from_bytes(KEK)),
    );
    log.print(KekRing::unnamed(SoftwareKek::from_bytes(KEK)));
    log.print(block_on(world.server.tokens(&world.user)));
}

// protocol.md: ERR-4
#[test]
fn a_whole_story_prints_no_secret() {
    let mut world = World::new();
    let mut log = Log { words: [PIN, WRONG, FORCED].map(str::to_owned).to_vec(), ..Log::default() };
    enrolment(&mut world, &mut log);
    approvals(&mut world, &mut log);
    duress(&mut world, &mut log);
    others(&mut world, &mut log);
    log.print((&world.server, &world.device, SoftwareKek::from_bytes(KEK), &world.store));
    log.secrets.extend([world.first_state.clone(), world.storage.saved()]);
    log.secrets.extend(world.secrets());
    let all = 3 + 6 + 4 + 2 + 13;
    assert_eq!(log.secrets.len(), all, "device, tickets and pushes, approvals and replies, states, the fixture's");
    assert_eq!(log.words.len(), 11, "three PINs, confirmation code, three numbers, four passcodes");
    assert!(log.text.len() > 4_000, "the story is too short to prove anything");
    log.is_silent();
}

/// What the store holds shows none of them either: keys and secrets only under the key-encryption key.
#[test]
fn the_store_holds_no_secret_in_the_clear() {
    let world = World::new();
    let secrets = world.secrets();
    assert_eq!(secrets.len(), 9, "server, KEK, PSK, two of the device, two of tokens, two of the channel");
    let page = block_on(DynStore::scan(&*world.store, None, 100)).unwrap();
    assert_eq!(page.len(), 7, "account, kid, device, its address, two secrets, the signing key's holder");
    for (key, stored) in &page {
        for secret in &secrets {
            let shown = stored.value.windows(secret.len()).any(|window| window == secret.as_slice());
            assert!(!shown, "{key:?}");
        }
    }
}
