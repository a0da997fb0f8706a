//! URLs and IP addresses that devices name.

use std::{cell::Cell, net::IpAddr};

use data_encoding::BASE64URL_NOPAD;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use pushotp_webpush::{Endpoint, EndpointError, EndpointRules, Subscription, SubscriptionError};
use pushotp_wire::terms::{PushAddress, PushKind};

use crate::fixture::{address, keys};

fn refused(url: &str) -> Option<EndpointError> {
    Endpoint::parse(url, EndpointRules::default()).err()
}

#[test]
fn urls_that_are_taken() {
    for (url, origin, path) in [
        ("https://push.example.net", "https://push.example.net", "/"),
        ("https://push.example.net?a", "https://push.example.net", "/?a"),
        ("https://push.example.net:443/7", "https://push.example.net", "/7"),
        ("https://PUSH.example.net:8443/7", "https://push.example.net:8443", "/7"),
        (
            "https://updates.push.services.mozilla.com/wpush/v2/gAAAA-_=",
            "https://updates.push.services.mozilla.com",
            "/wpush/v2/gAAAA-_=",
        ),
        ("https://fcm.googleapis.com/fcm/send/c:APA91b", "https://fcm.googleapis.com", "/fcm/send/c:APA91b"),
        ("https://xn--bcher-kva.example/7?x=%20/?@", "https://xn--bcher-kva.example", "/7?x=%20/?@"),
        ("https://93.184.216.34/7", "https://93.184.216.34", "/7"),
        ("https://[2606:2800:220::1]:65535/7", "https://[2606:2800:220::1]:65535", "/7"),
        ("https://1and1.com/", "https://1and1.com", "/"),
    ] {
        let endpoint = Endpoint::parse(url, EndpointRules::default()).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!((endpoint.origin().as_str(), endpoint.path()), (origin, path), "{url}");
    }
}

/// One defect each.
#[test]
fn urls_that_are_refused() {
    use EndpointError::{Forbidden, Host, Path, Port, Scheme};
    for (url, error) in [
        ("", Scheme),
        ("push.example.net", Scheme),
        ("http://push.example.net/", Scheme),
        ("HTTPS://push.example.net/", Scheme),
        (" https://push.example.net/", Scheme),
        ("https:/push.example.net/", Scheme),
        ("file:///etc/passwd", Scheme),
        ("gopher://push.example.net/", Scheme),
        ("https://", Host),
        ("https:///7", Host),
        ("https://:443/7", Host),
        ("https://user@push.example.net/", Host),
        ("https://push.example.net:443@10.0.0.1/", Port),
        ("https://push.example.net\t/", Host),
        ("https://push example.net/", Host),
        ("https://push.example.net./", Host),
        ("https://push..example.net/", Host),
        ("https://-push.example.net/", Host),
        ("https://push_.example.net/", Host),
        ("https://b\u{fc}cher.example/", Host),
        ("https://push\u{3002}example.net/", Host),
        ("https://%31%30.0.0.1/", Host),
        ("https://[::1/", Host),
        ("https://[fe80::1%25eth0]/", Host),
        ("https://[2606:2800:220::1]x/", Host),
        ("https://push.example.net:/", Port),
        ("https://push.example.net:0/", Port),
        ("https://push.example.net:0443/", Port),
        ("https://push.example.net:+443/", Port),
        ("https://push.example.net:65536/", Port),
        ("https://push.example.net:443:443/", Port),
        ("https://push.example.net/#fragment", Path),
        ("https://push.example.net#@10.0.0.1/", Path),
        ("https://push.example.net\\@10.0.0.1/", Path),
        ("https://push.example.net/a b", Path),
        ("https://push.example.net/\r\nHost: 10.0.0.1", Path),
        ("https://push.example.net/\0", Path),
        ("https://push.example.net/\u{fc}", Path),
        ("https://push.example.net/\"", Path),
        // Numbers that some resolvers read as an IPv4 address.
        ("https://2130706433/", Host),
        ("https://0x7f000001/", Host),
        ("https://017700000001/", Host),
        ("https://127.1/", Host),
        ("https://0x7f.0.0.1/", Host),
        ("https://0177.0.0.1/", Host),
        ("https://127.0.0.1.5/", Host),
        // Names of the inside.
        ("https://localhost/", Forbidden),
        ("https://LOCALHOST:8443/", Forbidden),
        ("https://a.localhost/", Forbidden),
        ("https://printer.local/", Forbidden),
        ("https://metadata.google.internal/", Forbidden),
        ("https://router.lan/", Forbidden),
        ("https://1.0.0.127.in-addr.arpa/", Forbidden),
        ("https://intranet/", Forbidden),
        // Addresses of the inside.
        ("https://127.0.0.1/", Forbidden),
        ("https://169.254.169.254/latest/meta-data", Forbidden),
        ("https://[::1]/", Forbidden),
        ("https://[::ffff:127.0.0.1]/", Forbidden),
        ("https://[::ffff:7f00:1]/", Forbidden),
        ("https://[fd00:ec2::254]/", Forbidden),
    ] {
        assert_eq!(refused(url), Some(error), "{url:?}");
    }
}

