//! Watches over HTTP: one JSON object a line, for as long as the client wants.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body as HttpBody, Bytes};
use axum::http::{HeaderValue, Response as HttpResponse, header};
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use super::http::warn;
use super::served::{Served, down};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::Request;
use crate::cluster::api::watch::{self, Watch};

/// 30 min: `--min-request-timeout` of kube-apiserver, for clients that name no time.
const LASTS: Duration = Duration::from_secs(1_800);

/// How often a client that takes bookmarks gets one: `defaultBookmarkFrequency` of the watch cache.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

/// An open watch.
struct Open {
    served: Arc<Served>,
    watch: Watch,
    changes: Receiver<u64>,
    up: Receiver<bool>,
    ends: Instant,
    bookmark: Instant,
    ended: bool,
}

/// The answer to a watch: a body that goes on.
pub(super) fn stream(
    served: &Arc<Served>,
    watch: Watch,
    request: &Request,
    warnings: &[String],
) -> HttpResponse<HttpBody> {
    let seconds = request.query_value("timeoutSeconds").and_then(|it| it.parse().ok());
    let lasts = seconds.filter(|seconds| *seconds > 0).map_or(LASTS, Duration::from_secs).min(LASTS * 2);
    let now = Instant::now();
    let open = Open {
        changes: served.changes(),
        up: served.availability(watch.cluster),
        served: served.clone(),
        watch,
        ends: now + lasts,
        bookmark: now + BOOKMARK_EVERY,
        ended: false,
    };
    let events = futures_util::stream::unfold(open, |mut open| async move {
        let chunk = open.next().await?;
        Some((Ok::<Bytes, std::convert::Infallible>(chunk), open))
    });
    let mut answer = HttpResponse::new(HttpBody::from_stream(events));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    warn(headers, warnings);
    answer
}

impl Open {
    /// The next lines; `None` when the watch ends.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.ended {
                return None;
            }
            let events = self.served.with(|world| watch::next(world, &mut self.watch));
            self.ended = events.iter().any(|event| object::text(event, "/type") == "ERROR");
            if !events.is_empty() {
                return Some(lines(&events));
            }
            let (up, ends, bookmark_at) = (self.up.clone(), self.ends, self.bookmark);
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = down(up) => return None,
                () = tokio::time::sleep_until(ends) => {
                    self.ended = true;
                    return Some(self.bookmark()).filter(|it| !it.is_empty());
                }
                () = tokio::time::sleep_until(bookmark_at) => {
                    self.bookmark = Instant::now() + BOOKMARK_EVERY;
                    let bookmark = self.bookmark();
                    if !bookmark.is_empty() {
                        return Some(bookmark);
                    }
                }
            }
        }
    }

    fn bookmark(&self) -> Bytes {
        let event = self.served.with(|world| watch::bookmark(world, &self.watch));
        event.map(|event| lines(&[event])).unwrap_or_default()
    }
}

fn lines(events: &[Value]) -> Bytes {
    let mut text = Vec::new();
    for event in events {
        // A tree of JSON always has a text.
        let _ = serde_json::to_writer(&mut text, event);
        text.push(b'\n');
    }
    text.into()
}
