use data_encoding::BASE64;

use super::{json, lines, xml};
use crate::Format;

/// What a URI begins with, in lower case; the longer one of two stands first.
const SCHEMES: [(&str, Format); 26] = [
    ("otpauth://pipush", Format::PrivacyIdeaPush),
    ("pia://pipush", Format::PrivacyIdeaPush),
    ("pia://container", Format::PrivacyIdeaContainer),
    ("edumfa-push://", Format::EduMfaPush),
    ("otpauth-migration:", Format::Migration),
    ("otpauth:", Format::Otpauth),
    ("apple-otpauth:", Format::Otpauth),
    ("motp:", Format::Motp),
    ("steam://", Format::SteamUri),
    ("oathtoken:", Format::OathToken),
    ("pushotp://enrol#", Format::PushOtp),
    ("lseqr://pair/", Format::LinOtpPairing),
    ("lseqr://init", Format::LinOtpOcra2),
    ("lseqr://nonce", Format::LinOtpOcra2),
    ("lseqr://chal", Format::LinOtpChallenge),
    ("mobilepassplus:", Format::MobilePassPlus),
    ("phonefactor:", Format::Microsoft),
    ("duo:", Format::Duo),
    ("oktaverify:", Format::Okta),
    ("onelogin-otpauth:", Format::OneLogin),
    ("igmobileotp:", Format::Entrust),
    ("com.rsa.securid://ctkip", Format::CtKip),
    ("com.rsa.securid.iphone://ctkip", Format::CtKip),
    ("com.rsa.securid", Format::SecurIdCtf),
    ("http://127.0.0.1/securid/ctf", Format::SecurIdCtf),
    ("key=", Format::KeePassFields),
];

/// `EnrollmentURL=` in base64, up to the last character that does not depend on what follows.
const ENROLLMENT_URL: &str = "RW5yb2xsbWVudFVSTD";

pub(super) fn detect(text: &str) -> Option<Format> {
    if let Some(format) = scheme(text) {
        // A list is told by its second line.
        let listed = matches!(format, Format::Otpauth | Format::SteamUri | Format::Motp) && text.contains('\n');
        return Some(if listed { Format::UriList } else { format });
    }
    match text.as_bytes() {
        [b'{' | b'[', ..] => json::detect(text),
        [b'<', ..] => xml::detect(text),
        _ => bare(text).or_else(|| lines::detect(text)),
    }
}

fn scheme(text: &str) -> Option<Format> {
    let begins = |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    SCHEMES.iter().find(|(prefix, _)| begins(prefix)).map(|(_, format)| *format)
}

/// One line that is neither URI nor structured.
fn bare(text: &str) -> Option<Format> {
    if text.contains(['\n', ',', ';']) || text.len() > 4096 {
        return None;
    }
    let bytes = text.as_bytes();
    let symbols = || bytes.iter().filter(|byte| !b" -".contains(byte));
    let all = |test: fn(&u8) -> bool| symbols().all(test);
    if text.starts_with(ENROLLMENT_URL) {
        return Some(Format::MobilePassPlus);
    }
    if is_activation_code(text) {
        return Some(Format::MobilePass);
    }
    if let Some(format) = vendor(text) {
        return Some(format);
    }
    if symbols().count() == 81 && all(u8::is_ascii_digit) {
        return Some(Format::SecurIdCtf);
    }
    let padded = text.ends_with('=');
    let base32 = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'2'..=b'7');
    let unpadded = text.trim_end_matches('=');
    if !unpadded.is_empty()
        && is_grouped(unpadded)
        && unpadded.bytes().all(|byte| base32(&byte) || b" -".contains(&byte))
    {
        return Some(Format::Base32);
    }
    let hex = all(u8::is_ascii_hexdigit) && symbols().count() % 2 == 0 && !padded;
    hex.then_some(Format::Hex)
}

/// Groups of one length, of which the last may be shorter: a secret, and not a sentence.
fn is_grouped(text: &str) -> bool {
    let mut groups = text.split([' ', '-']).filter(|group| !group.is_empty()).map(str::len).peekable();
    let Some(first) = groups.peek().copied() else { return false };
    let mut before = first;
    groups.all(|len| {
        let fits = before == first && len <= first;
        before = len;
        fits
    })
}

/// Four groups of five, or the same without hyphens if each fifth character is the check of the four before it.
fn is_activation_code(text: &str) -> bool {
    let base32 = |group: &[u8]| group.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'2'..=b'7'));
    let groups = text.split('-');
    if groups.clone().count() == 4 && groups.clone().all(|group| group.len() == 5 && base32(group.as_bytes())) {
        return true;
    }
    let checked = |group: &[u8]| {
        let Some((check, four)) = group.split_last() else { return false };
        mobilepass_check(four) == Some(check.to_ascii_uppercase())
    };
    text.len() == 20 && base32(text.as_bytes()) && text.as_bytes().chunks(5).all(checked)
}

/// The fifth character of a group of an activation code: the check of the four before it.
pub(crate) fn mobilepass_check(four: &[u8]) -> Option<u8> {
    let sum: usize = four.iter().zip(1..).map(|(byte, weight)| usize::from(byte.to_ascii_uppercase()) * weight).sum();
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".get(sum % 32).copied()
}

/// Names that vendors give their tokens, which help desks are told instead of a secret.
fn vendor(text: &str) -> Option<Format> {
    let digits_after = |prefix: &str, count: usize| {
        let rest = text.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.len() == count && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    if ["VSST", "VSMT", "VSHM", "VSTZ", "SYMC", "SYDC"].iter().any(|kind| digits_after(kind, 8)) {
        return Some(Format::SymantecVip);
    }
    if text.starts_with("FTKMOB") || text.starts_with("FTK200") {
        return Some(Format::FortiToken);
    }
    let host = BASE64.decode(text.split_once('-')?.1.as_bytes()).ok()?;
    host.ends_with(b".duosecurity.com").then_some(Format::Duo)
}
