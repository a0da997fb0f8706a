//! The device and a real login server, and a network that loses what it can.

use std::collections::BTreeSet;

use pushotp::{Biometric, LoginState, types::UnixTime};

use crate::{
    engine::{Engine, Post},
    file::StateFile,
    http::NoReply,
    message::{Answer, Command, End, Event, Link, PinChange, Unlock},
    world::{PIN, World, pin, setup},
};

#[test]
fn a_login_is_approved() {
    let mut world = World::enrolled();
    let (started, request) = world.asked();
    assert_eq!((request.application.as_str(), request.user.as_str()), ("Intranet", "alice"));
    let (token, number) = (world.server.work, world.number(&started));
    world.approve(request.id, token, &number, Some(pin(PIN)));
    world.carry();
    assert_eq!(world.answers(), [Answer::Accepted { failures: 0 }]);
    assert_eq!(world.server.state(&started, world.unix()), LoginState::Approved);
}

/// The request, the response, a confirmation: each is lost, and enrolment goes on.
#[test]
fn enrolment_survives_a_bad_network() {
    let mut world = World::new();
    let offer = world.ask();
    world.lose();
    world.pass(40_000);
    // It arrives, and the reply is lost; then comes something else in the reply's place.
    let post = world.posts.remove(0);
    let reply = world.receive(&post.message).unwrap();
    world.reply(post.job, Err(NoReply::Unreachable));
    world.pass(40_000);
    let again = world.posts.remove(0);
    assert_eq!(again.message, post.message, "the same bytes");
    world.reply(again.job, Ok(b"502 Bad Gateway".to_vec()));
    world.pass(40_000);
    world.carry();
    assert_eq!(world.receive(&post.message).unwrap(), reply);
    assert!(world.heard.iter().any(|event| matches!(event, Event::Compare { .. })));
    world.agree(&offer);
    world.settle();
    assert!(world.heard.iter().any(|event| matches!(event, Event::Ready(_))));
    world.asked();
}

/// Whatever is lost, in whichever direction, the same bytes are sent, and the server counts one answer.
#[test]
fn an_answer_is_the_same_bytes_however_often_it_is_sent() {
    let mut world = World::enrolled();
    let (started, request) = world.asked();
    let (token, number) = (world.server.work, world.number(&started));
    world.posts.clear();
    world.approve(request.id, token, &number, Some(pin(PIN)));
    let approval = world.posts[0].message.clone();
    let mut sent = BTreeSet::new();
    for round in 0..6 {
        for post in std::mem::take(&mut world.posts) {
            if post.message.len() == approval.len() {
                sent.insert(post.message.clone());
            }
            // Every other one arrives; no reply does.
            if round % 2 == 0 {
                let _ = world.receive(&post.message);
            }
            world.reply(post.job, Err(NoReply::Unreachable));
        }
        if round == 0 {
            assert_eq!(world.server.state(&started, world.unix()), LoginState::Approved);
        }
        world.pass(15_000);
    }
    assert_eq!(sent, BTreeSet::from([approval]));
    for _ in 0..9 {
        world.carry();
        world.pass(5000);
    }
    assert_eq!(world.answers(), [Answer::Accepted { failures: 0 }]);
}

/// Another command for the same login sends nothing.
#[test]
fn a_login_is_answered_once() {
    let mut world = World::enrolled();
    let (started, request) = world.asked();
    let number = world.number(&started);
    world.posts.clear();
    world.command(Command::Deny(request.id));
    let (work, mail) = (world.server.work, world.server.mail);
    world.approve(request.id, work, &number, Some(pin(PIN)));
    world.approve(request.id, mail, &number, None);
    world.command(Command::Deny(request.id));
    assert_eq!(world.posts.len(), 1);
    world.settle();
    assert_eq!(world.server.state(&started, world.unix()), LoginState::Denied);
    // The server's list and a second push bring it back to nobody.
    world.heard.clear();
    world.settle();
    assert!(!world.heard.iter().any(|event| matches!(event, Event::Login(_))));
}

