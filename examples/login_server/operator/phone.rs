//! A phone whose own count of wrong PINs is locked: the operator reads what it asks with, and gives a code back.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use pushotp::{AccountId, ServerError, UnlockRequest};

use crate::{
    app::{App, Shared, rng},
    failure::Failure,
    html::{Page, Text, autofocus, note},
    session::Stage,
    visitor::{Posted, Visitor},
};

const NO_REQUEST: &str = "This is not the text that a phone shows. Copy all of it.";
const NO_PHONE: &str = "This user has no such phone.";

pub(crate) async fn page(visitor: Visitor) -> Response {
    if visitor.at(Stage::LoggedIn).is_none() {
        return Redirect::to("/operator").into_response();
    }
    form(&visitor, ("", None))
}

pub(crate) async fn unlock(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    if posted.visitor.at(Stage::LoggedIn).is_none() {
        return Ok(Redirect::to("/operator").into_response());
    }
    let name = posted.field("user").trim();
    let Ok(request) = UnlockRequest::from_text(posted.field("request")) else {
        return Ok(form(&posted.visitor, (name, Some(NO_REQUEST))));
    };
    let Some(code) = code(&app, name, &request).await? else {
        return Ok(form(&posted.visitor, (name, Some(NO_PHONE))));
    };
    let body = format!(include_str!("../pages/operator_code.html"), name = Text(name), code = *code.to_text());
    Ok(Page::new("Operator", body).into_response())
}

/// `None` where the user has no device that holds the token.
async fn code(app: &App, name: &str, request: &UnlockRequest) -> Result<Option<pushotp::UnlockCode>, Failure> {
    let Ok(account) = AccountId::new(name) else { return Ok(None) };
    match app.login.unlock_device(&account, request, app.now(), &mut rng()).await {
        Ok(code) => {
            app.wakes.wake(&account);
            Ok(Some(code))
        }
        Err(ServerError::NoAccount | ServerError::NoToken | ServerError::NoDevice) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn form(visitor: &Visitor, (name, text): (&str, Option<&str>)) -> Response {
    let body = format!(
        include_str!("../pages/operator_phone.html"),
        note = note(text),
        token = visitor.form_token(),
        name = Text(name),
        on_name = autofocus(name.is_empty()),
        on_request = autofocus(!name.is_empty()),
    );
    Page::new("Operator", body).into_response()
}
