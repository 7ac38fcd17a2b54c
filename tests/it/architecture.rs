//! The layers, held by reading `use` lines and paths: nobody uses a layer below its own, and no crate
//! is used outside its home.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer uses only those before it.
const LAYERS: &[&str] = &[
    "sim",
    "apimachinery",
    "hosts",
    "cluster",
    "shell",
    "tools",
    "exercises",
    "exam",
    "tui",
    "serve",
    "cli",
];

/// Paths that may stand only below these folders or in these files.
const HOMES: &[(&str, &[&str])] = &[
    ("cel::", &["src/apimachinery/expr", "src/apimachinery/schema/validations.rs"]),
    ("ratatui::", &["src/tui", "src/cli"]),
    ("crossterm::", &["src/tui", "src/cli"]),
    ("fluent_bundle::", &["src/tui/words.rs"]),
    ("unic_langid::", &["src/tui/words.rs"]),
    ("tokio::", &["src/shell", "src/serve"]),
    ("axum::", &["src/serve"]),
    ("hyper::", &["src/serve"]),
    ("hyper_util::", &["src/serve"]),
    ("rustls::", &["src/serve"]),
    ("signal_hook::", &["src/cli", "src/serve"]),
    ("bashkit::", &["src/shell"]),
    ("fancy_regex::", &["src/shell/programs/jq/regexes.rs"]),
    ("rs_fsrs::", &["src/exam"]),
    ("directories::ProjectDirs", &["src/cli"]),
    ("serde_yaml::", &["src/apimachinery/yaml.rs", "src/apimachinery/yaml"]),
    ("std::fs", &["src/cli", "src/serve"]),
    ("std::env", &["src/cli", "src/serve"]),
    ("std::net::Tcp", &["src/cli", "src/serve"]),
    ("std::thread", &["src/cli", "src/serve"]),
    ("Instant::now", &["src/cli", "src/serve"]),
    ("SystemTime::now", &["src/cli", "src/serve"]),
];

/// Code lines that a file may have. A table may be longer: name it here.
const LINES_MAX: usize = 500;
const LINES_MAX_EXEMPT: &[&str] = &[];

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(&root.join("src"), &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap_or_default())
        })
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file: without comments, and without the tests at its end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("\n#[cfg(test)]\nmod ").unwrap_or(text.len());
    let kept = text.get(..end).unwrap_or(text);
    let lines = kept.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    lines.filter(|(_, line)| !line.starts_with("//"))
}

fn layer_of(path: &str) -> Option<usize> {
    let layer = path.strip_prefix("src/")?.split(['/', '.']).next()?;
    LAYERS.iter().position(|known| *known == layer)
}

/// `path:line: what is wrong`, for each use of a layer that stands below.
fn upward(path: &str, text: &str) -> Vec<String> {
    let Some(own) = layer_of(path) else { return Vec::new() };
    let below = LAYERS.iter().skip(own + 1);
    let named: Vec<(&str, String)> = below.map(|layer| (*layer, format!("crate::{layer}"))).collect();
    code(text)
        .flat_map(|(line, text)| named.iter().map(move |(layer, needle)| (line, text, layer, needle)))
        .filter(|(_, text, _, needle)| {
            text.match_indices(needle.as_str()).any(|(at, _)| {
                let after = text.as_bytes().get(at + needle.len());
                after.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
            })
        })
        .map(|(line, _, layer, _)| format!("{path}:{line}: {} may not use {layer}", LAYERS[own]))
        .collect()
}

fn astray(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (line, code) in code(text) {
        for (needle, homes) in HOMES {
            let at_home = homes.iter().any(|home| {
                path == *home || path.starts_with(&format!("{home}/")) || path == format!("{home}.rs")
            });
            if code.contains(needle) && !at_home {
                found.push(format!("{path}:{line}: {needle} belongs into {}", homes.join(", ")));
            }
        }
    }
    found
}

#[test]
fn no_layer_uses_one_below_it() {
    let wrong: Vec<String> = sources().iter().flat_map(|(path, text)| upward(path, text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_and_the_real_world_stay_in_their_homes() {
    let wrong: Vec<String> = sources().iter().flat_map(|(path, text)| astray(path, text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_has_two_subjects() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|(path, _)| !LINES_MAX_EXEMPT.contains(&path.as_str()))
        .map(|(path, text)| (path, code(text).filter(|(_, line)| !line.is_empty()).count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| format!("{path}: {lines} lines of code"))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn this_test_sees_what_it_is_to_see() {
    assert_eq!(upward("src/hosts/a.rs", "use crate::cluster::World;").len(), 1);
    assert_eq!(upward("src/cluster/a.rs", "use crate::hosts::Host;"), Vec::<String>::new());
    assert_eq!(upward("src/sim/a.rs", "let x = crate::apimachinery_x::f();").len(), 0);
    assert_eq!(astray("src/hosts/a.rs", "let t = Instant::now();").len(), 1);
    assert_eq!(astray("src/cli/a.rs", "use std::fs;").len(), 0);
    assert_eq!(upward("src/sim/a.rs", "// crate::cluster").len(), 0);
}
