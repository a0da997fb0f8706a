//! ESP256 against the second implementation, and what a device with such a key can get wrong.

use p256::{
    FieldBytes,
    ecdsa::{
        Signature, SigningKey, VerifyingKey as TheirKey,
        signature::{Signer, Verifier},
    },
};
use pushotp_wire::{
    Error, Frame,
    enrol::DeviceEnrolment,
    frame::{Recipient, Sealing},
    message::{DeviceProfile, Fetch, FromDevice, Sent},
    signer::{Algorithm, DeviceSigner, Ed25519Signer, Esp256Signer, SignError, VerifyingKey, low_s},
    terms::{Nonce, OtpSpec, PushAddress, PushKind, TokenPolicy},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use crate::{
    cbor::{array, bytes, map, split_bytes, uint},
    enrols::*,
    hpke::Run,
    messages::*,
    peer::*,
};

const SCALAR: [u8; 32] = [0x26; 32];
/// n, the order of the curve.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn ours() -> Esp256Signer {
    Esp256Signer::from_bytes(&SCALAR).unwrap()
}

fn theirs() -> SigningKey {
    SigningKey::from_slice(&SCALAR).unwrap()
}

fn compressed() -> Vec<u8> {
    theirs().verifying_key().to_sec1_point(true).as_bytes().to_vec()
}

/// `{1: -9, 16: typ}`
fn header(typ: u64) -> Vec<u8> {
    map(&[(uint(1), vec![0x28]), (uint(16), [vec![0x19], u16::try_from(typ).unwrap().to_be_bytes().to_vec()].concat())])
}

fn signature(typ: u64, payload: &[u8]) -> Signature {
    let signature: Signature = theirs().sign(&to_be_signed("Signature1", &header(typ), &external_aad(), payload));
    signature.normalize_s()
}

fn signed(typ: u64, payload: &[u8]) -> Vec<u8> {
    sign1_of(&header(typ), payload, &signature(typ, payload).to_bytes())
}

/// An approval under any signature.
fn approval_with(signature: &[u8]) -> Vec<u8> {
    frame(&sign1_of(&header(65282), &signed_payload(&approve()), signature))
}

/// Our server, for a device with a key.
fn opens(frame: &[u8], key: &VerifyingKey) -> Result<FromDevice, Error> {
    let (server_key, binding, keys) = (server_key(), binding(), keys());
    let recipient = Recipient { server_key: &server_key, binding: &binding, keys: &keys, verifying_key: key };
    Frame::parse(frame)?.open(&recipient)?.decode()
}

fn sealed_by(signer: &dyn DeviceSigner) -> Vec<u8> {
    let (server_key, binding, keys) = (server_key(), binding(), keys());
    let sealing = Sealing { binding: &binding, keys: &keys, server_key: server_key.public_key(), signer };
    let fetch = Fetch::new(binding.device, Nonce::from_bytes([4; 16]), at(NOW)).unwrap();
    pushotp_wire::frame::seal(&FromDevice::Fetch(fetch), &sealing, &mut ChaCha20Rng::seed_from_u64(1)).unwrap()
}

#[test]
fn frames() {
    assert_eq!(
        (ours().verifying_key().as_bytes(), ours().verifying_key().algorithm()),
        (&compressed()[..], Algorithm::Esp256)
    );
    let opened = opens(&frame(&signed(65282, &signed_payload(&approve()))), &ours().verifying_key()).unwrap();
    assert_eq!(opened.encode().unwrap(), signed_payload(&approve()));

    let (plain, _) = open_frame(&sealed_by(&ours()), &D2S_KID, &channel());
    let (protected, rest) = split_bytes(&plain[2..]);
    let (payload, rest) = split_bytes(&rest[1..]);
    let (signature, rest) = split_bytes(rest);
    assert_eq!((protected, payload, rest.len()), (&header(65287)[..], &signed_payload(&fetch())[..], 0));
    let signature = Signature::from_slice(signature).unwrap();
    assert_eq!(signature, signature.normalize_s());
    let key = TheirKey::from_sec1_bytes(&compressed()).unwrap();
    key.verify(&to_be_signed("Signature1", protected, &external_aad(), payload), &signature).unwrap();
    // Nobody on the way sees which kind of key a device has.
    assert_eq!(sealed_by(&ours()).len(), sealed_by(&Ed25519Signer::from_bytes(&SIGNING)).len());
}

/// Case 69: the algorithm is that of the enrolled key.
// protocol.md: SIG-8
#[test]
fn the_algorithm_is_the_enrolled_one() {
    let (esp256, ed25519) = (ours().verifying_key(), Ed25519Signer::from_bytes(&SIGNING).verifying_key());
    let payload = signed_payload(&approve());
    assert_eq!(opens(&frame(&signed(65282, &payload)), &ed25519).err(), Some(Error::Header));
    assert_eq!(opens(&frame(&sign1(65282, &payload)), &esp256).err(), Some(Error::Header));
    assert!(opens(&frame(&sign1(65282, &payload)), &ed25519).is_ok());
    // The header of one, the signature of the other.
    let good = signature(65282, &payload).to_bytes();
    assert_eq!(opens(&frame(&sign1_of(&sign_header(65282), &payload, &good)), &esp256).err(), Some(Error::Header));
    assert_eq!(
        opens(&frame(&sign1_of(&sign_header(65282), &payload, &good)), &ed25519).err(),
        Some(Error::BadSignature)
    );
}

