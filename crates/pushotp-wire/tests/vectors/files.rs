//! All files of docs/vectors, and whether they are what stands there.

use std::{fs, path::PathBuf, sync::LazyLock};

use pushotp_wire::signer::{DeviceSigner, Ed25519Signer};
use serde::Serialize;

use crate::{
    enrolments::enrolments,
    envelopes::{challenges, replies},
    events::sequences,
    format::{Enroller, File, Keys, Message, Refusal, RotationKeys, TokenSecret},
    frames::frames,
    passcodes::passcodes,
    peer::{D2S_KID, D2S_PSK, DID, NOW, OTHER_TOKEN, S2D_KEY, S2D_KID, SERVER, SIGNING, TENANT, TOKEN, server_key},
    refused,
    rotations::{first, rotations},
};

const SOURCE: &str = "crates/pushotp-wire/tests/vectors; README.md explains the keys";

/// What the code writes; with `PUSHOTP_WRITE_VECTORS` it has been written before anything is read.
static ALL: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    let all = all();
    if std::env::var_os("PUSHOTP_WRITE_VECTORS").is_some() {
        for (name, text) in &all {
            fs::write(path().join(name), text).unwrap();
        }
    }
    all
});

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "docs", "vectors"].iter().collect()
}

/// The folder of the vectors.
pub(crate) fn folder() -> PathBuf {
    LazyLock::force(&ALL);
    path()
}

/// The tokens' secrets: a count, and the count after it.
fn secrets() -> Vec<TokenSecret> {
    let counting = |from: u8| (from..from + 32).collect::<Vec<u8>>();
    [(TOKEN, 0), (OTHER_TOKEN, 32)]
        .map(|(tid, from)| TokenSecret { tid: tid.into(), secret: counting(from).into() })
        .into()
}

pub(crate) fn secret(tid: [u8; 16]) -> Vec<u8> {
    secrets().into_iter().find(|secret| secret.tid.0 == tid).unwrap().secret.0
}

pub(crate) fn keys() -> Keys {
    Keys {
        now: NOW,
        tenant: TENANT.into(),
        did: DID.into(),
        epoch: 1,
        s2d_key: S2D_KEY.into(),
        s2d_kid: S2D_KID.into(),
        d2s_psk: D2S_PSK.into(),
        d2s_kid: D2S_KID.into(),
        server_private: SERVER.into(),
        server_public: server_key().public_key().as_bytes().into(),
        signing_key: SIGNING.into(),
        verifying_key: Ed25519Signer::from_bytes(&SIGNING).verifying_key().as_bytes().into(),
        secrets: secrets(),
    }
}

pub(crate) fn file<K: Serialize, C: Serialize>(kind: &str, notes: &str, keys: K, cases: Vec<C>) -> String {
    let file = File { source: SOURCE.into(), notes: notes.into(), kind: kind.into(), keys, cases };
    serde_json::to_string_pretty(&file).unwrap() + "\n"
}

fn refusals(notes: &str, cases: Vec<Refusal>) -> String {
    file("refused", notes, keys(), cases)
}

/// Files by their names.
type Named = Vec<(&'static str, String)>;

/// Each file by its name.
fn all() -> Named {
    let challenges = challenges();
    let frames = frames(&challenges);
    let mut all = right(&challenges, &frames);
    all.extend(wrong());
    #[cfg(feature = "es256")]
    all.extend(crate::es256::files(&frames));
    all
}

fn right(challenges: &[Message], frames: &[Message]) -> Named {
    let replies = replies(frames, challenges);
    let envelopes = challenges.iter().chain(&replies).collect();
    let enroller = Enroller { now: NOW, server_private: SERVER.into(), signing_key: SIGNING.into() };
    vec![
        ("envelopes.json", file("messages", "What a server sends to a device.", keys(), envelopes)),
        ("frames.json", file("messages", "What an enrolled device sends.", keys(), frames.iter().collect())),
        ("enrolments.json", file("enrolments", "Whole enrolments.", enroller, enrolments())),
        ("rotations.json", file("rotations", "Whole rotations of a token's secret.", keys(), rotations())),
        ("events.json", file("events", "The server's state machine, section 13.", (), sequences())),
        ("passcodes.json", file("passcodes", "Section 9.", (), passcodes(challenges, &secrets()))),
    ]
}

fn wrong() -> Named {
    let rotation = RotationKeys { channel: keys(), rotation: first().1 };
    let tickets = file("refused_tickets", "Tickets of something else.", rotation, refused::tickets::cases());
    vec![
        ("refused_envelopes.json", refusals("Form, header and seal of an envelope.", refused::envelopes::cases())),
        ("refused_encodings.json", refusals("Challenges in another encoding.", refused::encodings::cases())),
        ("refused_challenges.json", refusals("Challenges that say something wrong.", refused::challenges::cases())),
        ("refused_replies.json", refusals("What else a server sends, wrong.", refused::replies::cases())),
        ("refused_frames.json", refusals("Form and seal of a frame.", refused::frames::cases())),
        ("refused_signatures.json", refusals("Frames that open, wrongly signed.", refused::signatures::cases())),
        ("refused_answers.json", refusals("Frames well signed that say something wrong.", refused::answers::cases())),
        ("refused_housekeeping.json", refusals("Updates, rotations and tickets.", refused::housekeeping::cases())),
        ("refused_tickets.json", tickets),
        ("refused_enrolments.json", refused::enrolments::file()),
    ]
}

pub(crate) fn refused_requests<K: Serialize>(keys: K, cases: Vec<Refusal>) -> String {
    file("refused_enrolments", "Requests and responses of an enrolment.", keys, cases)
}

/// The files of the folder that this build can read: without the feature there are no keys on P-256.
pub(crate) fn names() -> Vec<String> {
    let names = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let readable = |name: &str| cfg!(feature = "es256") || !name.contains("es256");
    names.filter_map(|name| name.into_string().ok().filter(|name| name.ends_with("json") && readable(name))).collect()
}

#[test]
fn are_what_the_code_writes() {
    let mut expected = Vec::new();
    for (name, text) in ALL.iter() {
        let stored = fs::read_to_string(folder().join(name)).unwrap_or_default();
        assert!(stored == *text, "{name} is not what the code writes; PUSHOTP_WRITE_VECTORS=1 writes it");
        expected.push(name.to_string());
    }
    let mut stored = names();
    stored.sort();
    expected.sort();
    assert_eq!(stored, expected, "no other file stands there");
}
