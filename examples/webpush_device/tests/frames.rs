//! What a WebSocket must not do: each connection ends as RFC 6455 says, and the service goes on.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
};

use crate::{
    fixture::{PATIENCE, World},
    push_service::MAX_TEXT,
};

const FIN: u8 = 0x80;
const TEXT: u8 = 1;
const HELLO: &[u8] = br#"{"messageType":"hello","use_webpush":true}"#;

fn shake_hands(world: &World, subprotocol: &str) -> (TcpStream, String) {
    let address = world.service.socket_url.trim_start_matches("ws://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    // A connection that does not end as it should fails the test instead of stopping it.
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{subprotocol}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    (stream, String::from_utf8(answer).unwrap())
}

fn open(world: &World) -> TcpStream {
    shake_hands(world, "Sec-WebSocket-Protocol: push-notification\r\n").0
}

/// A masked frame; the mask changes nothing. `length` is what it says of itself.
fn frame(first: u8, payload: &[u8], length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        126..=0xffff => {
            bytes.push(0x80 | 0x7e);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 0x7f);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

fn whole(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload, payload.len() as u64)
}

/// The text of a frame from the service.
fn text(stream: &mut TcpStream) -> String {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[0], FIN | TEXT);
    let length = if head[1] == 126 {
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        u16::from_be_bytes(length).into()
    } else {
        usize::from(head[1])
    };
    let mut text = vec![0; length];
    stream.read_exact(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The code of the close frame that the connection ends with, if there is one.
fn end(stream: &mut TcpStream) -> Option<u16> {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest); // the end of the connection may be a reset
    match rest[..] {
        [0x88, 2, high, low] => Some(u16::from_be_bytes([high, low])),
        [] => None,
        _ => panic!("{rest:?}"),
    }
}

fn refused(world: &World, frames: &[Vec<u8>]) -> Option<u16> {
    let mut stream = open(world);
    stream.write_all(&frames.concat()).unwrap();
    end(&mut stream)
}

#[test]
fn what_breaks_the_rules_ends_the_connection_and_nothing_else() {
    let world = World::new();
    let too_long = MAX_TEXT as u64 + 1;
    let unmasked = [&[FIN | TEXT, u8::try_from(HELLO.len()).unwrap()], HELLO].concat();
    for (what, frames, code) in [
        ("unmasked", vec![unmasked], 1002),
        ("a reserved bit", vec![whole(FIN | 0x40 | TEXT, HELLO)], 1002),
        ("a reserved opcode", vec![whole(FIN | 3, HELLO)], 1002),
        ("a reserved control opcode", vec![whole(FIN | 0xb, b"")], 1002),
        ("a ping in pieces", vec![whole(9, b"")], 1002),
        ("a ping of 126 bytes", vec![whole(FIN | 9, &[b' '; 126])], 1002),
        ("the rest of nothing", vec![whole(FIN, HELLO)], 1002),
        ("a text within a text", vec![whole(TEXT, b"{"), whole(FIN | TEXT, HELLO)], 1002),
        ("not UTF-8", vec![whole(FIN | TEXT, b"\"\xff\"")], 1007),
        ("not UTF-8, in pieces", vec![whole(TEXT, b"\"\xc3"), whole(FIN, b"\"")], 1007),
        ("one byte more than fits", vec![frame(FIN | TEXT, b"", too_long)], 1009),
        ("the most that can be said", vec![frame(FIN | TEXT, b"", u64::MAX >> 1)], 1009),
        ("pieces that do not fit together", vec![whole(TEXT, &[b' '; MAX_TEXT]), whole(FIN, b"{")], 1009),
        ("binary", vec![whole(FIN | 2, HELLO)], 1003),
        ("not JSON", vec![whole(FIN | TEXT, b"hello")], 1008),
        ("an array", vec![whole(FIN | TEXT, b"[]")], 1008),
        ("nested without end", vec![whole(FIN | TEXT, &[b'['; MAX_TEXT])], 1008),
        ("not hello", vec![whole(FIN | TEXT, br#"{"messageType":"register","channelID":"7"}"#)], 1008),
    ] {
        assert_eq!(refused(&world, &frames), Some(code), "{what}");
        world.agent(); // says hello, and is answered
    }
}

#[test]
fn what_keeps_to_the_rules_is_answered() {
    let world = World::new();
    let longest = [HELLO, &vec![b' '; MAX_TEXT - HELLO.len()]].concat();
    let (head, tail) = HELLO.split_at(7);
    for (what, frames) in [
        ("whole", vec![whole(FIN | TEXT, HELLO)]),
        ("as long as it may be", vec![whole(FIN | TEXT, &longest)]),
        ("in pieces", vec![whole(TEXT, head), whole(0, b""), whole(FIN, tail)]),
    ] {
        let mut stream = open(&world);
        stream.write_all(&frames.concat()).unwrap();
        let answer = text(&mut stream);
        assert!(answer.contains(r#""messageType":"hello""#) && answer.contains(r#""status":200"#), "{what}: {answer}");
    }
    // A ping is answered between the pieces.
    let mut stream = open(&world);
    stream.write_all(&[whole(TEXT, head), whole(FIN | 9, b"7")].concat()).unwrap();
    let mut pong = [0; 3];
    stream.read_exact(&mut pong).unwrap();
    assert_eq!(pong, [FIN | 0xa, 1, b'7']);
    stream.write_all(&whole(FIN, tail)).unwrap();
    assert!(text(&mut stream).contains("hello"));
}

#[test]
fn a_second_hello_and_the_end_in_the_middle_of_a_frame() {
    let world = World::new();
    let mut stream = open(&world);
    stream.write_all(&whole(FIN | TEXT, HELLO).repeat(2)).unwrap();
    text(&mut stream);
    assert_eq!(end(&mut stream), Some(1008));

    let bytes = whole(FIN | TEXT, HELLO);
    for cut in 0..bytes.len() {
        let mut stream = open(&world);
        stream.write_all(&bytes[..cut]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(end(&mut stream).unwrap_or(1002), 1002, "{cut}");
    }
    world.agent();
}

#[test]
fn only_the_subprotocol_is_spoken() {
    let world = World::new();
    for offered in ["", "Sec-WebSocket-Protocol: chat\r\n", "Sec-WebSocket-Protocol: push-notifications\r\n"] {
        assert!(shake_hands(&world, offered).1.starts_with("HTTP/1.1 400"), "{offered}");
    }
    let (_, answer) = shake_hands(&world, "Sec-WebSocket-Protocol: chat, push-notification\r\n");
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("sec-websocket-protocol: push-notification\r\n"), "{answer}");
    // The value that RFC 6455 section 1.3 derives from this key.
    assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
}
