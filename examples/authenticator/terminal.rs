//! The program around the screens: the terminal, the clock, the threads.

use std::{
    fs,
    io::{self, Write as _},
    sync::{Arc, mpsc::TryRecvError},
    time::{Duration, Instant},
};

use pushotp::pin::Cost;
use ratatui::{
    DefaultTerminal,
    crossterm::{
        event::{self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyEventKind},
        execute,
    },
};

use crate::{
    app::App,
    engine::{Engine, Input, Setup},
    file::{FileError, StateFile},
    http::Http,
    message::Command,
    options::Options,
    view,
    worker::{self, now},
};

/// How often the screen is drawn while nothing happens.
const FRAME: Duration = Duration::from_millis(100);
/// Where the system does not say how much memory it has, in bytes.
const TYPICAL_MEMORY: u64 = 4 << 30;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{path} {error}")]
    File { path: String, error: FileError },
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
    #[error("the device has stopped")]
    Stopped,
}

pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let Options { state, enrol, server, name, key_in_file } = options;
    let failed = |error| Failure::File { path: state.display().to_string(), error };
    let file = StateFile::open(&state).map_err(failed)?;
    let setup = Setup { name, key_in_file, server, cost };
    let engine = Engine::open(setup, file).map_err(failed)?;
    let device = worker::start(engine, Arc::new(Http::new()));
    let mut app = App::new();
    if let Some(text) = enrol {
        app.command(Command::Enrol(text));
    }
    let mut terminal = ratatui::init();
    let pasted_whole = execute!(io::stdout(), EnableBracketedPaste);
    let result = interact(&mut terminal, &mut app, &device);
    if pasted_whole.is_ok() {
        let _ = execute!(io::stdout(), DisableBracketedPaste);
    }
    ratatui::restore();
    result
}

type Device = (std::sync::mpsc::Sender<Input>, std::sync::mpsc::Receiver<crate::message::Event>);

fn interact(terminal: &mut DefaultTerminal, app: &mut App, (inputs, events): &Device) -> Result<(), Failure> {
    while !app.quit {
        loop {
            match events.try_recv() {
                Ok(event) => app.on_event(event, now()),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Err(Failure::Stopped),
            }
        }
        app.tick(now());
        for command in app.commands() {
            inputs.send(Input::Command(command)).map_err(|_| Failure::Stopped)?;
        }
        if std::mem::take(&mut app.ring) {
            io::stdout().write_all(b"\x07")?;
        }
        terminal.draw(|frame| view::draw(frame, app, now()))?;
        if event::poll(FRAME)? {
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => app.on_key(key, now()),
                Event::Paste(text) => app.on_paste(&text, now()),
                _ => {}
            }
        }
    }
    Ok(())
}

/// What this machine can pay for a guess at a PIN.
fn cost() -> Cost {
    let start = Instant::now();
    Cost::calibrate(memory().unwrap_or(TYPICAL_MEMORY), || start.elapsed()).unwrap_or(Cost::RECOMMENDED)
}

/// The memory of this machine, in bytes, where it says so.
fn memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}
