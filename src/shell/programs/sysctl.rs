//! `sysctl`: read and set kernel parameters; `-p` and `--system` read them from files.

use super::options::{Options, Spec, Value};
use crate::cluster::Place;
use crate::hosts::kernel;
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program =
    Program { name: "sysctl", summary: "Configure kernel parameters at runtime", run };

const SPEC: Spec = Spec {
    name: "sysctl",
    short: "anwqpeN",
    long: &[
        ("all", 'a', Value::None),
        ("values", 'n', Value::None),
        ("write", 'w', Value::None),
        ("quiet", 'q', Value::None),
        ("load", 'p', Value::Optional),
        ("system", 's', Value::None),
        ("names", 'N', Value::None),
    ],
};

/// Folders that `--system` reads, in order, before `/etc/sysctl.conf`.
const FOLDERS: [&str; 3] = ["/run/sysctl.d", "/etc/sysctl.d", "/usr/lib/sysctl.d"];

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Place::Host(host) = proc.place.clone() else {
            proc.eprint("uncordon: sysctl in a container is not simulated yet\n");
            return 1;
        };
        match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => Kernel { proc, host, options }.run(),
            Err(text) => {
                proc.eprint(text);
                1
            }
        }
    })
}

struct Kernel<'a> {
    proc: &'a Proc,
    host: String,
    options: Options,
}

impl Kernel<'_> {
    fn run(&self) -> i32 {
        if self.options.has('s') {
            return self.system();
        }
        if self.options.has('p') {
            let file = self.options.operands.first().map_or("/etc/sysctl.conf", String::as_str);
            return self.load(file);
        }
        if self.options.has('a') {
            for (name, _) in kernel::PARAMETERS.iter().filter(|(name, _)| self.value(name).is_some()) {
                self.show(name);
            }
            return 0;
        }
        let one = |operand: &String| match operand.split_once('=') {
            Some((name, value)) => self.set(name.trim(), value.trim()),
            None => self.show(&operand.replace('/', ".")),
        };
        self.options.operands.iter().map(one).max().unwrap_or(1)
    }

    fn value(&self, name: &str) -> Option<String> {
        let world = self.proc.world();
        kernel::parameter(world.hosts.get(&self.host)?, name)
    }

    fn show(&self, name: &str) -> i32 {
        match self.value(name) {
            Some(value) => {
                self.print(name, &value);
                0
            }
            None => self.missing(name),
        }
    }

    fn missing(&self, name: &str) -> i32 {
        let path = name.replace('.', "/");
        self.proc.eprint(format!("sysctl: cannot stat /proc/sys/{path}: No such file or directory\n"));
        1
    }

    fn print(&self, name: &str, value: &str) {
        if self.options.has('n') {
            self.proc.print(format!("{value}\n"));
        } else if self.options.has('N') {
            self.proc.print(format!("{name}\n"));
        } else {
            self.proc.print(format!("{name} = {value}\n"));
        }
    }

    fn set(&self, name: &str, value: &str) -> i32 {
        let name = name.replace('/', ".");
        if self.value(&name).is_none() {
            return self.missing(&name);
        }
        if self.proc.user != "root" {
            self.proc.eprint(format!("sysctl: permission denied on key \"{name}\", ignoring\n"));
            return 1;
        }
        if let Some(host) = self.proc.world().hosts.get_mut(&self.host) {
            host.sysctl.insert(name.clone(), value.to_owned());
        }
        if !self.options.has('q') {
            self.print(&name, value);
        }
        0
    }

    fn load(&self, file: &str) -> i32 {
        let bytes = match self.proc.disk().read(&self.proc.path(file)) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.proc.eprint(format!("sysctl: cannot open \"{file}\": {error}\n"));
                return 1;
            }
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
        let one = |line: &str| match line.split_once('=') {
            Some((name, value)) => self.set(name.trim().trim_start_matches('-'), value.trim()),
            None => 0,
        };
        lines.map(one).max().unwrap_or(0)
    }

    fn system(&self) -> i32 {
        let mut files = Vec::new();
        for folder in FOLDERS {
            for (name, _) in self.proc.disk().list(folder).unwrap_or_default() {
                if name.ends_with(".conf") {
                    files.push((name.clone(), format!("{folder}/{name}")));
                }
            }
        }
        files.sort();
        let main = "/etc/sysctl.conf".to_owned();
        if self.proc.stat(&main).is_ok() {
            files.push((String::new(), main));
        }
        let mut exit = 0;
        for (_, file) in files {
            self.proc.print(format!("* Applying {file} ...\n"));
            exit = exit.max(self.load(&file));
        }
        exit
    }
}
