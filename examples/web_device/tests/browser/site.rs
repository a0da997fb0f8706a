//! A login server with one user, which serves the page, too; and the browser that has it open.

use std::{
    cell::RefCell,
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
    AccountId, AuditKind, LoginRequest, LoginServer, LoginStart, LoginState, NewToken, ServerPolicy, ServerSetup,
    SoftwareKek, Started,
    provision::enrolment,
    store::MemoryStore,
    types::{EnrolmentId, TenantId, UnixTime},
    wire::keys::ServerKey,
};
use tokio::{net::TcpListener, runtime::Runtime};
use webdriver::{Browser, Options};

pub(crate) const PIN: &str = "271846";
pub(crate) const WRONG: &str = "271847";
pub(crate) const NEW: &str = "905317";

/// As README.md tells whoever serves the page.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; \
                      style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) struct Site {
    pub(crate) server: LoginServer,
    pub(crate) user: AccountId,
    pub(crate) url: String,
    files: HashMap<String, Vec<u8>>,
    /// The messages of devices that came.
    pub(crate) received: Mutex<Vec<Bytes>>,
    pub(crate) cut: Mutex<Option<Cut>>,
}

/// Where a line breaks, until it is mended.
#[derive(Clone, Copy)]
pub(crate) struct Cut {
    /// No message gets through once this is in the log.
    pub(crate) after: AuditKind,
    /// Whether the reply to that one still does.
    pub(crate) reply: bool,
}

/// A site, its runtime and a browser.
pub(crate) struct World {
    pub(crate) site: Arc<Site>,
    pub(crate) browser: Browser,
    port: u16,
    /// None while the server is down.
    runtime: RefCell<Option<Runtime>>,
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
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let host = format!("127.0.0.1:{port}");
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
        let site = Arc::new(Site { server, user, url, files, received: Mutex::default(), cut: Mutex::default() });
        serve(&runtime, listener, &site);
        browser.open(&site.url).unwrap();
        Some(Self { site, browser, port, runtime: RefCell::new(Some(runtime)) })
    }

    /// The server ends, with all its connections.
    pub(crate) fn stop(&self) {
        drop(self.runtime.take());
    }

    /// It is there again, with what it knew.
    pub(crate) fn go_on(&self) {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", self.port))).unwrap();
        serve(&runtime, listener, &self.site);
        self.runtime.replace(Some(runtime));
    }

    pub(crate) fn cut(&self, cut: Option<Cut>) {
        *self.site.cut.lock().unwrap() = cut;
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
        // In its first moments it takes no answer.
        self.browser.find("#deny:enabled").unwrap();
        let number = self.site.server.number(&started.ticket).unwrap();
        (started, number)
    }

    /// Approves a login with the token that has a PIN, and goes back to the list.
    pub(crate) fn approve(&self, pin: &str) -> bool {
        let (login, number) = self.login();
        self.enter("#number", &number);
        self.enter("#pin", pin);
        self.click("#approve");
        self.browser.find_text("#result-title", "Approved").unwrap();
        self.click("#back");
        self.redeem(&login)
    }

    pub(crate) fn state(&self, login: &Started) -> LoginState {
        block_on(self.site.server.login_state(&login.ticket, now())).unwrap()
    }

    pub(crate) fn redeem(&self, login: &Started) -> bool {
        block_on(self.site.server.redeem(&login.ticket, now(), &mut rng())).unwrap().is_some()
    }

    /// As soon as it can be clicked.
    pub(crate) fn click(&self, css: &str) {
        let element = self.browser.find(css).unwrap();
        wait_until("it is enabled", || element.is_enabled().unwrap());
        element.click().unwrap();
    }

    /// Types into an input, instead of what is there.
    pub(crate) fn enter(&self, css: &str, text: &str) {
        let input = self.browser.find(css).unwrap();
        input.clear().unwrap();
        input.enter(text).unwrap();
    }

    /// A picture in light and one in dark, as wide as a phone and as long as the page, kept beside the test's other files.
    /// Nothing may stand out at the side, and on a narrower phone neither.
    pub(crate) fn picture(&self, name: &str) {
        const WIDTHS: [u32; 2] = [320, 390];
        let measure = "const { scrollWidth, clientWidth, scrollHeight } = document.documentElement;
            return [scrollWidth - clientWidth, scrollHeight]";
        for (scheme, dark) in [("light", false), ("dark", true)] {
            self.browser.prefer_dark(dark).unwrap();
            for width in WIDTHS {
                self.browser.resize(width, 600).unwrap();
                let measured = self.browser.run(measure, &[]).unwrap();
                assert_eq!(measured[0], 0, "{name} is wider than {width} pixels");
                let length = measured[1].as_u64().and_then(|length| length.try_into().ok()).unwrap();
                self.browser.resize(width, length).unwrap();
            }
            let file = format!("web_device/{name}-{scheme}.png");
            self.browser.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(file)).unwrap();
        }
        self.browser.resize(420, 860).unwrap();
    }
}

fn serve(runtime: &Runtime, listener: TcpListener, site: &Arc<Site>) {
    let router = Router::new().route("/push", post(push)).fallback(file).with_state(Arc::clone(site));
    runtime.spawn(async { axum::serve(listener, router).await });
}

impl Site {
    /// Whether the line is broken; with the reply to what broke it, or only what came after.
    async fn is_cut(&self, replying: bool) -> bool {
        let Some(cut) = *self.cut.lock().unwrap() else { return false };
        let log = self.server.audit(&self.user).await.unwrap();
        !(replying && cut.reply) && log.iter().any(|event| event.kind() == cut.after)
    }
}

/// Takes a message of the device; a fetch that found nothing is held back for as long as the device wishes.
async fn push(State(site): State<Arc<Site>>, headers: HeaderMap, message: Bytes) -> Response {
    site.received.lock().unwrap().push(message.clone());
    if site.is_cut(false).await {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let prefer = headers["prefer"].to_str().unwrap().strip_prefix("wait=").unwrap().parse().unwrap();
    let until = Instant::now() + Duration::from_secs(prefer);
    loop {
        let received = site.server.receive(&message, now(), &mut rng()).await.unwrap();
        if site.is_cut(true).await {
            return StatusCode::BAD_GATEWAY.into_response();
        }
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
