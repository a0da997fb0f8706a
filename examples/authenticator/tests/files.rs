//! What the file holds, and what happens to it.

use std::{fs, path::Path};

use data_encoding::BASE64;
use pushotp::{
    types::DeviceId,
    wire::{
        frame::{Frame, FrameId, Recipient},
        keys::{Binding, ChannelKeys, ServerKey},
        message::FromDevice,
        signer::{DeviceSigner as _, Ed25519Signer},
    },
};

use crate::{
    engine::Engine,
    file::{FileError, StateFile},
    message::{Answer, Command, End, Event, Past, Unlock},
    world::{PIN, World, pin, setup},
};

fn past(at: u64) -> Past {
    let (application, user) = ("Intranet".into(), "alice".into());
    Past { login: format!("{at:032x}"), at, application, user, place: None, end: End::Approved }
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::enrolled();
    for name in ["device.state", "device.state.lock"] {
        let mode = fs::metadata(world.folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// A crash left half a file beside it: the next write goes through, and nothing of the half stays.
#[test]
fn a_crash_leaves_the_old_state_or_the_new_one() {
    let mut world = World::enrolled();
    let (path, fresh) = (world.state_file(), world.folder.path().join("device.state.new"));
    let before = fs::read(&path).unwrap();
    fs::write(&fresh, b"half a fi").unwrap();
    world.asked();
    let after = fs::read(&path).unwrap();
    assert!(before != after && !fresh.exists());
    serde_json::from_slice::<serde_json::Value>(&after).unwrap();
}

/// The state cannot be written: nothing leaves, the person is told, and the file is as it was.
#[cfg(unix)]
#[test]
fn what_cannot_be_stored_is_not_sent() {
    let mut world = World::enrolled();
    let (started, request) = world.asked();
    let (mail, number) = (world.server.mail, world.number(&started));
    let (path, fresh) = (world.state_file(), world.folder.path().join("device.state.new"));
    let before = fs::read(&path).unwrap();
    world.posts.clear();
    // Not even root removes a folder that is not empty as if it were a file.
    fs::create_dir(&fresh).unwrap();
    world.approve(request.id, mail, &number, None);
    let [Answer::NotSent(why)] = &world.answers()[..] else { panic!("{:?}", world.answers()) };
    assert!(why.contains("nothing was sent") && world.posts.is_empty());
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::remove_dir(&fresh).unwrap();
    world.approve(request.id, mail, &number, None);
    world.carry();
    assert_eq!(world.answers()[1], Answer::Accepted { failures: 0 });
}

/// The same at the end of an enrolment, which nobody can begin anew: its offer is used up.
#[test]
fn an_enrolment_that_cannot_be_stored_waits() {
    let mut world = World::new();
    let offer = world.ask();
    world.carry();
    let fresh = world.folder.path().join("device.state.new");
    fs::create_dir(&fresh).unwrap();
    world.agree(&offer);
    assert!(matches!(world.heard.last(), Some(Event::Compare { problem: Some(_), .. })));
    assert!(!world.state_file().exists());
    fs::remove_dir(&fresh).unwrap();
    let pins = vec![(world.server.work, pin(PIN))];
    world.command(Command::Agree(pins));
    assert!(world.heard.iter().any(|event| matches!(event, Event::Ready(_))));
    world.asked();
}

#[test]
fn two_programs_do_not_share_it() {
    let world = World::enrolled();
    assert!(matches!(StateFile::open(&world.state_file()), Err(FileError::InUse)));
    let path = world.state_file();
    let World { engine, folder: _folder, .. } = world;
    drop(engine);
    assert!(StateFile::open(&path).is_ok());
}

#[test]
fn what_is_no_state_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let open = |text: &[u8]| {
        let path = folder.path().join("device.state");
        fs::write(&path, text).unwrap();
        let opened = StateFile::open(&path).and_then(|file| Engine::open(setup(), file));
        assert_eq!(fs::read(&path).unwrap(), text);
        opened.err()
    };
    for text in [&b""[..], b"{}", b"a text of mine", b"\xff\xfe", b"{\"version\":1}", b"{\"version\":0}"] {
        assert!(matches!(open(text), Some(FileError::Format)), "{text:?}");
    }
    assert!(matches!(open(b"{\"version\":2,\"what\":3}"), Some(FileError::Newer)));
    let empty = BASE64.encode(&[0; 80]);
    let text = |state: &str, keys: &str| {
        format!(r#"{{"version":1,"keys":{{"kept":"in-file","bytes":"{keys}"}},"authenticator":"{state}"}}"#)
    };
    for (state, keys) in [("", empty.as_str()), ("!", &empty), ("AAAA", &empty), ("", "AAAA"), ("", "")] {
        assert!(matches!(open(text(state, keys).as_bytes()), Some(FileError::Format)), "{state} {keys}");
    }
}

/// A key that a restart of the machine has taken: the person is told to enrol again, and the file is not thrown away.
#[test]
fn a_key_that_is_gone_is_said_to_be_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("device.state");
    let (signer, id) = (BASE64.encode(&[1; 32]), BASE64.encode(&[2; 16]));
    let keys = format!(r#"{{"kept":"in-keyring","signer":"{signer}","id":"{id}"}}"#);
    fs::write(&path, format!(r#"{{"version":1,"keys":{keys},"authenticator":""}}"#)).unwrap();
    let mut engine = Engine::open(setup(), StateFile::open(&path).unwrap()).unwrap();
    let said = format!("{:?}", engine.outputs());
    assert!(said.contains("The key of this device is gone"), "{said}");
}

/// Where the kernel has keyrings, the key is there and not in the file, and a second enrolment takes it out.
#[cfg(target_os = "linux")]
#[test]
fn a_key_in_the_keyring_is_not_in_the_file() {
    use crate::keys::{KeptKeys, NoKeys};

    if !pushotp_keyring::Ring::User.is_available() {
        eprintln!("skipped: no keyring");
        return;
    }
    let (kept, _) = KeptKeys::generate(false);
    let text = serde_json::to_string(&kept).unwrap();
    assert!(text.contains("in-keyring") && text.len() < 140, "a seed and an id: {}", text.len());
    assert!(kept.open().is_ok() && kept.words().contains("not in the file"));
    kept.erase();
    assert!(matches!(kept.open(), Err(NoKeys::Gone)));
    let (kept, _) = KeptKeys::generate(true);
    assert!(kept.words().contains("In the same file"));
}

#[test]
fn the_last_twenty_are_kept() {
    let world = World::enrolled();
    let path = world.state_file();
    let World { engine, folder: _folder, .. } = world;
    drop(engine);
    let file = StateFile::open(&path).unwrap();
    for at in 0..21 {
        file.remember(past(at)).unwrap();
    }
    drop(file);
    let file = StateFile::open(&path).unwrap();
    let at: Vec<u64> = file.history().iter().map(|past| past.at).collect();
    assert_eq!(at, (1..21).rev().collect::<Vec<_>>(), "newest first");
    file.remember(Past { end: End::Reported, ..past(7) }).unwrap();
    let history = file.history();
    assert_eq!((history.len(), history[13].at, history[13].end), (20, 7, End::Reported), "in its place");
}

/// The passcode in a message, if it is an approval; read with the keys that lie in the device's own file.
fn code_in(world: &World, message: &[u8], stored: &[u8], keys: &[u8]) -> Option<String> {
    let tenant = pushotp::types::TenantId::new(b"example.com").unwrap();
    // The state begins with format, tenant and device; its channel keys are the byte string of 80 bytes.
    let head = |len: u8| stored.windows(2).position(|two| two == [0x58, len]).unwrap() + 2;
    let channel = &stored[head(80)..head(80) + 80];
    let device_at = stored.windows(12).position(|window| window == b"\x4bexample.com").unwrap() + 12;
    let device: [u8; 16] = stored[device_at + 1..device_at + 17].try_into().unwrap();
    let binding =
        Binding { tenant, device: DeviceId::from_bytes(device), epoch: pushotp::types::Epoch::new(1).unwrap() };
    let frame = Frame::parse(message).unwrap();
    if let FrameId::Enrolment(_) = frame.id() {
        return None;
    }
    let recipient = Recipient {
        server_key: &ServerKey::from_bytes(&[5; 32]),
        binding: &binding,
        keys: &ChannelKeys::from_exposed(channel.try_into().unwrap()).unwrap(),
        verifying_key: &Ed25519Signer::from_bytes(keys[..32].try_into().unwrap()).verifying_key(),
    };
    let _ = world;
    match frame.open(&recipient).unwrap().decode().unwrap() {
        FromDevice::Approve(approve) => Some(approve.expose_code().to_owned()),
        _ => None,
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// A code or an approval at rest would tell a thief which PIN is the right one.
#[test]
fn no_approval_no_code_and_no_pin_is_at_rest() {
    let mut world = World::enrolled();
    let mut written = Vec::new();
    for text in ["271847", PIN] {
        let (started, request) = world.asked();
        let (work, number) = (world.server.work, world.number(&started));
        world.approve(request.id, work, &number, Some(pin(text)));
        written.push(fs::read(world.state_file()).unwrap());
        world.carry();
        written.push(fs::read(world.state_file()).unwrap());
        world.pass(121_000);
    }
    let (work, mail) = (world.server.work, world.server.mail);
    for (token, how) in [(work, Unlock::Pin(pin(PIN))), (mail, Unlock::Nothing)] {
        world.command(Command::Code { token, how });
    }
    written.push(fs::read(world.state_file()).unwrap());

    let json: serde_json::Value = serde_json::from_slice(&written[0]).unwrap();
    let decode = |value: &serde_json::Value| BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap();
    let (state, keys) = (decode(&json["authenticator"]), decode(&json["keys"]["bytes"]));
    let codes: Vec<(Vec<u8>, String)> = world
        .arrived
        .iter()
        .filter_map(|message| Some((message.clone(), code_in(&world, message, &state, &keys)?)))
        .collect();
    assert_eq!(codes.len(), 2, "two approvals left the device");
    let shown = world.heard.iter().filter_map(|event| match event {
        Event::Code { code, .. } => Some(code.as_bytes().to_vec()),
        _ => None,
    });
    let mut secrets: Vec<Vec<u8>> = shown.collect();
    for (message, code) in codes {
        // Of a message also its sealed part, without what names the device.
        secrets.extend([message[message.len() - 64..].to_vec(), message, code.into_bytes()]);
    }
    secrets.extend(["271847", PIN].map(|pin| pin.as_bytes().to_vec()));
    assert_eq!(secrets.len(), 2 + 6 + 2);
    for (at, file) in written.iter().enumerate() {
        let json: serde_json::Value = serde_json::from_slice(file).unwrap();
        let inner = decode(&json["authenticator"]);
        for secret in &secrets {
            assert!(!contains(file, secret) && !contains(&inner, secret), "write {at}");
        }
    }
    // The negative control: what does lie there is found.
    assert!(contains(&written[0], b"Work") || contains(&state, b"Work"));
    assert!(
        files_in(world.folder.path()).iter().all(|name| name.starts_with("device.state") || name.starts_with("login"))
    );
}

fn files_in(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
