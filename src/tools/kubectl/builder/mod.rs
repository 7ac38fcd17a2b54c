//! From arguments, selectors and files to objects.
//!
//! Follows cli-runtime's `resource.Builder`: the same checks in the same order, the same sentences.

mod decode;
mod files;
mod visit;

pub(crate) use files::{read_sources, stdin_or_file};
pub(crate) use visit::Info;

use super::{Ctx, Failure, Mapping, Namespace};

/// kubectl's sentence when nothing says which objects are meant.
const MISSING: &str = "You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'";

/// What the command line says about the objects that are meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Builder {
    pub(crate) files: Vec<String>,
    pub(crate) kustomize: String,
    pub(crate) recursive: bool,
    /// `TYPE NAME…`, `TYPE/NAME…`, `TYPE,TYPE`.
    pub(crate) args: Vec<String>,
    /// True when a type alone means all of it, as for `get`.
    pub(crate) type_alone_means_all: bool,
    /// Names that are of this type unless they say `TYPE/NAME`.
    pub(crate) names: Option<(&'static str, Vec<String>)>,
    pub(crate) label_selector: Option<String>,
    pub(crate) field_selector: Option<String>,
    /// `--all`.
    pub(crate) all: bool,
    pub(crate) namespace: Option<Namespace>,
    pub(crate) all_namespaces: bool,
    /// False when the first failure ends the command.
    pub(crate) continue_on_error: bool,
    /// True when lists come apart into their items.
    pub(crate) flatten: bool,
    /// True when objects of files are fetched from the server.
    pub(crate) latest: bool,
    pub(crate) single_type: bool,
    /// True when the server must not be asked.
    pub(crate) local: bool,
    /// True when objects that are named on the command line need not be fetched.
    pub(crate) unfetched: bool,
    pub(crate) subresource: String,
    /// Objects of one answer to a list; 0 for all.
    pub(crate) chunk: i64,
    /// `Strict`, `Warn` or `Ignore` when manifests are checked before they are used; empty when not.
    pub(crate) validate: &'static str,
    /// The `Accept` header; empty for JSON.
    pub(crate) accept: &'static str,
    /// Further parameters of each GET.
    pub(crate) query: Vec<(String, String)>,
}

/// What is to be visited.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// One object by its name.
    Named { mapping: Mapping, namespace: String, name: String },
    /// All objects of a type that match the selectors.
    Listed { mapping: Mapping, namespace: String },
    /// What the files hold.
    Files,
}

/// The targets, and what the way of naming them implies.
#[derive(Clone, Debug)]
pub(crate) struct Targets {
    pub(crate) builder: Builder,
    pub(crate) items: Vec<Target>,
    /// True when exactly one object was asked for, which is then not printed as a List.
    pub(crate) single_item_implied: bool,
}

impl Builder {
    /// What the usual flags of the running verb say: `-f -k -R -l --field-selector -A -n --all --chunk-size
    /// --subresource --local`. Arguments are left to the verb.
    ///
    /// # Errors
    /// A kubeconfig that cannot be read.
    pub(crate) fn of(ctx: &mut Ctx<'_>) -> Result<Self, Failure> {
        let local = ctx.flags.on("local");
        let namespace = match ctx.namespace() {
            Ok(namespace) => Some(namespace),
            Err(_) if local => None,
            Err(failure) => return Err(failure),
        };
        let flags = &ctx.flags;
        let text = |name: &str| Some(flags.text(name).trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Self {
            files: flags.list("filename"),
            kustomize: flags.text("kustomize").to_owned(),
            recursive: flags.on("recursive"),
            label_selector: text("selector"),
            field_selector: text("field-selector"),
            all: flags.on("all"),
            namespace,
            all_namespaces: flags.on("all-namespaces"),
            local,
            subresource: flags.text("subresource").to_owned(),
            chunk: flags.int("chunk-size"),
            flatten: true,
            ..Self::default()
        })
    }

    /// True when neither `-f` nor `-k` is given.
    pub(crate) fn no_files(&self) -> bool {
        self.files.is_empty() && self.kustomize.is_empty()
    }

