//! Tokens with a secret from elsewhere, next to push in the same account.

use pollster::block_on;
use pushotp::{
    AccountId, AuditKind, Import, ImportError, LoginStart, NewToken, PasscodeVerdict, PushSwitch, ServerError,
    oath::{Counter, Hotp, Key, Period, Totp},
    provision::{Credential, Kind, Policy, otpauth},
    types::{Digits, HashAlgorithm, Secret, SecretRef, TokenId, UnixTime},
};

use crate::{
    faults::{Fault, faulty},
    fixture::{NOW, World, later},
    races::{RACERS, race},
    sweeps::{keys, stalling, sweep, until_death},
};

const SECRET: &[u8; 20] = b"12345678901234567890";

fn credential(kind: Kind) -> Credential {
    Credential::new(kind, "alice", Secret::new(SECRET).unwrap())
}

fn import(world: &mut World, credential: &Credential) -> Result<TokenId, ImportError> {
    block_on(world.server.import_token(&world.user, &Import::new(credential), NOW, &mut world.rng))
}

fn verify(world: &mut World, typed: &str, now: UnixTime) -> PasscodeVerdict {
    block_on(world.server.verify_passcode(&world.user, typed, now, &mut world.rng)).unwrap()
}

fn key(algorithm: HashAlgorithm, secret: &[u8]) -> Key {
    Key::new(algorithm, SecretRef::danger_import_weak(secret).unwrap())
}

/// Every hash function, every length, several periods: judged with its own parameters, each passcode once.
#[test]
fn totp_with_its_own_parameters() {
    let mut world = World::new();
    let algorithms = [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512];
    let mut number = 0;
    for algorithm in algorithms {
        for (digits, period) in [(6, 30), (7, 60), (8, 15), (10, 300)] {
            number += 1;
            let secret = [number; 20];
            let digits = Digits::new(digits).unwrap();
            let made = Credential::new(Kind::totp(period), "fob", Secret::new(&secret).unwrap());
            let made = made.with_codes(algorithm, digits);
            let token = import(&mut world, &made).unwrap();
            let totp = Totp::new(digits, Period::from_secs(period).unwrap());
            let code = totp.generate(&key(algorithm, &secret), NOW);
            assert_eq!(verify(&mut world, code.expose(), NOW), PasscodeVerdict::Accepted { token });
            assert_eq!(verify(&mut world, code.expose(), NOW), PasscodeVerdict::Replayed);
            let early = totp.generate(&key(algorithm, &secret), UnixTime::from_secs(NOW.as_secs() - u64::from(period)));
            assert_eq!(verify(&mut world, early.expose(), NOW), PasscodeVerdict::Replayed, "an earlier step");
            // Room for the next one: sixteen tokens are the most.
            let place = (&world.user, token);
            block_on(world.server.remove_token(place, NOW, &mut world.rng)).unwrap();
        }
    }
}

#[test]
fn hotp_from_its_counter_on() {
    let mut world = World::new();
    let token = import(&mut world, &credential(Kind::Hotp { counter: 7 })).unwrap();
    let code = |counter| Hotp::new(Digits::SIX).generate(&key(HashAlgorithm::Sha1, SECRET), Counter::new(counter));
    assert_eq!(verify(&mut world, code(6).expose(), NOW), PasscodeVerdict::Refused, "it was used elsewhere");
    assert_eq!(verify(&mut world, code(17).expose(), NOW), PasscodeVerdict::Accepted { token }, "ten ahead");
    assert_eq!(verify(&mut world, code(17).expose(), NOW), PasscodeVerdict::Refused, "used up");
    assert_eq!(verify(&mut world, code(29).expose(), NOW), PasscodeVerdict::Refused, "eleven ahead");
    assert_eq!(verify(&mut world, code(18).expose(), NOW), PasscodeVerdict::Accepted { token });
}

