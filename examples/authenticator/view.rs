//! The screens. Each is a page: a title, lines, and at the bottom what keys do. All of it fits any terminal, by wrapping.

mod enrolling;
mod page;
mod request;
mod tokens;

use std::time::Duration;

use ratatui::Frame;

pub(crate) use self::page::Page;
use crate::{
    app::{App, Note, Screen},
    message::{Link, Token},
};

/// Draws what is on the screen at a time.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, now: Duration) {
    let mut page = match app.window() {
        Some(window) => request::page(window, app, now),
        None => screen(app, now),
    };
    page.status = match app.link {
        Link::Unknown => "",
        Link::Up => "connected",
        Link::Down => "no connection",
        Link::Stranger => "not known there",
    };
    match &app.note {
        Some(Note::Good(text)) => page.good(text),
        Some(Note::Bad(text)) => page.bad(text),
        None => {}
    }
    page.draw(frame, &app.scroll);
}

/// What stands in the place of the PIN, where it does.
fn finger(page: &mut Page, token: Option<&Token>) {
    if token.is_some_and(Token::takes_finger) {
        page.faint("Or press b: simulated fingerprint. A real device would ask its sensor here.");
        page.hint("b", "finger");
    }
}

fn screen(app: &App, now: Duration) -> Page {
    match &app.screen {
        Screen::Welcome(entry) => enrolling::welcome(entry, app.device.is_some()),
        Screen::Asking => enrolling::asking(),
        Screen::Compare { code, .. } => enrolling::compare(code),
        Screen::ChoosePin(choosing) => enrolling::choose_pin(choosing),
        Screen::Locking => enrolling::locking(),
        Screen::Tokens => tokens::list(app, now),
        Screen::History => tokens::history(app, now),
        Screen::About => tokens::about(app),
        Screen::CodePin { token, entry, problem } => tokens::code_pin(token, entry, *problem),
        Screen::ChangePin(changing) => tokens::change_pin(changing),
    }
}
