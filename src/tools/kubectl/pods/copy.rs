//! `kubectl cp`: files between a host and a container, by the container's own `tar`.

use super::super::failure::go_error;
use super::super::verb::{Group, PLAIN, Run, Verb};
use super::super::{Ctx, Done, Failure};
use super::exec;
use crate::cluster::Place;
use crate::cluster::kubelet::access;
use crate::cluster::place::FileOp;
use crate::hosts::{Kind, files};

/// `kubectl cp`.
pub(crate) static CP: Verb = Verb {
    name: "cp",
    group: Group::Troubleshooting,
    summary: "Copy files and directories to and from containers",
    about: "The container needs the tar program.",
    examples: "  # A file into a pod\n  kubectl cp page.html web:/usr/share/nginx/html/index.html",
    run: Run::Now(run),
    ..PLAIN
};

/// What `tar` ends with when something could not be read.
const TAR_FAILED: i32 = 2;

/// One side of a copy.
struct Spec {
    /// `[namespace/]pod`; empty for the host.
    pod: String,
    path: String,
}

fn spec(word: &str) -> Result<Spec, Failure> {
    let Some((pod, path)) = word.split_once(':') else {
        return Ok(Spec { pod: String::new(), path: word.to_owned() });
    };
    if pod.is_empty() || pod.matches('/').count() > 1 {
        return Err(Failure::error("filespec must match the canonical format: [[namespace/]pod:]file/path"));
    }
    Ok(Spec { pod: pod.to_owned(), path: path.to_owned() })
}

fn run(ctx: &mut Ctx<'_>) -> Done {
    let [from, to] = ctx.args.as_slice() else {
        return Err(Failure::error("source and destination are required"));
    };
    let (from, to) = (spec(from)?, spec(to)?);
    if !from.pod.is_empty() && !to.pod.is_empty() {
        return Err(Failure::error("one of src or dest must be a local file specification"));
    }
    if from.path.is_empty() || to.path.is_empty() {
        return Err(Failure::error("filepath can not be empty"));
    }
    if from.pod.is_empty() && to.pod.is_empty() {
        return Err(Failure::error("one of src or dest must be a remote file specification"));
    }
    let local = absolute(ctx, &from);
    if from.pod.is_empty() && ctx.proc.world().stat(&ctx.proc.place.clone(), &local).is_err() {
        return Err(Failure::error(format!("{} doesn't exist in local filesystem", from.path)));
    }
    let (source, target) = (place(ctx, &from)?, place(ctx, &to)?);
    let from_path = absolute(ctx, &from);
    let mut to_path = absolute(ctx, &to);
    let world = ctx.proc.world();
    let Ok(node) = world.stat(&source, &from_path) else {
        drop(world);
        return Err(missing(ctx, &from));
    };
    if world.stat(&target, &to_path).is_ok_and(|it| it.kind == Kind::Directory) {
        to_path = files::clean(&to_path, files::base_name(&from_path));
    }
    drop(world);
    if !from.pod.is_empty() && from.path.starts_with('/') {
        ctx.err("tar: Removing leading `/' from member names\n");
    }
    copy(ctx, (&source, &from_path), (&target, &to_path), &node.kind)
}

/// What became of a file that the container's `tar` did not find.
fn missing(ctx: &Ctx<'_>, from: &Spec) -> Failure {
    ctx.err(&format!(
        "tar: {}: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n\
         command terminated with exit code {TAR_FAILED}\n",
        from.path
    ));
    Failure::Exit(TAR_FAILED)
}

fn absolute(ctx: &Ctx<'_>, spec: &Spec) -> String {
    if spec.pod.is_empty() { ctx.proc.path(&spec.path) } else { files::clean("/", &spec.path) }
}

fn place(ctx: &mut Ctx<'_>, spec: &Spec) -> Result<Place, Failure> {
    if spec.pod.is_empty() {
        return Ok(ctx.proc.place.clone());
    }
    let (namespace, name) = match spec.pod.split_once('/') {
        Some((namespace, name)) => (namespace.to_owned(), name.to_owned()),
        None => (ctx.namespace()?.name, spec.pod.clone()),
    };
    let pod = ctx.get_object(format!("/api/v1/namespaces/{namespace}/pods/{name}"))?;
    let container = super::container(ctx, &pod, false)?;
    let place = exec::open(ctx, &pod, &container, &["tar".to_owned()])?;
    if !access::has_program(&ctx.proc.world(), &place, "tar") {
        ctx.err("exec: \"tar\": executable file not found in $PATH\n");
        return Err(Failure::Exit(1));
    }
    Ok(place)
}

fn copy(ctx: &Ctx<'_>, from: (&Place, &str), to: (&Place, &str), kind: &Kind) -> Done {
    // Into a container the archive is unpacked by who runs there.
    let change = |op: FileOp<'_>| match *to.0 == ctx.proc.place {
        true => ctx.proc.change_files(op),
        false => ctx.proc.world().change_files(to.0, op),
    };
    let failed = |error| Failure::error(format!("open {}: {}", to.1, go_error(error)));
    match kind {
        Kind::File(bytes) => {
            change(FileOp::Write { path: to.1, bytes }).map_err(failed)?;
            if ctx.flags.on("no-preserve") {
                return Ok(());
            }
            // The archive carries the mode; who unpacks it owns the file.
            let found = ctx.proc.world().stat(from.0, from.1);
            let mode = found.map(|node| node.mode & 0o777).map_err(failed)?;
            change(FileOp::Chmod { path: to.1, mode }).map_err(failed)
        }
        Kind::Directory => {
            change(FileOp::Mkdir { path: to.1, mode: 0o755, parents: true }).map_err(failed)?;
            let entries = ctx.proc.world().list_dir(from.0, from.1).map_err(failed)?;
            for (name, node) in entries {
                let (source, target) = (files::clean(from.1, &name), files::clean(to.1, &name));
                copy(ctx, (from.0, &source), (to.0, &target), &node.kind)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
