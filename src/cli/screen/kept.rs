//! A sitting on disk: every entry is in its journal, and synced, before anything that it shows is shown.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::data;
use crate::cli::guard;
use crate::exam::journal::{self, Act, Entry, Head, Kind, Link, Rest};
use crate::exam::result;
use crate::exam::seat::News;
use crate::exam::sitting::Sitting;
use crate::exercises::{Exercise, Pack};

/// A sitting with its journal.
pub(super) struct Kept {
    pub(super) sitting: Sitting,
    /// Everything so far, as it stands in the journal.
    pub(super) entries: Vec<Entry>,
    pub(super) path: PathBuf,
    file: File,
    link: Link,
    /// The real clock's time at which the sitting's clock was at `base_ms`.
    since: Instant,
    base_ms: u64,
    ticked_ms: u64,
}

/// How much of the clock a kill may lose, in milliseconds.
const TICK_MS: u64 = 5_000;

/// The folder of journals.
fn folder() -> Result<PathBuf, String> {
    Ok(data::folder()?.join("sittings"))
}

impl Kept {
    /// Begins a sitting; its journal has the name of its beginning.
    pub(super) fn begin(head: Head, exercises: Vec<Exercise>, now: Instant) -> Result<Self, String> {
        let name = |number: u32| match number {
            0 => format!("{}.journal", head.began_s),
            _ => format!("{}-{number}.journal", head.began_s),
        };
        let folder = folder()?;
        let (path, mut file) = fresh(&folder, name)?;
        let mut link = Link::default();
        data::append(&mut file, &link.line(&head)?).map_err(|error| data::failed(&path, &error))?;
        let sitting = Sitting::new(head, exercises);
        Ok(Self { sitting, entries: Vec::new(), path, file, link, since: now, base_ms: 0, ticked_ms: 0 })
    }

    /// Takes a journal up: `replay` is told of every entry and of what it shows, in order. What a kill left
    /// half written is cut off; what somebody damaged is kept aside first.
    pub(super) fn resume(
        path: &Path,
        packs: &[Pack],
        now: Instant,
        mut replay: impl FnMut(&Sitting, &Entry, News),
    ) -> Result<Self, String> {
        let fail = |error: std::io::Error| data::failed(path, &error);
        let file = OpenOptions::new().append(true).open(path).map_err(fail)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(format!("{}: it is open in another terminal", path.display()));
            }
            Err(TryLockError::Error(error)) => return Err(fail(error)),
            Ok(()) => {}
        }
        let bytes = fs::read(path).map_err(fail)?;
        let found = journal::read(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        if found.rest == Rest::Damaged {
            let aside = path.with_extension("journal.damaged");
            fs::copy(path, &aside).map_err(fail)?;
        }
        let exercises = result::exercises(&found.head, packs)?;
        file.set_len(found.whole_bytes as u64).map_err(fail)?;
        let (mut file, mut entries, mut link) = (file, found.entries, found.link);
        if guard::gave_up() {
            let entry =
                journal::stuck(&entries).ok_or("the sitting cannot go on: its task never stands ready")?;
            let ms = entries.last().map_or(0, |it| it.ms);
            let entry = Entry { ms, act: Act::GaveUp { entry } };
            data::append(&mut file, &link.line(&entry)?).map_err(fail)?;
            entries.push(entry);
        }
        let mut sitting = Sitting::new(found.head, exercises);
        for entry in &journal::lived(&entries) {
            let news = sitting.take(entry)?;
            replay(&sitting, entry, news);
        }
        let base_ms = sitting.at_ms;
        let path = path.to_path_buf();
        Ok(Self { sitting, entries, path, file, link, since: now, base_ms, ticked_ms: base_ms })
    }

    /// True when what was stuck was given up just now.
    pub(super) fn gave_up(&self) -> bool {
        self.entries.last().is_some_and(|it| matches!(it.act, Act::GaveUp { .. }))
    }

    /// Where the sitting's clock is.
    pub(super) fn now_ms(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.since).as_millis();
        self.base_ms + u64::try_from(since).unwrap_or(0)
    }

    /// Keeps an entry and then takes it in.
    pub(super) fn act(&mut self, act: Act, now: Instant) -> Result<News, String> {
        let entry = Entry { ms: self.now_ms(now), act };
        let line = self.link.line(&entry)?;
        data::append(&mut self.file, &line).map_err(|error| data::failed(&self.path, &error))?;
        self.ticked_ms = entry.ms;
        let news = self.sitting.take(&entry);
        self.entries.push(entry);
        news
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, now: Instant) -> Result<News, String> {
        let ms = self.now_ms(now);
        if ms >= self.ticked_ms + TICK_MS && self.sitting.ended.is_none() {
            return self.act(Act::Tick, now);
        }
        Ok(self.sitting.pass(ms))
    }

    /// The sitting's clock stood still from `before` until `now`: what was done took time that is nobody's.
    pub(super) fn forgive(&mut self, before: Instant, now: Instant) {
        self.since += now.saturating_duration_since(before);
    }
}

/// A journal of its own, which no other process has: locked as long as it is open.
fn fresh(folder: &Path, name: impl Fn(u32) -> String) -> Result<(PathBuf, File), String> {
    for number in 0..u32::MAX {
        let path = folder.join(name(number));
        if let Some(file) = data::create_locked(&path)? {
            return Ok((path, file));
        }
    }
    Err(format!("{}: no name is free", folder.display()))
}

/// The journals that there are, newest first.
pub(super) fn journals() -> Result<Vec<PathBuf>, String> {
    let folder = folder()?;
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(data::failed(&folder, &error)),
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "journal"));
    paths.sort();
    paths.reverse();
    Ok(paths)
}

/// The head of a journal, if it can be read.
pub(super) fn head_of(path: &Path) -> Option<Head> {
    journal::read(&fs::read(path).ok()?).ok().map(|found| found.head)
}

/// True for a journal of that kind whose sitting has no end.
pub(super) fn is_cut_off(path: &Path, kind: Kind) -> bool {
    let found = fs::read(path).ok().and_then(|bytes| journal::read(&bytes).ok());
    found.is_some_and(|found| {
        let ended = found.entries.iter().any(|entry| matches!(entry.act, Act::End { .. }));
        found.head.kind == kind && !ended
    })
}
