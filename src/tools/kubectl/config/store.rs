//! The kubeconfig files of a command and the rules by which changes find their file.
//!
//! Rules of client-go `tools/clientcmd/config.go`.

use std::collections::BTreeSet;

use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object::{self, list, text};
use crate::apimachinery::yaml;
use crate::cluster::place::FileOp;
use crate::hosts::files;
use crate::tools::kubectl::{Ctx, Failure, kubeconfig};

/// The three lists of a kubeconfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Clusters,
    Contexts,
    Users,
}

impl Section {
    pub(super) const ALL: [Self; 3] = [Self::Clusters, Self::Contexts, Self::Users];

    /// The key of the list.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Contexts => "contexts",
            Self::Users => "users",
        }
    }

    /// The key of an item's content, and what messages call it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Clusters => "cluster",
            Self::Contexts => "context",
            Self::Users => "user",
        }
    }

    /// Fields that hold paths.
    pub(super) fn path_fields(self) -> &'static [&'static str] {
        match self {
            Self::Clusters => &["certificate-authority"],
            Self::Contexts => &[],
            Self::Users => &["client-certificate", "client-key", "tokenFile"],
        }
    }

    /// Fields that are written even when they are empty.
    fn kept_fields(self) -> &'static [&'static str] {
        match self {
            Self::Clusters => &["server"],
            Self::Contexts => &["cluster", "user"],
            Self::Users => &[],
        }
    }
}

/// One file.
#[derive(Clone, Debug)]
struct File {
    /// As the flag or the variable names it.
    shown: String,
    path: String,
    /// None when there is no such file.
    tree: Option<Value>,
    dirty: bool,
}

/// All files of a command, first ones first.
#[derive(Clone, Debug)]
pub(super) struct Store {
    files: Vec<File>,
    pub(super) explicit: bool,
}

impl Store {
    /// Reads the files.
    ///
    /// # Errors
    /// A file that cannot be read as a kubeconfig.
    pub(super) fn open(ctx: &Ctx<'_>) -> Result<Self, Failure> {
        let explicit = ctx.flags.text("kubeconfig");
        let named = ctx.proc.env.get("KUBECONFIG").filter(|list| !list.is_empty());
        let shown: Vec<String> = match (explicit, named) {
            ("", Some(list)) => list.split(':').filter(|path| !path.is_empty()).map(str::to_owned).collect(),
            ("", None) => vec![kubeconfig::home_file(ctx.proc, "config")],
            (path, _) => vec![path.to_owned()],
        };
        let mut files: Vec<File> = Vec::new();
        for shown in shown {
            let path = ctx.proc.path(&shown);
            if files.iter().all(|file| file.path != path) {
                let tree = kubeconfig::load_file(ctx.proc, &shown)?;
                files.push(File { shown, path, tree, dirty: false });
            }
        }
        Ok(Self { files, explicit: !explicit.is_empty() })
    }

    /// The file that new entries go to.
    fn default_file(&self) -> usize {
        let existing = self.files.iter().position(|file| file.tree.is_some());
        existing.unwrap_or_else(|| self.files.len().saturating_sub(1))
    }

    /// Its name as the learner gave it.
    pub(super) fn default_shown(&self) -> String {
        self.files.get(self.default_file()).map(|file| file.shown.clone()).unwrap_or_default()
    }

    fn home_of(&self, section: Section, name: &str) -> Option<usize> {
        self.files.iter().position(|file| entry(file.tree.as_ref(), section, name).is_some())
    }

    /// An entry's content: of the first file that has it.
    pub(super) fn find(&self, section: Section, name: &str) -> Option<&Value> {
        self.files.iter().find_map(|file| entry(file.tree.as_ref(), section, name))
    }

    /// An entry's content with its paths made absolute, as clients use it.
    pub(super) fn resolved(&self, section: Section, name: &str) -> Option<Value> {
        let file = self.files.get(self.home_of(section, name)?)?;
        let mut value = entry(file.tree.as_ref(), section, name)?.clone();
        for field in section.path_fields() {
            let path = object::field(&value, field).to_owned();
            if !path.is_empty() {
                value[*field] = files::clean(files::parent(&file.path), &path).into();
            }
        }
        Some(value)
    }

    /// The names of a section, sorted.
    pub(super) fn names(&self, section: Section) -> BTreeSet<String> {
        let pointer = format!("/{}", section.key());
        let trees = self.files.iter().filter_map(|file| file.tree.as_ref());
        trees.flat_map(|tree| list(tree, &pointer)).map(|item| text(item, "/name").to_owned()).collect()
    }

