//! An exercise's world: as the learner finds it, and as scripts leave it.

use std::time::Duration;

use super::pack::Variant;
use crate::cluster::place::FileOp;
use crate::cluster::{Cluster, Place, World, templates};
use crate::shell::{Console, Fd, Lab, Login, Script, Tools};
use crate::sim::SimTime;
use crate::tools;

/// Time that passes after the set-up, so that what it started runs when the learner arrives.
const AFTER_SETUP: Duration = Duration::from_secs(90);

/// Time that passes between the last command and the check: controllers and kubelets finish what was asked
/// of them.
const BEFORE_CHECK: Duration = Duration::from_secs(30);

/// How long a check waits beyond that for a control plane on its way back. The kubelet's back-off grows to
/// 300 s, and etcd, the API server and its clients come back one after the other.
const COMING_BACK_MAX: Duration = Duration::from_secs(600);

/// How often it is looked at meanwhile.
const COMING_BACK_STEP: Duration = Duration::from_secs(15);

/// Where the manifests of an exercise lie while they are applied.
const MANIFESTS: &str = "/tmp/.setup";

/// An exercise that stands ready.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) variant: Variant,
    /// The world as the learner finds it.
    pub(crate) start: World,
}

/// What a script left.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) world: World,
    pub(crate) exit: i32,
    /// Standard output and error, in order.
    pub(crate) output: String,
}

/// The tools of every host.
pub(crate) fn lab(world: World) -> Lab {
    Lab::with_tools(world, Tools { programs: tools::PROGRAMS, completers: tools::COMPLETERS })
}

/// Root's login on a host of the lab, with the alias that exam hosts have.
pub(crate) fn root(lab: &Lab, host: &str) -> Login {
    Login::new(lab, Place::host(host), "root").alias("k", "kubectl")
}

/// Runs a script as root on a host; headless, so that waiting costs nothing.
///
/// # Errors
/// When no shell can be started, which is a fault of ours.
pub(crate) fn run(world: World, host: &str, name: &str, script: &str) -> Result<Ran, String> {
    let lab = lab(world);
    let login = root(&lab, host);
    let mut console = Console::new(&lab, login.clone()).map_err(|error| error.to_string())?;
    drop(console.take_output());
    let script = Script { text: script.to_owned(), name: Some(name.to_owned()), ..Script::default() };
    let exit = console.run_script(&login, script);
    let output = text_of(&console.take_output());
    drop(console);
    let world = lab.world().clone();
    Ok(Ran { world, exit, output })
}

/// What was written, as one text.
pub(crate) fn text_of(output: &[(Fd, Vec<u8>)]) -> String {
    output.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect()
}

impl Stage {
    /// Builds the world of a variant: template, manifests, set-up script.
    ///
    /// # Errors
    /// The output of a set-up that fails.
    pub(crate) fn build(variant: Variant) -> Result<Self, String> {
        Self::build_at(variant, None)
    }

    /// As [`Self::build`] with another present than that of all worlds, for clients with a clock of their own.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub(crate) fn build_at(variant: Variant, now: Option<SimTime>) -> Result<Self, String> {
        let seed = variant.seed;
        let world = match now {
            Some(now) => templates::at(&variant.base, seed, now),
            None => templates::by_name(&variant.base, seed),
        };
        let mut world = world.ok_or_else(|| format!("no world {}", variant.base))?;
        if !world.hosts.contains_key(&variant.host) {
            let known: Vec<&str> = world.hosts.keys().map(String::as_str).collect();
            return Err(format!("host {:?}: the world has {}", variant.host, known.join(", ")));
        }
        world = apply_manifests(world, &variant)?;
        if !variant.setup.is_empty() {
            world = succeed(run(world, "controlplane", "setup.sh", &variant.setup)?)?;
        }
        world.advance(AFTER_SETUP);
        forget_setup(&mut world);
        Ok(Self { variant, start: world })
    }

    /// Runs a script where the learner works, and lets things settle.
    pub(crate) fn run(&self, name: &str, script: &str) -> Result<Ran, String> {
        let mut ran = run(self.start.clone(), &self.variant.host, name, script)?;
        settle(&mut ran.world);
        Ok(ran)
    }

    /// The world a moment after the learner asked for the check; later, while a control plane that was just
    /// mended comes back.
    pub(crate) fn settled(world: &World) -> World {
        let mut world = world.clone();
        settle(&mut world);
        world
    }
}

