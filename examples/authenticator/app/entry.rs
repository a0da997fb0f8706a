//! A line that is being typed.

use ratatui::crossterm::event::KeyCode;
use zeroize::Zeroizing;

/// Longer than any enrolment, in bytes.
const TEXT: usize = 2048;
/// The longest PIN, in digits.
const PIN: usize = 16;

/// What was typed so far; erased when it is dropped. It never grows, so no copy of it stays behind.
pub(crate) struct Entry {
    text: Zeroizing<String>,
    most: usize,
    digits: bool,
}

impl Entry {
    pub(crate) fn text() -> Self {
        Self { text: Zeroizing::new(String::with_capacity(TEXT)), most: TEXT, digits: false }
    }

    pub(crate) fn pin() -> Self {
        Self::digits(PIN)
    }

    pub(crate) fn digits(most: usize) -> Self {
        Self { text: Zeroizing::new(String::with_capacity(most)), most, digits: true }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// One sign for each that was typed.
    pub(crate) fn masked(&self) -> String {
        "•".repeat(self.text.chars().count())
    }

    pub(crate) fn key(&mut self, key: KeyCode) {
        match key {
            KeyCode::Char(char) => self.push(char),
            KeyCode::Backspace => {
                self.text.pop();
            }
            _ => {}
        }
    }

    /// Takes the first line; what is too long is refused as a whole, for a part of an enrolment is none.
    pub(crate) fn paste(&mut self, text: &str) {
        let line = text.trim().lines().next().unwrap_or_default();
        if self.len() + line.len() <= self.most {
            line.chars().for_each(|char| self.push(char));
        }
    }

    fn push(&mut self, char: char) {
        let fits = self.len() + char.len_utf8() <= self.most;
        if fits && !char.is_control() && (!self.digits || char.is_ascii_digit()) {
            self.text.push(char);
        }
    }
}
