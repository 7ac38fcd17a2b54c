//! `kubectl edit`: objects in an editor, and what was changed sent as a patch.

mod file;

use self::file::{Opened, Reason, strip_comments};
use super::builder::Info;
use super::client::{MERGE_PATCH, STRATEGIC_PATCH};
use super::writes::{self, Write};
use super::{Builder, Complete, Ctx, Done, Failure, Format, Group, PLAIN, Printer, Run, Verb, diffs};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, field, list, text};
use crate::apimachinery::{go, yaml};

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "edit",
    group: Group::Intermediate,
    summary: "Edit a resource on the server",
    about: "Opens the objects in the editor of KUBE_EDITOR or EDITOR, or in vi, and sends what was changed. What\nthe server refuses is opened again, with its reasons in comments.",
    examples: "
        kubectl edit deployment/web
        KUBE_EDITOR=nano kubectl edit service web",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

/// What is done with the edited objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Patch,
    Create,
    /// The annotations in which `apply` remembers, as objects of their own.
    LastApplied,
}

/// What came of one pass through the editor.
#[derive(Default)]
struct Outcome {
    reasons: Vec<Reason>,
    retryable: usize,
    not_found: usize,
}

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let mut write = Write::of(ctx)?;
    write.dry_run = super::DryRun::None;
    let builder = Builder { type_alone_means_all: true, latest: true, ..ctx.builder()? };
    let infos = builder.targets(ctx)?.all(ctx)?;
    edit(ctx, infos, &write, Mode::Patch).await
}

/// `apply edit-last-applied`.
pub(super) async fn last_applied(ctx: &mut Ctx<'_>) -> Done {
    let write = Write::of(ctx)?;
    let builder = Builder { type_alone_means_all: true, latest: true, ..ctx.builder()? };
    let mut infos = Vec::new();
    for mut info in builder.targets(ctx)?.all(ctx)? {
        let Some(text) = writes::last_applied(&info.object) else { continue };
        let tree: Value = serde_json::from_str(text).map_err(|error| Failure::error(error.to_string()))?;
        info.object = tree.into();
        infos.push(info);
    }
    if infos.is_empty() {
        return Err(Failure::error(
            "no last-applied-configuration annotation found on resources, to create the annotation, use command `kubectl apply set-last-applied --create-annotation`",
        ));
    }
    edit(ctx, infos, &write, Mode::LastApplied).await
}

/// `create --edit`.
pub(super) async fn before_create(ctx: &mut Ctx<'_>, builder: Builder) -> Done {
    let write = Write::of(ctx)?;
    let infos = builder.targets(ctx)?.all(ctx)?;
    edit(ctx, infos, &write, Mode::Create).await
}

async fn edit(ctx: &mut Ctx<'_>, infos: Vec<Info>, write: &Write, mode: Mode) -> Done {
    if infos.is_empty() {
        return Err(Failure::error("edit cancelled, no objects found"));
    }
    let output = ctx.flags.text("output");
    if !["", "json", "kyaml", "yaml"].contains(&output) {
        return Err(Failure::error(format!(
            "unable to match a printer suitable for the output format {output:?}, allowed formats are: json,kyaml,yaml"
        )));
    }
    let mut printer = Printer::of(ctx)?;
    // What was applied last is edited without a note of the command.
    let note = ctx.flags.on("record") && mode != Mode::LastApplied;
    let as_json = matches!(printer.format, Format::Json);
    let original = content(&infos, as_json);
    let mut opened = Opened::new(ctx, as_json);
    let mut reasons: Vec<Reason> = Vec::new();
    let mut before = original.clone();
    loop {
        let again = !reasons.is_empty();
        let edited =
            match opened.edit(ctx, &file::with_header(&before, &reasons, mode == Mode::LastApplied)).await {
                Ok(edited) => edited,
                Err(failure) => return Err(opened.keep(ctx, failure, again)),
            };
        let plain = strip_comments(&edited);
        if again && plain == strip_comments(&before) {
            let failure = Failure::error("Edit cancelled, no valid changes were saved.");
            return Err(opened.keep(ctx, failure, true));
        }
        if !again && plain == strip_comments(&original) {
            opened.remove(ctx);
            ctx.err("Edit cancelled, no changes made.\n");
            return Ok(());
        }
        let outcome = match parse(ctx, &plain, &infos) {
            Err(sentence) => refused(ctx, &infos, sentence),
            Ok(trees) => match send_all(ctx, &infos, trees, write, mode, &mut printer, note) {
                Ok(outcome) => outcome,
                Err(failure) => return Err(opened.keep(ctx, failure, true)),
            },
        };
        if outcome.retryable > 0 {
            ctx.err(&format!("You can run `kubectl replace -f {}` to try this update again.\n", opened.path));
            return Err(Failure::Exit(1));
        }
        if outcome.not_found > 0 {
            ctx.err(&format!(
                "The edits you made on deleted resources have been saved to {:?}\n",
                opened.path
            ));
            return Err(Failure::Exit(1));
        }
        if outcome.reasons.is_empty() {
            opened.remove(ctx);
            return Ok(());
        }
        reasons = outcome.reasons;
        before = plain;
    }
}

