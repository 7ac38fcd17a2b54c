//! Carrying out: from a release as it was to one as it is to be.
//!
//! What is not there is made; what is there is brought to its new form by a patch from three sides (what the release
//! had, what it is to have, what the server has), or replaced as a whole with `--force`; what the release no longer
//! has goes away.

use super::args::Args;
use super::cluster::Api;
use super::release::{self, Release};
use super::render::{self, Document};
use super::{Done, hooks, ready, several};
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};

/// 10 revisions are kept. Source: `--history-max`.
const HISTORY_MAX: usize = 10;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Install,
    Upgrade,
    /// To a revision.
    Rollback(i64),
}

impl Verb {
    fn pending(self) -> &'static str {
        match self {
            Self::Install => "pending-install",
            Self::Upgrade => "pending-upgrade",
            Self::Rollback(_) => "pending-rollback",
        }
    }

    /// What a release says that went well.
    fn said(self) -> String {
        match self {
            Self::Install => "Install complete".into(),
            Self::Upgrade => "Upgrade complete".into(),
            Self::Rollback(to) => format!("Rollback to {to}"),
        }
    }

    /// What it says while it is under way.
    fn says(self) -> &'static str {
        match self {
            Self::Install => "Initial install underway",
            Self::Upgrade => "Preparing upgrade",
            Self::Rollback(_) => "",
        }
    }

    /// What it says when it failed.
    fn failed(self, name: &str, why: &str) -> String {
        let what = match self {
            Self::Install => "Release",
            Self::Upgrade => "Upgrade",
            Self::Rollback(_) => "Rollback",
        };
        format!("{what} {name:?} failed: {why}")
    }

    fn event(self, before: bool) -> &'static str {
        match (self, before) {
            (Self::Install, true) => "pre-install",
            (Self::Install, false) => "post-install",
            (Self::Upgrade, true) => "pre-upgrade",
            (Self::Upgrade, false) => "post-upgrade",
            (Self::Rollback(_), true) => "pre-rollback",
            (Self::Rollback(_), false) => "post-rollback",
        }
    }

    /// A failed hook in the words of the command.
    fn hook_failed(self, before: bool, why: &str) -> String {
        let event = self.event(before);
        match self {
            Self::Install => format!("failed {event}: {why}"),
            Self::Upgrade => format!("{event} hooks failed: {why}"),
            Self::Rollback(_) => why.to_owned(),
        }
    }
}

/// A release that is to be, with its documents, and the one whose objects are there.
pub(super) struct Work<'a> {
    pub(super) verb: Verb,
    pub(super) release: Release,
    pub(super) documents: &'a [Document],
    pub(super) before: Option<&'a Release>,
}

/// Writes the revision, makes the objects, and notes how it went.
pub(super) async fn carry_out(api: &mut Api<'_>, args: &Args, work: Work<'_>) -> Done {
    let Work { verb, mut release, documents, before } = work;
    let stamp = api.proc().world().now.unix_s();
    release.set_status(verb.pending(), verb.says());
    release.create(api, stamp)?;
    if let Err(why) = all_steps(api, args, verb, &mut release, (documents, before)).await {
        release.set_status("failed", &verb.failed(release.name(), &why));
        release.update(api, stamp)?;
        return Err(undo(api, args, &release, &why).await);
    }
    let name = release.name().to_owned();
    for mut old in release::history(api, &name)?.into_iter().filter(|it| it.revision() < release.revision()) {
        if old.status() == "deployed" {
            old.set_status("superseded", "");
            old.update(api, stamp)?;
        }
    }
    let said = args.value("description").map_or_else(|| verb.said(), str::to_owned);
    release.set_status("deployed", &said);
    release.update(api, stamp)?;
    forget(api, args, &name)
}

/// Takes revisions away that are more than are kept.
fn forget(api: &mut Api<'_>, args: &Args, name: &str) -> Done {
    let max = args.value("history-max").and_then(|it| it.parse().ok()).unwrap_or(HISTORY_MAX);
    if max == 0 {
        return Ok(());
    }
    let all = release::history(api, name)?;
    for old in all.iter().take(all.len().saturating_sub(max)) {
        old.remove(api)?;
    }
    Ok(())
}

