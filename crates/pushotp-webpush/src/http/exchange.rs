//! One request and the head of its answer, RFC 9112.

use std::io;

use super::Stream;
use crate::{PushRequest, PushResponse};

/// The most of an answer that is read, interim answers included.
const MAX_HEAD: usize = 8 * 1024;
const MAX_HEADERS: usize = 64;

pub(super) fn exchange(stream: &mut dyn Stream, request: &PushRequest) -> io::Result<PushResponse> {
    stream.write_all(&encode(request))?;
    stream.flush()?;
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while head.len() < MAX_HEAD {
        let read = match stream.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let new = buffer.get(..read).filter(|new| !new.is_empty()).ok_or(io::ErrorKind::UnexpectedEof)?;
        head.extend_from_slice(new);
        if let Some(response) = parse(&head)? {
            return Ok(response);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// The request. What is put into it has no spaces and no line ends but its own: a URL is checked when it is read, the rest is
/// base64 and numbers.
fn encode(request: &PushRequest) -> Vec<u8> {
    let (endpoint, body) = (request.endpoint(), request.body());
    let mut head = format!("POST {} HTTP/1.1\r\nHost: {}\r\n", endpoint.path(), endpoint.authority());
    for (name, value) in request.headers() {
        head.extend([name, ": ", &value, "\r\n"]);
    }
    head.extend(["Content-Length: ", &body.len().to_string(), "\r\nConnection: close\r\n\r\n"]);
    [head.as_bytes(), body].concat()
}

/// The answer, once its head is there; interim answers are passed over.
fn parse(mut bytes: &[u8]) -> io::Result<Option<PushResponse>> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        let (httparse::Status::Complete(length), Some(status)) = (parsed, response.code) else { return Ok(None) };
        // 101 is the end of HTTP, not something on the way.
        if status == 101 || !(100..200).contains(&status) {
            let retry_after = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("retry-after"));
            let retry_after = retry_after.and_then(|header| str::from_utf8(header.value).ok()).map(str::to_owned);
            return Ok(Some(PushResponse::new(status, retry_after)));
        }
        bytes = bytes.get(length..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &[u8]) -> Result<Option<PushResponse>, io::ErrorKind> {
        parse(head).map_err(|error| error.kind())
    }

    #[test]
    fn interim_answers_are_passed_over() {
        let head =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\n\r\n";
        assert_eq!(status(head), Ok(Some(PushResponse::new(201, None))));
        for cut in 0..head.len() {
            assert_eq!(status(&head[..cut]), Ok(None), "{cut}");
        }
        let switch = b"HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 201 Created\r\n\r\n";
        assert_eq!(status(switch), Ok(Some(PushResponse::new(101, None))));
    }

    #[test]
    fn what_is_no_http_is_refused() {
        for head in
            [&b"SSH-2.0-OpenSSH\r\n"[..], b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 201\r\nno colon\r\n\r\n", b"\x16\x03\x01"]
        {
            assert_eq!(status(head), Err(io::ErrorKind::InvalidData), "{head:?}");
        }
        let many = [&b"HTTP/1.1 201 Created\r\n"[..], &b"a: b\r\n".repeat(MAX_HEADERS + 1), b"\r\n"].concat();
        assert_eq!(status(&many), Err(io::ErrorKind::InvalidData));
        let most = [&b"HTTP/1.1 201 Created\r\n"[..], &b"a: b\r\n".repeat(MAX_HEADERS), b"\r\n"].concat();
        assert_eq!(status(&most), Ok(Some(PushResponse::new(201, None))));
    }

    #[test]
    fn the_pause_is_read_whatever_the_case_of_its_name() {
        let head = b"HTTP/1.1 429 Too Many Requests\r\nRETRY-after: 30\r\n\r\n";
        assert_eq!(status(head), Ok(Some(PushResponse::new(429, Some("30".into())))));
        let alien = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: \xff\r\n\r\n";
        assert_eq!(status(alien), Ok(Some(PushResponse::new(429, None))));
    }
}
