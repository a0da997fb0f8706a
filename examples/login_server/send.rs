//! Sends a login to the phone, once, however often the button is pressed.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use pushotp::{AccountId, LoginRequest, LoginStart, LoginState, Push, ServerError, Ticket, types::UnixTime};
use sha2::{Digest as _, Sha256};

use crate::{
    app::{App, Shared, rng},
    failure::Failure,
    html::{Page, Text},
    session::{Pushed, Stage},
    visitor::{Posted, Visitor},
};

/// What the phone shows.
pub(crate) const APPLICATION: &str = "Example Intranet";
/// How long another request may be starting the same login, in seconds: a server that died meanwhile never will.
const STARTING: u64 = 10;

impl Pushed {
    pub(crate) fn is_starting(&self) -> bool {
        self.ticket.is_empty()
    }

    pub(crate) fn ticket(&self) -> Ticket {
        Ticket::from_bytes(BASE64URL_NOPAD.decode(self.ticket.as_bytes()).unwrap_or_default())
    }

    /// Names the login on a page, so that an old page's button is not taken for this one's.
    pub(crate) fn tag(&self) -> String {
        let mut tag = HEXLOWER.encode(&Sha256::digest(self.ticket.as_bytes()));
        tag.truncate(8);
        tag
    }
}

impl App {
    /// What became of a login; a ticket whose login is long over counts as expired.
    pub(crate) async fn state_of(&self, pushed: &Pushed) -> Result<LoginState, Failure> {
        match self.login.login_state(&pushed.ticket(), self.now()).await {
            Err(ServerError::Ticket) => Ok(LoginState::Expired),
            state => Ok(state?),
        }
    }

    /// Whether there is a login to wait for already.
    async fn is_under_way(&self, pushed: &Pushed, again: &str, now: UnixTime) -> Result<bool, Failure> {
        if pushed.is_starting() {
            return Ok(now.as_secs() < pushed.at.saturating_add(STARTING));
        }
        Ok(match self.state_of(pushed).await? {
            LoginState::Waiting { .. } => again != pushed.tag(),
            LoginState::Approved => true,
            _ => false,
        })
    }

    /// Hands the pushes to whatever carries them. Here every device asks by itself, and is answered at once.
    pub(crate) fn deliver(&self, account: &AccountId, pushes: &[Push]) {
        self.say(|| format!("{} messages for the devices of {account}", pushes.len()));
        self.wakes.wake(account);
    }

    /// Withdraws the login that a session waits for, if it does.
    pub(crate) async fn withdraw(&self, account: &AccountId, pushed: &Pushed) -> Result<(), Failure> {
        if pushed.is_starting() {
            return Ok(());
        }
        match self.login.cancel_login(&pushed.ticket(), self.now(), &mut rng()).await {
            Ok(cancels) => self.deliver(account, &cancels),
            Err(ServerError::Ticket) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// "Use my mobile", or "Send again" with the tag of the login that got no answer.
pub(crate) async fn submit(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    let again = posted.field("again").to_owned();
    let mut visitor = posted.visitor;
    let Some(session) = visitor.at(Stage::Password) else { return Ok(visitor.elsewhere()) };
    let (account, now, waiting) = (session.account()?, app.now(), Redirect::to("/wait").into_response());
    if let Some(pushed) = &session.pushed
        && app.is_under_way(pushed, &again, now).await?
    {
        return Ok(waiting);
    }
    // The place is taken before anything is sent: of two tabs one sends, and both wait for the same.
    let starting = Pushed { ticket: String::new(), at: now.as_secs() };
    if !visitor.keep(&app, |session| session.pushed = Some(starting)).await? {
        return Ok(waiting);
    }
    let request = what_the_phone_shows(&visitor);
    let start = app.login.start_login(&account, &request, now, &mut rng()).await;
    let pushed = match &start {
        Ok(LoginStart::Started(started)) => {
            Some(Pushed { ticket: BASE64URL_NOPAD.encode(started.ticket.as_bytes()), at: now.as_secs() })
        }
        _ => None,
    };
    let kept = visitor.keep(&app, |session| session.pushed.clone_from(&pushed)).await?;
    match start? {
        LoginStart::Started(started) => {
            app.deliver(&account, &started.pushes);
            if let (false, Some(pushed)) = (kept, pushed) {
                // The browser signed out meanwhile: nobody waits for this one.
                app.withdraw(&account, &pushed).await?;
            }
            Ok(waiting)
        }
        LoginStart::TooMany { retry_at } => Ok(too_many(retry_at.since(now).as_secs())),
        _ => Ok(no_phone()),
    }
}

/// "Cancel": the phone need not ask any more.
pub(crate) async fn cancel(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    let mut visitor = posted.visitor;
    let Some(session) = visitor.at(Stage::Password) else { return Ok(visitor.elsewhere()) };
    let (account, pushed) = (session.account()?, session.pushed.clone());
    if let Some(pushed) = pushed {
        app.withdraw(&account, &pushed).await?;
        visitor.keep(&app, |session| session.pushed = None).await?;
    }
    Ok(Redirect::to("/choose").into_response())
}

fn what_the_phone_shows(visitor: &Visitor) -> LoginRequest {
    let request = LoginRequest::new(APPLICATION).client(visitor.client());
    match visitor.peer() {
        Some(ip) => request.ip(ip),
        None => request,
    }
}

fn too_many(seconds: u64) -> Response {
    let when = match (seconds.max(1), seconds.div_ceil(60)) {
        (1, _) => "one second".to_owned(),
        (seconds @ ..60, _) => format!("{seconds} seconds"),
        (60, _) => "one minute".to_owned(),
        (_, minutes) => format!("{minutes} minutes"),
    };
    let body = format!(include_str!("pages/too_many.html"), when = Text(when));
    Page::new("Too many requests", body).into_response()
}

fn no_phone() -> Response {
    Page::new("Your phone cannot be asked", include_str!("pages/no_phone.html").to_owned()).into_response()
}