#[test]
fn lengths_are_bounded() {
    let url = |length: usize| format!("https://push.example.net/{}", "a".repeat(length - 25));
    assert_eq!((refused(&url(943)), refused(&url(944))), (None, Some(EndpointError::Length)));
    assert_eq!(address(&url(943)).addr().len(), 1024);
    let host = |length: usize| format!("https://{}.example.net/", "a".repeat(length));
    assert_eq!((refused(&host(63)), refused(&host(64))), (None, Some(EndpointError::Host)));
}

/// First and last address of each block, and its neighbours.
#[test]
fn addresses_that_are_not_of_the_public_internet() {
    for (first, last) in [
        ("0.0.0.0", "0.255.255.255"),
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"),
        ("192.0.2.0", "192.0.2.255"),
        ("192.88.99.0", "192.88.99.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"),
        ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "255.255.255.255"),
        ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ] {
        let [first, last] = [first, last].map(|ip| ip.parse::<IpAddr>().unwrap());
        for ip in [first, last] {
            assert!(!EndpointRules::default().admits(ip), "{ip}");
        }
        let neighbours: [Option<IpAddr>; 2] = match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => [
                first.to_bits().checked_sub(1).map(|bits| std::net::Ipv4Addr::from_bits(bits).into()),
                last.to_bits().checked_add(1).map(|bits| std::net::Ipv4Addr::from_bits(bits).into()),
            ],
            (IpAddr::V6(first), IpAddr::V6(last)) => [
                first.to_bits().checked_sub(1).map(|bits| std::net::Ipv6Addr::from_bits(bits).into()),
                last.to_bits().checked_add(1).map(|bits| std::net::Ipv6Addr::from_bits(bits).into()),
            ],
            _ => unreachable!("two versions"),
        };
        for ip in neighbours.into_iter().flatten() {
            assert!(EndpointRules::default().admits(ip), "{ip}, next to {first} or {last}");
        }
    }
}

/// An IPv4 address in the clothes of IPv6 is what it is.
#[test]
fn addresses_within_addresses() {
    for (ip, is_public) in [
        ("::ffff:93.184.216.34", true),
        ("::ffff:10.0.0.1", false),
        ("::10.0.0.1", false),
        ("::93.184.216.34", false), // long void
        ("64:ff9b::93.184.216.34", true),
        ("64:ff9b::10.0.0.1", false),
        ("64:ff9b::169.254.169.254", false),
        ("64:ff9b:1::93.184.216.34", false), // for use within a network
        ("2002:5db8:d822::1", false),
        ("fe80::1", false),
        ("fc00::1", false),
        ("ff02::1", false),
        ("2606:2800:220::1", true),
    ] {
        assert_eq!(EndpointRules::default().admits(ip.parse().unwrap()), is_public, "{ip}");
    }
}

#[test]
fn loopback_is_all_that_the_danger_lets_in() {
    let rules = EndpointRules::danger_allow_loopback();
    for url in [
        "http://127.0.0.1/",
        "http://127.255.255.255:8080/",
        "http://[::1]:1/",
        "http://localhost:80/",
        "https://localhost/",
        "http://[::ffff:127.0.0.1]/",
    ] {
        assert!(Endpoint::parse(url, rules).is_ok(), "{url}");
        assert!(Endpoint::parse(url, EndpointRules::default()).is_err(), "{url}");
    }
    for url in [
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "http://push.example.net/",
        "https://a.localhost/",
        "https://[fe80::1]/",
    ] {
        assert!(Endpoint::parse(url, rules).is_err(), "{url}");
    }
    assert_eq!(Endpoint::parse("http://127.0.0.1/", rules).unwrap().origin(), "http://127.0.0.1");
}

