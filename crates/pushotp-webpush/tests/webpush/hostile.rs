//! Push services that do harm: each test ends only if the transport does.

use std::{
    io::{self, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use pushotp_webpush::{EndpointRules, HttpTransport, NoTls, Stream, TimedStream, Tls, WebPush};
use pushotp_wire::notify::{NotifyError, PushMessage};

use crate::fixture::{Asked, CREATED, PATIENT, Service, address, identity, notify, on_loopback};

const SHORT: Duration = Duration::from_millis(200);

fn in_short() -> WebPush<HttpTransport> {
    WebPush::new(HttpTransport::new(NoTls, SHORT), identity(), EndpointRules::danger_allow_loopback())
}

fn told(push: &WebPush<HttpTransport>, service: &Service) -> Result<(), NotifyError> {
    notify(push, &address(&service.url()), PushMessage::WakeUp)
}

#[test]
fn a_body_without_end_is_not_read() {
    let service = Service::with(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 18446744073709551615\r\n\r\n");
        while stream.write_all(&[b'a'; 4096]).is_ok() {}
    });
    assert_eq!(told(&on_loopback(), &service), Ok(()));
}

#[test]
fn a_head_without_end_is_cut_off() {
    let service = Service::with(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 201 Created\r\nX: ");
        while stream.write_all(&[b'a'; 4096]).is_ok() {}
    });
    assert_eq!(told(&on_loopback(), &service), Err(NotifyError::Transient));
    let service = Service::with(|stream| while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").is_ok() {});
    assert_eq!(told(&on_loopback(), &service), Err(NotifyError::Transient), "interim answers");
}

/// Each byte comes in time; all of them do not.
#[test]
fn a_head_that_drips_has_the_time_of_the_whole() {
    let service = Service::with(|stream| {
        while stream.write_all(b"H").is_ok() {
            thread::sleep(SHORT / 10);
        }
    });
    assert_eq!(told(&in_short(), &service), Err(NotifyError::Transient));
    let service = Service::with(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 201 Created\r\nX: ");
        while stream.write_all(b"a").is_ok() {
            thread::sleep(SHORT / 10);
        }
    });
    assert_eq!(told(&in_short(), &service), Err(NotifyError::Transient));
}

#[test]
fn silence_and_a_closed_door_are_transient() {
    let service = Service::with(|_| thread::sleep(PATIENT));
    assert_eq!(told(&in_short(), &service), Err(NotifyError::Transient));
    let service = Service::with(|_| {});
    assert_eq!(told(&on_loopback(), &service), Err(NotifyError::Transient));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let to = address(&format!("http://{closed}/7"));
    assert_eq!(notify(&on_loopback(), &to, PushMessage::WakeUp), Err(NotifyError::Transient));
}

#[test]
fn what_is_not_http_is_transient() {
    for answer in
        [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"\0\0\0\0", b"HTTP/1.1 20", b"HTTP/2 201\r\n\r\n", b"HTTP/1.1 -1 \r\n\r\n"]
    {
        assert_eq!(told(&on_loopback(), &Service::answering(answer)), Err(NotifyError::Transient), "{answer:?}");
    }
}

#[test]
fn a_giant_pause_is_a_day() {
    let nines = "9".repeat(7000);
    for value in ["86401", "18446744073709551616", &nines, "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let service = Service::answering(format!("HTTP/1.1 429 No\r\nRetry-After: {value}\r\n\r\n").as_bytes());
        let day = NotifyError::RetryAfter(Duration::from_secs(86_400));
        assert_eq!(told(&on_loopback(), &service), Err(day), "{value}");
    }
}

