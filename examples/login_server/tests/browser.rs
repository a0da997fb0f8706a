//! A browser: cookies, the hidden field of the last page, an `Origin` for each form.

use std::collections::BTreeMap;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use tower::ServiceExt as _;

#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) router: Router,
    pub(crate) origin: String,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) token: String,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) fn new(router: Router, origin: &str) -> Self {
        Self { router, origin: origin.into(), cookies: BTreeMap::new(), token: String::new() }
    }

    pub(crate) fn host(&self) -> &str {
        self.origin.split_once("://").unwrap().1
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder().method(method).uri(path).header(header::HOST, self.host());
        if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies.join("; ")) }
    }

    /// Sends a request as it is, and keeps what a browser would keep of the answer.
    pub(crate) async fn send(&mut self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.into(), value.into());
        }
        let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        let answer = Answer { status: parts.status, headers: parts.headers, text };
        if let Some(token) = answer.hidden("token") {
            self.token = token;
        }
        answer
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// A form of the last page, with its hidden field.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token.clone();
        let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("token", token.as_str())]).collect();
        let request = self.form(path, &fields);
        self.send(request).await
    }

    /// A form with these fields only.
    pub(crate) fn form(&self, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
        let encoded: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        self.request(Method::POST, path)
            .header(header::ORIGIN, &self.origin)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(encoded.join("&")))
            .unwrap()
    }

    /// The events of a page.
    pub(crate) async fn listen(&mut self, path: &str) -> Listening {
        self.listen_after(path, "").await.unwrap()
    }

    /// The same for a browser that heard this last; the status if there is nothing to hear.
    pub(crate) async fn listen_after(&mut self, path: &str, heard: &str) -> Result<Listening, StatusCode> {
        let mut request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        if !heard.is_empty() {
            request.headers_mut().insert("last-event-id", heard.parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        match response.status() {
            StatusCode::OK => Ok(Listening { stream: response.into_body().into_data_stream() }),
            status => Err(status),
        }
    }
}

/// An open stream of events.
pub(crate) struct Listening {
    stream: axum::body::BodyDataStream,
}

impl Listening {
    /// The next event's word; `None` if the stream has ended.
    pub(crate) async fn word(&mut self) -> Option<String> {
        use futures_util::StreamExt as _;
        loop {
            let chunk = String::from_utf8(self.stream.next().await?.unwrap().to_vec()).unwrap();
            if let Some(word) = chunk.lines().find_map(|line| line.strip_prefix("data: ")) {
                assert!(chunk.contains(&format!("id: {word}")), "{chunk}");
                return Some(word.into());
            }
        }
    }
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    pub(crate) fn hidden(&self, name: &str) -> Option<String> {
        let (_, rest) = self.text.split_once(&format!("name=\"{name}\" value=\""))?;
        Some(rest.split('"').next().unwrap().into())
    }

    /// Whether the page has an element of this id.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.text.contains(&format!("id=\"{id}\""))
    }

    /// The digits that a waiting page, or one with a code to compare, shows in large.
    pub(crate) fn number(&self) -> String {
        let (_, rest) = self.text.split_once("aria-label=\"").unwrap_or_else(|| panic!("no number: {}", self.text));
        rest.split('"').next().unwrap().chars().filter(char::is_ascii_digit).collect()
    }
}

fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "%{byte:02X}").unwrap();
        out
    })
}
