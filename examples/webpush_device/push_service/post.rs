//! The door for login servers: RFC 8030 section 5.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;

use super::{
    Service,
    book::{Void, token},
    vapid::{self, Refused},
};
use crate::http::{Request, Response};

/// The longest that a message is kept.
const MAX_TTL: u64 = 3600;

pub(super) fn answer(service: &Service, request: &Request) -> Response {
    taken(service, request).unwrap_or_else(Response::new)
}

/// The answer to a message that is taken, or the status that refuses it.
fn taken(service: &Service, request: &Request) -> Result<Response, u16> {
    let now = service.now();
    let key = service.book().key(&request.path).map(<[u8]>::to_vec).map_err(Void::status)?;
    if request.method != "POST" {
        return Err(405);
    }
    vapid::verify(request.header("Authorization"), (&key, &service.origin), now).map_err(Refused::status)?;
    let ttl = request.header("TTL").and_then(seconds).ok_or(400u16)?.min(MAX_TTL);
    if request.header("Content-Encoding") != Some("aes128gcm") || request.body.is_empty() {
        return Err(400);
    }
    let (version, data) = (token(), BASE64URL_NOPAD.encode(&request.body));
    let until = (now, Duration::from_secs(ttl));
    let sending = service.book().leave(&request.path, (&version, &data), until);
    // Without the lock: the browser may be slow.
    if let Some((outbox, notification)) = sending {
        outbox.send(&notification);
    }
    let message = format!("{}/message/{version}", service.origin);
    Ok(Response::new(201).header("Location", message).header("TTL", ttl.to_string()))
}

fn seconds(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // What does not fit is longer than the longest.
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}
