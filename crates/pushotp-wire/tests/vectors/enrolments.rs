//! Enrolments that are right: one run each, and all that both sides derive from it.

use pushotp_types::{Digits, Epoch, Offer, TenantId, TokenId};
use pushotp_wire::{
    Frame,
    enrol::{DeviceEnrolment, EnrolmentRecipient, ServerEnrolled},
    message::{DeviceProfile, Sent, TokenInfo},
    signer::{DeviceSigner, Ed25519Signer},
    terms::{OtpSpec, PasscodeKind, PushAddress, PushKind, TokenPolicy},
};

use crate::{
    cbor::{array, bytes, split_bytes, text, uint},
    diagnostic::notation,
    enrols::offer,
    format::{Enrolment, Exports, TokenSecret, rng, seed},
    hpke::{Bound, Run},
    peer::{NOW, SERVER, SIGNING, at, message_hash, server_key},
};

/// `[v, tenant, eid, did, epoch, pk, psk, url, exp]`
pub(crate) fn encoded(offer: &Offer) -> Vec<u8> {
    array(&[
        uint(1),
        bytes(offer.tenant.as_bytes()),
        bytes(offer.enrolment.as_bytes()),
        bytes(offer.device.as_bytes()),
        uint(offer.epoch.get().into()),
        bytes(offer.server_key),
        bytes(offer.psk),
        text(&offer.url),
        uint(offer.expires.as_secs()),
    ])
}

/// What the run of an offer is bound to.
fn bound(offer: &Offer) -> Bound {
    let (eid, did) = (offer.enrolment.as_bytes(), offer.device.as_bytes());
    let (tenant, epoch) = (bytes(offer.tenant.as_bytes()), uint(offer.epoch.get().into()));
    let info = array(&[text("pushotp"), uint(1), text("enrol"), tenant, bytes(eid), bytes(did), epoch]);
    Bound::psk(&offer.psk, eid, info)
}

/// `X(label, tid, L)`
fn export(offer: &Offer, run: &Run, label: &str, tid: [u8; 16], len: u16) -> Vec<u8> {
    let (tenant, did) = (bytes(offer.tenant.as_bytes()), bytes(offer.device.as_bytes()));
    let epoch = uint(offer.epoch.get().into());
    run.export(&array(&[text("pushotp"), uint(1), text(label), tenant, did, bytes(tid), epoch]), len)
}

/// One run, before it is made.
struct Plan {
    id: &'static str,
    comment: &'static str,
    offer: Offer,
    name: String,
    push: PushAddress,
    tokens: Vec<TokenInfo>,
}

fn info(tid: u8, name: &str, policy: TokenPolicy, otp: OtpSpec) -> TokenInfo {
    TokenInfo::new(TokenId::from_bytes([tid; 16]), name, policy, otp).unwrap()
}

fn plan(id: &'static str, comment: &'static str) -> Plan {
    let tokens = vec![info(7, "Bank", TokenPolicy::PIN_PROTECTED, OtpSpec::BOUND)];
    Plan { id, comment, offer: offer(), name: "Alice's phone".into(), push: PushAddress::POLL, tokens }
}

fn offer_of(change: impl Fn(&mut Offer)) -> Offer {
    let mut offer = offer();
    change(&mut offer);
    offer
}

fn plans() -> Vec<Plan> {
    let push = |kind, addr: &[u8]| PushAddress::new(kind, addr.to_vec()).unwrap();
    let of_tenant = |tenant: &[u8]| offer_of(|offer| offer.tenant = TenantId::new(tenant).unwrap());
    let of_epoch = |epoch: u32| offer_of(|offer| offer.epoch = Epoch::new(epoch).unwrap());
    let eight = (1..=8).map(|n| info(n, &format!("Token {n}"), TokenPolicy::from_bits(n).unwrap(), OtpSpec::BOUND));
    let hotp = OtpSpec::new(PasscodeKind::Hotp, Digits::SIX).unwrap();
    let totp = OtpSpec::new(PasscodeKind::Totp, Digits::EIGHT).unwrap();
    let others = vec![info(1, "HOTP", TokenPolicy::NONE, hotp), info(2, "TOTP", TokenPolicy::BIOMETRIC, totp)];
    vec![
        plan("poll", "the device fetches, one token"),
        Plan { push: push(PushKind::Apns, &[0xa1; 32]), ..plan("apns", "") },
        Plan { push: push(PushKind::Fcm, b"fcm-registration-token"), ..plan("fcm", "") },
        Plan { push: push(PushKind::WebPush, b"https://push.example.net/v1/abc"), ..plan("web_push", "") },
        Plan { push: push(PushKind::Wns, b"https://wns.example.net/?token=abc"), ..plan("wns", "") },
        Plan { push: push(PushKind::Fcm, &[0x61; 1024]), ..plan("longest_address", "1024 bytes") },
        Plan { name: "n".repeat(64), ..plan("longest_name", "64 bytes") },
        Plan { tokens: eight.collect(), ..plan("eight_tokens", "with each policy bit") },
        Plan { tokens: others, ..plan("hotp_and_totp_tokens", "") },
        Plan { tokens: vec![], ..plan("refused", "status 1: the server has no token for the device") },
        Plan { offer: of_epoch(2), ..plan("second_epoch", "the same device anew") },
        Plan { offer: of_epoch(u32::MAX), ..plan("last_epoch", "") },
        Plan { offer: of_tenant(b"t"), ..plan("tenant_of_1_byte", "") },
        Plan { offer: of_tenant(&[0xff; 32]), ..plan("tenant_of_32_bytes", "no text") },
    ]
}

