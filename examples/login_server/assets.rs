//! The files beside the pages, in the program itself.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::html::Page;

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

pub(crate) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("pages/style.css"))
}

pub(crate) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("pages/script.js"))
}

pub(crate) async fn icon() -> Response {
    file("image/svg+xml", include_str!("pages/icon.svg"))
}

pub(crate) async fn not_found() -> Response {
    let body = include_str!("pages/not_found.html").to_owned();
    (StatusCode::NOT_FOUND, Page::new("No such page", body)).into_response()
}
