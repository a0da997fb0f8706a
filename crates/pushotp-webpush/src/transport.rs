use core::{fmt, future::Future, time::Duration};

use crate::{Endpoint, EndpointRules, PushResponse};

/// A push message on its way: one HTTP request, `POST`.
///
/// ```
/// use pushotp_webpush::{PushRequest, PushResponse, Transport, TransportError};
///
/// /// Over the HTTP client of the reader's choice.
/// struct Client;
///
/// impl Transport for Client {
///     async fn send(&self, request: PushRequest) -> Result<PushResponse, TransportError> {
///         // Resolve `request.endpoint().host()`, connect to an address that `request.rules()` admit, follow no redirect.
///         let headers = request.headers(); // TTL, Urgency, Content-Encoding, Content-Type, Authorization
///         assert_eq!(headers[1], ("Urgency", "high".into()));
///         assert_eq!(request.body().len(), 614);
///         Ok(PushResponse::new(201, None))
///     }
/// }
/// # let _ = Client;
/// ```
pub struct PushRequest {
    pub(crate) endpoint: Endpoint,
    pub(crate) rules: EndpointRules,
    pub(crate) ttl: Duration,
    pub(crate) authorization: String,
    pub(crate) body: Vec<u8>,
}

impl PushRequest {
    /// Where to.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Which IP addresses may be connected to.
    #[must_use]
    pub const fn rules(&self) -> EndpointRules {
        self.rules
    }

    /// The headers of the message. None tells one message from another, but for the time to live.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 5] {
        [
            ("TTL", self.ttl.as_secs().to_string()),
            ("Urgency", "high".into()),
            ("Content-Encoding", "aes128gcm".into()),
            ("Content-Type", "application/octet-stream".into()),
            ("Authorization", self.authorization.clone()),
        ]
    }

    /// The encrypted message, at most 4096 bytes.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for PushRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushRequest").field("ttl", &self.ttl).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// Carries one HTTP request: the network, and TLS with it, is here.
///
/// [`HttpTransport`](crate::HttpTransport) is one that only lacks TLS. Who writes another over an HTTP client keeps to
/// this: the request goes to an IP address that its rules admit, decided on the address itself and not on the name, for a
/// name can mean another address at the next look; redirects are not followed; no cookie and no proxy of the environment
/// is used; response and time are bounded.
///
/// See [`PushRequest`] for an example.
pub trait Transport: Send + Sync {
    /// Sends a request, and tells how it was answered.
    ///
    /// # Errors
    /// [`TransportError`] if there is no answer.
    fn send(&self, request: PushRequest) -> impl Future<Output = Result<PushResponse, TransportError>> + Send;
}

/// Why there is no answer.
///
/// ```
/// assert_eq!(pushotp_webpush::TransportError::Failed.to_string(), "no answer from the push service");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The host has no IP address that the rules admit.
    #[error("the push service is not on the public internet")]
    Forbidden,
    /// No connection, no answer in time, or none that is HTTP.
    #[error("no answer from the push service")]
    Failed,
}
