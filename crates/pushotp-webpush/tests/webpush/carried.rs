//! What arrives at a push service, and what each of its answers means.

use std::time::Duration;

use pollster::block_on;
use pushotp_webpush::{EndpointRules, Opened, Subscription};
use pushotp_wire::{
    notify::{DynNotifier, NotifyError, PushMessage, Sending},
    terms::{PushAddress, PushKind},
};

use crate::fixture::{Asked, CREATED, NOW, Service, address, identity, keys, notify, on_loopback, rng};

#[test]
fn a_challenge_arrives_and_only_the_device_can_read_it() {
    let service = Service::answering(CREATED);
    assert_eq!(notify(&on_loopback(), &address(&service.url()), PushMessage::Sealed(b"an envelope")), Ok(()));
    let [asked] = &service.asked()[..] else { panic!("one request") };
    assert_eq!(keys().open(&asked.body).unwrap(), Opened::Sealed(b"an envelope".to_vec()));
    assert!(!asked.body.windows(8).any(|window| window == b"envelope"));
    let stranger = pushotp_webpush::SubscriptionKeys::from_bytes(&[9; 48]).unwrap();
    assert!(stranger.open(&asked.body).is_err());
}

#[test]
fn the_request_has_these_headers_and_no_others() {
    let service = Service::answering(CREATED);
    notify(&on_loopback(), &address(&service.url()), PushMessage::WakeUp).unwrap();
    let [asked] = &service.asked()[..] else { panic!("one request") };
    let authorization = asked.header("Authorization").unwrap();
    let expected = format!(
        "POST /push/7?a=b HTTP/1.1\r\nHost: {}\r\nTTL: 120\r\nUrgency: high\r\nContent-Encoding: aes128gcm\r\n\
         Content-Type: application/octet-stream\r\nAuthorization: {authorization}\r\nContent-Length: 614\r\n\
         Connection: close\r\n\r\n",
        service.at
    );
    assert_eq!(asked.head, expected);
    let key = format!(", k={}", identity().0.application_server_key());
    assert!(authorization.starts_with("vapid t=") && authorization.ends_with(&key));
}

#[test]
fn a_wake_up_looks_like_a_challenge() {
    let service = Service::answering(CREATED);
    let (push, to) = (on_loopback(), address(&service.url()));
    notify(&push, &to, PushMessage::WakeUp).unwrap();
    notify(&push, &to, PushMessage::Sealed(&[7; 384])).unwrap();
    let [wake_up, challenge] = &service.asked()[..] else { panic!("two requests") };
    assert_eq!(wake_up.head, challenge.head);
    assert_eq!(wake_up.body.len(), challenge.body.len());
    assert_eq!(keys().open(&wake_up.body).unwrap(), Opened::WakeUp);
}

/// Salt and key pair are used once.
#[test]
fn the_same_message_never_looks_the_same() {
    let service = Service::answering(CREATED);
    for _ in 0..2 {
        notify(&on_loopback(), &address(&service.url()), PushMessage::Sealed(b"an envelope")).unwrap();
    }
    let [first, second] = &service.asked()[..] else { panic!("two requests") };
    let parts = |asked: &Asked| (asked.body[..16].to_vec(), asked.body[21..86].to_vec());
    assert_ne!(parts(first).0, parts(second).0, "salt");
    assert_ne!(parts(first).1, parts(second).1, "public key");
}

#[test]
fn each_answer_is_told() {
    for (status, headers, expected) in [
        ("200 OK", "", Ok(())),
        ("201 Created", "", Ok(())),
        ("202 Accepted", "", Ok(())),
        ("404 Not Found", "", Err(NotifyError::Gone)),
        ("410 Gone", "", Err(NotifyError::Gone)),
        ("413 Content Too Large", "", Err(NotifyError::TooLarge)),
        ("429 Too Many Requests", "Retry-After: 30\r\n", Err(NotifyError::RetryAfter(Duration::from_secs(30)))),
        ("429 Too Many Requests", "", Err(NotifyError::Transient)),
        (
            "503 Service Unavailable",
            "Retry-After: Fri, 15 Jan 2027 08:01:00 GMT\r\n", // NOW is 08:00:00
            Err(NotifyError::RetryAfter(Duration::from_secs(60))),
        ),
        ("400 Bad Request", "", Err(NotifyError::Permanent)),
        ("401 Unauthorized", "", Err(NotifyError::Permanent)),
        ("403 Forbidden", "", Err(NotifyError::Permanent)),
        ("500 Internal Server Error", "", Err(NotifyError::Transient)),
        ("502 Bad Gateway", "", Err(NotifyError::Transient)),
    ] {
        let service = Service::answering(format!("HTTP/1.1 {status}\r\n{headers}\r\n").as_bytes());
        let told = notify(&on_loopback(), &address(&service.url()), PushMessage::Sealed(b"an envelope"));
        assert_eq!(told, expected, "{status}");
        assert_eq!(service.asked().len(), 1, "{status}: asked once");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let other = Service::answering(CREATED);
        let service = Service::answering(format!("HTTP/1.1 {status}\r\nLocation: {}\r\n\r\n", other.url()).as_bytes());
        let told = notify(&on_loopback(), &address(&service.url()), PushMessage::WakeUp);
        assert_eq!((told, other.asked().len()), (Err(NotifyError::Permanent), 0), "{status}");
    }
}

#[test]
fn what_cannot_fit_is_too_large_before_it_is_sent() {
    let service = Service::answering(CREATED);
    let (push, to) = (on_loopback(), address(&service.url()));
    assert_eq!(notify(&push, &to, PushMessage::Sealed(&[7; 3994])), Err(NotifyError::TooLarge));
    assert_eq!(notify(&push, &to, PushMessage::Sealed(&[7; 3993])), Ok(()));
    let [asked] = &service.asked()[..] else { panic!("one request") };
    assert_eq!(asked.body.len(), 4096);
    assert_eq!(keys().open(&asked.body).unwrap(), Opened::Sealed(vec![7; 3993]));
}

#[test]
fn an_address_of_another_kind_is_not_served() {
    let web = address("https://push.example.net/7");
    for kind in [PushKind::Poll, PushKind::Apns, PushKind::Fcm, PushKind::Wns] {
        let to = PushAddress::new(kind, web.addr().to_vec()).unwrap();
        assert_eq!(notify(&on_loopback(), &to, PushMessage::WakeUp), Err(NotifyError::Permanent));
    }
    assert!(Subscription::from_push_address(&web, EndpointRules::default()).is_ok());
}

#[test]
fn it_is_carried_by_a_notifier_of_unknown_type_on_any_thread() {
    let service = Service::answering(CREATED);
    let (push, to, mut rng): (Box<dyn DynNotifier>, _, _) = (Box::new(on_loopback()), address(&service.url()), rng());
    let handed = std::thread::spawn(move || {
        let sending = Sending { ttl: Duration::ZERO, now: NOW, rng: &mut rng };
        block_on(push.notify(&to, PushMessage::WakeUp, sending))
    });
    assert_eq!(handed.join().unwrap(), Ok(()));
    assert_eq!(service.asked()[0].header("TTL"), Some("0"));
}
