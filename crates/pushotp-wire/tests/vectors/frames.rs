//! Every message of an enrolled device that is right, with every option.

use pushotp_types::{Code, DeviceId, Digits, TokenId};
use pushotp_wire::{
    frame::{Sealing, seal},
    message::{Approve, ApproveParts, Changes, Deny, Fetch, FromDevice, PushSwitch, Report, Sent, Update},
    signer::{DeviceSigner, Ed25519Signer},
    terms::{ChallengeHash, ChallengeId, Nonce, PushAddress, PushKind, Reason, UserVerification},
};

use crate::{
    diagnostic::notation,
    files::secret,
    format::{Message, rng, seed},
    messages::CID,
    passcodes::bound,
    peer::{
        D2S_KID, DID, NOW, OTHER_TOKEN, SIGNING, TOKEN, at, binding, channel, keys, message_hash, open_frame,
        server_key,
    },
};

fn sealed(id: &str, comment: &str, about: Option<&str>, message: &FromDevice) -> Message {
    sealed_by(&Ed25519Signer::from_bytes(&SIGNING), id, comment, about, message)
}

/// A message, signed and sealed with the generator that its name seeds.
pub(crate) fn sealed_by(
    signer: &dyn DeviceSigner,
    id: &str,
    comment: &str,
    about: Option<&str>,
    message: &FromDevice,
) -> Message {
    let (binding, keys, server_key) = (binding(), keys(), server_key());
    let sealing = Sealing { binding: &binding, keys: &keys, server_key: server_key.public_key(), signer };
    let frame = seal(message, &sealing, &mut rng(seed(id))).unwrap();
    let payload = message.encode().unwrap();
    Message {
        id: id.into(),
        comment: comment.into(),
        typ: message.typ().code(),
        about: about.map(str::to_string),
        rng_seed: seed(id).into(),
        fields: notation(&payload),
        payload: payload.into(),
        ch: None,
        // The device itself cannot open it again.
        signed: Some(open_frame(&frame, &D2S_KID, &channel()).0.into()),
        rh: message_hash(&frame).into(),
        message: frame.into(),
    }
}

const SENT: Sent = Sent { at: pushotp_types::UnixTime::from_secs(NOW), sequence: NOW * 1000 };

struct Yes {
    id: &'static str,
    about: &'static str,
    token: [u8; 16],
    verification: UserVerification,
    number: &'static str,
    /// `None`: bound to the challenge.
    code: Option<(u32, u8)>,
    sent: Sent,
}

const YES: Yes = Yes {
    id: "approve_with_pin",
    about: "challenge_typical",
    token: TOKEN,
    verification: UserVerification::Pin,
    number: "493027",
    code: None,
    sent: SENT,
};

fn approvals() -> Vec<Yes> {
    let minimal = Yes { about: "challenge_minimal", number: "", ..YES };
    let sent = |secs, sequence| Sent { at: at(secs), sequence };
    vec![
        YES,
        Yes { id: "approve_with_biometric", verification: UserVerification::Biometric, ..YES },
        Yes { id: "approve_with_both", verification: UserVerification::Both, ..YES },
        Yes { id: "approve_unverified", verification: UserVerification::None, ..minimal },
        Yes { id: "approve_with_another_token", token: OTHER_TOKEN, ..YES },
        Yes { id: "approve_number_of_2_digits", about: "challenge_number_of_2_digits", number: "07", ..YES },
        Yes { id: "approve_number_of_8_digits", about: "challenge_number_of_8_digits", number: "00493027", ..YES },
        Yes { id: "approve_number_picked", about: "challenge_pick_one_of_three", number: "48", ..YES },
        Yes { id: "approve_hotp", about: "challenge_hotp", code: Some((755_224, 6)), ..minimal },
        Yes { id: "approve_totp", about: "challenge_totp", code: Some((94_287_082, 10)), ..minimal },
        Yes { id: "approve_sequence_0", sent: sent(NOW, 0), ..YES },
        Yes { id: "approve_highest_sequence", sent: sent(NOW, (1 << 53) - 1), ..YES },
        Yes { id: "approve_clock_of_2020", sent: sent(1_577_836_800, 5), ..YES },
        Yes { id: "approve_clock_of_2100", sent: sent(4_102_444_800, 5), ..YES },
    ]
}

