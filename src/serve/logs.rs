//! Container logs over HTTP, followed where the client wants it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body as HttpBody, Bytes};
use axum::http::{HeaderValue, Response as HttpResponse, header};
use tokio::sync::watch::Receiver;

use super::served::{Served, down};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::kubelet::access;
use crate::cluster::kubelet::run::LogLine;
use crate::cluster::{ClusterId, World};
use crate::sim::SimTime;

/// How often a followed log is looked at.
const LOOKS_EVERY: Duration = Duration::from_millis(100);

/// What a client wants to see of a log: `PodLogOptions`.
#[derive(Clone, Debug)]
struct Wish {
    namespace: String,
    pod: String,
    uid: String,
    container: String,
    previous: bool,
    timestamps: bool,
    follow: bool,
    tail: Option<usize>,
    since: Option<SimTime>,
    bytes_left: Option<usize>,
}

impl Wish {
    fn of(target: &Value, now: SimTime) -> Result<Self, Status> {
        let query = |key: &str| object::text(target, &format!("/query/{key}")).to_owned();
        let on = |key: &str| matches!(query(key).as_str(), "true" | "1");
        let number = |key: &str, kind: &str| match query(key).as_str() {
            "" => Ok(None),
            text => text.parse::<u32>().map(|it| Some(it as usize)).map_err(|_| invalid(key, text, kind)),
        };
        let since = match (number("sinceSeconds", "must be greater than 0")?, query("sinceTime").as_str()) {
            (Some(seconds), _) => Some(now - Duration::from_secs(seconds as u64)),
            (None, "") => None,
            (None, text) => {
                Some(SimTime::parse_rfc3339(text).ok_or_else(|| invalid("sinceTime", text, "not a time"))?)
            }
        };
        Ok(Self {
            namespace: object::text(target, "/namespace").to_owned(),
            pod: object::text(target, "/pod").to_owned(),
            uid: object::text(target, "/uid").to_owned(),
            container: object::text(target, "/container").to_owned(),
            previous: on("previous"),
            timestamps: on("timestamps"),
            follow: on("follow"),
            tail: number("tailLines", "must be greater than or equal to 0")?,
            since,
            bytes_left: number("limitBytes", "must be greater than 0")?,
        })
    }

    fn lines(&self, world: &World, cluster: ClusterId) -> Result<Vec<LogLine>, String> {
        access::logs(world, cluster, (&self.namespace, &self.pod), &self.container, self.previous)
    }

    /// True while the container may write more.
    fn goes_on(&self, world: &World, cluster: ClusterId) -> bool {
        let pod =
            world.clusters.get(cluster).and_then(|it| it.store.find("pods", &self.namespace, &self.pod));
        let pod = pod.filter(|pod| object::uid(pod) == self.uid);
        let running = access::exec_target(world, cluster, (&self.namespace, &self.pod), &self.container);
        pod.is_some() && running.is_ok()
    }

    /// The text of some lines, cut where the client's limit is.
    fn text(&mut self, lines: &[LogLine]) -> Vec<u8> {
        let mut text = String::new();
        for line in lines.iter().filter(|line| self.since.is_none_or(|since| line.at >= since)) {
            if self.timestamps {
                text.push_str(&line.at.rfc3339_nano());
                text.push(' ');
            }
            text.push_str(&line.text);
            text.push('\n');
        }
        let mut bytes = text.into_bytes();
        if let Some(left) = &mut self.bytes_left {
            bytes.truncate(*left);
            *left -= bytes.len();
        }
        bytes
    }
}

fn invalid(field: &str, value: &str, why: &str) -> Status {
    let cause = crate::apimachinery::status::Cause {
        reason: "FieldValueInvalid".into(),
        message: format!("Invalid value: {value:?}: {why}"),
        field: field.to_owned(),
    };
    Status::invalid("PodLogOptions", "", "", vec![cause])
}

/// A log that is followed.
struct Open {
    served: Arc<Served>,
    cluster: ClusterId,
    wish: Wish,
    seen: usize,
    /// When the last line that was sent was written, to go on from when old lines are dropped.
    first: Option<Bytes>,
    up: Receiver<bool>,
    ended: bool,
}

/// The answer to a request for a log.
pub(super) fn stream(
    served: &Arc<Served>,
    cluster: ClusterId,
    target: &Value,
) -> Result<HttpResponse<HttpBody>, Status> {
    let (mut wish, found) = served.with(|world| {
        let wish = Wish::of(target, world.now)?;
        let lines = wish.lines(world, cluster);
        Ok((wish, lines))
    })?;
    let lines = found.map_err(Status::bad_request)?;
    let skip = wish.tail.map_or(0, |tail| lines.len().saturating_sub(tail));
    let first = Bytes::from(wish.text(lines.get(skip..).unwrap_or_default()));
    let body = if wish.follow {
        let up = served.availability(cluster);
        let served = served.clone();
        let open = Open { served, cluster, wish, seen: lines.len(), first: Some(first), up, ended: false };
        HttpBody::from_stream(futures_util::stream::unfold(open, |mut open| async move {
            let chunk = open.next().await?;
            Some((Ok::<Bytes, std::convert::Infallible>(chunk), open))
        }))
    } else {
        HttpBody::from(first)
    };
    let mut answer = HttpResponse::new(body);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    Ok(answer)
}

impl Open {
    /// What was written since the last call; `None` when nothing more comes.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take().filter(|first| !first.is_empty()) {
            return Some(first);
        }
        loop {
            if self.ended || self.wish.bytes_left == Some(0) {
                return None;
            }
            let (cluster, wish) = (self.cluster, &self.wish);
            let (found, goes_on) =
                self.served.with(|world| (wish.lines(world, cluster), wish.goes_on(world, cluster)));
            self.ended = !goes_on;
            let lines = found.unwrap_or_default();
            // A container that was started again has a new log.
            let fresh = lines.get(self.seen.min(lines.len())..).unwrap_or_default();
            let text = self.wish.text(fresh);
            self.seen = lines.len();
            if !text.is_empty() {
                return Some(text.into());
            }
            if self.ended {
                return None;
            }
            tokio::select! {
                () = down(self.up.clone()) => return None,
                () = tokio::time::sleep(LOOKS_EVERY) => (),
            }
        }
    }
}
