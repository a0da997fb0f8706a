//! The login server: the CPU time of a push login without storage, and verdicts per second on each store.
//!
//! A *verdict* is a whole `verify_passcode`: the token's secret is read and opened, the code is compared over its window,
//! and the record with the verdict and its audit event is written before the verdict is told. Each is of another account
//! than those that are under way, and each is an acceptance, so each writes. The server has seen the account a moment
//! ago and remembers its record; with a *long unseen* one it reads that as well. Next to it, for scale, what the store
//! alone does: a get and a `put_if` of 1 KiB. Clients are tasks on as many threads as there are cores.
//! The CPU time is that of this process, so without PostgreSQL's own. Stores that are named as arguments run alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench stops at the first thing that is wrong"
)]

mod accounts;
mod clients;
mod login;
mod stores;

use std::{env, fs, sync::Arc};

use accounts::{ALL, Accounts, Whose};
use stores::Backend;

/// How many clients at once.
const CLIENTS: [usize; 3] = [1, 8, 64];

/// What SQLite should come to with the most clients, on an idle machine.
const TARGET: f64 = 40_000.0;

/// How often that is measured, since on a virtual machine two runs differ by a third; the median counts.
const RUNS: usize = 7;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let test = arguments.iter().any(|argument| argument == "--test");
    login::print(test);
    println!();
    println!("load of the last minute: {}", load());
    let accounts = Arc::new(Accounts::new(if test { 64 } else { ALL }));
    println!(
        "{:<10} {:>7} {:<20} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "store", "clients", "work", "per s", "p50, µs", "p99, µs", "CPU, µs", "per sync", "sync, µs"
    );
    let mut backends = Backend::all();
    if backends.iter().any(|backend| arguments.iter().any(|argument| argument == backend.name())) {
        backends.retain(|backend| arguments.iter().any(|argument| argument == backend.name()));
    }
    for backend in backends {
        for clients in CLIENTS {
            if matches!(backend, Backend::Sqlite) && clients == 64 && !test {
                print_target(&backend, clients, &accounts);
            } else {
                stores::print_verdicts(&backend, (clients, Whose::InUse), &accounts, test);
            }
            stores::print_verdicts(&backend, (clients, Whose::Anyone), &accounts, test);
            stores::print_bare(&backend, clients, test);
        }
    }
    println!("load of the last minute: {}", load());
}

/// Several runs, and what their median is to the target.
fn print_target(backend: &Backend, clients: usize, accounts: &Arc<Accounts>) {
    let mut rates: Vec<f64> =
        (0..RUNS).map(|_| stores::print_verdicts(backend, (clients, Whose::InUse), accounts, false)).collect();
    rates.sort_by(f64::total_cmp);
    let [lowest, .., highest] = rates[..] else { return };
    let median = rates[RUNS / 2];
    let under = if median < TARGET { ", UNDER" } else { "" };
    println!(
        "{}, {clients} clients: {median:.0} durable verdicts per second (target {TARGET:.0}{under}) in the median of \
         {RUNS} runs, {highest:.0} in the fastest, {lowest:.0} in the slowest",
        backend.name(),
    );
}

/// Others at work: the figures of a busy machine are not those of the store.
fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}