#[test]
fn deny_then_report_and_the_history_says_so() {
    let mut world = World::enrolled();
    let (started, request) = world.asked();
    world.command(Command::Deny(request.id));
    world.lose();
    world.settle();
    assert_eq!(world.answers(), [Answer::Denied { report: true }]);
    world.command(Command::Report(request.id));
    world.lose();
    world.settle();
    assert_eq!(world.answers(), [Answer::Denied { report: true }, Answer::Reported]);
    assert_eq!(world.server.state(&started, world.unix()), LoginState::Reported);
    let Some(Event::History(history)) = world.heard.iter().rev().find(|event| matches!(event, Event::History(_)))
    else {
        panic!()
    };
    assert_eq!(history.iter().map(|past| past.end).collect::<Vec<_>>(), [End::Reported]);
}

#[test]
fn a_wrong_pin_is_told_with_what_is_left() {
    let mut world = World::enrolled();
    let (started, request) = world.asked();
    let (token, number) = (world.server.work, world.number(&started));
    world.approve(request.id, token, &number, Some(pin("271847")));
    world.carry();
    assert_eq!(world.answers(), [Answer::WrongPin { left: 2, device: Some(9) }]);
    world.approve(request.id, token, &number, Some(pin(PIN)));
    world.carry();
    assert_eq!(world.answers()[1], Answer::Accepted { failures: 1 });
}

/// After three wrong PINs the device itself makes the next try wait, and says how long.
#[test]
fn too_many_wrong_pins_have_to_wait() {
    let mut world = World::enrolled();
    let (started, request) = world.asked();
    let (token, number) = (world.server.work, world.number(&started));
    for wrong in ["271847", "271848", "271849"] {
        world.approve(request.id, token, &number, Some(pin(wrong)));
        world.carry();
    }
    assert_eq!(world.answers().last(), Some(&Answer::Refused), "three tries, the server says");
    world.pass(1000);
    let (started, request) = world.asked();
    let number = world.number(&started);
    world.approve(request.id, token, &number, Some(pin(PIN)));
    let answers = world.answers();
    let [Answer::NotSent(why)] = &answers[..] else { panic!("{answers:?}") };
    assert!(why.starts_with("After wrong PINs the next try has to wait 2") && why.ends_with("seconds."), "{why}");
    world.pass(30_000);
    world.approve(request.id, token, &number, Some(pin(PIN)));
    world.carry();
    assert_eq!(world.answers().last(), Some(&Answer::Accepted { failures: 3 }));
}

/// An offer always names https: without another address this program says that it cannot.
#[test]
fn an_https_address_is_refused_in_words() {
    let mut world = World::new();
    let file = StateFile::open(&world.folder.path().join("other.state")).unwrap();
    world.engine = Engine::open(crate::engine::Setup { server: None, ..setup() }, file).unwrap();
    world.ask();
    assert!(matches!(world.heard.last(), Some(Event::NotEnrolled(why)) if why.contains("cannot speak https")));
    assert!(world.posts.is_empty());
}

#[test]
fn a_wrong_number_ends_the_login() {
    let mut world = World::enrolled();
    let (started, request) = world.asked();
    let number = world.number(&started);
    let wrong = if number == "000000" { "000001" } else { "000000" };
    let mail = world.server.mail;
    world.approve(request.id, mail, wrong, None);
    world.carry();
    assert_eq!(world.answers(), [Answer::Refused]);
}

/// The last second counts, the next one does not; an old one never comes to the screen.
#[test]
fn a_request_expires() {
    let mut world = World::enrolled();
    let (_, request) = world.asked();
    world.posts.clear();
    world.now = std::time::Duration::from_secs(request.expires.as_secs());
    world.pass(999);
    assert!(world.answers().is_empty());
    world.pass(1);
    assert_eq!(world.answers(), [Answer::Expired]);

    let mut world = World::enrolled();
    world.server.start(world.unix());
    world.posts.clear();
    world.heard.clear();
    world.pass(121_000);
    world.settle();
    assert!(!world.heard.iter().any(|event| matches!(event, Event::Login(_))));
}

/// What somebody else sends in the list's place is not shown, and neither is an altered list.
#[test]
fn only_the_servers_own_list_is_shown() {
    let mut world = World::enrolled();
    world.server.start(world.unix());
    while world.posts.is_empty() {
        world.pass(500);
    }
    world.heard.clear();
    let post = world.posts.remove(0);
    let mut list = world.receive(&post.message).unwrap();
    let end = list.len() - 1;
    list[end] ^= 1;
    world.reply(post.job, Ok(list.clone()));
    assert!(!world.heard.iter().any(|event| matches!(event, Event::Login(_))));
    world.settle();
    assert!(world.heard.iter().any(|event| matches!(event, Event::Login(_))), "the next one is");
}

