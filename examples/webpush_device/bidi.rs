//! A client of `WebDriver BiDi`, a standard of the W3C: commands to a browser, in JSON over a WebSocket, one after the other.

use std::{net::TcpStream, time::Duration};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client, http::Uri};

use crate::story::Failure;

/// Longer than any page takes to load.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Bidi {
    socket: WebSocket<TcpStream>,
    last: u64,
}

impl Bidi {
    /// Connects to the address that the browser printed, such as `ws://127.0.0.1:9222`, and opens a session: what the
    /// browser says of itself.
    pub(crate) fn connect(address: &str) -> Result<(Self, Value), Failure> {
        let uri: Uri = format!("{address}/session").parse()?;
        let stream = TcpStream::connect(uri.authority().ok_or("the browser has no address")?.as_str())?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (socket, _) = client(uri, stream)?;
        let mut bidi = Self { socket, last: 0 };
        let session = bidi.command("session.new", &json!({ "capabilities": {} }))?;
        Ok((bidi, session))
    }

    /// Gives a command and waits for its result; events are passed over.
    pub(crate) fn command(&mut self, method: &str, params: &Value) -> Result<Value, Failure> {
        self.last += 1;
        let command = json!({ "id": self.last, "method": method, "params": params });
        self.socket.send(Message::text(command.to_string()))?;
        loop {
            let Message::Text(text) = self.socket.read()? else { continue };
            let mut answer: Value = serde_json::from_str(&text)?;
            if answer.get("id").and_then(Value::as_u64) != Some(self.last) {
                continue;
            }
            if answer.get("type").and_then(Value::as_str) == Some("success") {
                return Ok(answer.get_mut("result").map(Value::take).unwrap_or_default());
            }
            let said = answer.get("message").and_then(Value::as_str).unwrap_or("no reason");
            return Err(format!("the browser refuses {method}: {said}").into());
        }
    }
}
