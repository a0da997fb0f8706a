use super::Page;
use crate::{
    app::{Choosing, Entry},
    text::grouped,
};

/// So much of a typed line is shown; the rest of an enrolment is a secret that nobody needs to read.
const SHOWN: usize = 24;

pub(super) fn welcome(entry: &Entry, again: bool) -> Page {
    let mut page = Page::new("Enrol this device");
    if again {
        page.strong("This replaces the enrolment that is on this device.");
    } else {
        page.strong("This device approves your logins.");
    }
    page.say("Your organisation shows you a QR code. Paste its text here, or type the name of a file with its image.");
    page.blank();
    page.entry(&shortened(entry.as_str()));
    page.hint("Enter", "enrol");
    page.hint(
        "Esc",
        if entry.len() > 0 {
            "clear"
        } else if again {
            "back"
        } else {
            "quit"
        },
    );
    page
}

fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= SHOWN {
        return crate::text::safe(text);
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{}… {count} characters", crate::text::safe(&start))
}

pub(super) fn asking() -> Page {
    let mut page = Page::new("Enrol this device");
    page.strong("Asking the server …");
    page.say("If the network is bad this takes a while: it is tried again and again.");
    page.hint("Esc", "stop");
    page
}

pub(super) fn compare(code: &str) -> Page {
    let mut page = Page::new("Compare two codes");
    page.say("The page of your organisation shows a code. Is it this one?");
    page.blank();
    page.look_here();
    page.strong(format!("        {}", grouped(code)));
    page.blank();
    page.say("If it is another one, somebody is between you and your organisation.");
    page.hint("y", "the same");
    page.hint("n", "another one");
    page
}

pub(super) fn choose_pin(choosing: &Choosing) -> Page {
    let mut page = Page::new("Choose a PIN");
    page.field("For token", &choosing.token.name);
    page.blank();
    new_pin(&mut page, &choosing.pin);
    page.hint("Enter", "go on");
    page.hint("Esc", "start again");
    page
}

pub(super) fn new_pin(page: &mut Page, pin: &crate::app::NewPin) {
    if pin.is_again() {
        page.strong("Type the new PIN once more.");
    } else {
        page.strong("Choose a new PIN: 6 to 16 digits.");
        page.say("Nobody can tell it to you later, and nobody will ever ask you for it.");
    }
    page.entry(&pin.entry.masked());
    if let Some(problem) = pin.problem {
        page.bad(problem);
    }
}

pub(super) fn locking() -> Page {
    let mut page = Page::new("Enrol this device");
    page.strong("Locking what this device now holds …");
    page.say("This takes a few seconds, so that guessing a PIN takes long, too.");
    page
}
