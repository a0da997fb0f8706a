use std::{error::Error, sync::Arc, time::Duration};

use pushotp::{AuditKind, ServerPolicy, pin::Cost, store::MemoryStore};
use rand_core::Rng as _;

use crate::{
    conventional::Conventional,
    offline::{self, Loot, PINS},
    online::{self, End},
    options::{Options, chosen},
    owner::{Phone, Server, rng},
    screen::Screen,
};

pub(crate) type Failure = Box<dyn Error>;

/// How many wrong passcodes in a row a server takes.
const LIMIT: u32 = 10;

/// The whole story; an error where a step did not hold.
pub(crate) fn tell(options: &Options, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let (server, loot) = steal(options, screen)?;
    conventional(options, screen)?;
    camouflaged(&loot, screen)?;
    at_the_server(options, (&server, &loot), screen)?;
    screen.held("all", "every step held")?;
    Ok(())
}

/// An enrolment, and a copy of all that the phone has.
fn steal(options: &Options, screen: &mut Screen<'_>) -> Result<(Server, Loot), Failure> {
    screen.title("1. Alice enrols her phone, and somebody copies it")?;
    let mut kek = [0; 32];
    rng().fill_bytes(&mut kek);
    let server = Server::start(Arc::new(MemoryStore::new()), kek, ServerPolicy::default())?;
    let folder = tempfile::tempdir()?;
    let phone = Phone::in_folder(folder.path());
    phone.enrol(&server, chosen(&options.pin).ok_or("the PIN is too simple")?, options.cost)?;
    let (state, keys) = phone.read()?;
    screen.say("alice", "enrols her phone and locks the token Bank with a PIN of four digits")?;
    screen
        .say("thief", "copies its file; that the keys come with it is the worst case: a key store would keep them")?;
    screen.say("thief", "may try a PIN as often as he likes: no counter in a file stops whoever has a copy of it")?;
    screen
        .held("theft", format_args!("a state file of {} bytes, and the device's keys, {}", state.len(), keys.len()))?;
    Ok((server, Loot::new((state, keys))?))
}

/// The comparison: a secret under a PIN as most apps keep it. Another secret, since two locked copies of one would give
/// the PIN away.
fn conventional(options: &Options, screen: &mut Screen<'_>) -> Result<(), Failure> {
    screen.title("2. The file of an app as most are")?;
    let mut secret = [0; 32];
    rng().fill_bytes(&mut secret);
    let file = Conventional::seal(&secret, &options.pin, options.cost)?;
    screen.say("app", "encrypts the secret with the PIN, so that a wrong PIN is an error and the right one is not")?;
    screen.say("app", format_args!("makes each guess cost {}", words(options.cost)))?;
    let found = offline::search(&file)?;
    if found.pin != options.pin {
        return Err("the conventional file opened with another PIN".into());
    }
    screen.held(
        "conventional file",
        format_args!(
            "PIN {} found after {} guesses in {}, and nobody noticed; 1 of {} PINs is left",
            found.pin,
            grouped(found.guesses),
            span(found.took),
            grouped(PINS)
        ),
    )?;
    let guess = offline::recommended_guess()?;
    screen.held(
        "a dearer guess",
        format_args!(
            "at {} a guess takes {} here, so all PINs of 4 digits take {} and of 6 digits {}, on one core; a thief has many",
            words(Cost::RECOMMENDED),
            span(guess),
            span(guess * PINS),
            span(guess * 1_000_000)
        ),
    )?;
    Ok(())
}

/// The same with what was copied from the phone.
fn camouflaged(loot: &Loot, screen: &mut Screen<'_>) -> Result<(), Failure> {
    screen.title("3. The file of the phone")?;
    let opened = offline::open_all(loot)?;
    if opened.distinct() != opened.secrets.len() {
        return Err("two PINs gave the same secret".into());
    }
    let mut login = [0; 32];
    rng().fill_bytes(&mut login);
    for pin in [0, 1, 2] {
        let code = opened.passcode(pin, &login)?;
        screen.say("thief", format_args!("PIN {pin:04} opens it: for this login its passcode would be {code}"))?;
    }
    screen.say("thief", "and so on to PIN 9999: each opens it, and each passcode looks like any other")?;
    let (all, took) = (grouped(u32::try_from(opened.secrets.len())?), span(opened.took));
    screen.held(
        "camouflaged file",
        format_args!("{all} of {all} PINs open it in {took}, to {all} different secrets; {all} of {all} PINs are left"),
    )?;
    Ok(())
}

/// Only the server knows which secret is the right one.
fn at_the_server(options: &Options, (server, loot): (&Server, &Loot), screen: &mut Screen<'_>) -> Result<(), Failure> {
    screen.title("4. What is left: to ask the server")?;
    screen.say("thief", "knows Alice's password as well, starts logins, and answers them from the copy")?;
    let possible = u32::try_from(online::guesses().count())?;
    let chances = format!("{LIMIT} guesses among the {} PINs that Alice could choose", grouped(possible));
    match online::attack(server, loot, &options.pin, screen)? {
        End::Stopped(LIMIT) => {
            if !server.logged(AuditKind::TokenDisabled)? {
                return Err("the operator does not see that the token is disabled".into());
            }
            screen.say("server", "has disabled the token: Alice has to enrol again, and her operator sees why")?;
            screen.say("server", "counts 10 in a row; where Alice logs in in between, 30 in 30 days")?;
            let percent = f64::from(LIMIT) / f64::from(possible) * 100.0;
            screen.held("server", format_args!("stopped: {chances}, or {percent:.2} %, however fast he is"))?;
            Ok(())
        }
        End::Lucky(guesses) => {
            let once = grouped(possible / LIMIT);
            screen
                .held("server", format_args!("the thief was lucky at guess {guesses}: {chances} win once in {once}"))?;
            Ok(())
        }
        other => Err(format!("the server did not stop the thief at {LIMIT} wrong passcodes: {other:?}").into()),
    }
}

fn words(cost: Cost) -> String {
    let passes = if cost.passes() == 1 { "1 pass".to_owned() } else { format!("{} passes", cost.passes()) };
    let note = if cost.is_below_floor() { ", far too little for an app, so that this takes seconds" } else { "" };
    match cost.memory_kib() {
        kib if kib % 1024 == 0 => format!("{} MiB and {passes}{note}", kib / 1024),
        kib => format!("{kib} KiB and {passes}{note}"),
    }
}

/// A number with a comma before each three digits, below a million.
fn grouped(number: u32) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", number / 1_000, number % 1_000) }
}

/// A time as somebody says it.
fn span(time: Duration) -> String {
    match time.as_secs_f64() {
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3_600.0),
    }
}
