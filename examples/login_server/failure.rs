use std::error::Error;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::html::Page;

/// What this server could not do. The person reads that it failed, the operator why.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Box<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Failure {
    /// The error and what it came from, in one line.
    pub(crate) fn explain(&self) -> String {
        let mut text = self.0.to_string();
        let mut source = self.0.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        eprintln!("login_server: {}", self.explain());
        let body = include_str!("pages/failure.html").to_owned();
        (StatusCode::INTERNAL_SERVER_ERROR, Page::new("Something went wrong", body)).into_response()
    }
}
