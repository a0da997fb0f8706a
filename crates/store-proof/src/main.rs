//! A login server as a process: the URL of its store as the argument, then a command a line and an answer a line.

use std::{
    env,
    error::Error,
    io::{Write, stdin, stdout},
};

use pushotp::types::UnixTime;
use store_proof::{Command, open, rng, server_on};

fn main() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("the URL of a store is missing")?;
    let (server, mut rng) = (server_on(open(&url)?), rng());
    for line in stdin().lines() {
        let line = line?;
        let (time, command) = line.split_once(' ').ok_or("the time is missing")?;
        let (now, command) = (UnixTime::from_secs(time.parse()?), command.parse::<Command>()?);
        let answer = command.run(&server, now, &mut rng);
        // In one piece: who is killed has told or has not.
        stdout().lock().write_all(format!("{answer}\n").as_bytes())?;
    }
    Ok(())
}
