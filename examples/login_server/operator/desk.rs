//! The tables of the operator's page.

use pushotp::{AuditEvent, PushSwitch, TokenView, types::UnixTime};

use crate::{
    accounts::{AccountView, is_incident},
    home::{push_words, token_text},
    html::Text,
    visitor::Visitor,
};

/// How many lines the two logs have.
const LINES: usize = 40;

/// What was refused, denied or reported, the newest first.
pub(super) fn incidents(accounts: &[AccountView], now: UnixTime) -> String {
    let rows = lines(accounts, now, |event| is_incident(event.kind()));
    if rows.is_empty() { "<tr><td colspan=\"3\" class=\"small\">Nothing so far.</td></tr>".into() } else { rows }
}

/// Everything that is remembered, the newest first.
pub(super) fn log(accounts: &[AccountView], now: UnixTime) -> String {
    lines(accounts, now, |_| true)
}

/// Each account with its tokens.
pub(super) fn accounts(visitor: &Visitor, accounts: &[AccountView]) -> String {
    let rows = accounts.iter().flat_map(|account| account.tokens.iter().map(move |token| (account, token)));
    rows.map(|(account, token)| row(visitor, &account.name, token)).collect()
}

fn lines(accounts: &[AccountView], now: UnixTime, is_shown: impl Fn(&AuditEvent) -> bool) -> String {
    let mut events: Vec<(&str, &AuditEvent)> = accounts
        .iter()
        .flat_map(|account| account.events.iter().map(|event| (account.name.as_str(), event)))
        .filter(|(_, event)| is_shown(event))
        .collect();
    // Stable: of one account and second the newest stays first.
    events.sort_by_key(|(_, event)| core::cmp::Reverse(event.at().as_secs()));
    let line = |(name, event): &(&str, &AuditEvent)| {
        let class = if is_incident(event.kind()) { " class=\"incident\"" } else { "" };
        let (when, name, kind) = (when(event.at(), now), Text(name), Text(event.kind()));
        format!("<tr{class}><td>{when}</td><td>{name}</td><td>{kind}</td></tr>\n")
    };
    events.iter().take(LINES).map(line).collect()
}

/// The time of day, which stays right while the page stands.
fn when(at: UnixTime, now: UnixTime) -> String {
    let (seconds, days) = (at.as_secs() % 86_400, now.since(at).as_secs() / 86_400);
    let time = format!("{:02}:{:02}:{:02} UTC", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match days {
        0 => time,
        1 => format!("{time}, a day ago"),
        days => format!("{time}, {days} days ago"),
    }
}

fn row(visitor: &Visitor, account: &str, token: &TokenView) -> String {
    let state = match (token.enrolled, token.disabled) {
        (false, _) => "on no phone".into(),
        (_, true) => "<strong class=\"locked\">locked</strong>".into(),
        _ => match token.failures {
            0 => "in use".into(),
            failures => format!("in use, wrong in a row: {failures}"),
        },
    };
    let (value, words) = if token.push == PushSwitch::On { ("off", "Switch off") } else { ("on", "Switch on") };
    let button = |action: &str, name: &str, value: &str, words: &str| {
        format!(
            include_str!("../pages/operator_button.html"),
            action = action,
            token = visitor.form_token(),
            account = Text(account),
            id = token_text(token.id),
            name = name,
            value = value,
            words = words,
            about = Text(&token.name),
        )
    };
    format!(
        include_str!("../pages/operator_token.html"),
        id = token_text(token.id),
        account = Text(account),
        name = Text(&token.name),
        pin = if token.pin_protected { "with PIN" } else { "without PIN" },
        state = state,
        push = push_words(token.push),
        switch = button("/operator/push", "push", value, words),
        unlock = if token.disabled { button("/operator/unlock", "unlock", "yes", "Unlock") } else { String::new() },
    )
}
