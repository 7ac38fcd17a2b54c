//! `kubectl diff`: what `apply` would change, shown by the machine's `diff` program.

use super::apply::{client_side, prune};
use super::client::{APPLY_PATCH, Call};
use super::verb::{Group, PLAIN, Run, Verb};
use super::writes::Write;
use super::{Builder, Ctx, Done, DryRun, Failure, Info, writes};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk, text};
use crate::apimachinery::{go, yaml};
use crate::cluster::place::FileOp;
use crate::shell::{Proc, Script, quote};

/// `kubectl diff`.
pub(super) static VERB: Verb = Verb {
    name: "diff",
    group: Group::Advanced,
    summary: "Diff the live version against a would-be applied version",
    about: "Compares the objects of the files with what the server would make of them. The program of\nKUBECTL_EXTERNAL_DIFF is used where that is set, else `diff -u -N`. Ends with 0 without differences, with 1\nwith some, and with more after a failure.",
    examples: "
        # What applying a file would change
        kubectl diff -f web.yaml
        # The same for a manifest on standard input
        cat web.yaml | kubectl diff -f -",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    ..PLAIN
};

/// 4: how often an object that changes meanwhile is looked at. The last try takes it as it is.
const TRIES_MAX: usize = 4;

/// What stands in the place of a Secret's values, and where they differ.
const MASKED: &str = "***";
const MASKED_BEFORE: &str = "*** (before)";
const MASKED_AFTER: &str = "*** (after)";

/// The two folders that are compared.
struct Folders {
    live: String,
    merged: String,
}

async fn run(ctx: &mut Ctx<'_>) -> Done {
    match compare(ctx).await {
        Ok(0) => Ok(()),
        Ok(code) => Err(Failure::Exit(code)),
        // As after `diff` itself, 1 would mean that there are differences.
        Err(failure) => {
            ctx.err(&failure.printed());
            Err(Failure::Exit(failure.code() + 1))
        }
    }
}

/// The exit code of the diff program.
async fn compare(ctx: &mut Ctx<'_>) -> Result<i32, Failure> {
    if !ctx.args.is_empty() {
        return Err(ctx.usage(&format!("Unexpected args: [{}]", ctx.args.join(" "))));
    }
    if ctx.flags.on("force-conflicts") && !ctx.flags.on("server-side") {
        return Err(Failure::error("--force-conflicts only works with --server-side"));
    }
    // Objects are compared one after the other, which only differs in time from doing several at once.
    if ctx.flags.int("concurrency") < 1 {
        return Err(Failure::error("--concurrency must be at least 1"));
    }
    let pruning = prune::of_flags(ctx)?;
    let builder = Builder { args: Vec::new(), all: false, continue_on_error: false, ..ctx.builder()? };
    if builder.no_files() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let folders = Folders::make(ctx);
    let write = Write { manager: manager(ctx), dry_run: DryRun::Server, validation: "" };
    let (mut namespaces, mut uids) = (Vec::new(), Vec::new());
    let done = builder.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        let live = one(ctx, &folders, &write, &info)?;
        if !namespaces.contains(&info.namespace) {
            namespaces.push(info.namespace.clone());
        }
        uids.extend(live.map(|live| object::uid(&live).to_owned()));
        Ok(())
    });
    let done = done.and_then(|()| match &pruning {
        Some(pruning) => {
            for gone in prune::left_over(ctx, pruning, &namespaces, &uids)? {
                folders.write(ctx, &gone, Some(&gone), None);
            }
            Ok(())
        }
        None => Ok(()),
    });
    let code = match done {
        Ok(()) => folders.diff(ctx).await,
        Err(failure) => Err(failure),
    };
    folders.remove(ctx);
    code
}

fn manager(ctx: &Ctx<'_>) -> String {
    let given = ctx.flags.given("field-manager");
    if ctx.flags.on("server-side") && !given {
        return "kubectl".to_owned();
    }
    ctx.flags.text("field-manager").to_owned()
}

/// Writes the two sides of an object; gives what the server has.
fn one(ctx: &mut Ctx<'_>, folders: &Folders, write: &Write, info: &Info) -> Result<Option<Value>, Failure> {
    for attempt in 1.. {
        let live = match ctx.get_object(info.path()) {
            Ok(live) => Some((*live).clone()),
            Err(failure) if failure.is_not_found() => None,
            Err(failure) => return Err(failure),
        };
        if attempt == TRIES_MAX {
            let gvk = Gvk::of(&info.object);
            let kind = format!("{}/{}, Kind={}", gvk.group, gvk.version, gvk.kind);
            let line = format!("Object ({kind}: {}) keeps changing, diffing without lock", info.name);
            ctx.klog('W', "diff.go:723", &line);
        }
        let merged = match merged(ctx, write, info, live.as_ref()) {
            Err(failure) if failure.is_conflict() && attempt < TRIES_MAX => continue,
            other => other?,
        };
        let (mut shown, mut merged) = (live.clone(), merged);
        if !ctx.flags.on("show-managed-fields") {
            for side in shown.iter_mut().chain([&mut merged]) {
                object::remove(side, &["metadata", "managedFields"]);
            }
        }
        if text(&merged, "/kind") == "Secret"
            && text(&merged, "/apiVersion") == "v1"
            && !ctx.flags.on("show-secrets")
        {
            mask(shown.as_mut(), &mut merged);
        }
        folders.write(ctx, &merged, shown.as_ref(), Some(&merged));
        if let Some(live) = &live
            && !text(live, "/metadata/deletionTimestamp").is_empty()
        {
            let name = object::name(live);
            ctx.err(&format!(
                "Warning: Detected changes to resource {name} which is currently being deleted.\n"
            ));
        }
        return Ok(live);
    }
    Ok(None)
}

