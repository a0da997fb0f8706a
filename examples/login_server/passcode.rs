//! The passcode that the phone shows, typed by hand.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use pushotp::PasscodeVerdict;

use crate::{
    app::{Shared, rng},
    failure::Failure,
    html::{Page, note},
    session::{Realm, Session, Stage},
    visitor::{Posted, Visitor},
};

pub(crate) async fn page(State(_): State<Shared>, visitor: Visitor) -> Response {
    if visitor.at(Stage::Password).is_some() { form(&visitor, None) } else { visitor.elsewhere() }
}

pub(crate) async fn submit(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    let Some(session) = posted.visitor.at(Stage::Password) else { return Ok(posted.visitor.elsewhere()) };
    let (account, pushed) = (session.account()?, session.pushed.clone());
    // As people write it down: in groups.
    let typed: String = posted.field("passcode").chars().filter(|character| !character.is_whitespace()).collect();
    let verdict = app.login.verify_passcode(&account, &typed, app.now(), &mut rng()).await?;
    app.wakes.wake(&account);
    let text = match verdict {
        PasscodeVerdict::Accepted { .. } => {
            if let Some(pushed) = pushed {
                app.withdraw(&account, &pushed).await?;
            }
            let session = Session::new(Stage::LoggedIn, Realm::User, account.as_str(), app.now());
            return posted.visitor.go_on(&app, &session, "/home").await;
        }
        PasscodeVerdict::Replayed => "This passcode was used already. Wait for the next one, then type that.",
        PasscodeVerdict::NoToken => "No passcode can be typed for your account right now. Ask your administrator.",
        _ => "That passcode is not right. Type the one that your phone shows now.",
    };
    Ok(form(&posted.visitor, Some(text)))
}

fn form(visitor: &Visitor, text: Option<&str>) -> Response {
    let body = format!(include_str!("pages/passcode.html"), note = note(text), token = visitor.form_token());
    Page::new("Type a passcode", body).into_response()
}
