//! Every screen as it looks, in a narrow terminal, a common one and a wide one. `PUSHOTP_SNAPSHOTS=write` writes what is
//! there now; read the difference before you believe it.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::PathBuf};

use pushotp::Biometric;
use ratatui::crossterm::event::KeyCode;

use crate::{
    message::{Answer, End, Event, Link, Past, PinChange, Token},
    person::{LOGIN, MAIL, NOW, Person, WORK, device, request, tokens, tokens_with},
};

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (132, 43)];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("authenticator/snapshots")
}

/// The screen in all sizes.
fn drawn(person: &Person) -> String {
    let mut text = String::new();
    for (columns, rows) in SIZES {
        writeln!(text, "== {columns} x {rows}").unwrap();
        for line in person.sees(columns, rows).lines() {
            writeln!(text, "{}", format!("|{line}").trim_end()).unwrap();
        }
    }
    text
}

fn past(at: u64, application: &str, end: End) -> Past {
    let (user, place) = ("alice".into(), Some("Vienna, Austria".into()));
    Past { login: format!("{at:032x}"), at: NOW.as_secs() - at, application: application.into(), user, place, end }
}

fn enrolling() -> Vec<(&'static str, Person)> {
    let mut pasted = Person::new();
    pasted.app.on_paste(&format!("pushotp://enrol#{}", "A".repeat(300)), NOW);
    let mut refused = Person::new();
    refused.hear(Event::NotEnrolled("This is neither a PNG nor a JPEG image.".into()));
    let mut asking = Person::new();
    asking.hear(Event::Asked);
    let compare = || {
        let mut person = Person::new();
        person.hear(Event::Asked).hear(Event::Compare { code: "123456".into(), tokens: tokens(), problem: None });
        person
    };
    let chosen = |typed: &[&str]| {
        let mut person = compare();
        person.types("y");
        for typed in typed {
            person.enter(typed);
        }
        person
    };
    let mut again_compared = chosen(&["271846", "271846"]);
    let problem = Some("This device could not write its file, so nothing was sent. Is the disk full?".into());
    again_compared.hear(Event::Compare { code: "123456".into(), tokens: tokens(), problem });
    let mut done = chosen(&["271846", "271846"]);
    done.hear(Event::Ready(device()));
    let mut again = Person::enrolled();
    again.types("e");
    vec![
        ("welcome", Person::new()),
        ("welcome_pasted", pasted),
        ("welcome_refused", refused),
        ("welcome_again", again),
        ("asking", asking),
        ("compare", compare()),
        ("compare_again", again_compared),
        ("choose_pin", chosen(&[])),
        ("choose_pin_easy", chosen(&["123456"])),
        ("choose_pin_again", chosen(&["271846"])),
        ("choose_pin_differs", chosen(&["271846", "271847"])),
        ("locking", chosen(&["271846", "271846"])),
        ("enrolled", done),
    ]
}

fn with_history() -> Person {
    let mut history = Person::enrolled();
    let ends = [
        End::Approved,
        End::Denied,
        End::Reported,
        End::Refused,
        End::Expired,
        End::Withdrawn,
        End::Elsewhere,
        End::Unknown,
    ];
    let list = ends.iter().zip([0, 30, 300, 7300, 20_000, 90_000, 200_000, 999_999]);
    history.hear(Event::History(list.map(|(end, at)| past(at, "Intranet", *end)).collect())).types("h");
    history
}

