//! The user's data folder: where it is, and how files in it are written so that nothing is lost.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Names another folder than the user's own, for tests and for sticks that are carried around.
const FOLDER_VARIABLE: &str = "UNCORDON_DATA";

/// The folder. It need not exist yet.
///
/// # Errors
/// When there is no home folder.
pub(crate) fn folder() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os(FOLDER_VARIABLE).filter(|value| !value.is_empty()) {
        return Ok(PathBuf::from(named));
    }
    let project = directories::ProjectDirs::from("", "", "uncordon");
    let found = project.map(|project| project.data_dir().to_path_buf());
    found.ok_or_else(|| format!("there is no home folder to keep things in; set {FOLDER_VARIABLE}"))
}

/// What went wrong with a file, with its name.
pub(crate) fn failed(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// A file to add lines to, made with its folder where it is missing.
pub(crate) fn open_to_append(path: &Path) -> Result<File, String> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| OpenOptions::new().create(true).append(true).open(path))
        .map_err(|error| failed(path, &error))
}

/// A file that is not there yet, open to add lines to and locked; nothing when its name is taken.
pub(crate) fn create_locked(path: &Path) -> Result<Option<File>, String> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    let file = made.and_then(|()| OpenOptions::new().create_new(true).append(true).open(path));
    match file {
        Ok(file) => file.lock().map(|()| Some(file)).map_err(|error| failed(path, &error)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Adds text to a file and returns when it is on the disk.
pub(crate) fn append(file: &mut File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// Writes a whole file: another one beside it first, which then takes its name.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), String> {
    let beside = path.with_extension("new");
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let mut file = File::create(&beside)?;
        append(&mut file, text)?;
        fs::rename(&beside, path)
    });
    written.map_err(|error| failed(path, &error))
}

/// Gives a file that cannot be used a name of its own and tells it; nothing is overwritten.
pub(crate) fn keep_aside(path: &Path, why: &str) -> Result<PathBuf, String> {
    for number in 1..=u32::MAX {
        let name = format!("{}.{why}-{number}", path.display());
        let aside = PathBuf::from(name);
        if !aside.exists() {
            fs::rename(path, &aside).map_err(|error| failed(path, &error))?;
            return Ok(aside);
        }
    }
    Err(format!("{}: there are too many files kept aside", path.display()))
}

/// Unix time in seconds.
pub(crate) fn now_s() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_aside_is_never_overwritten() {
        let folder = std::env::temp_dir().join(format!("uncordon-aside-{}", std::process::id()));
        let path = folder.join("a.jsonl");
        for text in ["one", "two"] {
            replace(&path, text).unwrap();
            let aside = keep_aside(&path, "damaged").unwrap();
            assert_eq!(fs::read_to_string(aside).unwrap(), text);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(&folder).unwrap();
    }
}
