//! As much HTTP/1.1 as the push service and the page need: one request on each connection, bounded.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpStream},
};

const MAX_HEAD: usize = 8 * 1024;
const MAX_HEADERS: usize = 64;
/// How much of what is refused is still read, so that the peer gets to see the answer.
const MAX_IGNORED: u64 = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Response {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Request {
    /// The value of a header that is there once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(found, _)| found.eq_ignore_ascii_case(name))
    }

    /// The head of a request, and where its body begins.
    fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, Response> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request.parse(bytes).map_err(|_| Response::new(400))?;
        let (httparse::Status::Complete(length), Some(method), Some(path)) = (parsed, request.method, request.path)
        else {
            return Ok(None);
        };
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = request.headers.iter().map(|header| (header.name.to_owned(), text(header.value))).collect();
        Ok(Some((Self { method: method.to_owned(), path: path.to_owned(), headers, body: Vec::new() }, length)))
    }

    /// How long the body is.
    fn length(&self, max_body: usize) -> Result<usize, Response> {
        if self.has("Transfer-Encoding") {
            return Err(Response::new(411));
        }
        if !self.has("Content-Length") {
            return Ok(0);
        }
        let length = self.header("Content-Length").filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        // What does not fit a number is too long as well.
        let length = length.ok_or_else(|| Response::new(400))?.parse().unwrap_or(usize::MAX);
        if length > max_body { Err(Response::new(413)) } else { Ok(length) }
    }

    fn read(stream: &mut TcpStream, max_body: usize) -> Result<Self, Response> {
        let mut bytes = Vec::new();
        let (mut request, head) = loop {
            if let Some(found) = Self::parse(&bytes)? {
                break found;
            }
            if bytes.len() >= MAX_HEAD {
                return Err(Response::new(431));
            }
            more(stream, &mut bytes).map_err(|_| Response::new(408))?;
        };
        let end = head + request.length(max_body)?;
        while bytes.len() < end {
            more(stream, &mut bytes).map_err(|_| Response::new(408))?;
        }
        request.body = bytes.get(head..end).unwrap_or_default().to_vec();
        Ok(request)
    }
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 1024];
    let read = stream.read(&mut buffer)?;
    let new = buffer.get(..read).filter(|new| !new.is_empty()).ok_or(io::ErrorKind::UnexpectedEof)?;
    bytes.extend_from_slice(new);
    Ok(())
}

impl Response {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", media_type)
    }

    fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} \r\n", self.status);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.extend(["Content-Length: ", &self.body.len().to_string(), "\r\nConnection: close\r\n\r\n"]);
        stream.write_all(&[head.as_bytes(), &self.body].concat())
    }
}

/// Reads a request and answers it.
pub(crate) fn exchange(mut stream: TcpStream, max_body: usize, answer: impl FnOnce(&Request) -> Response) {
    let response = Request::read(&mut stream, max_body).map_or_else(|refused| refused, |request| answer(&request));
    if response.write(&mut stream).and_then(|()| stream.shutdown(Shutdown::Write)).is_ok() {
        // To close with bytes unread would reset the connection, and take the answer along.
        let _ = io::copy(&mut stream.take(MAX_IGNORED), &mut io::sink());
    }
}
