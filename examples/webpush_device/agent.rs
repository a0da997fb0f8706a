//! What a browser does for a page, done by a program: it subscribes at the push service and takes what arrives.

use std::{net::TcpStream, time::Duration};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use pushotp_webpush::VapidKey;
use serde_json::{Value, json};
use tungstenite::{ClientRequestBuilder, Message, WebSocket, client, http::Uri};

use crate::{server::rng, story::Failure};

const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to the push service.
pub(crate) struct Agent {
    socket: WebSocket<TcpStream>,
    /// How the push service knows it, also after a new connection.
    pub(crate) uaid: String,
}

/// A message that the push service carried, encrypted.
pub(crate) struct Carried {
    pub(crate) channel: String,
    pub(crate) version: String,
    pub(crate) body: Vec<u8>,
}

impl Agent {
    /// Says hello, by the name of an earlier connection if there was one.
    pub(crate) fn connect(url: &str, uaid: Option<&str>) -> Result<Self, Failure> {
        let uri: Uri = url.parse()?;
        let stream = TcpStream::connect(uri.authority().ok_or("no address")?.as_str())?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = ClientRequestBuilder::new(uri).with_sub_protocol("push-notification");
        let (socket, _) = client(request, stream)?;
        let mut agent = Self { socket, uaid: String::new() };
        agent.send(&json!({ "messageType": "hello", "use_webpush": true, "uaid": uaid.unwrap_or_default() }))?;
        agent.uaid = text(&agent.read()?, "uaid")?;
        Ok(agent)
    }

    /// A new subscription, for the server with this key: channel and endpoint.
    pub(crate) fn register(&mut self, key: &VapidKey) -> Result<(String, String), Failure> {
        let mut channel = [0; 16];
        rand_core::Rng::fill_bytes(&mut rng(), &mut channel);
        let channel = HEXLOWER.encode(&channel);
        let key = key.application_server_key();
        self.send(&json!({ "messageType": "register", "channelID": channel, "key": key }))?;
        let endpoint = text(&self.read()?, "pushEndpoint")?;
        Ok((channel, endpoint))
    }

    /// Waits for a message.
    pub(crate) fn receive(&mut self) -> Result<Carried, Failure> {
        let message = self.read()?;
        let body = BASE64URL_NOPAD.decode(text(&message, "data")?.as_bytes())?;
        Ok(Carried { channel: text(&message, "channelID")?, version: text(&message, "version")?, body })
    }

    /// Tells the push service that it can forget a message.
    pub(crate) fn acknowledge(&mut self, carried: &Carried) -> Result<(), Failure> {
        let update = json!({ "channelID": carried.channel, "version": carried.version, "code": 100 });
        self.send(&json!({ "messageType": "ack", "updates": [update] }))
    }

    pub(crate) fn send(&mut self, message: &Value) -> Result<(), Failure> {
        Ok(self.socket.send(Message::text(message.to_string()))?)
    }

    pub(crate) fn read(&mut self) -> Result<Value, Failure> {
        loop {
            if let Message::Text(text) = self.socket.read()? {
                return Ok(serde_json::from_str(&text)?);
            }
        }
    }
}

fn text(message: &Value, field: &str) -> Result<String, Failure> {
    let text = message.get(field).and_then(Value::as_str);
    Ok(text.ok_or_else(|| format!("the push service answers without {field}"))?.to_owned())
}
