//! RFC 9180 by hand, in the one mode and suite that the protocol has: `mode_psk`, DHKEM(X25519, HKDF-SHA256),
//! HKDF-SHA256, ChaCha20-Poly1305.

use chacha20poly1305::{
    ChaCha20Poly1305, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};

const KEM: &[u8] = b"KEM\x00\x20";
const HPKE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x03";
const MODE_PSK: u8 = 1;

fn labeled_extract(suite: &[u8], salt: &[u8], label: &str, ikm: &[u8]) -> Vec<u8> {
    let ikm = [b"HPKE-v1", suite, label.as_bytes(), ikm].concat();
    Hkdf::<Sha256>::extract(Some(salt), &ikm).0.to_vec()
}

fn labeled_expand(suite: &[u8], prk: &[u8], label: &str, info: &[u8], len: u16) -> Vec<u8> {
    let info = [&len.to_be_bytes()[..], b"HPKE-v1", suite, label.as_bytes(), info].concat();
    let mut out = vec![0; len.into()];
    Hkdf::<Sha256>::from_prk(prk).unwrap().expand(&info, &mut out).unwrap();
    out
}

/// What both sides bind a run to.
#[derive(Clone)]
pub(crate) struct Bound {
    pub(crate) mode: u8,
    pub(crate) psk: Vec<u8>,
    pub(crate) psk_id: Vec<u8>,
    pub(crate) info: Vec<u8>,
}

impl Bound {
    pub(crate) fn psk(psk: &[u8], psk_id: &[u8], info: Vec<u8>) -> Self {
        Self { mode: MODE_PSK, psk: psk.into(), psk_id: psk_id.into(), info }
    }

    pub(crate) fn sender(&self, server: &[u8; 32], ephemeral: &[u8; 32]) -> ([u8; 32], Run) {
        let ephemeral = StaticSecret::from(*ephemeral);
        let enc = PublicKey::from(&ephemeral).to_bytes();
        (enc, self.schedule(ephemeral.diffie_hellman(&(*server).into()).as_bytes(), &enc, server))
    }

    pub(crate) fn receiver(&self, private: &[u8; 32], enc: &[u8; 32]) -> Run {
        let private = StaticSecret::from(*private);
        let public = PublicKey::from(&private).to_bytes();
        self.schedule(private.diffie_hellman(&(*enc).into()).as_bytes(), enc, &public)
    }

    fn schedule(&self, dh: &[u8; 32], enc: &[u8; 32], public: &[u8; 32]) -> Run {
        let prk = labeled_extract(KEM, b"", "eae_prk", dh);
        let shared = labeled_expand(KEM, &prk, "shared_secret", &[*enc, *public].concat(), 32);
        let psk_id = labeled_extract(HPKE, b"", "psk_id_hash", &self.psk_id);
        let info = labeled_extract(HPKE, b"", "info_hash", &self.info);
        let context = [vec![self.mode], psk_id, info].concat();
        let secret = labeled_extract(HPKE, &shared, "secret", &self.psk);
        Run {
            key: labeled_expand(HPKE, &secret, "key", &context, 32),
            nonce: labeled_expand(HPKE, &secret, "base_nonce", &context, 12),
            exporter: labeled_expand(HPKE, &secret, "exp", &context, 32),
        }
    }
}

/// A context, good for the one seal that the protocol makes with it.
pub(crate) struct Run {
    key: Vec<u8>,
    nonce: Vec<u8>,
    exporter: Vec<u8>,
}

impl Run {
    pub(crate) fn seal(&self, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        let cipher = ChaCha20Poly1305::new(&Key::try_from(&self.key[..]).unwrap());
        cipher.encrypt(&Nonce::try_from(&self.nonce[..]).unwrap(), Payload { msg: plain, aad }).unwrap()
    }

    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Vec<u8> {
        let cipher = ChaCha20Poly1305::new(&Key::try_from(&self.key[..]).unwrap());
        cipher.decrypt(&Nonce::try_from(&self.nonce[..]).unwrap(), Payload { msg: sealed, aad }).unwrap()
    }

    pub(crate) fn export(&self, context: &[u8], len: u16) -> Vec<u8> {
        labeled_expand(HPKE, &self.exporter, "sec", context, len)
    }
}
