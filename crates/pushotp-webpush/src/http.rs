//! HTTP/1.1 over a connection of its own for each request: small, bounded, and TLS is the caller's.

mod exchange;
mod stream;

use core::{fmt, time::Duration};
use std::{
    io,
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use futures_channel::oneshot;
pub use stream::{NoTls, Stream, TimedStream, Tls};

use crate::{PushRequest, PushResponse, Transport, TransportError};

/// How many requests may be on their way at once. A device can name a push service that answers slowly.
const MAX_OPEN: usize = 64;

/// Finds the IP addresses of a host.
///
/// ```
/// use std::net::SocketAddr;
/// use pushotp_webpush::{Resolve, SystemResolver};
///
/// let found = SystemResolver.resolve("127.0.0.1", 443)?;
/// assert_eq!(found, ["127.0.0.1:443".parse::<SocketAddr>().unwrap()]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Resolve: Send + Sync {
    /// All addresses of a host, as it is called in a URL, with this port.
    ///
    /// # Errors
    /// Whatever it was; it is told to nobody.
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The resolver of the operating system. It ends in a time of its own, not in that of the transport.
///
/// ```
/// # use pushotp_webpush::{Resolve, SystemResolver};
/// assert!(SystemResolver.resolve("::1", 443).is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok((host, port).to_socket_addrs()?.collect())
    }
}

impl<F: Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync> Resolve for F {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self(host, port)
    }
}

/// A transport that only lacks TLS: give it one of your choice.
///
/// Each request has a thread, a connection and a time of its own, at most 64 at once; what is beyond fails at once. The name
/// is resolved once, and the connection goes to one of the addresses found that the rules of the request admit, so a name
/// that means another address the next moment gains nothing. Redirects are not followed, the body of the answer is not
/// read, proxies of the environment are ignored. For many pushes a second write a [`Transport`] over a client that keeps its
/// connections.
///
/// ```
/// use core::time::Duration;
/// use pushotp_webpush::{HttpTransport, NoTls};
///
/// let transport = HttpTransport::new(NoTls, Duration::from_secs(10));
/// # let _ = transport;
/// ```
#[derive(Clone)]
pub struct HttpTransport {
    shared: Arc<Shared>,
}

struct Shared {
    tls: Box<dyn Tls>,
    resolver: Box<dyn Resolve>,
    timeout: Duration,
    open: AtomicUsize,
}

impl HttpTransport {
    /// A transport; from connecting to the end of the answer's head a request has `timeout`.
    #[must_use]
    pub fn new(tls: impl Tls + 'static, timeout: Duration) -> Self {
        Self::with_resolver(tls, SystemResolver, timeout)
    }

    /// The same with a resolver of your own.
    ///
    /// ```
    /// use core::time::Duration;
    /// use std::{io, net::SocketAddr};
    /// use pushotp_webpush::{HttpTransport, NoTls};
    ///
    /// let fixed = |_: &str, port: u16| -> io::Result<_> { Ok(vec![SocketAddr::from(([93, 184, 216, 34], port))]) };
    /// let transport = HttpTransport::with_resolver(NoTls, fixed, Duration::from_secs(10));
    /// # let _ = transport;
    /// ```
    #[must_use]
    pub fn with_resolver(tls: impl Tls + 'static, resolver: impl Resolve + 'static, timeout: Duration) -> Self {
        let (tls, resolver) = (Box::new(tls), Box::new(resolver));
        Self { shared: Arc::new(Shared { tls, resolver, timeout, open: AtomicUsize::new(0) }) }
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("timeout", &self.shared.timeout).finish_non_exhaustive()
    }
}

impl Transport for HttpTransport {
    async fn send(&self, request: PushRequest) -> Result<PushResponse, TransportError> {
        let slot = Slot::take(&self.shared).ok_or(TransportError::Failed)?;
        let (answer, answered) = oneshot::channel();
        let work = move || {
            let response = slot.0.exchange(&request);
            // The slot is free when the answer is told, also if nobody waits for it any more.
            drop(slot);
            let _ = answer.send(response);
        };
        thread::Builder::new().name("pushotp-webpush".into()).spawn(work).map_err(|_| TransportError::Failed)?;
        answered.await.unwrap_or(Err(TransportError::Failed))
    }
}

/// One of the requests that may be on their way.
struct Slot(Arc<Shared>);

impl Slot {
    fn take(shared: &Arc<Shared>) -> Option<Self> {
        let more = |open: usize| (open < MAX_OPEN).then_some(open + 1);
        shared.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Self(Arc::clone(shared)))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Shared {
    fn exchange(&self, request: &PushRequest) -> Result<PushResponse, TransportError> {
        let (host, port) = (request.endpoint().host(), request.endpoint().port());
        let found = self.resolver.resolve(host, port).map_err(|_| TransportError::Failed)?;
        let admitted: Vec<_> = found.into_iter().filter(|found| request.rules().admits(found.ip())).collect();
        if admitted.is_empty() {
            return Err(TransportError::Forbidden);
        }
        let deadline = Instant::now().checked_add(self.timeout).ok_or(TransportError::Failed)?;
        let stream = connect(&admitted, deadline).ok_or(TransportError::Failed)?;
        let stream = TimedStream::new(stream, deadline);
        let exchanged = if request.endpoint().is_tls() {
            self.tls.connect(host, stream).and_then(|mut stream| exchange::exchange(&mut *stream, request))
        } else {
            exchange::exchange(&mut { stream }, request)
        };
        exchanged.map_err(|_| TransportError::Failed)
    }
}

/// The first that answers. Each gets an equal part of what is left, so one that is silent does not take all of it.
fn connect(addresses: &[SocketAddr], deadline: Instant) -> Option<TcpStream> {
    addresses.iter().enumerate().find_map(|(tried, address)| {
        let left = deadline.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - tried).ok()?;
        TcpStream::connect_timeout(address, share).ok()
    })
}
