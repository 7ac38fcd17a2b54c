//! The cron daemons of the machines of one lab: they start what is due, without a terminal.
//!
//! Whoever drives the world asks when something is due next, so that jumps in time do not pass it over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use super::access::Umask;
use super::adapt::{Around, Programs};
use super::batch::{self, Script};
use super::control::Control;
use super::engine::Engine;
use super::link::Link;
use super::pipes::Sharing;
use super::proc::Outbox;
use super::traces::Tracing;
use super::{Lab, Login};
use crate::cluster::Place;
use crate::hosts::cron::{self, Entry};
use crate::sim::SimTime;

/// The number that cron gives a command's process in the journal.
const PID: u32 = 20_000;

/// What cron's commands find when their table says nothing.
const PATH: &str = "/usr/bin:/bin";

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The daemons, and the commands that they have started and that have not ended.
#[derive(Default)]
pub(super) struct Crond {
    running: Vec<Running>,
    started: u32,
}

impl Crond {
    /// Starts what has become due, and runs everything on; true when a command ended.
    pub(super) fn poll(&mut self, lab: &Lab, engine: &Engine) -> bool {
        let now = lab.world().now;
        let since = *lab.cron_looked().get_or_insert(now);
        if now < since || now.unix_s() / 60 != since.unix_s() / 60 {
            *lab.cron_looked() = Some(now);
            self.start_due(lab, since.min(now), now);
        }
        let before = self.running.len();
        self.running.retain_mut(|job| match engine.poll(job.as_mut()) {
            Poll::Ready(()) => false,
            Poll::Pending => true,
        });
        self.running.len() != before
    }

    /// When something is due next, no later than `limit`.
    pub(super) fn next(&self, lab: &Lab, limit: SimTime) -> Option<SimTime> {
        let after = (*lab.cron_looked())?;
        // Everything is due at the beginning of a minute.
        if limit.unix_s() / 60 == after.unix_s() / 60 {
            return None;
        }
        let world = lab.world();
        // Machines that came up together mostly have the same tables.
        let mut known: Vec<(Arc<[Entry]>, SimTime, Option<SimTime>)> = Vec::new();
        let mut first = |table: Arc<[Entry]>, booted: SimTime| {
            let same = |it: &&(Arc<[Entry]>, SimTime, _)| Arc::ptr_eq(&it.0, &table) && it.1 == booted;
            if let Some((_, _, due)) = known.iter().find(same) {
                return *due;
            }
            let due = table.iter().filter_map(|it| it.next(after, booted));
            let due = due.filter(|at| *at > world.now && *at <= limit).min();
            known.push((table, booted, due));
            due
        };
        let up = world.hosts.values().filter(|host| host.up);
        let tables = up.flat_map(|host| cron::tables(host).into_iter().map(|table| (table, host.booted)));
        tables.filter_map(|(table, booted)| first(table, booted)).min()
    }

    /// Ends everything that runs.
    pub(super) fn clear(&mut self, engine: &Engine) {
        let running = std::mem::take(&mut self.running);
        engine.inside(|| drop(running));
    }

    fn start_due(&mut self, lab: &Lab, since: SimTime, now: SimTime) {
        let due: Vec<(String, Entry)> = {
            let world = lab.world();
            let hosts = world.hosts.iter().filter(|(_, host)| host.up);
            hosts
                .flat_map(|(name, host)| {
                    let tables = cron::tables(host);
                    let is_due = |it: &&Entry| it.next(since, host.booted).is_some_and(|at| at <= now);
                    let due = tables.iter().flat_map(|it| it.iter()).filter(is_due);
                    due.map(|it| (name.clone(), it.clone())).collect::<Vec<_>>()
                })
                .collect()
        };
        for (host, entry) in due {
            self.started = self.started.wrapping_add(1);
            let pid = PID + self.started % 10_000;
            if let Some(machine) = lab.world().hosts.get_mut(&host) {
                let text = format!("({}) CMD ({})", entry.user, entry.command);
                machine.log(now, "CRON", pid, "cron.service", 6, text);
            }
            self.running.push(command(lab.clone(), host, entry, pid));
        }
    }
}

/// Runs a command; nobody takes what it writes, as no machine of the lab delivers mail.
fn command(lab: Lab, host: String, entry: Entry, pid: u32) -> Running {
    let (text, input) = entry.command_and_input();
    Box::pin(async move {
        let place = Place::Host(host.clone());
        let mut login = Login::new(&lab, place.clone(), &entry.user);
        login.shell = "/bin/sh".into();
        login.rc_files.clear();
        login.env.retain(|name, _| matches!(name.as_str(), "HOME" | "LOGNAME" | "LANG" | "PWD"));
        login.env.insert("PATH".into(), PATH.into());
        login.env.insert("SHELL".into(), "/bin/sh".into());
        login.env.extend(entry.env.iter().cloned());
        let outbox = Outbox::default();
        let around = Around {
            lab: lab.clone(),
            place,
            user: entry.user.clone(),
            link: Link::none(),
            programs: Programs::All,
            sharing: Sharing::default(),
            umask: Umask::default(),
            tracing: Tracing::default(),
            control: Control::default(),
        };
        let script = Script { text, stdin: input.map(String::into_bytes), ..Script::default() };
        batch::run(around, &login, script, &outbox).await;
        let wrote = !outbox.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_empty();
        let mut world = lab.world();
        let now = world.now;
        if wrote && let Some(machine) = world.hosts.get_mut(&host) {
            let text = "(CRON) info (No MTA installed, discarding output)".to_owned();
            machine.log(now, "CRON", pid, "cron.service", 6, text);
        }
    })
}