fn settle(world: &mut World) {
    world.advance(BEFORE_CHECK);
    if !world.clusters.iter().any(Cluster::is_coming_back) {
        return;
    }
    let limit = world.now + COMING_BACK_MAX;
    while world.now < limit && world.clusters.iter().any(Cluster::is_coming_back) {
        world.advance(COMING_BACK_STEP);
    }
    // What waited for it goes on only now.
    world.advance(BEFORE_CHECK);
}

fn apply_manifests(mut world: World, variant: &Variant) -> Result<World, String> {
    if variant.manifests.is_empty() {
        return Ok(world);
    }
    let place = Place::host("controlplane");
    let make = FileOp::Mkdir { path: MANIFESTS, mode: 0o700, parents: true };
    world.change_files(&place, make).map_err(|error| error.to_string())?;
    let mut script = String::new();
    for (index, (name, text)) in variant.manifests.iter().enumerate() {
        let path = format!("{MANIFESTS}/{index}.yaml");
        let write = FileOp::Write { path: &path, bytes: text.as_bytes() };
        world.change_files(&place, write).map_err(|error| format!("{name}: {error}"))?;
        script.push_str(&format!("kubectl apply -f {path} || exit 1\n"));
    }
    succeed(run(world, "controlplane", "manifests", &script)?)
}

fn succeed(ran: Ran) -> Result<World, String> {
    if ran.exit == 0 {
        Ok(ran.world)
    } else {
        Err(format!("the set-up failed with exit code {}:\n{}", ran.exit, ran.output))
    }
}

/// Takes the traces of the set-up away: what an audit check asks about begins with the learner.
fn forget_setup(world: &mut World) {
    let remove = FileOp::Remove { path: MANIFESTS, recursive: true };
    // Without manifests there is nothing to take away.
    let _ = world.change_files(&Place::host("controlplane"), remove);
    for cluster in &mut world.clusters {
        cluster.audit.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The back-off of etcd and the API server has grown to minutes when the fault is mended at last.
    const MENDED_LATE: &str = "\
        mv /etc/kubernetes/pki/etcd/server.crt /root/\n\
        mv /etc/kubernetes/manifests/etcd.yaml /root/; sleep 30; mv /root/etcd.yaml /etc/kubernetes/manifests/\n\
        sleep 900\n";

    #[test]
    fn a_check_waits_for_a_control_plane_that_comes_back() {
        let up = |world: &World| world.clusters[0].api_server_up();
        let broken = run(templates::default_world(1), "controlplane", "break", MENDED_LATE).unwrap().world;
        let mend = "mv /root/server.crt /etc/kubernetes/pki/etcd/\n";
        let mended = run(broken.clone(), "controlplane", "mend", mend).unwrap().world;
        assert!(!up(&mended));
        let end = Stage::settled(&mended);
        assert!(up(&end) && !end.clusters[0].is_coming_back());
        assert!(end.now.since(mended.now) < COMING_BACK_MAX);
        let given_up = Stage::settled(&broken);
        assert!(!up(&given_up));
        assert_eq!(given_up.now.since(broken.now), BEFORE_CHECK + COMING_BACK_MAX + BEFORE_CHECK);
    }

    #[test]
    fn a_check_of_a_sound_cluster_comes_soon() {
        let world = templates::default_world(1);
        assert_eq!(Stage::settled(&world).now.since(world.now), BEFORE_CHECK);
    }
}
