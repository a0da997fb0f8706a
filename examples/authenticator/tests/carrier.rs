//! Messages over HTTP, with servers that do their worst.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use crate::http::{Http, NoReply, Patience, Transport as _, refuse};

/// A server on this machine that answers each request with these bytes.
fn server(answer: &[u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, answer) = (listener.local_addr().unwrap(), answer.to_vec());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            thread::spawn(move || serve(stream, &answer));
        }
    });
    format!("http://{address}/push")
}

fn serve(mut stream: TcpStream, answer: &[u8]) {
    let mut request = [0; 2048];
    let len = stream.read(&mut request).unwrap_or_default();
    // An empty answer is one that never comes.
    if answer.is_empty() {
        thread::sleep(Duration::from_secs(5));
    }
    let mut seen = request[..len].to_vec();
    while !seen.ends_with(b"message") {
        let len = stream.read(&mut request).unwrap_or_default();
        if len == 0 {
            break;
        }
        seen.extend_from_slice(&request[..len]);
    }
    let _ = stream.write_all(answer);
}

/// Nothing is held up for so long.
const fn within(whole: Duration) -> Patience {
    Patience { held: Duration::ZERO, whole }
}

fn posted(answer: &[u8], whole: Duration) -> Result<Vec<u8>, NoReply> {
    Http::new().post(&server(answer), b"message", within(whole))
}

/// The server is told how long it may hold a reply back.
#[test]
fn a_wish_goes_with_the_message() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/push", listener.local_addr().unwrap());
    let seen = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut seen, mut part) = (Vec::new(), [0; 2048]);
        while !seen.ends_with(b"message") {
            let len = stream.read(&mut part).unwrap();
            seen.extend_from_slice(&part[..len]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        String::from_utf8(seen).unwrap().to_lowercase()
    });
    let patience = Patience { held: Duration::from_secs(25), whole: Duration::from_secs(40) };
    assert_eq!(Http::new().post(&url, b"message", patience), Ok(Vec::new()));
    let seen = seen.join().unwrap();
    assert!(seen.contains("\r\nprefer: wait=25\r\n") && seen.contains("application/cbor"), "{seen}");
}

#[test]
fn replies_are_what_the_server_says() {
    let second = Duration::from_secs(20);
    let reply = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
    };
    assert_eq!(posted(&reply("200 OK", "reply"), second), Ok(b"reply".to_vec()));
    let longest = "x".repeat(4096);
    assert_eq!(posted(&reply("200 OK", &longest), second).map(|reply| reply.len()), Ok(4096));
    let rejected = Err(NoReply::Rejected);
    for status in ["400 Bad Request", "404 Not Found", "413 Content Too Large"] {
        assert_eq!(posted(&reply(status, ""), second), rejected, "{status}");
    }
    let unreachable = Err(NoReply::Unreachable);
    for status in ["408 Request Timeout", "429 Too Many Requests", "500 Internal Server Error", "503 Unavailable"] {
        assert_eq!(posted(&reply(status, ""), second), unreachable, "{status}");
    }
    assert_eq!(posted(&reply("200 OK", &format!("{longest}x")), second), unreachable, "longer than any message");
    assert_eq!(
        posted(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", second),
        unreachable
    );
    assert_eq!(posted(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf", second), unreachable);
    assert_eq!(posted(b"SSH-2.0\r\n", second), unreachable);
}

#[test]
fn it_does_not_wait_for_ever() {
    assert_eq!(posted(b"", Duration::from_millis(50)), Err(NoReply::Unreachable));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", nobody.local_addr().unwrap());
    drop(nobody);
    assert_eq!(Http::new().post(&url, b"message", within(Duration::from_secs(20))), Err(NoReply::Unreachable));
}

/// Without TLS nothing leaves the machine.
#[test]
fn only_this_machine_is_reached_without_tls() {
    for url in [
        "http://127.0.0.1/",
        "http://127.0.0.1:8088/push",
        "http://127.9.9.9",
        "http://[::1]:80/x",
        "http://localhost:1/",
    ] {
        assert_eq!(refuse(url), None, "{url}");
    }
    for url in [
        "https://login.example.com/push",
        "http://login.example.com/push",
        "http://10.0.0.1/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@example.com/",
        "http://localhost.example.com/",
        "http://[2001:db8::1]/",
        "http:///x",
        "HTTP://example.com/",
        "ftp://127.0.0.1/",
        "",
    ] {
        assert!(refuse(url).is_some(), "{url}");
        assert_eq!(Http::new().post(url, b"message", within(Duration::from_secs(1))), Err(NoReply::Rejected), "{url}");
    }
}
