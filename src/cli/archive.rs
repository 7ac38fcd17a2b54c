//! Packs as `.tar.gz`: unpacked in memory only, so that no entry can name a place on the real disk.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path};

use flate2::read::GzDecoder;
use tar::{Archive, EntryType};

use super::packs::{ENTRIES_MAX, PACK_BYTES_MAX};
use crate::exercises::pack::Files;

/// The files of an archive. A folder that holds everything is left out of the names.
///
/// # Errors
/// When it cannot be read, is too large, or has an entry that is no plain file inside it.
pub(crate) fn read(path: &Path) -> Result<Files, String> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let packed = File::open(path).map_err(told)?;
    // The cap also holds for what a small file unpacks to.
    let plain = GzDecoder::new(packed).take(2 * PACK_BYTES_MAX);
    let mut files = Files::new();
    let mut total = 0;
    for (index, entry) in Archive::new(plain).entries().map_err(told)?.enumerate() {
        let mut entry = entry.map_err(told)?;
        if index >= ENTRIES_MAX {
            return Err(format!("{}: a pack may have {ENTRIES_MAX} entries at the most", path.display()));
        }
        match entry.header().entry_type() {
            EntryType::Directory | EntryType::XGlobalHeader => continue,
            EntryType::Regular => {}
            _ => return Err(format!("{}: a pack holds plain files and folders only", path.display())),
        }
        let name = inner_name(&entry.path().map_err(told)?)
            .ok_or_else(|| format!("{}: an entry's name leads out of the pack", path.display()))?;
        let mut bytes = Vec::new();
        total += (&mut entry).take(PACK_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(told)? as u64;
        if total > PACK_BYTES_MAX {
            return Err(format!("{}: a pack may hold 16 MiB at the most", path.display()));
        }
        files.insert(name, bytes);
    }
    Ok(without_top(files))
}

/// A relative name with slashes; `None` when it is absolute or climbs.
fn inner_name(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?.to_owned()),
            Component::CurDir => {}
            _ => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Takes the one folder away that all names begin with, when `pack.toml` lies in it.
fn without_top(files: Files) -> Files {
    let top = files.keys().find_map(|name| name.strip_suffix("/pack.toml").filter(|it| !it.contains('/')));
    let Some(top) = top.filter(|_| !files.contains_key("pack.toml")).map(|it| format!("{it}/")) else {
        return files;
    };
    files.into_iter().filter_map(|(name, bytes)| Some((name.strip_prefix(&top)?.to_owned(), bytes))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        assert_eq!(inner_name(Path::new("./a/b.sh")), Some("a/b.sh".into()));
        assert_eq!((inner_name(Path::new("../a")), inner_name(Path::new("/etc/passwd"))), (None, None));
    }
}
