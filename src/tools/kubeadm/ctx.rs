//! What a command works with: its process, flags and words, and the files of its host.

use std::time::Duration;

use crate::cluster::place::FileOp;
use crate::cluster::{Place, World};
use crate::hosts::Host;
use crate::shell::Proc;
use crate::sim::SimTime;
use crate::tools::kubectl::flags::Flags;

/// Why a command failed; the sentence behind `error: `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) sentence: String,
}

impl Failure {
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into() }
    }

    /// A failure inside a phase of a workflow.
    pub(super) fn in_phase(phase: &str, why: impl std::fmt::Display) -> Self {
        Self::new(format!("error execution phase {phase}: {why}"))
    }
}

/// What a command returns.
pub(super) type Done = Result<(), Failure>;

/// A command at work.
pub(super) struct Ctx<'p> {
    pub(super) proc: &'p Proc,
    /// Without `kubeadm`.
    pub(super) path: &'static str,
    pub(super) flags: Flags,
    pub(super) args: Vec<String>,
}

impl Ctx<'_> {
    /// Prints a line to standard output.
    pub(super) fn say(&self, line: impl AsRef<str>) {
        self.proc.print(format!("{}\n", line.as_ref()));
    }

    /// Prints a line of klog to standard error.
    pub(super) fn klog(&self, severity: char, source: &str, message: &str) {
        let now = self.now();
        let pid = now.unix_s().rem_euclid(9_000) + 1_000;
        let stamp = now.strftime("%m%d %H:%M:%S.%6f");
        self.proc.eprint(format!("{severity}{stamp} {pid:>7} {source}] {message}\n"));
    }

    pub(super) fn now(&self) -> SimTime {
        self.proc.world().now
    }

    /// The name of the machine; a container has none of its own files here.
    pub(super) fn host_name(&self) -> String {
        match &self.proc.place {
            Place::Host(name) => name.clone(),
            Place::Container { .. } => String::new(),
        }
    }

    /// Looks at the machine.
    pub(super) fn host<T>(&self, look: impl FnOnce(&Host) -> T) -> Option<T> {
        let name = self.host_name();
        self.proc.world().hosts.get(&name).map(look)
    }

    /// Looks at or changes the world.
    pub(super) fn world<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act(&mut self.proc.world())
    }

    /// A file as text.
    pub(super) fn read(&self, path: &str) -> Option<String> {
        self.proc.world().read_text(&self.proc.place, path).ok()
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.proc.world().stat(&self.proc.place, path).is_ok()
    }

    /// Writes a file, and the directories above it.
    pub(super) fn write(&self, path: &str, text: &str, mode: u32) {
        let (now, name) = (self.now(), self.host_name());
        let mut world = self.proc.world();
        if let Some(host) = world.hosts.get_mut(&name) {
            // A path of ours under a file of the learner's stays unwritten; what needs it says so.
            let _ = host.files.install(path, text.as_bytes(), mode, now);
        }
    }

    pub(super) fn mkdir(&self, path: &str, mode: u32) {
        self.change(FileOp::Mkdir { path, mode, parents: true });
        self.change(FileOp::Chmod { path, mode });
    }

    /// Carries out a change of files; one that cannot be done leaves them as they are.
    pub(super) fn change(&self, op: FileOp<'_>) {
        let _ = self.proc.world().change_files(&self.proc.place, op);
    }

    pub(super) async fn sleep(&self, duration: Duration) {
        self.proc.sleep(duration).await;
    }

    /// The version of this kubeadm, as its file says: `v1.36.2`.
    pub(super) fn version(&self) -> String {
        self.host(|it| it.program_version("kubeadm")).flatten().unwrap_or_else(|| "v1.36.2".into())
    }

    /// A flag's text, or nothing when it was not given.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.flags.given(name).then(|| self.flags.text(name))
    }
}

/// Random letters and digits, as bootstrap tokens have them.
pub(super) fn random(world: &mut World, len: usize) -> String {
    const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let one = |_| {
        let at = usize::try_from(world.chance.below(LETTERS.len() as u64)).unwrap_or(0);
        char::from(LETTERS.get(at).copied().unwrap_or(b'0'))
    };
    (0..len).map(one).collect()
}
