use pushotp_wire::Error;

use super::{EXP, Entries, IAT, TIDS, mapped, spec, with};
use crate::{
    cbor::{array, bytes, text, uint},
    format::{Refusal, To},
    messages::{CTX, NUM, OTP, POL, V, challenge, context},
    peer::{NOW, OTHER_TOKEN, TOKEN, envelope, payload},
};

fn field(at: usize, item: Vec<u8>) -> Vec<u8> {
    envelope(65281, &payload(&with(challenge(), at, item)))
}

fn entry(key: u64, value: Vec<u8>) -> Vec<u8> {
    let mut all: Entries = context().into_iter().filter(|(known, _)| *known != uint(key)).collect();
    all.push((uint(key), value));
    all.sort();
    field(CTX, mapped(&all))
}

type Case = (&'static str, Vec<u8>, Error);

fn times() -> Vec<Case> {
    let both = |iat: u64, exp: u64| envelope(65281, &payload(&with(with(challenge(), IAT, uint(iat)), EXP, uint(exp))));
    let (iat, exp) = (Error::Field("iat"), Error::Field("exp"));
    vec![
        ("issued_before_2020", field(IAT, uint(1_577_836_799)), iat),
        ("ends_after_2100", field(EXP, uint(4_102_444_801)), exp),
        ("ends_at_2_to_64", field(EXP, uint(u64::MAX)), exp),
        ("ends_as_it_begins", field(EXP, uint(NOW)), exp),
        ("ends_before_it_begins", field(EXP, uint(NOW - 1)), exp),
        ("lives_601_seconds", field(EXP, uint(NOW + 601)), exp),
        ("issued_121_seconds_ahead", both(NOW + 121, NOW + 181), Error::NotYetValid),
        ("ended_121_seconds_ago", both(NOW - 181, NOW - 121), Error::Expired),
        ("version_0", field(V, uint(0)), Error::Version),
        ("version_2", field(V, uint(2)), Error::Version),
        ("version_255", field(V, uint(255)), Error::Version),
    ]
}

fn tokens_and_bits() -> Vec<Case> {
    let tids = |ids: &[[u8; 16]]| field(TIDS, array(&ids.iter().map(bytes).collect::<Vec<_>>()));
    let (tokens, pol) = (Error::Field("tids"), Error::Field("pol"));
    // Bit 8 wants mode 1.
    let mode = |item: Vec<u8>| field(NUM, item);
    vec![
        ("token_twice", tids(&[TOKEN, TOKEN]), tokens),
        ("tokens_descending", tids(&[OTHER_TOKEN, TOKEN]), tokens),
        ("no_token", tids(&[]), tokens),
        ("nine_tokens", tids(&std::array::from_fn::<_, 9, _>(|n| [u8::try_from(n).unwrap(); 16])), tokens),
        ("policy_bit_16", field(POL, uint(13 + 16)), pol),
        ("policy_bit_32", field(POL, uint(13 + 32)), pol),
        ("policy_bit_64", field(POL, uint(13 + 64)), pol),
        ("policy_bit_128", field(POL, uint(13 + 128)), pol),
        ("must_be_typed_and_is_none", mode(spec(&[0, 0], &[])), pol),
        ("must_be_typed_and_is_picked", mode(spec(&[2, 2], &[1, 2, 3])), pol),
    ]
}

fn numbers_and_passcodes() -> Vec<Case> {
    let (num, otp) = (Error::Field("num"), Error::Field("otp"));
    let typed = |digits: u64, choices: &[u8]| field(NUM, spec(&[1, digits], choices));
    // Without bit 8, so that the mode alone is wrong.
    let weaker = |mode: u64, digits: u64, choices: &[u8]| {
        let fields = with(challenge(), POL, uint(5));
        envelope(65281, &payload(&with(fields, NUM, spec(&[mode, digits], choices))))
    };
    let passcode = |kind: u64, digits: u64| field(OTP, array(&[uint(kind), uint(digits)]));
    vec![
        ("number_of_0_digits", typed(0, &[]), num),
        ("number_of_1_digit", typed(1, &[]), num),
        ("number_of_9_digits", typed(9, &[]), num),
        ("number_in_the_message", typed(6, &[48, 29, 13]), num),
        ("no_number_with_digits", weaker(0, 6, &[]), num),
        ("no_number_with_choices", weaker(0, 0, &[1, 2, 3]), num),
        ("two_choices", weaker(2, 2, &[1, 2]), num),
        ("four_choices", weaker(2, 2, &[1, 2, 3, 4]), num),
        ("equal_choices", weaker(2, 2, &[1, 2, 1]), num),
        ("choice_of_100", weaker(2, 2, &[1, 2, 100]), num),
        ("choices_of_3_digits", weaker(2, 3, &[1, 2, 3]), num),
        ("number_mode_3", weaker(3, 6, &[]), num),
        ("passcode_kind_0", passcode(0, 8), otp),
        ("passcode_kind_4", passcode(4, 8), otp),
        ("passcode_bound_of_6_digits", passcode(1, 6), otp),
        ("passcode_of_5_digits", passcode(3, 5), otp),
        ("passcode_of_11_digits", passcode(3, 11), otp),
    ]
}

fn contexts() -> Vec<Case> {
    let ctx = Error::Field("ctx");
    let says = |entries: Entries| field(CTX, mapped(&entries));
    let plus = |key: u64| [&context()[..], &[(uint(key), text("y"))]].concat();
    let mut seventeen: Entries = (0..11).map(|n| (uint(2 * n + 1), uint(n))).chain(context()[..6].to_vec()).collect();
    seventeen.sort();
    vec![
        ("application_missing", says(context()[1..].to_vec()), ctx),
        ("user_missing", says(context()[..1].to_vec()), ctx),
        ("even_key_12_unknown", entry(12, text("x")), ctx),
        ("even_key_22_unknown", entry(22, uint(1)), ctx),
        ("key_24", says(plus(24)), ctx),
        ("key_25", says(plus(25)), ctx),
        ("odd_text_of_257_bytes", entry(13, text(&"a".repeat(257))), ctx),
        ("odd_bytes_of_257", entry(13, bytes([0; 257])), ctx),
        ("seventeen_entries", says(seventeen), ctx),
        ("address_of_5_bytes", entry(4, bytes([1; 5])), ctx),
        ("address_of_0_bytes", entry(4, bytes([])), ctx),
        ("address_as_text", entry(4, text("192.0.2.7")), ctx),
        ("application_as_bytes", entry(0, bytes(b"Intranet")), ctx),
        ("place_as_a_number", entry(6, uint(1)), ctx),
        ("application_empty", entry(0, text("")), Error::Display("application")),
        ("application_of_65_bytes", entry(0, text(&"a".repeat(65))), Error::Display("application")),
        (
            "application_of_65_bytes_in_33_letters",
            entry(0, text(&("ä".repeat(32) + "a"))),
            Error::Display("application"),
        ),
        ("user_empty", entry(2, text("")), Error::Display("user")),
        ("user_of_129_bytes", entry(2, text(&"a".repeat(129))), Error::Display("user")),
        ("place_of_65_bytes", entry(6, text(&"a".repeat(65))), Error::Display("place")),
        ("client_of_129_bytes", entry(8, text(&"a".repeat(129))), Error::Display("client")),
        ("action_of_257_bytes", entry(10, text(&"a".repeat(257))), Error::Display("action")),
    ]
}

/// Each character that turns, hides or breaks what is displayed.
fn displays() -> Vec<Refusal> {
    let controls = "\0\n\u{1f}\u{7f}\u{80}\u{85}\u{9f}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}";
    let case = |control: char| {
        let id = format!("display_u_{:04x}", u32::from(control));
        Refusal::dropped(&id, entry(6, text(&format!("Vi{control}enna"))), Error::Display("place"))
    };
    controls.chars().map(case).collect()
}

/// What looks odd and is right.
fn accepted() -> Vec<Refusal> {
    let cases = [
        ("odd_key_unknown", entry(13, text("later"))),
        ("odd_bytes_of_256", entry(13, bytes([0; 256]))),
        ("lives_600_seconds", field(EXP, uint(NOW + 600))),
        ("application_of_64_bytes", entry(0, text(&"a".repeat(64)))),
        ("address_of_16_bytes", entry(4, bytes([0x20; 16]))),
        ("display_right_to_left_letters", entry(2, text("עליסה"))),
        ("display_u_200d_joins_letters", entry(2, text("نامه\u{200d}ای"))),
    ];
    cases.map(|(id, message)| Refusal::accepted(id, To::Device, message)).into()
}

pub(crate) fn cases() -> Vec<Refusal> {
    let all = times().into_iter().chain(tokens_and_bits()).chain(numbers_and_passcodes()).chain(contexts());
    let refused = all.map(|(id, message, error)| Refusal::dropped(id, message, error));
    refused.chain(displays()).chain(accepted()).collect()
}
