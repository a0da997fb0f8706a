use pushotp_wire::{
    enrol::NotEnrolled,
    envelope,
    message::{FromDevice, FromServer, Payload},
    terms::{MessageHash, Typ},
};

use crate::fixture;

/// Whatever a device says of itself when it enrols: the server reads the same, and both come to the same keys.
pub fn enrol_request(input: &[u8]) -> bool {
    let Ok(FromDevice::EnrolRequest(request)) = FromDevice::decode(Typ::EnrolRequest, input) else { return false };
    let (frame, device) = fixture::start(request.profile().clone());
    let opened = fixture::opened(&frame);
    assert!(frame.len() <= 4096 && opened.profile() == request.profile());
    let server = opened.respond(&[fixture::token()], fixture::NOW, &mut fixture::rng()).unwrap();
    let device = device.finish(&server.response).unwrap();
    assert!(device.confirmation == server.confirmation && device.keys.d2s_kid() == server.keys.d2s_kid());
    true
}

/// From a server with the right keys a device takes only a response about its own frame; else it goes on waiting, and
/// still takes the good one.
pub fn enrol_response(input: &[u8]) -> bool {
    let payload = Payload::from_stored(Typ::EnrolResponse, input).unwrap();
    let Ok(FromServer::EnrolResponse(response)) = payload.decode() else { return false };
    let (frame, device) = fixture::start(fixture::profile());
    let opened = fixture::opened(&frame);
    let sealed = envelope::seal(&payload, opened.keys(), &fixture::offer().tenant, &mut fixture::rng()).unwrap();
    let taken: Vec<_> = match device.finish(&sealed) {
        Ok(enrolled) => enrolled.tokens.into_iter().map(|(info, _)| info).collect(),
        Err(NotEnrolled::Waiting { enrolment, .. }) => {
            let good = opened.respond(&[fixture::token()], fixture::NOW, &mut fixture::rng()).unwrap();
            assert!(enrolment.finish(&good.response).is_ok(), "an enrolment was spoiled");
            return false;
        }
        Err(_) => Vec::new(),
    };
    assert!(response.about() == MessageHash::of(&frame) && response.tokens() == taken);
    true
}