#[test]
fn push_addresses_that_are_no_subscription() {
    let good = address("https://push.example.net/7").addr().to_vec();
    let read = |bytes: Vec<u8>| {
        let address = PushAddress::new(PushKind::WebPush, bytes).unwrap();
        Subscription::from_push_address(&address, EndpointRules::default())
            .map(|subscription| subscription.to_push_address())
    };
    assert_eq!(read(good.clone()), Ok(PushAddress::new(PushKind::WebPush, good.clone())));
    for (length, error) in
        [(0, SubscriptionError::Length), (64, SubscriptionError::Length), (80, SubscriptionError::Length)]
    {
        assert_eq!(read(good[..length].to_vec()), Err(error), "{length}");
    }
    assert_eq!(read(good[..81].to_vec()), Err(SubscriptionError::Endpoint(EndpointError::Scheme)));
    let with = |place: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[place] = byte;
        read(bytes)
    };
    assert_eq!(with(0, 2), Err(SubscriptionError::Key), "compressed");
    assert_eq!(with(0, 0), Err(SubscriptionError::Key), "the point at infinity");
    assert_eq!(with(64, good[64] ^ 1), Err(SubscriptionError::Key), "not on the curve");
    assert_eq!(with(100, 0xff), Err(SubscriptionError::Endpoint(EndpointError::Path)), "not text");

    let endpoint = || Endpoint::parse("https://push.example.net/7", EndpointRules::default()).unwrap();
    let new = |key: &[u8], auth: &[u8]| Subscription::new(endpoint(), key, auth).map(|_| ());
    assert_eq!(new(&good[..65], &good[65..81]), Ok(()));
    assert_eq!(new(&good[..64], &good[65..81]), Err(SubscriptionError::Key));
    assert_eq!(new(&good[..65], &good[65..80]), Err(SubscriptionError::Auth));
    assert_eq!(new(&good[..65], &good[65..82]), Err(SubscriptionError::Auth));
    assert_eq!(keys().subscription(endpoint()), Subscription::new(endpoint(), &good[..65], &good[65..81]).unwrap());
}

/// Host names, numbers in the form of addresses, and noise; then perhaps a port, then perhaps a path.
fn urls() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        r"([a-zA-Z0-9-]{1,5}\.){1,3}[a-zA-Z0-9]{1,4}",
        r"[0-9]{1,3}(\.[0-9]{1,3}){3}",
        r"[a-z0-9.:@\[\]-]{1,20}",
    ];
    (host, "(:[0-9]{1,5})?", "(/[ -~]{0,4})?").prop_map(|(host, port, path)| format!("https://{host}{port}{path}"))
}

#[test]
fn the_texts_of_a_browser() {
    let good = address("https://push.example.net/7");
    let [key, auth] = [&good.addr()[..65], &good.addr()[65..81]].map(|bytes| BASE64URL_NOPAD.encode(bytes));
    let url = "https://push.example.net/7";
    let read = |url: &str, key: &str, auth: &str| {
        Subscription::from_browser(url, (key, auth), EndpointRules::default())
            .map(|read| read.to_push_address().unwrap())
    };
    assert_eq!(read(url, &key, &auth), Ok(good));
    for bad in ["", " ", &format!("{key}="), &format!("{}+", &key[..86]), &key[1..], "B\u{e4}", &auth] {
        assert_eq!(read(url, bad, &auth), Err(SubscriptionError::Key), "{bad}");
    }
    for bad in ["", &format!("{auth}=="), &auth[..20], &format!("{auth}AA"), "!", &key] {
        assert_eq!(read(url, &key, bad), Err(SubscriptionError::Auth), "{bad}");
    }
    let inside = read("https://10.0.0.1/7", &key, &auth);
    assert_eq!(inside, Err(SubscriptionError::Endpoint(EndpointError::Forbidden)));
}

/// What is taken prints back to itself, and another reader of URLs sees the same host, port and no more.
#[test]
fn another_reader_sees_the_same() {
    let taken = Cell::new(0);
    let law = |url: String| {
        let Ok(endpoint) = Endpoint::parse(&url, EndpointRules::default()) else { return Ok(()) };
        taken.set(taken.get() + 1);
        let printed = format!("{}{}", endpoint.origin(), endpoint.path());
        prop_assert_eq!(&Endpoint::parse(&printed, EndpointRules::default()), &Ok(endpoint.clone()));
        let other = url::Url::parse(&url).unwrap();
        prop_assert_eq!(other.host_str().unwrap().trim_matches(['[', ']']), endpoint.host());
        prop_assert_eq!(other.port_or_known_default(), Some(endpoint.port()));
        prop_assert!(other.username().is_empty() && other.password().is_none() && other.fragment().is_none());
        Ok(())
    };
    let config = Config { cases: 2000, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&urls(), law).unwrap();
    assert!(taken.get() > 100, "only {} were taken", taken.get());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(url in any::<String>(), tail in any::<String>()) {
        let _ = Endpoint::parse(&url, EndpointRules::danger_allow_loopback());
        let _ = Endpoint::parse(&format!("https://{tail}"), EndpointRules::danger_allow_loopback());
    }
}
