use pushotp_wire::{
    Error,
    signer::{DeviceSigner, Ed25519Signer},
};

use super::with;
use crate::{
    cbor::{array, bytes, text, uint},
    enrolments::encoded,
    enrols::{EID, bound, first_frame, offer, request, respond, response, sender, start, token_info},
    files,
    format::{EnrolmentKeys, Outside, Refusal, To},
    hpke::Bound,
    messages::{Fields, approve, deny, fetch},
    peer::{
        D2S_KID, DID, NOW, OTHER_TOKEN, SERVER, SIGNING, TENANT, TOKEN, external_aad, frame_of, message_hash,
        open_frame, payload, sign1, signed_payload,
    },
};

type Case = (&'static str, Vec<u8>, Error);

/// A request with one field replaced.
fn asked(at: usize, item: Vec<u8>) -> Vec<u8> {
    let (enc, run) = sender(&bound());
    first_frame(&run, &enc, &with(request(&run), at, item))
}

fn requests() -> Vec<Case> {
    let (display, possession) = (Error::Display("name"), Error::BadPossession);
    let address = |kind: u64, len: usize| array(&[uint(kind), bytes(vec![1; len])]);
    let (enc, run) = sender(&bound());
    vec![
        ("request_version_2", asked(0, uint(2)), Error::Version),
        ("request_another_eid_inside", asked(1, bytes([0; 16])), possession),
        ("request_bind_of_another_run", asked(2, bytes([1; 32])), possession),
        ("request_bind_of_31_bytes", asked(2, bytes([1; 31])), Error::Shape),
        ("request_name_of_65_bytes", asked(5, text(&"a".repeat(65))), display),
        ("request_name_empty", asked(5, text("")), display),
        ("request_name_that_turns_around", asked(5, text("Alice\u{202e}")), display),
        ("request_push_kind_5", asked(6, address(5, 3)), Error::Field("push")),
        ("request_address_of_1025_bytes", asked(6, address(1, 1025)), Error::Field("addr")),
        ("request_clock_before_2020", asked(7, uint(0)), Error::Field("dts")),
        ("request_sequence_of_2_to_53", asked(8, uint(1 << 53)), Error::Field("seq")),
        ("request_one_element_fewer", first_frame(&run, &enc, &request(&run)[..8].to_vec()), Error::Shape),
    ]
}

fn request_keys() -> Vec<Case> {
    let weak = Error::WeakKey;
    let other = Ed25519Signer::from_bytes(&[0x55; 32]).verifying_key();
    vec![
        ("request_alg_0", asked(3, uint(0)), Error::Field("alg")),
        ("request_alg_3", asked(3, uint(3)), Error::Field("alg")),
        ("request_key_of_31_bytes", asked(4, bytes([1; 31])), weak),
        ("request_key_of_33_bytes", asked(4, bytes([2; 33])), weak),
        ("request_key_of_65_bytes", asked(4, bytes([4; 65])), weak),
        ("request_key_off_the_curve", asked(4, bytes([&[2][..], &[0; 31]].concat())), weak),
        ("request_key_of_small_order", asked(4, bytes([&[1][..], &[0; 31]].concat())), weak),
        ("request_key_not_canonical", asked(4, bytes([&[0xee][..], &[0xff; 30], &[0x7f]].concat())), weak),
        ("request_key_of_somebody_else", asked(4, bytes(other.as_bytes())), Error::BadPossession),
    ]
}

fn bindings() -> Vec<(&'static str, Bound)> {
    let good = bound;
    let info = |tenant: &[u8], eid: [u8; 16], did: [u8; 16], epoch: u64| {
        array(&[text("pushotp"), uint(1), text("enrol"), bytes(tenant), bytes(eid), bytes(did), uint(epoch)])
    };
    vec![
        ("request_psk_another", Bound { psk: vec![0; 32], ..good() }),
        ("request_psk_id_another", Bound { psk_id: vec![0; 16], ..good() }),
        ("request_info_of_another_tenant", Bound { info: info(b"example.org", EID, DID, 1), ..good() }),
        ("request_info_of_another_eid", Bound { info: info(TENANT, [0; 16], DID, 1), ..good() }),
        ("request_info_of_another_device", Bound { info: info(TENANT, EID, [2; 16], 1), ..good() }),
        ("request_info_of_another_epoch", Bound { info: info(TENANT, EID, DID, 2), ..good() }),
        ("request_in_base_mode", Bound { mode: 0, psk: vec![], psk_id: vec![], ..good() }),
        ("request_in_auth_mode", Bound { mode: 2, psk: vec![], psk_id: vec![], ..good() }),
        ("request_in_auth_psk_mode", Bound { mode: 3, ..good() }),
    ]
}

/// They do not open: the offer can be used still.
fn unopened() -> Vec<Case> {
    let seal = Error::BadSeal;
    let (enc, run) = sender(&bound());
    let sealed = run.seal(&external_aad(), &sign1(65289, &signed_payload(&request(&run))));
    let mut one = [0; 32];
    one[0] = 1;
    let cases = [
        ("request_eid_unknown", frame_of(&[0; 16], &enc, &sealed), Error::UnknownEnrolment),
        ("request_kid_where_an_eid_stands", frame_of(&D2S_KID, &enc, &sealed), Error::UnknownEnrolment),
        ("request_enc_zero", frame_of(&EID, &[0; 32], &sealed), seal),
        ("request_enc_of_small_order", frame_of(&EID, &one, &sealed), seal),
    ];
    let bound = bindings().into_iter().map(|(id, bound)| {
        let (enc, run) = sender(&bound);
        (id, first_frame(&run, &enc, &request(&run)), seal)
    });
    cases.into_iter().chain(bound).collect()
}

/// Under an eid there is no other message than a request.
fn misplaced() -> Vec<Case> {
    let (enc, run) = sender(&bound());
    let under = |typ: u64, fields: &Fields| {
        frame_of(&EID, &enc, &run.seal(&external_aad(), &sign1(typ, &signed_payload(fields))))
    };
    vec![
        ("approve_under_an_eid", under(65282, &approve()), Error::Direction),
        ("deny_under_an_eid", under(65283, &deny()), Error::Direction),
        ("fetch_under_an_eid", under(65287, &fetch()), Error::Direction),
    ]
}

/// The device takes none of them, and goes on waiting for the right one.
fn responses() -> Vec<Case> {
    let (frame, _) = start();
    let (_, run) = open_frame(&frame, &EID, &bound());
    let rh = message_hash(&frame);
    let infos = [token_info(TOKEN, "Bank", 1), token_info(OTHER_TOKEN, "Mail", 0)];
    let nine: Vec<_> = (0..9).map(|n| token_info([n; 16], "T", 0)).collect();
    let sealed = |fields: Fields| respond(&run, &payload(&fields));
    let says = |rh: &[u8], status: u64, tokens: &[Vec<u8>]| sealed(response(rh, status, tokens));
    let one = |name: &str, pol: u64| says(&rh, 0, &[token_info(TOKEN, name, pol)]);
    let (status, display) = (Error::Field("status"), Error::Display("name"));
    vec![
        ("response_to_another_request", says(&[0; 32], 0, &infos), Error::HashMismatch),
        ("response_refusal_of_another_request", says(&[0; 32], 1, &[]), Error::HashMismatch),
        ("response_of_another_eid", sealed(with(response(&rh, 0, &infos), 1, bytes([0; 16]))), Error::HashMismatch),
        ("response_version_2", sealed(with(response(&rh, 0, &infos), 0, uint(2))), Error::Version),
        ("response_refused_with_tokens", says(&rh, 1, &infos), status),
        ("response_accepted_without_tokens", says(&rh, 0, &[]), status),
        ("response_status_2", says(&rh, 2, &infos), status),
        ("response_token_twice", says(&rh, 0, &[infos[0].clone(), infos[0].clone()]), Error::Field("tokens")),
        ("response_tokens_descending", says(&rh, 0, &[infos[1].clone(), infos[0].clone()]), Error::Field("tokens")),
        ("response_nine_tokens", says(&rh, 0, &nine), Error::Field("tids")),
        ("response_policy_bit_16", one("Bank", 16), Error::Field("pol")),
        ("response_token_without_a_name", one("", 0), display),
        ("response_token_name_with_a_newline", one("Ban\nk", 0), display),
        ("response_before_2020", sealed(with(response(&rh, 0, &infos), 5, uint(0))), Error::Field("sts")),
        ("response_flipped", super::flipped(says(&rh, 0, &infos), 60), Error::BadSeal),
        ("response_truncated", says(&rh, 0, &infos)[1..].to_vec(), Error::Shape),
    ]
}

pub(crate) fn cases() -> Vec<Refusal> {
    let to_server = |(id, message, error): Case| Refusal::rejected(id, message, error).to(To::EnrollingServer);
    let opened = requests().into_iter().chain(request_keys()).chain(misplaced());
    let opened = opened.map(|case| Refusal { incident: true, ..to_server(case) });
    let responses = responses().into_iter().map(|(id, message, error)| Refusal {
        outside: Outside::Nothing,
        ..Refusal::dropped(id, message, error).to(To::EnrollingDevice)
    });
    let (enc, run) = sender(&bound());
    let right = Refusal::accepted("request_right", To::EnrollingServer, first_frame(&run, &enc, &request(&run)));
    opened.chain(unopened().into_iter().map(to_server)).chain(responses).chain([right]).collect()
}

pub(crate) fn keys() -> EnrolmentKeys {
    EnrolmentKeys {
        now: NOW,
        server_private: SERVER.into(),
        signing_key: SIGNING.into(),
        offer: encoded(&offer()).into(),
        request: start().0.into(),
    }
}

pub(crate) fn file() -> String {
    files::refused_requests(keys(), cases())
}
