//! What holds for every request and every answer, whatever the handler does.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{app::Shared, html::Page};

/// How long a request may take, its body included; the longest poll of a device is shorter.
const LONGEST: Duration = Duration::from_secs(35);

/// A page has nothing but what this server sends, frames nothing and is framed by nobody.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    // Not `no-referrer`: a browser then says `Origin: null` for a form of our own.
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Refuses other names of this address, ends what takes too long, and adds the headers.
pub(crate) async fn every_answer(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let mut response = if app.site.is_host(request.headers()) {
        tokio::time::timeout(LONGEST, next.run(request))
            .await
            .unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
    } else {
        StatusCode::MISDIRECTED_REQUEST.into_response()
    };
    add_headers(response.headers_mut(), app.site.is_secure());
    response
}

fn add_headers(headers: &mut HeaderMap, secure: bool) {
    for (name, value) in HEADERS {
        // The authenticator's page needs another policy.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    // A page of a login is nobody's to keep; the files beside it say otherwise.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// Refuses a form that another site's page sent, and what a script asks for: pages are for people.
pub(crate) async fn same_site(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_ours = is_safe || app.site.is_own_form(request.headers());
    if is_ours && is_to_be_shown(&request) { next.run(request).await } else { forbidden() }
}

/// Whether the browser is about to show the answer, or it is events. It says so by itself, and no script can make it say
/// otherwise; so a script that got into the authenticator's page cannot use the session in the name of the person.
fn is_to_be_shown(request: &Request) -> bool {
    match request.headers().get("sec-fetch-dest").map(HeaderValue::as_bytes) {
        None | Some(b"document") => true,
        Some(dest) => dest == b"empty" && request.uri().path().ends_with("/events"),
    }
}

/// The one answer to a form that is not one of ours, or too old.
pub(crate) fn forbidden() -> Response {
    let body = include_str!("pages/forbidden.html").to_owned();
    (StatusCode::FORBIDDEN, Page::new("This page is out of date", body)).into_response()
}