fn at_rest() -> Vec<(&'static str, Person)> {
    let code = |token, code: &str| Event::Code {
        token,
        code: zeroize::Zeroizing::new(code.into()),
        until: pushotp::types::UnixTime::from_secs(NOW.as_secs() + 16),
        typed: true,
    };
    let mut codes = Person::enrolled();
    codes.hear(Event::Link(Link::Up)).hear(code(MAIL, "40280123")).hear(code(WORK, "94287082"));
    let mut off = Person::enrolled();
    off.hear(Event::Link(Link::Down));
    let muted = tokens().into_iter().map(|token| Token { push: false, ..token }).collect();
    off.hear(Event::Tokens(muted)).hear(Event::Push("No more logins come for it.".into()));
    let mut stranger = Person::enrolled();
    stranger.hear(Event::Link(Link::Stranger));
    let mut no_history = Person::enrolled();
    no_history.types("h");
    let mut about = Person::enrolled();
    about.types("i");
    let mut code_pin = Person::enrolled();
    code_pin.key(KeyCode::Enter).types("2718");
    let changing = |typed: &[&str]| {
        let mut person = Person::enrolled();
        person.types("c");
        for typed in typed {
            person.enter(typed);
        }
        person
    };
    let after = |change| {
        let mut person = changing(&["271846", "905317", "905317"]);
        person.hear(Event::PinChange(change));
        person
    };
    let no_file = "This device could not write its file, so nothing was sent. Is the disk full?";
    vec![
        ("tokens", Person::enrolled()),
        ("tokens_with_codes", codes),
        ("tokens_without_push", off),
        ("tokens_not_known", stranger),
        ("history", with_history()),
        ("history_empty", no_history),
        ("about", about),
        ("code_pin", code_pin),
        ("change_pin_old", changing(&[])),
        ("change_pin_new", changing(&["271846"])),
        ("change_pin_again", changing(&["271846", "905317"])),
        ("change_pin_waiting", changing(&["271846", "905317", "905317"])),
        ("change_pin_done", after(PinChange::Changed(Biometric::Forbidden))),
        ("change_pin_differs", changing(&["271846", "905317", "905318"])),
        ("change_pin_wrong", after(PinChange::WrongPin { left: 2 })),
        ("change_pin_wrong_last", after(PinChange::WrongPin { left: 0 })),
        ("change_pin_not_granted", after(PinChange::NotGranted)),
        ("change_pin_failed", after(PinChange::Failed(no_file.into()))),
    ]
}

/// A request at each of its steps.
fn requests() -> Vec<(&'static str, Person)> {
    let at = |keys: &[&str]| {
        let mut person = Person::asked();
        for keys in keys {
            person.types(keys);
        }
        person
    };
    let typed = |pin: &str| {
        let mut person = at(&["a"]);
        person.enter("486213").types(pin);
        person
    };
    let mut wrong = typed("271847");
    wrong.key(KeyCode::Enter).hear(Event::Answer(LOGIN, Answer::WrongPin { left: 2, device: Some(9) }));
    let mut aside = at(&[]);
    aside.key(KeyCode::Esc);
    let mut sending = typed("271846");
    sending.key(KeyCode::Enter);
    let mut pick = Person::enrolled();
    let choices = Some(["12".into(), "48".into(), "97".into()]);
    pick.hear(Event::Login(crate::message::Request { digits: 2, choices, ..request() })).pass(1).types("a");
    let mut payment = Person::enrolled();
    let action = Some("Pay 100 EUR to Bob, for the piano that he sold in November".into());
    payment.hear(Event::Login(crate::message::Request { action, ..request() }));
    vec![
        ("request", at(&[])),
        ("request_next_token", at(&[">"])),
        ("request_payment", payment),
        ("request_number", at(&["a", "486"])),
        ("request_pick_one", pick),
        ("request_pin", typed("2718")),
        ("request_wrong_pin", wrong),
        ("request_sending", sending),
        ("request_denying", at(&["d"])),
        ("request_aside", aside),
    ]
}

/// Where a token takes a fingerprint, each time said to be simulated.
fn fingers() -> Vec<(&'static str, Person)> {
    let changing = |biometric, typed: &[&str]| {
        let mut person = Person::with(biometric);
        person.types("c");
        for typed in typed {
            person.enter(typed);
        }
        person
    };
    let mut asked = Person::with(Biometric::On);
    let request = crate::message::Request { tokens: tokens_with(Biometric::On), ..request() };
    asked.hear(Event::Login(request)).pass(1).types("a").enter("486213");
    let mut refused = Person::with(Biometric::On);
    let request = crate::message::Request { tokens: tokens_with(Biometric::On), ..crate::person::request() };
    refused.hear(Event::Login(request)).pass(1).types("a").enter("486213").types("b");
    refused.hear(Event::Answer(LOGIN, Answer::NotAccepted { left: 2 }));
    let mut code = Person::with(Biometric::On);
    code.key(KeyCode::Enter);
    let mut about = Person::with(Biometric::On);
    about.types("i");
    let mut on = Person::with(Biometric::On);
    on.hear(Event::PinChange(PinChange::Changed(Biometric::On)));
    let mut off = Person::with(Biometric::Off);
    off.hear(Event::PinChange(PinChange::Changed(Biometric::Off)));
    vec![
        ("finger_request", asked),
        ("finger_refused", refused),
        ("finger_code", code),
        ("finger_about", about),
        ("finger_change_pin", changing(Biometric::On, &[])),
        ("finger_asked", changing(Biometric::Off, &["271846", "905317", "905317"])),
        ("finger_on", on),
        ("finger_off", off),
    ]
}

