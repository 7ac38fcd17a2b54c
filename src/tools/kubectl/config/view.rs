//! `config view` and the lists of contexts, clusters and users.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::store::{Section, Store, normal_form};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{as_map, field, list, text};
use crate::tools::kubectl::print::Printer;
use crate::tools::kubectl::{Ctx, Done, Failure, tabwriter};

/// Secrets that only `--raw` shows.
const SECRETS: &[&str] = &["token", "password"];
/// Bytes that are shortened unless `--raw` or `--flatten` is given.
const DATA: &[&str] = &["certificate-authority-data", "client-certificate-data", "client-key-data"];

/// `kubectl config current-context`.
pub(super) fn current_context(ctx: &mut Ctx<'_>) -> Done {
    let store = Store::open(ctx)?;
    match store.current() {
        "" => Err(Failure::error("current-context is not set")),
        name => {
            ctx.out(&format!("{name}\n"));
            Ok(())
        }
    }
}

/// `kubectl config get-clusters` and `get-users`.
pub(super) fn names(ctx: &mut Ctx<'_>, section: Section) -> Done {
    let store = Store::open(ctx)?;
    ctx.out("NAME\n");
    for name in store.names(section) {
        ctx.out(&format!("{name}\n"));
    }
    Ok(())
}

/// `kubectl config get-contexts`.
pub(super) fn contexts(ctx: &mut Ctx<'_>) -> Done {
    let output = ctx.flags.text("output");
    if !["", "name"].contains(&output) {
        return Err(Failure::error(format!(
            "--output {output} is not available in kubectl config get-contexts; resetting to default output format"
        )));
    }
    let store = Store::open(ctx)?;
    let (mut wanted, mut failures) = (Vec::new(), Vec::new());
    for name in &ctx.args {
        match store.find(Section::Contexts, name) {
            Some(_) => wanted.push(name.clone()),
            None => failures.push(Failure::error(format!("context {name} not found"))),
        }
    }
    if ctx.args.is_empty() {
        wanted = store.names(Section::Contexts).into_iter().collect();
    }
    wanted.sort();
    if output == "name" {
        wanted.iter().for_each(|name| ctx.out(&format!("{name}\n")));
        return Failure::all(failures);
    }
    let mut table = String::new();
    if !ctx.flags.on("no-headers") {
        table += "CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n";
    }
    for name in &wanted {
        let Some(context) = store.find(Section::Contexts, name) else { continue };
        let mark = if store.current() == name { "*" } else { " " };
        let (cluster, user) = (field(context, "cluster"), field(context, "user"));
        table += &format!("{mark}\t{name}\t{cluster}\t{user}\t{}\n", field(context, "namespace"));
    }
    ctx.out(&tabwriter::format(&table, &tabwriter::TABLE));
    Failure::all(failures)
}

/// `kubectl config view`.
pub(super) fn view(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.args.is_empty() {
        return Err(ctx.usage(&format!("unexpected arguments: [{}]", ctx.args.join(" "))));
    }
    let store = Store::open(ctx)?;
    let merge = if ctx.flags.given("merge") { ctx.flags.on("merge") } else { !store.explicit };
    if !merge && !store.explicit {
        return Err(Failure::error("if merge==false a precise file must be specified"));
    }
    let mut tree = store.merged();
    if ctx.flags.on("minify") {
        if !ctx.flags.text("context").is_empty() {
            tree["current-context"] = ctx.flags.text("context").into();
        }
        minify(&mut tree)?;
    }
    if ctx.flags.on("flatten") {
        flatten(ctx, &mut tree)?;
    } else if !ctx.flags.on("raw") {
        redact(&mut tree);
    }
    let tree = normal_form(tree);
    let mut printer = Printer::of(ctx)?;
    printer.typed = true;
    printer.print(ctx, &tree, "")
}

fn item<'a>(tree: &'a Value, section: Section, name: &str) -> Option<&'a Value> {
    list(tree, &format!("/{}", section.key())).iter().find(|item| text(item, "/name") == name)
}

/// Leaves only what the current context uses.
fn minify(tree: &mut Value) -> Done {
    let current = text(tree, "/current-context").to_owned();
    if current.is_empty() {
        return Err(Failure::error("current-context must exist in order to minify"));
    }
    let Some(context) = item(tree, Section::Contexts, &current).cloned() else {
        return Err(Failure::error(format!("cannot locate context {current}")));
    };
    let mut small = json!({"current-context": current, "contexts": [context.clone()]});
    for (section, pointer) in [(Section::Clusters, "/context/cluster"), (Section::Users, "/context/user")] {
        let name = text(&context, pointer);
        match item(tree, section, name) {
            Some(found) => small[section.key()] = json!([found]),
            None if name.is_empty() => {}
            None => return Err(Failure::error(format!("cannot locate {} {name}", section.noun()))),
        }
    }
    *tree = small;
    Ok(())
}

fn each_entry(tree: &mut Value, mut change: impl FnMut(Section, &mut Value)) {
    for section in Section::ALL {
        for item in tree.get_mut(section.key()).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(value) = item.get_mut(section.noun()) {
                change(section, value);
            }
        }
    }
}

/// Replaces paths by the content of their files.
fn flatten(ctx: &Ctx<'_>, tree: &mut Value) -> Done {
    let mut failure = None;
    each_entry(tree, |section, value| {
        for key in section.path_fields().iter().filter(|key| **key != "tokenFile") {
            let path = field(value, key).to_owned();
            if path.is_empty() {
                continue;
            }
            match ctx.proc.read_file(&path) {
                Ok(bytes) => {
                    let map = as_map(value);
                    map.remove(key);
                    map.insert(format!("{key}-data").into(), STANDARD.encode(&bytes).into());
                }
                Err(error) => {
                    failure = Some(Failure::error(format!(
                        "open {path}: {}",
                        crate::tools::kubectl::failure::go_error(error)
                    )))
                }
            }
        }
    });
    failure.map_or(Ok(()), Err)
}

fn redact(tree: &mut Value) {
    each_entry(tree, |_, value| {
        let map = as_map(value);
        for (key, value) in map.iter_mut() {
            if SECRETS.contains(&key.as_str()) {
                *value = "REDACTED".into();
            }
            if DATA.contains(&key.as_str()) {
                *value = "DATA+OMITTED".into();
            }
        }
        let provider = map.get_mut("auth-provider").and_then(|provider| provider.get_mut("config"));
        for value in
            provider.and_then(Value::as_object_mut).into_iter().flat_map(|config| config.values_mut())
        {
            *value = "REDACTED".into();
        }
    });
}
