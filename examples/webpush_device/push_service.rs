//! A push service as a browser needs it, on loopback: what the makers of browsers run, made small.
//!
//! Two doors. The browser holds a WebSocket open and speaks the subprotocol `push-notification`, which Firefox speaks to the
//! service of its maker. A login server posts encrypted messages to endpoints: RFC 8030, with the signature of RFC 8292.
//! Everything is in memory.

mod book;
mod post;
mod socket;
mod vapid;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use book::Book;
use pushotp::types::UnixTime;
#[cfg(test)]
pub(crate) use socket::MAX_TEXT;

use crate::{http, listen};

/// The most bytes that a message has: what every push service takes, RFC 8030 section 7.2.
const MAX_MESSAGE: usize = 4096;

pub(crate) type Clock = Box<dyn Fn() -> UnixTime + Send + Sync>;

/// Runs until the program ends.
pub(crate) struct PushService {
    /// For browsers: `dom.push.serverURL`.
    pub(crate) socket_url: String,
    /// Of all endpoints.
    pub(crate) origin: String,
}

struct Service {
    origin: String,
    clock: Clock,
    book: Mutex<Book>,
}

impl Service {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> UnixTime {
        (self.clock)()
    }
}

impl PushService {
    pub(crate) fn start(clock: Clock) -> io::Result<Self> {
        let (sockets, posts) = (listen::bind()?, listen::bind()?);
        let origin = format!("http://{}", posts.local_addr()?);
        let socket_url = format!("ws://{}/", sockets.local_addr()?);
        let service = Arc::new(Service { origin: origin.clone(), clock, book: Mutex::default() });
        let posted = Arc::clone(&service);
        listen::serve(posts, move |stream| {
            http::exchange(stream, MAX_MESSAGE, |request| post::answer(&posted, request));
        });
        listen::serve(sockets, move |stream| socket::converse(&service, stream));
        Ok(Self { socket_url, origin })
    }
}
