//! Server-sent events: a page hears at once that something happened, on whichever server it did.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use axum::{
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;

use crate::{app::Shared, failure::Failure, wakes::Wake};

/// How often the store is looked at for what another server wrote.
const POLL: Duration = Duration::from_millis(100);
/// How long one connection lives; the browser then makes another.
const LONGEST: Duration = Duration::from_mins(10);

/// What a page would show now.
pub(crate) struct Now {
    /// One word, the same as on the page; also the event's id.
    pub(crate) word: String,
    /// Nothing will change any more.
    pub(crate) is_last: bool,
}

/// The word that the browser heard last, if it had a connection before.
fn last_heard(headers: &HeaderMap) -> Option<String> {
    Some(headers.get("last-event-id")?.to_str().ok()?.to_owned())
}

struct Listening<F> {
    app: Shared,
    wake: Wake,
    heard: Option<String>,
    look: F,
    ended: bool,
    since: tokio::time::Instant,
}

/// Tells the page whenever `look` finds another word. Subscribe before the first look.
pub(crate) async fn words<F, L>(app: Shared, wake: Wake, headers: &HeaderMap, look: F) -> Response
where
    F: Fn() -> L + Send + 'static,
    L: Future<Output = Result<Now, Failure>> + Send + 'static,
{
    let heard = last_heard(headers);
    match look().await {
        // The browser knows how it ended: it need not ask again.
        Ok(now) if now.is_last && heard.as_ref() == Some(&now.word) => return StatusCode::NO_CONTENT.into_response(),
        Ok(_) => {}
        Err(failure) => return failure.into_response(),
    }
    let listening = Listening { app, wake, heard, look, ended: false, since: tokio::time::Instant::now() };
    let events = stream::unfold(listening, |mut listening| async move {
        let event = listening.next().await?;
        Some((Ok::<_, Infallible>(event), listening))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

impl<F, L> Listening<F>
where
    F: Fn() -> L,
    L: Future<Output = Result<Now, Failure>>,
{
    /// The next word that is another one; `None` ends the connection.
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        let mut written: Option<Instant> = None;
        while self.since.elapsed() < LONGEST {
            // A failure is logged once and ends the connection: the browser comes again.
            let now = (self.look)().await.map_err(|failure| eprintln!("login_server: {}", failure.explain())).ok()?;
            if self.heard.as_ref() != Some(&now.word) {
                self.ended = now.is_last;
                if let Some(written) = written {
                    self.app.say(|| {
                        format!("a page heard of it {} µs after it was written", written.elapsed().as_micros())
                    });
                }
                self.heard = Some(now.word.clone());
                return Some(Event::default().event("word").id(now.word.clone()).data(now.word));
            }
            tokio::select! {
                changed = self.wake.changed() => {
                    changed.ok()?;
                    written = *self.wake.borrow();
                }
                () = tokio::time::sleep(POLL) => written = None,
            }
        }
        None
    }
}
