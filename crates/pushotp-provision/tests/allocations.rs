//! No text makes a parser allocate more than 64 times its own length, plus a little: counted under an allocator.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::hint::black_box;

use allocation_counter::measure;
use pushotp_provision::{Policy, Unlock, detect, read};

/// Times the length of the text.
const FACTOR: u64 = 64;
/// For a text of a few bytes: a record and the list that it stands in.
const START: u64 = 8 * 1024;

/// The most that is held at once.
fn peak<T>(run: impl FnOnce() -> T) -> u64 {
    measure(|| drop(black_box(run()))).bytes_max
}

fn texts() -> Vec<Vec<u8>> {
    let uri = |rest: &str| format!("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ{rest}");
    let message =
        |bytes: &[u8]| format!("otpauth-migration://offline?data={}", data_encoding::BASE64URL_NOPAD.encode(bytes));
    let entry: &[u8] = b"\x0a\x07\x0a\x05hello";
    [
        uri(""),
        uri(&"&x=1".repeat(31)),
        uri(&"&x=1".repeat(80_000)),
        uri(&"&".repeat(4_000)),
        uri("&x=".repeat(30).as_str()),
        uri("&x=%41").repeat(31),
        format!("{}\n", uri("")).repeat(10_000),
        "otpauth://totp/a\n".repeat(10_000),
        "otpauth://totp/a\n\nx\n".to_owned() + &"x\n".repeat(50_000),
        "HOTP a - 00\n".repeat(10_000),
        message(entry),
        message(&entry.repeat(100)),
        message(&[0x0a, 0].repeat(100)),
        message(b"\x0a\xff\xff\xff\xff\x0f"),
        message(b"\x0a\x02\x0a\x00\x18\x64"),
        "GEZDGNBV".repeat(500),
        "00".repeat(2_000),
        "[".repeat(1 << 20),
        "{\"a\":".repeat(1 << 18),
        "<a ".repeat(1 << 18),
        "key=GEZDGNBVGY3TQOJQ&".repeat(100),
        "lseqr://pair/".to_owned() + &"A".repeat(4_000),
        "x".repeat(1 << 20),
    ]
    .map(String::into_bytes)
    .into()
}

#[test]
fn a_text_cannot_make_a_parser_allocate() {
    for text in texts() {
        let shown = String::from_utf8_lossy(&text[..text.len().min(60)]).into_owned();
        assert!(peak(|| detect(&text)) <= 4096, "{shown}");
        for policy in [Policy::app(), Policy::server()] {
            let bytes = peak(|| read(&text, &policy, &Unlock::none()));
            let permitted = START + FACTOR * text.len() as u64;
            assert!(bytes <= permitted, "{bytes} of {permitted} for {} bytes: {shown}", text.len());
        }
    }
}

/// Negative control: what allocates is seen.
#[test]
fn the_counter_counts() {
    assert!(peak(|| vec![0_u8; 100_000]) >= 100_000);
    let text = "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&issuer=b".as_bytes();
    assert!(peak(|| read(text, &Policy::app(), &Unlock::none())) > 0);
}