/// 64 that hang: one more fails at once, and when they are through there is room again.
#[test]
fn slow_services_take_a_bounded_number_of_threads() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = address(&format!("http://{}/7", listener.local_addr().unwrap()));
    let push = Arc::new(on_loopback());
    let (accepted, all_hang) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            Asked::read(&mut stream);
            held.push(stream);
            if held.len() == 64 {
                accepted.send(()).unwrap();
                released.recv().unwrap();
            }
            if held.len() >= 64 {
                for stream in &mut held {
                    drop(stream.write_all(CREATED));
                }
            }
        }
    });
    let pushes: Vec<_> = (0..64)
        .map(|_| {
            let (push, to) = (Arc::clone(&push), to.clone());
            thread::spawn(move || notify(&push, &to, PushMessage::WakeUp))
        })
        .collect();
    all_hang.recv().unwrap();
    assert_eq!(notify(&push, &to, PushMessage::WakeUp), Err(NotifyError::Transient));
    release.send(()).unwrap();
    assert!(pushes.into_iter().all(|push| push.join().unwrap() == Ok(())));
    assert_eq!(notify(&push, &to, PushMessage::WakeUp), Ok(()));
}

/// TLS that encrypts nothing, to see where connections go.
struct Plain(mpsc::Sender<String>);

impl Tls for Plain {
    fn connect(&self, host: &str, stream: TimedStream) -> io::Result<Box<dyn Stream>> {
        self.0.send(host.to_owned()).unwrap();
        Ok(Box::new(stream))
    }
}

/// What a name is said to mean: these addresses, and how often it was asked.
fn resolving(found: Vec<SocketAddr>, asked: Arc<AtomicUsize>) -> impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> {
    move |_, _| {
        asked.fetch_add(1, Ordering::SeqCst);
        Ok(found.clone())
    }
}

fn push_to(found: Vec<SocketAddr>, rules: EndpointRules) -> (Result<(), NotifyError>, usize, Vec<String>) {
    let ((tls, hosts), asked) = (mpsc::channel(), Arc::new(AtomicUsize::new(0)));
    let resolver = resolving(found, Arc::clone(&asked));
    let transport = HttpTransport::with_resolver(Plain(tls), resolver, PATIENT);
    let push = WebPush::new(transport, identity(), rules);
    let told = notify(&push, &address("https://push.example.net/7"), PushMessage::WakeUp);
    (told, asked.load(Ordering::SeqCst), hosts.try_iter().collect())
}

/// The name is harmless, and what it means is not: the address decides.
#[test]
fn a_good_name_that_means_the_inside_is_not_connected_to() {
    let service = Service::answering(CREATED);
    let v6 = SocketAddr::from((std::net::Ipv4Addr::LOCALHOST.to_ipv6_mapped(), service.at.port()));
    for inside in [service.at, v6, "10.0.0.1:443".parse().unwrap(), "169.254.169.254:80".parse().unwrap()] {
        let (told, _, hosts) = push_to(vec![inside], EndpointRules::default());
        assert_eq!((told, hosts.len()), (Err(NotifyError::Permanent), 0), "{inside}");
    }
    assert_eq!(push_to(Vec::new(), EndpointRules::default()).0, Err(NotifyError::Permanent));
    assert!(service.asked().is_empty());

    // The control: the same name is connected to where the rules admit the address.
    let (told, _, hosts) = push_to(vec![service.at], EndpointRules::danger_allow_loopback());
    assert_eq!((told, hosts), (Ok(()), vec!["push.example.net".to_owned()]));
    assert_eq!(service.asked()[0].header("Host"), Some("push.example.net"));
}

/// A name that changes its meaning between the look and the connection: there is one look.
#[test]
fn the_address_that_was_looked_at_is_the_one_that_is_connected_to() {
    let service = Service::answering(CREATED);
    let private = "10.0.0.1:443".parse().unwrap();
    let (told, looks, _) = push_to(vec![private, service.at, private], EndpointRules::danger_allow_loopback());
    assert_eq!((told, looks, service.asked().len()), (Ok(()), 1, 1));
}

#[test]
fn https_is_never_plain() {
    let service = Service::answering(CREATED);
    let to = address(&format!("https://{}/7", service.at));
    assert_eq!(notify(&on_loopback(), &to, PushMessage::WakeUp), Err(NotifyError::Transient), "there is no TLS");
    assert!(service.asked().is_empty());
}