/// How a request can end.
fn ends() -> Vec<(&'static str, Person)> {
    let ended = |answer| {
        let mut person = Person::asked();
        person.hear(Event::Answer(LOGIN, answer));
        person
    };
    let mut reporting = Person::asked();
    reporting.types("d").hear(Event::Answer(LOGIN, Answer::Denied { report: true })).pass(1).types("r");
    vec![
        ("end_accepted", ended(Answer::Accepted { failures: 0 })),
        ("end_accepted_after_failures", ended(Answer::Accepted { failures: 2 })),
        ("end_denied", ended(Answer::Denied { report: true })),
        ("end_denied_no_report", ended(Answer::Denied { report: false })),
        ("end_reporting", reporting),
        ("end_reported", ended(Answer::Reported)),
        ("end_refused", ended(Answer::Refused)),
        ("end_expired", ended(Answer::Expired)),
        ("end_withdrawn", ended(Answer::Cancelled)),
        ("end_elsewhere", ended(Answer::Elsewhere)),
        ("end_silence", ended(Answer::Silence)),
        ("end_not_sent", ended(Answer::NotSent("This device could not write its file, so nothing was sent.".into()))),
    ]
}

/// Names that somebody chose to deceive or to disturb.
fn names() -> Vec<(&'static str, Person)> {
    let mut person = Person::enrolled();
    let hostile = crate::message::Request {
        application: "Intra\u{202e}ten\u{202c} \u{1b}[31mred\u{7}\nUser  root".into(),
        user: format!("a{}lice", "\u{301}".repeat(40)),
        place: Some("W".repeat(64)),
        client: Some("שלום 東京 \u{200b}\u{feff}".into()),
        ..request()
    };
    person.hear(Event::Login(hostile));
    vec![("names", person)]
}

fn all() -> Vec<(&'static str, Person)> {
    [enrolling(), at_rest(), requests(), fingers(), ends(), names()].into_iter().flatten().collect()
}

#[test]
fn every_screen_looks_as_it_did() {
    let (all, write) = (all(), std::env::var_os("PUSHOTP_SNAPSHOTS").is_some_and(|value| value == "write"));
    let mut changed = Vec::new();
    for (name, person) in &all {
        let (file, now) = (folder().join(format!("{name}.txt")), drawn(person));
        if write {
            fs::write(&file, &now).unwrap();
        } else if fs::read_to_string(&file).unwrap_or_default() != now {
            changed.push(format!("{name}:\n{now}"));
        }
    }
    assert!(changed.is_empty(), "PUSHOTP_SNAPSHOTS=write takes these over\n{}", changed.join("\n"));
    // No snapshot of a screen that nobody draws, and no two screens under one name.
    let names: BTreeSet<String> = all.iter().map(|(name, _)| format!("{name}.txt")).collect();
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), names);
    assert_eq!(names.len(), all.len());
}

/// What is done next stands at the bottom of each, however small the terminal.
#[test]
fn keys_are_named_on_every_screen() {
    for (name, person) in all() {
        for (columns, rows) in SIZES {
            let screen = person.sees(columns, rows);
            let bottom: String = screen.lines().rev().take(3).collect::<Vec<_>>().join(" ");
            let waits = ["locking", "change_pin_waiting"].contains(&name);
            let named = ["Enter", "Esc", "quit", "same"].iter().any(|key| bottom.contains(key));
            assert!(waits || named, "{name} in {columns} x {rows}\n{screen}");
        }
    }
}

/// Nobody reads a PIN, a number of a request past its step, or an enrolment off the screen.
#[test]
fn what_is_typed_in_secret_is_not_shown() {
    for (name, person) in all() {
        let screen = person.screen();
        for secret in ["2718", "271846", "905317", "AAAAAAAAA"] {
            assert!(!screen.contains(secret), "{secret} in {name}\n{screen}");
        }
    }
    // The negative control: what is typed in the open is there.
    let mut person = Person::asked();
    person.types("a486213").must_see("486213");
}

/// Any size, also one that nobody can read: nothing panics.
#[test]
fn no_terminal_is_too_small() {
    for (_, person) in all() {
        for columns in (0..12).chain([39, 41, 500]) {
            for rows in (0..8).chain([11, 13, 200]) {
                person.sees(columns, rows);
            }
        }
    }
}
