//! Requests that change objects, and the annotation in which `apply` remembers.

use super::client::Call;
use super::{Builder, Ctx, DryRun, Failure, Mapping};
use crate::apimachinery::go;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, annotation};
use crate::cluster::Object;

/// Where client-side apply keeps what was applied last.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Where `--record` notes the command; `rollout history` shows it.
pub(crate) const CAUSE: &str = "kubernetes.io/change-cause";

/// The parameters of a request that changes something.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// Who owns the fields.
    pub(crate) manager: String,
    pub(crate) dry_run: DryRun,
    /// `Strict`, `Warn`, `Ignore`; empty to leave it out.
    pub(crate) validation: &'static str,
}

impl Write {
    /// What `--field-manager`, `--dry-run` and `--validate` of the running verb say.
    ///
    /// # Errors
    /// A value that is none.
    pub(crate) fn of(ctx: &mut Ctx<'_>) -> Result<Self, Failure> {
        let dry_run = if ctx.flags.has("dry-run") { ctx.dry_run()? } else { DryRun::None };
        let validation = if ctx.flags.has("validate") { ctx.validation()? } else { "" };
        Ok(Self { manager: ctx.flags.text("field-manager").to_owned(), dry_run, validation })
    }

    /// Puts the parameters on a call.
    pub(crate) fn on(&self, call: Call) -> Call {
        call.query("dryRun", self.dry_run.query())
            .query("fieldManager", self.manager.as_str())
            .query("fieldValidation", self.validation)
    }
}

impl Ctx<'_> {
    /// Creates an object; a resourceVersion in it is left out.
    ///
    /// # Errors
    /// The server's refusal.
    pub(crate) fn create(
        &mut self,
        mapping: &Mapping,
        namespace: &str,
        tree: &Value,
        write: &Write,
    ) -> Result<Object, Failure> {
        let mut tree = tree.clone();
        object::remove(&mut tree, &["metadata", "resourceVersion"]);
        self.object(write.on(Call::post(mapping.path(namespace), &tree)))
    }

    /// Replaces an object, whatever version it has when `tree` names none.
    ///
    /// # Errors
    /// The server's refusal.
    pub(crate) fn replace(&mut self, path: &str, tree: &Value, write: &Write) -> Result<Object, Failure> {
        let mut tree = tree.clone();
        if object::text(&tree, "/metadata/resourceVersion").is_empty() {
            let current = self.get_object(path)?;
            let version = object::text(&current, "/metadata/resourceVersion");
            object::set(&mut tree, &["metadata", "resourceVersion"], version);
        }
        self.object(write.on(Call::put(path, &tree)))
    }

    /// Patches an object; `kind` is a content type of [`mod@super::client`].
    ///
    /// # Errors
    /// The server's refusal.
    pub(crate) fn patch(
        &mut self,
        path: &str,
        kind: &'static str,
        patch: &Value,
        write: &Write,
    ) -> Result<Object, Failure> {
        self.object(write.on(Call::patch(path, kind, go::json(patch))))
    }

    /// With `--record`, notes on an object which command changed it; true when it was noted.
    pub(crate) fn record(&self, tree: &mut Value) -> bool {
        let wanted = self.flags.on("record");
        if wanted {
            object::map_at(tree, &["metadata", "annotations"]).insert(CAUSE.into(), self.cause().into());
        }
        wanted
    }

    /// The change that [`Ctx::record`] makes, for verbs that send it after their own.
    pub(crate) fn send_record(&mut self, path: &str, write: &Write) -> Result<(), Failure> {
        if !self.flags.on("record") {
            return Ok(());
        }
        let note = json!({"metadata": {"annotations": {CAUSE: self.cause()}}});
        self.patch(path, super::client::MERGE_PATCH, &note, write).map(drop)
    }

    /// The command: its words first, then its flags in the order in which they were given.
    fn cause(&self) -> String {
        let words: String = self.args.iter().map(|word| format!(" {word}")).collect();
        format!("{}{words}{}", self.path, self.flags.as_given())
    }

    /// The builder of verbs that change objects: every failure is told, files are checked.
    ///
    /// # Errors
    /// As [`Builder::of`].
    pub(crate) fn builder(&mut self) -> Result<Builder, Failure> {
        let args = self.args.clone();
        Ok(Builder { args, continue_on_error: true, ..Builder::of(self)? })
    }
}

/// What was applied last, as text; `None` when the object has no such annotation.
pub(crate) fn last_applied(tree: &Value) -> Option<&str> {
    annotation(tree, LAST_APPLIED)
}

/// The object as apply compares it, without its own annotation, as one line of JSON.
pub(crate) fn configuration(tree: &Value) -> String {
    let mut bare = tree.clone();
    let annotations = object::map_at(&mut bare, &["metadata", "annotations"]);
    annotations.remove(LAST_APPLIED);
    format!("{}\n", go::json(&bare))
}

/// Sets the annotation to what the object says itself.
pub(crate) fn note_applied(tree: &mut Value) {
    let text = configuration(tree);
    object::map_at(tree, &["metadata", "annotations"]).insert(LAST_APPLIED.into(), json!(text));
}

/// Sets the annotation where there is one, or everywhere when `create`.
pub(crate) fn update_applied(tree: &mut Value, create: bool) {
    if create || last_applied(tree).is_some() {
        note_applied(tree);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_annotation_holds_the_object_without_itself() {
        let mut tree = json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}});
        note_applied(&mut tree);
        note_applied(&mut tree);
        assert_eq!(
            last_applied(&tree),
            Some(
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"annotations\":{},\"name\":\"a\"}}\n"
            )
        );
    }
}
