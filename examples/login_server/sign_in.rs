//! The first page: name and password.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use zeroize::Zeroizing;

use crate::{
    app::{App, Shared},
    demo,
    failure::Failure,
    html::{Page, Text, autofocus, note},
    passwords::Verdict,
    session::{Realm, Session, Stage},
    visitor::{Posted, Visitor},
};

pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    match visitor.session().map(|session| session.stage) {
        None => form(&app, &visitor, ("", None)),
        Some(Stage::Moved) => Ok(moment()),
        Some(_) => Ok(visitor.elsewhere()),
    }
}

pub(crate) async fn submit(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    let name = posted.field("user").trim().to_owned();
    let password = Zeroizing::new(posted.field("password").to_owned());
    let verdict = app.verify_password((Realm::User, &name), password).await?;
    if let Some(text) = refusal(&verdict) {
        return form(&app, &posted.visitor, (&name, Some(&text)));
    }
    let session = Session::new(Stage::Password, Realm::User, &name, app.now());
    posted.visitor.go_on(&app, &session, "/choose").await
}

/// What is said of a password that was not right; the same whether the name, the password or both are wrong.
pub(crate) fn refusal(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Right => None,
        Verdict::Wrong => Some("That name and password do not belong together. Please try again.".into()),
        Verdict::Wait(1) => Some("Too many tries. Please wait a second, then try again.".into()),
        Verdict::Wait(seconds) => Some(format!("Too many tries. Please wait {seconds} seconds, then try again.")),
    }
}

fn form(app: &App, visitor: &Visitor, (name, text): (&str, Option<&str>)) -> Result<Response, Failure> {
    let body = format!(
        include_str!("pages/sign_in.html"),
        note = note(text),
        token = visitor.form_token(),
        name = Text(name),
        on_name = autofocus(text.is_none()),
        on_password = autofocus(text.is_some()),
        demo = demo::hint(&app.site),
    );
    visitor.first_page(app, Page::new("Sign in", body))
}

/// The session goes on under another id, which another tab is just getting.
pub(crate) fn moment() -> Response {
    Page::new("One moment", include_str!("pages/moment.html").to_owned()).refresh(1).into_response()
}
