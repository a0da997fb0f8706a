//! One request of HTTP/1.1 for each connection: all that `WebDriver` needs.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// A page that does not load within a minute, or a script that does not end, fails the test.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The `value` of the answer; an error of the driver's is one here.
pub(crate) fn request(port: u16, method: &str, path: &str, body: Option<&Value>) -> io::Result<Value> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n");
    stream.write_all(format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).as_bytes())?;
    let mut answer: Value = serde_json::from_slice(&read_body(stream)?)?;
    let value = answer["value"].take();
    match value["error"].as_str() {
        Some(error) => Err(io::Error::other(format!("{error}: {}", value["message"].as_str().unwrap_or_default()))),
        None => Ok(value),
    }
}

/// The driver says that it closes the connection, and leaves that to the client: the length counts.
fn read_body(stream: TcpStream) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        line.clear();
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok(body)
}
