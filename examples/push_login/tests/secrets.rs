//! What the whole story prints, against every secret in it.

use std::{fs, path::Path};

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use pollster::block_on;
use pushotp::{
    KeyEncryptionKey, SoftwareKek,
    provision::enrolment,
    store::Store,
    types::{Offer, TenantId},
    wire::{
        frame::{Frame, FrameId, Recipient},
        keys::{Binding, ChannelKeys, ServerKey},
        message::FromDevice,
        signer::{DeviceSigner, Ed25519Signer},
    },
};
use pushotp_store_sqlite::SqliteStore;

use super::{
    printed,
    server::Server,
    story::{self, Clock, PIN},
};

/// Every form in which bytes could be printed, in lower case.
fn forms(secret: &[u8]) -> Vec<String> {
    let decimal: Vec<String> = secret.iter().map(u8::to_string).collect();
    let mut forms = vec![HEXLOWER.encode(secret), decimal.join(", "), decimal.join(",")];
    forms.extend([BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD].map(|base| base.encode(secret)));
    // Of longer bytes that hold the secret somewhere, a base shows the groups that lie wholly within it.
    for (base, group) in [(BASE32_NOPAD, 5), (BASE64_NOPAD, 3), (BASE64URL_NOPAD, 3)] {
        let within = (1..group).filter_map(|skip| secret.get(skip..)).filter(|rest| rest.len() > 16);
        forms.extend(within.map(|rest| base.encode(&rest[..rest.len() / group * group])));
    }
    forms.iter().map(|form| form.to_lowercase()).collect()
}

/// Which of the secrets a text shows, in which form; of short ones also as they are.
fn found(text: &str, secrets: &[Vec<u8>]) -> Vec<String> {
    let text = text.to_lowercase();
    let plain = secrets.iter().filter_map(|secret| std::str::from_utf8(secret).ok()).map(str::to_owned);
    let forms = secrets.iter().flat_map(|secret| forms(secret));
    forms.chain(plain).filter(|form| text.contains(form.as_str())).collect()
}

/// What the database holds under keys of a kind, without its seal.
fn opened(db: &Path, kek: &[u8; 32], kind: &str) -> Vec<Vec<u8>> {
    let (store, kek) = (SqliteStore::open(db).unwrap(), SoftwareKek::from_bytes(*kek));
    let page = block_on(store.scan(None, 100)).unwrap();
    let found = page.iter().filter(|(key, _)| key.as_bytes().starts_with(kind.as_bytes()));
    found.map(|(key, stored)| kek.open(key.as_bytes(), &stored.value).unwrap().to_vec()).collect()
}

/// The passcode in a message of the device, if it is an approval.
fn code_in(message: &[u8], recipient: &Recipient<'_>) -> Option<String> {
    let frame = Frame::parse(message).unwrap();
    if let FrameId::Enrolment(_) = frame.id() {
        return None;
    }
    match frame.open(recipient).unwrap().decode().unwrap() {
        FromDevice::Approve(approve) => Some(approve.expose_code().to_owned()),
        _ => None,
    }
}

/// All keys, all secrets of tokens, the device's state, and every approval with its passcode.
fn secrets(folder: &Path, offer: &Offer, arrived: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let (server, device) = (read("login.db.keys"), read("device.state.keys"));
    let (server_key, kek) = (server.first_chunk::<32>().unwrap(), server.last_chunk::<32>().unwrap());
    let mut secrets = vec![offer.psk.to_vec(), server_key.to_vec(), kek.to_vec(), read("device.state")];
    secrets.extend(device.chunks_exact(32).map(<[u8]>::to_vec));
    let db = folder.join("login.db");
    // A CBOR byte string of 32 bytes: two bytes of head.
    secrets.extend(opened(&db, kek, "secret/").iter().map(|plain| plain[2..34].to_vec()));
    // An array that begins with the channel keys, 80 bytes: sealing key, PSK, ids.
    let keys = opened(&db, kek, "device/").remove(0)[3..83].to_vec();
    secrets.extend(keys.chunks_exact(32).map(<[u8]>::to_vec));

    let tenant = TenantId::new(b"example.com").unwrap();
    let recipient = Recipient {
        server_key: &ServerKey::from_bytes(server_key),
        binding: &Binding { tenant, device: offer.device, epoch: offer.epoch },
        keys: &ChannelKeys::from_exposed(&keys.try_into().unwrap()).unwrap(),
        verifying_key: &Ed25519Signer::from_bytes(device.first_chunk().unwrap()).verifying_key(),
    };
    for (message, code) in arrived.iter().filter_map(|message| Some((message, code_in(message, &recipient)?))) {
        secrets.extend([message.clone(), code.into_bytes()]);
    }
    secrets.extend([PIN, "271847"].map(|pin| pin.as_bytes().to_vec()));
    secrets
}

#[test]
fn the_whole_story_prints_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (db, state) = (folder.path().join("login.db"), folder.path().join("device.state"));
    let keys = folder.path().join("login.db.keys");
    let (out, arrived) = printed(false, |screen| {
        let clock = Clock::default();
        let server = Server::start(db.to_str().unwrap(), (&keys, false), clock.now()).unwrap();
        let mut cast = story::enrol(screen, (clock, server), &state, false).unwrap();
        story::play(&mut cast, screen).unwrap();
        cast.server.arrived.take()
    });
    // The provisioning URI is a secret that is meant to be shown, on a line of its own; so is the passcode that is typed.
    let uri = out.lines().find_map(|line| line.strip_prefix("  server  pushotp://enrol#")).unwrap();
    let offer = enrolment::parse(&format!("pushotp://enrol#{uri}")).unwrap();
    let typed = out.lines().find_map(|line| line.strip_prefix("  device  passcode ")).unwrap();
    let mut secrets = secrets(folder.path(), &offer, &arrived);
    secrets.push(typed.as_bytes().to_vec());
    assert_eq!(secrets.len(), 6 + 2 + 2 + 2 * 7 + 2 + 1, "keys and state, tokens, channel, approvals, PINs, typed");

    let is_meant = |line: &&str| line.contains("pushotp://enrol#") || line.contains("  passcode ");
    let shown = out.lines().filter(|line| !is_meant(line)).collect::<Vec<_>>().join("\n");
    assert_eq!(found(&shown, &secrets), Vec::<String>::new());
    // The negative control: each, in each form, is found once it is printed; so are the two in their own lines.
    for secret in &secrets {
        for form in forms(secret) {
            assert!(found(&format!("{shown}{form}"), &secrets).contains(&form));
        }
    }
    assert!(!found(uri, &[offer.psk.to_vec()]).is_empty(), "inside of what the URI encodes");
    assert!(found(&out, &secrets).contains(&typed.to_owned()));
}
