//! The server's own address, as browsers and devices know it.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, Uri, header};

use crate::failure::Failure;

/// Scheme, host and port: what a browser calls an origin.
#[derive(Debug)]
pub(crate) struct Site {
    /// `http` only where nothing leaves the machine.
    secure: bool,
    /// The host and port of each name that the server has.
    hosts: Vec<String>,
    /// A proxy stands in front: the peer's address is not the person's.
    proxied: bool,
}

impl Site {
    /// From the address that the server listens at, and the public one if there is one.
    pub(crate) fn new(listening: SocketAddr, url: Option<&str>) -> Result<Self, Failure> {
        let Some(url) = url else {
            if !listening.ip().is_loopback() {
                return Err("name the public address, which other machines see: --url https://…".into());
            }
            let hosts = vec![listening.to_string(), format!("localhost:{}", listening.port())];
            return Ok(Self { secure: false, hosts, proxied: false });
        };
        let uri: Uri = url.trim_end_matches('/').parse()?;
        let (Some(scheme), Some(host), "" | "/") = (uri.scheme_str(), uri.authority(), uri.path()) else {
            return Err("--url is https:// and a host, without a path".into());
        };
        let secure = scheme == "https";
        if !secure && !is_loopback(host.host()) {
            return Err("--url must be https: a proxy in front of this server does TLS".into());
        }
        Ok(Self { secure, hosts: vec![host.as_str().to_ascii_lowercase()], proxied: true })
    }

    /// Whether a request names this server: another name is somebody's who turned theirs to this address.
    pub(crate) fn is_host(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        host.is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
    }

    /// Whether a form was sent from a page of this server.
    pub(crate) fn is_own_form(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match (text("origin"), text("sec-fetch-site")) {
            (Some(origin), _) => self.hosts.iter().any(|host| format!("{}://{host}", self.scheme()) == origin),
            (None, site) => site == Some("same-origin"),
        }
    }

    pub(crate) const fn is_secure(&self) -> bool {
        self.secure
    }

    pub(crate) const fn is_proxied(&self) -> bool {
        self.proxied
    }

    /// The address of a path, for people.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme(), self.hosts.first().map_or("", String::as_str))
    }

    /// Where devices send their messages. An offer names `https` always; on a loopback address devices know better.
    pub(crate) fn device_url(&self) -> String {
        format!("https://{}/push", self.hosts.first().map_or("", String::as_str))
    }

    const fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
