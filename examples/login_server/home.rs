//! The page behind the login.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use data_encoding::HEXLOWER;
use pushotp::{AccountId, PushSwitch, TokenView, types::TokenId};

use crate::{
    app::Shared,
    failure::Failure,
    html::{Page, Text, note},
    session::Stage,
    visitor::{Posted, Visitor},
};

pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let Some(session) = visitor.at(Stage::LoggedIn) else { return Ok(visitor.elsewhere()) };
    let tokens = app.login.tokens(&session.account()?).await?;
    Ok(show(&visitor, &session.user, &tokens, None))
}

/// Switches push for one of the user's own tokens.
pub(crate) async fn push(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    let Some(session) = posted.visitor.at(Stage::LoggedIn) else { return Ok(posted.visitor.elsewhere()) };
    let account = session.account()?;
    let (Some(token), on) = (token_id(posted.field("id")), posted.field("push") == "on") else {
        return Ok(posted.visitor.elsewhere());
    };
    if app.set_own_push((&account, token), on).await? {
        return Ok(Redirect::to("/home").into_response());
    }
    let tokens = app.login.tokens(&account).await?;
    let text = "Requests to this token were blocked after a report. Only an administrator can switch them on again.";
    Ok(show(&posted.visitor, &session.user, &tokens, Some(text)))
}

pub(crate) async fn sign_out(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    if let Some(session) = posted.visitor.at(Stage::Password)
        && let Some(pushed) = &session.pushed
    {
        app.withdraw(&session.account()?, pushed).await?;
    }
    posted.visitor.leave(&app, "/").await
}

/// The id of a token in a form.
pub(crate) fn token_id(text: &str) -> Option<TokenId> {
    let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
    Some(TokenId::from_bytes(bytes.try_into().ok()?))
}

pub(crate) fn token_text(id: TokenId) -> String {
    HEXLOWER.encode(id.as_bytes())
}

/// Whether logins are pushed for a token, in words.
pub(crate) const fn push_words(push: PushSwitch) -> &'static str {
    match push {
        PushSwitch::On => "on",
        PushSwitch::Muted => "off, switched off on the phone",
        PushSwitch::Blocked => "blocked after a report",
        _ => "off",
    }
}

fn show(visitor: &Visitor, user: &str, tokens: &[TokenView], text: Option<&str>) -> Response {
    let rows: String = tokens.iter().map(|token| row(visitor, token)).collect();
    let body = format!(
        include_str!("pages/home.html"),
        note = note(text),
        user = Text(user),
        rows = rows,
        token = visitor.form_token()
    );
    Page::new("Signed in", body).into_response()
}

fn row(visitor: &Visitor, token: &TokenView) -> String {
    let on = token.push == PushSwitch::On;
    let pin = if token.pin_protected { "asks for its PIN" } else { "without a PIN" };
    let state = match (token.enrolled, token.disabled) {
        (false, _) => "on no phone yet",
        (_, true) => "locked after too many wrong passcodes",
        _ => "on your phone",
    };
    // What was switched off on the phone is switched on there.
    let can_switch = token.enrolled && matches!(token.push, PushSwitch::On | PushSwitch::Off);
    let button = if can_switch { switch(visitor, token, on) } else { String::new() };
    format!(
        include_str!("pages/home_token.html"),
        id = token_text(token.id),
        name = Text(&token.name),
        state = state,
        pin = pin,
        push = push_words(token.push),
        button = button,
    )
}

fn switch(visitor: &Visitor, token: &TokenView, on: bool) -> String {
    let (value, words) = if on { ("off", "Switch off") } else { ("on", "Switch on") };
    format!(
        include_str!("pages/home_switch.html"),
        token = visitor.form_token(),
        id = token_text(token.id),
        value = value,
        words = words,
        name = Text(&token.name),
    )
}

/// Parses the account and the token of an operator's form.
pub(crate) fn account_and_token(posted: &Posted) -> Option<(AccountId, TokenId)> {
    Some((AccountId::new(posted.field("account")).ok()?, token_id(posted.field("id"))?))
}