/// What the server would make of the object.
fn merged(ctx: &mut Ctx<'_>, write: &Write, info: &Info, live: Option<&Value>) -> Result<Value, Failure> {
    let local = &info.object;
    if ctx.flags.on("server-side") {
        let force = if ctx.flags.on("force-conflicts") { "true" } else { "false" };
        let call = write.on(Call::patch(info.path(), APPLY_PATCH, go::json(local)));
        return Ok((*ctx.object(call.query("force", force))?).clone());
    }
    let Some(live) = live else {
        let Some(mapping) = info.mapping.clone() else { return Ok((**local).clone()) };
        return Ok((*ctx.create(&mapping, &info.namespace, local, write)?).clone());
    };
    let mut modified = (**local).clone();
    // What `apply` would note in its annotation is no difference.
    object::map_at(&mut modified, &["metadata", "annotations"]).remove(writes::LAST_APPLIED);
    let current = live.clone().into();
    let (_, result) = client_side::patch_once(ctx, write, info, &current, &modified);
    Ok((*result?).clone())
}

/// Hides the values of a Secret; those that differ tell so.
fn mask(live: Option<&mut Value>, merged: &mut Value) {
    let before = live.as_ref().and_then(|live| live.get("data")).cloned().unwrap_or_default();
    let after = merged.get("data").cloned().unwrap_or_default();
    let hide = |tree: &mut Value, other: &Value, differs: &str| {
        let Some(data) = tree.get_mut("data").and_then(Value::as_object_mut) else { return };
        for (key, value) in data {
            let same = other.get(key).is_none_or(|other| other == value);
            *value = if same { MASKED.into() } else { differs.into() };
        }
    };
    if let Some(live) = live {
        hide(live, &after, MASKED_BEFORE);
    }
    hide(merged, &before, MASKED_AFTER);
}

/// `apps.v1.Deployment.default.web`.
fn file_name(tree: &Value) -> String {
    let Gvk { group, version, kind } = Gvk::of(tree);
    let group = if group.is_empty() { String::new() } else { format!("{group}.") };
    format!("{group}{version}.{kind}.{}.{}", object::namespace(tree), object::name(tree))
}

impl Folders {
    fn make(ctx: &Ctx<'_>) -> Self {
        let temporary = ctx.proc.env.get("TMPDIR").cloned().unwrap_or_else(|| "/tmp".to_owned());
        let folder = |name: &str| {
            let number = ctx.proc.world().chance.below(4_000_000_000);
            let path = format!("{temporary}/{name}-{number}");
            // Where nothing can be written the diff program says so.
            let _ = ctx.proc.change_files(FileOp::Mkdir { path: &path, mode: 0o700, parents: true });
            path
        };
        Self { live: folder("LIVE"), merged: folder("MERGED") }
    }

    fn write(&self, ctx: &Ctx<'_>, named: &Value, live: Option<&Value>, merged: Option<&Value>) {
        let name = file_name(named);
        for (folder, tree) in [(&self.live, live), (&self.merged, merged)] {
            let text = tree.map(yaml::to_string).unwrap_or_default();
            let _ = ctx.proc.write_file(&format!("{folder}/{name}"), text.as_bytes());
        }
    }

    async fn diff(&self, ctx: &Ctx<'_>) -> Result<i32, Failure> {
        let words = program(ctx.proc, &[&self.live, &self.merged]);
        if let Some(program) = words.first().filter(|it| *it != "diff" && !ctx.proc.can_start(it)) {
            let why = "executable file not found in $PATH";
            return Err(Failure::error(format!("failed to run {program:?}: {why}")));
        }
        let line: Vec<String> = words.iter().map(|word| quote(word)).collect();
        let script = Script { text: line.join(" "), stdin: Some(Vec::new()), ..Script::default() };
        Ok(ctx.proc.run(&ctx.proc.login(), script).await)
    }

    fn remove(&self, ctx: &Ctx<'_>) {
        for path in [&self.live, &self.merged] {
            let _ = ctx.proc.change_files(FileOp::Remove { path, recursive: true });
        }
    }
}

/// The words of the diff program. Of those in the variable only plain options are taken.
fn program(proc: &Proc, folders: &[&str]) -> Vec<String> {
    let given = proc.env.get("KUBECTL_EXTERNAL_DIFF").filter(|it| !it.is_empty());
    let mut words: Vec<String> = match given {
        None => ["diff", "-u", "-N"].map(str::to_owned).into(),
        Some(given) => {
            let plain = |word: &&str| {
                !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '=')
            };
            let mut words = given.split(' ');
            let program = words.next().unwrap_or_default().to_owned();
            let options: Vec<String> = words.filter(plain).map(str::to_owned).collect();
            // An external program gets the folders first, then its options.
            let folders = folders.iter().map(|it| (*it).to_owned());
            return [program].into_iter().chain(folders).chain(options).collect();
        }
    };
    words.extend(folders.iter().map(|it| (*it).to_owned()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn secrets_are_hidden_and_files_named_after_objects() {
        let mut live = json!({"data": {"a": "1", "b": "2"}});
        let mut merged = json!({"data": {"a": "1", "b": "3", "c": "4"}});
        mask(Some(&mut live), &mut merged);
        assert_eq!(live["data"], json!({"a": "***", "b": "*** (before)"}));
        assert_eq!(merged["data"], json!({"a": "***", "b": "*** (after)", "c": "***"}));
        let web = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "x"}});
        assert_eq!(file_name(&web), "apps.v1.Deployment.x.web");
    }
}