async fn all_steps(
    api: &mut Api<'_>,
    args: &Args,
    verb: Verb,
    release: &mut Release,
    (documents, before): (&[Document], Option<&Release>),
) -> Done {
    let limit = ready::limit(args);
    if !args.has("no-hooks") {
        let done = hooks::run(api, release, verb.event(true), limit).await;
        done.map_err(|why| verb.hook_failed(true, &why))?;
    }
    match before {
        None => make_all(api, release, documents)?,
        Some(before) => update_all(api, args, release, (documents, before))?,
    }
    if ["wait", "atomic", "rollback-on-failure"].iter().any(|flag| args.has(flag)) {
        ready::wait(api, args, documents).await?;
    }
    if !args.has("no-hooks") {
        let done = hooks::run(api, release, verb.event(false), limit).await;
        done.map_err(|why| verb.hook_failed(false, &why))?;
    }
    Ok(())
}

/// An ordinary object with the marks of its release.
fn marked(object: &Value, release: &Release) -> Value {
    let mut it = object.clone();
    object::set(&mut it, &["metadata", "labels", "app.kubernetes.io/managed-by"], "Helm");
    object::set(&mut it, &["metadata", "annotations", "meta.helm.sh/release-name"], release.name());
    object::set(&mut it, &["metadata", "annotations", "meta.helm.sh/release-namespace"], release.namespace());
    it
}

fn plain(documents: &[Document]) -> impl Iterator<Item = &Value> {
    documents.iter().map(|it| &it.object).filter(|it| render::hook(it).is_empty())
}

/// A kind that nobody knows, in helm's words.
fn unknown_kind(it: &Value, why: &str) -> String {
    format!(
        "unable to build kubernetes objects from release manifest: resource mapping not found for name: {:?} namespace: {:?} from \"\": {why}\nensure CRDs are installed first",
        object::name(it),
        object::namespace(it)
    )
}

/// Refuses documents of kinds that the server does not have, before anything is made.
pub(super) fn known_kinds(api: &mut Api<'_>, documents: &[Document]) -> Done {
    for object in plain(documents) {
        api.known(object).map_err(|why| unknown_kind(object, &why))?;
    }
    Ok(())
}

/// Makes all objects; one that is refused does not keep the others from being made.
fn make_all(api: &mut Api<'_>, release: &Release, documents: &[Document]) -> Done {
    let mut failures = Vec::new();
    for object in plain(documents) {
        let it = marked(object, release);
        // One that is there already is this release's own, or is taken over.
        let done = match api.current(&it)? {
            None => api.make(&it),
            Some(current) => api.bring(None, &it, &current, false),
        };
        failures.extend(done.err());
    }
    if failures.is_empty() { Ok(()) } else { Err(several(&failures)) }
}

fn update_all(
    api: &mut Api<'_>,
    args: &Args,
    release: &Release,
    (documents, before): (&[Document], &Release),
) -> Done {
    let had: Vec<Document> = stored(before);
    let mut made = Vec::new();
    for object in plain(documents) {
        let it = marked(object, release);
        let original = had.iter().map(|it| &it.object).find(|old| same(old, object));
        let done = match api.current(&it)? {
            None => api
                .make(&it)
                .map_err(|why| format!("failed to create resource: {why}"))
                .map(|()| made.push(it)),
            Some(current) => api.bring(original, &it, &current, args.has("force")),
        };
        if let Err(why) = done {
            if args.has("cleanup-on-fail") {
                for it in &made {
                    api.delete(it)?;
                }
            }
            return Err(why);
        }
    }
    for object in leftovers(before, documents) {
        if object::annotation(&object, "helm.sh/resource-policy") != Some("keep") {
            api.delete(&object)?;
        }
    }
    Ok(())
}

