//! The crate under test reads what stands in the folder, whatever stands there.

use std::{collections::BTreeSet, fs};

use pushotp_wire::{
    Envelope, Error, Frame,
    device::{Device, Incoming},
    enrol::NotEnrolled,
    frame::Recipient,
    keys::{Binding, ChannelKeys, ServerKey},
    message::FromServer,
    signer::VerifyingKey,
    terms::MessageHash,
};
use serde_json::Value;

use crate::{
    enrols::{self, EID, respond, response, server_enrols, start, token_info},
    files::{folder, names},
    format::{
        Enroller, Enrolment, EnrolmentKeys, File, Keys, Message, Outside, Passcode, Refusal, Rotation, RotationKeys,
        Sequence, To, class, words,
    },
    passcodes::bound,
    peer::{TOKEN, at, device_opens, message_hash, open_frame, payload, server_key},
    rotations::first,
};

/// The files of a kind.
fn files(kind: &str) -> Vec<(String, Value)> {
    let read = |name: String| {
        let value: Value = serde_json::from_str(&fs::read_to_string(folder().join(&name)).unwrap()).unwrap();
        (value["kind"] == kind).then_some((name, value))
    };
    let files: Vec<_> = names().into_iter().filter_map(read).collect();
    assert!(!files.is_empty(), "{kind}");
    files
}

fn parsed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

struct Ends {
    binding: Binding,
    keys: ChannelKeys,
    server_key: ServerKey,
    verifying_key: VerifyingKey,
}

impl Ends {
    fn new(keys: &Keys) -> Self {
        let all = [&keys.s2d_key.0[..], &keys.d2s_psk.0, &keys.s2d_kid.0, &keys.d2s_kid.0].concat();
        let server_key = ServerKey::from_bytes(&keys.server_private.array());
        assert_eq!(server_key.public_key().as_bytes().as_slice(), keys.server_public.0);
        Self {
            binding: Binding {
                tenant: pushotp_types::TenantId::new(&keys.tenant.0).unwrap(),
                device: pushotp_types::DeviceId::from_bytes(keys.did.array()),
                epoch: pushotp_types::Epoch::new(keys.epoch).unwrap(),
            },
            keys: ChannelKeys::from_exposed(&all.try_into().unwrap()).unwrap(),
            server_key,
            verifying_key: VerifyingKey::parse(&keys.verifying_key.0).unwrap(),
        }
    }

    fn recipient(&self) -> Recipient<'_> {
        let Self { binding, keys, server_key, verifying_key } = self;
        Recipient { server_key, binding, keys, verifying_key }
    }
}

/// The payload of a message of the server, as it is encoded again.
fn envelope_again(message: &Message, ends: &Ends) -> Vec<u8> {
    let payload = Envelope::parse(&message.message.0).unwrap().open(&ends.keys, &ends.binding.tenant).unwrap();
    let ch = payload.challenge_hash(&ends.binding.tenant);
    assert!(message.ch.as_ref().is_none_or(|stored| stored.0 == ch.as_bytes()));
    assert_eq!(payload.typ().code(), message.typ);
    match payload.decode().unwrap() {
        FromServer::Challenge(message) => message.encode(),
        FromServer::Result(message) => message.encode(),
        FromServer::Cancel(message) => message.encode(),
        FromServer::Pending(message) => message.encode(),
        other => panic!("{other:?}"),
    }
    .unwrap()
    .as_bytes()
    .to_vec()
}

fn frame_again(message: &Message, ends: &Ends) -> Vec<u8> {
    let signed = Frame::parse(&message.message.0).unwrap().open(&ends.recipient()).unwrap();
    assert_eq!(signed.typ().code(), message.typ);
    signed.decode().unwrap().encode().unwrap()
}

// protocol.md: HASH-1, MSG-8
#[test]
fn messages() {
    let mut read = BTreeSet::new();
    for (name, value) in files("messages") {
        let File::<Keys, Message> { keys, cases, .. } = parsed(value);
        let ends = Ends::new(&keys);
        for case in cases {
            let again = if case.signed.is_some() { frame_again(&case, &ends) } else { envelope_again(&case, &ends) };
            assert_eq!(again, case.payload.0, "{name} {}", case.id);
            assert_eq!(MessageHash::of(&case.message.0).as_bytes().as_slice(), case.rh.0, "{}", case.id);
            assert!(read.insert(case.id.clone()), "{} twice", case.id);
        }
    }
    assert!(read.len() >= 40, "{}", read.len());
}

