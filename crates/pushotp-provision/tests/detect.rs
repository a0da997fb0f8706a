//! What a text is recognised as, with what looks like it and is not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use pushotp_provision::{Error, Format, Policy, Support, Unlock, detect, read};

const RECOGNISED: &[(&str, &str)] = &[
    ("OTPAUTH://TOTP/a?secret=AAAA", "otpauth"),
    ("\u{feff} apple-otpauth://totp/a?secret=AAAA\n", "otpauth"),
    ("otpauth://totp/a?secret=AAAA\notpauth://totp/b?secret=AAAA", "uri-list"),
    ("# my tokens\n\notpauth://totp/a?secret=AAAA", "uri-list"),
    ("otpauth://pipush/x", "privacyidea-push"),
    ("pia://container/SMPH1?issuer=x", "privacyidea-container"),
    ("edumfa-push://edumfa/x", "edumfa-push"),
    ("otpauth-migration://offline?data=", "otpauth-migration"),
    ("phonefactor://activate_account?code=000000000", "ms-phonefactor"),
    ("duo://0123456789abcdefghij-YXBpLTAwMDAwMDAwLmR1b3NlY3VyaXR5LmNvbQ==", "duo"),
    ("0123456789abcdefghij-YXBpLTAwMDAwMDAwLmR1b3NlY3VyaXR5LmNvbQ==", "duo"),
    ("oktaverify://a@example.com/?t=x", "oktaverify"),
    ("onelogin-otpauth://totp/x", "onelogin"),
    ("VSST00000000", "symantec-vip"),
    ("FTKMOB0000000000", "fortitoken"),
    ("igmobileotp://?action=secactivate", "entrust-igmobileotp"),
    ("com.rsa.securid.iphone://ctf?ctfData=0", "rsa-ctf"),
    ("com.rsa.securid://ctkip?x=y", "rsa-ctkip"),
    ("<?xml version='1.0'?><!-- x --><TKNBatch/>", "rsa-sdtid"),
    ("<!DOCTYPE x><p:KeyContainer xmlns:p='x'>", "pskc"),
    ("<KeyProvServerHello>", "dskpp"),
    ("mobilepassplus://autoenrollment?str=x", "mobilepassplus-activation-string"),
    ("AAAAK-AAAAK-AAAAK-AAAAK", "mobilepass8-activation-code"),
    ("AAAAKAAAAKAAAAKAAAAK", "mobilepass8-activation-code"),
    ("AAAAKAAAAKAAAAKAAAAL", "base32"),
    ("gezd gnbv gy3t qojq", "base32"),
    ("0123456789abcdef", "hex"),
    ("lseqr://nonce?me=x", "linotp-lseqr-init"),
    ("-----BEGIN CERTIFICATE-----", "pem"),
    ("\u{89}PNG", ""),
    ("LOGGING START,14.02.17 18:00\nOATH-HOTP,14.02.17 18:00,1,,,00ff,,,0,0,0,6", "yubico-csv"),
    ("upn,serial number,secret key,time interval,manufacturer,model", "entra-csv"),
    ("# version: 2\n", "oath-csv"),
    ("tok1, 00ff, hotp", "oath-csv"),
    ("tok1, 00ff", "duo-csv"),
    ("1;x;HOTP;00ff;6;0", "multiotp"),
    ("HOTP a - 00", "liboath-usersfile"),
    ("HOTP alice -", ""),
    ("{\"TOTP Seed\": \"x\"}", "keepass-fields"),
    ("{\"x\": {\"header\": {\"slots\": null}}, \"y\": \"db\"}", ""),
    ("{\"version\": 1, \"note\": \"\\\"schemaVersion\\\":\"}", ""),
    ("definitely not valid", ""),
    ("good morning, Vietnam", ""),
    ("1", ""),
    ("", ""),
    ("https://example.com/", ""),
    ("otpauth", "base32"),
];

#[test]
fn what_each_text_is() {
    for (text, name) in RECOGNISED {
        assert_eq!(detect(text.as_bytes()).format().map_or("", Format::name), *name, "{text}");
    }
}

/// Bytes that are no text, and bytes that only look like them.
#[test]
fn what_each_file_is() {
    let name = |bytes: &[u8]| detect(bytes).format().map_or("", Format::name);
    assert_eq!(name(b"\xac\xed\x00\x05sr"), "freeotp-v2");
    assert_eq!(name(b"PK\x03\x04"), "zip");
    assert_eq!(name(b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5"), "kdbx4");
    assert_eq!(name(b"\x89PNG\r\n\x1a\n"), "image");
    assert_eq!(name(b"AUTHENTICATORPRO\x00"), "stratum-encrypted");
    assert_eq!(name(b"AuthenticatorPro\x00"), "stratum-encrypted-legacy");
    let andotp = [&150_000_u32.to_be_bytes()[..], &[0xff; 40]].concat();
    assert_eq!((name(&andotp), name(&andotp[..43])), ("andotp-encrypted", ""));
    assert_eq!(name(&[&7_u32.to_be_bytes()[..], &[0xff; 40]].concat()), "");
}

/// Each format has a name of its own and something to tell, and what is never read is refused as that.
#[test]
fn every_format_is_explained() {
    let names: BTreeSet<&str> = Format::ALL.iter().map(|format| format.name()).collect();
    assert_eq!(names.len(), Format::ALL.len());
    for format in Format::ALL {
        assert!(format.explain().len() > 20 && format.explain().ends_with('.'), "{format}");
    }
    let (mut refused, policy) = (0, Policy::app());
    for (text, _) in RECOGNISED {
        let Some(format) = detect(text.as_bytes()).format() else { continue };
        if format.support() == Support::Never {
            let error = read(text.as_bytes(), &policy, &Unlock::none()).err();
            assert_eq!(error, Some(Error::NotReadable(format)), "{text}");
            refused += 1;
        }
    }
    assert!(refused > 12, "{refused}");
}
