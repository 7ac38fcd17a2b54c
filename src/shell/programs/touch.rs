//! `touch`: make files, or set when they were changed.

use super::options::{Options, Spec, Value};
use super::texts::{fail, quoted};
use super::when;
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "touch", summary: "Change file timestamps", run };

const SPEC: Spec = Spec {
    name: "touch",
    short: "acmhd:r:t:f",
    long: &[
        ("no-create", 'c', Value::None),
        ("date", 'd', Value::Needed),
        ("reference", 'r', Value::Needed),
        ("time", 'T', Value::Needed),
        ("no-dereference", 'h', Value::None),
    ],
};

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move { super::with_operands(proc, &SPEC, touch_all) })
}

fn touch_all(proc: &Proc, options: &Options) -> i32 {
    let disk = proc.disk();
    let now = proc.world().now;
    let at = match (options.value('r'), options.value('d'), options.value('t')) {
        (Some(reference), ..) => match disk.node(&proc.path(reference), true) {
            Ok(node) => Some(node.modified),
            Err(error) => return fail(proc, "touch", "failed to get attributes of", reference, error),
        },
        (_, Some(text), _) => when::parse(text, now),
        (_, _, Some(stamp)) => when::stamp(stamp, now),
        _ => Some(now),
    };
    let Some(at) = at else {
        let text = options.value('d').or(options.value('t')).unwrap_or_default();
        proc.eprint(format!("touch: invalid date format {}\n", quoted(text)));
        return 1;
    };
    let one = |name: &String| {
        let path = proc.path(name);
        let made = match disk.node(&path, true) {
            Ok(_) => Ok(()),
            Err(_) if options.has('c') => return 0,
            Err(_) => disk.write(&path, b""),
        };
        match made.and_then(|()| disk.set_modified(&path, at)) {
            Ok(()) => 0,
            Err(error) => fail(proc, "touch", "cannot touch", name, error),
        }
    };
    options.operands.iter().map(one).max().unwrap_or(0)
}