/// TOTP that counts from another time, and whose clock is known to be off.
#[test]
fn the_clock_of_a_credential_is_kept() {
    let mut world = World::new();
    let made = credential(Kind::Totp { period: 30, t0: 1_000_000_007, drift: -5 });
    let token = import(&mut world, &made).unwrap();
    let shown = |now: UnixTime| {
        let elapsed = UnixTime::from_secs(now.as_secs() - 1_000_000_007 - 150);
        Totp::DEFAULT.generate(&key(HashAlgorithm::Sha1, SECRET), elapsed)
    };
    assert_eq!(verify(&mut world, shown(NOW).expose(), NOW), PasscodeVerdict::Accepted { token });
    let plain = Totp::DEFAULT.generate(&key(HashAlgorithm::Sha1, SECRET), NOW);
    assert_eq!(verify(&mut world, plain.expose(), NOW), PasscodeVerdict::Refused);
    // Before its first step there is no passcode.
    let mut world = World::new();
    import(&mut world, &credential(Kind::Totp { period: 30, t0: NOW.as_secs() + 1, drift: 0 })).unwrap();
    let first = Totp::DEFAULT.generate(&key(HashAlgorithm::Sha1, SECRET), UnixTime::from_secs(0));
    assert_eq!(verify(&mut world, first.expose(), NOW), PasscodeVerdict::Refused);
    assert!(matches!(verify(&mut world, first.expose(), later(1)), PasscodeVerdict::Accepted { .. }));
}

#[test]
fn what_cannot_be_used_is_named() {
    let mut world = World::new();
    let before = keys(&world);
    let weak = |bytes: &[u8]| Credential::new(Kind::totp(30), "a", Secret::danger_import_weak(bytes).unwrap());
    let totp = |period, drift| credential(Kind::Totp { period, t0: 0, drift });
    let pin = credential(Kind::totp(30)).with_pin(Secret::danger_import_weak(b"1234").unwrap());
    let short = credential(Kind::totp(30)).with_codes(HashAlgorithm::Sha1, Digits::danger_short(5).unwrap());
    let ocra = Kind::Ocra { suite: "OCRA-1:HOTP-SHA1-6:QN08".into(), counter: 0 };
    let nameless = Credential::new(Kind::totp(30), "", Secret::new(SECRET).unwrap());
    for (made, error) in [
        (credential(Kind::Steam), "Kind(\"steam\")"),
        (credential(Kind::Motp), "Kind(\"motp\")"),
        (credential(Kind::Static), "Kind(\"static\")"),
        (credential(ocra), "Kind(\"ocra\")"),
        (credential(Kind::YubikeyOtp { public_id: None }), "Kind(\"yubikey-otp\")"),
        (weak(&[7; 15]), "WeakSecret { bits: 120 }"),
        (weak(&[7; 1]), "WeakSecret { bits: 8 }"),
        (pin, "Pin"),
        (short, "Digits"),
        (totp(0, 0), "Period"),
        (totp(301, 0), "Period"),
        (totp(30, 2881), "Drift"),
        (totp(30, i32::MIN), "Drift"),
        (credential(Kind::Hotp { counter: u64::MAX }), "Counter"),
        (nameless, "Name"),
        (credential(Kind::totp(30)).with_issuer("a\u{202e}b"), "Name"),
        (credential(Kind::totp(30)).with_issuer("n".repeat(65)), "Name"),
    ] {
        let refused = import(&mut world, &made).unwrap_err();
        assert_eq!(format!("{refused:?}"), error);
    }
    assert_eq!(keys(&world), before, "nothing of them is kept");
    assert!(!world.logged(AuditKind::TokenImported));
    // The edges of what can be.
    for made in [weak(&[7; 16]), totp(300, 2880), totp(1, -2880), credential(Kind::Hotp { counter: u64::MAX - 1 })] {
        let token = import(&mut world, &made).unwrap();
        block_on(world.server.remove_token((&world.user, token), NOW, &mut world.rng)).unwrap();
    }
    assert_eq!(keys(&world), before);
    let lenient = weak(&[7; 1]);
    let lenient = Import::new(&lenient).danger_weak_secret();
    let token = block_on(world.server.import_token(&world.user, &lenient, NOW, &mut world.rng)).unwrap();
    let code = Totp::DEFAULT.generate(&key(HashAlgorithm::Sha1, &[7; 1]), NOW);
    assert_eq!(verify(&mut world, code.expose(), NOW), PasscodeVerdict::Accepted { token });
}

