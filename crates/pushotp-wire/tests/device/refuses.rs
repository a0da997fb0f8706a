//! What the device does not send, and that nothing is lost by it.

use pushotp_types::{Code, Digits};
use pushotp_wire::{
    Error,
    device::{Approval, Device, Sending, Shown},
    message::{Approve, ApproveParts, ChallengeParts, FromDevice, Sent},
    signer::{DeviceSigner, SignError, VerifyingKey},
    terms::{ChallengePolicy, NumberMode, OtpSpec, PasscodeKind, Reason, TokenPolicy, UserVerification},
};

use crate::fixture::*;

/// A key store that is locked.
struct Locked(VerifyingKey);

impl DeviceSigner for Locked {
    fn verifying_key(&self) -> VerifyingKey {
        self.0
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        Err(SignError)
    }
}

/// The refusal of an approval, after which the same challenge is approved as it should be.
fn refused(world: &mut World, shown: Shown, bad: &Approval<'_>) -> Error {
    let unsent = world.send(|device, sending| shown.approve(bad, device, sending)).unwrap_err();
    let code = code();
    let good = Approval { number: bad_or_good_number(unsent.state.number_mode()), ..approval(&code) };
    let (frame, _) = world.send(|device, sending| unsent.state.approve(&good, device, sending)).unwrap();
    assert!(matches!(world.receive(&frame).0, FromDevice::Approve(_)));
    unsent.error
}

fn bad_or_good_number(mode: NumberMode) -> &'static str {
    match mode {
        NumberMode::TypeIn { .. } => NUMBER,
        NumberMode::PickOne { .. } => "07",
        _ => "",
    }
}

// protocol.md: NUM-3, DEV-6, DEV-9
#[test]
fn one_defect_one_refusal() {
    let (code, short) = (code(), Code::from_value(1, Digits::SIX));
    let good = approval(&code);
    let cases = [
        ("168 a token that cannot answer", Approval { token: OTHER_TOKEN, ..good }, Error::TokenMismatch),
        ("151 no verification", Approval { verification: UserVerification::None, ..good }, Error::UvRequired),
        ("151 biometric", Approval { verification: UserVerification::Biometric, ..good }, Error::UvRequired),
        ("153 number missing", Approval { number: "", ..good }, Error::Number),
        ("155 too short", Approval { number: "48291", ..good }, Error::Number),
        ("155 too long", Approval { number: "4829130", ..good }, Error::Number),
        ("156 a letter", Approval { number: "12a456", ..good }, Error::Number),
        ("157 Arabic-Indic digits", Approval { number: "٤٨٢", ..good }, Error::Number),
        ("158 a space", Approval { number: " 48392", ..good }, Error::Number),
        ("158 a sign", Approval { number: "+48392", ..good }, Error::Number),
        ("165 a code of six digits", Approval { code: &short, ..good }, Error::Code),
    ];
    for (case, bad, expected) in cases {
        let mut world = World::new();
        let shown = world.shown();
        assert_eq!(refused(&mut world, shown, &bad), expected, "{case}");
    }
}

/// Case 154, and the number that is picked.
// protocol.md: NUM-3, NUM-4
#[test]
fn numbers_of_the_weaker_modes() {
    let code = code();
    let policy = ChallengePolicy::VERIFY_USER;
    let pick = NumberMode::PickOne { choices: [7, 42, 99] };
    for (number, bad) in
        [(NumberMode::None, "0"), (pick, "7"), (pick, "08"), (pick, "007"), (pick, ""), (pick, "+7"), (pick, "43")]
    {
        let mut world = World::new();
        let parts = ChallengeParts { policy, number, ..parts() };
        let shown = world.opened(parts).show(&[held(TOKEN, TokenPolicy::PIN_PROTECTED)]).unwrap();
        let bad = Approval { number: bad, ..approval(&code) };
        assert_eq!(refused(&mut world, shown, &bad), Error::Number, "{number:?} {:?}", bad.number);
    }
}

/// HOTP and TOTP passcodes are as long as the challenge says, and no other length is sent.
// protocol.md: PASS-3
#[test]
fn passcodes_of_the_other_kinds() {
    for kind in [PasscodeKind::Hotp, PasscodeKind::Totp] {
        for digits in 6..=10 {
            let otp = OtpSpec::new(kind, Digits::new(digits).unwrap()).unwrap();
            let mut world = World::new();
            let mut shown = world
                .opened(ChallengeParts { otp, ..parts() })
                .show(&[held(TOKEN, TokenPolicy::PIN_PROTECTED)])
                .unwrap();
            assert_eq!(shown.otp(), otp);
            for other in (6..=10).filter(|other| *other != digits) {
                let wrong = Code::from_value(123_456, Digits::new(other).unwrap());
                let unsent =
                    world.send(|device, sending| shown.approve(&approval(&wrong), device, sending)).unwrap_err();
                assert_eq!(unsent.error, Error::Code, "{other} for {digits}");
                shown = unsent.state;
            }
            let right = Code::from_value(123_456, otp.digits());
            let (frame, _) = world.send(|device, sending| shown.approve(&approval(&right), device, sending)).unwrap();
            let (FromDevice::Approve(approve), _) = world.receive(&frame) else { panic!() };
            assert_eq!(approve.expose_code(), right.expose());
        }
    }
}

