//! What `-o` chooses, and printing one object by it.

use super::super::{Ctx, Done, Failure, typed};
use super::{columns, kyaml, template};
use crate::apimachinery::json::Value;
use crate::apimachinery::{go, object, yaml};

/// A form of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// What the verb prints by itself: a table, or a sentence about the object.
    Human {
        /// True for `-o wide`.
        wide: bool,
    },
    Json,
    Yaml,
    Kyaml,
    Name,
    JsonPath(String),
    /// All that the path leads to, as a JSON list.
    JsonPathAsJson(String),
    GoTemplate(String),
    Columns(String),
    ColumnsFile(String),
}

/// The formats of most verbs, as the sentence about an unknown one lists them.
const COMMON: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";

/// The formats of `get`.
const OF_GET: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

/// Formats that take a template behind `=`.
const WITH_TEMPLATE: [&str; 9] = [
    "go-template-file",
    "go-template",
    "templatefile",
    "template",
    "jsonpath-as-json",
    "jsonpath-file",
    "jsonpath",
    "custom-columns-file",
    "custom-columns",
];

impl Format {
    /// What `-o` and `--template` choose.
    ///
    /// # Errors
    /// kubectl's sentence about an unknown format or a missing template.
    pub(crate) fn of(ctx: &mut Ctx<'_>) -> Result<Self, Failure> {
        let tables = ctx.flags.has("label-columns");
        let output = ctx.flags.text("output").to_owned();
        let given = ctx.flags.text("template").to_owned();
        match output.as_str() {
            "" if !given.is_empty() => return Ok(Self::GoTemplate(given)),
            "" => return Ok(Self::Human { wide: false }),
            "wide" if tables => return Ok(Self::Human { wide: true }),
            "json" => return Ok(Self::Json),
            "yaml" => return Ok(Self::Yaml),
            "kyaml" => return Ok(Self::Kyaml),
            "name" => return Ok(Self::Name),
            _ => {}
        }
        let word = output.split('=').next().unwrap_or("");
        let known =
            WITH_TEMPLATE.iter().find(|name| **name == word && (tables || !name.starts_with("custom")));
        let Some(known) = known else {
            let formats = if tables { OF_GET } else { COMMON };
            return Err(Failure::error(format!(
                "unable to match a printer suitable for the output format {output:?}, allowed formats are: {formats}"
            )));
        };
        let format = Self::of_word(ctx, known, &output, given)?;
        if let Self::GoTemplate(text) = &format {
            template::check(text).map_err(Failure::error)?;
        }
        Ok(format)
    }

    fn of_word(ctx: &mut Ctx<'_>, word: &str, output: &str, given: String) -> Result<Self, Failure> {
        let behind = output.split_once('=').map_or("", |(_, text)| text);
        let text = if behind.is_empty() { given } else { behind.to_owned() };
        Self::with_template(ctx, word, text)
    }

    fn with_template(ctx: &mut Ctx<'_>, word: &str, text: String) -> Result<Self, Failure> {
        if text.is_empty() && !word.starts_with("custom") {
            return Err(Failure::error("template format specified but no template given"));
        }
        let read = |ctx: &mut Ctx<'_>, what: &str| {
            ctx.proc.read_file(&text).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(
                |error| {
                    Failure::error(format!(
                        "error reading {what} {text}, open {text}: {}\n",
                        crate::tools::kubectl::failure::go_error(error)
                    ))
                },
            )
        };
        Ok(match word {
            "go-template" | "template" => Self::GoTemplate(text),
            "go-template-file" | "templatefile" => Self::GoTemplate(read(ctx, "--template")?),
            "jsonpath" => Self::JsonPath(text),
            "jsonpath-as-json" => Self::JsonPathAsJson(text),
            "jsonpath-file" => Self::JsonPath(read(ctx, "--template")?),
            "custom-columns" => Self::Columns(text),
            _ if text.is_empty() => {
                return Err(Failure::error("custom-columns format specified but no custom columns given"));
            }
            _ => Self::ColumnsFile(read(ctx, "template")?),
        })
    }
}

/// Prints objects in the chosen form.
#[derive(Clone, Debug)]
pub(crate) struct Printer {
    pub(crate) format: Format,
    keep_managed_fields: bool,
    allow_missing: bool,
    no_headers: bool,
    printed: usize,
    /// What a template printed before it failed.
    help: String,
    /// True for objects that kubectl made itself, whose JSON has the order of Go's structs.
    pub(crate) typed: bool,
}

