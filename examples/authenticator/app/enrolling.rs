//! From a pasted text to an enrolled device.

use pushotp::{pin::Pin, types::TokenId};
use ratatui::crossterm::event::KeyCode;
use zeroize::Zeroizing;

use super::{App, Entry, NewPin, Note, Screen};
use crate::message::{Command, Device, Token, Words};

/// The PINs of a new device, one token after the other.
pub(crate) struct Choosing {
    /// The token whose PIN is being chosen.
    pub(crate) token: Token,
    pub(crate) pin: NewPin,
    rest: Vec<Token>,
    chosen: Vec<(TokenId, Pin)>,
}

impl App {
    pub(super) fn welcome_key(&mut self, key: KeyCode) {
        let Screen::Welcome(entry) = &mut self.screen else { return };
        match key {
            KeyCode::Enter if entry.len() > 0 => {
                let text = Zeroizing::new(entry.as_str().to_owned());
                *entry = Entry::text();
                self.command(Command::Enrol(text));
            }
            KeyCode::Esc if entry.len() > 0 => *entry = Entry::text(),
            KeyCode::Esc if self.device.is_some() => self.screen = Screen::Tokens,
            KeyCode::Esc => self.quit = true,
            key => entry.key(key),
        }
    }

    pub(super) fn compare(&mut self, (code, tokens): (String, Vec<Token>), problem: Option<Words>) {
        // Who has gone back does not want it any more.
        if let Screen::Asking | Screen::Locking = self.screen {
            self.screen = Screen::Compare { code, tokens };
            self.note = problem.map(Note::Bad);
        } else {
            self.command(Command::Disagree);
        }
    }

    pub(super) fn compare_key(&mut self, key: KeyCode) {
        let Screen::Compare { tokens, .. } = &mut self.screen else { return };
        match key {
            KeyCode::Char('y') => {
                let with_pin = tokens.iter().filter(|token| token.pin_protected).cloned().collect();
                self.choose_next(with_pin, Vec::new());
            }
            KeyCode::Char('n') | KeyCode::Esc => {
                self.command(Command::Disagree);
                self.screen = Screen::Welcome(Entry::text());
                self.note = Some(Note::Bad("Not enrolled. If the codes differ, tell your organisation.".into()));
            }
            _ => {}
        }
    }

    fn choose_next(&mut self, mut rest: Vec<Token>, chosen: Vec<(TokenId, Pin)>) {
        if rest.is_empty() {
            self.command(Command::Agree(chosen));
            self.screen = Screen::Locking;
        } else {
            let token = rest.remove(0);
            self.screen = Screen::ChoosePin(Choosing { token, pin: NewPin::new(), rest, chosen });
        }
    }

    pub(super) fn choose_pin_key(&mut self, key: KeyCode) {
        let Screen::ChoosePin(choosing) = &mut self.screen else { return };
        if key == KeyCode::Esc {
            return choosing.pin.restart();
        }
        if let Some(pin) = choosing.pin.key(key) {
            let mut chosen = std::mem::take(&mut choosing.chosen);
            let rest = std::mem::take(&mut choosing.rest);
            chosen.push((choosing.token.id, pin));
            self.choose_next(rest, chosen);
        }
    }

    pub(super) fn not_enrolled(&mut self, why: Words) {
        if !matches!(self.screen, Screen::Tokens | Screen::History | Screen::About) {
            self.screen = Screen::Welcome(Entry::text());
        }
        self.note = Some(Note::Bad(why));
    }

    pub(super) fn ready(&mut self, device: Device) {
        if let Screen::Locking = self.screen {
            self.note =
                Some(Note::Good("This device is enrolled. Say so on the page of your organisation, too.".into()));
        }
        self.tokens.clone_from(&device.tokens);
        self.device = Some(device);
        (self.chosen, self.screen) = (0, Screen::Tokens);
        self.codes.clear();
        self.windows.clear();
        self.awaited.clear();
    }
}
