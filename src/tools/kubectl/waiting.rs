//! Waiting in simulated time: watches, and looking again with growing pauses.

use std::time::Duration;

use super::{Call, Ctx, Failure};
use crate::apimachinery::json::Value;
use crate::cluster::Body;
use crate::cluster::api::watch::{self, Watch};
use crate::sim::SimTime;

/// 10 ms: the first pause between two looks. They double up to the next bound.
const PAUSE_MIN: Duration = Duration::from_millis(10);

/// 200 ms: pauses while a person may still be watching.
const PAUSE_MAX: Duration = Duration::from_millis(200);

/// 1 s: pauses of a wait that has gone on for a minute.
const PAUSE_LONG: Duration = Duration::from_secs(1);

/// Grows pauses, so that short waits end promptly and long ones cost little.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    next: Duration,
    started: SimTime,
}

impl Pauses {
    /// Starts now.
    pub(crate) fn new(ctx: &Ctx<'_>) -> Self {
        Self { next: PAUSE_MIN, started: ctx.proc.world().now }
    }

    /// How long the wait has lasted.
    pub(crate) fn lasted(&self, ctx: &Ctx<'_>) -> Duration {
        ctx.proc.world().now.since(self.started)
    }

    /// Starts with short pauses again, as after something has happened.
    pub(crate) fn reset(&mut self) {
        self.next = PAUSE_MIN;
    }

    /// Waits a while.
    pub(crate) async fn pause(&mut self, ctx: &Ctx<'_>) {
        ctx.proc.sleep(self.next).await;
        let bound = if self.lasted(ctx) > Duration::from_secs(60) { PAUSE_LONG } else { PAUSE_MAX };
        self.next = (self.next * 2).min(bound);
    }

    /// As [`Self::pause`], but not beyond `left`.
    pub(crate) async fn pause_within(&mut self, ctx: &Ctx<'_>, left: Duration) {
        self.next = self.next.min(left).max(Duration::from_millis(1));
        self.pause(ctx).await;
    }
}

/// An open watch of a collection.
#[derive(Debug)]
pub(crate) struct Watcher {
    watch: Option<Watch>,
    pauses: Pauses,
}

impl Watcher {
    /// Opens a watch at `path` from `revision` on.
    ///
    /// # Errors
    /// The server's refusal.
    pub(crate) fn open(
        ctx: &mut Ctx<'_>,
        path: &str,
        labels: &str,
        fields: &str,
        revision: &str,
        accept: &'static str,
    ) -> Result<Self, Failure> {
        let mut call = Call::get(path)
            .query("fieldSelector", fields)
            .query("labelSelector", labels)
            .query("resourceVersion", revision)
            .query("watch", "true");
        if !accept.is_empty() {
            call = call.accept(accept);
        }
        let watch = match ctx.send(call)?.body {
            Body::Watch(watch) => Some(watch),
            _ => None,
        };
        Ok(Self { watch, pauses: Pauses::new(ctx) })
    }

    /// The events since the last call.
    pub(crate) fn next(&mut self, ctx: &Ctx<'_>) -> Vec<Value> {
        let Some(watch) = &mut self.watch else { return Vec::new() };
        let events = watch::next(&ctx.proc.world(), watch);
        if !events.is_empty() {
            self.pauses.reset();
        }
        events
    }

    /// Waits a while for more.
    pub(crate) async fn pause(&mut self, ctx: &Ctx<'_>) {
        self.pauses.pause(ctx).await;
    }

    /// As [`Self::pause`], but not beyond `left`.
    pub(crate) async fn pause_within(&mut self, ctx: &Ctx<'_>, left: Duration) {
        self.pauses.pause_within(ctx, left).await;
    }
}
