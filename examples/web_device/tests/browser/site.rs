//! A login server with one user, which serves the page, too; and the browser that has it open.

use std::{
    collections::HashMap,
    env, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use getrandom::{SysRng, rand_core::UnwrapErr};
use pollster::block_on;
use pushotp::{
    AccountId, LoginRequest, LoginServer, LoginStart, LoginState, NewToken, ServerPolicy, ServerSetup, SoftwareKek,
    Started,
    provision::enrolment,
    store::MemoryStore,
    types::{EnrolmentId, TenantId, UnixTime},
    wire::keys::ServerKey,
};
use tokio::runtime::Runtime;
use webdriver::{Browser, Options};

pub(crate) const PIN: &str = "271846";
pub(crate) const WRONG: &str = "271847";

/// As README.md tells whoever serves the page.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; \
                      style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) struct Site {
    pub(crate) server: LoginServer,
    pub(crate) user: AccountId,
    pub(crate) url: String,
    files: HashMap<String, Vec<u8>>,
    /// The messages of devices that came, with their length.
    pub(crate) received: Mutex<Vec<usize>>,
}

/// A site, its runtime and a browser.
pub(crate) struct World {
    pub(crate) site: Arc<Site>,
    pub(crate) browser: Browser,
    _runtime: Runtime,
}

pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

pub(crate) fn now() -> UnixTime {
    UnixTime::from_secs(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

/// The module as the script `build` leaves it; `None` where nobody has run that.
fn module() -> Option<Vec<u8>> {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../wasm32-unknown-unknown/web/web_device.wasm");
    let Ok(found) = fs::read(&built) else {
        webdriver::skip("the module is not built: examples/web_device/build");
        return None;
    };
    let age = |file: &Path| fs::metadata(file).and_then(|found| found.modified()).unwrap();
    for source in fs::read_dir(folder("src")).unwrap() {
        assert!(age(&source.unwrap().path()) <= age(&built), "the module is older than its source: build it again");
    }
    Some(found)
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files(module: Vec<u8>) -> HashMap<String, Vec<u8>> {
    let mut files = HashMap::from([("web_device.wasm".into(), module)]);
    for file in fs::read_dir(folder("web")).unwrap() {
        let path = file.unwrap().path();
        files.insert(path.file_name().unwrap().to_str().unwrap().into(), fs::read(&path).unwrap());
    }
    files
}

impl World {
    /// `None` where there is no browser or no module.
    pub(crate) fn start() -> Option<Self> {
        let files = files(module()?);
        let browser = Browser::start_or_skip(&Options::default())?;
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let host = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
        let server = LoginServer::new(ServerSetup {
            tenant: TenantId::new(b"example.com").unwrap(),
            url: format!("https://{host}/push"),
            key: ServerKey::generate(&mut rng()),
            kek: Arc::new(SoftwareKek::from_bytes([7; 32])),
            store: Arc::new(MemoryStore::new()),
            policy: ServerPolicy::default(),
        });
        let user = AccountId::new("alice").unwrap();
        block_on(server.add_account(&user)).unwrap();
        for token in [NewToken::new("Work").pin_protected().typed_by_hand(), NewToken::new("Everyday")] {
            block_on(server.add_token(&user, token, now(), &mut rng())).unwrap();
        }
        let url = format!("http://{host}/");
        let site = Arc::new(Site { server, user, url, files, received: Mutex::default() });
        let router = Router::new().route("/push", post(push)).fallback(file).with_state(Arc::clone(&site));
        runtime.spawn(async { axum::serve(listener, router).await });
        browser.open(&site.url).unwrap();
        Some(Self { site, browser, _runtime: runtime })
    }

    /// The same with the browser enrolled.
    pub(crate) fn enrolled() -> Option<Self> {
        let world = Self::start()?;
        let enrolment = world.enter_offer();
        world.confirm(enrolment);
        // From then on nothing on the page moves by itself.
        world.browser.find_text("#line", "connected").unwrap();
        Some(world)
    }

    /// Pastes the text of an offer, and waits for the code.
    pub(crate) fn enter_offer(&self) -> EnrolmentId {
        let offer = block_on(self.site.server.offer_enrolment(&self.site.user, now(), &mut rng())).unwrap();
        self.enter("#uri", &enrolment::write(&offer).unwrap());
        self.click("#enrol-form button");
        self.browser.find("#code").unwrap();
        offer.enrolment
    }

    pub(crate) fn confirm(&self, enrolment: EnrolmentId) {
        self.enter("#pin-1", PIN);
        self.enter("#pin-2", PIN);
        self.click("#match");
        self.browser.find("#home").unwrap();
        let enrolment = (&self.site.user, enrolment);
        block_on(self.site.server.confirm_enrolment(enrolment, true, now(), &mut rng())).unwrap();
    }

    /// Starts a login, and waits until the browser shows it.
    pub(crate) fn login(&self) -> (Started, String) {
        let request = LoginRequest::new("Intranet").place("Vienna, Austria").ip([192, 0, 2, 7].into());
        let request = request.client("Firefox on Linux");
        let start = block_on(self.site.server.start_login(&self.site.user, &request, now(), &mut rng())).unwrap();
        let LoginStart::Started(started) = start else { panic!("{start:?}") };
        self.browser.find("#login").unwrap();
        let number = self.site.server.number(&started.ticket).unwrap();
        (started, number)
    }

    pub(crate) fn state(&self, login: &Started) -> LoginState {
        block_on(self.site.server.login_state(&login.ticket, now())).unwrap()
    }

    pub(crate) fn redeem(&self, login: &Started) -> bool {
        block_on(self.site.server.redeem(&login.ticket, now(), &mut rng())).unwrap().is_some()
    }

    pub(crate) fn click(&self, css: &str) {
        self.browser.find(css).unwrap().click().unwrap();
    }

    /// Types into an input, instead of what is there.
    pub(crate) fn enter(&self, css: &str, text: &str) {
        let input = self.browser.find(css).unwrap();
        input.clear().unwrap();
        input.enter(text).unwrap();
    }

    /// A picture in light and one in dark, kept beside the test's other files.
    pub(crate) fn picture(&self, name: &str) {
        for (scheme, dark) in [("light", false), ("dark", true)] {
            self.browser.prefer_dark(dark).unwrap();
            let file = format!("web_device/{name}-{scheme}.png");
            self.browser.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(file)).unwrap();
        }
    }
}

/// Takes a message of the device; a fetch that found nothing is held back for as long as the device wishes.
async fn push(State(site): State<Arc<Site>>, headers: HeaderMap, message: Bytes) -> Response {
    site.received.lock().unwrap().push(message.len());
    let prefer = headers["prefer"].to_str().unwrap().strip_prefix("wait=").unwrap().parse().unwrap();
    let until = Instant::now() + Duration::from_secs(prefer);
    loop {
        let received = site.server.receive(&message, now(), &mut rng()).await.unwrap();
        if !received.is_idle() || Instant::now() > until {
            return match received.into_reply() {
                Ok(reply) => ([(header::CONTENT_TYPE, "application/cbor")], reply).into_response(),
                Err(_) => StatusCode::BAD_REQUEST.into_response(),
            };
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn file(State(site): State<Arc<Site>>, uri: Uri) -> Response {
    let name = uri.path().trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/wasm",
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
    ];
    site.files.get(name).map_or(StatusCode::NOT_FOUND.into_response(), |file| (headers, file.clone()).into_response())
}

/// Waits until something holds that the browser does by itself.
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}