/// The waits grow, are never the same for all, and end; the person hears of it.
#[test]
fn it_is_tried_again_later_and_later() {
    let mut world = World::enrolled();
    world.carry();
    world.heard.clear();
    let (mail, start) = (world.server.mail, world.now);
    world.command(Command::Push { token: mail, on: false });
    let mut times = Vec::new();
    while world.now < start + std::time::Duration::from_mins(5) {
        if world.posts.iter().any(|post| !post.message.is_empty()) {
            times.push(world.now.saturating_sub(start).as_secs_f64());
            world.lose();
        }
        world.pass(50);
    }
    let updates = world.heard.iter().filter(|event| matches!(event, Event::Push(_))).count();
    assert_eq!(updates, 1, "it gives up once");
    assert!(times.len() < 40, "{times:?}");
    assert!(world.heard.iter().any(|event| matches!(event, Event::Link(Link::Down))));
    world.settle();
    world.pass(40_000);
    world.settle();
    assert!(matches!(world.heard.last(), Some(Event::Link(Link::Up))));
}

/// A fetch may be held up for 25 s; nothing else keeps a person waiting, and neither does the first one.
#[test]
fn a_fetch_is_patient() {
    let seconds = |post: &Post| (post.patience.held.as_secs(), post.patience.whole.as_secs());
    let mut world = World::enrolled();
    let (_, request) = world.asked();
    world.command(Command::Deny(request.id));
    assert_eq!(seconds(world.posts.last().unwrap()), (0, 15));
    // The next fetch that is on its way, and nothing else.
    let fetch = |world: &mut World| {
        for _ in 0..20 {
            world.carry();
            world.pass(700);
            if let [post] = &world.posts[..] {
                return seconds(post);
            }
        }
        panic!("no fetch");
    };
    assert_eq!(fetch(&mut world), (25, 40));
    world.lose();
    world.pass(2000);
    assert_eq!(seconds(&world.posts[0]), (0, 15), "whether the line is good again is said at once");
    world.carry();
    world.pass(0);
    assert_eq!(seconds(&world.posts[0]), (25, 40), "and the next one follows without a pause");
    // A server that holds nothing up is asked every two seconds.
    world.carry();
    world.pass(1999);
    assert!(world.posts.is_empty());
    world.pass(1);
    assert_eq!(seconds(&world.posts[0]), (25, 40));
}

/// Nobody answers until after the end: the person is told that it is not known, and may look at the page.
#[test]
fn silence_is_called_silence() {
    let mut world = World::enrolled();
    let (started, request) = world.asked();
    let (mail, number) = (world.server.mail, world.number(&started));
    world.approve(request.id, mail, &number, None);
    for _ in 0..30 {
        world.lose();
        world.pass(10_000);
    }
    assert_eq!(world.answers(), [Answer::Silence]);
}

/// A server that takes no message of this device is not asked for ever.
#[test]
fn a_server_that_does_not_know_the_device_is_told_apart() {
    let mut world = World::enrolled();
    let (_, request) = world.asked();
    world.heard.clear();
    world.command(Command::Deny(request.id));
    for _ in 0..20 {
        for post in std::mem::take(&mut world.posts) {
            world.reply(post.job, Err(NoReply::Rejected));
        }
        world.pass(5000);
    }
    assert_eq!(world.answers(), [Answer::Silence]);
    assert!(world.heard.iter().any(|event| matches!(event, Event::Link(Link::Stranger))));
}

#[test]
fn push_is_switched_off_and_on() {
    let mut world = World::enrolled();
    let (work, mail) = (world.server.work, world.server.mail);
    for token in [work, mail] {
        world.command(Command::Push { token, on: false });
        world.carry();
    }
    world.heard.clear();
    world.command(Command::Push { token: mail, on: true });
    world.carry();
    let Some(Event::Tokens(tokens)) = world.heard.iter().rev().find(|event| matches!(event, Event::Tokens(_))) else {
        panic!()
    };
    let push = |id| tokens.iter().find(|token| token.id == id).unwrap().push;
    assert!(!push(work) && push(mail));
    let (_, request) = world.asked();
    assert_eq!(request.tokens.iter().map(|token| token.id).collect::<Vec<_>>(), [mail]);
}

