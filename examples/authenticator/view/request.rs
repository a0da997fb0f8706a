use std::time::Duration;

use super::{Page, finger};
use crate::{
    app::{App, Entry, Sent, Step, Window},
    message::Answer,
    text::{ago, bar},
};

const BAR: usize = 10;

pub(super) fn page(window: &Window, app: &App, now: Duration) -> Page {
    let mut page = match &window.step {
        Step::Look => look(window, app, now),
        Step::Number(entry) => number(window, entry, now),
        Step::Pin { entry, .. } => pin(window, entry, now),
        Step::Sending { what, .. } => sending(*what),
        Step::Over(answer) => over(window, answer),
    };
    if let Some(problem) = &window.problem {
        page.bad(problem);
    }
    page
}

/// Who asks, from where, how long ago.
fn look(window: &Window, app: &App, now: Duration) -> Page {
    let mut page = Page::new("Is this you?");
    let request = &window.request;
    if let Some(action) = &request.action {
        page.field("To approve", action);
    }
    page.field("Application", &request.application);
    page.field("User", &request.user);
    page.field("Place", request.place.as_deref().unwrap_or("not known"));
    if let Some(ip) = request.ip {
        page.field("Address", &ip.to_string());
    }
    if let Some(client) = &request.client {
        page.field("With", client);
    }
    page.field("Asked", &ago(now.as_secs().saturating_sub(request.started.as_secs())));
    token(&mut page, window);
    if app.waiting() > 1 {
        page.faint(format!("{} more after this one", app.waiting() - 1));
    }
    page.hint("a", "approve");
    page.hint("d", "deny");
    if request.tokens.len() > 1 {
        page.hint("< >", "token");
    }
    page.hint("Esc", "later");
    page
}

fn token(page: &mut Page, window: &Window) {
    let name = window.token().map_or("", |token| token.name.as_str());
    page.field("With token", name);
    let count = window.request.tokens.len();
    if count > 1 {
        page.field("", &format!("{} of {count}", window.token + 1));
    }
}

fn number(window: &Window, entry: &Entry, now: Duration) -> Page {
    let mut page = Page::new("The number");
    page.field("Application", &window.request.application);
    page.strong("Type the number that the login page shows you.");
    if let Some(choices) = &window.request.choices {
        page.say(format!("It is one of {}.", choices.join(", ")));
    }
    let digits = usize::from(window.request.digits);
    page.entry(&format!("{}{}", entry.as_str(), "·".repeat(digits.saturating_sub(entry.len() + 1))));
    page.say("Nobody tells it to you: if somebody does, deny.");
    left(&mut page, window, now);
    page.hint("Enter", "go on");
    page.hint("Esc", "back");
    page
}

fn pin(window: &Window, entry: &Entry, now: Duration) -> Page {
    let mut page = Page::new("The PIN");
    page.field("Application", &window.request.application);
    page.field("With token", window.token().map_or("", |token| token.name.as_str()));
    page.strong("Type the PIN of this token.");
    page.entry(&entry.masked());
    finger(&mut page, window.token());
    left(&mut page, window, now);
    page.hint("Enter", "approve");
    page.hint("Esc", "back");
    page
}

fn left(page: &mut Page, window: &Window, now: Duration) {
    let request = &window.request;
    let left = (request.expires.as_secs() + 1).saturating_sub(now.as_secs());
    let whole = request.expires.as_secs().saturating_sub(request.started.as_secs());
    page.faint(format!("{} {left} s left", bar(left, whole, BAR)));
}

fn sending(what: Sent) -> Page {
    let mut page = Page::new(match what {
        Sent::Approval => "Approving",
        Sent::Denial => "Denying",
        Sent::Report => "Reporting",
    });
    page.strong("Waiting for the server …");
    page.say("If the network is bad the same answer is sent again. It counts once.");
    page.hint("Esc", "go on without waiting");
    page
}

fn over(window: &Window, answer: &Answer) -> Page {
    let mut page = Page::new(match answer {
        Answer::Accepted { .. } => "Approved",
        Answer::Denied { .. } => "Denied",
        Answer::Reported => "Reported",
        Answer::Silence => "No answer",
        _ => "Not logged in",
    });
    page.field("Application", &window.request.application);
    page.blank();
    let words = match answer {
        Answer::Accepted { failures: 0 } => "The server confirms: you are logged in.",
        Answer::Accepted { .. } => {
            "The server confirms: you are logged in. Wrong PINs were tried before. If that was not you, tell your organisation."
        }
        Answer::Denied { report: true } => "The login is refused. Did somebody else try to log in as you?",
        Answer::Denied { report: false } => "The login is refused.",
        Answer::Reported => "Your organisation knows of it. No more logins come until somebody there has looked.",
        Answer::Expired => "It is too late. Start again at the login page.",
        Answer::Cancelled => "The login was withdrawn.",
        Answer::Elsewhere => "It was answered already, perhaps on another of your devices.",
        Answer::Silence => "The server did not answer. Look at the login page: you may be logged in or not.",
        _ => "The server refused. Start again at the login page.",
    };
    match answer {
        Answer::Accepted { failures: 0 } | Answer::Reported => page.good(words),
        Answer::Denied { .. } => page.strong(words),
        _ => page.bad(words),
    }
    if let Answer::Denied { report: true } = answer {
        page.hint("r", "yes, report it");
        page.hint("Enter", "no, it was a mistake");
    } else {
        page.hint("Enter", "done");
    }
    page
}
