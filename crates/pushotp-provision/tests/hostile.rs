//! Random and mutated texts at each parser: no panic, and each law holds on what is taken.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use pushotp_provision::{
    Entry, Error, Format, Place, Policy, Unlock, detect, enrolment, keepass, liboath, linotp, manual, migration,
    mobilepass, mobilepass_plus, motp, oathtoken, otpauth, push, read, read_as, steam, yandex,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};

const KEY_URIS: [&str; 2] = [
    "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example&algorithm=SHA256&digits=8&period=60",
    "otpauth://hotp/a%20b%3Ac?secret=gezd%20gnbv&counter=18446744073709551615",
];

const OFFERS: [&str; 1] = [
    "pushotp://enrol#iQFLZXhhbXBsZS5jb21QAQEBAQEBAQEBAQEBAQEBAVACAgICAgICAgICAgICAgICAVggCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQlYIAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDeB5odHRwczovL2xvZ2luLmV4YW1wbGUuY29tL3B1c2gaa0nSAA",
];

fn mutated(seeds: &[&str], rng: &mut ChaCha20Rng) -> String {
    let mut bytes = seeds[rng.next_u32() as usize % seeds.len()].as_bytes().to_vec();
    for _ in 0..=rng.next_u32() % 4 {
        let at = rng.next_u32() as usize % bytes.len();
        match rng.next_u32() % 4 {
            0 => bytes[at] = rng.next_u32().to_le_bytes()[0],
            1 => bytes.truncate(at.max(1)),
            2 => bytes.insert(at, b"%&=:+#?/ "[rng.next_u32() as usize % 9]),
            _ => {
                let other = rng.next_u32() as usize % bytes.len();
                bytes.swap(at, other);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn random(rng: &mut ChaCha20Rng) -> String {
    let mut bytes = vec![0; rng.next_u32() as usize % 200];
    rng.fill_bytes(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One in four is random.
fn texts(seeds: &'static [&'static str], rounds: u32) -> impl Iterator<Item = String> {
    let mut rng = ChaCha20Rng::seed_from_u64(20_261_124);
    (0..rounds).map(move |round| if round % 4 == 0 { random(&mut rng) } else { mutated(seeds, &mut rng) })
}

#[test]
fn key_uris() {
    let (mut taken, mut written) = (0, 0);
    for text in texts(&KEY_URIS, 100_000) {
        let Ok(parsed) = otpauth::parse(&text, &Policy::app()) else { continue };
        taken += 1;
        if let Ok(uri) = otpauth::write(&parsed.credential) {
            written += 1;
            assert_eq!(otpauth::parse(&uri, &Policy::app()).unwrap().credential, parsed.credential, "{text}");
        }
        if otpauth::parse(&text, &Policy::server()).is_ok() {
            assert!(parsed.credential.secret().expose().len() >= 10, "{text}");
        }
    }
    assert!((1_000..99_000).contains(&taken), "{taken} taken: the mutations prove nothing");
    assert!(written > taken - taken / 10, "{written} of {taken} written");
}

// protocol.md: ENR-1
#[test]
fn offers() {
    let mut taken = 0;
    for text in texts(&OFFERS, 100_000) {
        let Ok(offer) = enrolment::parse(&text) else { continue };
        taken += 1;
        let again = enrolment::write(&offer).unwrap();
        assert!(again.eq_ignore_ascii_case(&text) && again[16..] == text[16..], "{text}");
    }
    assert!((1_000..99_000).contains(&taken), "{taken} taken: the mutations prove nothing");
}

/// Whether a parser takes a text.
type Takes = fn(&str) -> bool;

/// One text of each format, with its parser. What a parser takes it may give away again: that is counted.
const VENDORS: [(&str, Takes); 13] = [
    ("motp://Example:alice?secret=0123456789abcdef0123", |text| motp::parse(text, &Policy::app()).is_ok()),
    ("oathtoken:///addToken?name=a&key=0123456789abcdef0123&counter=1", |text| {
        oathtoken::parse(text, &Policy::app()).is_ok()
    }),
    ("steam://GEZDGNBVGY3TQOJQ", |text| steam::parse(text, &Policy::app()).is_ok()),
    ("GEZD GNBV GY3T QOJQ", |text| manual::base32(text, &Policy::app()).is_ok()),
    ("0123456789abcdef0123", |text| manual::hex(text, &Policy::app()).is_ok()),
    ("GEZDGNBVGY3TQOJQGEZDGNBVGY", |text| yandex::parse(text, &Policy::app()).is_ok()),
    ("key=GEZDGNBVGY3TQOJQ&step=25&size=8&type=Totp", |text| keepass::parse_query(text, &Policy::app()).is_ok()),
    ("AEBAV-GBAFG-AYDQD-QCIK6", |text| mobilepass::parse(text, "", &Policy::app()).is_ok()),
    ("RW5yb2xsbWVudFVSTD1odHRwczovL3gueS96P3NjPTAKVXNlcklEPWEKUGFzc3BocmFzZT0w", |text| {
        mobilepass_plus::parse(text, &Policy::app()).is_ok()
    }),
    ("otpauth://pipush/P1?url=https%3A//x.y/p&ttl=10&enrollment_credential=00ff&v=1&serial=P1&sslverify=1", |text| {
        push::parse(text, &Policy::app()).is_ok()
    }),
    (
        "lseqr://pair/AgICAAAAAQAAAExTUVIwMDAxAAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
        |text| linotp::parse_pairing(text, &Policy::app()).is_ok(),
    ),
    ("lseqr://init?sh=00112233&os=OCRA-1%3AHOTP-SHA256-6%3AC-QA64", |text| {
        linotp::parse_ocra2(text, &Policy::app()).is_ok()
    }),
    ("otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC", |text| {
        migration::parse(text, &Policy::app()).is_ok()
    }),
];

#[test]
fn texts_of_vendors() {
    let mut rng = ChaCha20Rng::seed_from_u64(20_261_125);
    for (seed, parse) in VENDORS {
        assert!(parse(seed), "{seed}");
        let (mut taken, mut refused) = (0, 0);
        for round in 0..10_000 {
            let text = if round % 4 == 0 { random(&mut rng) } else { mutated(&[seed], &mut rng) };
            let counter = if parse(&text) { &mut taken } else { &mut refused };
            *counter += 1;
            // Whatever it is recognised as, it is read or refused.
            let _ = read(text.as_bytes(), &Policy::server(), &Unlock::none());
        }
        assert!(taken > 0 && refused > 1_000, "{seed}: {taken} taken, {refused} refused");
    }
}

#[test]
fn users_files() {
    const LINES: [&str; 2] = ["HOTP/E/8\talice\t4711\t0123456789abcdef0123\t7\t755224\n", "# x\nHOTP/T30 bob - 00ff\n"];
    let mut written = 0;
    for text in texts(&LINES, 20_000) {
        let Ok(records) = liboath::read(text.as_bytes(), &Policy::app()) else { continue };
        let Ok(file) = liboath::write(records.credentials()) else { continue };
        if file.is_empty() {
            continue;
        }
        written += 1;
        let again = liboath::read(file.as_bytes(), &Policy::app()).unwrap();
        assert!(again.credentials().eq(records.credentials()), "{text}");
    }
    assert!((1_000..19_000).contains(&written), "{written} written");
}

/// As many parameters, colons, escapes, lines and levels as fit, numbers without an end, NUL, and marks that turn a name.
#[test]
fn too_much_of_everything() {
    let uri = |rest: &str| format!("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ{rest}");
    let app = |text: &str| otpauth::parse(text, &Policy::app());
    assert_eq!(app(&uri(&"&x=1".repeat(80_000))).err(), Some(Error::TooLong));
    assert_eq!(app(&uri(&"&x=1".repeat(32))).err(), Some(Error::TooMany));
    assert!(app(&uri(&"&x=1".repeat(31))).is_ok());
    for number in ["0", "-1", "+6", "06e1", "6.0", "0x6", "\u{ff16}", "99999999999999999999999999999999", "", " 6"] {
        for name in ["digits", "period"] {
            assert!(app(&uri(&format!("&{name}={number}"))).is_err(), "{name} {number}");
        }
        let hotp = uri(&format!("&counter={number}")).replace("totp", "hotp");
        assert_eq!(app(&hotp).is_ok(), number == "0", "counter {number}");
    }
    let deceiving = app(&uri("").replace("/a?", "/%E2%80%AEmoc.knab%00?")).unwrap();
    assert!(deceiving.warnings.contains(pushotp_provision::Warning::Undisplayable));
    assert_eq!(pushotp_provision::display(deceiving.credential.account()), "\\u{202e}moc.knab\\u{0}");
    assert!(!format!("{deceiving:?}").contains('\u{202e}'));
    for escape in ["%", "%2", "%zz", "%%", "%E2%80", "%ff"] {
        assert!(app(&uri("").replace("/a?", &format!("/{escape}?"))).is_err(), "{escape}");
        assert!(app(&uri(&format!("&x={escape}"))).is_err(), "{escape}");
    }
    for hostile in
        ["{".repeat(1 << 20), "[".repeat(1 << 20), "<".repeat(1 << 20), "<!--".repeat(1 << 18), "\"".repeat(1 << 20)]
    {
        assert!(read(hostile.as_bytes(), &Policy::app(), &Unlock::none()).is_err());
    }
    let long_line = "a".repeat(70_000);
    let list = format!("otpauth://totp/a?secret=AAAA\n{long_line}");
    assert_eq!(read(list.as_bytes(), &Policy::app(), &Unlock::none()).err(), Some(Error::TooLong));
    let many = "x\n".repeat(100_001);
    let refused = read_as(Format::UriList, many.as_bytes(), &Policy::app(), &Unlock::none());
    assert_eq!(refused.err(), Some(Error::TooMany));
}

/// One bad line costs itself, and says where it stands.
#[test]
fn a_list_with_bad_lines() {
    let list = "\u{feff}# tokens\notpauth://totp/a?secret=AAAAAAAA\r\n\notpauth://totp/b?secret=1\nsteam://AAAAAAAA\nnonsense\n";
    let records = read(list.as_bytes(), &Policy::app(), &Unlock::none()).unwrap();
    let places: Vec<(Place, bool)> =
        records.records.iter().map(|record| (record.place, record.result.is_ok())).collect();
    let line = Place::Line;
    assert_eq!(places, [(line(2), true), (line(4), false), (line(5), true), (line(6), false)]);
    assert_eq!(records.records[3].result.as_ref().err(), Some(&Error::Scheme));
}

#[test]
fn what_is_not_text_is_said_where() {
    let list = b"otpauth://totp/a?secret=AAAAAAAA\n\xff";
    assert_eq!(detect(list).format(), Some(Format::Otpauth));
    let refused = read(list, &Policy::app(), &Unlock::none());
    assert_eq!(refused.err(), Some(Error::Malformed { offset: 33 }));
    let records = read(&list[..32], &Policy::app(), &Unlock::none()).unwrap();
    assert!(matches!(records.records[0].result, Ok(Entry::Credential(_))));
}
