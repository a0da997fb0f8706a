//! What keys and events come to.

use std::time::Duration;

use pushotp::types::UnixTime;
use ratatui::crossterm::event::KeyCode;

use crate::{
    app::{Screen, Step},
    message::{Answer, Command, Event, PinChange, Request, Token, Unlock},
    person::{LOGIN, MAIL, NOW, Person, WORK, request, tokens},
};

/// The one command that was given.
#[track_caller]
fn commanded(person: &mut Person) -> Command {
    let mut commands = person.app.commands();
    assert_eq!(commands.len(), 1, "{commands:?}");
    commands.remove(0)
}

/// With the commands for codes out of the way.
fn asked() -> Person {
    let mut person = Person::asked();
    person.app.commands();
    person
}

#[test]
fn an_approval_takes_a_number_and_a_pin() {
    let mut person = asked();
    person.must_see("Intranet").must_see("alice").must_see("Vienna, Austria").must_see("6 seconds ago");
    person.types("a").enter("48621");
    assert!(person.app.commands().is_empty(), "a digit is missing");
    person.must_see("all of it").enter("3").enter("27");
    assert!(person.app.commands().is_empty(), "a PIN has four digits at least");
    person.enter("1846");
    let Command::Approve { login, token, number, how: Unlock::Pin(_) } = commanded(&mut person) else { panic!() };
    assert_eq!((login, token, number.as_str()), (LOGIN, WORK, "486213"));
    person.hear(Event::Answer(LOGIN, Answer::Accepted { failures: 0 }));
    person.must_see("you are logged in").pass(1).key(KeyCode::Enter).must_see("Your tokens");
    assert!(person.app.windows.is_empty());
}

#[test]
fn a_token_without_pin_needs_the_number_only() {
    let mut person = asked();
    person.must_see("Work").must_see("1 of 2").types(">").must_see("Mail").must_see("2 of 2");
    person.types("a").enter("486213");
    let Command::Approve { token, how: Unlock::Nothing, .. } = commanded(&mut person) else { panic!() };
    assert_eq!(token, MAIL);
}

#[test]
fn tokens_go_round() {
    let mut person = asked();
    for (key, name) in [('<', "Mail"), ('<', "Work"), ('>', "Mail"), ('>', "Work")] {
        person.key(KeyCode::Char(key)).must_see(&format!("With token {name}"));
    }
}

/// Nothing is approved by habit: neither the key that approves nor Enter sends anything.
#[test]
fn one_key_approves_nothing() {
    for keys in [&[KeyCode::Char('a')][..], &[KeyCode::Enter; 5], &[KeyCode::Char('y'), KeyCode::Char(' ')]] {
        let mut person = asked();
        for key in keys {
            person.key(*key);
        }
        assert!(person.app.commands().is_empty());
    }
}

#[test]
fn letters_are_no_number_and_no_pin() {
    let mut person = asked();
    person.types("a").enter("48x62-13");
    person.enter("27é1八846");
    let Command::Approve { number, .. } = commanded(&mut person) else { panic!() };
    assert_eq!(number, "486213");
}

/// A key that was meant for what was there before does not answer what has just come up.
#[test]
fn a_request_that_comes_up_takes_no_key_at_once() {
    let mut person = Person::enrolled();
    person.hear(Event::Login(request())).types("d");
    person.now += Duration::from_millis(599);
    person.types("d");
    assert!(person.app.commands().is_empty());
    person.now += Duration::from_millis(1);
    person.types("d");
    assert!(matches!(commanded(&mut person), Command::Deny(LOGIN)));
}

#[test]
fn nothing_comes_between_a_person_and_a_pin() {
    let mut person = Person::enrolled();
    person.app.commands();
    person.key(KeyCode::Enter).types("2718").hear(Event::Login(request()));
    assert!(person.app.ring, "it can be heard");
    person.must_see("Show a code").must_not_see("Is this you?").enter("46");
    assert!(matches!(commanded(&mut person), Command::Code { token: WORK, how: Unlock::Pin(_) }));
    person.must_see("Is this you?");
}

#[test]
fn deny_then_report() {
    let mut person = asked();
    person.types("d");
    assert!(matches!(commanded(&mut person), Command::Deny(LOGIN)));
    person.must_see("Denying").types("dra");
    assert!(person.app.commands().is_empty(), "it is answered once");
    person.hear(Event::Answer(LOGIN, Answer::Denied { report: true })).pass(1).must_see("Did somebody else");
    person.types("r");
    assert!(matches!(commanded(&mut person), Command::Report(LOGIN)));
    person.hear(Event::Answer(LOGIN, Answer::Reported)).must_see("Your organisation knows of it");
}

