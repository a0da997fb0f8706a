use pushotp_wire::{
    Error,
    message::{FromDevice, FromServer, Payload},
    terms::Typ,
};

/// What decodes as a device's message is of its kind and encodes to the same bytes.
pub fn payload_device(input: &[u8]) -> bool {
    let Some((typ, bytes)) = kind(input) else { return false };
    let Ok(message) = FromDevice::decode(typ, bytes) else { return false };
    assert!(typ.is_from_device() && message.typ() == typ);
    assert_eq!(message.encode().as_deref(), Ok(bytes));
    true
}

/// What decodes as a server's message is padded and encodes to the same bytes.
pub fn payload_server(input: &[u8]) -> bool {
    let Some((typ, bytes)) = kind(input) else { return false };
    let Ok(payload) = Payload::from_stored(typ, bytes) else { return false };
    let Ok(message) = payload.decode() else { return false };
    assert!(!typ.is_from_device() && bytes.len() % 64 == 0);
    assert_eq!(encode(&message).as_deref(), Ok(bytes));
    true
}

/// The first byte chooses the kind.
fn kind(input: &[u8]) -> Option<(Typ, &[u8])> {
    let (kind, bytes) = input.split_first()?;
    Some((Typ::from_code(0xff00 | u16::from(*kind)).ok()?, bytes))
}

fn encode(message: &FromServer) -> Result<Vec<u8>, Error> {
    let payload = match message {
        FromServer::Challenge(message) => message.encode(),
        FromServer::Result(message) => message.encode(),
        FromServer::Cancel(message) => message.encode(),
        FromServer::Pending(message) => message.encode(),
        FromServer::EnrolResponse(message) => message.encode(),
        FromServer::Ticket(message) => message.encode(),
        _ => panic!("a kind without an encoder here"),
    }?;
    Ok(payload.as_bytes().to_vec())
}
