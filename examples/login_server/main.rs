//! A login page: name and password, then an approval on the phone or a typed passcode.
//!
//! `cargo run --example login_server [-- OPTION…]`; README.md lists the options, and so does a wrong one.

mod accounts;
mod app;
mod assets;
mod choose;
mod demo;
mod device;
mod device_page;
mod enrol;
mod failure;
mod guard;
mod home;
mod html;
mod keys;
mod live;
mod operator;
mod options;
mod passcode;
mod passwords;
mod qr;
mod sealed;
mod send;
mod serve;
mod session;
mod sign_in;
mod site;
mod start;
#[path = "../store.rs"]
mod store;
mod visitor;
mod wait;
mod wakes;

use std::process::ExitCode;

use failure::Failure;
use options::Options;
use start::Ready;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(run(options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("login_server: {}", failure.explain());
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Failure> {
    let Ready { listener, app, lines } = start::start(options).await?;
    for line in lines {
        println!("{line}");
    }
    serve::serve(listener, app::router(app), interrupted()).await;
    Ok(())
}

/// Ends with the terminal's interrupt.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