#[test]
fn a_report_that_could_not_be_sent_can_be_tried_again() {
    let mut person = asked();
    person.types("d").hear(Event::Answer(LOGIN, Answer::Denied { report: true })).pass(1).types("r");
    person.hear(Event::Answer(LOGIN, Answer::NotSent("The disk is full.".into()))).pass(1);
    person.must_see("The disk is full.").must_see("report it").types("r");
    assert_eq!(person.app.commands().iter().filter(|command| matches!(command, Command::Report(_))).count(), 2);
}

#[test]
fn an_answer_is_sent_once_and_its_result_may_be_late() {
    let mut person = asked();
    person.types("a").enter("486213").enter("271846");
    commanded(&mut person);
    person.enter("271846").types("ad").key(KeyCode::Esc).must_see("Your tokens");
    assert!(person.app.commands().is_empty());
    person.pass(90).hear(Event::Answer(LOGIN, Answer::Accepted { failures: 0 })).must_see("you are logged in");
}

#[test]
fn a_wrong_pin_can_be_tried_again_with_the_same_number() {
    let mut person = asked();
    person.types("a").enter("486213").enter("271847");
    commanded(&mut person);
    person.hear(Event::Answer(LOGIN, Answer::WrongPin { left: 2, device: Some(9) })).pass(1);
    person.must_see("The server allows 2 more tries for this login, this device 9 more tries in a row.");
    person.enter("271846");
    let Command::Approve { number, how: Unlock::Pin(_), .. } = commanded(&mut person) else { panic!() };
    assert_eq!(number, "486213");
    person.hear(Event::Answer(LOGIN, Answer::WrongPin { left: 1, device: None }));
    person.must_see("The server allows 1 more try for this login.");
}

#[test]
fn what_was_not_sent_can_be_answered_again() {
    let mut person = asked();
    person.types("a").enter("486213").enter("271846");
    commanded(&mut person);
    person.hear(Event::Answer(LOGIN, Answer::NotSent("The next try has to wait.".into()))).pass(1);
    person.must_see("Is this you?").must_see("The next try has to wait.").types("d");
    assert!(matches!(commanded(&mut person), Command::Deny(LOGIN)));
}

#[test]
fn a_withdrawn_request_says_so() {
    let mut person = asked();
    person.types("a").types("48").hear(Event::Withdrawn(LOGIN)).must_see("The login was withdrawn.");
    // One that nobody knows changes nothing.
    let mut person = Person::enrolled();
    person.hear(Event::Withdrawn(LOGIN)).must_see("Your tokens");
}

#[test]
fn a_request_can_be_put_aside_and_comes_back() {
    let mut person = asked();
    person.key(KeyCode::Esc).must_see("A login waits for you.").types("r").must_see("Is this you?");
}

#[test]
fn several_requests_come_one_after_the_other() {
    let mut person = asked();
    let other = pushotp::wire::terms::ChallengeId::from_bytes([4; 16]);
    person.hear(Event::Login(Request { id: other, application: "Bank".into(), ..request() }));
    person.must_see("Intranet").must_see("1 more after this one").types("d");
    assert!(matches!(commanded(&mut person), Command::Deny(LOGIN)));
    person.hear(Event::Answer(LOGIN, Answer::Denied { report: false })).pass(1).key(KeyCode::Enter);
    person.must_see("Bank").pass(1).types("d");
    assert!(matches!(commanded(&mut person), Command::Deny(login) if login == other));
}

#[test]
fn weaker_policies_ask_for_less() {
    let mut person = Person::enrolled();
    person.app.commands();
    let choices = Some(["12".into(), "48".into(), "97".into()]);
    person.hear(Event::Login(Request { digits: 2, choices, ..request() })).pass(1);
    person.app.commands();
    person.types("a").enter("13");
    person.must_see("all of it").key(KeyCode::Backspace).key(KeyCode::Backspace).enter("48").enter("271846");
    let Command::Approve { number, .. } = commanded(&mut person) else { panic!() };
    assert_eq!(number, "48");

    let mut person = Person::enrolled();
    person.hear(Event::Login(Request { digits: 0, ..request() })).pass(1);
    person.app.commands();
    person.types("a").enter("271846");
    let Command::Approve { number, how: Unlock::Pin(_), .. } = commanded(&mut person) else { panic!() };
    assert_eq!(number, "");
}

