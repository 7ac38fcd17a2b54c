//! `shuf`: lines in an order of chance, which is the world's. Messages: GNU coreutils.

use super::options::{Options, Spec, Value};
use super::texts::curly;
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "shuf", summary: "Write lines in random order", run };

const SPEC: Spec = Spec {
    name: "shuf",
    short: "ei:n:o:rz",
    long: &[
        ("echo", 'e', Value::None),
        ("input-range", 'i', Value::Needed),
        ("head-count", 'n', Value::Needed),
        ("output", 'o', Value::Needed),
        ("repeat", 'r', Value::None),
        ("zero-terminated", 'z', Value::None),
    ],
};

/// More lines than this are not written with `-r` and no `-n`: whoever reads them has enough.
const REPEATED_MAX: u64 = 100_000;

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        match shuffled(proc) {
            Ok(()) => 0,
            Err(text) => {
                proc.eprint(text);
                1
            }
        }
    })
}

fn shuffled(proc: &Proc) -> Result<(), String> {
    let options = SPEC.parse(proc.args.get(1..).unwrap_or_default())?;
    let count = match options.value('n') {
        Some(given) => {
            Some(given.parse::<u64>().map_err(|_| format!("shuf: invalid line count: {}\n", curly(given)))?)
        }
        None => None,
    };
    let end = if options.has('z') { 0 } else { b'\n' };
    let lines = lines(proc, &options, end)?;
    let mut chosen = Vec::new();
    {
        let mut world = proc.world();
        if options.has('r') {
            if lines.is_empty() && count != Some(0) {
                return Err("shuf: no lines to repeat\n".into());
            }
            for _ in 0..count.unwrap_or(REPEATED_MAX) {
                chosen.extend(world.chance.pick(&lines).cloned());
            }
        } else {
            let mut left = lines;
            let wanted =
                count.map_or(left.len(), |it| usize::try_from(it).unwrap_or(usize::MAX).min(left.len()));
            for at in 0..wanted {
                let other = at + usize::try_from(world.chance.below((left.len() - at) as u64)).unwrap_or(0);
                left.swap(at, other);
            }
            left.truncate(wanted);
            chosen = left;
        }
    }
    let bytes: Vec<u8> = chosen
        .into_iter()
        .flat_map(|mut line| {
            line.push(end);
            line
        })
        .collect();
    match options.value('o') {
        Some(file) => proc.write_file(file, &bytes).map_err(|error| format!("shuf: {file}: {error}\n")),
        None => {
            proc.print(bytes);
            Ok(())
        }
    }
}

/// What is to be shuffled.
fn lines(proc: &Proc, options: &Options, end: u8) -> Result<Vec<Vec<u8>>, String> {
    if options.has('e') && options.has('i') {
        return Err(SPEC.complaint("cannot combine -e and -i options"));
    }
    if options.has('e') {
        return Ok(options.operands.iter().map(|it| it.clone().into_bytes()).collect());
    }
    let extra = options.operands.get(usize::from(!options.has('i')));
    if let Some(extra) = extra {
        return Err(SPEC.complaint(&format!("extra operand {}", curly(extra))));
    }
    if let Some(range) = options.value('i') {
        let invalid = || format!("shuf: invalid input range: {}\n", curly(range));
        let (low, high) = range.split_once('-').ok_or_else(invalid)?;
        let (low, high): (u64, u64) =
            (low.parse().map_err(|_| invalid())?, high.parse().map_err(|_| invalid())?);
        if low > high + 1 || high.saturating_sub(low) > REPEATED_MAX * 10 {
            return Err(invalid());
        }
        return Ok((low..=high).map(|it| it.to_string().into_bytes()).collect());
    }
    let bytes = match options.operands.first().map(String::as_str) {
        None | Some("-") => proc.stdin.clone().unwrap_or_default(),
        Some(file) => {
            let read = proc.read_file(file).map_err(|error| format!("shuf: {file}: {error}\n"))?;
            read.to_vec()
        }
    };
    let mut lines: Vec<Vec<u8>> = bytes.split(|it| *it == end).map(<[u8]>::to_vec).collect();
    if lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    Ok(lines)
}
