use core::fmt;
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Instant,
};

/// A connection that bytes go over; every reader and writer is one.
///
/// ```
/// fn is_stream(_: &impl pushotp_webpush::Stream) {}
/// is_stream(&std::io::Cursor::new(Vec::new()));
/// ```
pub trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// TLS from the client's side, over a connection that is open already.
///
/// The crate has none of its own. With `rustls`, and a provider of your choice, it is this:
///
/// ```text
/// struct Rustls(Arc<rustls::ClientConfig>);
///
/// impl Tls for Rustls {
///     fn connect(&self, host: &str, stream: TimedStream) -> io::Result<Box<dyn Stream>> {
///         let name = rustls::pki_types::ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
///         let connection = rustls::ClientConnection::new(self.0.clone(), name).map_err(io::Error::other)?;
///         Ok(Box::new(rustls::StreamOwned::new(connection, stream)))
///     }
/// }
/// ```
pub trait Tls: Send + Sync {
    /// Proves that the other side is `host`, a name or an IP address, and encrypts.
    ///
    /// # Errors
    /// Whatever it was; it is told to nobody.
    fn connect(&self, host: &str, stream: TimedStream) -> io::Result<Box<dyn Stream>>;
}

/// No TLS: `https` fails. For tests on the loopback interface.
///
/// ```
/// use core::time::Duration;
/// let transport = pushotp_webpush::HttpTransport::new(pushotp_webpush::NoTls, Duration::from_secs(1));
/// # let _ = transport;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoTls;

impl Tls for NoTls {
    fn connect(&self, _: &str, _: TimedStream) -> io::Result<Box<dyn Stream>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A connection that ends at a set time, however the other side spreads its bytes.
///
/// What [`Tls::connect`] gets; there is no other way to one.
pub struct TimedStream {
    stream: TcpStream,
    deadline: Instant,
}

impl TimedStream {
    pub(super) const fn new(stream: TcpStream, deadline: Instant) -> Self {
        Self { stream, deadline }
    }

    /// What is left; a time-out of zero would mean none.
    fn left(&self) -> io::Result<core::time::Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for TimedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(buffer)
    }
}

impl Write for TimedStream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl fmt::Debug for TimedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimedStream").finish_non_exhaustive()
    }
}