fn approval(yes: &Yes, challenges: &[Message]) -> Message {
    let ch: [u8; 32] = challenge_hash(yes.about, challenges);
    let (value, digits) = yes.code.unwrap_or_else(|| (bound(&secret(yes.token), &ch), 8));
    let code = Code::from_value(value, Digits::new(digits).unwrap());
    let parts = ApproveParts {
        challenge: ChallengeId::from_bytes(CID),
        hash: ChallengeHash::from_bytes(ch),
        token: TokenId::from_bytes(yes.token),
        verification: yes.verification,
        number: yes.number,
        code: &code,
        sent: yes.sent,
    };
    sealed(yes.id, "", Some(yes.about), &FromDevice::Approve(Approve::new(&parts).unwrap()))
}

fn challenge_hash(id: &str, challenges: &[Message]) -> [u8; 32] {
    challenges.iter().find(|challenge| challenge.id == id).unwrap().ch.as_ref().unwrap().array()
}

fn refusals(challenges: &[Message]) -> Vec<Message> {
    let about = "challenge_typical";
    let named = (ChallengeId::from_bytes(CID), ChallengeHash::from_bytes(challenge_hash(about, challenges)));
    let reasons = [
        ("unspecified", Reason::Unspecified),
        ("not_me", Reason::NotMe),
        ("wrong_details", Reason::WrongDetails),
        ("too_many", Reason::TooMany),
        ("mistake", Reason::Mistake),
    ];
    let deny = reasons.map(|(word, reason)| {
        let deny = FromDevice::Deny(Deny::new(named, reason, SENT).unwrap());
        sealed(&format!("deny_{word}"), "", Some(about), &deny)
    });
    let report = reasons.map(|(word, reason)| {
        let report = FromDevice::Report(Report::new(named, reason, SENT).unwrap());
        sealed(&format!("report_{word}"), "", Some(about), &report)
    });
    deny.into_iter().chain(report).collect()
}

fn updates() -> Vec<Message> {
    let address = |kind, addr: &[u8]| PushAddress::new(kind, addr.to_vec()).ok();
    let switch = |tid, on| PushSwitch { token: TokenId::from_bytes(tid), on };
    let eight = (0..8).map(|n| switch([n; 16], n % 2 == 0)).collect();
    let none = Changes::default;
    let all = Changes {
        address: address(PushKind::Fcm, b"fcm-registration-token"),
        push: vec![switch(TOKEN, false), switch(OTHER_TOKEN, true)],
        name: Some("Alice's phone".into()),
    };
    let cases = [
        ("update_everything", all),
        (
            "update_address",
            Changes { address: address(PushKind::WebPush, b"https://push.example.net/v1/abc"), ..none() },
        ),
        ("update_to_polling", Changes { address: Some(PushAddress::POLL), ..none() }),
        ("update_longest_address", Changes { address: address(PushKind::Apns, &[0xa1; 1024]), ..none() }),
        ("update_push_off", Changes { push: vec![switch(TOKEN, false)], ..none() }),
        ("update_push_on", Changes { push: vec![switch(TOKEN, true)], ..none() }),
        ("update_eight_switches", Changes { push: eight, ..none() }),
        ("update_name", Changes { name: Some("n".repeat(64)), ..none() }),
    ];
    let update = |changes| FromDevice::Update(Update::new(DeviceId::from_bytes(DID), changes, SENT).unwrap());
    cases.map(|(id, changes)| sealed(id, "", None, &update(changes))).into()
}

pub(crate) fn frames(challenges: &[Message]) -> Vec<Message> {
    let fetch = Fetch::new(DeviceId::from_bytes(DID), Nonce::from_bytes([4; 16]), at(NOW)).unwrap();
    let mut all: Vec<_> = approvals().iter().map(|yes| approval(yes, challenges)).collect();
    all.extend(refusals(challenges));
    all.push(sealed("fetch", "", None, &FromDevice::Fetch(fetch)));
    all.extend(updates());
    all
}
