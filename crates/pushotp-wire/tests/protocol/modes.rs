//! Every number mode with every kind of passcode: what is written by hand is read as it was meant, and written again.

use pushotp_types::Digits;
use pushotp_wire::{
    message::{Challenge, ChallengeParts, FromServer, Payload},
    terms::{NumberMode, OtpSpec, PasscodeKind, Typ},
};

use crate::{
    cbor::{array, bytes, uint},
    messages::*,
    peer::*,
};

fn numbers() -> Vec<(Vec<u8>, NumberMode)> {
    let number = |mode: u64, digits: u64, choices: &[u8]| array(&[uint(mode), uint(digits), bytes(choices)]);
    let typed = (2..=8).map(|digits| (number(1, digits.into(), &[]), NumberMode::TypeIn { digits }));
    let picked = [[0, 1, 2], [99, 7, 42]].map(|choices| (number(2, 2, &choices), NumberMode::PickOne { choices }));
    typed.chain(picked).chain([(number(0, 0, &[]), NumberMode::None)]).collect()
}

fn passcodes() -> Vec<(Vec<u8>, OtpSpec)> {
    let counted = [(2, PasscodeKind::Hotp), (3, PasscodeKind::Totp)].into_iter().flat_map(|(number, kind)| {
        (6..=10).map(move |digits| {
            let spec = OtpSpec::new(kind, Digits::new(digits).unwrap()).unwrap();
            (array(&[uint(number), uint(digits.into())]), spec)
        })
    });
    counted.chain([(array(&[uint(1), uint(8)]), OtpSpec::BOUND)]).collect()
}

// protocol.md: MSG-5, NUM-1
#[test]
fn every_mode_with_every_passcode() {
    let mut seen = 0;
    for (number_item, number) in numbers() {
        for (otp_item, otp) in passcodes() {
            // Bit 8 of the policy, the number must be typed, stands only with mode 1.
            let fields = with(with(with(challenge(), NUM, number_item.clone()), OTP, otp_item), POL, uint(5));
            let theirs = payload(&fields);
            assert!(device_opens(&envelope(65281, &theirs)).is_ok(), "{number:?} {otp:?}");
            let message = Payload::from_stored(Typ::Challenge, theirs.clone()).unwrap().decode().unwrap();
            let FromServer::Challenge(read) = message else { panic!("{message:?}") };
            assert_eq!((read.number(), read.otp()), (number, otp));
            assert_eq!(rebuilt(&read).encode().unwrap().as_bytes(), theirs);
            seen += 1;
        }
    }
    assert_eq!(seen, 10 * 11);
}

/// The challenge made anew from what was read.
fn rebuilt(read: &Challenge) -> Challenge {
    Challenge::new(ChallengeParts {
        id: read.id(),
        tokens: read.tokens().to_vec(),
        issued: read.issued(),
        expires: read.expires(),
        nonce: [3; 32],
        policy: read.policy(),
        number: read.number(),
        otp: read.otp(),
        context: read.context().clone(),
    })
    .unwrap()
}