#[test]
fn a_pin_is_changed_after_an_approval() {
    let mut world = World::enrolled();
    let change = |world: &mut World, old: &str, new: &str| {
        let token = world.server.work;
        world.heard.clear();
        world.command(Command::ChangePin { token, old: Unlock::Pin(pin(old)), new: pin(new), finger: false });
        world.lose();
        world.settle();
        let found = world.heard.iter().find_map(|event| match event {
            Event::PinChange(change) => Some(change.clone()),
            _ => None,
        });
        found.expect("a result")
    };
    assert_eq!(change(&mut world, PIN, "905317"), PinChange::NotGranted, "no login was approved");
    let log_in = |world: &mut World, text: &str| {
        let (started, request) = world.asked();
        let (token, number) = (world.server.work, world.number(&started));
        world.approve(request.id, token, &number, Some(pin(text)));
        world.carry();
        world.answers().remove(0)
    };
    assert!(matches!(log_in(&mut world, PIN), Answer::Accepted { .. }));
    assert!(matches!(change(&mut world, "271847", "905317"), PinChange::WrongPin { .. }));
    assert_eq!(change(&mut world, PIN, "905317"), PinChange::Changed(Biometric::Off));
    world.pass(60_000);
    assert!(matches!(log_in(&mut world, PIN), Answer::WrongPin { .. }), "the old one is worth nothing");
    world.pass(121_000);
    assert!(matches!(log_in(&mut world, "905317"), Answer::Accepted { .. }));
}

/// What the server says to a login that is approved with a PIN.
fn log_in(world: &mut World, text: &str) -> Answer {
    world.pass(121_000);
    let (started, request) = world.asked();
    let (token, number) = (world.server.work, world.number(&started));
    world.approve(request.id, token, &number, Some(pin(text)));
    world.carry();
    world.answers().remove(0)
}

fn ask_for_another_pin(world: &mut World, old: &str, new: &str) {
    let token = world.server.work;
    world.heard.clear();
    world.posts.clear();
    world.command(Command::ChangePin { token, old: Unlock::Pin(pin(old)), new: pin(new), finger: false });
}

fn changes(world: &World) -> Vec<PinChange> {
    let change = |event: &Event| match event {
        Event::PinChange(change) => Some(change.clone()),
        _ => None,
    };
    world.heard.iter().filter_map(change).collect()
}

/// Wherever it ends, one PIN counts, here and at the server, and it is the one that the file has.
#[test]
fn a_changed_pin_survives_the_end_of_the_program() {
    let accepted = Answer::Accepted { failures: 0 };
    // Before the request left.
    let mut world = World::enrolled();
    assert_eq!(log_in(&mut world, PIN), accepted);
    ask_for_another_pin(&mut world, PIN, "905317");
    restart(&mut world);
    assert_eq!(log_in(&mut world, PIN), accepted);

    // After the server's leave, before it was told.
    ask_for_another_pin(&mut world, PIN, "905317");
    world.carry();
    assert_eq!(changes(&world), [PinChange::Changed(Biometric::Off)]);
    assert_eq!(world.posts.len(), 1, "which is lost");
    restart(&mut world);
    ask_for_another_pin(&mut world, "905317", PIN);
    assert!(matches!(&changes(&world)[..], [PinChange::Failed(why)] if why.contains("Approve one more login first")));
    assert!(matches!(log_in(&mut world, PIN), Answer::WrongPin { .. }));
    assert!(matches!(log_in(&mut world, "905317"), Answer::Accepted { .. }), "which tells it");
    ask_for_another_pin(&mut world, "905317", PIN);
    world.carry();
    assert_eq!(changes(&world), [PinChange::Changed(Biometric::Off)]);
}