/// Two tokens of one secret would take each passcode twice.
#[test]
fn a_secret_is_imported_once() {
    let mut world = World::new();
    import(&mut world, &credential(Kind::totp(30))).unwrap();
    for kind in [Kind::totp(30), Kind::totp(60), Kind::Hotp { counter: 0 }] {
        let eight = credential(kind.clone()).with_codes(HashAlgorithm::Sha1, Digits::EIGHT);
        for made in [credential(kind), eight] {
            assert!(matches!(import(&mut world, &made), Err(ImportError::Duplicate)));
        }
    }
    // In another account it is another token's.
    let bob = AccountId::new("bob").unwrap();
    block_on(world.server.add_account(&bob)).unwrap();
    let made = credential(Kind::totp(30));
    assert!(block_on(world.server.import_token(&bob, &Import::new(&made), NOW, &mut world.rng)).is_ok());
}

/// At the same moment, on servers that have all looked for the secret before one of them writes.
#[test]
fn eight_imports_at_once_are_one() {
    let mut world = World::new();
    let before = keys(&world).len();
    let told = race(&world, (1, false), |server, _, rng| {
        let made = credential(Kind::totp(30));
        block_on(server.import_token(&world.user, &Import::new(&made), NOW, rng))
    });
    let imported = told.iter().filter(|told| told.is_ok()).count();
    let refused = |told: &&Result<_, _>| matches!(told, Err(ImportError::Duplicate | ImportError::Server(_)));
    assert_eq!((imported, told.iter().filter(refused).count()), (1, RACERS - 1));
    assert_eq!(keys(&world).len(), before + 1, "what the others wrote is gone");
    let code = Totp::DEFAULT.generate(&key(HashAlgorithm::Sha1, SECRET), NOW);
    assert!(matches!(verify(&mut world, code.expose(), NOW), PasscodeVerdict::Accepted { .. }));
    assert_eq!(verify(&mut world, code.expose(), NOW), PasscodeVerdict::Replayed);
}

#[test]
fn a_file_gets_a_result_for_each_record() {
    let mut world = World::new();
    let uris = [
        "otpauth://totp/Bank:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bank",
        "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQ", // 80 bits
        "otpauth://hotp/fob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJR&counter=3",
        "otpauth://totp/Again:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Again",
        "otpauth://totp/Bank:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJS&issuer=Bank",
    ];
    let read = uris.map(|uri| otpauth::parse(uri, &Policy::server()).unwrap().credential);
    let account = |credential: &Credential| match credential.account() {
        "bob" => AccountId::new("bob").unwrap(),
        _ => world.user.clone(),
    };
    let file: Vec<_> = read.iter().map(|credential| (account(credential), Import::new(credential))).collect();
    let results = block_on(world.server.import_tokens(&file, NOW, &mut world.rng));
    assert!(matches!(
        results[..],
        [
            Ok(_),
            Err(ImportError::WeakSecret { bits: 80 }),
            Ok(_),
            Err(ImportError::Duplicate),
            Err(ImportError::Server(ServerError::NoAccount)),
        ]
    ));
    // Again, as after a crash: what is there stays, and the rest is tried again.
    block_on(world.server.add_account(&AccountId::new("bob").unwrap())).unwrap();
    let results = block_on(world.server.import_tokens(&file, NOW, &mut world.rng));
    assert!(matches!(results[..], [Err(ImportError::Duplicate), Err(_), Err(ImportError::Duplicate), Err(_), Ok(_)]));
    assert_eq!(block_on(world.server.tokens(&world.user)).unwrap().len(), 4);
}

#[test]
fn sixteen_tokens_are_the_most() {
    let mut world = World::new();
    for number in 0..14 {
        let made = Credential::new(Kind::totp(30), "a", Secret::new(&[number; 16]).unwrap());
        import(&mut world, &made).unwrap();
    }
    let before = keys(&world);
    let full = import(&mut world, &credential(Kind::totp(30)));
    assert!(matches!(full, Err(ImportError::Server(ServerError::Full("tokens")))));
    assert_eq!(keys(&world), before);
}