/// Both sides of a run: the request, and what the server keeps.
fn carry_out(plan: &Plan, signer: &dyn DeviceSigner, seeds: [[u8; 32]; 2]) -> (Vec<u8>, ServerEnrolled) {
    let offer = &plan.offer;
    let profile = DeviceProfile::new(&*plan.name, plan.push.clone(), Sent { at: at(NOW), sequence: 7 }).unwrap();
    let (request, waiting) = DeviceEnrolment::start(offer, profile, signer, &mut rng(seeds[0])).unwrap();
    let recipient = EnrolmentRecipient {
        server_key: &server_key(),
        tenant: offer.tenant,
        enrolment: offer.enrolment,
        device: offer.device,
        epoch: offer.epoch,
        psk: &offer.psk,
    };
    let opened = Frame::parse(&request).unwrap().open_enrolment(&recipient).unwrap();
    let server = opened.respond(&plan.tokens, at(NOW), &mut rng(seeds[1])).unwrap();
    match waiting.finish(&server.response) {
        Ok(device) => {
            assert_eq!((device.confirmation, device.tokens.len()), (server.confirmation.clone(), plan.tokens.len()));
        }
        Err(_) => assert!(plan.tokens.is_empty()),
    }
    (request, server)
}

fn exports(offer: &Offer, run: &Run, server: &ServerEnrolled) -> Exports {
    let of = |label: &str, len: u16| export(offer, run, label, [0; 16], len).into();
    let keys = server.keys.expose();
    let token = |(tid, secret): &(TokenId, pushotp_types::Secret)| TokenSecret {
        tid: tid.as_bytes().into(),
        secret: secret.expose().into(),
    };
    Exports {
        s2d_key: keys[..32].into(),
        d2s_psk: keys[32..64].into(),
        s2d_kid: keys[64..72].into(),
        d2s_kid: keys[72..].into(),
        bind: of("bind", 32),
        confirm: of("confirm", 8),
        token: server.secrets.iter().map(token).collect(),
    }
}

fn written(plan: &Plan, signer: &dyn DeviceSigner) -> Enrolment {
    let (asked, answered) = (seed(plan.id), seed(&format!("{} response", plan.id)));
    let (request, server) = carry_out(plan, signer, [asked, answered]);
    let offer = encoded(&plan.offer);
    let (inner, run) = opened_request(&plan.offer, &request);
    let (request_payload, _) = split_bytes(&inner[11..]);
    let keys = server.keys.expose();
    let response_payload = opened(&plan.offer, &server.response, &keys[..32]);
    Enrolment {
        id: plan.id.into(),
        comment: plan.comment.into(),
        uri: format!("pushotp://enrol#{}", base64url(&offer)),
        offer: offer.into(),
        rng_seed: asked.into(),
        request_fields: notation(request_payload),
        request_payload: request_payload.into(),
        request_signed: inner.clone().into(),
        rh: message_hash(&request).into(),
        request: request.into(),
        exports: exports(&plan.offer, &run, &server),
        confirmation: server.confirmation.as_str().into(),
        response_rng_seed: answered.into(),
        response_fields: notation(&response_payload),
        response_payload: response_payload.into(),
        response: server.response.into(),
    }
}

/// E
fn external_aad(offer: &Offer) -> Vec<u8> {
    array(&[text("pushotp"), uint(1), bytes(offer.tenant.as_bytes())])
}

/// What is signed in a request, and the run for its exporter.
fn opened_request(offer: &Offer, request: &[u8]) -> (Vec<u8>, Run) {
    let (_, rest) = split_bytes(&request[2..]);
    let (enc, rest) = split_bytes(rest);
    let (ciphertext, _) = split_bytes(rest);
    let run = bound(offer).receiver(&SERVER, enc.try_into().unwrap());
    (run.open(&external_aad(offer), ciphertext), run)
}

/// The plaintext of a response.
fn opened(offer: &Offer, response: &[u8], key: &[u8]) -> Vec<u8> {
    use chacha20poly1305::{
        ChaCha20Poly1305, Key, KeyInit, Nonce,
        aead::{Aead, Payload},
    };
    let (protected, rest) = split_bytes(&response[2..]);
    let (ciphertext, _) = split_bytes(&rest[1..]);
    let aad = array(&[text("Encrypt0"), bytes(protected), bytes(external_aad(offer))]);
    let cipher = ChaCha20Poly1305::new(&Key::try_from(key).unwrap());
    cipher.decrypt(&Nonce::try_from(&protected[16..28]).unwrap(), Payload { msg: ciphertext, aad: &aad }).unwrap()
}

/// Without padding.
pub(crate) fn base64url(input: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = input.chunks(3).flat_map(|chunk| {
        let group = chunk.iter().enumerate().fold(0, |group, (n, byte)| group | u32::from(*byte) << (16 - 8 * n));
        (0..=chunk.len()).map(move |n| char::from(DIGITS[(group >> (18 - 6 * n)) as usize & 63]))
    });
    digits.collect()
}

pub(crate) fn enrolments() -> Vec<Enrolment> {
    let signer = Ed25519Signer::from_bytes(&SIGNING);
    plans().iter().map(|plan| written(plan, &signer)).collect()
}

/// One with another key.
#[cfg(feature = "es256")]
pub(crate) fn enrolled_by(signer: &dyn DeviceSigner, id: &'static str) -> Enrolment {
    written(&plan(id, ""), signer)
}
