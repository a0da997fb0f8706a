//! A person at the keys, and the screen as it looks to them.

use std::time::Duration;

use pushotp::{
    Biometric,
    types::{TokenId, UnixTime},
    wire::terms::ChallengeId,
};
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyModifiers},
};

use crate::{
    app::App,
    message::{Device, Event, Request, Token},
    view,
};

pub(crate) const NOW: Duration = Duration::from_hours(500_000);
pub(crate) const WORK: TokenId = TokenId::from_bytes([1; 16]);
pub(crate) const MAIL: TokenId = TokenId::from_bytes([2; 16]);
pub(crate) const LOGIN: ChallengeId = ChallengeId::from_bytes([3; 16]);

/// An app, and the time there.
pub(crate) struct Person {
    pub(crate) app: App,
    pub(crate) now: Duration,
}

pub(crate) fn tokens() -> Vec<Token> {
    vec![
        Token { id: WORK, name: "Work".into(), pin_protected: true, biometric: Biometric::Forbidden, push: true },
        Token { id: MAIL, name: "Mail".into(), pin_protected: false, biometric: Biometric::Forbidden, push: true },
    ]
}

pub(crate) fn tokens_with(biometric: Biometric) -> Vec<Token> {
    let mut tokens = tokens();
    tokens[0].biometric = biometric;
    tokens
}

pub(crate) fn device() -> Device {
    Device {
        organisation: "example.com".into(),
        server: "http://127.0.0.1:8088/push".into(),
        file: "authenticator.state".into(),
        key: "In the same file.",
        tokens: tokens(),
    }
}

pub(crate) fn request() -> Request {
    Request {
        id: LOGIN,
        application: "Intranet".into(),
        user: "alice".into(),
        action: None,
        place: Some("Vienna, Austria".into()),
        ip: Some([198, 51, 100, 7].into()),
        client: Some("Firefox on Linux".into()),
        started: UnixTime::from_secs(NOW.as_secs() - 5),
        expires: UnixTime::from_secs(NOW.as_secs() + 115),
        digits: 6,
        choices: None,
        tokens: tokens(),
    }
}

impl Person {
    /// Before the first enrolment.
    pub(crate) fn new() -> Self {
        Self { app: App::new(), now: NOW }
    }

    /// With an enrolled device.
    pub(crate) fn enrolled() -> Self {
        let mut person = Self::new();
        person.hear(Event::Ready(device()));
        person
    }

    /// With an enrolled device, and what the policy of Work says of a fingerprint, and the person.
    pub(crate) fn with(biometric: Biometric) -> Self {
        let mut person = Self::enrolled();
        person.hear(Event::Tokens(tokens_with(biometric)));
        person
    }

    /// With a request on the screen, long enough to be read.
    pub(crate) fn asked() -> Self {
        let mut person = Self::enrolled();
        person.hear(Event::Login(request()));
        person.pass(1);
        person
    }

    pub(crate) fn hear(&mut self, event: Event) -> &mut Self {
        self.app.on_event(event, self.now);
        self
    }

    pub(crate) fn pass(&mut self, seconds: u64) -> &mut Self {
        self.now += Duration::from_secs(seconds);
        self.app.tick(self.now);
        self
    }

    pub(crate) fn key(&mut self, key: KeyCode) -> &mut Self {
        self.app.on_key(key.into(), self.now);
        self
    }

    pub(crate) fn control_c(&mut self) {
        let key = ratatui::crossterm::event::KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        self.app.on_key(key, self.now);
    }

    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        for char in text.chars() {
            self.key(KeyCode::Char(char));
        }
        self
    }

    pub(crate) fn enter(&mut self, text: &str) -> &mut Self {
        self.types(text).key(KeyCode::Enter)
    }

    /// The screen in so many columns and rows, as text.
    pub(crate) fn sees(&self, columns: u16, rows: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view::draw(frame, &self.app, self.now)).unwrap();
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for y in 0..rows {
            let mut line = String::new();
            let mut covered = 0;
            for x in 0..columns {
                let symbol = buffer[(x, y)].symbol();
                if covered == 0 {
                    line.push_str(symbol);
                    covered = crate::text::width(symbol).max(1);
                }
                covered -= 1;
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// The screen in a common size.
    pub(crate) fn screen(&self) -> String {
        self.sees(80, 24)
    }

    #[track_caller]
    pub(crate) fn must_see(&mut self, text: &str) -> &mut Self {
        // A line's end is a space to whoever reads.
        let screen = self.screen();
        let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(text), "{text:?} is not on the screen\n{screen}");
        self
    }

    #[track_caller]
    pub(crate) fn must_not_see(&mut self, text: &str) -> &mut Self {
        let screen = self.screen();
        assert!(!screen.contains(text), "{text:?} is on the screen\n{screen}");
        self
    }
}