impl Printer {
    /// What the flags of the running verb choose.
    ///
    /// # Errors
    /// As [`Format::of`].
    pub(crate) fn of(ctx: &mut Ctx<'_>) -> Result<Self, Failure> {
        let format = Format::of(ctx)?;
        let flags = &ctx.flags;
        Ok(Self {
            format,
            keep_managed_fields: flags.on("show-managed-fields"),
            allow_missing: !flags.has("allow-missing-template-keys")
                || flags.on("allow-missing-template-keys"),
            no_headers: flags.on("no-headers"),
            printed: 0,
            help: String::new(),
            typed: false,
        })
    }

    /// True when the verb's own sentence is printed.
    pub(crate) fn is_human(&self) -> bool {
        matches!(self.format, Format::Human { .. })
    }

    /// Prints one object; `done` is what happened to it, such as `created (dry run)`.
    ///
    /// # Errors
    /// A template that does not fit.
    pub(crate) fn print(&mut self, ctx: &mut Ctx<'_>, tree: &Value, done: &str) -> Done {
        let text = self.text(tree, done);
        ctx.out(&std::mem::take(&mut self.help));
        ctx.out(&text?);
        Ok(())
    }

    /// What [`Self::print`] prints.
    ///
    /// # Errors
    /// As [`Self::print`].
    pub(crate) fn text(&mut self, tree: &Value, done: &str) -> Result<String, Failure> {
        self.printed += 1;
        Ok(match &self.format {
            Format::Human { .. } => names(tree, done),
            Format::Name => names(tree, ""),
            Format::Json if self.typed => format!("{}\n", typed::json(&self.cleaned(tree), Some("    "))),
            Format::Json => format!("{}\n", go::json_indent(&self.cleaned(tree), "    ")),
            Format::Yaml => {
                let mark = if self.printed > 1 { "---\n" } else { "" };
                format!("{mark}{}", yaml::to_string(&self.cleaned(tree)))
            }
            Format::Kyaml => kyaml::to_string(&self.cleaned(tree), self.typed),
            Format::JsonPath(path) => template::jsonpath(path, tree, self.allow_missing)
                .map_err(|why| path_failure(&why, path, tree))?,
            Format::JsonPathAsJson(path) => {
                let found = template::find(path, tree, self.allow_missing);
                let found = found.map_err(|why| path_failure(&why, path, tree))?;
                format!("{}\n", go::json_indent(&Value::from(found), "    "))
            }
            Format::GoTemplate(text) => {
                template::go_template(text, tree, self.allow_missing).map_err(|(why, help)| {
                    self.help = help;
                    Failure::error(why)
                })?
            }
            Format::Columns(spec) => {
                let columns = columns::parse(spec).map_err(Failure::error)?;
                let lines = columns::print(&columns, !self.no_headers, tree);
                lines.map_err(|(why, lines)| {
                    self.help = lines;
                    Failure::error(why)
                })?
            }
            Format::ColumnsFile(spec) => {
                let columns = columns::parse_file(spec).map_err(Failure::error)?;
                let lines = columns::print(&columns, true, tree);
                lines.map_err(|(why, lines)| {
                    self.help = lines;
                    Failure::error(why)
                })?
            }
        })
    }

    /// The object without managedFields, unless they were asked for.
    fn cleaned(&self, tree: &Value) -> Value {
        let mut tree = tree.clone();
        if self.keep_managed_fields {
            return tree;
        }
        object::remove(&mut tree, &["metadata", "managedFields"]);
        if let Some(items) = tree.get_mut("items").and_then(Value::as_array_mut) {
            for item in items {
                object::remove(item, &["metadata", "managedFields"]);
            }
        }
        tree
    }
}

fn path_failure(why: &str, path: &str, tree: &Value) -> Failure {
    if template::check_path(path).is_err() {
        return Failure::error(format!("error parsing jsonpath {path}, {why}"));
    }
    let shown = go::syntax(tree);
    Failure::error(format!(
        "error executing jsonpath {path:?}: Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{path}\n\tobject given to jsonpath engine was:\n\t\t{shown}\n\n"
    ))
}

/// `deployment.apps/web created` for an object, or a line for each item of a list.
fn names(tree: &Value, done: &str) -> String {
    if let Some(items) = tree.get("items").and_then(Value::as_array) {
        return items.iter().map(|item| names(item, done)).collect();
    }
    let gvk = object::Gvk::of(tree);
    let kind = gvk.kind.to_lowercase();
    let name = match object::name(tree) {
        "" => "<unknown>",
        name => name,
    };
    let group = if gvk.group.is_empty() { String::new() } else { format!(".{}", gvk.group) };
    let done = if done.is_empty() { String::new() } else { format!(" {done}") };
    format!("{kind}{group}/{name}{done}\n")
}
