//! The list of tokens and their codes.

use pushotp::{pin::Pin, types::TokenId};
use ratatui::crossterm::event::KeyCode;
use zeroize::Zeroizing;

use super::{App, Changing, ChangingStep, Entry, Note, Screen, ShownCode};
use crate::message::{Command, Token, Unlock};

impl App {
    pub(crate) fn chosen_token(&self) -> Option<&Token> {
        self.tokens.get(self.chosen)
    }

    pub(crate) fn code_of(&self, token: TokenId) -> Option<&ShownCode> {
        self.codes.iter().find(|code| code.token == token)
    }

    pub(super) fn tokens_key(&mut self, key: KeyCode) {
        let last = self.tokens.len().saturating_sub(1);
        match key {
            KeyCode::Up | KeyCode::Char('k') => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.chosen = (self.chosen + 1).min(last),
            KeyCode::Char('h') => self.screen = Screen::History,
            KeyCode::Char('i') => self.screen = Screen::About,
            KeyCode::Char('e') => self.screen = Screen::Welcome(Entry::text()),
            KeyCode::Char('r') => self.windows.iter_mut().for_each(|window| window.aside = false),
            KeyCode::Char('q') => self.quit = true,
            key => self.token_key(key),
        }
    }

    fn token_key(&mut self, key: KeyCode) {
        let Some(token) = self.chosen_token().cloned() else { return };
        match key {
            KeyCode::Enter if token.pin_protected && self.code_of(token.id).is_none() => {
                self.screen = Screen::CodePin { token, entry: Entry::pin(), problem: None };
            }
            KeyCode::Char('p') => self.command(Command::Push { token: token.id, on: !token.push }),
            KeyCode::Char('c') if token.pin_protected => {
                let step = ChangingStep::Old { entry: Entry::pin(), problem: None };
                self.screen = Screen::ChangePin(Changing { token, step });
            }
            KeyCode::Char('c') => self.note = Some(Note::Bad("This token has no PIN.".into())),
            _ => {}
        }
    }

    pub(super) fn code_pin_key(&mut self, key: KeyCode) {
        let Screen::CodePin { token, entry, problem } = &mut self.screen else { return };
        let how = match (key, Pin::entered(entry.as_str())) {
            (KeyCode::Esc, _) => {
                self.screen = Screen::Tokens;
                return;
            }
            (KeyCode::Enter, Ok(pin)) => Unlock::Pin(pin),
            (KeyCode::Enter, Err(_)) => {
                *problem = Some("A PIN has 4 to 16 digits.");
                return;
            }
            (KeyCode::Char('b'), _) if token.takes_finger() => Unlock::Finger,
            (key, _) => return entry.key(key),
        };
        let command = Command::Code { token: token.id, how };
        self.screen = Screen::Tokens;
        self.note = Some(Note::Good("Working …".into()));
        self.command(command);
    }

    /// Tokens without a PIN always show their code.
    pub(super) fn want_codes(&mut self) {
        let missing = |token: &&Token| {
            !token.pin_protected && self.code_of(token.id).is_none() && !self.awaited.contains(&token.id)
        };
        let missing: Vec<TokenId> = self.tokens.iter().filter(missing).map(|token| token.id).collect();
        for token in missing {
            self.awaited.push(token);
            self.command(Command::Code { token, how: Unlock::Nothing });
        }
    }

    pub(super) fn coded(&mut self, token: TokenId, (code, until): (Zeroizing<String>, u64), typed: bool) {
        self.awaited.retain(|awaited| *awaited != token);
        self.codes.retain(|shown| shown.token != token);
        self.codes.push(ShownCode { token, code, until });
        if self.tokens.iter().any(|known| known.id == token && known.pin_protected) {
            // Short, so that the code above it stays in sight in a low terminal.
            self.note = typed.then_some(Note::Good("A wrong PIN gives a wrong code: only the server can tell.".into()));
        }
    }
}
