use core::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::address::is_public;

/// The most bytes of a URL: with the keys of a subscription it has to fit into a push address, 1024 bytes.
pub(crate) const MAX_URL: usize = 943;

/// Which endpoints are taken, for their URLs come from devices, so from an attacker who would like to make the server
/// knock at doors of its own network.
///
/// Always: `https`, and a host of the public internet. The name says little, so whoever connects has to ask
/// [`admits`](Self::admits) about the very IP address that it connects to; [`HttpTransport`](crate::HttpTransport) does.
///
/// ```
/// use pushotp_webpush::{Endpoint, EndpointError, EndpointRules};
///
/// let rules = EndpointRules::default();
/// assert!(Endpoint::parse("https://push.example.net/7", rules).is_ok());
/// let inside = Endpoint::parse("https://169.254.169.254/latest/meta-data", rules);
/// assert_eq!(inside.unwrap_err(), EndpointError::Forbidden);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndpointRules {
    loopback: bool,
}

impl EndpointRules {
    /// Takes the loopback interface too, and `http` there: for tests with a push service on the same machine.
    ///
    /// On a server it lets every user with a device reach what listens on that interface.
    ///
    /// ```
    /// use pushotp_webpush::{Endpoint, EndpointRules};
    ///
    /// let rules = EndpointRules::danger_allow_loopback();
    /// assert!(Endpoint::parse("http://127.0.0.1:8080/7", rules).is_ok());
    /// assert!(Endpoint::parse("http://push.example.net/7", rules).is_err()); // elsewhere nothing changes
    /// ```
    #[must_use]
    pub const fn danger_allow_loopback() -> Self {
        Self { loopback: true }
    }

    /// Whether a push service may have this IP address.
    ///
    /// ```
    /// use pushotp_webpush::EndpointRules;
    ///
    /// let rules = EndpointRules::default();
    /// assert!(rules.admits("93.184.216.34".parse()?));
    /// assert!(!rules.admits("::ffff:10.0.0.1".parse()?)); // a private address, written otherwise
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub fn admits(self, ip: IpAddr) -> bool {
        is_public(ip) || self.loopback && ip.to_canonical().is_loopback()
    }
}

/// The URL of a push service for one device.
///
/// Who knows it can push to the device, so it is not shown in `Debug`.
///
/// ```
/// use pushotp_webpush::{Endpoint, EndpointRules};
///
/// let endpoint = Endpoint::parse("https://Push.Example.net:8443/7?a=b", EndpointRules::default())?;
/// assert_eq!((endpoint.host(), endpoint.port(), endpoint.is_tls()), ("push.example.net", 8443, true));
/// assert_eq!((endpoint.origin(), endpoint.path()), ("https://push.example.net:8443".into(), "/7?a=b"));
/// # Ok::<(), pushotp_webpush::EndpointError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    tls: bool,
    /// Lower case; an IPv6 address without its brackets.
    host: String,
    port: u16,
    /// Path and query.
    path: String,
}

/// Why a URL is no endpoint.
///
/// ```
/// use pushotp_webpush::{Endpoint, EndpointError, EndpointRules};
///
/// let plain = Endpoint::parse("http://push.example.net/7", EndpointRules::default());
/// assert_eq!(plain.unwrap_err(), EndpointError::Scheme);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// More than 943 bytes.
    #[error("the endpoint is too long")]
    Length,
    /// Not `https`.
    #[error("the endpoint is not https")]
    Scheme,
    /// No host name and no IP address; user names are refused as well.
    #[error("the endpoint has no good host")]
    Host,
    /// Not from 1 to 65535.
    #[error("the endpoint has no good port")]
    Port,
    /// Characters that a path and a query do not have; fragments are refused as well.
    #[error("the endpoint has no good path")]
    Path,
    /// A host that is not of the public internet.
    #[error("the endpoint is not on the public internet")]
    Forbidden,
}

impl Endpoint {
    /// Reads a URL under these rules; nothing is resolved yet.
    ///
    /// # Errors
    /// [`EndpointError`], without the URL.
    ///
    /// ```
    /// use pushotp_webpush::{Endpoint, EndpointError, EndpointRules};
    ///
    /// let error = |url: &str| Endpoint::parse(url, EndpointRules::default()).unwrap_err();
    /// assert_eq!(error("https://localhost/7"), EndpointError::Forbidden);
    /// assert_eq!(error("https://push.example.net@10.0.0.1/"), EndpointError::Host);
    /// ```
    pub fn parse(url: &str, rules: EndpointRules) -> Result<Self, EndpointError> {
        if url.len() > MAX_URL {
            return Err(EndpointError::Length);
        }
        let (tls, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(EndpointError::Scheme),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
        if !path.bytes().all(is_path_byte) {
            return Err(EndpointError::Path);
        }
        let (host, port) = split_port(authority)?;
        let is_loopback = host.admitted(rules)?;
        if !tls && !is_loopback {
            return Err(EndpointError::Scheme);
        }
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { tls, host: host.text(), port, path })
    }

