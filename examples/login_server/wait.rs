//! The page that waits for the phone, and what it says in the end.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use pushotp::{LoginFailure, LoginState, types::UnixTime};

use crate::{
    app::{App, Shared, rng},
    failure::Failure,
    html::{Page, Text},
    live::{self, Now},
    session::{Pushed, Realm, Session, Stage},
    sign_in,
    visitor::Visitor,
};

/// How often a browser without scripts asks, in seconds.
const REFRESH: u32 = 3;

pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let Some(session) = visitor.at(Stage::Password) else { return Ok(visitor.elsewhere()) };
    let Some(pushed) = session.pushed.clone() else { return Ok(Redirect::to("/choose").into_response()) };
    if pushed.is_starting() {
        return Ok(sending());
    }
    let state = app.state_of(&pushed).await?;
    match state {
        LoginState::Waiting { expires } => waiting(&app, &visitor, &pushed, expires),
        LoginState::Approved => collect(&app, visitor, &pushed).await,
        // Another tab has just collected it, or a crash came between: then there is nothing to collect any more.
        LoginState::Redeemed => Ok(used()),
        state => Ok(ended(&visitor, &pushed, &state)),
    }
}

pub(crate) async fn events(
    State(app): State<Shared>,
    headers: HeaderMap,
    visitor: Visitor,
) -> Result<Response, Failure> {
    let Some(session) = visitor.session() else { return Ok(visitor.elsewhere()) };
    let wake = app.wakes.subscribe(&session.account()?);
    let (shared, id) = (Shared::clone(&app), visitor.into_id());
    let look = move || {
        let (app, id) = (Shared::clone(&shared), id.clone());
        async move {
            let session = app.session((Realm::User, &id)).await?.map(|(session, _)| session);
            now(&app, session.as_ref()).await
        }
    };
    Ok(live::words(app, wake, &headers, look).await)
}

/// What the page of this session would show.
async fn now(app: &App, session: Option<&Session>) -> Result<Now, Failure> {
    let pushed = session.filter(|session| session.stage == Stage::Password).and_then(|session| session.pushed.as_ref());
    let Some(pushed) = pushed else { return Ok(Now { word: "elsewhere".into(), is_last: true }) };
    if pushed.is_starting() {
        return Ok(Now { word: "sending".into(), is_last: false });
    }
    let state = app.state_of(pushed).await?;
    Ok(Now { word: word(pushed, &state), is_last: !may_change(&state) })
}

/// Whether another word may come: after "no" there may be "and this was not me".
const fn may_change(state: &LoginState) -> bool {
    matches!(state, LoginState::Waiting { .. } | LoginState::Denied)
}

/// The state of one login in a word, which another login of the same page does not share.
fn word(pushed: &Pushed, state: &LoginState) -> String {
    let name = match state {
        LoginState::Waiting { .. } => "waiting",
        LoginState::Approved => "approved",
        LoginState::Redeemed => "redeemed",
        LoginState::Denied => "denied",
        LoginState::Reported => "reported",
        LoginState::Failed(_) => "failed",
        LoginState::Expired => "expired",
        _ => "withdrawn",
    };
    format!("{name}.{}", pushed.tag())
}

fn sending() -> Response {
    Page::new("One moment", include_str!("pages/sending.html").to_owned()).refresh(1).into_response()
}

fn used() -> Response {
    Page::new("One moment", include_str!("pages/used.html").to_owned()).refresh(2).into_response()
}

fn waiting(app: &App, visitor: &Visitor, pushed: &Pushed, expires: UnixTime) -> Result<Response, Failure> {
    let number = app.login.number(&pushed.ticket())?;
    let (left, right) = number.split_at_checked(number.len() / 2).unwrap_or((&number, ""));
    let seconds = expires.since(app.now()).as_secs();
    let body = format!(
        include_str!("pages/wait.html"),
        word = word(pushed, &LoginState::Waiting { expires }),
        left = Text(left),
        right = Text(right),
        spelled = Text(number.chars().map(String::from).collect::<Vec<_>>().join(" ")),
        seconds = seconds,
        minutes = seconds / 60,
        rest = format_args!("{:02}", seconds % 60),
        tag = pushed.tag(),
        token = visitor.form_token(),
    );
    Ok(Page::new("Waiting for your phone", body).refresh(REFRESH).into_response())
}

/// The login was approved: granted to this session once, which goes on under a fresh id.
async fn collect(app: &App, visitor: Visitor, pushed: &Pushed) -> Result<Response, Failure> {
    let granted = app.login.redeem(&pushed.ticket(), app.now(), &mut rng()).await?;
    let Some(account) = granted else { return Ok(sign_in::moment()) };
    app.wakes.wake(&account);
    let session = Session::new(Stage::LoggedIn, Realm::User, account.as_str(), app.now());
    visitor.go_on(app, &session, "/home").await
}

fn ended(visitor: &Visitor, pushed: &Pushed, state: &LoginState) -> Response {
    let token = visitor.form_token();
    let (title, body) = match state {
        LoginState::Denied => {
            let body = format!(include_str!("pages/denied.html"), word = word(pushed, state), token = token);
            return Page::new("You declined", body).refresh(REFRESH).into_response();
        }
        LoginState::Reported => ("Reported", format!(include_str!("pages/reported.html"), token = token)),
        LoginState::Expired => ("No answer in time", format!(include_str!("pages/expired.html"), token = token)),
        LoginState::Failed(LoginFailure::WrongNumber) => {
            ("Wrong number", format!(include_str!("pages/wrong_number.html"), token = token))
        }
        LoginState::Failed(LoginFailure::TooManyPasscodes) => {
            ("Wrong PIN", format!(include_str!("pages/wrong_pin.html"), token = token))
        }
        LoginState::Failed(LoginFailure::NotVerified) => {
            ("Not accepted", format!(include_str!("pages/not_verified.html"), token = token))
        }
        LoginState::Failed(_) => ("Not accepted", format!(include_str!("pages/refused.html"), token = token)),
        _ => ("Withdrawn", format!(include_str!("pages/withdrawn.html"), token = token)),
    };
    Page::new(title, body).into_response()
}
