//! No text, however made, takes more than 64 times its length before a limit stops it.

use allocation_counter::measure;
use pushotp_provision::{Error, Format, Part, Policy, Unlock, read_as};

use crate::fixture::plains;

/// What is dense: many small things in a short text.
const DENSE: &[&str] = &[
    "0,",
    "[],",
    "{},",
    r#""","#,
    "1,",
    r#"{"":0},"#,
    r#""\n","#,
    r#"{"secret":"A"},"#,
    r#"{"secret":"AA","type":"totp"},"#,
    "-1,",
    "[[[[",
    r#"{"":{"":"#,
];

/// Where a list stands in each format.
const FRAMES: &[(Format, &str, &str)] = &[
    (Format::Aegis, r#"{"version":1,"db":{"version":1,"entries":["#, "0]}}"),
    (Format::Aegis, r#"{"version":1,"x":["#, r#"0],"db":{}}"#),
    (Format::TwoFas, r#"{"services":["#, "0]}"),
    (Format::AndOtp, "[", "0]"),
    (Format::FreeOtpPlus, r#"{"tokens":["#, "0]}"),
    (Format::FreeOtpPlus, r#"{"tokens":[{"secret":["#, "0]}]}"),
    (Format::Bitwarden, r#"{"items":["#, "0]}"),
    (Format::Bitwarden, r#"{"items":[{"login":{"totp":["#, "0]}}]}"),
    (Format::Stratum, r#"{"Authenticators":["#, "0]}"),
    (Format::Proton, r#"{"version":1,"entries":["#, "0]}"),
    (Format::Raivo, "[", "0]"),
    (Format::LastPass, r#"{"accounts":["#, "0]}"),
    (Format::DuoBackup, "[", "0]"),
    (Format::SteamFile, r#"{"accounts":["#, "0]}"),
    (Format::KeePassFields, r#"{"TOTP Seed":["#, "0]}"),
    (Format::AegisEncrypted, r#"{"version":1,"header":{"params":{"nonce":"","tag":""},"slots":["#, r#"0]},"db":""}"#),
    (Format::AegisEncrypted, r#"{"version":1,"header":{"params":{"nonce":["#, r#"0]},"slots":[]},"db":""}"#),
    (Format::TwoFasEncrypted, r#"{"servicesEncrypted":["#, "0]}"),
    (Format::BitwardenEncrypted, r#"{"passwordProtected":true,"salt":["#, "0]}"),
    (Format::EnteEncrypted, r#"{"version":1,"kdfParams":{},"encryptedData":["#, "0]}"),
    (Format::ProtonEncrypted, r#"{"version":1,"content":["#, "0]}"),
];

fn ratio(format: Format, text: &str) -> u64 {
    let taken = measure(|| {
        let _ = read_as(format, text.as_bytes(), &Policy::app(), &Unlock::none().password("x"));
    });
    taken.bytes_max / text.len() as u64
}

#[test]
fn lists_of_small_things() {
    let (mut worst, mut tried) = (0, 0);
    for (format, begin, end) in FRAMES {
        for dense in DENSE {
            let ratio = ratio(*format, &format!("{begin}{}{end}", dense.repeat(20_000)));
            assert!(ratio < 64, "{format}: {dense}: {ratio}");
            worst = worst.max(ratio);
            tried += 1;
        }
    }
    println!("{tried} texts, at worst {worst} times their length");
    assert!(worst > 2, "nothing was measured");
}

#[test]
fn objects_of_small_things() {
    let names = |count: usize| (0..count).fold(String::new(), |text, number| text + &format!(r#""{number}":0,"#));
    for (format, begin, end) in
        [(Format::SteamFile, r#"{"accounts":{"#, r#""x":0}}"#), (Format::KeePassFields, "{", r#""otp":""}"#)]
    {
        let ratio = ratio(format, &format!("{begin}{}{end}", names(20_000)));
        assert!(ratio < 64, "{format}: {ratio}");
    }
}

#[test]
fn lines_and_elements() {
    let header = "name,login_username,login_totp\n";
    for (format, begin, dense) in [
        (Format::BitwardenCsv, header, ",,A\n"),
        (Format::BitwardenCsv, header, ",,\n"),
        (Format::BitwardenCsv, header, "a,b,AAAA\n"),
        (Format::BitwardenCsv, header, ","),
        (Format::BitwardenCsv, "", ","),
        (Format::BitwardenCsv, "", "\""),
        (Format::FreeOtp, "<map>", "<string>{}</string>"),
        (Format::FreeOtp, "<map>", "<string>{&lt;</string>"),
        (Format::FreeOtp, "<map>", "<string>"),
        (Format::FreeOtp, "<map><string>{", "&lt;"),
    ] {
        let ratio = ratio(format, &format!("{begin}{}", dense.repeat(15_000)));
        assert!(ratio < 64, "{format}: {dense:?}: {ratio}");
    }
}

/// Empty strings in a map of Java, which says itself how many there are.
#[test]
fn a_map_of_java() {
    let mut head = b"\xac\xed\x00\x05\x73\x72\x00\x11java.util.HashMap\x05\x07\xda\xc1\xc3\x16\x60\xd1\x03".to_vec();
    head.extend_from_slice(b"\x00\x01F\x00\x0aloadFactorxp\x3f\x40\x00\x00\x77\x08\x00\x00\x00\x10");
    let read = |size: u32, strings: usize| {
        let input = [&head[..], &size.to_be_bytes(), &b"\x74\x00\x00".repeat(strings), b"\x78"].concat();
        let mut result = None;
        let taken = measure(|| {
            let unlock = Unlock::none().password("x");
            result = read_as(Format::FreeOtp2, &input, &Policy::app(), &unlock).err();
        });
        assert!(taken.bytes_max < 64 * input.len() as u64, "{taken:?}");
        result.unwrap()
    };
    assert_eq!(read(20_000, 40_000), Error::Missing(Part::Field("masterKey")));
    assert!(matches!(read(20_000, 40_001), Error::Malformed { .. }));
    assert!(matches!(read(20_000, 39_999), Error::Malformed { .. }));
    assert!(matches!(read(200_001, 0), Error::Malformed { .. }));
    assert_eq!((read(200_002, 0), read(u32::MAX, 0)), (Error::TooMany, Error::TooMany));
}

/// A small file takes what any file takes: the room of one secret, for each.
#[test]
fn good_files() {
    for (format, _, text) in plains() {
        let ratio = ratio(format, text);
        assert!(ratio < 64, "{format}: {ratio}");
    }
}
