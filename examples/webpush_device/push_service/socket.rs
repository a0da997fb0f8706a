//! The door for browsers: a WebSocket, RFC 6455, and on it the messages of the subprotocol `push-notification` in JSON.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex, PoisonError},
};

use data_encoding::BASE64URL_NOPAD;
use p256::PublicKey;
use serde_json::{Value, json};
use tungstenite::{
    Error, Message, WebSocket, accept_hdr_with_config,
    handshake::server::{ErrorResponse, Request, Response},
    http::{HeaderValue, StatusCode},
    protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
};

use super::{Service, book::token};

const SUBPROTOCOL: &str = "push-notification";
/// The most bytes of a message from a browser, and of a frame.
pub(crate) const MAX_TEXT: usize = 16 * 1024;
/// The longest name that a browser gives to a channel: it gives a UUID.
const MAX_CHANNEL: usize = 64;

/// A connection, to be read by its own thread and written to by any: a frame is written as a whole.
#[derive(Clone)]
struct Duplex {
    stream: Arc<TcpStream>,
    writing: Arc<Mutex<()>>,
}

impl Read for Duplex {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.stream).read(buffer)
    }
}

impl Write for Duplex {
    fn write(&mut self, frames: &[u8]) -> io::Result<usize> {
        let _whole = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        (&*self.stream).write_all(frames)?;
        Ok(frames.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where messages for a browser go.
#[derive(Clone)]
pub(super) struct Outbox(Arc<Mutex<WebSocket<Duplex>>>);

impl Outbox {
    fn new(duplex: Duplex) -> Self {
        Self(Arc::new(Mutex::new(WebSocket::from_raw_socket(duplex, Role::Server, Some(config())))))
    }

    /// Whether it went out; what does not is kept for the browser's return.
    pub(super) fn send(&self, message: &Value) -> bool {
        let mut socket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        socket.send(Message::text(message.to_string())).is_ok()
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(MAX_TEXT)).max_frame_size(Some(MAX_TEXT))
}

/// Talks with one browser until it leaves.
pub(super) fn converse(service: &Service, stream: TcpStream) {
    let duplex = Duplex { stream: Arc::new(stream), writing: Arc::default() };
    let Ok(mut socket) = accept_hdr_with_config(duplex.clone(), subprotocol, Some(config())) else { return };
    let mut talk = Talk { service, outbox: Outbox::new(duplex.clone()), agent: None };
    let end = loop {
        match socket.read() {
            Ok(Message::Text(text)) => match talk.answer(&text) {
                Ok(None) => {}
                Ok(Some(answer)) if talk.outbox.send(&answer) => {}
                Ok(Some(_)) => break None,
                Err(code) => break Some(code),
            },
            Ok(Message::Binary(_)) => break Some(CloseCode::Unsupported),
            // The library answers these.
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {}
            Err(error) => break close_code(&error),
        }
        // A browser that has said hello may be silent for as long as it likes.
        if talk.agent.is_some() && duplex.stream.set_read_timeout(None).is_err() {
            break None;
        }
    };
    if let Some(agent) = &talk.agent {
        service.book().disconnect(agent, &talk.outbox);
    }
    if let Some(code) = end {
        let _ = socket.close(Some(CloseFrame { code, reason: "".into() }));
        let _ = socket.flush();
    }
}

/// The subprotocol has to be among those that the browser offers.
#[expect(clippy::result_large_err, reason = "the type of the library's callback")]
fn subprotocol(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let offered = request.headers().get("Sec-WebSocket-Protocol").and_then(|value| value.to_str().ok());
    if offered.is_some_and(|offered| offered.split(',').any(|name| name.trim() == SUBPROTOCOL)) {
        response.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(SUBPROTOCOL));
        return Ok(response);
    }
    let mut refused = ErrorResponse::new(None);
    *refused.status_mut() = StatusCode::BAD_REQUEST;
    Err(refused)
}

/// What the browser is told about the end that it caused.
fn close_code(error: &Error) -> Option<CloseCode> {
    match error {
        Error::Capacity(_) => Some(CloseCode::Size),
        Error::Protocol(_) => Some(CloseCode::Protocol),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        _ => None,
    }
}

struct Talk<'a> {
    service: &'a Service,
    outbox: Outbox,
    /// Who it is, once it said hello.
    agent: Option<String>,
}

impl Talk<'_> {
    fn answer(&mut self, text: &str) -> Result<Option<Value>, CloseCode> {
        let message: Value = serde_json::from_str(text).map_err(|_| CloseCode::Policy)?;
        if message.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(Some(json!({}))); // a ping of theirs
        }
        let field = |name| message.get(name).and_then(Value::as_str).ok_or(CloseCode::Policy);
        let kind = field("messageType")?;
        let Some(agent) = self.agent.clone() else {
            return if kind == "hello" { Ok(self.hello(&message)) } else { Err(CloseCode::Policy) };
        };
        match kind {
            "register" => Ok(Some(self.register(&agent, field("channelID")?, field("key").ok()))),
            "unregister" => {
                let channel = field("channelID")?;
                self.service.book().unsubscribe(&agent, channel);
                Ok(Some(json!({ "messageType": "unregister", "channelID": channel, "status": 200 })))
            }
            "ack" => {
                self.acknowledge(&agent, &message);
                Ok(None)
            }
            "hello" => Err(CloseCode::Policy),
            // Such as `nack` and `broadcast_subscribe`.
            _ => Ok(None),
        }
    }

    /// Sends the answer itself, for what waits comes after it.
    fn hello(&mut self, message: &Value) -> Option<Value> {
        let known = message.get("uaid").and_then(Value::as_str).filter(|uaid| is_token(uaid));
        let agent = known.map_or_else(token, str::to_owned);
        self.outbox.send(&json!({
            "messageType": "hello", "status": 200, "uaid": agent, "use_webpush": true, "broadcasts": {},
        }));
        let waiting = self.service.book().connect(&agent, self.outbox.clone(), self.service.now());
        self.agent = Some(agent);
        for notification in waiting {
            self.outbox.send(&notification);
        }
        None
    }

    /// Only with the key of a server, for nobody else is to push.
    fn register(&self, agent: &str, channel: &str, key: Option<&str>) -> Value {
        let answer = |status: u16| json!({ "messageType": "register", "channelID": channel, "status": status });
        let key = key.and_then(|key| BASE64URL_NOPAD.decode(key.trim_end_matches('=').as_bytes()).ok());
        let Some(key) = key.filter(|key| PublicKey::from_sec1_bytes(key).is_ok() && channel.len() <= MAX_CHANNEL)
        else {
            return answer(400);
        };
        let Some(path) = self.service.book().subscribe(agent, channel, key) else { return answer(500) };
        let mut answer = answer(200);
        if let Some(fields) = answer.as_object_mut() {
            fields.insert("pushEndpoint".into(), format!("{}{path}", self.service.origin).into());
        }
        answer
    }

    fn acknowledge(&self, agent: &str, message: &Value) {
        for update in message.get("updates").and_then(Value::as_array).into_iter().flatten() {
            let field = |name| update.get(name).and_then(Value::as_str);
            if let (Some(channel), Some(version)) = (field("channelID"), field("version")) {
                self.service.book().acknowledge(agent, channel, version);
            }
        }
    }
}

/// Whether it looks as if the service had given it out.
fn is_token(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
