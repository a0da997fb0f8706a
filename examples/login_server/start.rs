//! From the command line to a server that listens.

use std::sync::Arc;

use tokio::net::TcpListener;

use crate::{
    app::{App, Shared, system_clock},
    demo,
    device_page::DevicePage,
    failure::Failure,
    keys::{self, Keys},
    options::Options,
    site::Site,
    store::open_store,
};

pub(crate) struct Ready {
    pub(crate) listener: TcpListener,
    pub(crate) app: Shared,
    /// The address, and what to do next.
    pub(crate) lines: [String; 2],
}

/// Opens everything; the keys after the store, which refuses a file that is none.
pub(crate) async fn start(options: Options) -> Result<Ready, Failure> {
    let listener = TcpListener::bind(options.listen).await?;
    let site = Site::new(listener.local_addr()?, options.url.as_deref())?;
    let device_page = DevicePage::find(options.device.as_deref())?;
    let store = open_store(&options.db).await?;
    let is_new = store.scan(None, 1).await?.is_empty();
    let keys = Keys::open(&keys::file_of(&options.db, options.keys)?, is_new)?;
    let app = Arc::new(App::new((store, keys), (site, device_page, options.policy), system_clock, options.verbose)?);
    let made = demo::prepare(&app).await?;
    let lines = [app.site.url("/"), demo::next_step(&app, made.as_ref())];
    Ok(Ready { listener, app, lines })
}
