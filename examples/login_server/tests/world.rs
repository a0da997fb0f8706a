//! A server, or several, on one store.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::Router;
use pushotp::{
    AccountId, AuditKind, KeyEncryptionKey, ServerPolicy, SoftwareKek,
    store::{DynStore, MemoryStore},
    types::UnixTime,
    wire::keys::ServerKey,
};

use crate::{
    app::{App, Shared, router},
    browser::Browser,
    demo,
    device_page::DevicePage,
    keys::Keys,
    phone::Phone,
    site::Site,
};

pub(crate) const START: u64 = 1_800_000_000;

pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<AtomicU64>,
    pub(crate) app: Shared,
    pub(crate) router: Router,
}

fn keys() -> Keys {
    let kek: Arc<dyn KeyEncryptionKey> = Arc::new(SoftwareKek::from_bytes([0xb7; 32]));
    Keys { server: ServerKey::from_bytes(&[0x3c; 32]), kek }
}

impl World {
    /// A server with the user of the demonstration, on a loopback address.
    pub(crate) async fn new() -> Self {
        Self::with(None).await
    }

    /// The same with a public address.
    pub(crate) async fn with(url: Option<&str>) -> Self {
        Self::on(Arc::default(), Arc::new(AtomicU64::new(START)), url).await
    }

    /// The same, on a loopback address, with the authenticator in a browser.
    pub(crate) async fn with_device_page(page: DevicePage) -> Self {
        Self::serving(Some(page), Arc::default(), (Arc::new(AtomicU64::new(START)), None)).await
    }

    pub(crate) async fn on(store: Arc<MemoryStore>, clock: Arc<AtomicU64>, url: Option<&str>) -> Self {
        Self::serving(None, store, (clock, url)).await
    }

    async fn serving(
        page: Option<DevicePage>,
        store: Arc<MemoryStore>,
        (clock, url): (Arc<AtomicU64>, Option<&str>),
    ) -> Self {
        let site = Site::new(([127, 0, 0, 1], 8088).into(), url).unwrap();
        let time = Arc::clone(&clock);
        let now = move || UnixTime::from_secs(time.load(Ordering::Relaxed));
        let dynamic: Arc<dyn DynStore> = Arc::<MemoryStore>::clone(&store);
        let app = App::new((dynamic, keys()), (site, page, ServerPolicy::default()), now, false).unwrap();
        let app = Arc::new(app);
        let _ = demo::prepare(&app).await.unwrap();
        Self { store, clock, router: router(Arc::clone(&app)), app }
    }

    /// A second server on the same store, or this one after a restart.
    pub(crate) async fn another(&self) -> Self {
        Self::on(Arc::clone(&self.store), Arc::clone(&self.clock), None).await
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.app.now()
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.router.clone(), "http://127.0.0.1:8088")
    }

    /// A browser whose user has typed the right password.
    pub(crate) async fn after_password(&self) -> Browser {
        let mut browser = self.browser();
        browser.get("/").await;
        let answer = browser.post("/sign-in", &[("user", "alice"), ("password", "wonderland")]).await;
        assert_eq!(answer.location(), "/choose");
        browser
    }

    /// The user's phone, enrolled through the pages.
    pub(crate) async fn phone(&self) -> Phone {
        let mut browser = self.after_password().await;
        let mut phone = Phone::scan(self, &mut browser).await;
        browser.get("/enrol").await;
        let answer = browser.post("/enrol/confirm", &[("answer", "match")]).await;
        assert_eq!(answer.location(), "/choose?enrolled");
        phone.confirm();
        phone
    }

    /// A browser that waits for the phone, and the number that it shows.
    pub(crate) async fn waiting(&self) -> (Browser, String) {
        let mut browser = self.after_password().await;
        browser.get("/choose").await;
        assert_eq!(browser.post("/send", &[]).await.location(), "/wait");
        let number = browser.get("/wait").await.number();
        (browser, number)
    }

    pub(crate) async fn events(&self) -> Vec<AuditKind> {
        let events = self.app.login.audit(&AccountId::new("alice").unwrap()).await.unwrap();
        events.iter().map(pushotp::AuditEvent::kind).collect()
    }

    pub(crate) async fn count(&self, kind: AuditKind) -> usize {
        self.events().await.iter().filter(|found| **found == kind).count()
    }
}
