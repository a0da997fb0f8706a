//! Pages: templates that the compiler fills in, and the one way for a text to get into them.

use std::fmt::{self, Display, Write as _};

use axum::response::{Html, IntoResponse, Response};

/// A text, with everything that HTML would read as more than text escaped. Attributes are quoted, so it fits there too.
pub(crate) struct Text<T>(pub(crate) T);

impl<T: Display> Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string().chars() {
            match character {
                '&' => f.write_str("&amp;"),
                '<' => f.write_str("&lt;"),
                '>' => f.write_str("&gt;"),
                '"' => f.write_str("&quot;"),
                '\'' => f.write_str("&#39;"),
                other => f.write_char(other),
            }?;
        }
        Ok(())
    }
}

/// A whole page.
pub(crate) struct Page {
    title: &'static str,
    body: String,
    /// How often a browser without scripts asks again, in seconds.
    refresh: Option<u32>,
    /// Tables need more room than a form.
    wide: bool,
}

impl Page {
    /// `body` is HTML: what came from outside is in it as [`Text`].
    pub(crate) const fn new(title: &'static str, body: String) -> Self {
        Self { title, body, refresh: None, wide: false }
    }

    /// The page waits for something: without scripts it is loaded again and again.
    pub(crate) fn refresh(self, seconds: u32) -> Self {
        Self { refresh: Some(seconds), ..self }
    }

    pub(crate) fn wide(self) -> Self {
        Self { wide: true, ..self }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let refresh = self.refresh.map_or_else(String::new, |seconds| {
            format!("<noscript><meta http-equiv=\"refresh\" content=\"{seconds}\"></noscript>")
        });
        let html = format!(
            include_str!("pages/layout.html"),
            title = self.title,
            refresh = refresh,
            width = if self.wide { "wide" } else { "narrow" },
            body = self.body,
        );
        Html(html).into_response()
    }
}

/// A note above the page's content, or nothing.
pub(crate) fn note(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| format!("<p class=\"note\" id=\"note\" role=\"alert\">{}</p>", Text(text)))
}

/// For the field that is typed into first.
pub(crate) const fn autofocus(is_first: bool) -> &'static str {
    if is_first { " autofocus" } else { "" }
}