/// n - s
fn negated(signature: &Signature) -> Vec<u8> {
    let s: FieldBytes = (-*signature.s()).into();
    [signature.split_bytes().0.to_vec(), s.to_vec()].concat()
}

/// Case 78.
// protocol.md: SIG-5, SIG-6
#[test]
fn signatures() {
    let key = ours().verifying_key();
    let good = signature(65282, &signed_payload(&approve()));
    assert!(opens(&approval_with(&good.to_bytes()), &key).is_ok(), "what the cases are made of");
    let high = negated(&good);
    TheirKey::from_sec1_bytes(&compressed())
        .unwrap()
        .verify(
            &to_be_signed("Signature1", &header(65282), &external_aad(), &signed_payload(&approve())),
            &Signature::from_slice(&high).unwrap(),
        )
        .expect("a lenient verifier takes a high s");
    assert_eq!(opens(&approval_with(&high), &key).err(), Some(Error::BadSignature));
    let low = low_s(&high.try_into().unwrap()).unwrap();
    assert_eq!(low, <[u8; 64]>::from(good.to_bytes()));
    assert_eq!(low_s(&[0xff; 64]), Err(SignError));
}

/// Case 75 for this algorithm; a bit of s may make it high as well.
#[test]
fn every_bit_of_a_signature() {
    let good = signature(65282, &signed_payload(&approve())).to_bytes();
    for bit in 0..512 {
        let mut flipped = good;
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            opens(&approval_with(&flipped), &ours().verifying_key()).err(),
            Some(Error::BadSignature),
            "bit {bit}"
        );
    }
}

/// A signer whose s is high half of the time, as those of secure enclaves.
// protocol.md: SIG-6
#[test]
fn a_signer_normalises() {
    let mut normalised = 0;
    for n in 0..64_u64 {
        let message = n.to_be_bytes();
        let raw: Signature = theirs().sign(&message);
        let signature = ours().sign(&message).unwrap();
        assert_eq!(signature, <[u8; 64]>::from(raw.normalize_s().to_bytes()));
        assert!(ours().verifying_key().verify(&message, &signature).is_ok());
        normalised += u32::from(raw != raw.normalize_s());
    }
    assert!((1..64).contains(&normalised), "{normalised}: nothing is proved");
}

/// The fields of a request with such a key.
fn request_with(run: &Run, algorithm: u64, key: &[u8]) -> Fields {
    with(with(request(run), 3, uint(algorithm)), 4, bytes(key))
}

fn enrols(algorithm: u64, key: &[u8]) -> Result<VerifyingKey, Error> {
    let (enc, run) = sender(&bound());
    let signed = signed(65289, &signed_payload(&request_with(&run, algorithm, key)));
    let frame = frame_of(&EID, &enc, &run.seal(&external_aad(), &signed));
    server_enrols(&frame).map(|opened| *opened.verifying_key())
}

/// Case 205 for this algorithm.
// protocol.md: SIG-7
#[test]
fn signing_keys() {
    assert_eq!(enrols(2, &compressed()), Ok(ours().verifying_key()));
    // Of x = p + 5, the same point, there is a refused request in docs/vectors.
    let five = [&[2][..], &[0; 31], &[5]].concat();
    assert!(VerifyingKey::parse(&five).is_ok());
    for scalar in [[0; 32], ORDER, [0xff; 32]] {
        assert_eq!(Esp256Signer::from_bytes(&scalar).err(), Some(Error::WeakKey));
    }
}

// protocol.md: ENR-4
#[test]
fn our_device_enrols_at_a_server_by_hand() {
    let push = PushAddress::new(PushKind::Fcm, b"address".to_vec()).unwrap();
    let profile = DeviceProfile::new("Alice's phone", push, Sent { at: at(NOW), sequence: 7 }).unwrap();
    let signer = Esp256Signer::generate(&mut ChaCha20Rng::seed_from_u64(4));
    let (frame, waiting) =
        DeviceEnrolment::start(&offer(), profile, &signer, &mut ChaCha20Rng::seed_from_u64(2)).unwrap();
    let (plain, run) = open_frame(&frame, &EID, &bound());
    let (protected, rest) = split_bytes(&plain[2..]);
    let (payload_bytes, rest) = split_bytes(&rest[1..]);
    let fields = request_with(&run, 2, signer.verifying_key().as_bytes());
    assert_eq!((protected, payload_bytes), (&header(65289)[..], &signed_payload(&fields)[..]));
    let key = TheirKey::from_sec1_bytes(signer.verifying_key().as_bytes()).unwrap();
    let signature = Signature::from_slice(split_bytes(rest).0).unwrap();
    key.verify(&to_be_signed("Signature1", protected, &external_aad(), payload_bytes), &signature).unwrap();

    let info = array(&[bytes(TOKEN), crate::cbor::text("Bank"), uint(1), array(&[uint(1), uint(8)])]);
    let sealed = respond(&run, &payload(&response(&message_hash(&frame), 0, &[info])));
    let enrolled = waiting.finish(&sealed).unwrap();
    assert_eq!(
        (enrolled.tokens[0].0.policy(), enrolled.tokens[0].0.otp()),
        (TokenPolicy::PIN_PROTECTED, OtpSpec::BOUND)
    );
}

/// Neither scalar nor key in what is printed, and the scalar comes back as it was.
#[test]
fn redaction() {
    let text = format!("{:?}{:?}", ours(), ours().verifying_key());
    assert!(!text.contains("38") && !text.contains("26") && text.contains("Esp256Signer"), "{text}");
    assert_eq!(*ours().expose(), SCALAR);
}
