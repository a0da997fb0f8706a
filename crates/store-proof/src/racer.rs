//! Somebody who runs a login server: a process that can be killed, or a thread.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use pushotp::{store::DynStore, types::UnixTime};

use crate::{Answer, Command, rng, server_on};

/// One server, asked by commands.
#[derive(Debug)]
pub struct Racer(Kind);

#[derive(Debug)]
enum Kind {
    Process { child: Child, commands: Option<ChildStdin>, answers: BufReader<ChildStdout> },
    Thread { commands: Sender<(UnixTime, Command)>, answers: Receiver<Answer> },
}

impl Racer {
    /// Starts `program` on the store that `url` names.
    #[must_use]
    pub fn process(program: &str, url: &str) -> Self {
        let mut child =
            std::process::Command::new(program).arg(url).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (commands, answers) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self(Kind::Process { child, commands, answers })
    }

    /// A thread of this process: for a store that no other can open.
    #[must_use]
    pub fn thread(store: Arc<dyn DynStore>) -> Self {
        let (commands, asked) = channel::<(UnixTime, Command)>();
        let (told, answers) = channel();
        thread::spawn(move || {
            let (server, mut rng) = (server_on(store), rng());
            for (now, command) in asked {
                if told.send(command.run(&server, now, &mut rng)).is_err() {
                    return;
                }
            }
        });
        Self(Kind::Thread { commands, answers })
    }

    /// Asks without waiting. Who was killed does not mind.
    pub fn send(&mut self, now: UnixTime, command: &Command) {
        match &mut self.0 {
            Kind::Process { commands, .. } => {
                let line = format!("{} {command}\n", now.as_secs());
                let _ = commands.as_mut().map(|pipe| pipe.write_all(line.as_bytes()));
            }
            Kind::Thread { commands, .. } => commands.send((now, command.clone())).unwrap(),
        }
    }

    /// The next answer; `None` if it was killed before it told.
    pub fn hear(&mut self) -> Option<Answer> {
        match &mut self.0 {
            Kind::Process { answers, .. } => {
                let mut line = String::new();
                answers.read_line(&mut line).ok()?;
                line.strip_suffix('\n').map(|line| line.parse().unwrap())
            }
            Kind::Thread { answers, .. } => answers.recv().ok(),
        }
    }

    /// Asks and waits.
    pub fn ask(&mut self, now: UnixTime, command: &Command) -> Option<Answer> {
        self.send(now, command);
        self.hear()
    }

    /// `SIGKILL`.
    pub fn kill(&mut self) {
        if let Kind::Process { child, .. } = &mut self.0 {
            child.kill().unwrap();
        }
    }
}

/// A process ends with its commands; whoever is still there when a test fails is killed.
impl Drop for Racer {
    fn drop(&mut self) {
        if let Kind::Process { child, commands, .. } = &mut self.0 {
            *commands = None;
            if thread::panicking() {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }
}
