//! A user and an operator to try it with, made when the server first starts on a database.

use data_encoding::BASE32_NOPAD;
use pushotp::{AccountId, NewToken, ServerError, types::UnixTime};

use crate::{
    app::{App, rng},
    failure::Failure,
    session::Realm,
    site::Site,
};

pub(crate) const USER: &str = "alice";
pub(crate) const OPERATOR: &str = "operator";
/// Everybody can read them here, so they are used only where nobody else can reach the server.
const USER_PASSWORD: &str = "wonderland";
const OPERATOR_PASSWORD: &str = "looking-glass";

/// What to type: printed once for whoever started the server.
pub(crate) struct Made {
    pub(crate) user_password: String,
    pub(crate) operator_password: String,
}

/// Makes both, unless they are there: then their passwords, if everybody can read those here.
pub(crate) async fn prepare(app: &App) -> Result<Option<Made>, Failure> {
    let made = if app.site.is_proxied() {
        Made { user_password: random_password(), operator_password: random_password() }
    } else {
        Made { user_password: USER_PASSWORD.into(), operator_password: OPERATOR_PASSWORD.into() }
    };
    let mut is_new = app.add_person((Realm::Operator, OPERATOR), &made.operator_password).await?;
    if !app.has_person(Realm::User, USER).await? {
        // The account first: a user without one could not sign in, while an account without a user is made whole here.
        add_account(app, app.now()).await?;
        is_new |= app.add_person((Realm::User, USER), &made.user_password).await?;
    }
    Ok((is_new || !app.site.is_proxied()).then_some(made))
}

/// The account with its two tokens, as far as it is not there.
async fn add_account(app: &App, now: UnixTime) -> Result<(), Failure> {
    let account = AccountId::new(USER)?;
    match app.login.add_account(&account).await {
        Ok(()) | Err(ServerError::AccountExists) => {}
        Err(error) => return Err(error.into()),
    }
    let there = app.login.tokens(&account).await?;
    for token in
        [("Work", NewToken::new("Work").pin_or_biometric()), ("Everyday", NewToken::new("Everyday").typed_by_hand())]
    {
        if !there.iter().any(|view| view.name == token.0) {
            app.login.add_token(&account, token.1, now, &mut rng()).await?;
        }
    }
    Ok(())
}

/// What to do next, in one line.
pub(crate) fn next_step(app: &App, made: Option<&Made>) -> String {
    let (desk, push) = (app.site.url("/operator"), app.site.url("/push"));
    let browser = match app.device_page {
        Some(_) => "or this browser, by a link beside the code",
        None => "or this browser, once examples/web_device/build was run",
    };
    let phone = format!("a phone to enrol is: cargo run --example authenticator -- --server {push}, {browser}");
    match made {
        Some(Made { user_password, operator_password }) => format!(
            "Open it and sign in as {USER} with the password {user_password}, both made for this demonstration; {phone}; \
             {OPERATOR} with {operator_password} sees all of it at {desk}"
        ),
        None => format!("Open it and sign in as {USER}; {phone}; {OPERATOR} sees all of it at {desk}"),
    }
}

/// Said on the page, where the passwords are no secret.
pub(crate) fn hint(site: &Site) -> String {
    if site.is_proxied() {
        return String::new();
    }
    format!(include_str!("pages/demo.html"), user = USER, password = USER_PASSWORD)
}

/// The same on the operator's page.
pub(crate) fn operator_hint(site: &Site) -> String {
    if site.is_proxied() {
        return String::new();
    }
    format!(include_str!("pages/demo_operator.html"), user = OPERATOR, password = OPERATOR_PASSWORD)
}

/// 80 random bits in letters and digits.
fn random_password() -> String {
    let mut bytes = [0; 10];
    rand_core::Rng::fill_bytes(&mut rng(), &mut bytes);
    BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
}
