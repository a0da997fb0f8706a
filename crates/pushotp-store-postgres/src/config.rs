//! What is added to the caller's configuration, and what in it is refused.

use std::{net::IpAddr, time::Duration};

use tokio_postgres::{
    Config,
    config::{Host, SslMode, TargetSessionAttrs},
};

use crate::OpenError;

/// A connection on which nothing happens is looked after, so that a lost one is noticed before it is needed.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Without TLS: on this machine, or where the address says `sslmode=disable`.
pub(crate) fn require_local_or_disabled(config: &Config) -> Result<(), OpenError> {
    match config.get_ssl_mode() {
        SslMode::Disable => Ok(()),
        SslMode::Prefer if is_local(config) => Ok(()),
        _ => Err(OpenError::Tls),
    }
}

/// `prefer` goes without TLS if somebody in between says that the server has none; over a network it is `require`.
pub(crate) fn require_tls(config: &mut Config) {
    if config.get_ssl_mode() == SslMode::Prefer && !is_local(config) {
        config.ssl_mode(SslMode::Require);
    }
}

pub(crate) fn complete(config: &mut Config, timeout: Duration) {
    // Of several servers the one that is not a standby.
    config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    if config.get_application_name().is_none() {
        config.application_name("pushotp");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(timeout);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(timeout * 2);
    }
    if config.get_keepalives_idle() > KEEPALIVE {
        config.keepalives_idle(KEEPALIVE);
    }
}

/// Where an address is given beside the name, it decides where the connection goes.
fn is_local(config: &Config) -> bool {
    match config.get_hostaddrs() {
        [] => config.get_hosts().iter().all(is_local_host),
        addresses => addresses.iter().all(IpAddr::is_loopback),
    }
}

fn is_local_host(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// The address, whether it may go without TLS, and what is asked for where the caller brings TLS.
    const ADDRESSES: &[(&str, bool, SslMode)] = &[
        ("postgres://app@localhost/login", true, SslMode::Prefer),
        ("postgres://app@127.0.0.1:5433/login", true, SslMode::Prefer),
        ("postgres://app@[::1]/login", true, SslMode::Prefer),
        ("host=/run/postgresql user=app", true, SslMode::Prefer),
        ("host=db.example hostaddr=127.0.0.1 user=app", true, SslMode::Prefer),
        ("postgres://app@localhost/login?sslmode=require", false, SslMode::Require),
        ("postgres://app@db.example/login?sslmode=disable", true, SslMode::Disable),
        ("postgres://app@db.example/login", false, SslMode::Require),
        ("postgres://app@db.example/login?sslmode=prefer", false, SslMode::Require),
        ("postgres://app@db.example/login?sslmode=require", false, SslMode::Require),
        ("postgres://app@localhost,db.example/login", false, SslMode::Require),
        ("postgres://app@10.0.0.1/login", false, SslMode::Require),
        ("postgres://app@localhost.example/login", false, SslMode::Require),
        ("host=localhost hostaddr=10.0.0.1 user=app", false, SslMode::Require),
    ];

    #[test]
    fn nothing_leaves_the_machine_in_clear_unless_asked() {
        for (address, is_open, mode) in ADDRESSES {
            let mut config: Config = address.parse().unwrap();
            assert_eq!(require_local_or_disabled(&config).is_ok(), *is_open, "{address}");
            require_tls(&mut config);
            assert_eq!(config.get_ssl_mode(), *mode, "{address}");
        }
    }

    #[test]
    fn what_the_caller_chose_stays() {
        let mut config: Config =
            "host=localhost connect_timeout=1 application_name=login keepalives_idle=3".parse().unwrap();
        complete(&mut config, Duration::from_secs(5));
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(1)));
        assert_eq!(config.get_application_name(), Some("login"));
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(3));
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    }
}
