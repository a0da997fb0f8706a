//! Groups D, E and G on the device: a server that holds the right keys, and encodes or says one thing wrong.

use pushotp_wire::{
    Error,
    device::{Device, Incoming},
    terms::Nonce,
};

use crate::{
    cbor::{array, bytes, head, map, tagged, text, uint},
    messages::*,
    peer::*,
};

type Case = (&'static str, Vec<u8>, Error);

/// The challenge with one field replaced, sealed.
fn field(at: usize, item: Vec<u8>) -> Vec<u8> {
    envelope(65281, &payload(&with(challenge(), at, item)))
}

/// Whole blocks of a plaintext that is no payload at all.
fn raw(mut plain: Vec<u8>) -> Vec<u8> {
    plain.resize(plain.len().next_multiple_of(64), 0);
    envelope(65281, &plain)
}

fn entries(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    field(CTX, map(entries))
}

/// The context with one entry more, in its order.
fn entry(key: u64, value: Vec<u8>) -> Vec<u8> {
    let mut all: Vec<_> = context().into_iter().filter(|(known, _)| *known != uint(key)).collect();
    all.push((uint(key), value));
    all.sort();
    entries(&all)
}

/// A challenge with another head of its array, padded as it should be.
fn headed(head: &[u8], after: &[u8]) -> Vec<u8> {
    let with = |pad: usize| [head, &challenge().concat(), &bytes(vec![0; pad]), after].concat();
    let pad = (0..64).find(|pad| with(*pad).len().is_multiple_of(64)).unwrap();
    envelope(65281, &with(pad))
}

fn chunks(parts: &[Vec<u8>]) -> Vec<u8> {
    [&[0x5f], &parts.concat()[..], &[0xff]].concat()
}

const fn field_error(name: &'static str) -> Error {
    Error::Field(name)
}

/// Other encodings of what the message says, and other types.
///
/// Whether it is `Shape` or `NotCanonical` tells where it was noticed, while decoding or when encoding again; both are
/// of one class.
fn encodings() -> Vec<Case> {
    let other = Error::NotCanonical;
    let shape = Error::Shape;
    let good = payload(&challenge());
    let num = |parts: &[Vec<u8>]| field(NUM, array(parts));
    let typed = [uint(1), uint(6), bytes([])];
    let num_bytes = bytes(array(&typed));
    vec![
        ("84 an item after the payload", raw([&good[..], &[0]].concat()), other),
        ("85 one element more", envelope(65281, &payload(&[&challenge()[..], &[uint(0)]].concat())), shape),
        ("85 one element fewer", envelope(65281, &payload(&challenge()[..9])), shape),
        ("86 its head in two bytes", headed(&[0x98, 11], &[]), other),
        ("86 its head in nine bytes", headed(&[0x9b, 0, 0, 0, 0, 0, 0, 0, 11], &[]), other),
        ("86 an open array", headed(&[0x9f], &[0xff]), other),
        ("86 of 2^32-1 elements", headed(&[0x9a, 0xff, 0xff, 0xff, 0xff], &[]), other),
        ("87 version in two bytes", field(V, vec![0x18, 1]), other),
        ("87 version as a big number", field(V, vec![0xc2, 0x41, 1]), other),
        ("87 version tagged", field(V, tagged(1, uint(1))), other),
        ("88 version as a float", field(V, vec![0xf9, 0x3c, 0]), shape),
        ("88 version negative", field(V, head(1, 0)), shape),
        ("89 id as text", field(1, text("0123456789abcdef")), shape),
        ("89 id as an array", field(1, array(&vec![uint(7); 16])), other),
        ("90 id in chunks", field(1, chunks(&[bytes([1; 8]), bytes([2; 8])])), shape),
        ("90 chunks in chunks", field(1, chunks(&[chunks(&[bytes([1; 8])]), bytes([2; 8])])), shape),
        ("90 its length in two bytes", field(1, [&[0x58, 16][..], &CID].concat()), other),
        ("91 id of 15 bytes", field(1, bytes([1; 15])), shape),
        ("91 id of 17 bytes", field(1, bytes([1; 17])), shape),
        ("92 time tagged", field(IAT, tagged(1, uint(NOW))), other),
        ("92 time in nine bytes", field(IAT, [&[0x1b][..], &NOW.to_be_bytes()].concat()), other),
        ("93 time as a float", field(IAT, [&[0xfb][..], &1.8e9_f64.to_be_bytes()].concat()), shape),
        ("94 a fourth element slides on", num(&[uint(1), uint(6), bytes([]), uint(0)]), shape),
        ("95 an array as bytes", field(NUM, num_bytes), shape),
        ("95 an open array", field(NUM, [&[0x9f], &typed.concat()[..], &[0xff]].concat()), shape),
        ("96 a key twice", entries(&[(uint(0), text("A")), (uint(0), text("B")), (uint(2), text("u"))]), other),
        (
            "96 twice, once in two bytes",
            entries(&[(uint(0), text("A")), (vec![0x18, 0], text("A")), (uint(2), text("u"))]),
            other,
        ),
        ("97 keys out of order", entries(&[(uint(2), text("u")), (uint(0), text("A"))]), other),
        ("98 a key as text", entries(&[(uint(0), text("A")), (uint(2), text("u")), (text("x"), text("y"))]), shape),
        ("98 a negative key", entries(&[(uint(0), text("A")), (uint(2), text("u")), (head(1, 0), text("y"))]), shape),
        (
            "99 an open map",
            field(CTX, [&[0xbf], &uint(0)[..], &text("A"), &uint(2), &text("u"), &[0xff]].concat()),
            other,
        ),
        ("99 2^64-1 entries", field(CTX, [head(5, u64::MAX), uint(0), text("A")].concat()), shape),
        ("100 text in chunks", entry(0, [&[0x7f], &text("Intra")[..], &text("net"), &[0xff]].concat()), other),
        ("101 an overlong letter", entry(0, [&[0x62][..], &[0xc0, 0x80]].concat()), shape),
        ("101 a surrogate", entry(0, [&[0x63][..], &[0xed, 0xa0, 0x80]].concat()), shape),
        ("101 a lone ff", entry(0, vec![0x61, 0xff]), shape),
        ("102 false", field(POL, vec![0xf4]), shape),
        ("102 null", field(POL, vec![0xf6]), shape),
        ("102 undefined", field(POL, vec![0xf7]), shape),
        ("102 f814", field(POL, vec![0xf8, 0x14]), shape),
        ("102 f815", field(POL, vec![0xf8, 0x15]), shape),
        ("102 f816", field(POL, vec![0xf8, 0x16]), shape),
        ("102 f8ff", field(POL, vec![0xf8, 0xff]), shape),
        ("103 3700 tags", raw([vec![0xc1; 3700], uint(1)].concat()), shape),
        ("104 3800 arrays", raw(vec![0x81; 3800]), shape),
        ("105 additional information 28", field(POL, vec![28]), shape),
        ("105 additional information 29", field(POL, vec![29]), shape),
        ("105 additional information 30", field(POL, vec![30]), shape),
        ("106 the payload tagged", raw(tagged(1, good.clone())), other),
        ("106 a map", raw(map(&[(uint(1), uint(1))])), shape),
        ("107 the payload of a cancel", envelope(65281, &payload(&cancel())), shape),
        ("107 the payload of a result", envelope(65281, &payload(&result())), shape),
        ("110 no pad", raw(array(&challenge())), shape),
        ("111 a context value of true", entry(1, vec![0xf5]), shape),
        ("111 null", entry(1, vec![0xf6]), shape),
        ("111 an array", entry(1, array(&[])), shape),
        ("111 a map", entry(1, map(&[])), shape),
        ("111 a negative number", entry(1, head(1, 5)), shape),
        ("111 tagged text", entry(1, tagged(32, text("a"))), shape),
        ("111 a float", entry(1, vec![0xf9, 0, 0]), shape),
    ]
}

/// Ranges and rules.
fn fields() -> Vec<Case> {
    let num = |mode: u64, digits: u64, choices: &[u8]| field(NUM, array(&[uint(mode), uint(digits), bytes(choices)]));
    let otp = |kind: u64, digits: u64| field(OTP, array(&[uint(kind), uint(digits)]));
    let tids = |ids: &[[u8; 16]]| field(TIDS, array(&ids.iter().map(bytes).collect::<Vec<_>>()));
    // Without bit 3 of the policy, so that the mode alone is wrong.
    let weaker = |pol: u64, mode: u64, digits: u64, choices: &[u8]| {
        let fields = with(challenge(), POL, uint(pol));
        envelope(65281, &payload(&with(fields, NUM, array(&[uint(mode), uint(digits), bytes(choices)]))))
    };
    let (iat, exp, num_error, otp_error) =
        (field_error("iat"), field_error("exp"), field_error("num"), field_error("otp"));
    let (ctx, tids_error, pol) = (field_error("ctx"), field_error("tids"), field_error("pol"));
    let mut cases = vec![
        ("93 before 2020", field(IAT, uint(1_577_836_799)), iat),
        ("93 after 2100", field(EXP, uint(4_102_444_801)), exp),
        ("93 2^64-1", field(EXP, uint(u64::MAX)), exp),
        ("112 a token twice", tids(&[TOKEN, TOKEN]), tids_error),
        ("112 descending", tids(&[OTHER_TOKEN, TOKEN]), tids_error),
        ("112 no token", tids(&[]), tids_error),
        ("112 nine tokens", tids(&std::array::from_fn::<_, 9, _>(|n| [u8::try_from(n).unwrap(); 16])), tids_error),
        ("114 version 0", field(V, uint(0)), Error::Version),
        ("114 version 2", field(V, uint(2)), Error::Version),
        ("114 version 255", field(V, uint(255)), Error::Version),
        ("115 it ends as it begins", field(EXP, uint(NOW)), exp),
        ("115 it ends before", field(EXP, uint(NOW - 1)), exp),
        ("116 601 seconds", field(EXP, uint(NOW + 601)), exp),
        ("119 no digit", num(1, 0, &[]), num_error),
        ("119 one digit", num(1, 1, &[]), num_error),
        ("119 nine digits", num(1, 9, &[]), num_error),
        ("120 two choices", weaker(5, 2, 2, &[1, 2]), num_error),
        ("120 four choices", weaker(5, 2, 2, &[1, 2, 3, 4]), num_error),
        ("120 equal choices", weaker(5, 2, 2, &[1, 2, 1]), num_error),
        ("120 a choice of 100", weaker(5, 2, 2, &[1, 2, 100]), num_error),
        ("120 three digits to pick", weaker(5, 2, 3, &[1, 2, 3]), num_error),
        ("121 mode 3", num(3, 6, &[]), num_error),
        ("122 the number is in the message", num(1, 6, &[48, 29, 13]), num_error),
        ("mode 0 with digits", weaker(5, 0, 6, &[]), num_error),
        ("123 otp kind 0", otp(0, 8), otp_error),
        ("123 otp kind 4", otp(4, 8), otp_error),
        ("123 six digits bound", otp(1, 6), otp_error),
        ("123 five digits", otp(3, 5), otp_error),
        ("123 eleven digits", otp(3, 11), otp_error),
        ("124 to be typed, and none", weaker(13, 0, 0, &[]), pol),
        ("124 to be typed, and picked", weaker(13, 2, 2, &[1, 2, 3]), pol),
        ("125 no application", entries(&context()[1..]), ctx),
        ("125 no user", entries(&[context()[0].clone()]), ctx),
        ("126 an even key that it does not know", entry(12, text("x")), ctx),
        ("98 key 24", entries(&[&context()[..], &[(uint(24), text("y"))]].concat()), ctx),
        ("98 key 25", entries(&[&context()[..], &[(uint(25), text("y"))]].concat()), ctx),
        ("128 257 bytes under an odd key", entry(13, text(&"a".repeat(257))), ctx),
        ("128 257 bytes under an odd key", entry(13, bytes([0; 257])), ctx),
        ("129 an address of 5 bytes", entry(4, bytes([1; 5])), ctx),
        ("129 an address as text", entry(4, text("192.0.2.7")), ctx),
        ("133 no letter of an application", entry(0, text("")), Error::Display("application")),
        ("133 65 bytes of it", entry(0, text(&"a".repeat(65))), Error::Display("application")),
        ("133 129 bytes of a user", entry(2, text(&"a".repeat(129))), Error::Display("user")),
        ("133 65 bytes of a place", entry(6, text(&"a".repeat(65))), Error::Display("place")),
        ("133 129 bytes of a client", entry(8, text(&"a".repeat(129))), Error::Display("client")),
        ("133 257 bytes of an action", entry(10, text(&"a".repeat(257))), Error::Display("action")),
    ];
    for bit in 4..8 {
        cases.push(("124 an unknown bit", field(POL, uint(13 + (1 << bit))), pol));
    }
    for control in
        "\u{202e}\n\0\u{7f}\u{85}\u{9f}\u{2028}\u{2029}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{200e}\u{200f}\u{61c}"
            .chars()
    {
        cases.push((
            "130 to 132 a control character",
            entry(6, text(&format!("Vi{control}enna"))),
            Error::Display("place"),
        ));
    }
    cases
}

#[test]
fn challenges() {
    assert!(
        matches!(device_opens(&field(V, uint(1))), Ok(Incoming::Challenge(_))),
        "what the cases are made of is right"
    );
    let wrong = |(case, message, expected): Case| {
        let error = device_opens(&message).err();
        (error != Some(expected)).then_some((case, error, expected))
    };
    let wrong: Vec<_> = encodings().into_iter().chain(fields()).filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Cases 113, 127 and the caps: what must not be refused.
#[test]
fn what_is_right_though_it_looks_odd() {
    let right = [
        ("127 an odd key that it does not know", entry(13, text("later"))),
        ("256 bytes under it", entry(13, bytes([0; 256]))),
        ("the largest number under it", entry(23, uint(u64::MAX))),
        ("600 seconds", field(EXP, uint(NOW + 600))),
        ("64 bytes of an application", entry(0, text(&"a".repeat(64)))),
        ("an address of 16 bytes", entry(4, bytes([0x20; 16]))),
        ("right-to-left letters", entry(2, text("עליסה"))),
    ];
    for (case, message) in right {
        assert!(device_opens(&message).is_ok(), "{case}");
    }
    let sixteen: Vec<_> = context()[..6].iter().cloned().chain((0..10).map(|n| (uint(2 * n + 1), uint(n)))).collect();
    let mut sorted = sixteen.clone();
    sorted.sort();
    assert!(device_opens(&entries(&sorted)).is_ok());
    sorted.push((uint(21), uint(0)));
    sorted.sort();
    assert_eq!(device_opens(&entries(&sorted)).err(), Some(field_error("ctx")), "99 seventeen entries");
}

/// Cases 108 to 110: the pad, which encoding again does not check.
#[test]
fn padding() {
    let good = payload(&challenge());
    let zeros = good.iter().rev().take_while(|byte| **byte == 0).count();
    assert!(zeros > 0);
    for at in good.len() - zeros..good.len() {
        let mut plain = good.clone();
        plain[at] = 1;
        assert_eq!(device_opens(&envelope(65281, &plain)).err(), Some(Error::Padding), "108 byte {at}");
    }
    let padded = |len: usize| array(&[&challenge()[..], &[bytes(vec![0; len])]].concat());
    let pad = (0..100).find(|len| padded(*len) == good).unwrap();
    let longer = (pad + 1..300).find(|len| padded(*len).len().is_multiple_of(64)).unwrap();
    assert_eq!(device_opens(&envelope(65281, &padded(longer))).err(), Some(Error::Padding), "109");
    let as_text = array(&[&challenge()[..], &[text(&"\0".repeat(pad))]].concat());
    assert_eq!(device_opens(&envelope(65281, &as_text)).err(), Some(Error::Shape), "110 as text");
    let (last, fields) = (challenge().pop().unwrap(), &challenge()[..9]);
    let not_last = array(&[fields, &[bytes(vec![0; pad]), last]].concat());
    assert_eq!(device_opens(&envelope(65281, &not_last)).err(), Some(Error::Shape), "110 not last");
}

/// Results, cancels, and replies to a fetch.
#[test]
fn other_messages() {
    let of_result = |at: usize, item: Vec<u8>| envelope(65285, &payload(&with(result(), at, item)));
    let accepted = |left: u64, fails: u64| {
        let fields = with(with(result(), 3, uint(0)), 4, uint(left));
        envelope(65285, &payload(&with(fields, 5, uint(fails))))
    };
    let of_cancel = |at: usize, item: Vec<u8>| envelope(65286, &payload(&with(cancel(), at, item)));
    let item = envelope(65286, &payload(&cancel()));
    let of_pending = |items: &[Vec<u8>]| envelope(65288, &payload(&pending(items)));
    let cases = [
        ("190 status 7", of_result(3, uint(7)), field_error("status")),
        ("190 left 3", of_result(4, uint(3)), field_error("left")),
        ("190 status 6 and none left", of_result(4, uint(0)), field_error("left")),
        ("190 status 6 with fails", of_result(5, uint(1)), field_error("fails")),
        ("190 left 1 with status 0", accepted(1, 0), field_error("left")),
        ("result of another version", of_result(0, uint(2)), Error::Version),
        ("result from before 2020", of_result(6, uint(5)), field_error("sts")),
        ("fails of 256", of_result(5, uint(256)), Error::Shape),
        ("cancel for reason 6", of_cancel(2, uint(6)), field_error("reason")),
        ("cancel of another version", of_cancel(0, uint(0)), Error::Version),
        ("cancel after 2100", of_cancel(3, uint(4_102_444_801)), field_error("sts")),
        ("184 nine items", of_pending(&vec![item.clone(); 9]), field_error("items")),
        ("an item of 118 bytes", of_pending(&[vec![0; 118]]), field_error("items")),
        (
            "an enrol-response after the enrolment",
            {
                envelope(
                    65290,
                    &payload(&crate::enrols::response(&RH, 0, &[crate::enrols::token_info(TOKEN, "Bank", 1)])),
                )
            },
            Error::Direction,
        ),
    ];
    assert!(device_opens(&accepted(0, 255)).is_ok());
    assert!(device_opens(&of_pending(&vec![item; 8])).is_ok());
    for (case, message, expected) in cases {
        assert_eq!(device_opens(&message).err(), Some(expected), "{case}");
    }
}

/// Cases 183, 185, 186: each item is opened on its own, and one that fails spoils no other.
#[test]
fn items_of_a_reply() {
    let device = Device::new(binding(), keys(), *server_key().public_key());
    let challenge = field(V, uint(1));
    let foreign = envelope_with(
        &map(&[(uint(1), uint(24)), (uint(4), bytes([0; 8])), (uint(5), bytes([9; 12])), (uint(16), uint(65281))]),
        &payload(&crate::messages::challenge()),
    );
    let nested = envelope(65288, &payload(&pending(&[])));
    let reply = envelope(65288, &payload(&pending(&[foreign, challenge, nested, vec![0; 119]])));
    let Ok(Incoming::Pending(pending)) = device_opens(&reply) else { panic!() };
    let other = device.items(&pending, &Nonce::from_bytes([5; 16]), at(NOW));
    assert_eq!(other.err(), Some(field_error("n")), "183 another nonce");
    let items = device.items(&pending, &Nonce::from_bytes([4; 16]), at(NOW)).unwrap();
    assert!(
        matches!(
            &items[..],
            [Err(Error::UnknownKid), Ok(Incoming::Challenge(_)), Err(Error::Direction), Err(Error::Shape)]
        ),
        "{items:?}"
    );
}
