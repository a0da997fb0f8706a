//! Rules of docs/protocol.md that no other test of this folder shows.

use hkdf::Hkdf;
use pollster::block_on;
use pushotp::{
    Authenticator, DeviceSetup, Incoming, LoginFailure, LoginRequest, LoginStart, LoginState, NewToken, NumberMatching,
    SoftwareKeys,
    store::DynStore,
    types::{Code, DeviceId, Digits, UnixTime},
    wire::{
        Error as WireError,
        device::{Device, Incoming as FromServer, Opened},
        frame::{self, Sealing},
        message::{Approve, ApproveParts, Deny, Fetch, FromDevice, Pending, ResultMessage, Sent},
        signer::Ed25519Signer,
        terms::{ChallengeHash, ChallengeId, MessageHash, Nonce, PushAddress, Reason, Status, UserVerification},
    },
};
use sha2::Sha256;

use crate::fixture::{NOW, World, later};

/// A message that the device itself would not send, under its own keys.
pub(crate) fn sealed(world: &mut World, message: &FromDevice) -> Vec<u8> {
    let (channel, signer) = (world.channel(), Ed25519Signer::from_bytes(world.keys.first_chunk().unwrap()));
    let (binding, keys, server_key) = (channel.binding(), channel.keys(), channel.server_key());
    frame::seal(message, &Sealing { binding, keys, server_key, signer: &signer }, &mut world.rng).unwrap()
}

pub(crate) fn result(channel: &Device, reply: &[u8]) -> ResultMessage {
    match channel.open(reply, NOW).unwrap() {
        FromServer::Result(result) => result,
        other => panic!("{other:?}"),
    }
}

