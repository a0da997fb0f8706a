//! What a login server may post, and who it has to be.

use data_encoding::BASE64URL_NOPAD;
use pushotp_webpush::VapidKey;
use serde_json::json;

use crate::fixture::{NOW, World, exchange, nothing_waits, status, vapid_key};

/// How long the token of `WebPush` is good for.
const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

#[test]
fn a_message_is_taken_and_carried() {
    let world = World::new();
    let (mut agent, channel, post) = world.subscribed();
    let answer = post.answer();
    assert_eq!(status(&answer), 201);
    assert!(answer.contains(&format!("\r\nLocation: {}/message/", world.service.origin)), "{answer}");
    assert!(answer.contains("\r\nTTL: 60\r\n"), "{answer}");
    let carried = agent.receive().unwrap();
    assert_eq!((carried.channel, carried.body), (channel, post.body));
}

#[test]
fn what_is_not_as_it_should_be_is_refused() {
    let world = World::new();
    let (mut agent, _, post) = world.subscribed();
    let path = post.path.clone();
    for (what, spoilt, expected) in [
        ("another path", post.clone().path("/push/7"), 404),
        ("a path below", post.clone().path(&format!("{path}/")), 404),
        ("not posted", post.clone().method("PUT"), 405),
        ("no TTL", post.clone().without("TTL"), 400),
        ("an empty TTL", post.clone().with("TTL", ""), 400),
        ("a negative TTL", post.clone().with("TTL", "-1"), 400),
        ("TTL in words", post.clone().with("TTL", "soon"), 400),
        ("another encoding", post.clone().with("Content-Encoding", "aesgcm"), 400),
        ("no encoding", post.clone().without("Content-Encoding"), 400),
        ("no message", post.clone().body(b""), 400),
        ("one byte too many", post.clone().body(&[7; 4097]), 413),
        ("far too many", post.clone().body(&vec![7; 100_000]), 413),
        ("in chunks", post.clone().with("Transfer-Encoding", "chunked"), 411),
        ("two lengths", post.clone().with("content-length", "614"), 400),
    ] {
        assert_eq!(spoilt.status(), expected, "{what}");
    }
    assert!(nothing_waits(&mut agent));
    for (what, good) in [
        ("the longest", post.clone().body(&[7; 4096])),
        ("the shortest", post.clone().body(&[7])),
        ("kept for ever", post.clone().with("TTL", "18446744073709551616")),
    ] {
        assert_eq!(good.status(), 201, "{what}");
        assert_eq!(agent.receive().unwrap().body, good.body);
    }
}

#[test]
fn only_the_server_that_the_subscription_is_for() {
    let world = World::new();
    let (mut agent, _, post) = world.subscribed();
    let good = post.header("Authorization").to_owned();
    let (token, key) = good.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let mut flipped = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    flipped[40] ^= 1;
    let flipped = BASE64URL_NOPAD.encode(&flipped);
    let later = format!(r#"{{"aud":"{}","exp":{}}}"#, world.service.origin, NOW + 60);
    let none = encode(r#"{"typ":"JWT","alg":"none"}"#);
    let stranger = VapidKey::from_bytes(&[7; 32]).unwrap();
    let forger = crate::fixture::Post::to(&format!("{}{}", world.service.origin, post.path), &stranger);
    let elsewhere = crate::fixture::Post::to("http://127.0.0.1:9/push/7", &vapid_key());
    for (what, credentials, expected) in [
        ("another scheme", format!("Bearer {token}"), 401),
        ("no parameters", "vapid".to_owned(), 401),
        ("no token", format!("vapid k={key}"), 403),
        ("no key", format!("vapid t={token}"), 403),
        ("two tokens", format!("vapid t={token}, t={token}, k={key}"), 403),
        ("a flipped bit", format!("vapid t={header}.{claims}.{flipped}, k={key}"), 403),
        ("no signature", format!("vapid t={header}.{claims}., k={key}"), 403),
        ("an algorithm without a key", format!("vapid t={none}.{claims}., k={key}"), 403),
        ("other claims", format!("vapid t={header}.{}.{signature}, k={key}", encode(&later)), 403),
        ("two parts", format!("vapid t={header}.{claims}, k={key}"), 403),
        ("another server", forger.header("Authorization").to_owned(), 403),
        ("another server's key", format!("vapid t={token}, k={}", stranger.application_server_key()), 403),
        ("for another push service", elsewhere.header("Authorization").to_owned(), 403),
    ] {
        assert_eq!(post.clone().with("Authorization", &credentials).status(), expected, "{what}");
    }
    assert_eq!(post.clone().without("Authorization").status(), 401);
    assert!(nothing_waits(&mut agent));
    assert_eq!(post.clone().with("Authorization", &format!("VAPID k={key},t={token}")).status(), 201);
}

#[test]
fn a_token_is_good_for_its_time() {
    let world = World::new();
    let (_, _, post) = world.subscribed();
    let expires = NOW + HOUR;
    for (now, expected) in
        [(expires - DAY - 1, 403), (expires - DAY, 201), (expires - 1, 201), (expires, 403), (expires + 1, 403)]
    {
        world.at(now);
        assert_eq!(post.status(), expected, "{now}");
    }
}

#[test]
fn a_subscription_needs_the_key_of_a_server() {
    let world = World::new();
    let mut agent = world.agent();
    let mut register = |message: serde_json::Value| {
        agent.send(&message).unwrap();
        agent.read().unwrap()["status"].as_u64().unwrap()
    };
    let key = vapid_key().application_server_key();
    let message = |key: &str, channel: &str| json!({ "messageType": "register", "channelID": channel, "key": key });
    assert_eq!(register(message(&key, "7")), 200);
    assert_eq!(register(message(&format!("{key}="), "7")), 200); // padded, as Firefox does
    assert_eq!(register(message(&key, &"7".repeat(65))), 400);
    assert_eq!(register(message("", "7")), 400);
    assert_eq!(register(message(&"A".repeat(87), "7")), 400); // no point
    assert_eq!(register(message("!", "7")), 400);
    assert_eq!(register(json!({ "messageType": "register", "channelID": "7" })), 400);
}

#[test]
fn what_is_no_request_is_refused() {
    let world = World::new();
    let address = world.service.origin.trim_start_matches("http://").to_owned();
    let long = [&b"POST /push/7 HTTP/1.1\r\n"[..], &b"a: b\r\n".repeat(1500)].concat();
    let wide = [&b"POST /push/7 HTTP/1.1\r\na: "[..], &[b'b'; 9000]].concat();
    for (what, bytes, expected) in [
        ("no HTTP", &b"SSH-2.0-OpenSSH\r\n\r\n"[..], 400),
        ("headers without end", &long, 400),
        ("a header without end", &wide, 431),
        ("a length with a sign", b"POST /push/7 HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello", 400),
        ("a length beyond all numbers", b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
    ] {
        assert_eq!(status(&exchange(&address, bytes)), expected, "{what}");
    }
}
