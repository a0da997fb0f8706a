//! After the password: how to go on.

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    app::Shared,
    failure::Failure,
    html::{Page, Text, note},
    session::Stage,
    visitor::Visitor,
};

pub(crate) async fn page(
    State(app): State<Shared>,
    RawQuery(query): RawQuery,
    visitor: Visitor,
) -> Result<Response, Failure> {
    let Some(session) = visitor.at(Stage::Password) else { return Ok(visitor.elsewhere()) };
    let tokens = app.login.tokens(&session.account()?).await?;
    if !tokens.iter().any(|token| token.enrolled) {
        return Ok(Redirect::to("/enrol").into_response());
    }
    let is_new = query.as_deref() == Some("enrolled");
    let body = format!(
        include_str!("pages/choose.html"),
        note = note(is_new.then_some("Your phone is set up. Use it now to sign in.")),
        user = Text(&session.user),
        token = visitor.form_token(),
    );
    Ok(Page::new("How to go on", body).into_response())
}