    /// The host in lower case; an IPv6 address without brackets.
    ///
    /// ```
    /// # use pushotp_webpush::{Endpoint, EndpointRules};
    /// let endpoint = Endpoint::parse("https://Push.Example.net/7?a=b", EndpointRules::default())?;
    /// assert_eq!(endpoint.host(), "push.example.net");
    /// # Ok::<(), pushotp_webpush::EndpointError>(())
    /// ```
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also if it is the scheme's own.
    ///
    /// ```
    /// # use pushotp_webpush::{Endpoint, EndpointRules};
    /// let endpoint = Endpoint::parse("https://Push.Example.net/7?a=b", EndpointRules::default())?;
    /// assert_eq!(endpoint.port(), 443);
    /// # Ok::<(), pushotp_webpush::EndpointError>(())
    /// ```
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is `https`; it always is, but for what [`EndpointRules::danger_allow_loopback`] lets in.
    ///
    /// ```
    /// # use pushotp_webpush::{Endpoint, EndpointRules};
    /// let endpoint = Endpoint::parse("https://Push.Example.net/7?a=b", EndpointRules::default())?;
    /// assert!(endpoint.is_tls());
    /// # Ok::<(), pushotp_webpush::EndpointError>(())
    /// ```
    #[must_use]
    pub const fn is_tls(&self) -> bool {
        self.tls
    }

    /// Path and query, beginning with a slash.
    ///
    /// ```
    /// # use pushotp_webpush::{Endpoint, EndpointRules};
    /// let endpoint = Endpoint::parse("https://Push.Example.net/7?a=b", EndpointRules::default())?;
    /// assert_eq!(endpoint.path(), "/7?a=b");
    /// # Ok::<(), pushotp_webpush::EndpointError>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Scheme, host and port, as RFC 6454 writes them.
    ///
    /// ```
    /// # use pushotp_webpush::{Endpoint, EndpointRules};
    /// let endpoint = Endpoint::parse("https://Push.Example.net/7?a=b", EndpointRules::default())?;
    /// assert_eq!(endpoint.origin(), "https://push.example.net");
    /// # Ok::<(), pushotp_webpush::EndpointError>(())
    /// ```
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }

    /// Host and port, as in the header `Host`.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let is_default = self.port == if self.tls { 443 } else { 80 };
        if is_default { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

enum Host {
    Ip(IpAddr),
    /// Lower case.
    Name(String),
}

impl Host {
    /// Whether it is the loopback interface, if the rules admit the host at all.
    fn admitted(&self, rules: EndpointRules) -> Result<bool, EndpointError> {
        let (is_loopback, is_admitted) = match self {
            Self::Ip(ip) => (ip.to_canonical().is_loopback(), rules.admits(*ip)),
            Self::Name(name) if name == "localhost" => (true, rules.loopback),
            Self::Name(name) => (false, is_public_name(name)),
        };
        if is_admitted { Ok(is_loopback) } else { Err(EndpointError::Forbidden) }
    }

    fn text(self) -> String {
        match self {
            Self::Ip(ip) => ip.to_string(),
            Self::Name(name) => name,
        }
    }
}

fn split_port(authority: &str) -> Result<(Host, Option<u16>), EndpointError> {
    let (host, rest) = if let Some(bracketed) = authority.strip_prefix('[') {
        let (ip, rest) = bracketed.split_once(']').ok_or(EndpointError::Host)?;
        (Host::Ip(IpAddr::V6(ip.parse::<Ipv6Addr>().map_err(|_| EndpointError::Host)?)), rest)
    } else {
        let (host, rest) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        (parse_host(host)?, rest)
    };
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        None => return Err(EndpointError::Host),
        Some(port) => Some(parse_port(port)?),
    };
    Ok((host, port))
}

fn parse_port(text: &str) -> Result<u16, EndpointError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_number).ok_or(EndpointError::Port)
}

fn parse_host(text: &str) -> Result<Host, EndpointError> {
    if let Ok(ip) = text.parse() {
        return Ok(Host::Ip(ip));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A last label that begins with a digit is a number to some resolvers: 127.1, 0x7f.1, 2130706433.
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_name = text.len() <= 253 && text.split('.').all(is_label) && !last.starts_with(|c: char| c.is_ascii_digit());
    if is_name { Ok(Host::Name(text.to_ascii_lowercase())) } else { Err(EndpointError::Host) }
}

/// Names that mean something within a network only. What connects checks the address, so this is for an early answer.
fn is_public_name(name: &str) -> bool {
    const INSIDE: [&str; 13] = [
        "arpa",
        "corp",
        "home",
        "internal",
        "intranet",
        "invalid",
        "lan",
        "local",
        "localdomain",
        "localhost",
        "onion",
        "private",
        "test",
    ];
    name.rsplit_once('.').is_some_and(|(_, last)| !INSIDE.contains(&last))
}

/// What RFC 3986 has in paths and queries.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte)
}
