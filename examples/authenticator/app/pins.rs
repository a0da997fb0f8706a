//! PINs that are chosen, and changed.

use pushotp::{
    Biometric,
    pin::{Pin, PinPolicy},
};
use ratatui::crossterm::event::KeyCode;
use zeroize::Zeroizing;

use super::{App, Entry, Note, Screen};
use crate::{
    message::{Command, PinChange, Token, Unlock},
    words,
};

/// A new PIN, typed twice.
pub(crate) struct NewPin {
    pub(crate) entry: Entry,
    pub(crate) problem: Option<&'static str>,
    first: Option<Zeroizing<String>>,
}

impl NewPin {
    pub(crate) fn new() -> Self {
        Self { entry: Entry::pin(), problem: None, first: None }
    }

    /// Whether it is typed for the second time.
    pub(crate) const fn is_again(&self) -> bool {
        self.first.is_some()
    }

    pub(crate) fn restart(&mut self) {
        *self = Self::new();
    }

    /// The PIN, once it was typed twice alike.
    pub(crate) fn key(&mut self, key: KeyCode) -> Option<Pin> {
        if key != KeyCode::Enter {
            self.entry.key(key);
            return None;
        }
        let typed = std::mem::replace(&mut self.entry, Entry::pin());
        self.problem = None;
        match (self.first.take(), Pin::choose(typed.as_str(), &PinPolicy::DEFAULT)) {
            (_, Err(error)) => self.problem = Some(words::of_pin(&error)),
            (None, Ok(_)) => self.first = Some(Zeroizing::new(typed.as_str().to_owned())),
            (Some(first), Ok(pin)) if first.as_str() == typed.as_str() => return Some(pin),
            (Some(_), Ok(_)) => self.problem = Some("These were two different PINs. Start again."),
        }
        None
    }
}

/// A token whose PIN is being changed.
pub(crate) struct Changing {
    pub(crate) token: Token,
    pub(crate) step: ChangingStep,
}

pub(crate) enum ChangingStep {
    Old {
        entry: Entry,
        problem: Option<&'static str>,
    },
    New {
        old: Unlock,
        new: NewPin,
    },
    /// Whether a fingerprint shall open it as well, where that is permitted.
    Finger {
        old: Unlock,
        new: Pin,
    },
    Waiting,
}

fn wrong_pin(left: u8) -> String {
    let next = match left {
        0 => "Approve a login before the next try.".to_owned(),
        1 => "The server allows 1 more try.".to_owned(),
        left => format!("The server allows {left} more tries."),
    };
    format!("Not changed: the PIN that you typed first was most likely wrong. {next}")
}

impl App {
    pub(super) fn change_pin_key(&mut self, key: KeyCode) {
        let Screen::ChangePin(Changing { token, step }) = &mut self.screen else { return };
        // While it waits the result is worth more than the screen.
        if key == KeyCode::Esc && !matches!(step, ChangingStep::Waiting) {
            self.screen = Screen::Tokens;
            return;
        }
        match step {
            ChangingStep::Old { entry, problem } => {
                let old = match (key, Pin::entered(entry.as_str())) {
                    (KeyCode::Enter, Ok(old)) => Unlock::Pin(old),
                    (KeyCode::Enter, Err(_)) => {
                        *problem = Some("Type the PIN that this token has now.");
                        return;
                    }
                    (KeyCode::Char('b'), _) if token.takes_finger() => Unlock::Finger,
                    (key, _) => return entry.key(key),
                };
                *step = ChangingStep::New { old, new: NewPin::new() };
            }
            ChangingStep::New { new, .. } => {
                let Some(new) = new.key(key) else { return };
                let ChangingStep::New { old, .. } = std::mem::replace(step, ChangingStep::Waiting) else { return };
                if token.biometric == Biometric::Forbidden {
                    let token = token.id;
                    self.command(Command::ChangePin { token, old, new, finger: false });
                } else {
                    *step = ChangingStep::Finger { old, new };
                }
            }
            ChangingStep::Finger { .. } => {
                let finger = match key {
                    KeyCode::Char('y') => true,
                    KeyCode::Char('n') => false,
                    _ => return,
                };
                let token = token.id;
                if let ChangingStep::Finger { old, new } = std::mem::replace(step, ChangingStep::Waiting) {
                    self.command(Command::ChangePin { token, old, new, finger });
                }
            }
            ChangingStep::Waiting => {}
        }
    }

    pub(super) fn pin_changed(&mut self, change: PinChange) {
        self.note = Some(match change {
            PinChange::Changed(Biometric::On) => {
                Note::Good("The new PIN counts, and so does a simulated fingerprint.".into())
            }
            PinChange::Changed(Biometric::Off) => Note::Good("The new PIN counts, and no fingerprint does.".into()),
            PinChange::Changed(_) => Note::Good("The PIN is changed. The old one is worth nothing from now on.".into()),
            PinChange::WrongPin { left } => Note::Bad(wrong_pin(left).into()),
            PinChange::NotAccepted => {
                Note::Bad("Not changed: it was not accepted, and no PIN was typed. Type it the next time.".into())
            }
            PinChange::NotGranted => Note::Bad(
                "Not changed. It is possible within ten minutes after you approved a login with this token.".into(),
            ),
            PinChange::Failed(why) => Note::Bad(why),
        });
        if let Screen::ChangePin(_) = self.screen {
            self.screen = Screen::Tokens;
        }
    }
}