/// What the editor is given: the one object, or a List of several.
fn content(infos: &[Info], as_json: bool) -> String {
    let mut trees: Vec<Value> = infos.iter().map(|info| info.object.as_ref().clone()).collect();
    for tree in &mut trees {
        object::remove(tree, &["metadata", "managedFields"]);
    }
    let tree = match trees.as_slice() {
        [one] => one.clone(),
        many => json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": many}),
    };
    if as_json { format!("{}\n", go::json_indent(&tree, "    ")) } else { yaml::to_string(&tree) }
}

/// A file that says nothing usable, told as the server would tell a bad object.
fn refused(ctx: &Ctx<'_>, infos: &[Info], sentence: String) -> Outcome {
    let Some(info) = infos.first() else { return Outcome::default() };
    let what = info.qualified();
    ctx.err(&format!("error: {what} {:?} is invalid\n", info.name));
    let head = format!("{what} {:?} was not valid", info.name);
    let other = vec![format!("<nil>: Invalid value: \"The edited file failed validation\": {sentence}")];
    Outcome { reasons: vec![Reason { head, other }], ..Outcome::default() }
}

fn parse(_ctx: &Ctx<'_>, text: &str, _infos: &[Info]) -> Result<Vec<Value>, String> {
    let documents = yaml::documents(text)?;
    if documents.is_empty() {
        return Err("EOF".into());
    }
    let mut all = Vec::new();
    for tree in documents {
        if !tree.is_object() {
            return Err("invalid object to validate".into());
        }
        let missing: Vec<&str> =
            ["apiVersion", "kind"].into_iter().filter(|key| field(&tree, key).is_empty()).collect();
        if let [first, ..] = missing.as_slice() {
            return Err(format!("{first} not set"));
        }
        if field(&tree, "kind") == "List" {
            all.extend(list(&tree, "/items").iter().cloned());
        } else {
            all.push(tree);
        }
    }
    Ok(all)
}

fn send_all(
    ctx: &mut Ctx<'_>,
    infos: &[Info],
    trees: Vec<Value>,
    write: &Write,
    mode: Mode,
    printer: &mut Printer,
    note: bool,
) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    for mut tree in trees {
        if note {
            ctx.record(&mut tree);
        }
        if mode != Mode::LastApplied && ctx.flags.on("save-config") {
            writes::update_applied(&mut tree, true);
        }
        match mode {
            Mode::Create => create(ctx, infos, &tree, write, printer)?,
            Mode::Patch => patch(ctx, infos, tree, write, printer, &mut outcome)?,
            Mode::LastApplied => annotate(ctx, infos, &tree, write, printer)?,
        }
    }
    Ok(outcome)
}