/// What `--atomic` does after a failure, and what it says.
async fn undo(api: &mut Api<'_>, args: &Args, release: &Release, why: &str) -> String {
    if !(args.has("atomic") || args.has("rollback-on-failure")) {
        return why.to_owned();
    }
    let name = release.name();
    let before = release::history(api, name)
        .unwrap_or_default()
        .into_iter()
        .rev()
        .find(|it| it.status() == "deployed");
    let Some(old) = before else {
        return match take_away(api, args, release).await.and_then(|_| release.remove(api)) {
            Ok(()) => {
                format!("release {name} failed, and has been uninstalled due to atomic being set: {why}")
            }
            Err(more) => format!(
                "an error occurred while uninstalling the release. original install error: {why}: {more}"
            ),
        };
    };
    let documents = stored(&old);
    let to = old.revision();
    let mut back = old.clone();
    back.0["version"] = (release.revision() + 1).into();
    let work = Work { verb: Verb::Rollback(to), release: back, documents: &documents, before: Some(release) };
    let quiet = Args::default();
    match Box::pin(carry_out(api, &quiet, work)).await {
        Ok(()) => format!("release {name} failed, and has been rolled back due to atomic being set: {why}"),
        Err(more) => {
            format!("an error occurred while rolling back the release. original upgrade error: {why}: {more}")
        }
    }
}

/// Deletes the objects of a release, the last made first; tells which are to stay.
pub(super) async fn take_away(
    api: &mut Api<'_>,
    args: &Args,
    release: &Release,
) -> Result<Vec<String>, String> {
    let mut release = release.clone();
    let limit = ready::limit(args);
    if !args.has("no-hooks") {
        hooks::run(api, &mut release, "pre-delete", limit).await?;
    }
    let mut kept = Vec::new();
    for document in stored(&release).iter().rev() {
        if object::annotation(&document.object, "helm.sh/resource-policy") == Some("keep") {
            let (kind, name) = (object::field(&document.object, "kind"), object::name(&document.object));
            kept.push(format!("[{kind}] {name}\n"));
        } else {
            api.delete(&document.object)?;
        }
    }
    if !args.has("no-hooks") {
        hooks::run(api, &mut release, "post-delete", limit).await?;
    }
    Ok(kept)
}

/// The documents of a stored manifest.
pub(super) fn stored(release: &Release) -> Vec<Document> {
    let objects = yaml::documents(release.manifest()).unwrap_or_default();
    let kept = objects.into_iter().filter(|it| !it.is_null());
    kept.map(|object| Document { source: String::new(), text: String::new(), object }).collect()
}

fn same(one: &Value, other: &Value) -> bool {
    let key = |it: &Value| {
        (object::field(it, "kind").to_owned(), object::namespace(it).to_owned(), object::name(it).to_owned())
    };
    key(one) == key(other)
}

/// What a release has and the new documents no longer have.
fn leftovers(old: &Release, new: &[Document]) -> Vec<Value> {
    let stays = |it: &Value| new.iter().any(|other| same(&other.object, it));
    stored(old).into_iter().map(|it| it.object).filter(|it| !stays(it)).collect()
}

/// Refuses new documents whose objects are there and belong to nobody or to another release.
pub(super) fn owned_by_others(
    api: &mut Api<'_>,
    args: &Args,
    (documents, before): (&[Document], Option<&Release>),
    name: &str,
) -> Done {
    if args.has("take-ownership") {
        return Ok(());
    }
    let had = before.map(stored).unwrap_or_default();
    for object in plain(documents).filter(|it| !had.iter().any(|old| same(&old.object, it))) {
        owned_by_another(api, object, name)?;
    }
    Ok(())
}

fn owned_by_another(api: &mut Api<'_>, it: &Value, name: &str) -> Done {
    let Ok(Some(found)) = api.current(it) else { return Ok(()) };
    let (kind, own) = (object::field(it, "kind"), object::name(it));
    let namespace = api.namespace.clone();
    let mut why = Vec::new();
    let mut check = |what: &str, key: &str, found: Option<&str>, wanted: &str| match found {
        None | Some("") => {
            why.push(format!("{what} validation error: missing key {key:?}: must be set to {wanted:?}"))
        }
        Some(other) if other != wanted => {
            why.push(format!(
                "{what} validation error: key {key:?} must equal {wanted:?}: current value is {other:?}"
            ));
        }
        Some(_) => {}
    };
    let managed = "app.kubernetes.io/managed-by";
    check("label", managed, object::label(&found, managed), "Helm");
    for (key, wanted) in
        [("meta.helm.sh/release-name", name), ("meta.helm.sh/release-namespace", namespace.as_str())]
    {
        check("annotation", key, object::annotation(&found, key), wanted);
    }
    if why.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{kind} {own:?} in namespace {:?} exists and cannot be imported into the current release: invalid ownership metadata; {}",
        object::namespace(&found),
        why.join("; ")
    ))
}
