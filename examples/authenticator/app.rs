//! What is on the screen, and what keys and events make of it. No clock, no terminal, no network.

mod enrolling;
mod entry;
mod pins;
mod request;
mod tokens;

use std::{cell::Cell, time::Duration};

use pushotp::types::TokenId;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::Zeroizing;

pub(crate) use self::{
    enrolling::Choosing,
    entry::Entry,
    pins::{Changing, ChangingStep, NewPin},
    request::{Sent, Step, Window},
};
use crate::message::{Answer, Command, Device, Event, Link, Past, Token, Words};

pub(crate) struct App {
    pub(crate) screen: Screen,
    pub(crate) device: Option<Device>,
    pub(crate) tokens: Vec<Token>,
    /// Which token the person looks at.
    pub(crate) chosen: usize,
    pub(crate) codes: Vec<ShownCode>,
    pub(crate) windows: Vec<Window>,
    pub(crate) history: Vec<Past>,
    pub(crate) link: Link,
    /// A line about what was done last, until the next key.
    pub(crate) note: Option<Note>,
    /// The first line of the screen that is in sight, where it has more lines than fit. The view says how far it goes.
    pub(crate) scroll: Cell<usize>,
    pub(crate) quit: bool,
    /// The terminal shall ring.
    pub(crate) ring: bool,
    /// Codes that were asked for.
    awaited: Vec<TokenId>,
    commands: Vec<Command>,
}

/// A code that can be typed somewhere.
pub(crate) struct ShownCode {
    pub(crate) token: TokenId,
    pub(crate) code: Zeroizing<String>,
    /// The last second at which it counts, in seconds since 1970.
    pub(crate) until: u64,
}

pub(crate) enum Note {
    Good(Words),
    Bad(Words),
}

pub(crate) enum Screen {
    /// An enrolment is to be pasted.
    Welcome(Entry),
    /// It is on its way.
    Asking,
    Compare {
        code: String,
        tokens: Vec<Token>,
    },
    ChoosePin(Choosing),
    /// The secrets are being locked.
    Locking,
    Tokens,
    History,
    About,
    CodePin {
        token: Token,
        entry: Entry,
        problem: Option<&'static str>,
    },
    ChangePin(Changing),
}

impl App {
    pub(crate) fn new() -> Self {
        Self {
            screen: Screen::Welcome(Entry::text()),
            device: None,
            tokens: Vec::new(),
            chosen: 0,
            codes: Vec::new(),
            windows: Vec::new(),
            history: Vec::new(),
            link: Link::Unknown,
            note: None,
            scroll: Cell::new(0),
            quit: false,
            ring: false,
            awaited: Vec::new(),
            commands: Vec::new(),
        }
    }

    /// What the device shall do, in order.
    pub(crate) fn commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// The request on the screen. While something is being typed none comes in between.
    pub(crate) fn window(&self) -> Option<&Window> {
        self.front().and_then(|at| self.windows.get(at))
    }

    fn front(&self) -> Option<usize> {
        if self.is_busy() { None } else { self.windows.iter().position(|window| !window.aside) }
    }

    /// Whether the person is in the middle of something.
    pub(crate) const fn is_busy(&self) -> bool {
        !matches!(self.screen, Screen::Tokens | Screen::History | Screen::About)
    }

    /// Requests that the person does not see now.
    pub(crate) fn waiting(&self) -> usize {
        self.windows.iter().filter(|window| window.is_open()).count()
    }

    pub(crate) fn on_key(&mut self, key: KeyEvent, now: Duration) {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            self.quit = true;
            return;
        }
        match key.code {
            KeyCode::Up => self.scroll.set(self.scroll.get().saturating_sub(1)),
            KeyCode::Down => self.scroll.set(self.scroll.get() + 1),
            _ => self.scroll.set(0),
        }
        if let Some(at) = self.front() {
            if !self.windows.get(at).is_some_and(|window| window.startles(now)) {
                self.note = None;
                self.window_key(at, key.code);
            }
        } else {
            self.note = None;
            self.screen_key(key.code);
        }
        self.settle(now);
    }

    fn screen_key(&mut self, key: KeyCode) {
        match &mut self.screen {
            Screen::Welcome(_) => self.welcome_key(key),
            Screen::Asking => {
                if key == KeyCode::Esc {
                    self.screen = Screen::Welcome(Entry::text());
                }
            }
            Screen::Compare { .. } => self.compare_key(key),
            Screen::ChoosePin(_) => self.choose_pin_key(key),
            Screen::Locking => {}
            Screen::Tokens => self.tokens_key(key),
            Screen::History | Screen::About => {
                if matches!(key, KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q')) {
                    self.screen = Screen::Tokens;
                }
            }
            Screen::CodePin { .. } => self.code_pin_key(key),
            Screen::ChangePin(_) => self.change_pin_key(key),
        }
    }

    /// Something was pasted: it is taken as it is, and no key of it counts as one.
    pub(crate) fn on_paste(&mut self, text: &str, now: Duration) {
        if let Screen::Welcome(entry) = &mut self.screen {
            entry.paste(text);
        }
        self.settle(now);
    }

    pub(crate) fn on_event(&mut self, event: Event, now: Duration) {
        match event {
            Event::Ready(device) => self.ready(device),
            Event::Asked => self.screen = Screen::Asking,
            Event::Compare { code, tokens, problem } => self.compare((code, tokens), problem),
            Event::NotEnrolled(why) => self.not_enrolled(why),
            Event::Tokens(tokens) => self.tokens = tokens,
            Event::Login(request) => {
                self.ring = true;
                self.windows.push(Window::new(request));
            }
            Event::Withdrawn(login) => self.answered(login, Answer::Cancelled),
            Event::Answer(login, answer) => self.answered(login, answer),
            Event::Code { token, code, until, typed } => self.coded(token, (code, until.as_secs()), typed),
            Event::NoCode(why) => {
                self.awaited.clear();
                self.note = Some(Note::Bad(why));
            }
            Event::Push(said) => self.note = Some(Note::Good(said)),
            Event::PinChange(change) => self.pin_changed(change),
            Event::History(history) => self.history = history,
            Event::Link(link) => self.link = link,
        }
        self.settle(now);
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Duration) {
        self.codes.retain(|code| code.until >= now.as_secs());
        if matches!(self.screen, Screen::Tokens) {
            self.want_codes();
        }
        self.settle(now);
    }

    /// Notes since when the request in front is there.
    fn settle(&mut self, now: Duration) {
        if let Some(at) = self.front()
            && let Some(window) = self.windows.get_mut(at)
        {
            window.since.get_or_insert(now);
        }
    }
}
