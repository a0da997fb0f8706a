use std::{
    error::Error,
    fs,
    io::{self, BufRead as _, Write},
    time::{Duration, Instant},
};

use pollster::block_on;
use pushotp::{Authenticator, Carried, Outcome, Started, wire::notify::NotifyError};

use crate::{
    browser,
    device::{self, Arrival, Pushed},
    options::Options,
    push_service::PushService,
    server::{self, Server},
};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// How long a push may take before it is given up.
const PATIENCE: Duration = Duration::from_mins(1);

/// The whole story; an error where a step did not hold.
pub(crate) fn tell(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let service = PushService::start(Box::new(server::now))?;
    say(
        out,
        "push service",
        format_args!("{} for browsers, {} for login servers", service.socket_url, service.origin),
    )?;
    let server = Server::start()?;
    if options.device_only {
        let pushed = device::subscribe(&service.socket_url, server.push.key())?;
        say(out, "device", "a program with the keys of its subscription")?;
        return log_in(&server, &pushed, out).map(drop);
    }
    let page = (server.push.key(), server.push.rules());
    let (mut browser, pushed) = browser::subscribe(&service.socket_url, page, options.headed)?;
    say(out, "browser", format_args!("{} at {}", browser.firefox.version(), browser.page))?;
    let words = log_in(&server, &pushed, out)?;
    browser.shows(&words)?;
    say(out, "page", words)?;
    if let Some(file) = &options.screenshot {
        fs::write(file, browser.firefox.screenshot()?)?;
    }
    if options.keep {
        say(out, "browser", "press Enter to close it")?;
        io::stdin().lock().read_line(&mut String::new())?;
    }
    Ok(())
}

/// Enrolment with that address, then a login pushed to it; what the person is told.
pub(crate) fn log_in(server: &Server, pushed: &Pushed, out: &mut dyn Write) -> Result<String, Failure> {
    let address = pushed.subscription.to_push_address()?;
    say(out, "subscribed", format_args!("the push address has {} bytes: key, secret, endpoint", address.addr().len()))?;
    let mut device = server.enrol(address)?;
    say(out, "enrolled", format_args!("the authenticator of {} names that address", server.user))?;

    let start = Instant::now();
    let started = server.begin()?;
    let number = server.login.number(&started.ticket)?;
    say(out, "login page", format_args!("Intranet, {}: the number is {number}", server.user))?;
    let arrival = push(server, &started, pushed, out)?;
    approve(server, &mut device, (&arrival.envelope, &number), out)?;
    let redeemed = block_on(server.login.redeem(&started.ticket, server::now(), &mut server::rng()))?;
    if redeemed.as_ref() != Some(&server.user) {
        return Err("the login was not redeemed".into());
    }
    let took = start.elapsed().as_millis();
    say(out, "logged in", format_args!("{}, {took} ms from \"start login\"", server.user))?;
    let words = format!("Approved. {} is logged in.", server.user);
    // A program has nobody to tell.
    let _ = arrival.answer.send(words.clone());
    Ok(words)
}

/// From the login server to the device.
fn push(server: &Server, started: &Started, pushed: &Pushed, out: &mut dyn Write) -> Result<Arrival, Failure> {
    let posting = Instant::now();
    for delivered in server.deliver(started) {
        carried(delivered.outcome)?;
    }
    let arrival = pushed.arrivals.recv_timeout(PATIENCE).map_err(|_| "the push did not arrive")?;
    let took = arrival.at.saturating_duration_since(posting).as_millis();
    say(out, "push", format_args!("{} bytes, {took} ms from POST to decrypted", arrival.envelope.len()))?;
    Ok(arrival)
}

/// The authenticator opens what arrived and shows who asks; the user types the number and approves.
fn approve(
    server: &Server,
    device: &mut Authenticator,
    (envelope, number): (&[u8], &str),
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let prompt = server::open(device, envelope)?;
    let (application, place) = (prompt.application(), prompt.place().unwrap_or("an unknown place"));
    say(out, "authenticator", format_args!("{application} asks: is this you, {}? From {place}", prompt.user()))?;
    let outcome = server.approve(device, prompt, number)?;
    if !matches!(outcome, Outcome::Accepted { .. }) {
        return Err(format!("the approval was not accepted: {outcome:?}").into());
    }
    say(out, "authenticator", "the number is typed, the login approved; the server confirms")?;
    Ok(())
}

/// The sealed challenge is with the push service.
fn carried(outcome: Result<Carried, NotifyError>) -> Result<(), Failure> {
    match outcome? {
        Carried::Sealed => Ok(()),
        other => Err(format!("the challenge was not pushed: {other:?}").into()),
    }
}

fn say(out: &mut dyn Write, who: &str, what: impl std::fmt::Display) -> io::Result<()> {
    writeln!(out, "  {who:<14} {what}")
}