#[test]
fn enrolment_step_by_step() {
    let mut person = Person::new();
    person.app.on_paste("  pushotp://enrol#abc\nrm -rf\n", NOW);
    person.key(KeyCode::Enter);
    let Command::Enrol(text) = commanded(&mut person) else { panic!() };
    assert_eq!(text.as_str(), "pushotp://enrol#abc");
    person
        .hear(Event::Asked)
        .hear(Event::Compare { code: "123456".into(), tokens: tokens(), problem: None })
        .must_see("123 456");
    person.types("y").must_see("For token Work").enter("123456").must_see("too easy").enter("271846");
    person.must_see("once more").enter("271847").must_see("two different PINs").enter("271846").enter("271846");
    let Command::Agree(pins) = commanded(&mut person) else { panic!() };
    assert_eq!(pins.iter().map(|(token, _)| *token).collect::<Vec<_>>(), [WORK], "Mail has no PIN");
    person.must_see("Locking");
}

#[test]
fn other_codes_enrol_nothing() {
    let mut person = Person::new();
    person
        .hear(Event::Asked)
        .hear(Event::Compare { code: "123456".into(), tokens: tokens(), problem: None })
        .key(KeyCode::Enter);
    assert!(person.app.commands().is_empty(), "nobody says yes by habit");
    person.types("n");
    assert!(matches!(commanded(&mut person), Command::Disagree));
    // The code that comes when nobody waits for it any more.
    person.hear(Event::Asked).key(KeyCode::Esc).hear(Event::Compare {
        code: "1".into(),
        tokens: tokens(),
        problem: None,
    });
    assert!(matches!(commanded(&mut person), Command::Disagree));
    person.must_see("Enrol this device");
}

#[test]
fn codes_are_asked_for_when_they_are_missing() {
    let mut person = Person::enrolled();
    person.pass(0).pass(0);
    assert!(
        matches!(commanded(&mut person), Command::Code { token: MAIL, how: Unlock::Nothing }),
        "once, and never Work's"
    );
    let until = UnixTime::from_secs(NOW.as_secs() + 9);
    person.hear(Event::Code { token: MAIL, code: zeroize::Zeroizing::new("40280123".into()), until, typed: false });
    person.pass(9).must_see("4028 0123").must_see("1 s");
    assert!(person.app.commands().is_empty());
    person.pass(1).must_not_see("4028");
    assert!(matches!(commanded(&mut person), Command::Code { token: MAIL, how: Unlock::Nothing }));
}

#[test]
fn push_and_pin_are_changed_from_the_list() {
    let mut person = Person::enrolled();
    person.key(KeyCode::Down).key(KeyCode::Down).types("p");
    assert!(matches!(commanded(&mut person), Command::Push { token: MAIL, on: false }));
    person.hear(Event::Tokens(tokens().into_iter().map(|token| Token { push: false, ..token }).collect()));
    person.types("p");
    assert!(matches!(commanded(&mut person), Command::Push { token: MAIL, on: true }));
    person.types("c").must_see("This token has no PIN.").key(KeyCode::Up).types("c").enter("271846");
    person.enter("905317").enter("905317").must_see("Asking the server");
    assert!(matches!(commanded(&mut person), Command::ChangePin { token: WORK, .. }));
    person.hear(Event::PinChange(PinChange::NotGranted)).must_see("Not changed. It is possible within ten minutes");
    assert!(matches!(person.app.screen, Screen::Tokens));
}

/// In a small terminal everything can be read before it is approved, and keys do not run ahead of the screen.
#[test]
fn what_does_not_fit_can_be_scrolled_to() {
    let mut person = Person::enrolled();
    let action = Some("Pay 100 EUR to Bob, for the piano that he sold in November".into());
    person.hear(Event::Login(Request { action, ..request() })).pass(1);
    let sees = |person: &Person, text: &str| person.sees(40, 12).contains(text);
    assert!(sees(&person, "Pay 100") && sees(&person, "more below") && !sees(&person, "1 of 2"));
    for _ in 0..20 {
        person.key(KeyCode::Down);
        person.sees(40, 12);
    }
    assert!(sees(&person, "1 of 2") && sees(&person, "more above") && !sees(&person, "more below"));
    for _ in 0..9 {
        person.key(KeyCode::Up);
        person.sees(40, 12);
    }
    assert!(sees(&person, "Pay 100") && !sees(&person, "more above"));
}

#[test]
fn control_c_ends_it_anywhere() {
    let mut typing = asked();
    typing.types("a");
    for mut person in [Person::new(), Person::enrolled(), asked(), typing] {
        person.control_c();
        assert!(person.app.quit);
    }
    let mut person = asked();
    person.types("q");
    assert!(!person.app.quit && matches!(person.app.windows[0].step, Step::Look), "not from a request");
}