/// No challenge names an imported token, and no enrolment takes it over.
#[test]
fn an_imported_token_stays_what_it_is() {
    let mut world = World::new();
    let fob = import(&mut world, &credential(Kind::totp(30))).unwrap();
    let view = world.token(fob);
    assert!(view.imported && !view.enrolled && !view.pin_protected);
    assert_eq!((&*view.name, view.push), ("alice", PushSwitch::Off));
    assert!(!world.token(world.mail).imported);
    block_on(world.server.set_push((&world.user, fob), true, NOW, &mut world.rng)).unwrap();
    for token in [world.bank, world.mail] {
        block_on(world.server.set_push((&world.user, token), false, NOW, &mut world.rng)).unwrap();
    }
    let request = pushotp::LoginRequest::new("Intranet");
    let start = block_on(world.server.start_login(&world.user, &request, NOW, &mut world.rng)).unwrap();
    assert!(matches!(start, LoginStart::NoToken));
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng));
    assert!(matches!(offer, Err(ServerError::NoToken)));
    // With a token of its own a device enrols for that alone.
    let more = NewToken::new("More");
    let more = block_on(world.server.add_token(&world.user, more, NOW, &mut world.rng)).unwrap();
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    crate::replacements::replace(&mut world, &offer, NOW);
    assert!(world.token(more).enrolled && !world.token(fob).enrolled && world.token(fob).imported);
    let code = Totp::DEFAULT.generate(&key(HashAlgorithm::Sha1, SECRET), NOW);
    assert_eq!(verify(&mut world, code.expose(), NOW), PasscodeVerdict::Accepted { token: fob });
}

/// A wrong passcode is counted against the tokens that it may have been for.
#[test]
fn a_wrong_one_counts_against_those_of_its_length() {
    let mut world = World::new();
    let (mail, fob) = (world.mail, import(&mut world, &credential(Kind::Hotp { counter: 0 })).unwrap());
    let failures = |world: &World| (world.token(mail).failures, world.token(fob).failures);
    assert_eq!(verify(&mut world, "000000", NOW), PasscodeVerdict::Refused);
    assert_eq!(failures(&world), (0, 1));
    assert_eq!(verify(&mut world, "00000000", NOW), PasscodeVerdict::Refused);
    assert_eq!(failures(&world), (1, 1));
    for typed in ["", "0000000", "not a passcode"] {
        assert_eq!(verify(&mut world, typed, NOW), PasscodeVerdict::Refused);
    }
    assert_eq!(failures(&world), (4, 4));
    for _ in 0..6 {
        let _ = verify(&mut world, "000000", NOW);
    }
    assert!(world.token(fob).disabled && !world.token(mail).disabled);
    assert_eq!(verify(&mut world, "755224", NOW), PasscodeVerdict::Refused, "disabled, though right");
    block_on(world.server.unlock_token((&world.user, fob), NOW, &mut world.rng)).unwrap();
    assert_eq!(verify(&mut world, "755224", NOW), PasscodeVerdict::Accepted { token: fob });
    world.log_in(mail, NOW);
}

/// A device's token and an imported one side by side: each has its own row of used ones.
#[test]
fn next_to_push_with_the_same_rule() {
    let mut world = World::new();
    let (mail, fob) = (world.mail, import(&mut world, &credential(Kind::totp(30))).unwrap());
    let (of_phone, _) = world.device.passcode(mail, None, NOW).unwrap();
    let of_fob = Totp::DEFAULT.generate(&key(HashAlgorithm::Sha1, SECRET), NOW);
    for _ in 0..2 {
        assert_eq!(verify(&mut world, of_phone.expose(), NOW), PasscodeVerdict::Accepted { token: mail });
        assert_eq!(verify(&mut world, of_phone.expose(), NOW), PasscodeVerdict::Replayed);
        assert_eq!(verify(&mut world, of_fob.expose(), NOW), PasscodeVerdict::Accepted { token: fob });
        assert_eq!(verify(&mut world, of_fob.expose(), NOW), PasscodeVerdict::Replayed);
        // In a second account of the same server it is the same again.
        world = World::new();
        assert_eq!(import(&mut world, &credential(Kind::totp(30))).unwrap(), fob);
    }
    world.log_in(world.bank, NOW);
}

