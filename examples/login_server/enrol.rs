//! Sets up the phone: the QR code, and the code that both sides show.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use pushotp::{ServerError, provision::enrolment, types::EnrolmentId};

use crate::{
    app::{App, Shared, rng},
    device_page,
    failure::Failure,
    html::{Page, Text},
    live::{self, Now},
    qr,
    session::{Offered, Realm, Session, Stage},
    visitor::{Posted, Visitor},
};

/// How often a browser without scripts asks, in seconds: slowly, for a person has to scan the code.
const REFRESH: u32 = 5;

/// What an offer has come to.
enum Progress {
    /// Nobody has answered it.
    Shown,
    /// A device has: it shows this code too.
    Answered(String),
    /// It is over.
    Over,
}

impl Offered {
    fn enrolment(&self) -> Result<EnrolmentId, Failure> {
        Ok(enrolment::parse(&self.uri)?.enrolment)
    }
}

impl App {
    async fn progress(&self, offered: &Offered) -> Result<Progress, Failure> {
        if offered.until < self.now().as_secs() {
            return Ok(Progress::Over);
        }
        match self.login.confirmation_code(offered.enrolment()?).await {
            Ok(None) => Ok(Progress::Shown),
            Ok(Some(code)) => Ok(Progress::Answered(code)),
            Err(ServerError::NoEnrolment) => Ok(Progress::Over),
            Err(error) => Err(error.into()),
        }
    }
}

pub(crate) async fn page(State(app): State<Shared>, visitor: Visitor) -> Result<Response, Failure> {
    let Some(session) = visitor.at(Stage::Password) else { return Ok(visitor.elsewhere()) };
    let tokens = app.login.tokens(&session.account()?).await?;
    if tokens.iter().any(|token| token.enrolled) {
        return Ok(Redirect::to("/choose").into_response());
    }
    let Some(offered) = &session.offer else {
        let body =
            format!(include_str!("pages/enrol_start.html"), user = Text(&session.user), token = visitor.form_token());
        return Ok(Page::new("Set up your phone", body).into_response());
    };
    let token = visitor.form_token();
    let page = match app.progress(offered).await? {
        Progress::Shown => {
            let body = format!(
                include_str!("pages/enrol.html"),
                qr = qr::svg(&offered.uri)?,
                uri = Text(&offered.uri),
                minutes = minutes(offered.until.saturating_sub(app.now().as_secs())),
                browser = in_browser(&app, &offered.uri),
                token = token,
            );
            Page::new("Scan this code", body).refresh(REFRESH)
        }
        Progress::Answered(code) => {
            let (left, right) = code.split_at_checked(code.len() / 2).unwrap_or((&code, ""));
            let body = format!(
                include_str!("pages/compare.html"),
                left = Text(left),
                right = Text(right),
                spelled = Text(code.chars().map(String::from).collect::<Vec<_>>().join(" ")),
                token = token,
            );
            Page::new("Compare the codes", body)
        }
        Progress::Over => Page::new("No longer good", format!(include_str!("pages/enrol_over.html"), token = token)),
    };
    Ok(page.into_response())
}

/// The way for who has no phone, where there is one.
fn in_browser(app: &App, uri: &str) -> String {
    if app.device_page.is_none() {
        return String::new();
    }
    format!(include_str!("pages/enrol_browser.html"), url = Text(device_page::link(&app.site, uri)))
}

/// So many minutes, the one that has begun included.
fn minutes(seconds: u64) -> String {
    match seconds.div_ceil(60) {
        0 | 1 => "one minute".into(),
        more => format!("{more} minutes"),
    }
}

/// Makes the offer, unless one is on the screen already.
pub(crate) async fn offer(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    let mut visitor = posted.visitor;
    let Some(session) = visitor.at(Stage::Password) else { return Ok(visitor.elsewhere()) };
    let (account, here) = (session.account()?, Redirect::to("/enrol").into_response());
    if let Some(offered) = &session.offer
        && !matches!(app.progress(offered).await?, Progress::Over)
    {
        return Ok(here);
    }
    let offer = match app.login.offer_enrolment(&account, app.now(), &mut rng()).await {
        Ok(offer) => offer,
        // Every token has its device.
        Err(ServerError::NoToken) => return Ok(Redirect::to("/choose").into_response()),
        Err(ServerError::Full(_)) => {
            return Ok(Page::new("Please wait", include_str!("pages/enrol_full.html").to_owned()).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let uri = enrolment::write(&offer)?.as_str().to_owned();
    let until = offer.expires.as_secs();
    visitor.keep(&app, |session| session.offer = Some(Offered { uri, until })).await?;
    app.wakes.wake(&account);
    Ok(here)
}

/// Takes the offer back. If a device has just answered it, the page shows what to compare instead.
pub(crate) async fn cancel(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    let mut visitor = posted.visitor;
    let Some(session) = visitor.at(Stage::Password) else { return Ok(visitor.elsewhere()) };
    let (account, here) = (session.account()?, Redirect::to("/enrol").into_response());
    let Some(offered) = session.offer.clone() else { return Ok(here) };
    let enrolment = (&account, offered.enrolment()?);
    match app.login.withdraw_enrolment(enrolment, app.now(), &mut rng()).await {
        Err(ServerError::EnrolmentAnswered) => return Ok(here),
        Ok(()) | Err(ServerError::NoEnrolment) => {}
        Err(error) => return Err(error.into()),
    }
    visitor.keep(&app, |session| session.offer = None).await?;
    app.wakes.wake(&account);
    Ok(here)
}

/// "They match" or "They differ".
pub(crate) async fn confirm(State(app): State<Shared>, posted: Posted) -> Result<Response, Failure> {
    let agree = match posted.field("answer") {
        "match" => true,
        "differ" => false,
        _ => return Ok(Redirect::to("/enrol").into_response()),
    };
    let mut visitor = posted.visitor;
    let Some(session) = visitor.at(Stage::Password) else { return Ok(visitor.elsewhere()) };
    let account = session.account()?;
    let Some(offered) = session.offer.clone() else { return Ok(Redirect::to("/enrol").into_response()) };
    let enrolment = (&account, offered.enrolment()?);
    let confirmed = app.login.confirm_enrolment(enrolment, agree, app.now(), &mut rng()).await;
    visitor.keep(&app, |session| session.offer = None).await?;
    let token = visitor.form_token();
    match confirmed {
        Ok(pushes) => app.deliver(&account, &pushes),
        Err(ServerError::NoEnrolment) => {
            let body = format!(include_str!("pages/enrol_over.html"), token = token);
            return Ok(Page::new("No longer good", body).into_response());
        }
        Err(error) => return Err(error.into()),
    }
    if agree {
        return Ok(Redirect::to("/choose?enrolled").into_response());
    }
    let body = format!(include_str!("pages/differ.html"), token = token);
    Ok(Page::new("Not set up", body).into_response())
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

async fn now(app: &App, session: Option<&Session>) -> Result<Now, Failure> {
    let offered = session.filter(|session| session.stage == Stage::Password).and_then(|session| session.offer.as_ref());
    let Some(offered) = offered else { return Ok(Now { word: "elsewhere".into(), is_last: true }) };
    Ok(match app.progress(offered).await? {
        Progress::Shown => Now { word: "shown".into(), is_last: false },
        Progress::Answered(_) => Now { word: "answered".into(), is_last: false },
        Progress::Over => Now { word: "over".into(), is_last: true },
    })
}
