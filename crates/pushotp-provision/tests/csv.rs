//! Seed files of servers: what is written is read back, one bad line costs no other, and hostile lines cost little.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use proptest::prelude::*;
use pushotp_provision::{
    Credential, Entry, Error, Format, Kind, Limits, Part, Place, Policy, Records, Unlock, Warning,
    csv::{
        duo::{self, TokenType},
        entra, oath, yubico,
    },
    detect, read, read_as,
};
use pushotp_types::{Digits, HashAlgorithm, Secret};

const HEX: &str = "3132333435363738393031323334353637383930";

/// Without white space around, commas, quotes and what makes a comment.
fn plain() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9é@._-]([a-zA-Z0-9é @._-]{0,10}[a-zA-Z0-9é@._-])?"
}

/// As people name things.
fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9é@.,\"#=+_-]([a-zA-Z0-9é @.,\"#=+_-]{0,10}[a-zA-Z0-9é@.,\"#=+_-])?"
}

fn secret(most: usize) -> impl Strategy<Value = Secret> {
    prop::collection::vec(any::<u8>(), 1..most).prop_map(|bytes| Secret::danger_import_weak(&bytes).unwrap())
}

fn hash() -> impl Strategy<Value = HashAlgorithm> {
    prop_oneof![Just(HashAlgorithm::Sha1), Just(HashAlgorithm::Sha256), Just(HashAlgorithm::Sha512)]
}

fn six() -> Secret {
    Secret::danger_import_weak(&[1, 2, 3, 4, 5, 6]).unwrap()
}

prop_compose! {
    fn oath_token()(
        kind in prop_oneof![
            any::<u64>().prop_map(|counter| Kind::Hotp { counter }),
            (1..=u32::MAX).prop_map(Kind::totp),
            Just(Kind::Ocra { suite: "OCRA-1:HOTP-SHA256-8:QN08".into(), counter: 0 }),
        ],
        secret in secret(80),
        algorithm in hash(),
        digits in 6..=10_u8,
        serial in plain(),
        owner in prop::option::of((plain(), plain())),
    ) -> Credential {
        let (algorithm, digits) = match kind {
            Kind::Ocra { .. } => (HashAlgorithm::Sha256, 8),
            _ => (algorithm, digits),
        };
        let account = owner.as_ref().map_or(String::new(), |(user, _)| user.clone());
        let credential = Credential::new(kind, account, secret).with_codes(algorithm, Digits::new(digits).unwrap());
        let credential = credential.with_serial(serial);
        match owner {
            Some((_, realm)) => credential.with_extra("realm", realm),
            None => credential,
        }
    }
}

prop_compose! {
    fn entra_token()(
        period in prop_oneof![Just(30), Just(60)],
        secret in secret(80),
        names in [name(), name(), name()],
    ) -> Credential {
        let [account, serial, maker] = names;
        Credential::new(Kind::totp(period), account, secret).with_serial(serial).with_extra("manufacturer", maker)
    }
}

prop_compose! {
    fn yubico_token()(
        kind in 0..3,
        key in any::<[u8; 20]>(),
        public in prop::option::of("[cbdefghijklnrtuv]{12}"),
        serial in prop::option::of("[1-9][0-9]{0,7}"),
        digits in 6..=8_u8,
        date in prop::option::of("[0-9./: -]{0,8}[0-9]"),
    ) -> Credential {
        let date = date.map(|date| date.trim().to_owned());
        let short = Secret::new(&key[..16]).unwrap();
        let credential = match (kind, &serial) {
            (0, serial) => {
                let credential = Credential::new(Kind::Hotp { counter: 0 }, "", Secret::new(&key).unwrap());
                let digits = if serial.is_some() { 6 } else { digits };
                let credential = credential.with_codes(HashAlgorithm::Sha1, Digits::new(digits).unwrap());
                match public {
                    Some(public) => credential.with_extra("public_id", public),
                    None => credential,
                }
            }
            (1, None) => Credential::new(Kind::ChallengeResponse, "", Secret::new(&key).unwrap()),
            _ => Credential::new(Kind::YubikeyOtp { public_id: public }, "", short).with_private_id(six()),
        };
        let credential = match serial {
            Some(serial) => credential.with_serial(serial),
            None => credential.with_extra("slot", "1"),
        };
        match date {
            Some(date) => credential.with_extra("date", date),
            None => credential,
        }
    }
}

