//! The world that is served, and its time: simulated time follows the wall clock.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::cluster::{ClusterId, World};
use crate::exercises::{Report, Stage, grade};
use crate::shell::Lab;
use crate::sim::SimTime;

/// What is to be served.
pub(crate) struct Setup {
    pub(crate) lab: Lab,
    /// The exercise that the world is of, to grade it.
    pub(crate) stage: Option<Stage>,
    /// The host whose kubeconfig clients get.
    pub(crate) host: String,
    /// Simulated seconds a real one; 1 is the wall clock.
    pub(crate) speed: f64,
    /// Watches over what may never end.
    pub(crate) guard: Guard,
}

/// Begins to watch over some work, which the text names when it has to be given up; what is returned ends that.
pub(crate) type Guard = fn(&'static str) -> Box<dyn Any>;

/// How often time is moved on while nobody asks.
const TICK: Duration = Duration::from_millis(20);

/// A served world.
pub(crate) struct Served {
    pub(super) lab: Lab,
    pub(super) host: String,
    stage: Option<Stage>,
    guard: Guard,
    clock: Mutex<Clock>,
    /// Goes up when the store of a cluster changed.
    changed: watch::Sender<u64>,
    /// Whether each cluster's API server answers.
    up: Vec<watch::Sender<bool>>,
}

/// Which simulated instant the present is.
struct Clock {
    began: Instant,
    from: SimTime,
    speed: f64,
}

impl Clock {
    fn now(&self) -> SimTime {
        self.from + self.began.elapsed().mul_f64(self.speed)
    }
}

impl Served {
    pub(super) fn new(setup: Setup) -> Self {
        let world = setup.lab.world();
        let clock = Clock { began: Instant::now(), from: world.now, speed: setup.speed };
        let up = world.clusters.iter().map(|it| watch::Sender::new(it.api_server_up())).collect();
        drop(world);
        Self {
            lab: setup.lab,
            host: setup.host,
            stage: setup.stage,
            guard: setup.guard,
            clock: Mutex::new(clock),
            changed: watch::Sender::new(0),
            up,
        }
    }

    /// How many clusters there are.
    pub(super) fn clusters(&self) -> usize {
        self.up.len()
    }

    /// Does something with the world as it is now, and lets the cluster react.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let now = self.clock.lock().unwrap_or_else(PoisonError::into_inner).now();
        let mut world = self.lab.world();
        let answer = self.guarded("a request", || {
            world.run_until(now);
            let answer = act(&mut world);
            world.run_until(now);
            answer
        });
        self.tell(&world);
        answer
    }

    /// Does some work under the guard of this server.
    fn guarded<T>(&self, what: &'static str, act: impl FnOnce() -> T) -> T {
        let _ended = (self.guard)(what);
        act()
    }

    /// Tells those who wait what has changed.
    fn tell(&self, world: &World) {
        let revisions = world.clusters.iter().map(|it| it.store.revision()).sum();
        self.changed.send_if_modified(|seen| std::mem::replace(seen, revisions) != revisions);
        for (cluster, up) in world.clusters.iter().zip(&self.up) {
            let now = cluster.api_server_up();
            up.send_if_modified(|seen| std::mem::replace(seen, now) != now);
        }
    }

    /// Moves the clock on by `duration` at once.
    pub(super) fn skip(&self, duration: Duration) {
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        clock.from = clock.from + duration;
        drop(clock);
        self.with(|_| ());
    }

    /// Wakes when a store has changed.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Tells whether the API server of a cluster answers.
    pub(super) fn availability(&self, cluster: ClusterId) -> watch::Receiver<bool> {
        match self.up.get(cluster) {
            Some(up) => up.subscribe(),
            None => watch::Sender::new(false).subscribe(),
        }
    }

    /// Grades the exercise as the world is now; `None` when no exercise is served.
    pub(super) fn grade(&self) -> Option<Report> {
        let stage = self.stage.as_ref()?;
        let world = self.with(|world| world.clone());
        Some(self.guarded("the grading", || grade(stage, &Stage::settled(&world))))
    }
}

/// Waits until the API server no longer answers.
pub(super) async fn down(mut up: watch::Receiver<bool>) {
    // Without a sender there is no server either.
    drop(up.wait_for(|up| !up).await);
}

/// Moves time on for as long as the server runs.
pub(super) async fn keep_time(served: Arc<Served>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        served.with(|_| ());
    }
}
