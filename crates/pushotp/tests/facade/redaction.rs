//! Nothing that the crates print of themselves shows a secret: a whole story, every value's `Debug`, every error.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;

use crate::fixture::{NOW, PIN, World, later};
use pollster::block_on;
use pushotp::{
    Incoming, LoginRequest, LoginStart, Outcome, pin::Pin, provision::enrolment, store::DynStore, wire::terms::Reason,
};

/// Every form in which a secret could be printed.
fn forms(secret: &[u8]) -> Vec<String> {
    let list = secret.iter().map(u8::to_string).collect::<Vec<_>>();
    vec![
        data_encoding::HEXLOWER.encode(secret),
        data_encoding::BASE32_NOPAD.encode(secret).to_lowercase(),
        data_encoding::BASE64_NOPAD.encode(secret).to_lowercase(),
        data_encoding::BASE64URL_NOPAD.encode(secret).to_lowercase(),
        list.join(", "),
        list.join(","),
        secret.iter().map(|byte| format!("{byte:x}")).collect::<Vec<_>>().join(", "),
    ]
}

/// What of the secrets a text shows.
fn found(text: &str, secrets: &[Vec<u8>], words: &[String]) -> Vec<String> {
    let text = text.to_lowercase();
    let forms = secrets.iter().flat_map(|secret| forms(secret));
    forms.chain(words.iter().cloned()).filter(|form| text.contains(form.as_str())).collect()
}

#[test]
fn a_whole_story_prints_no_secret() {
    let mut world = World::new();
    let mut log = String::new();
    writeln!(log, "{:?} {:?} {:?}", world.server, world.device, world.offer).unwrap();
    let mut words = vec![PIN.to_owned()];
    let (mut secrets, now) = (world.secrets(), NOW);

    // A login with a wrong PIN, then the right one.
    let start =
        block_on(world.server.start_login(&world.user, &LoginRequest::new("Intranet"), now, &mut world.rng)).unwrap();
    writeln!(log, "{start:?}").unwrap();
    let LoginStart::Started(login) = start else { panic!("not started") };
    let number = world.server.number(&login.ticket).unwrap();
    words.push(number.clone());
    secrets.push(login.ticket.as_bytes().to_vec());
    let incoming = world.device.open(&login.pushes[0].envelope, now).unwrap();
    writeln!(log, "{incoming:?}").unwrap();
    let Incoming::Login(mut prompt) = incoming else { panic!("no login") };
    for pin in ["271847", PIN] {
        words.push(pin.to_owned());
        let pin = Pin::entered(pin).unwrap();
        writeln!(log, "{pin:?}").unwrap();
        let (message, answering) =
            world.device.approve(prompt, (world.bank, &number, Some(&pin)), now, &mut world.rng).unwrap();
        words.push(world.code_in(&message));
        writeln!(log, "{answering:?}").unwrap();
        let received = block_on(world.server.receive(&message, now, &mut world.rng)).unwrap();
        writeln!(log, "{received:?} {:?}", received.error().map(ToString::to_string)).unwrap();
        let finished = world.device.finish(answering, &received.into_reply().unwrap(), now).unwrap();
        writeln!(log, "{finished:?}").unwrap();
        match finished.outcome {
            Outcome::TryAgain { prompt: again, .. } => prompt = again,
            Outcome::Accepted { .. } => break,
            other => panic!("{other:?}"),
        }
        secrets.push(message);
    }
    writeln!(log, "{:?}", block_on(world.server.redeem(&login.ticket, now, &mut world.rng))).unwrap();

    // A denial and a report, a typed passcode, errors of every kind that the story meets.
    let (prompt, _) = world.prompt(later(60));
    let (_, denied) = world.device.deny(prompt, later(60), &mut world.rng).unwrap();
    writeln!(log, "{denied:?}").unwrap();
    let (_, reported) = world.device.report(denied, Reason::NotMe, later(60), &mut world.rng).unwrap();
    writeln!(log, "{reported:?}").unwrap();
    let (code, until) = world.device.passcode(world.mail, None, now).unwrap();
    words.push(code.expose().to_owned());
    writeln!(log, "{code:?} {until:?}").unwrap();
    let verdict = block_on(world.server.verify_passcode(&world.user, code.expose(), now, &mut world.rng));
    writeln!(log, "{verdict:?}").unwrap();
    let (prompt, _) = world.prompt(later(700));
    let refused = world.device.approve(prompt, (world.bank, "12345", None), later(700), &mut world.rng).unwrap_err();
    writeln!(log, "{refused:?} {refused}").unwrap();
    let uri = enrolment::write(&world.offer).unwrap();
    writeln!(log, "{:?} {:?}", enrolment::parse(&uri), enrolment::parse(&uri[..100])).unwrap();
    writeln!(log, "{:?}", block_on(world.server.audit(&world.user))).unwrap();

    assert!(log.len() > 2_000, "the story is too short to prove anything");
    assert_eq!(found(&log, &secrets, &words), Vec::<String>::new(), "{log}");
    // The negative control: each secret, once printed, is found.
    for secret in &secrets {
        for form in forms(secret) {
            assert!(!found(&format!("{log}{form}"), &secrets, &words).is_empty());
        }
    }
}

/// What the store holds shows none of them either: keys and secrets only under the key-encryption key.
#[test]
fn the_store_holds_no_secret_in_the_clear() {
    let world = World::new();
    let secrets = world.secrets();
    let page = block_on(DynStore::scan(&*world.store, None, 100)).unwrap();
    assert_eq!(page.len(), 5, "account, kid, device, two secrets");
    for (key, stored) in &page {
        for secret in &secrets {
            let shown = stored.value.windows(secret.len()).any(|window| window == secret.as_slice());
            assert!(!shown, "{key:?}");
        }
    }
}
