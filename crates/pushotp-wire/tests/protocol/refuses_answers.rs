//! Groups D and F at the server: a device whose signature is right, and that says one thing wrong.

use pushotp_wire::{
    Error,
    message::{Challenge, FromDevice, FromServer, Payload},
    state::{Approval, Event, NumberVerdict, PasscodeVerdict, Request, TokenStanding, apply},
    terms::{ChallengeHash, MessageHash, Status, TokenPolicy, Typ},
};

use crate::{
    cbor::{array, bytes, head, tagged, text, uint},
    messages::*,
    peer::*,
};

type Case = (&'static str, u64, Vec<u8>, Error);

fn of(fields: Fields, at: usize, item: Vec<u8>) -> Vec<u8> {
    signed_payload(&with(fields, at, item))
}

fn approvals() -> Vec<Case> {
    let approval = |at: usize, item: Vec<u8>| of(approve(), at, item);
    let cases = vec![
        ("85 one element more", signed_payload(&[&approve()[..], &[uint(0)]].concat()), Error::Shape),
        ("85 one element fewer", signed_payload(&approve()[..8]), Error::Shape),
        ("87 version in two bytes", approval(0, vec![0x18, 1]), Error::NotCanonical),
        ("114 version 2", approval(0, uint(2)), Error::Version),
        ("89 id as an array", approval(1, array(&vec![uint(7); 16])), Error::NotCanonical),
        ("91 id of 15 bytes", approval(1, bytes([1; 15])), Error::Shape),
        ("hash of 31 bytes", approval(2, bytes([1; 31])), Error::Shape),
        ("token as text", approval(3, text("0123456789abcdef")), Error::Shape),
        ("uv 4", approval(4, uint(4)), Error::Field("uv")),
        ("uv negative", approval(4, head(1, 0)), Error::Shape),
        ("number of nine", approval(5, text("123456789")), Error::Field("num")),
        ("number as a number", approval(5, uint(482_913)), Error::Shape),
        ("number as bytes", approval(5, bytes(b"482913")), Error::Shape),
        ("code of five", approval(6, text("12345")), Error::Field("code")),
        ("code of eleven", approval(6, text("12345678901")), Error::Field("code")),
        ("code as a number", approval(6, uint(64_727_617)), Error::Shape),
        ("93 clock before 2020", approval(7, uint(1_577_836_799)), Error::Field("dts")),
        ("92 clock tagged", approval(7, tagged(1, uint(NOW))), Error::NotCanonical),
        ("sequence of 2^53", approval(8, uint(1 << 53)), Error::Field("seq")),
        ("107 the payload of a denial", signed_payload(&deny()), Error::Shape),
    ];
    cases.into_iter().map(|(case, payload, error)| (case, 65282, payload, error)).collect()
}

fn others() -> Vec<Case> {
    vec![
        ("deny for reason 5", 65283, of(deny(), 3, uint(5)), Error::Field("reason")),
        ("deny of version 0", 65283, of(deny(), 0, uint(0)), Error::Version),
        ("deny with a sequence of 2^53", 65283, of(deny(), 5, uint(1 << 53)), Error::Field("seq")),
        ("deny with the payload of an approval", 65283, signed_payload(&approve()), Error::Shape),
        ("report for reason 5", 65284, of(deny(), 3, uint(5)), Error::Field("reason")),
        ("report after 2100", 65284, of(deny(), 4, uint(4_102_444_801)), Error::Field("dts")),
        ("report with a hash of 33 bytes", 65284, of(deny(), 2, bytes([1; 33])), Error::Shape),
        ("fetch of version 2", 65287, of(fetch(), 0, uint(2)), Error::Version),
        ("fetch with a nonce of 15 bytes", 65287, of(fetch(), 2, bytes([4; 15])), Error::Shape),
        ("181 fetch in the name of another device", 65287, of(fetch(), 1, bytes([2; 16])), Error::Field("did")),
        ("fetch from before 2020", 65287, of(fetch(), 3, uint(0)), Error::Field("dts")),
    ]
}

#[test]
fn answers() {
    assert!(server_opens(&frame(&sign1(65282, &signed_payload(&approve())))).is_ok(), "what the cases are made of");
    for (case, typ, payload, expected) in approvals().into_iter().chain(others()) {
        assert_eq!(server_opens(&frame(&sign1(typ, &payload))).err(), Some(expected), "{case}");
    }
}

/// Cases 108 and 109, inside a signature: the whole signed message counts, not the payload alone.
#[test]
fn padding() {
    let padded = |len: usize| sign1(65282, &array(&[&approve()[..], &[bytes(vec![0; len])]].concat()));
    let whole: Vec<usize> = (0..300).filter(|len| padded(*len).len().is_multiple_of(64)).collect();
    assert!(server_opens(&frame(&padded(whole[0]))).is_ok());
    for longer in &whole[1..] {
        assert_eq!(server_opens(&frame(&padded(*longer))).err(), Some(Error::Padding), "{longer}");
    }
    let mut payload = signed_payload(&approve());
    *payload.last_mut().unwrap() = 1;
    assert_eq!(server_opens(&frame(&sign1(65282, &payload))).err(), Some(Error::Padding));
}

/// Texts that are no passcode or number arrive as they are: they are part of the verdict, not of the encoding.
#[test]
fn what_the_verdict_is_about_arrives() {
    for (number, code) in [("12a4", "abcdefgh"), ("٤٨٢", "٤٨٢٩"), ("", "      "), ("+48392", "12345678")] {
        let payload = signed_payload(&with(with(approve(), 5, text(number)), 6, text(code)));
        let opened = server_opens(&frame(&sign1(65282, &payload))).unwrap();
        let FromDevice::Approve(approve) = opened else { panic!() };
        assert_eq!((approve.expose_number(), approve.expose_code()), (number, code));
    }
}

/// Cases 171, 172, 179: what the device says of its clock and its count decides nothing.
#[test]
fn clock_and_sequence() {
    for (clock, sequence) in [(NOW - 86_400, 0), (NOW + 86_400, 0), (NOW, (1 << 53) - 1)] {
        let approval = with(with(approve(), 7, uint(clock)), 8, uint(sequence));
        assert!(server_opens(&frame(&sign1(65282, &signed_payload(&approval)))).is_ok(), "{clock} {sequence}");
        let fetch = of(fetch(), 3, uint(clock));
        assert!(server_opens(&frame(&sign1(65287, &fetch))).is_ok(), "{clock}");
    }
}

/// Case 83: who has a device's PSK and an old signed answer can seal it anew, and it is still the second answer.
#[test]
fn an_old_answer_sealed_anew() {
    let signed = sign1(65282, &signed_payload(&approve()));
    let (enc, run) = channel().sender(server_key().public_key().as_bytes(), &[11; 32]);
    let frames = [frame(&signed), frame_of(&D2S_KID, &enc, &run.seal(&external_aad(), &signed))];
    let mut request = Request::new(&open_challenge(), ChallengeHash::from_bytes(CH));
    let mut statuses = Vec::new();
    for frame in frames {
        let FromDevice::Approve(approve) = server_opens(&frame).unwrap() else { panic!() };
        let approval = Approval {
            device: binding().device,
            rh: MessageHash::of(&frame),
            ch: approve.hash(),
            token: approve.token(),
            standing: TokenStanding::Usable,
            token_policy: TokenPolicy::PIN_PROTECTED,
            verification: approve.verification(),
            number: NumberVerdict::Right,
            passcode: PasscodeVerdict::Right,
            failures: 0,
        };
        let transition = apply(&request, &Event::Approve(approval), at(NOW));
        statuses.push(transition.reply.unwrap().status);
        request = transition.next.unwrap_or(request);
    }
    assert_eq!(statuses, [Status::Accepted, Status::AlreadyAnswered]);
}

fn open_challenge() -> Challenge {
    let payload = Payload::from_stored(Typ::Challenge, payload(&challenge())).unwrap();
    let FromServer::Challenge(challenge) = payload.decode().unwrap() else { panic!() };
    challenge
}
