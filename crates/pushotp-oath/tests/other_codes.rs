//! Steam, Yandex and Mobile-OTP: the values of the field, single use, and what is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use pushotp_oath::{Drift, Motp, MotpError, Steam, Step, Verdict, Window, Yandex, YandexError};
use pushotp_types::{SecretRef, UnixTime};
use serde_json::Value;

fn cases(file: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn base32(case: &Value) -> Vec<u8> {
    BASE32_NOPAD.decode(case["secret_base32"].as_str().unwrap().as_bytes()).unwrap()
}

fn time(case: &Value) -> UnixTime {
    UnixTime::from_secs(case["unix_time"].as_u64().unwrap())
}

/// One kind of token: how it verifies, and the seconds of its period.
type Verify<'a> = &'a dyn Fn(&str, UnixTime, Window, Option<Step>) -> Verdict;

/// A right code is taken once, in either case, in its window; what is nearly it is not.
fn taken_once((verify, period): (Verify<'_>, u64), code: &str, now: UnixTime) {
    let Verdict::Match(found) = verify(code, now, Window::ZERO, None) else { panic!("{code}") };
    assert_eq!((found.step().get(), found.drift()), (now.as_secs() / period, Drift::ZERO), "{code}");
    assert_eq!(verify(code, now, Window::ZERO, Some(found.step())), Verdict::Replay, "{code}");
    for other in [code.to_ascii_uppercase(), code.to_ascii_lowercase()] {
        assert!(matches!(verify(&other, now, Window::ZERO, None), Verdict::Match(_)), "{other}");
    }
    let later = UnixTime::from_secs(now.as_secs() + period);
    assert!(matches!(verify(code, later, Window::ONE, None), Verdict::Match(found) if found.drift().steps() == -1));
    assert_eq!(verify(code, later, Window::ZERO, None), Verdict::Mismatch);
    for place in 0..code.len() {
        for byte in 0..=0x7f_u8 {
            let mut typed = code.as_bytes().to_vec();
            if !typed[place].eq_ignore_ascii_case(&byte) {
                typed[place] = byte;
                let typed = String::from_utf8(typed).unwrap();
                assert_eq!(verify(&typed, now, Window::ZERO, None), Verdict::Mismatch, "{typed:?}");
            }
        }
    }
    for typed in ["", &code[1..], &format!("{code}0"), &format!("0{code}"), &format!(" {code}"), &code.repeat(40)] {
        assert_eq!(verify(typed, now, Window::ZERO, None), Verdict::Mismatch, "{typed:?}");
    }
}

#[test]
fn steam() {
    for case in cases(include_str!("vectors/steam.json")) {
        let (secret, now, expect) = (base32(&case), time(&case), case["expect"].as_str().unwrap());
        let steam = Steam::new(SecretRef::new(&secret).unwrap());
        assert_eq!(steam.generate(now).expose(), expect, "{}", case["id"]);
        let verify = |typed: &str, now, window, last| steam.verify(typed, now, window, last);
        taken_once((&verify, 30), expect, now);
    }
}

/// A code shows each of the 26 symbols in each place about as often.
#[test]
fn steam_uses_every_symbol() {
    let steam = Steam::new(SecretRef::new(b"12345678901234567890").unwrap());
    let mut seen = std::collections::BTreeMap::<(usize, u8), u32>::new();
    for step in 0..20_000 {
        let code = steam.generate(UnixTime::from_secs(step * 30));
        for place in code.expose().bytes().enumerate() {
            *seen.entry(place).or_default() += 1;
        }
    }
    assert_eq!(seen.len(), 5 * 26);
    assert!(seen.values().all(|count| (600..950).contains(count)), "{seen:?}");
}

#[test]
fn yandex() {
    for case in cases(include_str!("vectors/yandex.json")) {
        let (secret, pin) = (base32(&case), case["pin"].as_str().unwrap());
        let (now, expect) = (time(&case), case["expect"].as_str().unwrap());
        let yandex = Yandex::new(&secret, pin).unwrap();
        assert_eq!(yandex.generate(now).expose(), expect, "{}", case["id"]);
        let verify = |typed: &str, now, window, last| yandex.verify(typed, now, window, last);
        taken_once((&verify, 30), expect, now);
        // The bytes behind the sixteenth check the others, and are no part of the key.
        assert_eq!(Yandex::new(&secret[..16], pin).unwrap().generate(now).expose(), expect);
        for bit in 0..208 {
            let mut altered = secret.clone();
            altered[bit / 8] ^= 0x80 >> (bit % 8);
            assert_eq!(Yandex::new(&altered, pin).unwrap_err(), YandexError::Checksum, "bit {bit}");
        }
        for len in (0..80).filter(|len| *len != 16 && *len != 26) {
            let long = secret.repeat(4);
            assert_eq!(Yandex::new(&long[..len], pin).unwrap_err(), YandexError::SecretLength, "{len}");
        }
    }
    for pin in ["", "123", "12345678901234567", "12a4", "12 4", "١٢٣٤"] {
        assert_eq!(Yandex::new(&[7; 16], pin).unwrap_err(), YandexError::Pin, "{pin}");
    }
}

/// A digest that begins with a zero byte is a key of 31 bytes, which gives other codes than all 32.
#[test]
fn yandex_drops_a_leading_zero() {
    use sha2::{Digest, Sha256};
    let secret = b"0123456789abcdef";
    let pin = (0..100_000)
        .map(|pin| format!("{pin:06}"))
        .find(|pin| Sha256::new().chain_update(pin).chain_update(secret).finalize()[0] == 0)
        .unwrap();
    let digest = Sha256::new().chain_update(&pin).chain_update(secret).finalize();
    let code = |key: &[u8]| {
        use hmac::{Hmac, KeyInit, Mac};
        let mac =
            Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(1_u64.to_be_bytes()).finalize().into_bytes();
        let offset = usize::from(mac[31] & 15);
        let mut rest = u64::from_be_bytes(mac[offset..offset + 8].try_into().unwrap()) & (u64::MAX >> 1);
        let mut text = [0_u8; 8];
        for place in text.iter_mut().rev() {
            *place = b'a' + u8::try_from(rest % 26).unwrap();
            rest /= 26;
        }
        String::from_utf8(text.to_vec()).unwrap()
    };
    let ours = Yandex::new(secret, &pin).unwrap().generate(UnixTime::from_secs(59));
    assert_eq!(ours.expose(), code(&digest[1..]));
    assert_ne!(ours.expose(), code(&digest));
}

#[test]
fn motp() {
    for case in cases(include_str!("vectors/motp.json")) {
        let secret = HEXLOWER.decode(case["secret_hex"].as_str().unwrap().as_bytes()).unwrap();
        let (pin, now, expect) = (case["pin"].as_str().unwrap(), time(&case), case["expect"].as_str().unwrap());
        let motp = Motp::new(SecretRef::danger_import_weak(&secret).unwrap(), pin).unwrap();
        assert_eq!(motp.generate(now).expose(), expect, "{}", case["id"]);
        let verify = |typed: &str, now, window, last| motp.verify(typed, now, window, last);
        taken_once((&verify, 10), expect, now);
        // Three minutes either way.
        let late = |secs| verify(expect, UnixTime::from_secs(now.as_secs() + secs), Motp::WINDOW, None);
        assert!(matches!(late(180), Verdict::Match(_)) && late(190) == Verdict::Mismatch);
    }
    let secret = SecretRef::new(&[7; 33]).unwrap();
    assert_eq!(Motp::new(secret, "1234").unwrap_err(), MotpError::Secret);
    for pin in ["", "123", "12345678901234567", "12a4", "١٢٣٤"] {
        assert_eq!(Motp::new(SecretRef::new(&[7; 32]).unwrap(), pin).unwrap_err(), MotpError::Pin, "{pin}");
    }
}

/// The count of tens of seconds is written without leading zeros, as long as it is.
#[test]
fn motp_at_the_edges_of_time() {
    use md5::{Digest, Md5};
    let motp = Motp::new(SecretRef::new(&[0xab; 16]).unwrap(), "1234").unwrap();
    for secs in [0, 9, 10, 99, 100, u64::MAX] {
        let text = format!("{}{}1234", secs / 10, "ab".repeat(16));
        let expect = HEXLOWER.encode(&Md5::digest(text)[..3]);
        let now = UnixTime::from_secs(secs);
        assert_eq!(motp.generate(now).expose(), expect, "{secs}");
        assert!(matches!(motp.verify(&expect, now, Motp::WINDOW, None), Verdict::Match(_)), "{secs}");
    }
}
