//! `chroot`: from a container into the machine that it sees below a directory, as after
//! `kubectl debug node/node01 -it --image=busybox`.
//!
//! Other root directories than a machine's whole file system are not simulated, and it says so.

use super::substitute::shell;
use crate::cluster::Place;
use crate::cluster::kubelet::access;
use crate::hosts::files;
use crate::shell::{Login, Proc, Program, Running};

pub(crate) const PROGRAM: Program =
    Program { name: "chroot", summary: "Run with another root directory", run };

/// Exit code of `chroot` itself.
const OWN_FAILURE: i32 = 125;

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Some((root, words)) = proc.args.get(1..).and_then(<[String]>::split_first) else {
            proc.eprint("chroot: missing operand\nTry 'chroot --help' for more information.\n");
            return OWN_FAILURE;
        };
        let place = match target(proc, root) {
            Ok(place) => place,
            Err(why) => {
                proc.eprint(why);
                return OWN_FAILURE;
            }
        };
        let mut login = Login::rooted(&proc.lab, place, "sh");
        if let Some(name) = words.first() {
            login.shell = files::base_name(name).to_owned();
        }
        match words {
            [] => shell(proc, login).await,
            [name] if access::is_shell(name) => shell(proc, login).await,
            words => proc.run(&login, proc.command(words)).await,
        }
    })
}

/// Where programs run whose root is the directory `root` of this place.
fn target(proc: &Proc, root: &str) -> Result<Place, String> {
    let cannot = |why: &str| format!("chroot: cannot change root directory to '{root}': {why}\n");
    let path = proc.path(root);
    if proc.stat(&path).is_err() {
        return Err(cannot("No such file or directory"));
    }
    if proc.user != "root" {
        return Err(cannot("Operation not permitted"));
    }
    if path == "/" {
        return Ok(proc.place.clone());
    }
    access::host_at(&proc.world(), &proc.place, &path)
        .ok_or_else(|| format!("uncordon: `chroot` to {root} is not simulated yet\n"))
}
