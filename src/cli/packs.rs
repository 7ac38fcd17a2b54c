//! Packs as folders on the real disk, and the ones that come with the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use include_dir::{Dir, DirEntry, include_dir};

use crate::exercises::pack::{self, Files};
use crate::exercises::texts::plain;
use crate::exercises::{Exercise, Pack, Problem};

/// Packs that are part of the program: it works offline and from any folder.
static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/exercises");

/// Files of a pack; more are none.
pub(super) const ENTRIES_MAX: usize = 4096;

/// Files of a pack together may not be larger than this: 16 MiB.
pub(super) const PACK_BYTES_MAX: u64 = 16 << 20;

/// Reads every file below a folder; links are left out, so that nothing outside is read.
pub(crate) fn read_folder(folder: &Path) -> Result<Files, String> {
    let mut files = Files::new();
    let mut total = 0;
    collect(folder, folder, &mut files, &mut total)?;
    Ok(files)
}

fn collect(root: &Path, folder: &Path, files: &mut Files, total: &mut u64) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(fail)?);
        if kind.is_dir() {
            collect(root, &path, files, total)?;
        } else if kind.is_file() {
            if files.len() >= ENTRIES_MAX {
                return Err(format!("{}: a pack may have {ENTRIES_MAX} files at the most", root.display()));
            }
            *total += entry.metadata().map_err(fail)?.len();
            if *total > PACK_BYTES_MAX {
                return Err(format!("{}: a pack may hold 16 MiB at the most", root.display()));
            }
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.insert(name, fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?);
        }
    }
    Ok(())
}

/// The files of a pack: a folder, or an archive of one.
pub(crate) fn read_source(path: &Path) -> Result<Files, String> {
    if path.is_dir() {
        return read_folder(path);
    }
    if path.is_file() && is_archive(path) {
        return super::archive::read(path);
    }
    Err(format!("{}: no such folder, and no .tar.gz", path.display()))
}

/// The pack in a folder or an archive, or every problem of it.
pub(crate) fn load_folder(folder: &Path) -> Result<Result<Pack, Vec<Problem>>, String> {
    Ok(pack::load(&read_source(folder)?))
}

fn is_archive(path: &Path) -> bool {
    let name = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    name.ends_with(".tar.gz") || name.ends_with(".tgz")
}

/// Every pack of the program, and those of the user's data folder.
pub(crate) fn all() -> Vec<Pack> {
    let mut packs = shipped();
    for folder in user_folders() {
        match load_folder(&folder) {
            Ok(Ok(found)) if !packs.iter().any(|known| known.id == found.id) => packs.push(found),
            Ok(Ok(found)) => tell(format!(
                "{}: left out, since another pack has its id {:?}: give it one of its own",
                folder.display(),
                found.id
            )),
            Ok(Err(problems)) => {
                let first = problems.first().map(|it| lines(std::slice::from_ref(it))).unwrap_or_default();
                tell(format!(
                    "{}: left out, since it has problems ({}, first: {first}); `uncordon pack lint` tells them",
                    folder.display(),
                    problems.len()
                ));
            }
            Err(why) => tell(why),
        }
    }
    packs
}

/// The packs of the program. One that cannot be read is told, and left out.
pub(crate) fn shipped() -> Vec<Pack> {
    let (packs, broken) = shipped_and_broken();
    broken.into_iter().for_each(tell);
    packs
}

/// What is wrong with packs, while a screen is drawn that cannot be written over.
static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Says why a pack is left out: at once, or once [`untold`] is asked.
fn tell(why: String) {
    if super::guard::has_screen() {
        TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(why);
    } else {
        eprintln!("uncordon: {why}");
    }
}

