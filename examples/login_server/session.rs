//! Sessions: a random id in the browser's cookie, everything else sealed in the store, so that any server can go on.

use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use pushotp::{
    AccountId,
    store::{Expect, Version},
    types::UnixTime,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    app::{App, rng},
    failure::Failure,
    site::Site,
};

/// From the password to the end of the login, in seconds.
const LOGIN_LIFE: u64 = 15 * 60;
const LOGGED_IN_LIFE: u64 = 8 * 3600;
const OPERATOR_LIFE: u64 = 3600;
/// How long an old id leads to a new one, in seconds.
const MOVED_LIFE: u64 = 10;

/// Users and operators sign in apart, with cookies of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Realm {
    User,
    Operator,
}

/// How far a browser has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// The password was right; nothing else is known.
    Password,
    LoggedIn,
    /// The id was exchanged for another one a moment ago; this one grants nothing.
    Moved,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) stage: Stage,
    pub(crate) user: String,
    pub(crate) until: u64,
    pub(crate) pushed: Option<Pushed>,
    pub(crate) offer: Option<Offered>,
}

/// A login that was sent to the phone, or is about to be.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Pushed {
    /// The ticket in base64url; empty while the login is being started.
    pub(crate) ticket: String,
    pub(crate) at: u64,
}

/// An enrolment that is on the screen. The URI is a secret: the entry is sealed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Offered {
    pub(crate) uri: String,
    pub(crate) until: u64,
}

/// 256 random bits in base64url. Who has it is the session.
#[derive(Clone)]
pub(crate) struct SessionId(String);

impl Realm {
    /// Where somebody who may sign in is stored.
    pub(crate) fn person(self, name: &str) -> String {
        match self {
            Self::User => format!("user/{name}"),
            Self::Operator => format!("operator/{name}"),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::User => "session",
            Self::Operator => "operator",
        }
    }

    /// `__Host-`: no other host, no other path and nobody without TLS can set it. A browser takes that with TLS only.
    fn cookie(self, site: &Site) -> String {
        format!("{}{}", if site.is_secure() { "__Host-" } else { "" }, self.name())
    }
}

impl SessionId {
    pub(crate) fn generate() -> Self {
        let mut bytes = [0; 32];
        rand_core::Rng::fill_bytes(&mut rng(), &mut bytes);
        Self(BASE64URL_NOPAD.encode(&bytes))
    }

    /// The id in a request's cookie, if it looks like one.
    pub(crate) fn read(headers: &HeaderMap, realm: Realm, site: &Site) -> Option<Self> {
        let name = realm.cookie(site);
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, id) = pairs.find(|(found, _)| *found == name)?;
        let is_id = BASE64URL_NOPAD.decode(id.as_bytes()).is_ok_and(|bytes| bytes.len() == 32);
        is_id.then(|| Self(id.to_owned()))
    }

    /// What sets it in the browser.
    pub(crate) fn cookie(&self, realm: Realm, site: &Site) -> Result<HeaderValue, Failure> {
        let secure = if site.is_secure() { "; Secure" } else { "" };
        // Lax: a link from a mail to this site finds its session. An operator's page is nobody's link.
        let same_site = if realm == Realm::User { "Lax" } else { "Strict" };
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite={same_site}{secure}", realm.cookie(site), self.0);
        Ok(HeaderValue::try_from(cookie)?)
    }

    /// Where it is stored: whoever reads the database has no id.
    fn place(&self, realm: Realm) -> String {
        format!("session/{}/{}", realm.name(), HEXLOWER.encode(&Sha256::digest(self.0.as_bytes())))
    }

    /// What a form must carry: the id's shadow, which other sites cannot know.
    pub(crate) fn form_token(&self, app: &App, realm: Realm) -> Result<String, Failure> {
        let mac = app.entries.mac(b"web form", format!("{}/{}", realm.name(), self.0).as_bytes())?;
        Ok(BASE64URL_NOPAD.encode(&mac))
    }
}

impl Session {
    pub(crate) fn new(stage: Stage, realm: Realm, user: &str, now: UnixTime) -> Self {
        let life = match (stage, realm) {
            (Stage::Moved, _) => MOVED_LIFE,
            (_, Realm::Operator) => OPERATOR_LIFE,
            (Stage::Password, _) => LOGIN_LIFE,
            (Stage::LoggedIn, _) => LOGGED_IN_LIFE,
        };
        Self { stage, user: user.into(), until: now.as_secs().saturating_add(life), pushed: None, offer: None }
    }

    pub(crate) fn account(&self) -> Result<AccountId, Failure> {
        Ok(AccountId::new(self.user.as_str())?)
    }
}

impl App {
    /// The session behind an id, unless it is over.
    pub(crate) async fn session(
        &self,
        (realm, id): (Realm, &SessionId),
    ) -> Result<Option<(Session, Version)>, Failure> {
        let found = self.entries.get::<Session>(&id.place(realm)).await?;
        Ok(found.filter(|(session, _)| session.until > self.now().as_secs()))
    }

    /// A session under a fresh id.
    pub(crate) async fn begin_session(&self, realm: Realm, session: &Session) -> Result<SessionId, Failure> {
        let id = SessionId::generate();
        let until = UnixTime::from_secs(session.until);
        if self.entries.put((&id.place(realm), Expect::Absent), session, Some(until)).await? {
            Ok(id)
        } else {
            Err("the random generator gave the same id twice".into())
        }
    }

    /// Writes a session again: `false` if another request of the same browser was faster.
    pub(crate) async fn keep_session(
        &self,
        (realm, id): (Realm, &SessionId),
        version: Version,
        session: &Session,
    ) -> Result<bool, Failure> {
        let until = UnixTime::from_secs(session.until);
        self.entries.put((&id.place(realm), Expect::Version(version)), session, Some(until)).await
    }

    /// Ends a session; whoever kept its id has nothing.
    pub(crate) async fn end_session(&self, (realm, id): (Realm, &SessionId), version: Version) -> Result<(), Failure> {
        self.entries.remove(&id.place(realm), version).await
    }
}
