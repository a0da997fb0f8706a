//! Who sends a request: the session behind its cookie, and the form of a browser that has one.

use std::net::IpAddr;

use axum::{
    Form,
    extract::{FromRequest, FromRequestParts, Request},
    http::{header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use pushotp::store::Version;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{
    app::{App, Shared},
    failure::Failure,
    guard::forbidden,
    html::{Page, Text},
    session::{Realm, Session, SessionId, Stage},
};

/// The address that a connection comes from.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A browser.
pub(crate) struct Visitor {
    realm: Realm,
    id: SessionId,
    /// It has no cookie yet: the next page gives it one, so that it can send a form.
    is_new: bool,
    found: Option<(Session, Version)>,
    token: String,
    peer: Option<IpAddr>,
    client: String,
}

/// A form with the right token: the only way to a handler that changes something.
pub(crate) struct Posted {
    pub(crate) visitor: Visitor,
    fields: Zeroizing<Vec<(String, String)>>,
}

impl Visitor {
    /// The session, whatever its stage.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.found.as_ref().map(|(session, _)| session)
    }

    /// The session, if it has come this far.
    pub(crate) fn at(&self, stage: Stage) -> Option<&Session> {
        self.session().filter(|session| session.stage == stage)
    }

    /// The hidden field of every form.
    pub(crate) fn form_token(&self) -> String {
        format!("<input type=\"hidden\" name=\"token\" value=\"{}\">", Text(&self.token))
    }

    pub(crate) const fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Its id, for what goes on after the request.
    pub(crate) fn into_id(self) -> SessionId {
        self.id
    }

    /// The browser, as it calls itself: never to be trusted.
    pub(crate) fn client(&self) -> &str {
        &self.client
    }

    /// Where a browser belongs that asks for something which its session is not at.
    pub(crate) fn elsewhere(&self) -> Response {
        let home = match (self.realm, self.session().map(|session| session.stage)) {
            (Realm::Operator, _) => "/operator",
            (_, Some(Stage::Password)) => "/choose",
            (_, Some(Stage::LoggedIn)) => "/home",
            _ => "/",
        };
        Redirect::to(home).into_response()
    }

    /// A page for a browser that may have no cookie yet.
    pub(crate) fn first_page(&self, app: &App, page: Page) -> Result<Response, Failure> {
        let mut response = page.into_response();
        if self.is_new {
            response.headers_mut().append(header::SET_COOKIE, self.id.cookie(self.realm, &app.site)?);
        }
        Ok(response)
    }

    /// Writes the session as `change` leaves it: `false` if another request of the browser was faster.
    pub(crate) async fn keep(&mut self, app: &App, change: impl FnOnce(&mut Session)) -> Result<bool, Failure> {
        let Some((session, version)) = &mut self.found else { return Ok(false) };
        change(session);
        let kept = app.keep_session((self.realm, &self.id), *version, session).await?;
        self.found = app.session((self.realm, &self.id)).await?;
        Ok(kept)
    }

    /// Goes on under a fresh id, which nobody can have planted, and leaves the old one to point at it for a moment.
    pub(crate) async fn go_on(self, app: &App, session: &Session, to: &'static str) -> Result<Response, Failure> {
        let id = app.begin_session(self.realm, session).await?;
        if let Some((_, version)) = self.found {
            let moved = Session::new(Stage::Moved, self.realm, &session.user, app.now());
            app.keep_session((self.realm, &self.id), version, &moved).await?;
        }
        let mut response = Redirect::to(to).into_response();
        response.headers_mut().append(header::SET_COOKIE, id.cookie(self.realm, &app.site)?);
        Ok(response)
    }

    /// Signs out: the session is over, and the browser gets an id that never was one.
    pub(crate) async fn leave(self, app: &App, to: &'static str) -> Result<Response, Failure> {
        if let Some((_, version)) = self.found {
            app.end_session((self.realm, &self.id), version).await?;
        }
        let mut response = Redirect::to(to).into_response();
        let id = SessionId::generate();
        response.headers_mut().append(header::SET_COOKIE, id.cookie(self.realm, &app.site)?);
        Ok(response)
    }

    async fn read(parts: &Parts, app: &App) -> Result<Self, Failure> {
        let realm = if parts.uri.path().starts_with("/operator") { Realm::Operator } else { Realm::User };
        let sent = SessionId::read(&parts.headers, realm, &app.site);
        let is_new = sent.is_none();
        let id = sent.unwrap_or_else(SessionId::generate);
        let found = if is_new { None } else { app.session((realm, &id)).await? };
        let token = id.form_token(app, realm)?;
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0).filter(|_| !app.site.is_proxied());
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Ok(Self { realm, id, is_new, found, token, peer, client: client(agent.unwrap_or_default()) })
    }
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Failure> {
        Self::read(parts, app).await
    }
}

impl Posted {
    /// What was typed or chosen; empty if there is no such field.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }
}

impl FromRequest<Shared> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let visitor = Visitor::read(&parts, app).await.map_err(IntoResponse::into_response)?;
        let request = Request::from_parts(parts, body);
        let form: Result<Form<Vec<(String, String)>>, _> = Form::from_request(request, app).await;
        let Form(fields) = form.map_err(IntoResponse::into_response)?;
        let posted = Self { visitor, fields: Zeroizing::new(fields) };
        let is_ours = posted.field("token").as_bytes().ct_eq(posted.visitor.token.as_bytes());
        if bool::from(is_ours) { Ok(posted) } else { Err(forbidden()) }
    }
}

/// "Firefox on Linux", of the long text that browsers send.
fn client(agent: &str) -> String {
    let named =
        |names: &[(&str, &'static str)]| names.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name);
    // In this order: most call themselves by several names.
    let browser = named(&[
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("Chromium/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = named(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ]);
    format!("{} on {}", browser.unwrap_or("a browser"), system.unwrap_or("a computer"))
}
