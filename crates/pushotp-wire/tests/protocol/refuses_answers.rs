//! Groups D and F at the server: a device whose signature is right, and what no single refused message of docs/vectors
//! shows.

use pushotp_wire::{
    Error,
    message::{Challenge, FromDevice, FromServer, Payload},
    state::{Approval, Event, NumberVerdict, PasscodeVerdict, Request, TokenStanding, apply},
    terms::{ChallengeHash, MessageHash, Status, TokenPolicy, Typ},
};

use crate::{
    cbor::{array, bytes, text, uint},
    messages::*,
    peer::*,
};

fn of(fields: Fields, at: usize, item: Vec<u8>) -> Vec<u8> {
    signed_payload(&with(fields, at, item))
}

/// Cases 108 and 109, inside a signature: the whole signed message counts, not the payload alone.
// protocol.md: PAD-1, PAD-2
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
// protocol.md: MSG-10
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
// protocol.md: MSG-12
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
// protocol.md: SRV-2
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