prop_compose! {
    fn duo_token()(counter in any::<u64>(), secret in secret(80), serial in name()) -> Credential {
        Credential::new(Kind::Hotp { counter }, "", secret).with_serial(serial)
    }
}

fn policy() -> Policy {
    Policy::app().min_secret_bits(0)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        oath_tokens in prop::collection::vec(oath_token(), 1..4),
        entra_tokens in prop::collection::vec(entra_token(), 1..4),
        yubico_tokens in prop::collection::vec(yubico_token(), 1..4),
    ) {
        let file = oath::write(&oath_tokens).unwrap();
        prop_assert!(oath::parse(file.as_bytes(), &policy()).unwrap().credentials().eq(&oath_tokens));
        let file = entra::write(&entra_tokens).unwrap();
        prop_assert!(entra::parse(file.as_bytes(), &policy()).unwrap().credentials().eq(&entra_tokens));
        let file = yubico::write(&yubico_tokens).unwrap();
        prop_assert!(yubico::parse(file.as_bytes(), &policy()).unwrap().credentials().eq(&yubico_tokens));
    }

    /// Names that would be taken apart are not written; whatever is written is read back.
    #[test]
    fn what_is_written_for_duo_is_read_back(tokens in prop::collection::vec(duo_token(), 1..4)) {
        let chosen = TokenType::Hotp(Digits::SIX);
        match duo::write(&tokens, chosen) {
            Ok(file) => prop_assert!(duo::parse(file.as_bytes(), chosen, &policy()).unwrap().credentials().eq(&tokens)),
            Err(error) => {
                let taken_apart = |token: &Credential| token.serial().unwrap_or_default().contains(['"', ',', '#']);
                prop_assert!(tokens.iter().any(taken_apart), "{}", error);
            }
        }
    }

    #[test]
    fn nothing_panics(text in "[0-9a-f,;\" #=:\n\thotpyubicdnsekr\u{202e}\0-]{0,200}") {
        for format in Format::ALL {
            let _ = read_as(*format, text.as_bytes(), &policy(), &Unlock::none());
        }
        let _ = read(text.as_bytes(), &policy(), &Unlock::none());
    }
}

fn token() -> Credential {
    Credential::new(Kind::totp(30), "", Secret::new(b"12345678901234567890").unwrap()).with_serial("1")
}