    /// The current context: of the first file that has one.
    pub(super) fn current(&self) -> &str {
        let of = |file: &'_ File| {
            file.tree.as_ref().is_some_and(|tree| !text(tree, "/current-context").is_empty())
        };
        let file = self.files.iter().find(|file| of(file));
        file.and_then(|file| file.tree.as_ref()).map_or("", |tree| text(tree, "/current-context"))
    }

    /// Makes a context current; an empty name clears it.
    pub(super) fn set_current(&mut self, name: &str) {
        if name == self.current() {
            return;
        }
        let setting =
            |file: &File| file.tree.as_ref().is_some_and(|tree| !text(tree, "/current-context").is_empty());
        let at = match name {
            "" => self.files.iter().position(setting),
            _ => Some(self.default_file()),
        };
        if let Some(file) = at.and_then(|at| self.files.get_mut(at)) {
            file.edit()["current-context"] = name.into();
        }
    }

    /// Replaces an entry where it is, or adds it to the default file. Nothing is written when nothing changes.
    pub(super) fn put(&mut self, section: Section, name: &str, mut value: Value) {
        prune(section, &mut value);
        let at = self.home_of(section, name).unwrap_or_else(|| self.default_file());
        let Some(file) = self.files.get_mut(at) else { return };
        for field in section.path_fields() {
            let path = object::field(&value, field);
            if let Some(relative) = path.strip_prefix(&format!("{}/", files::parent(&file.path))) {
                value[*field] = relative.into();
            }
        }
        let items = file.items(section);
        let item = json!({"name": name, section.noun(): value});
        match items.iter_mut().find(|item| text(item, "/name") == name) {
            Some(old) => *old = item,
            None => items.push(item),
        }
    }

    /// Takes an entry out of the file that has it.
    pub(super) fn remove(&mut self, section: Section, name: &str) {
        if let Some(file) = self.home_of(section, name).and_then(|at| self.files.get_mut(at)) {
            file.items(section).retain(|item| text(item, "/name") != name);
        }
    }

    /// Writes the files that changed.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn save(&self, ctx: &Ctx<'_>) -> Result<(), Failure> {
        for file in self.files.iter().filter(|file| file.dirty) {
            let tree = normal_form(file.tree.clone().unwrap_or_default());
            let parent = FileOp::Mkdir { path: files::parent(&file.path), mode: 0o755, parents: true };
            // A directory that is there already is as good.
            let _ = ctx.proc.change_files(parent);
            let written = ctx.proc.write_file(&file.path, yaml::to_string(&tree).as_bytes());
            written.map_err(|error| {
                Failure::error(format!(
                    "open {}: {}",
                    file.shown,
                    crate::tools::kubectl::failure::go_error(error)
                ))
            })?;
            if file.fresh() {
                let private = FileOp::Chmod { path: &file.path, mode: 0o600 };
                let _ = ctx.proc.change_files(private);
            }
        }
        Ok(())
    }

    /// All files merged into one, paths made absolute.
    pub(super) fn merged(&self) -> Value {
        let mut tree = json!({});
        for section in Section::ALL {
            let item = |name: String| {
                let value = self.resolved(section, &name)?;
                Some(json!({"name": name, section.noun(): value}))
            };
            tree[section.key()] = self.names(section).into_iter().filter_map(item).collect();
        }
        tree["current-context"] = self.current().into();
        normal_form(tree)
    }
}

impl File {
    fn edit(&mut self) -> &mut Value {
        self.dirty = true;
        self.tree.get_or_insert_with(|| json!({"kubectl-made": true}))
    }

    /// True for a file that was not there before.
    fn fresh(&self) -> bool {
        self.tree.as_ref().is_some_and(|tree| tree.get("kubectl-made").is_some())
    }

    fn items(&mut self, section: Section) -> &mut Vec<Value> {
        let slot = &mut self.edit()[section.key()];
        if !slot.is_array() {
            *slot = json!([]);
        }
        match slot {
            Value::Array(items) => items,
            // The lines above made it a list.
            _ => unreachable!("not a list"),
        }
    }
}

fn entry<'a>(tree: Option<&'a Value>, section: Section, name: &str) -> Option<&'a Value> {
    let items = list(tree?, &format!("/{}", section.key())).iter();
    items
        .into_iter()
        .find(|item| text(item, "/name") == name)?
        .get(section.noun())
        .filter(|value| value.is_object())
}

/// Leaves out what Go leaves out when it writes the struct, and adds what it always writes.
fn prune(section: Section, value: &mut Value) {
    let map = object::as_map(value);
    map.retain(|key, value| section.kept_fields().contains(&key.as_str()) || !is_empty(value));
    for field in section.kept_fields() {
        map.entry(*field).or_insert_with(|| "".into());
    }
    if let Some(exec) = map.get_mut("exec").map(object::as_map) {
        exec.retain(|key, value| {
            ["command", "args", "env", "provideClusterInfo"].contains(&key.as_str()) || !is_empty(value)
        });
        for (key, value) in [
            ("command", json!("")),
            ("args", json!(null)),
            ("env", json!(null)),
            ("provideClusterInfo", json!(false)),
        ] {
            exec.entry(key).or_insert(value);
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// A kubeconfig as client-go writes it: lists sorted by name, `null` for empty ones.
pub(super) fn normal_form(tree: Value) -> Value {
    let mut normal = Map::new();
    for section in Section::ALL {
        let mut items = list(&tree, &format!("/{}", section.key())).to_vec();
        items.sort_by_key(|item| text(item, "/name").to_owned());
        for item in &mut items {
            let mut value = item.get(section.noun()).cloned().unwrap_or_default();
            prune(section, &mut value);
            *item = json!({"name": text(item, "/name"), section.noun(): value});
        }
        normal.insert(section.key().into(), if items.is_empty() { Value::Null } else { items.into() });
    }
    for key in ["preferences", "extensions"] {
        if let Some(value) = tree.get(key).filter(|value| !is_empty(value)) {
            normal.insert(key.into(), value.clone());
        }
    }
    normal.insert("apiVersion".into(), "v1".into());
    normal.insert("kind".into(), "Config".into());
    normal.insert("current-context".into(), text(&tree, "/current-context").into());
    Value::Object(normal)
}
