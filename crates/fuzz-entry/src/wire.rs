use pushotp_wire::{
    Envelope,
    frame::{Frame, FrameId},
};

/// An envelope that parses is the template around its four fields, in one encoding.
pub fn envelope(input: &[u8]) -> bool {
    let Ok(envelope) = Envelope::parse(input) else { return false };
    let [high, low] = envelope.typ().code().to_be_bytes();
    let (kid, head) = (envelope.kid(), bytes_head(envelope.ciphertext().len()));
    let parts: [&[u8]; 8] = [
        b"\xd0\x83\x58\x20\xa4\x01\x18\x18\x04\x48",
        kid.as_bytes(),
        b"\x05\x4c",
        envelope.iv(),
        &[0x10, 0x19, high, low],
        b"\xa0",
        &head,
        envelope.ciphertext(),
    ];
    assert_eq!(parts.concat(), input);
    true
}

/// A frame that parses is the template around id, encapsulated key and ciphertext, in one encoding.
pub fn frame(input: &[u8]) -> bool {
    let Ok(frame) = Frame::parse(input) else { return false };
    assert_eq!(frame.as_bytes(), input);
    let start = match frame.id() {
        FrameId::Device(kid) => [b"\x84\x01\x48", kid.as_bytes().as_slice(), b"\x58\x20"].concat(),
        FrameId::Enrolment(eid) => [b"\x84\x01\x50", eid.as_bytes().as_slice(), b"\x58\x20"].concat(),
    };
    let rest = input.strip_prefix(start.as_slice()).and_then(|rest| rest.get(32..)).unwrap();
    let ciphertext = (80..=3984)
        .step_by(64)
        .find(|len| rest.strip_prefix(bytes_head(*len).as_slice()).is_some_and(|c| c.len() == *len));
    assert!(ciphertext.is_some(), "no padded ciphertext");
    true
}

/// The head of a CBOR byte string, written anew: an oracle must not ask the code under test.
fn bytes_head(len: usize) -> Vec<u8> {
    let [high, low] = u16::try_from(len).unwrap().to_be_bytes();
    if len < 256 { vec![0x58, low] } else { vec![0x59, high, low] }
}