#[test]
fn what_a_format_cannot_say_is_not_written() {
    let secret = || Secret::new(b"12345678901234567890").unwrap();
    let hotp = |counter| Credential::new(Kind::Hotp { counter }, "", secret());
    let part = |result: Result<_, Error>| match result.unwrap_err() {
        Error::NotExpressible(part) => part,
        error => panic!("{error}"),
    };
    let oath = |credential| part(oath::write(&[credential]).map(drop));
    assert_eq!(oath(hotp(0)), Part::Serial);
    assert_eq!(oath(token().with_issuer("Acme")), Part::Issuer);
    assert_eq!(oath(token().with_extra("model", "x")), Part::Field("extras"));
    assert_eq!(oath(Credential::new(Kind::Steam, "", secret()).with_serial("1")), Part::Kind);
    assert_eq!(
        oath(Credential::new(Kind::Totp { period: 30, t0: 0, drift: 1 }, "", secret()).with_serial("1")),
        Part::Kind
    );
    let entra = |credential| part(entra::write(&[credential]).map(drop));
    let user = || Credential::new(Kind::totp(30), "alice@example.com", secret());
    assert_eq!(entra(user()), Part::Serial);
    assert_eq!(entra(token()), Part::Account);
    assert_eq!(entra(user().with_serial("1").with_codes(HashAlgorithm::Sha1, Digits::EIGHT)), Part::Field("digits"));
    assert_eq!(entra(user().with_serial("1").with_codes(HashAlgorithm::Sha256, Digits::SIX)), Part::Field("algorithm"));
    assert_eq!(entra(Credential::new(Kind::totp(45), "a", secret()).with_serial("1")), Part::Kind);
    assert_eq!(
        entra(Credential::new(Kind::totp(30), "a", Secret::new(&[1; 81]).unwrap()).with_serial("1")),
        Part::Secret
    );
    let duo = |credential, chosen| part(duo::write(&[credential], chosen).map(drop));
    assert_eq!(duo(token(), TokenType::Hotp(Digits::SIX)), Part::Kind);
    assert_eq!(duo(token(), TokenType::Totp(Digits::EIGHT)), Part::Field("digits"));
    assert_eq!(duo(hotp(0), TokenType::Hotp(Digits::SIX)), Part::Serial);
    let yubico = |credential| part(yubico::write(&[credential]).map(drop));
    assert_eq!(yubico(token()), Part::Kind);
    assert_eq!(yubico(hotp(7).with_serial("1")), Part::Kind);
    assert_eq!(yubico(hotp(0).with_serial("1").with_codes(HashAlgorithm::Sha1, Digits::EIGHT)), Part::Field("digits"));
    // A line more would be another token.
    assert!(oath::write(&[token().with_serial("1,31\n2")]).is_err());
    assert!(entra::write(&[user().with_serial("1\n2")]).is_err());
}

fn only(records: Result<Records, Error>) -> (Option<Error>, Vec<Warning>) {
    match records {
        Ok(records) => {
            let record = records.records.into_iter().next().unwrap();
            (record.result.err(), record.warnings.iter().collect())
        }
        Err(error) => (Some(error), Vec::new()),
    }
}

#[test]
fn one_defect_one_error() {
    let oath = |line: &str| only(oath::parse(line.as_bytes(), &Policy::app())).0;
    let invalid = |name| Some(Error::Invalid(Part::Field(name)));
    for (line, expected) in [
        (format!("t,{HEX}"), None),
        (format!(",{HEX}"), Some(Error::Missing(Part::Serial))),
        ("t".into(), Some(Error::SecretMissing)),
        ("t,313".into(), Some(Error::Hex { position: 2 })),
        ("t,31g1".into(), Some(Error::Hex { position: 2 })),
        (format!("t,{HEX},spass"), Some(Error::Type)),
        (format!("t,{HEX},tan"), Some(Error::Type)),
        (format!("t,{HEX},totp,0"), Some(Error::Digits)),
        (format!("t,{HEX},totp,5"), Some(Error::Digits)),
        (format!("t,{HEX},totp,6,0"), Some(Error::Period)),
        (format!("t,{HEX},totp,6,99999999999999999999999"), Some(Error::Period)),
        (format!("t,{HEX},hotp,6,18446744073709551616"), Some(Error::Counter)),
        (format!("t,{HEX},hotp,6,-1"), Some(Error::Counter)),
        (format!("t,{HEX},hotp,6,0,md5"), Some(Error::Algorithm)),
        (format!("t,{HEX},ocra,OCRA-2:HOTP-SHA1-6:QN08"), invalid("Suite")),
        (format!("t,{HEX},ocra,OCRA-1:HOTP-SHA1-6"), invalid("Suite")),
        (format!("t,{HEX},ocra,OCRA-1:HOTP-MD5-6:QN08"), invalid("Suite")),
        (format!("t,{}", "31".repeat(1025)), Some(Error::SecretTooLong)),
        (format!("{},{HEX}", "t".repeat(513)), Some(Error::PartTooLong(Part::Serial))),
        (format!("t,{HEX}{}", ",".repeat(64)), Some(Error::TooMany)),
        (format!("t,{HEX},hotp,6,0,sha1,x"), None),
        (format!("t\u{202e},{HEX}"), None),
        (format!("t\0,{HEX}"), None),
    ] {
        assert_eq!(oath(&line), expected, "{line}");
    }
    assert_eq!(
        only(oath::parse(format!("t\0,{HEX}").as_bytes(), &Policy::server())).0,
        Some(Error::Undisplayable(Part::Serial))
    );
    let multi = |line: &str| only(read_as(Format::MultiOtp, line.as_bytes(), &Policy::server(), &Unlock::none())).0;
    for (line, expected) in [
        (format!("t;Acme;HOTP;{HEX};6;0"), None),
        (format!("t;Acme;TOTP;{HEX};8;60"), None),
        (format!("t;Acme;mOTP;{HEX};6;10"), None),
        (format!("t;Acme;HOTP;{HEX};6"), Some(Error::CounterMissing)),
        (format!("t;Acme;HOTP;{HEX};"), Some(Error::CounterMissing)),
        (format!("t;Acme;TOTP;{HEX};;30"), Some(Error::Digits)),
        (format!("t;Acme;X;{HEX};6;0"), Some(Error::Type)),
        (format!(";Acme;HOTP;{HEX};6;0"), Some(Error::Missing(Part::Serial))),
    ] {
        assert_eq!(multi(&line), expected, "{line}");
    }
}

