//! One script that runs while somebody else moves time, as `exec` in a container does.

use std::future::Future;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::Poll;

use super::access::Umask;
use super::adapt::{Around, Programs};
use super::batch::{self, Script};
use super::control::Control;
use super::engine::Engine;
use super::link::Link;
use super::pipes::Sharing;
use super::proc::{Fd, Outbox};
use super::traces::Tracing;
use super::{Lab, Login};

/// A script on its way. Dropping it ends it.
pub(crate) struct Job {
    lab: Lab,
    engine: Engine,
    outbox: Outbox,
    running: Option<Pin<Box<dyn Future<Output = i32> + Send>>>,
}

impl Drop for Job {
    fn drop(&mut self) {
        let running = self.running.take();
        self.engine.inside(|| drop(running));
    }
}

impl Job {
    /// Starts a script, without a terminal.
    ///
    /// # Errors
    /// When the system gives no more threads or files.
    pub(crate) fn new(lab: &Lab, login: Login, script: Script) -> std::io::Result<Self> {
        let outbox = Outbox::default();
        let around = Around {
            lab: lab.clone(),
            place: login.place.clone(),
            user: login.user.clone(),
            link: Link::none(),
            programs: Programs::All,
            sharing: Sharing::default(),
            umask: Umask::default(),
            tracing: Tracing::default(),
            control: Control::default(),
        };
        let written = outbox.clone();
        let running = Box::pin(async move { batch::run(around, &login, script, &written).await });
        Ok(Self { lab: lab.clone(), engine: Engine::new()?, outbox, running: Some(running) })
    }

    /// Runs on as far as it gets at this instant; gives the exit code once it has ended.
    pub(crate) fn poll(&mut self) -> Option<i32> {
        self.lab.wake_waiting();
        self.engine.forget();
        loop {
            let running = self.running.as_mut()?;
            if let Poll::Ready(exit) = self.engine.poll(running.as_mut()) {
                return Some(exit);
            }
            if !self.engine.is_woken() {
                return None;
            }
        }
    }

    /// Takes what was written since the last call, in order.
    pub(crate) fn take_output(&self) -> Vec<(Fd, Vec<u8>)> {
        std::mem::take(&mut *self.outbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