    /// Finds out what is meant.
    ///
    /// # Errors
    /// cli-runtime's sentences about arguments that do not fit together, or an unknown type.
    pub(crate) fn targets(mut self, ctx: &mut Ctx<'_>) -> Result<Targets, Failure> {
        self.check_flags()?;
        let words = self.words(ctx)?;
        if self.all {
            self.label_selector = Some(String::new());
        }
        if !self.no_files() {
            files::check(ctx, &self)?;
            return self.by_files(&words);
        }
        if self.label_selector.is_some() || self.field_selector.is_some() {
            return self.by_selector(ctx, words);
        }
        if !words.tuples.is_empty() {
            return self.by_tuples(ctx, words);
        }
        if !words.names.is_empty() {
            return self.by_names(ctx, words);
        }
        for word in &words.types {
            ctx.resource(word)?;
        }
        if !words.types.is_empty() {
            return Err(Failure::error("resource(s) were provided, but no name was specified"));
        }
        if self.local {
            return Err(Failure::error(
                "error: you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'",
            ));
        }
        Err(Failure::error(MISSING))
    }

    fn check_flags(&self) -> Result<(), Failure> {
        let mut wrong = Vec::new();
        if !self.files.is_empty() && !self.kustomize.is_empty() {
            wrong.push(Failure::error("only one of -f or -k can be specified"));
        }
        if self.recursive && !self.kustomize.is_empty() {
            wrong.push(Failure::error("the -k flag can't be used with -f or -R"));
        }
        if self.all && (self.label_selector.is_some() || self.field_selector.is_some()) {
            wrong.push(Failure::error("setting 'all' parameter but found a non empty selector. "));
        }
        Failure::all(wrong)
    }

    /// Takes the arguments apart into types, names and pairs of both.
    fn words(&mut self, ctx: &mut Ctx<'_>) -> Result<Words, Failure> {
        let mut words = Words::default();
        if let Some((kind, names)) = self.names.take() {
            for name in names {
                words.tuples.push(tuple(&name)?.unwrap_or_else(|| (kind.to_owned(), name.clone())));
            }
        }
        let args = spread(std::mem::take(&mut self.args));
        let slashed = args.iter().filter(|arg| arg.contains('/')).count();
        if slashed > 0 {
            if slashed != args.len() {
                return Err(Failure::error(
                    "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
                ));
            }
            for arg in &args {
                words.tuples.extend(tuple(arg)?);
            }
            return Ok(words);
        }
        let Some((types, names)) = args.split_first() else { return Ok(words) };
        let types = if self.local { types.clone() } else { expand_categories(ctx, types)? };
        words.types = unique(&types);
        words.names = names.to_vec();
        if names.is_empty() && self.type_alone_means_all && self.label_selector.is_none() {
            self.label_selector = Some(String::new());
        }
        Ok(words)
    }

    fn done(self, items: Vec<Target>, single_item_implied: bool) -> Targets {
        Targets { builder: self, items, single_item_implied }
    }

    fn by_files(self, words: &Words) -> Result<Targets, Failure> {
        let wrong = if !words.types.is_empty() {
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
        } else if !words.names.is_empty() {
            "name cannot be provided when a path is specified"
        } else if !words.tuples.is_empty() {
            "resource/name arguments cannot be provided when a path is specified"
        } else {
            // Only known to be one when there is one file, which is settled when it is read.
            let single = self.files.len() == 1 && self.kustomize.is_empty();
            return Ok(self.done(vec![Target::Files], single));
        };
        Err(Failure::error(wrong))
    }

    fn by_selector(self, ctx: &mut Ctx<'_>, words: Words) -> Result<Targets, Failure> {
        let wrong = if !words.names.is_empty() {
            "name cannot be provided when a selector is specified"
        } else if !words.tuples.is_empty() {
            "selectors and the all flag cannot be used when passing resource/name arguments"
        } else if words.types.is_empty() {
            "at least one resource must be specified to use a selector"
        } else if !self.subresource.is_empty() {
            "subresource cannot be used when bulk resources are specified"
        } else {
            let mut items = Vec::new();
            for mapping in self.mappings(ctx, &words.types)? {
                let namespace = if mapping.namespaced { self.namespace_name() } else { String::new() };
                items.push(Target::Listed { mapping, namespace });
            }
            return Ok(self.done(items, false));
        };
        Err(Failure::error(wrong))
    }