#[test]
fn entra_needs_its_header() {
    let file = |header: &str, row: &str| only(entra::parse(format!("{header}\n{row}\n").as_bytes(), &Policy::app()));
    let full = "upn,serial number,secret key,time interval,manufacturer,model";
    let row = "a@b.c,1,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,30,\"Acme, \"\"X\"\"\",M";
    assert_eq!(file(full, row), (None, vec![]));
    // Other orders and spellings, as vendors deliver them.
    assert_eq!(file("Secret Key,SerialNumber,timeinterval", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,1,60"), (None, vec![]));
    let error = |header: &str, row: &str| file(header, row).0;
    assert_eq!(error("upn,serial number,time interval", row), Some(Error::Missing(Part::Field("secret key"))));
    assert_eq!(error("upn,secret key,time interval", row), Some(Error::Missing(Part::Field("serial number"))));
    assert_eq!(error(row, row), Some(Error::Missing(Part::Field("serial number"))));
    assert_eq!(error(full, "a,1,,30"), Some(Error::SecretMissing));
    assert_eq!(error(full, "a,,GEZDGNBV,30"), Some(Error::Missing(Part::Serial)));
    assert_eq!(error(full, "a,1,GEZDGNB1,30"), Some(Error::Base32 { position: 7 }));
    assert_eq!(error(full, "a,1,GEZDGNBV,0"), Some(Error::Period));
    assert_eq!(error(full, "a,1,GEZDGNBV,"), Some(Error::Period));
    assert_eq!(error(full, "\"a,1,GEZDGNBV,30"), Some(Error::Invalid(Part::Field("quotes"))));
    assert_eq!(error(full, "\"a\"b,1,GEZDGNBV,30"), Some(Error::Invalid(Part::Field("quotes"))));
    assert_eq!(entra::parse(full.as_bytes(), &Policy::server()).unwrap_err(), Error::Empty);
    // The hash function of Graph.
    let records =
        entra::parse(format!("{full},hashFunction\n{row},hmacsha256\n").as_bytes(), &Policy::server()).unwrap();
    assert_eq!(records.credentials().next().unwrap().algorithm(), HashAlgorithm::Sha256);
}

/// The letters that hexadecimal and base32 share are what the column says, and nothing is tried.
#[test]
fn the_column_decides_about_the_alphabet() {
    let both = "ABCDEF234567ABCDEF234567ABCDEF234567ABCD";
    let records = duo::parse(format!("1,{both}").as_bytes(), TokenType::Totp(Digits::SIX), &Policy::server()).unwrap();
    assert_eq!(records.credentials().next().unwrap().secret().expose().len(), 20);
    let base32 = "1,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let error = only(duo::parse(base32.as_bytes(), TokenType::Totp(Digits::SIX), &Policy::app())).0;
    assert_eq!(error, Some(Error::Hex { position: 0 }));
}

#[test]
fn what_duo_does_not_say_is_assumed_aloud() {
    let records = |file: &str| read(file.as_bytes(), &Policy::server(), &Unlock::none()).unwrap();
    let kinds = records(&format!("1,{HEX}\n2,{HEX},7\n3,010203040506,{}\n", "00".repeat(16)));
    assert_eq!(kinds.format, Format::DuoCsv);
    let found: Vec<_> = kinds.credentials().map(|token| token.kind().clone()).collect();
    assert_eq!(found, [Kind::totp(30), Kind::Hotp { counter: 7 }, Kind::YubikeyOtp { public_id: None }]);
    let warned: Vec<_> = kinds.records.iter().map(|record| record.warnings.contains(Warning::KindAssumed)).collect();
    assert_eq!(warned, [true, true, false]);
    // Chosen by the caller there is nothing to assume.
    let chosen = duo::parse(format!("1,{HEX}").as_bytes(), TokenType::Totp(Digits::EIGHT), &Policy::server()).unwrap();
    assert!(chosen.records[0].warnings.is_empty());
}

#[test]
fn one_bad_line_costs_no_other() {
    let long = "x".repeat(70_000);
    let file = [
        b"\xef\xbb\xbf# version: 1\r\n\r\n".as_slice(),
        format!("a,{HEX},totp,6,30\r\n").as_bytes(),
        b"\xff\xfe,00\r\n# a comment\r\n",
        format!("{long},{HEX}\r\nb,zz\r\nc,{HEX}\nc,{HEX},hotp,8\n").as_bytes(),
        b"d,31",
    ]
    .concat();
    assert_eq!(detect(&file).format(), Some(Format::OathCsv));
    let records = read(&file, &Policy::server(), &Unlock::none()).unwrap();
    let seen: Vec<_> =
        records.records.iter().map(|record| (record.place, record.result.as_ref().err().copied())).collect();
    let expected = [
        (3, None),
        (4, Some(Error::Utf8(Part::Field("line")))),
        (6, Some(Error::TooLong)),
        (7, Some(Error::Hex { position: 0 })),
        (8, None),
        (9, None),
        (10, Some(Error::SecretTooWeak)),
    ];
    assert_eq!(seen, expected.map(|(line, error)| (Place::Line(line), error)));
    let twice: Vec<_> =
        records.records.iter().map(|record| record.warnings.contains(Warning::DuplicateSerial)).collect();
    assert_eq!(twice, [false, false, false, false, true, true, false]);
}

#[test]
fn version_two_has_owners() {
    let file = format!("# version: 2\nalice,res,realm,t1,{HEX},totp,8,60\n,,,t2,{HEX}\n");
    let records = oath::parse(file.as_bytes(), &Policy::server()).unwrap();
    let tokens: Vec<_> = records.credentials().collect();
    assert_eq!((tokens[0].account(), tokens[0].serial(), tokens[0].kind()), ("alice", Some("t1"), &Kind::totp(60)));
    assert!(tokens[0].extra().eq([("resolver", "res"), ("realm", "realm")]));
    assert_eq!((tokens[1].account(), tokens[1].extra().count()), ("", 0));
    assert_eq!(oath::parse(b"# version: 3\nt,31", &Policy::app()).unwrap_err(), Error::Version);
    // Without the first line the same columns are of version 1, and no token.
    let error = only(oath::parse(file.lines().nth(1).unwrap().as_bytes(), &Policy::app())).0;
    assert_eq!(error, Some(Error::Hex { position: 0 }));
}

#[test]
fn safeword_records() {
    let file = |data: &str, model: &str| {
        format!(
            "# ===== SafeWord Authenticator Records $Version: 100$ =====\ndn: sccAuthenticatorId=A\n\
             sccAuthenticatorId: A\nsccTokenType: {model}\nsccTokenData: {data}\n"
        )
    };
    let first = |data: &str, model: &str| {
        let file = file(data, model);
        assert_eq!(detect(file.as_bytes()).format(), Some(Format::SafeWord));
        read(file.as_bytes(), &Policy::server(), &Unlock::none()).unwrap().records.into_iter().next().unwrap()
    };
    let event = first(&format!("sccKey={HEX};sccMode=E;sccPwLen=8;crypto=HmacSHA256;"), "Gold");
    let Ok(Entry::Credential(token)) = &event.result else { panic!("{event:?}") };
    assert_eq!(
        (token.algorithm(), token.digits(), event.place),
        (HashAlgorithm::Sha256, Digits::EIGHT, Place::Line(2))
    );
    assert!(event.warnings.is_empty());
    // Another clock than that of the one model that is known.
    let time = first(&format!("sccKey={HEX};sccMode=T;sccTick=60"), "Other-TS");
    assert!(time.result.is_ok() && time.warnings.contains(Warning::EpochAssumed));
    let error = |data: &str| first(data, "Gold").result.err();
    assert_eq!(error("sccMode=E"), Some(Error::SecretMissing));
    assert_eq!(error(&format!("sccKey={HEX};sccMode=X")), Some(Error::Type));
    assert_eq!(error(&format!("sccKey={HEX};sccMode=T")), Some(Error::Missing(Part::Field("sccTick"))));
    assert_eq!(error(&format!("sccKey={HEX};sccMode=T;sccTick=0")), Some(Error::Period));
    assert_eq!(error(&format!("sccKey={HEX};sccMode=E;crypto=HmacMD5")), Some(Error::Algorithm));
}

#[test]
fn limits_are_the_callers() {
    let file = format!("a,{HEX}\nb,{HEX}\n");
    let with = |limits: Limits| oath::parse(file.as_bytes(), &Policy::app().limits(limits));
    assert_eq!(with(Limits { records: 2, ..Limits::default() }).unwrap().credentials().count(), 2);
    assert_eq!(with(Limits { records: 1, ..Limits::default() }).unwrap_err(), Error::TooMany);
    assert_eq!(with(Limits { file: file.len() - 1, ..Limits::default() }).unwrap_err(), Error::TooLong);
    assert_eq!(only(with(Limits { line: 41, ..Limits::default() })).0, Some(Error::TooLong));
    assert_eq!(only(with(Limits { line: 42, ..Limits::default() })).0, None);
}

/// No file makes a reader allocate 64 times its size, whether it is read or refused.
#[test]
fn memory_is_bounded_by_the_size_of_the_file() {
    let repeat = |head: &str, line: &str| head.to_owned() + &line.repeat(200_000 / line.len());
    let entra = "serial number,secret key,time interval\n";
    let files = [
        (Format::OathCsv, repeat("", &format!("a,{HEX},totp,6,30\n"))),
        (Format::OathCsv, repeat("", "a\n")),
        (Format::OathCsv, repeat("", ",\n")),
        (Format::OathCsv, repeat("", "abcd,31\n")),
        (Format::EntraCsv, repeat(entra, "a,GEZA,1\n")),
        (Format::EntraCsv, repeat(entra, "\"\"\"\"\"\",\"\"\n")),
        (Format::DuoCsv, repeat("", "a,31,1\n")),
        (Format::YubicoCsv, repeat("", "1\n")),
        (Format::MultiOtp, repeat("", ";\n")),
        (Format::SafeWord, repeat("", "dn:\n")),
    ];
    let mut most = 0;
    for (format, file) in files {
        let measured = allocation_counter::measure(|| {
            let _ = read_as(format, file.as_bytes(), &Policy::app(), &Unlock::none());
        });
        most = most.max(measured.bytes_max / file.len() as u64);
        assert!(measured.bytes_max <= 64 * file.len() as u64, "{format}: {} for {}", measured.bytes_max, file.len());
    }
    println!("at most {most} bytes for each byte of a file");
    assert!(most >= 4, "{most}: nothing is measured");
}
