//! RFC 6287 by hand, in the one suite of the protocol: the crate under test carries passcodes and makes none.

use hkdf::Hkdf;
use sha2::{Digest, Sha256};

use crate::format::{Message, Passcode, TokenSecret};

/// The passcode of a secret over a challenge hash, 8 digits.
pub(crate) fn bound(secret: &[u8], ch: &[u8]) -> u32 {
    let input = [&b"OCRA-1:HOTP-SHA256-8:QH64\0"[..], ch, &[0; 96]].concat();
    // HKDF's extraction is HMAC, with the salt for a key.
    let (mac, _) = Hkdf::<Sha256>::extract(Some(secret), &input);
    let offset = usize::from(mac[31] & 15);
    let truncated = u32::from_be_bytes(mac[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    truncated % 100_000_000
}

fn passcode(id: &str, comment: &str, secret: &[u8], ch: &[u8]) -> Passcode {
    let code = format!("{:08}", bound(secret, ch));
    Passcode { id: id.into(), comment: comment.into(), secret: secret.into(), ch: ch.into(), code }
}

/// A hash whose passcode has this prefix.
fn with_prefix(secret: &[u8], prefix: &str) -> [u8; 32] {
    let mut hashes = (0..).map(|n: u32| <[u8; 32]>::from(Sha256::digest(n.to_be_bytes())));
    hashes.find(|ch| format!("{:08}", bound(secret, ch)).starts_with(prefix)).unwrap()
}

pub(crate) fn passcodes(challenges: &[Message], secrets: &[TokenSecret]) -> Vec<Passcode> {
    let secret: [u8; 32] = secrets[0].secret.array();
    let ch = |id: &str| challenges.iter().find(|case| case.id == id).unwrap().ch.clone().unwrap().0;
    vec![
        passcode("of_the_specification", "ch is SHA-256 of \"pushotp\"", &secret, &Sha256::digest("pushotp")),
        passcode("leading_zeros", "as text, with its zeros", &secret, &with_prefix(&secret, "00")),
        passcode("hash_with_leading_zeros", "QH keeps them", &secret, &[[0; 16], [1; 16]].concat()),
        passcode("challenge_minimal", "of envelopes.json", &secret, &ch("challenge_minimal")),
        passcode("challenge_typical", "of envelopes.json", &secret, &ch("challenge_typical")),
        passcode("another_token", "the same challenge", &secrets[1].secret.0, &ch("challenge_typical")),
    ]
}