/// Nothing of a challenge is lost when the key, the clock, the sequence number or the device is not the right one.
// protocol.md: FRM-4, DEV-8, TIME-5
#[test]
fn what_sending_takes() {
    let world = World::new();
    let locked = Locked(world.signer.verifying_key());
    let other = Device::new(*world.device.binding(), keys(99), *world.device.server_key());
    let weak = Device::new(*world.device.binding(), keys(0), pushotp_wire::keys::ServerPublicKey::from_bytes([0; 32]));
    let sent = Sent { at: at(NOW), sequence: 1 };
    let cases = [
        ("a locked key store", &locked as &dyn DeviceSigner, &world.device, sent, Error::Signer),
        ("another enrolment", &world.signer, &other, sent, Error::UnknownKid),
        ("a server key of small order", &world.signer, &weak, sent, Error::WeakKey),
        ("too late", &world.signer, &world.device, Sent { at: at(NOW + 241), sequence: 1 }, Error::Expired),
        ("sequence", &world.signer, &world.device, Sent { at: at(NOW), sequence: 1 << 53 }, Error::Field("seq")),
    ];
    let mut rng = world.rng.clone();
    let code = code();
    let challenge = payload(parts());
    let push = pushotp_wire::envelope::seal(&challenge, world.device.keys(), &tenant(), &mut rng).unwrap();
    for (case, signer, device, sent, expected) in cases {
        let opened = world.device.open(&push, at(NOW)).unwrap();
        let pushotp_wire::device::Incoming::Challenge(opened) = opened else { panic!("{opened:?}") };
        let shown = opened.show(&[held(TOKEN, TokenPolicy::PIN_PROTECTED)]).unwrap();
        let mut sending = Sending { signer, rng: &mut rng, sent };
        let unsent = shown.approve(&approval(&code), device, &mut sending).unwrap_err();
        assert_eq!(unsent.error, expected, "{case}");
        // A denial is as little sent, but for the clock: it is never too late to say no.
        match unsent.state.deny(Reason::NotMe, device, &mut sending) {
            Ok((_, denied)) => {
                assert_eq!((case, expected), ("too late", Error::Expired));
                sending.signer = &locked;
                let unsent = denied.report(Reason::NotMe, device, &mut sending).unwrap_err();
                assert_eq!(unsent.error, Error::Signer);
                sending.signer = &world.signer;
                assert!(unsent.state.report(Reason::NotMe, device, &mut sending).is_ok());
            }
            Err(unsent) => assert_eq!(unsent.error, expected, "{case}"),
        }
    }
}

/// Case 138: from the notification only what both the challenge and the token permit.
// protocol.md: DEV-7
#[test]
fn from_the_notification() {
    let quick = TokenPolicy::FROM_NOTIFICATION;
    let (may, may_not) = (held(TOKEN, quick), held(OTHER_TOKEN, TokenPolicy::NONE));
    let anywhere = ChallengeParts { policy: ChallengePolicy::NONE, ..parts() };
    let in_app = ChallengeParts { policy: ChallengePolicy::NOT_FROM_NOTIFICATION, ..parts() };
    let mut world = World::new();

    let shown = world.opened(anywhere.clone()).notify(&[may, may_not]).unwrap().quick().unwrap();
    assert_eq!(shown.tokens(), [may]);

    for (parts, tokens) in [(in_app, vec![may, may_not]), (anywhere, vec![may_not])] {
        let notification = world.opened(parts.clone()).notify(&tokens).unwrap().quick().unwrap_err();
        assert_eq!(notification.open().tokens(), tokens, "opened in the app, all of them can");
        let notification = world.opened(parts).notify(&tokens).unwrap();
        let (frame, _) = world.send(|device, sending| notification.deny(Reason::NotMe, device, sending)).unwrap();
        assert!(matches!(world.receive(&frame).0, FromDevice::Deny(_)));
    }
}

/// What is printed of a prompt, a sender or an approval tells no number, no code and no key.
#[test]
fn debug_is_silent() {
    let mut world = World::new();
    let code = code();
    let parts = ApproveParts {
        challenge: parts().id,
        hash: request().hash,
        token: TOKEN,
        verification: UserVerification::Pin,
        number: NUMBER,
        code: &code,
        sent: Sent { at: at(NOW), sequence: 1 },
    };
    let texts = [
        format!("{:?}", world.device),
        format!("{:?}", approval(&code)),
        format!("{:?}", world.shown()),
        format!("{parts:?} {:?}", Approve::new(&parts).unwrap()),
    ];
    let secret = format!("{:?}", &world.device.keys().expose()[..8]);
    for text in texts {
        assert!(!text.contains(NUMBER) && !text.contains(code.expose()), "{text}");
        assert!(!text.contains(secret.trim_matches(['[', ']'])), "{text}");
    }
}