#[test]
fn enrolments() {
    let mut read = 0;
    for (_, value) in files("enrolments") {
        let File::<Enroller, Enrolment> { cases, .. } = parsed(value);
        for case in cases {
            assert_eq!(MessageHash::of(&case.request.0).as_bytes().as_slice(), case.rh.0, "{}", case.id);
            let confirm = u64::from_be_bytes(case.exports.confirm.array());
            assert_eq!(case.confirmation, format!("{:06}", confirm % 1_000_000), "{}", case.id);
            read += 1;
        }
    }
    assert!(read >= 10, "{read}");
}

// protocol.md: PASS-1
#[test]
fn passcodes() {
    for (_, value) in files("passcodes") {
        let File::<(), Passcode> { cases, .. } = parsed(value);
        for case in cases {
            assert_eq!(case.code, format!("{:08}", bound(&case.secret.0, &case.ch.0)), "{}", case.id);
        }
    }
}

/// Why the server refuses a frame, and what is seen of it.
fn server_refuses(message: &[u8], ends: &Ends) -> (Option<Error>, Outside, bool) {
    let opened = Frame::parse(message).map(|frame| frame.open(&ends.recipient()));
    match opened {
        Err(error) => (Some(error), Outside::Reject, false),
        Ok(Err(error)) => (Some(error), Outside::Reject, !matches!(error, Error::UnknownKid | Error::BadSeal)),
        Ok(Ok(signed)) => match signed.decode() {
            Ok(_) => (None, Outside::Accepted, false),
            Err(error) => (Some(error), Outside::Result, false),
        },
    }
}

fn dropped(error: Option<Error>) -> (Option<Error>, Outside, bool) {
    (error, if error.is_some() { Outside::Nothing } else { Outside::Accepted }, false)
}

/// The same of an enrolment.
fn enrolment_refuses(to: To, message: &[u8]) -> (Option<Error>, Outside, bool) {
    match to {
        To::EnrollingServer => match server_enrols(message) {
            Ok(_) => (None, Outside::Accepted, false),
            Err(error) => {
                let closed = matches!(error, Error::UnknownEnrolment | Error::BadSeal);
                (Some(error), Outside::Reject, !closed && Frame::parse(message).is_ok())
            }
        },
        _ => match start().1.finish(message) {
            Err(NotEnrolled::Waiting { enrolment, error }) => {
                assert!(enrolment.finish(&right_response()).is_ok(), "it goes on waiting");
                dropped(Some(error))
            }
            _ => dropped(None),
        },
    }
}

/// What a server says to the one request.
fn right_response() -> Vec<u8> {
    let (request, _) = start();
    let (_, run) = open_frame(&request, &EID, &enrols::bound());
    respond(&run, &payload(&response(&message_hash(&request), 0, &[token_info(TOKEN, "Bank", 1)])))
}

fn compare(name: &str, case: &Refusal, (error, outside, incident): (Option<Error>, Outside, bool)) {
    let id = format!("{name} {}", case.id);
    let (said, field) = error.map(words).unzip();
    assert_eq!((&said, &field.flatten()), (&case.error, &case.field), "{id}");
    assert_eq!(error.map(|error| class(error.class())), case.class, "{id}");
    assert_eq!((outside, incident), (case.outside, case.incident), "{id}");
    assert_eq!(case.status, (outside == Outside::Result).then_some(1), "{id}");
}

