//! The window of a request: look, number, PIN, and what became of it.

use std::time::Duration;

use pushotp::{pin::Pin, wire::terms::ChallengeId};
use ratatui::crossterm::event::KeyCode;

use super::{App, Entry};
use crate::message::{Answer, Command, Request, Token, Unlock};

/// A request that comes up by itself takes no keys for so long: they were meant for what was there before.
const STARTLE: Duration = Duration::from_millis(600);

/// A request, as far as the person has got with it.
pub(crate) struct Window {
    pub(crate) request: Request,
    /// Which of its tokens.
    pub(crate) token: usize,
    pub(crate) step: Step,
    pub(crate) problem: Option<String>,
    /// Put aside by the person.
    pub(crate) aside: bool,
    /// Since when it is on the screen.
    pub(crate) since: Option<Duration>,
}

pub(crate) enum Step {
    /// Who asks, from where: approve or deny.
    Look,
    Number(Entry),
    Pin {
        number: String,
        entry: Entry,
    },
    /// The answer is on its way. The number is kept for another try with another PIN.
    Sending {
        what: Sent,
        number: String,
    },
    Over(Answer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Approval,
    Denial,
    Report,
}

impl Window {
    pub(super) const fn new(request: Request) -> Self {
        Self { request, token: 0, step: Step::Look, problem: None, aside: false, since: None }
    }

    pub(crate) fn token(&self) -> Option<&Token> {
        self.request.tokens.get(self.token)
    }

    /// Whether it waits for the person.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.step, Step::Look | Step::Number(_) | Step::Pin { .. })
    }

    /// Whether it has only just come up, with keys that decide something.
    pub(super) fn startles(&self, now: Duration) -> bool {
        let decides = matches!(self.step, Step::Look | Step::Over(_));
        decides && self.since.is_some_and(|since| now < since + STARTLE)
    }

    fn look_key(&mut self, key: KeyCode) -> Option<Command> {
        let count = self.request.tokens.len().max(1);
        match key {
            KeyCode::Char('>') | KeyCode::Right => self.token = (self.token + 1) % count,
            KeyCode::Char('<') | KeyCode::Left => self.token = (self.token + count - 1) % count,
            KeyCode::Char('a') => {
                self.problem = None;
                if self.request.digits == 0 {
                    return self.numbered(String::new());
                }
                self.step = Step::Number(Entry::digits(usize::from(self.request.digits)));
            }
            KeyCode::Char('d') => {
                self.step = Step::Sending { what: Sent::Denial, number: String::new() };
                return Some(Command::Deny(self.request.id));
            }
            KeyCode::Esc => self.aside = true,
            _ => {}
        }
        None
    }

    fn number_key(&mut self, key: KeyCode) -> Option<Command> {
        let Step::Number(entry) = &mut self.step else { return None };
        self.problem = None;
        match key {
            KeyCode::Esc => self.step = Step::Look,
            KeyCode::Enter => {
                let number = entry.as_str().to_owned();
                let offered = self.request.choices.as_ref().is_none_or(|choices| choices.contains(&number));
                if number.len() == usize::from(self.request.digits) && offered {
                    return self.numbered(number);
                }
                self.problem = Some("Type the number that the login page shows, all of it.".into());
            }
            key => entry.key(key),
        }
        None
    }

    fn numbered(&mut self, number: String) -> Option<Command> {
        if self.token().is_some_and(|token| token.pin_protected) {
            self.step = Step::Pin { number, entry: Entry::pin() };
            None
        } else {
            self.approve(number, Unlock::Nothing)
        }
    }