fn pending(channel: &Device, reply: &[u8]) -> Pending {
    match channel.open(reply, NOW).unwrap() {
        FromServer::Pending(pending) => pending,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn opened(world: &World, push: &[u8]) -> Opened {
    match world.channel().open(push, NOW).unwrap() {
        FromServer::Challenge(opened) => opened,
        other => panic!("{other:?}"),
    }
}

fn stored(world: &World) -> Vec<Vec<u8>> {
    block_on(DynStore::scan(&*world.store, None, 100)).unwrap().into_iter().map(|(_, found)| found.value).collect()
}

// protocol.md: ENV-7
#[test]
fn what_is_fetched_is_what_was_pushed() {
    let mut world = World::new();
    let started = world.start(NOW);
    for _ in 0..2 {
        let (message, _) = world.device.fetch(NOW, &mut world.rng).unwrap();
        let reply = world.send(&message, NOW).unwrap();
        assert_eq!(pending(&world.channel(), &reply).items(), std::slice::from_ref(&started.pushes[0].envelope));
    }
}

/// The device did sign it, so it gets a sealed answer; there is no challenge that the answer could name.
// protocol.md: MSG-14, MSG-16, ERR-3
#[test]
fn what_cannot_be_read_is_answered_without_a_challenge() {
    let mut world = World::new();
    let fetch = Fetch::new(DeviceId::from_bytes([9; 16]), Nonce::from_bytes([4; 16]), NOW).unwrap();
    let message = sealed(&mut world, &FromDevice::Fetch(fetch));
    let received = block_on(world.server.receive(&message, NOW, &mut world.rng)).unwrap();
    assert_eq!(received.error(), Some(&WireError::Field("did")));
    let result = result(&world.channel(), &received.into_reply().unwrap());
    assert_eq!((result.challenge(), result.about()), (ChallengeId::NONE, MessageHash::of(&message)));
    assert_eq!(result.reply().status, Status::Refused);
}

// protocol.md: SRV-5, ERR-3
#[test]
fn an_answer_to_an_unknown_challenge_changes_nothing() {
    let mut world = World::new();
    let about = (ChallengeId::from_bytes([9; 16]), ChallengeHash::from_bytes([8; 32]));
    let deny = Deny::new(about, Reason::NotMe, Sent { at: NOW, sequence: 99 }).unwrap();
    let (message, before) = (sealed(&mut world, &FromDevice::Deny(deny)), stored(&world));
    let received = block_on(world.server.receive(&message, NOW, &mut world.rng)).unwrap();
    assert_eq!(received.error(), Some(&WireError::UnknownChallenge));
    let result = result(&world.channel(), &received.into_reply().unwrap());
    assert_eq!((result.challenge(), result.reply().status), (about.0, Status::Refused));
    assert_eq!(stored(&world), before);
}

/// A device of ours would not send it.
// protocol.md: NUM-5
#[test]
fn a_number_where_none_is_asked_ends_the_login() {
    let mut world = World::new();
    let request = LoginRequest::new("Coffee machine").number_matching(NumberMatching::WeakerTapOnly);
    let start = block_on(world.server.start_login(&world.user, &request, NOW, &mut world.rng)).unwrap();
    let LoginStart::Started(started) = start else { panic!("{start:?}") };
    let opened = opened(&world, &started.pushes[0].envelope);
    let approve = Approve::new(&ApproveParts {
        challenge: opened.id(),
        hash: opened.hash(),
        token: world.mail,
        verification: UserVerification::None,
        number: "1",
        code: &Code::from_value(0, Digits::EIGHT),
        sent: Sent { at: NOW, sequence: 99 },
    });
    let message = sealed(&mut world, &FromDevice::Approve(approve.unwrap()));
    let received = block_on(world.server.receive(&message, NOW, &mut world.rng)).unwrap();
    assert_eq!(received.error(), Some(&WireError::Number));
    assert_eq!(world.state(&started, NOW), LoginState::Failed(LoginFailure::WrongNumber));
    assert_eq!(world.token(world.mail).failures, 0, "the passcode beside it is not judged");
}

/// The passcode in an approval, by hand: HKDF's extraction is HMAC, with the salt for a key.
fn passcode(secret: &[u8], ch: &[u8]) -> String {
    let input = [&b"OCRA-1:HOTP-SHA256-8:QH64\0"[..], ch, &[0; 96]].concat();
    let (mac, _) = Hkdf::<Sha256>::extract(Some(secret), &input);
    let offset = usize::from(mac[31] & 15);
    let truncated = u32::from_be_bytes(mac[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:08}", truncated % 100_000_000)
}

// protocol.md: PASS-1
#[test]
fn an_approval_carries_the_passcode_of_its_challenge() {
    let mut world = World::new();
    let (message, _, started) = world.approval(NOW);
    let opened = opened(&world, &started.pushes[0].envelope);
    let code = world.code_in(&message);
    let of = |ch: &[u8]| world.secrets().iter().any(|secret| passcode(secret, ch) == code);
    assert!(of(opened.hash().as_bytes()));
    assert!(!of(&[0; 32]), "a passcode of something else");
}

/// Next to the PIN blob either of them would give the PIN away.
// protocol.md: PASS-2
#[test]
fn an_approval_is_kept_nowhere() {
    let mut world = World::new();
    let (message, answering, _) = world.approval(NOW);
    let code = world.code_in(&message);
    let reply = world.send(&message, NOW).unwrap();
    assert!(world.device.finish(answering, &reply, NOW).is_ok());
    let kept = [stored(&world), vec![world.storage.saved()]].concat();
    let shows =
        |kept: &[Vec<u8>], needle: &[u8]| kept.iter().any(|kept| kept.windows(needle.len()).any(|at| at == needle));
    // Any part of the frame will do: its ciphertext, and the passcode as it is.
    for needle in [&message[60..92], code.as_bytes()] {
        assert!(!shows(&kept, needle));
        assert!(shows(&[[b"a", needle, b"b"].concat()], needle), "what is looked for would be found");
    }
    let audit = format!("{:?}", block_on(world.server.audit(&world.user)).unwrap());
    assert!(!audit.contains(&code) && audit.len() > 100, "{audit}");
}

fn request(world: &mut World, now: UnixTime) -> (pushotp::types::Offer, Vec<u8>) {
    block_on(world.server.add_token(&world.user, NewToken::new("More"), NOW, &mut world.rng)).unwrap();
    let offer = block_on(world.server.offer_enrolment(&world.user, NOW, &mut world.rng)).unwrap();
    let keys = SoftwareKeys::generate(&mut world.rng).into_device_keys();
    let setup = DeviceSetup { name: "tablet".into(), push: PushAddress::POLL, keys };
    let (request, _) = Authenticator::enrol(&offer, setup, now, &mut world.rng).unwrap();
    (offer, request)
}

// protocol.md: ENR-3
#[test]
fn the_last_second_of_an_offer_counts() {
    for (wait, taken) in [(600, true), (601, false)] {
        let mut world = World::new();
        let (offer, request) = request(&mut world, NOW);
        assert_eq!(offer.expires, later(600));
        assert_eq!(world.send(&request, later(wait)).is_some(), taken, "{wait} s");
    }
}

/// The offer was answered, and nobody has compared the codes: no prompt goes to the new device.
// protocol.md: ENR-11
#[test]
fn nothing_is_asked_of_a_device_before_its_confirmation() {
    let mut world = World::new();
    let (offer, request) = request(&mut world, NOW);
    assert!(world.send(&request, NOW).is_some());
    let devices = |world: &mut World| world.start(NOW).pushes.iter().map(|push| push.device).collect::<Vec<_>>();
    assert_eq!(devices(&mut world), [world.device.id()]);
    block_on(world.server.confirm_enrolment((&world.user, offer.enrolment), true, NOW, &mut world.rng)).unwrap();
    assert!(devices(&mut world).contains(&offer.device));
}

/// A prompt that is opened again, from a push or after a restart, is the one that is there.
// protocol.md: DEV-1, DEV-2
#[test]
fn a_challenge_is_announced_once() {
    let mut world = World::new();
    let (_, started) = world.prompt(NOW);
    for _ in 0..2 {
        let again = world.device.open(&started.pushes[0].envelope, NOW).unwrap();
        assert!(matches!(again, Incoming::Again(_)), "{again:?}");
        world.restart();
    }
}