// protocol.md: CBOR-1, CBOR-2, CBOR-3, CBOR-4, CBOR-5, CHK-4, DEV-10, DISP-1, DISP-2, ENR-4, ENR-5, ENR-6, ENR-7
// protocol.md: ENV-1, ENV-2, ENV-3, ENV-4, ENV-5, ENV-8, FRM-1, FRM-2, FRM-4, MSG-1, MSG-2, MSG-3, MSG-4, MSG-5, MSG-6
// protocol.md: MSG-7, MSG-9, MSG-15, MSG-16, MSG-17, MSG-20, MSG-21, MSG-22, NUM-1, NUM-2, SIG-1, SIG-2, SIG-3, SIG-4
// protocol.md: SIG-7, SIG-8, SIG-9, VER-1, VER-2, VER-4, VER-5, VER-6
#[test]
fn refusals() {
    let mut refused = 0;
    for (name, value) in files("refused") {
        let File::<Keys, Refusal> { keys, cases, .. } = parsed(value);
        let ends = Ends::new(&keys);
        refused += count(&name, &cases);
        for case in cases {
            let seen = match case.to {
                To::Device => dropped(device_opens(&case.message.0).err()),
                To::Server => server_refuses(&case.message.0, &ends),
                _ => panic!("{}", case.id),
            };
            compare(&name, &case, seen);
        }
    }
    for (name, value) in files("refused_enrolments") {
        let File::<EnrolmentKeys, Refusal> { keys, cases, .. } = parsed(value);
        assert_eq!((keys.request.0, at(keys.now)), (start().0, at(crate::peer::NOW)));
        refused += count(&name, &cases);
        for case in cases {
            compare(&name, &case, enrolment_refuses(case.to, &case.message.0));
        }
    }
    assert!(refused >= 140, "{refused}");
}

// protocol.md: SRV-1
#[test]
fn events() {
    for (_, value) in files("events") {
        let File::<(), Sequence> { cases, .. } = parsed(value);
        assert!(cases.len() >= 40);
        for case in cases {
            assert_eq!(crate::events::again(&case), case);
        }
    }
}

#[test]
fn rotations() {
    for (_, value) in files("rotations") {
        let File::<Keys, Rotation> { keys, cases, .. } = parsed(value);
        let ends = Ends::new(&keys);
        for case in cases {
            for (frame, payload) in [(&case.request, &case.request_payload), (&case.confirm, &case.confirm_payload)] {
                let signed = Frame::parse(&frame.0).unwrap().open(&ends.recipient()).unwrap();
                assert_eq!(signed.decode().unwrap().encode().unwrap(), payload.0, "{}", case.id);
            }
            assert!(matches!(device_opens(&case.ticket.0), Ok(Incoming::Ticket(_))), "{}", case.id);
            assert_eq!(case.code, format!("{:08}", bound(&case.secret.0, &case.hash.0)), "{}", case.id);
            assert_eq!(case.next_secret.0.len(), case.secret.0.len(), "{}", case.id);
        }
    }
}

/// Why a device that waits for a ticket does not take this one.
fn ticket_refuses(message: &[u8]) -> (Option<Error>, Outside, bool) {
    let (waiting, case) = first();
    let ticket = match device_opens(message) {
        Ok(Incoming::Ticket(ticket)) => ticket,
        other => panic!("{other:?}"),
    };
    let secret = pushotp_types::Secret::new(&case.secret.0).unwrap();
    let device = Device::new(crate::peer::binding(), crate::peer::keys(), *server_key().public_key());
    let Err(failed) = waiting.finish(&ticket, &secret, &device) else { return dropped(None) };
    let Ok(Incoming::Ticket(right)) = device_opens(&case.ticket.0) else { panic!() };
    assert!(failed.waiting.finish(&right, &secret, &device).is_ok(), "it goes on waiting");
    dropped(Some(failed.error))
}

// protocol.md: ROT-1, ROT-13
#[test]
fn tickets() {
    for (name, value) in files("refused_tickets") {
        let File::<RotationKeys, Refusal> { keys, cases, .. } = parsed(value);
        assert_eq!(keys.rotation.request, first().1.request);
        assert!(count(&name, &cases) >= 10);
        for case in cases {
            compare(&name, &case, ticket_refuses(&case.message.0));
        }
    }
}

/// How many cases are refused; each has a name of its own, and says one thing.
fn count(name: &str, cases: &[Refusal]) -> usize {
    let names: BTreeSet<_> = cases.iter().map(|case| &case.id).collect();
    assert_eq!(names.len(), cases.len(), "{name}: a name twice");
    let messages: BTreeSet<_> = cases.iter().map(|case| &case.message.0).collect();
    assert_eq!(messages.len(), cases.len(), "{name}: a message twice");
    let snake = |id: &str| id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    assert!(cases.iter().all(|case| snake(&case.id)), "{name}");
    cases.iter().filter(|case| case.error.is_some()).count()
}