    fn pin_key(&mut self, key: KeyCode) -> Option<Command> {
        let finger = self.token().is_some_and(Token::takes_finger);
        let Step::Pin { number, entry } = &mut self.step else { return None };
        match key {
            KeyCode::Esc => {
                (self.step, self.problem) = (Step::Look, None);
                None
            }
            KeyCode::Enter => {
                let Ok(pin) = Pin::entered(entry.as_str()) else {
                    self.problem = Some("A PIN has 4 to 16 digits.".into());
                    return None;
                };
                let number = std::mem::take(number);
                self.approve(number, Unlock::Pin(pin))
            }
            KeyCode::Char('b') if finger => {
                let number = std::mem::take(number);
                self.approve(number, Unlock::Finger)
            }
            key => {
                entry.key(key);
                None
            }
        }
    }

    fn approve(&mut self, number: String, how: Unlock) -> Option<Command> {
        let (login, token) = (self.request.id, self.token()?.id);
        self.problem = None;
        self.step = Step::Sending { what: Sent::Approval, number: number.clone() };
        Some(Command::Approve { login, token, number, how })
    }

    fn answered(&mut self, answer: Answer) {
        // The result may be late: it is shown all the same.
        (self.aside, self.since) = (false, None);
        let (reporting, number) = match &mut self.step {
            Step::Sending { what, number } => (*what == Sent::Report, std::mem::take(number)),
            _ => (false, String::new()),
        };
        match answer {
            Answer::WrongPin { left, device } => {
                self.problem = Some(wrong_pin(left, device));
                self.step = Step::Pin { number, entry: Entry::pin() };
            }
            Answer::NotAccepted { left } => {
                let has_pin = self.token().is_some_and(|token| token.pin_protected);
                self.problem = Some(not_accepted(left, has_pin));
                self.step = if has_pin { Step::Pin { number, entry: Entry::pin() } } else { Step::Look };
            }
            Answer::NotSent(why) => {
                self.problem = Some(why.into());
                self.step = if reporting { Step::Over(Answer::Denied { report: true }) } else { Step::Look };
            }
            answer => (self.step, self.problem) = (Step::Over(answer), None),
        }
    }
}

fn tries(count: u8) -> String {
    if count == 1 { "1 more try".to_owned() } else { format!("{count} more tries") }
}

fn not_accepted(left: u8, has_pin: bool) -> String {
    let left = tries(left);
    if has_pin {
        format!("Not accepted, and no PIN was typed. Type it now. The server allows {left} for this login.")
    } else {
        format!("Not accepted. If it stays so, enrol this device again. The server allows {left} for this login.")
    }
}

fn wrong_pin(left: u8, device: Option<u8>) -> String {
    let device = device.map(|device| format!(", this device {} in a row", tries(device))).unwrap_or_default();
    let left = tries(left);
    format!("Not accepted, most likely the PIN was wrong. The server allows {left} for this login{device}.")
}

impl App {
    pub(super) fn window_key(&mut self, at: usize, key: KeyCode) {
        let Some(window) = self.windows.get_mut(at) else { return };
        let command = match &window.step {
            Step::Look => window.look_key(key),
            Step::Number(_) => window.number_key(key),
            Step::Pin { .. } => window.pin_key(key),
            Step::Sending { .. } => {
                window.aside = key == KeyCode::Esc;
                None
            }
            Step::Over(Answer::Denied { report: true }) => match key {
                KeyCode::Char('r') => {
                    window.step = Step::Sending { what: Sent::Report, number: String::new() };
                    Some(Command::Report(window.request.id))
                }
                KeyCode::Enter | KeyCode::Esc => {
                    self.windows.remove(at);
                    None
                }
                _ => None,
            },
            Step::Over(_) => {
                if matches!(key, KeyCode::Enter | KeyCode::Esc) {
                    self.windows.remove(at);
                }
                None
            }
        };
        if let Some(command) = command {
            self.command(command);
        }
    }

    pub(super) fn answered(&mut self, login: ChallengeId, answer: Answer) {
        let found = self.windows.iter().position(|window| window.request.id == login);
        let Some(at) = found else { return };
        let Some(window) = self.windows.get_mut(at) else { return };
        window.answered(answer);
    }
}
