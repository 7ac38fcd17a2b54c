//! What the benchmarks in `benches/` need of the inside. Nothing else uses it.

use std::fmt;

use crate::apimachinery::json::json;
use crate::cluster::{Key, World, templates};
use crate::exercises::{Stage, grade, stage};
use crate::shell::Console;
use crate::tui::{Card, FromShell, Msg, Opened};

/// A world, opaque to the outside.
#[derive(Clone)]
pub struct BenchWorld(World);

impl BenchWorld {
    /// How many machines it has.
    pub fn machines(&self) -> usize {
        self.0.hosts.len()
    }
}

impl fmt::Debug for BenchWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BenchWorld")
    }
}

/// The default world, built anew from its data.
pub fn build_world() -> BenchWorld {
    BenchWorld(templates::build_named("three-nodes"))
}

/// The default world as every exercise begins with it.
pub fn fresh_world() -> BenchWorld {
    BenchWorld(templates::default_world(1))
}

/// The default world with so many nodes.
pub fn world_of(nodes: usize) -> BenchWorld {
    BenchWorld(templates::with_nodes("three-nodes", 1, nodes).unwrap_or_else(|| templates::default_world(1)))
}

/// A terminal on the default world.
pub struct Terminal(Console);

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Terminal")
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

impl Terminal {
    /// Root's shell on the control plane.
    pub fn new() -> Self {
        Self::on(templates::default_world(1))
    }

    /// The same on a world with so many pods in the default namespace.
    pub fn with_pods(count: usize) -> Self {
        let mut world = templates::bare(1);
        let cluster = &mut world.clusters[0];
        for index in 0..count {
            let name = format!("pod-{index}");
            let pod = json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": "default", "uid": name, "creationTimestamp": "2026-11-20T10:00:00Z"},
                "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}], "schedulerName": "nobody"},
                "status": {"phase": "Pending"},
            });
            cluster.store.put(&Key::new("pods", "default", &name), pod);
        }
        Self::on(world)
    }

    /// The same on a copy of a world.
    pub fn within(world: &BenchWorld) -> Self {
        Self::on(world.0.clone())
    }

    fn on(world: World) -> Self {
        let lab = stage::lab(world);
        let mut login = stage::root(&lab, "controlplane");
        login.env.insert("KUBECONFIG".into(), "/etc/kubernetes/admin.conf".into());
        match Console::new(&lab, login) {
            Ok(console) => Self(console),
            Err(error) => unreachable!("no shell: {error}"),
        }
    }

    /// Runs a line and gives the number of bytes that it printed.
    pub fn run(&mut self, line: &str) -> usize {
        let _ = self.0.run(line);
        self.0.take_output().iter().map(|(_, bytes)| bytes.len()).sum()
    }
}

/// An exercise after its reference solution.
pub struct Graded {
    stage: Stage,
    end: World,
}

impl fmt::Debug for Graded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Graded")
    }
}

impl Graded {
    /// Prepares an exercise of the shipped packs and runs its reference.
    pub fn new(id: &str) -> Self {
        let exercise = match crate::cli::exercise(id) {
            Ok(exercise) => exercise,
            Err(why) => unreachable!("{why}"),
        };
        let ready = exercise.variant(1).map_err(|problems| format!("{problems:?}")).and_then(Stage::build);
        let stage = match ready {
            Ok(stage) => stage,
            Err(why) => unreachable!("{why}"),
        };
        let end = match stage.run("solution.sh", &stage.variant.solution) {
            Ok(ran) => ran.world,
            Err(why) => unreachable!("{why}"),
        };
        Self { stage, end }
    }

    /// The points.
    pub fn grade(&self) -> u32 {
        grade(&self.stage, &self.end).points
    }
}

/// A screen with so many lines of output in its terminal.
pub struct Screen(crate::tui::Film);

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Screen")
    }
}

impl Screen {
    /// 140 columns and 45 rows.
    pub fn with_lines(count: usize) -> Self {
        let mut film = crate::tui::Film::new(Opened::default(), 140, 45);
        let text: String = (0..count).map(|line| format!("line {line}: {}\n", "x".repeat(60))).collect();
        film.tell(Msg::Shell(0, FromShell::Printed(text.into_bytes())));
        Self(film)
    }

    /// Draws a frame; gives how many cells it has.
    pub fn frame(&mut self) -> usize {
        self.0.draw()
    }
}

/// The picture of the README: an exercise after a few commands and a check.
///
/// # Errors
/// Why the exercise cannot be opened.
pub fn picture() -> Result<String, String> {
    let exercise = crate::cli::exercise("cordon-for-repairs")?;
    let variant = exercise.variant(1).map_err(|problems| format!("{problems:?}"))?;
    let stage = Stage::build(variant)?;
    let lab = stage::lab(stage.start.clone());
    let host = stage.variant.host.clone();
    let mut console = Console::new(&lab, stage::root(&lab, &host)).map_err(|error| error.to_string())?;
    let _ = console.take_output();
    let card = Card {
        title: stage.variant.title.clone(),
        minutes: exercise.minutes,
        points: exercise.points,
        ..Card::default()
    };
    let (task, prompt) = (stage.variant.task.clone(), console.prompt());
    let opened = Opened { card, seed: 1, task, host, hints: Vec::new(), hints_shown: 0, prompt };
    let mut film = crate::tui::Film::new(opened, 120, 30);
    for line in ["k get nodes", "k cordon node01", "k get pods -o wide"] {
        let Some(line) = film.type_line(line) else { continue };
        let _ = console.run(&line);
        let bytes = console.take_output().into_iter().flat_map(|(_, bytes)| bytes).collect();
        film.tell(Msg::Shell(0, FromShell::Printed(bytes)));
        film.tell(Msg::Shell(0, FromShell::Prompt(console.prompt())));
    }
    film.tell(Msg::Second(83));
    Ok(film.svg())
}