/// Where two tokens happen to have the same digits, they are used up for both.
#[test]
fn digits_of_two_tokens_are_used_once() {
    let mut world = World::new();
    let code = |secret: &[u8], counter| {
        let key = key(HashAlgorithm::Sha1, secret);
        Hotp::new(Digits::SIX).generate(&key, Counter::new(counter)).expose().to_owned()
    };
    // A second secret, found by trying, that yields the first one's digits at its own counter.
    let (wanted, mut secret) = (code(SECRET, 0), [0; 16]);
    secret[..4].copy_from_slice(&1_102_604_u32.to_be_bytes());
    assert_eq!(code(&secret, 5), wanted);
    let first = import(&mut world, &credential(Kind::Hotp { counter: 0 })).unwrap();
    let made = Credential::new(Kind::Hotp { counter: 5 }, "b", Secret::new(&secret).unwrap());
    let second = import(&mut world, &made).unwrap();
    let PasscodeVerdict::Accepted { token } = verify(&mut world, &wanted, NOW) else { panic!() };
    assert!(token == first || token == second);
    assert_eq!(verify(&mut world, &wanted, NOW), PasscodeVerdict::Refused);
    assert!(matches!(verify(&mut world, &code(SECRET, 1), NOW), PasscodeVerdict::Accepted { token } if token == first));
    assert!(
        matches!(verify(&mut world, &code(&secret, 6), NOW), PasscodeVerdict::Accepted { token } if token == second)
    );
}

/// The secret is written before the record and removed after it; what a crash leaves is swept.
#[test]
fn a_death_while_a_token_is_imported() {
    for writes in 0..2 {
        let mut world = World::new();
        let (before, made) = (keys(&world), credential(Kind::totp(30)));
        let (server, _) = stalling(&world, writes);
        let mut rng = world.rng.clone();
        assert!(until_death(server.import_token(&world.user, &Import::new(&made), NOW, &mut rng)).is_none());
        assert_eq!(keys(&world).len(), before.len() + writes);
        assert!(!world.logged(AuditKind::TokenImported));
        sweep(&mut world, NOW);
        sweep(&mut world, later(3600));
        assert_eq!(keys(&world), before);
        let token = import(&mut world, &made).unwrap();
        assert_eq!((sweep(&mut world, NOW), sweep(&mut world, later(3600))), ((0, 0), (0, 0)));
        let code = Totp::DEFAULT.generate(&key(HashAlgorithm::Sha1, SECRET), NOW);
        assert_eq!(verify(&mut world, code.expose(), NOW), PasscodeVerdict::Accepted { token });
    }
}

/// Whatever became of the write: the secret is there if the record refers to it, and the token is imported once.
#[test]
fn an_import_is_told_as_it_is_stored() {
    for (script, told, is_there) in [
        (Fault::Written(0), "Ok", true),
        (Fault::Vanished(0), "Ok", true),
        (Fault::NotApplied, "Err(Server(Store(NotApplied", false),
        (Fault::Written(16), "Err(Server(Unknown", true),
        (Fault::WrittenAndBlind, "Err(Server(Unknown", true),
        (Fault::Vanished(1), "Err(Server(Unknown", false),
    ] {
        let mut world = World::new();
        let (before, made) = (keys(&world), credential(Kind::totp(30)));
        let server = faulty(&world, &[script]);
        let imported = block_on(server.import_token(&world.user, &Import::new(&made), NOW, &mut world.rng));
        let shown = format!("{imported:?}");
        assert!(shown.starts_with(told), "{script:?}: {shown}");
        sweep(&mut world, NOW);
        sweep(&mut world, later(3600));
        assert_eq!(keys(&world).len(), before.len() + usize::from(is_there), "{script:?}");
        let again = import(&mut world, &made);
        assert_eq!(matches!(again, Err(ImportError::Duplicate)), is_there, "{script:?}");
        let code = Totp::DEFAULT.generate(&key(HashAlgorithm::Sha1, SECRET), NOW);
        assert!(matches!(verify(&mut world, code.expose(), NOW), PasscodeVerdict::Accepted { .. }), "{script:?}");
    }
}
