//! `ln`: make links. A hard link is a copy here: the world's files have one name each.

use super::options::{Options, Spec, Value};
use super::texts::quoted;
use crate::cluster::place::FileOp;
use crate::hosts::{FsError, Kind, files};
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "ln", summary: "Make links between files", run };

const SPEC: Spec = Spec {
    name: "ln",
    short: "sfnvrTt:",
    long: &[
        ("symbolic", 's', Value::None),
        ("force", 'f', Value::None),
        ("no-dereference", 'n', Value::None),
        ("verbose", 'v', Value::None),
        ("relative", 'r', Value::None),
        ("no-target-directory", 'T', Value::None),
        ("target-directory", 't', Value::Needed),
    ],
};

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move { super::with_operands(proc, &SPEC, link_all) })
}

fn link_all(proc: &Proc, options: &Options) -> i32 {
    let operands = &options.operands;
    let (sources, target) = match (options.value('t'), operands.split_last()) {
        (Some(target), _) => (operands.as_slice(), target.to_owned()),
        (None, Some((only, []))) => (std::slice::from_ref(only), ".".to_owned()),
        (None, Some((target, sources))) => (sources, target.clone()),
        (None, None) => return 1,
    };
    let disk = proc.disk();
    let follow = !options.has('n');
    let into = !options.has('T')
        && disk.node(&proc.path(&target), follow).is_ok_and(|node| node.kind == Kind::Directory);
    if sources.len() > 1 && !into {
        proc.eprint(format!("ln: target {}: No such file or directory\n", quoted(&target)));
        return 1;
    }
    let one = |source: &String| {
        let name = files::clean("/", source);
        let link = if into {
            format!("{}/{}", target.trim_end_matches('/'), files::base_name(&name))
        } else {
            target.clone()
        };
        link_one(proc, options, source, &link)
    };
    sources.iter().map(one).max().unwrap_or(0)
}

fn link_one(proc: &Proc, options: &Options, source: &str, link: &str) -> i32 {
    let disk = proc.disk();
    let path = proc.path(link);
    let soft = options.has('s');
    let there = disk.node(&path, false);
    let made = match &there {
        Ok(node) if !options.has('f') || node.kind == Kind::Directory => Err(FsError::Exists),
        Ok(_) => disk.change(FileOp::Remove { path: &path, recursive: false }),
        Err(_) => Ok(()),
    };
    let made = made.and_then(|()| {
        if soft {
            let target =
                if options.has('r') { relative(&proc.path(source), &path) } else { source.to_owned() };
            return disk.change(FileOp::Symlink { target: &target, link: &path });
        }
        disk.copy(&proc.path(source), &path)
    });
    match made {
        Ok(()) if options.has('v') => proc.print(format!("{} -> {}\n", quoted(link), quoted(source))),
        Ok(()) => {}
        Err(FsError::NotFound) if !soft => {
            proc.eprint(format!("ln: failed to access {}: No such file or directory\n", quoted(source)));
            return 1;
        }
        Err(error) => {
            let what = if soft { "symbolic" } else { "hard" };
            proc.eprint(format!("ln: failed to create {what} link {}: {error}\n", quoted(link)));
            return 1;
        }
    }
    0
}

/// `target` as seen from the directory of `link`.
fn relative(target: &str, link: &str) -> String {
    let from: Vec<&str> = files::parent(link).split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = target.split('/').filter(|part| !part.is_empty()).collect();
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - same);
    up.chain(to.into_iter().skip(same)).collect::<Vec<_>>().join("/")
}
