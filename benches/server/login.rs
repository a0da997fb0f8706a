//! A whole push login in memory: the CPU time of the server's part, step by step.

use std::time::Duration;

use getrandom::{SysRng, rand_core::UnwrapErr};
use pollster::block_on;
use pushotp::{LoginRequest, LoginServer, LoginStart, LoginState, types::UnixTime};
use rustix::time::{ClockId, clock_gettime};

use crate::accounts::{Account, START, server_on};

/// What a login may cost.
const TARGET: Duration = Duration::from_millis(1);
const LOGINS: u32 = 2_000;
const STEPS: [&str; 4] = ["start", "two looks of the page", "receive the approval", "redeem"];

/// Prints the cost of a login; under `--test` one runs.
pub(crate) fn print(test: bool) {
    let (store, mut account) = Account::alone();
    let server = server_on(store);
    let logins = if test { 1 } else { LOGINS };
    let mut times: Vec<[Duration; 4]> = (0..logins).map(|number| log_in(&server, &mut account, number)).collect();
    if test {
        println!("push login: runs");
        return;
    }
    times.sort_by_key(|steps| steps.iter().sum::<Duration>());
    let steps = times.get(times.len() / 2).copied().unwrap_or_default();
    let total: Duration = steps.iter().sum();
    let over = if total > TARGET { ", OVER" } else { "" };
    println!(
        "push login, challenge to redeem: {} µs of server CPU without storage (target {} µs{over}), {:.0} logins per CPU second",
        total.as_micros(),
        TARGET.as_micros(),
        1.0 / total.as_secs_f64()
    );
    for (step, time) in STEPS.iter().zip(steps) {
        println!("  {step:<24} {:>6} µs", time.as_micros());
    }
}

/// One login; the device's own work is not counted.
fn log_in(server: &LoginServer, account: &mut Account, number: u32) -> [Duration; 4] {
    let (now, mut rng) = (UnixTime::from_secs(START.as_secs() + u64::from(number) * 7), UnwrapErr(SysRng));
    let request = LoginRequest::new("Intranet").place("Vienna, Austria");
    let (start, login) = timed(|| {
        let started = block_on(server.start_login(&account.id, &request, now, &mut rng)).unwrap();
        let LoginStart::Started(login) = started else { panic!("{started:?}") };
        let number = server.number(&login.ticket).unwrap();
        (login, number)
    });
    let (login, shown) = login;
    let message = account.approve(&login, &shown, now);
    let look = || block_on(server.login_state(&login.ticket, now)).unwrap();
    let (first, waiting) = timed(look);
    let (receive, reply) =
        timed(|| block_on(server.receive(&message, now, &mut UnwrapErr(SysRng))).unwrap().into_reply());
    let (second, approved) = timed(look);
    let (redeem, granted) = timed(|| block_on(server.redeem(&login.ticket, now, &mut UnwrapErr(SysRng))).unwrap());
    assert!(matches!(waiting, LoginState::Waiting { .. }) && reply.is_ok());
    assert!(approved == LoginState::Approved && granted.is_some());
    [start, first + second, receive, redeem]
}

/// The CPU time of this thread that something takes.
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = cpu_time();
    let done = work();
    (cpu_time().saturating_sub(before), done)
}

fn cpu_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}