    fn by_tuples(self, ctx: &mut Ctx<'_>, words: Words) -> Result<Targets, Failure> {
        if !words.types.is_empty() {
            return Err(Failure::error(
                "you may not specify individual resources and bulk resources in the same call",
            ));
        }
        let types: Vec<String> = words.tuples.iter().map(|(kind, _)| kind.clone()).collect();
        let mut found: Vec<Mapping> = Vec::new();
        for word in &types {
            found.push(ctx.resource(word)?);
        }
        if self.single_type
            && found.iter().any(|one| !found.first().is_some_and(|first| one.same_type(first)))
        {
            return Err(Failure::error("you may only specify a single resource type"));
        }
        let mut items = Vec::new();
        for ((_, name), mapping) in words.tuples.into_iter().zip(found) {
            items.push(self.named(mapping, name)?);
        }
        let single = items.len() == 1;
        Ok(self.done(items, single))
    }

    fn by_names(self, ctx: &mut Ctx<'_>, words: Words) -> Result<Targets, Failure> {
        match words.types.len() {
            0 => return Err(Failure::error("you must provide a resource and a resource name together")),
            1 => {}
            _ => return Err(Failure::error("you must specify only one resource")),
        }
        let mut items = Vec::new();
        for mapping in self.mappings(ctx, &words.types)? {
            for name in &words.names {
                items.push(self.named(mapping.clone(), name.clone())?);
            }
        }
        let single = items.len() == 1;
        Ok(self.done(items, single))
    }

    fn named(&self, mapping: Mapping, name: String) -> Result<Target, Failure> {
        if name.is_empty() {
            return Err(Failure::error("resource name may not be empty"));
        }
        let namespace = if mapping.namespaced { self.namespace_name() } else { String::new() };
        if mapping.namespaced && namespace.is_empty() {
            let words = if self.all_namespaces {
                "a resource cannot be retrieved by name across all namespaces"
            } else {
                "namespace may not be empty when retrieving a resource by name"
            };
            return Err(Failure::error(words));
        }
        Ok(Target::Named { mapping, namespace, name })
    }

    fn mappings(&self, ctx: &mut Ctx<'_>, types: &[String]) -> Result<Vec<Mapping>, Failure> {
        if types.len() > 1 && self.single_type {
            return Err(Failure::error("you may only specify a single resource type"));
        }
        let mut all: Vec<Mapping> = Vec::new();
        for word in types {
            let mapping = ctx.resource(word)?;
            if !all.contains(&mapping) {
                all.push(mapping);
            }
        }
        Ok(all)
    }

    /// The namespace to look in; empty for all.
    pub(crate) fn namespace_name(&self) -> String {
        match &self.namespace {
            Some(namespace) if !self.all_namespaces => namespace.name.clone(),
            _ => String::new(),
        }
    }
}

/// Arguments taken apart.
#[derive(Debug, Default)]
struct Words {
    types: Vec<String>,
    names: Vec<String>,
    tuples: Vec<(String, String)>,
}

/// `a,b c d` as `a/c a/d b/c b/d`.
fn spread(args: Vec<String>) -> Vec<String> {
    let Some((first, names)) = args.split_first() else { return args };
    let types = unique(first);
    if names.is_empty() || types.len() < 2 {
        return args;
    }
    types.iter().flat_map(|kind| names.iter().map(move |name| format!("{kind}/{name}"))).collect()
}

fn unique(types: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in types.split(',') {
        if !all.iter().any(|known| known == word) {
            all.push(word.to_owned());
        }
    }
    all
}

fn tuple(arg: &str) -> Result<Option<(String, String)>, Failure> {
    let Some((kind, name)) = arg.split_once('/') else { return Ok(None) };
    if name.contains('/') {
        return Err(Failure::error("arguments in resource/name form may not have more than one slash"));
    }
    if kind.is_empty() || name.is_empty() || unique(kind).len() != 1 {
        return Err(Failure::error("arguments in resource/name form must have a single resource and name"));
    }
    Ok(Some((kind.to_owned(), name.to_owned())))
}

/// `all` as the types it stands for.
fn expand_categories(ctx: &mut Ctx<'_>, types: &str) -> Result<String, Failure> {
    let mapper = ctx.mapper()?;
    let mut words = Vec::new();
    for word in types.split(',') {
        let members = mapper.category(word);
        if members.is_empty() {
            words.push(word.to_owned());
        } else {
            words.extend(members.into_iter().map(Mapping::qualified));
        }
    }
    Ok(words.join(","))
}
