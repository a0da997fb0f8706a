//! The operator's page: who has which tokens, what is locked, what was refused, as it happens.

mod desk;
pub(crate) mod phone;

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{
    app::{App, Shared},
    demo,
    failure::Failure,
    home::account_and_token,
    html::{Page, Text, autofocus, note},
    live::{self, Now},
    passwords::Verdict,
    session::{Realm, Session, SessionId, Stage},
    sign_in::refusal,
    visitor::{Posted, Visitor},
};

pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    if visitor.at(Stage::LoggedIn).is_none() {
        return form(&app, &visitor, ("", None));
    }
    show(&app, &visitor, None).await
}

pub(crate) async fn sign_in(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    let name = posted.field("user").trim().to_owned();
    let password = Zeroizing::new(posted.field("password").to_owned());
    let verdict: Verdict = app.verify_password((Realm::Operator, &name), password).await?;
    if let Some(text) = refusal(&verdict) {
        return form(&app, &posted.visitor, (&name, Some(&text)));
    }
    let session = Session::new(Stage::LoggedIn, Realm::Operator, &name, app.now());
    posted.visitor.go_on(&app, &session, "/operator").await
}

pub(crate) async fn sign_out(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    posted.visitor.leave(&app, "/operator").await
}

pub(crate) async fn push(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    if posted.visitor.at(Stage::LoggedIn).is_some()
        && let Some((account, token)) = account_and_token(&posted)
    {
        app.set_push((&account, token), posted.field("push") == "on").await?;
    }
    Ok(Redirect::to("/operator").into_response())
}

pub(crate) async fn unlock(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    if posted.visitor.at(Stage::LoggedIn).is_none() {
        return Ok(Redirect::to("/operator").into_response());
    }
    let Some((account, token)) = account_and_token(&posted) else {
        return Ok(Redirect::to("/operator").into_response());
    };
    match app.unlock((&account, token)).await {
        Ok(()) => Ok(Redirect::to("/operator").into_response()),
        Err(failure) => show(&app, &posted.visitor, Some(&failure.explain())).await,
    }
}

pub(crate) async fn events(
    State(app): State<Shared>,
    headers: HeaderMap,
    visitor: Visitor,
) -> Result<Response, Failure> {
    if visitor.at(Stage::LoggedIn).is_none() {
        return Ok(visitor.elsewhere());
    }
    let wake = app.wakes.subscribe_to_any();
    let (shared, id) = (Shared::clone(&app), visitor.into_id());
    let look = move || {
        let (app, id) = (Shared::clone(&shared), id.clone());
        async move { now(&app, &id).await }
    };
    Ok(live::words(app, wake, &headers, look).await)
}

/// Another word whenever any account has another event. The page then loads itself again.
async fn now(app: &App, id: &SessionId) -> Result<Now, Failure> {
    if app.session((Realm::Operator, id)).await?.is_none() {
        return Ok(Now { word: "elsewhere".into(), is_last: true });
    }
    Ok(Now { word: word(&app.accounts().await?), is_last: false })
}

fn word(accounts: &[crate::accounts::AccountView]) -> String {
    let mut hash = Sha256::new();
    for account in accounts {
        let newest = account.events.first().map_or(0, |event| event.number() + 1);
        hash.update(format!("{}/{newest}\n", account.name));
    }
    let mut word = data_encoding::HEXLOWER.encode(&hash.finalize());
    word.truncate(16);
    word
}

async fn show(app: &App, visitor: &Visitor, text: Option<&str>) -> Result<Response, Failure> {
    let accounts = app.accounts().await?;
    let body = format!(
        include_str!("pages/operator.html"),
        note = note(text),
        word = word(&accounts),
        incidents = desk::incidents(&accounts, app.now()),
        accounts = desk::accounts(visitor, &accounts),
        log = desk::log(&accounts, app.now()),
        token = visitor.form_token(),
    );
    Ok(Page::new("Operator", body).refresh(5).wide().into_response())
}

fn form(app: &App, visitor: &Visitor, (name, text): (&str, Option<&str>)) -> Result<Response, Failure> {
    let body = format!(
        include_str!("pages/operator_sign_in.html"),
        note = note(text),
        token = visitor.form_token(),
        name = Text(name),
        on_name = autofocus(text.is_none()),
        on_password = autofocus(text.is_some()),
        demo = demo::operator_hint(&app.site),
    );
    visitor.first_page(app, Page::new("Operator", body))
}
