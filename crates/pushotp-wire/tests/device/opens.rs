//! What a device opens, and what it drops.

use pushotp_types::TokenId;
use pushotp_wire::{
    Error,
    device::{Device, Incoming},
    envelope,
    keys::{ChannelKeys, ServerKey},
    message::{Cancel, ChallengeParts, EnrolResponse},
    terms::{CancelReason, ChallengePolicy, MessageHash, NumberMode, TokenPolicy},
};

use crate::fixture::*;

/// Cases 117 and 118, to the second.
// protocol.md: TIME-4
#[test]
fn clocks_may_be_two_minutes_apart() {
    let mut world = World::new();
    let bytes = world.seal(&payload(parts()));
    let (issued, expires) = (NOW, NOW + 120);
    for (now, expected) in [
        (issued - 121, Some(Error::NotYetValid)),
        (issued - 120, None),
        (expires + 120, None),
        (expires + 121, Some(Error::Expired)),
    ] {
        assert_eq!(world.device.open(&bytes, at(now)).err(), expected, "{now}");
    }
    // Only a challenge has a time to compare with: a cancel or a result is never too old.
    let cancel = Cancel::new(parts().id, CancelReason::PageClosed, at(NOW)).encode().unwrap();
    let cancel = world.seal(&cancel);
    assert!(matches!(world.device.open(&cancel, at(NOW + 9999)), Ok(Incoming::Cancel(_))));
}

// protocol.md: ENV-8, CHK-6, DEV-10
#[test]
fn what_is_not_for_this_device_is_dropped() {
    let mut world = World::new();
    let challenge = payload(parts());
    let (tenant, mut rng) = (tenant(), world.rng.clone());
    let mut seal = |keys: &ChannelKeys, tenant| envelope::seal(&challenge, keys, tenant, &mut rng).unwrap();

    let foreign = seal(&keys(99), &tenant);
    assert_eq!(world.device.open(&foreign, at(NOW)).unwrap_err(), Error::UnknownKid);

    let other = pushotp_types::TenantId::new(b"example.org").unwrap();
    let elsewhere = seal(world.device.keys(), &other);
    assert_eq!(world.device.open(&elsewhere, at(NOW)).unwrap_err(), Error::BadSeal, "case 58");

    let mut flipped = seal(world.device.keys(), &tenant);
    *flipped.last_mut().unwrap() ^= 1;
    assert_eq!(world.device.open(&flipped, at(NOW)).unwrap_err(), Error::BadSeal, "case 49");

    let (frame, _) = world.send(Device::fetch).unwrap();
    assert_eq!(world.device.open(&frame, at(NOW)).unwrap_err(), Error::Shape, "case 55");

    let late = EnrolResponse::new(
        pushotp_types::EnrolmentId::from_bytes([1; 16]),
        MessageHash::of(b"the request"),
        vec![],
        at(NOW),
    );
    let late = world.seal(&late.unwrap().encode().unwrap());
    assert_eq!(world.device.open(&late, at(NOW)).unwrap_err(), Error::Direction);
}

/// Cases 136 and 139: nothing is shown.
// protocol.md: DEV-5
#[test]
fn which_tokens_can_answer() {
    let mut world = World::new();
    let third = TokenId::from_bytes([9; 16]);
    let plain = TokenPolicy::NONE;
    let off = |id| pushotp_wire::device::HeldToken { push: false, ..held(id, plain) };
    let cases = [
        ("none held", vec![], Err(Error::TokenMismatch)),
        ("none named", vec![held(third, plain)], Err(Error::TokenMismatch)),
        ("the only one off", vec![off(TOKEN), held(third, plain)], Err(Error::TokenDisabled)),
        ("all off", vec![off(TOKEN), off(OTHER_TOKEN)], Err(Error::TokenDisabled)),
        ("one off", vec![off(TOKEN), held(OTHER_TOKEN, plain)], Ok(vec![OTHER_TOKEN])),
        ("both", vec![held(OTHER_TOKEN, plain), held(TOKEN, plain), held(third, plain)], Ok(vec![OTHER_TOKEN, TOKEN])),
    ];
    for (case, held, expected) in cases {
        let shown = world.opened(parts()).show(&held);
        let tokens = shown.map(|shown| shown.tokens().iter().map(|token| token.id).collect::<Vec<_>>());
        assert_eq!(tokens, expected, "{case}");
    }
}

fn tap_only() -> ChallengeParts {
    ChallengeParts { policy: ChallengePolicy::NONE, number: NumberMode::None, ..parts() }
}

/// Case 137: a challenge that asks for less than a token's floor.
// protocol.md: DEV-6
#[test]
fn floors() {
    let mut world = World::new();
    let typed = held(TOKEN, TokenPolicy::TYPE_NUMBER);
    let plain = held(OTHER_TOKEN, TokenPolicy::NONE);
    let pick = ChallengeParts { number: NumberMode::PickOne { choices: [1, 2, 3] }, ..tap_only() };
    for weak in [tap_only(), pick] {
        assert_eq!(world.opened(weak.clone()).show(&[typed]).unwrap_err(), Error::Number);
        let shown = world.opened(weak).show(&[typed, plain]).unwrap();
        assert_eq!(shown.tokens(), [plain], "the other token still can");
    }
    let typed_anyway = ChallengeParts { number: NumberMode::TypeIn { digits: 6 }, ..tap_only() };
    assert_eq!(world.opened(typed_anyway).show(&[typed]).unwrap().tokens(), [typed]);

    let pin = held(TOKEN, TokenPolicy::PIN_PROTECTED);
    let shown = world.opened(tap_only()).show(&[pin, plain]).unwrap();
    assert!(shown.requires_verification(&TOKEN) && !shown.requires_verification(&OTHER_TOKEN));
    assert!(shown.requires_verification(&TokenId::from_bytes([0; 16])), "one that cannot answer at all");
}

/// A frame goes to the one server key of the enrolment: another one cannot read it.
// protocol.md: FRM-5
#[test]
fn frames_are_for_one_server() {
    let mut world = World::new();
    let (frame, _) = world.send(Device::fetch).unwrap();
    let recipient = pushotp_wire::frame::Recipient {
        server_key: &ServerKey::from_bytes(&[8; 32]),
        binding: world.device.binding(),
        keys: world.device.keys(),
        verifying_key: &pushotp_wire::signer::DeviceSigner::verifying_key(&world.signer),
    };
    let parsed = pushotp_wire::Frame::parse(&frame).unwrap();
    assert_eq!(parsed.open(&recipient).unwrap_err(), Error::BadSeal);
}
