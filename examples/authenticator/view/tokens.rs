use std::time::Duration;

use pushotp::Biometric;

use super::{Page, enrolling::new_pin, finger};
use crate::{
    app::{App, Changing, ChangingStep, Entry},
    message::{End, Token},
    text::{ago, bar, grouped, safe},
};

/// How long a code counts, in seconds, and how wide its bar is.
const STEP: u64 = 30;
const BAR: usize = 10;

pub(super) fn list(app: &App, now: Duration) -> Page {
    let mut page = Page::new("Your tokens");
    if app.waiting() > 0 {
        page.strong("A login waits for you.");
        page.blank();
        page.hint("r", "see it");
    }
    for (at, token) in app.tokens.iter().enumerate() {
        page.item(at == app.chosen, &token.name);
        page.say(format!("  {}", code(app, token, now)));
        page.faint(if token.push { "  logins come here" } else { "  logins do not come here" });
        if token.takes_finger() {
            page.faint("  simulated fingerprint: on");
        }
    }
    if let Some(token) = app.chosen_token() {
        if token.pin_protected {
            page.hint("Enter", "show a code");
            let finger = token.biometric != Biometric::Forbidden;
            page.hint("c", if finger { "change PIN, finger" } else { "change PIN" });
        }
        page.hint("p", if token.push { "stop its logins" } else { "let logins come" });
    }
    page.hint("h", "history");
    page.hint("i", "this device");
    page.hint("q", "quit");
    page
}

fn code(app: &App, token: &Token, now: Duration) -> String {
    match app.code_of(token.id) {
        Some(shown) => {
            let left = (shown.until + 1).saturating_sub(now.as_secs());
            format!("{}  {} {left} s", grouped(&shown.code), bar(left, STEP, BAR))
        }
        None if token.pin_protected => "•••• ••••  opens with its PIN".into(),
        None => "…".into(),
    }
}

pub(super) fn history(app: &App, now: Duration) -> Page {
    let mut page = Page::new("The last requests");
    if app.history.is_empty() {
        page.say("No login was asked for yet.");
    }
    for past in &app.history {
        let end = match past.end {
            End::Approved => "approved",
            End::Denied => "denied",
            End::Reported => "denied and reported",
            End::Refused => "refused by the server",
            End::Expired => "not answered in time",
            End::Withdrawn => "withdrawn",
            End::Elsewhere => "answered on another device",
            End::Unknown => "answered, and the server said nothing",
        };
        page.strong(safe(&past.application));
        page.say(format!("  {end}, {}", ago(now.as_secs().saturating_sub(past.at))));
        let place = past.place.as_deref().unwrap_or("an unknown place");
        page.faint(format!("  {} from {}", safe(&past.user), safe(place)));
    }
    page.hint("Esc", "back");
    page
}

pub(super) fn about(app: &App) -> Page {
    let mut page = Page::new("This device");
    if let Some(device) = &app.device {
        page.field("Organisation", &device.organisation);
        page.field("Sends to", &device.server);
        page.field("Stores in", &device.file);
        page.blank();
        page.strong("Where its key is");
        page.say(device.key);
        if app.tokens.iter().any(Token::takes_finger) {
            page.blank();
            page.strong("Simulated fingerprint");
            page.say("Its key is in a file of its own beside that one. Whoever has the file needs no finger.");
        }
    }
    page.hint("Esc", "back");
    page
}

pub(super) fn code_pin(token: &Token, entry: &Entry, problem: Option<&str>) -> Page {
    let mut page = Page::new("Show a code");
    page.field("Of token", &token.name);
    page.blank();
    page.strong("Type the PIN of this token.");
    page.entry(&entry.masked());
    finger(&mut page, Some(token));
    if let Some(problem) = problem {
        page.bad(problem);
    }
    page.hint("Enter", "show");
    page.hint("Esc", "back");
    page
}

pub(super) fn change_pin(changing: &Changing) -> Page {
    let mut page = Page::new("Change a PIN");
    page.field("Of token", &changing.token.name);
    page.blank();
    match &changing.step {
        ChangingStep::Old { entry, problem } => {
            page.strong("Type the PIN that it has now.");
            page.entry(&entry.masked());
            page.faint("A change is possible for ten minutes after you approved a login with it.");
            finger(&mut page, Some(&changing.token));
            if let Some(problem) = problem {
                page.bad(problem);
            }
        }
        ChangingStep::New { new, .. } => new_pin(&mut page, new),
        ChangingStep::Finger { .. } => {
            page.strong("Shall a fingerprint open it, too?");
            page.say(
                "It is simulated: a real device would ask its sensor. For trying it out, not for a token that matters.",
            );
            page.hint("y", "yes");
            page.hint("n", "the PIN alone");
            page.hint("Esc", "back");
            return page;
        }
        ChangingStep::Waiting => {
            page.strong("Asking the server …");
            return page;
        }
    }
    page.hint("Enter", "go on");
    page.hint("Esc", "back");
    page
}