fn create(ctx: &mut Ctx<'_>, infos: &[Info], tree: &Value, write: &Write, printer: &mut Printer) -> Done {
    let mapping = ctx.type_of(tree)?;
    let namespace = match object::namespace(tree) {
        "" => infos.first().map(|info| info.namespace.clone()).unwrap_or_default(),
        given => given.to_owned(),
    };
    let made = ctx.create(&mapping, &namespace, tree, write)?;
    printer.print(ctx, &made, &format!("created{}", write.dry_run.suffix()))
}

/// Puts an edited configuration back into its annotation.
fn annotate(ctx: &mut Ctx<'_>, infos: &[Info], tree: &Value, write: &Write, printer: &mut Printer) -> Done {
    // The remembered objects have no UIDs, so that the real one compares with the first, too.
    let original = infos.iter().find(|info| object::uid(&info.object) == object::uid(tree));
    if original.is_some_and(|info| *info.object == *tree) {
        return printer.print(ctx, tree, "skipped");
    }
    let mapping = ctx.type_of(tree)?;
    let namespace = ctx.namespace()?.name;
    let patch = super::apply::last::annotation_patch(&format!("{}\n", go::json(tree)));
    ctx.patch(&mapping.item(&namespace, object::name(tree)), MERGE_PATCH, &patch, write)?;
    printer.print(ctx, tree, "edited")
}

fn patch(
    ctx: &mut Ctx<'_>,
    infos: &[Info],
    mut tree: Value,
    write: &Write,
    printer: &mut Printer,
    outcome: &mut Outcome,
) -> Done {
    let Some(info) = infos.iter().find(|info| object::uid(&info.object) == object::uid(&tree)) else {
        return Err(Failure::error(format!("no original object found for {}", go::display(&tree))));
    };
    let original = info.object.as_ref();
    if let Some(fields) = original.pointer("/metadata/managedFields") {
        object::set(&mut tree, &["metadata", "managedFields"], fields.clone());
    }
    if tree == *original {
        return printer.print(ctx, &tree, "skipped");
    }
    let same = |pointer: &str| text(&tree, pointer) == text(original, pointer);
    if !same("/apiVersion") || !same("/kind") || !same("/metadata/name") {
        return Err(Failure::error("At least one of apiVersion, kind and name was changed"));
    }
    let (kind, change) = match diffs::two_way(original, &tree) {
        Ok(made) => made,
        Err(_) => (MERGE_PATCH, crate::apimachinery::patch::create_merge_patch(original, &tree)),
    };
    debug_assert!(kind == MERGE_PATCH || kind == STRATEGIC_PATCH);
    if ctx.flags.on("output-patch") {
        ctx.out(&format!("Patch: {}\n", go::json(&change)));
    }
    let mut path = info.path();
    if !ctx.flags.text("subresource").is_empty() {
        path = format!("{path}/{}", ctx.flags.text("subresource"));
    }
    match ctx.patch(&path, kind, &change, write) {
        Ok(patched) => printer.print(ctx, &patched, "edited"),
        Err(failure) => {
            tell(ctx, info, &failure, outcome);
            Ok(())
        }
    }
}

/// Says what the server refused, and remembers it for the next pass.
fn tell(ctx: &Ctx<'_>, info: &Info, failure: &Failure, outcome: &mut Outcome) {
    let subject = format!("{} {:?}", info.qualified(), info.name);
    match (failure.reason(), failure) {
        ("Invalid", Failure::Server(status)) => {
            let causes = list(status, "/details/causes").iter();
            let other =
                causes.map(|one| format!("{}: {}", field(one, "field"), field(one, "message"))).collect();
            outcome.reasons.push(Reason { head: format!("{subject} was not valid"), other });
            ctx.err(&format!("error: {subject} is invalid\n"));
        }
        ("NotFound", _) => {
            outcome.not_found += 1;
            ctx.err(&format!("error: {subject} could not be found on the server\n"));
        }
        _ => {
            outcome.retryable += 1;
            ctx.err(&format!("error: {subject} could not be patched: {}\n", failure.sentence()));
        }
    }
}
