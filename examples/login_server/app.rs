//! What every handler has at hand, and which handler answers what.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use getrandom::{SysRng, rand_core::UnwrapErr};
use pushotp::{LoginServer, ServerPolicy, ServerSetup, store::DynStore, types::TenantId, types::UnixTime};

use crate::{
    assets, choose, device,
    device_page::{self, DevicePage},
    enrol,
    failure::Failure,
    guard, home,
    keys::Keys,
    operator, passcode,
    passwords::Passwords,
    sealed::Entries,
    send, sign_in,
    site::Site,
    wait,
    wakes::Wakes,
};

pub(crate) struct App {
    pub(crate) login: LoginServer,
    pub(crate) entries: Entries,
    pub(crate) site: Site,
    /// The authenticator in a browser, if it was built.
    pub(crate) device_page: Option<DevicePage>,
    pub(crate) passwords: Passwords,
    pub(crate) wakes: Wakes,
    clock: Box<dyn Fn() -> UnixTime + Send + Sync>,
    verbose: bool,
}

/// The longest body of a request, in bytes: twice the longest message of a device.
const LONGEST_BODY: usize = 8192;

pub(crate) type Shared = Arc<App>;

/// The system's generator.
pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// The system's clock.
pub(crate) fn system_clock() -> UnixTime {
    UnixTime::from_secs(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

impl App {
    pub(crate) fn new(
        (store, keys): (Arc<dyn DynStore>, Keys),
        (site, device_page, policy): (Site, Option<DevicePage>, ServerPolicy),
        clock: impl Fn() -> UnixTime + Send + Sync + 'static,
        verbose: bool,
    ) -> Result<Self, Failure> {
        let login = LoginServer::new(ServerSetup {
            tenant: TenantId::new(b"intranet.example")?,
            url: site.device_url(),
            key: keys.server,
            kek: Arc::clone(&keys.kek),
            store: Arc::clone(&store),
            policy,
        });
        Ok(Self {
            login,
            entries: Entries { store, kek: keys.kek },
            site,
            device_page,
            passwords: Passwords::new()?,
            wakes: Wakes::default(),
            clock: Box::new(clock),
            verbose,
        })
    }

    pub(crate) fn now(&self) -> UnixTime {
        (self.clock)()
    }

    /// For whoever asked to see what happens.
    pub(crate) fn say(&self, what: impl FnOnce() -> String) {
        if self.verbose {
            eprintln!("login_server: {}", what());
        }
    }
}

/// All addresses of the server.
pub(crate) fn router(app: Shared) -> Router {
    let pages = Router::new()
        .route("/", get(sign_in::page))
        .route("/sign-in", post(sign_in::submit))
        .route("/sign-out", post(home::sign_out))
        .route("/enrol", get(enrol::page).post(enrol::offer))
        .route("/enrol/events", get(enrol::events))
        .route("/enrol/confirm", post(enrol::confirm))
        .route("/enrol/cancel", post(enrol::cancel))
        .route("/choose", get(choose::page))
        .route("/send", post(send::submit))
        .route("/wait", get(wait::page))
        .route("/wait/events", get(wait::events))
        .route("/cancel", post(send::cancel))
        .route("/passcode", get(passcode::page).post(passcode::submit))
        .route("/home", get(home::page))
        .route("/tokens/push", post(home::push))
        .route("/operator", get(operator::page))
        .route("/operator/sign-in", post(operator::sign_in))
        .route("/operator/sign-out", post(operator::sign_out))
        .route("/operator/push", post(operator::push))
        .route("/operator/unlock", post(operator::unlock))
        .route("/operator/phone", get(operator::phone::page).post(operator::phone::unlock))
        .route("/operator/events", get(operator::events))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard::same_site));
    Router::new()
        .merge(pages)
        .route("/push", post(device::receive))
        .route("/device", get(device_page::folder))
        .route("/device/", get(device_page::file))
        .route("/device/{*name}", get(device_page::file))
        .route("/style.css", get(assets::style))
        .route("/script.js", get(assets::script))
        .route("/icon.svg", get(assets::icon))
        .fallback(assets::not_found)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard::every_answer))
        .with_state(app)
}
