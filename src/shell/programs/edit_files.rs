//! What the outside of an editor is: files, swap files and commands of the process's place.

use crate::cluster::Place;
use crate::cluster::place::FileOp;
use crate::hosts::files::{Kind, base_name, parent};
use crate::shell::vim::{Found, Need};
use crate::shell::{Proc, Script};

/// A swap file begins with this. Source: `file(1)`'s magic for them.
const MAGIC: &str = "b0VIM 9.1\n";

/// The outside of one editor.
pub(super) struct Outside<'p> {
    pub(super) proc: &'p Proc,
    /// The file that the editor was started with.
    pub(super) file: Option<String>,
    /// True when files that are opened get swap files.
    pub(super) swaps: bool,
    /// The swap files that this editor made.
    pub(super) made: Vec<String>,
}

impl Outside<'_> {
    pub(super) async fn answer(&mut self, need: &Need) -> Result<String, String> {
        match need {
            Need::Write { path, text, append } => self.write(path.as_deref(), text, *append),
            Need::Read { path } => {
                let bytes = self.proc.disk().read(&self.proc.path(path));
                let bytes = bytes.map_err(|_| format!("E484: Can't open file {path}"))?;
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            }
            Need::Open { path } => {
                let shown = path.clone().or(self.file.clone()).unwrap_or_default();
                json(&self.open(path.as_deref(), &shown))
            }
            Need::Look { path } => json(&Found { text: String::new(), ..self.look(path.as_deref()) }),
            Need::Run { command, stdin } => {
                let child = self.proc.child(&["sh"]);
                let stdin = Some(stdin.clone().into_bytes());
                let script = Script { text: command.clone(), stdin, ..Script::default() };
                child.run(&self.proc.login(), script).await;
                let output: Vec<u8> = child.take_output().into_iter().flat_map(|(_, bytes)| bytes).collect();
                Ok(String::from_utf8_lossy(&output).into_owned())
            }
        }
    }

    fn path(&self, path: Option<&str>) -> Option<String> {
        path.map(|path| self.proc.path(path)).or_else(|| self.file.clone())
    }

    /// Writes; gives the stamp of what stands there then.
    fn write(&self, path: Option<&str>, text: &str, append: bool) -> Result<String, String> {
        let path = self.path(path).ok_or("E32: No file name")?;
        let bytes = text.as_bytes();
        let op = match append {
            true => FileOp::Append { path: &path, bytes },
            false => FileOp::Write { path: &path, bytes },
        };
        let done = self.proc.disk().put(&path, op);
        done.map_err(|_| "E212: Can't open file for writing".to_owned())?;
        Ok(self.look(Some(&path)).stamp)
    }

    /// What stands at a path; no path is the file that the editor was started with.
    fn look(&self, path: Option<&str>) -> Found {
        let Some(path) = self.path(path) else { return Found::default() };
        let disk = self.proc.disk();
        let Ok(node) = disk.node(&path, true) else { return Found::default() };
        let text = disk.read(&path);
        Found {
            exists: true,
            directory: node.kind == Kind::Directory,
            readable: text.is_ok(),
            writable: self.proc.may_write(&path),
            stamp: format!("{:?} {}", node.modified, text.as_ref().map_or(0, |bytes| checksum(bytes))),
            text: text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default(),
            attention: None,
        }
    }

    /// The same for a file to edit: with a swap file, or what to say of another's. `shown` is its name.
    pub(super) fn open(&mut self, path: Option<&str>, shown: &str) -> Found {
        let mut found = self.look(path);
        if let Some(path) = self.path(path).filter(|_| !found.directory) {
            let swap = format!("{}/.{}.swp", parent(&path).trim_end_matches('/'), base_name(&path));
            if self.made.contains(&swap) {
                return found;
            }
            match self.proc.disk().read(&swap) {
                Ok(bytes) => found.attention = Some(self.attention(&swap, &bytes, &path, shown)),
                Err(_) if self.swaps => self.make(&path, swap),
                Err(_) => {}
            }
        }
        found
    }

    fn make(&mut self, path: &str, swap: String) {
        let user = &self.proc.user;
        let host = self.host();
        let pid = 2000 + checksum(format!("{path}{user}").as_bytes()) % 60000;
        let text = format!("{MAGIC}{user}\n{host}\n{path}\n{pid}\n");
        let bytes = text.as_bytes();
        if self.proc.disk().put(&swap, FileOp::Write { path: &swap, bytes }).is_ok() {
            let _ = self.proc.disk().change_own(&swap, FileOp::Chmod { path: &swap, mode: 0o600 });
            self.made.push(swap);
        }
    }

    fn host(&self) -> String {
        match &self.proc.place {
            Place::Host(name) => name.clone(),
            Place::Container { .. } => String::new(),
        }
    }

    /// What vim says of a swap file that it finds. Source: vim's `:help swap-file`.
    fn attention(&self, swap: &str, bytes: &[u8], path: &str, shown: &str) -> String {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.lines().skip(1);
        let mut next = || lines.next().unwrap_or_default().to_owned();
        let (user, host, file, pid) = (next(), next(), next(), next());
        let date = |path: &str| {
            let node = self.proc.disk().node(path, true).ok();
            node.map_or_else(String::new, |node| node.modified.strftime("%a %b %e %H:%M:%S %Y"))
        };
        let swap_shown = if shown.starts_with('/') { swap.to_owned() } else { base_name(swap).to_owned() };
        let written = date(path);
        let written = if written.is_empty() {
            "      CANNOT BE FOUND\n".to_owned()
        } else {
            format!("\n             dated: {written}\n")
        };
        format!(
            "E325: ATTENTION\nFound a swap file by the name \"{swap_shown}\"\n\
             \u{20}         owned by: {user}   dated: {}\n\
             \u{20}        file name: {file}\n\
             \u{20}         modified: no\n\
             \u{20}        user name: {user}   host name: {host}\n\
             \u{20}       process ID: {pid} (STILL RUNNING)\n\
             While opening file \"{shown}\"{written}\n\
             (1) Another program may be editing the same file.  If this is the case,\n\
             \u{20}   be careful not to end up with two different instances of the same\n\
             \u{20}   file when making changes.  Quit, or continue with caution.\n\
             (2) An edit session for this file crashed.\n\
             \u{20}   If this is the case, use \":recover\" or \"vim -r {shown}\"\n\
             \u{20}   to recover the changes (see \":help recovery\").\n\
             \u{20}   If you did this already, delete the swap file \"{swap_shown}\"\n\
             \u{20}   to avoid this message.\n\n\
             Swap file \"{swap_shown}\" already exists!\n\
             [O]pen Read-Only, (E)dit anyway, (R)ecover, (Q)uit, (A)bort: ",
            date(swap)
        )
    }

    /// Takes the swap files of this editor away.
    pub(super) fn drop_swaps(&mut self) {
        for swap in std::mem::take(&mut self.made) {
            let op = FileOp::Remove { path: &swap, recursive: false };
            let _ = self.proc.disk().change(op);
        }
    }
}

fn json(found: &Found) -> Result<String, String> {
    serde_json::to_string(found).map_err(|why| why.to_string())
}

/// A number that tells contents apart.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(2_166_136_261, |sum: u32, byte| (sum ^ u32::from(*byte)).wrapping_mul(16_777_619))
}