/// The same bytes, whether the request is lost or the reply; nothing else of the change leaves before there is one.
#[test]
fn a_change_is_the_same_bytes_however_often_it_is_sent() {
    let mut world = World::enrolled();
    log_in(&mut world, PIN);
    ask_for_another_pin(&mut world, PIN, "905317");
    let asked = world.posts[0].message.clone();
    world.lose();
    world.pass(700);
    world.pass(700);
    for post in std::mem::take(&mut world.posts) {
        if post.message == asked {
            world.receive(&post.message).unwrap();
        }
        world.reply(post.job, Err(NoReply::Unreachable));
    }
    assert!(world.arrived.contains(&asked) && changes(&world).is_empty());
    for _ in 0..4 {
        world.pass(5000);
        world.carry();
    }
    assert_eq!(changes(&world), [PinChange::Changed(Biometric::Off)]);
    assert!(matches!(log_in(&mut world, "905317"), Answer::Accepted { .. }));
}

/// Nobody answers: the old PIN holds, and that is said.
#[test]
fn a_change_without_an_answer_is_none() {
    let mut world = World::enrolled();
    log_in(&mut world, PIN);
    ask_for_another_pin(&mut world, PIN, "905317");
    for _ in 0..20 {
        world.lose();
        world.pass(10_000);
    }
    assert!(matches!(&changes(&world)[..], [PinChange::Failed(why)] if why.contains("The old PIN still holds")));
    assert!(matches!(log_in(&mut world, PIN), Answer::Accepted { .. }));
}

#[test]
fn codes_are_those_that_the_server_takes() {
    let mut world = World::enrolled();
    let mail = world.server.mail;
    world.heard.clear();
    world.command(Command::Code { token: mail, how: Unlock::Nothing });
    let Some(Event::Code { code, until, .. }) = world.heard.pop() else { panic!() };
    assert!(until >= world.unix() && until.as_secs() < world.unix().as_secs() + 30);
    let now = world.unix();
    let mut rng = crate::keys::rng();
    let verdict = world.server.login.verify_passcode(&world.server.user, &code, now, &mut rng);
    let verdict = pollster::block_on(verdict).unwrap();
    assert!(matches!(verdict, pushotp::PasscodeVerdict::Accepted { .. }), "{verdict:?}");
}

/// The program ends in the middle of an answer, and is started again: the login comes back, unless it was answered.
#[test]
fn it_goes_on_after_a_restart() {
    let mut world = World::enrolled();
    let (started, request) = world.asked();
    world.posts.clear();
    restart(&mut world);
    world.heard.clear();
    world.settle();
    assert!(world.heard.iter().any(|event| matches!(event, Event::Login(again) if again.id == request.id)));
    let (mail, number) = (world.server.mail, world.number(&started));
    world.approve(request.id, mail, &number, None);
    world.carry();
    restart(&mut world);
    world.heard.clear();
    world.settle();
    assert!(!world.heard.iter().any(|event| matches!(event, Event::Login(_))));
    assert_eq!(world.server.state(&started, world.unix()), LoginState::Approved);
}

pub(crate) fn restart(world: &mut World) {
    let empty = world.folder.path().join("other.state");
    let dropped =
        std::mem::replace(&mut world.engine, Engine::open(setup(), StateFile::open(&empty).unwrap()).unwrap());
    drop(dropped);
    let file = StateFile::open(&world.state_file()).unwrap();
    world.engine = Engine::open(setup(), file).unwrap();
    std::fs::remove_file(empty.with_added_extension("lock")).unwrap();
    world.posts.clear();
}

/// A second enrolment replaces the first; until it is complete, the first one works.
#[test]
fn another_enrolment_replaces_the_first() {
    let mut world = World::enrolled();
    let token = pushotp::NewToken::new("VPN");
    let now: UnixTime = world.unix();
    pollster::block_on(world.server.login.add_token(&world.server.user, token, now, &mut crate::keys::rng())).unwrap();
    world.ask();
    world.carry();
    world.command(Command::Disagree);
    world.asked();
    let offer = world.ask();
    world.carry();
    world.heard.clear();
    world.command(Command::Agree(Vec::new()));
    world.server.confirm(&offer, world.unix());
    let Some(Event::Ready(device)) = world.heard.iter().find(|event| matches!(event, Event::Ready(_))) else {
        panic!()
    };
    assert_eq!(device.tokens.iter().map(|token| token.name.as_str()).collect::<Vec<_>>(), ["VPN"]);
}