/// Why packs were left out, as far as nobody was told.
pub(crate) fn untold() -> Vec<String> {
    std::mem::take(&mut *TOLD.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
}

/// The packs of the program, and what is wrong with those that cannot be read.
pub(crate) fn shipped_and_broken() -> (Vec<Pack>, Vec<String>) {
    let shipped = SHIPPED.dirs().filter(|dir| dir.get_file(dir.path().join("pack.toml")).is_some());
    let read = |dir: &'static Dir<'_>| {
        pack::load_shipped(&shipped_files(dir)).map_err(|problems| {
            format!("the pack {} is left out:\n{}", dir.path().display(), lines(&problems))
        })
    };
    // Each on a thread of its own: the home screen waits for them.
    let read: Vec<_> = std::thread::scope(|scope| {
        let reading: Vec<_> = shipped.map(|dir| scope.spawn(move || read(dir))).collect();
        reading.into_iter().filter_map(|it| it.join().ok()).collect()
    });
    let (mut packs, mut broken) = (Vec::new(), Vec::new());
    for it in read {
        match it {
            Ok(pack) => packs.push(pack),
            Err(why) => broken.push(why),
        }
    }
    (packs, broken)
}

/// The files of a shipped pack.
fn shipped_files(pack: &Dir<'_>) -> Files {
    fn collect(root: &Path, dir: &Dir<'_>, files: &mut Files) {
        for entry in dir.entries() {
            match entry {
                DirEntry::Dir(dir) => collect(root, dir, files),
                DirEntry::File(file) => {
                    let name = file.path().strip_prefix(root).unwrap_or(file.path());
                    files.insert(name.to_string_lossy().into_owned(), file.contents().to_vec());
                }
            }
        }
    }
    let mut files = Files::new();
    collect(pack.path(), pack, &mut files);
    files
}

/// Folders and archives below `packs` in the user's data folder.
fn user_folders() -> Vec<PathBuf> {
    let Ok(data) = super::data::folder() else { return Vec::new() };
    let Ok(entries) = fs::read_dir(data.join("packs")) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() || is_archive(path))
        .collect();
    folders.sort();
    folders
}

/// The exercise that a word means: its id, `PACK/ID`, or the path of its folder.
pub(crate) fn find(word: &str) -> Result<Exercise, String> {
    let path = Path::new(word);
    if path.join("exercise.yaml").is_file() {
        return from_path(path);
    }
    let packs = all();
    let mut fits: Vec<Exercise> = packs
        .iter()
        .flat_map(|pack| &pack.exercises)
        .filter(|it| it.id == word || format!("{}/{}", it.pack, it.id) == word)
        .cloned()
        .collect();
    match (fits.pop(), fits.is_empty()) {
        (Some(found), true) => Ok(found),
        (Some(_), false) => Err(format!("{word:?} is in several packs; write PACK/{word}")),
        (None, _) => Err(format!("there is no exercise {word:?}; `uncordon list` shows them all")),
    }
}

fn from_path(folder: &Path) -> Result<Exercise, String> {
    let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    let parent = folder.parent().ok_or("an exercise is a folder in a pack")?;
    let id = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match load_folder(parent)? {
        Ok(pack) => pack
            .exercises
            .into_iter()
            .find(|it| it.id == id)
            .ok_or(format!("the pack has no exercise {id:?}")),
        Err(problems) => Err(lines(&problems)),
    }
}

/// Problems, one a line.
pub(crate) fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|it| plain(&format!("{}: {}", it.file, it.message))).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Place;
    use crate::exam::welcome::{CANDIDATE, welcome};
    use crate::exercises::{Stage, grade, stage};
    use crate::shell::{Console, Login, Script};

    /// The exercises are proven as root; every so many of them is lived as in an exam.
    const STEP: usize = 5;

    fn as_candidate(exercise: &Exercise) -> (String, u32, u32) {
        let mut stage = Stage::build(exercise.variant(1).unwrap()).unwrap();
        welcome(&mut stage.start);
        let lab = stage::lab(stage.start.clone());
        let login = Login::new(&lab, Place::host(&stage.variant.host), CANDIDATE).alias("k", "kubectl");
        let mut console = Console::new(&lab, login.clone()).unwrap();
        let text = format!(
            "cat > solution.sh <<'UNTIL'\n{}\nUNTIL\nsudo -i bash $PWD/solution.sh\n",
            stage.variant.solution
        );
        console.run_script(&login, Script { text, ..Script::default() });
        drop(console);
        let report = grade(&stage, &Stage::settled(&lab.world().clone()));
        (exercise.id.clone(), report.points, report.max)
    }

    #[test]
    fn a_candidate_with_sudo_wins_what_root_wins() {
        let packs = all();
        let exercises = packs.iter().flat_map(|pack| &pack.exercises).step_by(STEP);
        let short: Vec<_> = exercises.map(as_candidate).filter(|(_, points, max)| points < max).collect();
        assert_eq!(short, []);
    }
}
