//! What Tab offers behind `kubectl`: commands, flags and their values, types and the names of objects.

use super::flags::{self, words};
use super::mapper::Mapping;
use super::{Call, Complete, Ctx, Verb, prefs, resolve, start};
use crate::apimachinery::object;
use crate::shell::{Completer, Proc};

/// The row of the table.
pub(crate) const COMPLETER: Completer = Completer { program: "kubectl", complete };

/// Flags whose value is one of a few words. A command that means other words by it comes first.
const VALUES: &[(&str, &str, &[&str])] = &[
    ("api-resources", "output", &["json", "yaml", "name", "wide"]),
    ("api-resources", "sort-by", &["name", "kind"]),
    ("version", "output", &["json", "yaml"]),
    ("explain", "output", &["plaintext", "plaintext-openapiv2"]),
    (
        "get",
        "output",
        &[
            "json",
            "yaml",
            "kyaml",
            "name",
            "go-template",
            "go-template-file",
            "template",
            "templatefile",
            "jsonpath",
            "jsonpath-as-json",
            "jsonpath-file",
            "custom-columns",
            "custom-columns-file",
            "wide",
        ],
    ),
    (
        "",
        "output",
        &[
            "json",
            "yaml",
            "kyaml",
            "name",
            "go-template",
            "go-template-file",
            "template",
            "templatefile",
            "jsonpath",
            "jsonpath-as-json",
            "jsonpath-file",
        ],
    ),
    ("", "dry-run", &["none", "client", "server"]),
    ("patch", "type", &["json", "merge", "strategic"]),
    ("expose", "type", &["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
    ("", "cascade", &["background", "foreground", "orphan"]),
    ("", "validate", &["strict", "warn", "ignore"]),
    ("", "restart", &["Always", "OnFailure", "Never"]),
    ("", "image-pull-policy", &["Always", "IfNotPresent", "Never"]),
    ("", "protocol", &["TCP", "UDP", "SCTP"]),
    ("", "session-affinity", &["None", "ClientIP"]),
    ("", "override-type", &["json", "merge", "strategic"]),
    ("debug", "profile", &["legacy", "general", "baseline", "netadmin", "restricted", "sysadmin"]),
    ("wait", "for", &["condition=", "create", "delete", "jsonpath="]),
    ("", "preemption-policy", &["PreemptLowerPriority", "Never"]),
    ("", "verb", &["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "*"]),
    ("top node", "sort-by", &["cpu", "memory"]),
    ("top pod", "sort-by", &["cpu", "memory"]),
    ("", "types", &["Normal", "Warning"]),
    ("kuberc set", "section", &["defaults", "aliases", "credentialplugin"]),
    ("kuberc set", "policy", &["AllowAll", "DenyAll", "Allowlist"]),
    ("", "subresource", &["status", "scale", "resize"]),
];

/// Flags whose value is the name of an object, with its type.
const NAMED: &[(&str, &str)] = &[
    ("namespace", "namespaces"),
    ("namespaces", "namespaces"),
    ("clusterrole", "clusterroles"),
    ("role", "roles"),
    ("resource", ""),
    ("class", "ingressclasses"),
];

/// Candidates for the last word.
fn complete(from: &Proc, words: &[String]) -> Vec<String> {
    described(from, words).into_iter().map(|(candidate, _)| candidate).collect()
}

/// Candidates for the last word, each with what it is; sorted, without double ones.
pub(super) fn described(from: &Proc, words: &[String]) -> Vec<(String, String)> {
    let Some((word, before)) = words.split_last() else { return Vec::new() };
    let before = before.get(1..).unwrap_or_default();
    let before = prefs::apply(from, before).map_or_else(|_| before.to_vec(), |line| line.words);
    let closed = before.iter().any(|word| word == "--");
    let mut offered = match (word.strip_prefix('-'), flag_before(&before)) {
        _ if closed => Vec::new(),
        (Some(_), None) => match word.split_once('=') {
            Some((flag, _)) => after_equals(from, &before, flag),
            None => flag_names(&before),
        },
        (_, Some(flag)) => {
            let whole = before.get(..before.len().saturating_sub(1)).unwrap_or_default();
            bare(values_of(from, whole, &flag))
        }
        (None, None) => arguments(from, &before, word),
    };
    offered.retain(|(candidate, _)| candidate.starts_with(word.as_str()));
    offered.sort();
    offered.dedup();
    offered
}

fn bare(words: Vec<String>) -> Vec<(String, String)> {
    words.into_iter().map(|word| (word, String::new())).collect()
}

fn specs(before: &[String]) -> Vec<flags::FlagSpec> {
    let (_, path, _) = resolve(before);
    let mut specs = flags::of_command(&path);
    specs.extend(flags::globals());
    specs
}

fn flag_names(before: &[String]) -> Vec<(String, String)> {
    let visible = specs(before).into_iter().filter(|spec| !spec.hidden);
    visible
        .flat_map(|spec| {
            let what = words::about(spec.name).to_owned();
            let long = match spec.alone.is_empty() {
                true => format!("--{}=", spec.name),
                false => format!("--{}", spec.name),
            };
            let short = spec.short.map(|short| (format!("-{short}"), what.clone()));
            short.into_iter().chain([(long, what)])
        })
        .collect()
}

/// `--output=` with its values behind.
fn after_equals(from: &Proc, before: &[String], flag: &str) -> Vec<(String, String)> {
    let values = values_of(from, before, flag.trim_start_matches('-'));
    bare(values.into_iter().map(|value| format!("{flag}={value}")).collect())
}

/// The flag that the word before waits for a value of.
fn flag_before(before: &[String]) -> Option<String> {
    let last = before.last()?.strip_prefix('-')?;
    let specs = specs(before);
    let spec = match last.strip_prefix('-') {
        Some(long) => specs.into_iter().find(|spec| spec.name == long),
        None => specs.into_iter().find(|spec| spec.short.is_some_and(|short| last.ends_with(short))),
    };
    spec.filter(|spec| spec.alone.is_empty()).map(|spec| spec.name.to_owned())
}

fn values_of(from: &Proc, before: &[String], flag: &str) -> Vec<String> {
    let (_, path, _) = resolve(before);
    let asked = with_ctx(from, before, |ctx| match flag {
        "context" => contexts(ctx),
        "cluster" => ctx.config().ok().map(|config| config.clusters.keys().cloned().collect()),
        "user" if !path.starts_with("create") => {
            ctx.config().ok().map(|config| config.users.keys().cloned().collect())
        }
        "container" | "containers" | "target" => containers(ctx),
        "resource" => types(ctx),
        "serviceaccount" if path.starts_with("create") => accounts(ctx),
        "serviceaccount" => names_of(ctx, "serviceaccounts"),
        _ => {
            let (_, kind) = NAMED.iter().find(|(name, _)| *name == flag)?;
            names_of(ctx, kind)
        }
    });
    asked.unwrap_or_else(|| {
        let fits = |of: &str, name: &str| name == flag && (of.is_empty() || of == path);
        let row = VALUES.iter().find(|(of, name, _)| fits(of, name));
        row.map(|(.., words)| words.iter().map(|&word| word.to_owned()).collect()).unwrap_or_default()
    })
}

fn contexts(ctx: &mut Ctx<'_>) -> Option<Vec<String>> {
    ctx.config().ok().map(|config| config.contexts.keys().cloned().collect())
}

/// `namespace:name` of the service accounts.
fn accounts(ctx: &mut Ctx<'_>) -> Option<Vec<String>> {
    let namespace = ctx.namespace().ok()?.name;
    Some(names_of(ctx, "serviceaccounts")?.into_iter().map(|name| format!("{namespace}:{name}")).collect())
}

/// The containers of the pod that the command names so far.
fn containers(ctx: &mut Ctx<'_>) -> Option<Vec<String>> {
    let word = ctx.args.first()?.clone();
    let pod = super::pods::target(ctx, &word, "").ok()?;
    let kinds = ["containers", "initContainers", "ephemeralContainers"];
    Some(kinds.iter().flat_map(|kind| super::pods::names(&pod, kind)).collect())
}

fn arguments(from: &Proc, before: &[String], word: &str) -> Vec<(String, String)> {
    let (verb, path, rest) = resolve(before);
    let args = positional(&path, &rest);
    if !verb.children.is_empty() && args.is_empty() {
        let mut found = commands(verb);
        if path.is_empty() {
            let plugins = super::plugin::all(from);
            let names = plugins.iter().filter_map(|it| it.rsplit_once("/kubectl-").map(|(_, name)| name));
            found.extend(names.map(|name| (name.to_owned(), "The command is a plugin".to_owned())));
        }
        if matches!(verb.complete, Complete::Nothing) {
            return found;
        }
    }
    let asked = with_ctx(from, before, |ctx| match verb.complete {
        Complete::Nothing => None,
        Complete::Words(words) if args.is_empty() => {
            Some(words.iter().map(|&word| word.to_owned()).collect())
        }
        Complete::Words(_) => None,
        Complete::Types => types(ctx),
        Complete::PodsThenContainers if !args.is_empty() => containers(ctx),
        Complete::Pods | Complete::PodsThenContainers if args.is_empty() => pods_or(ctx, word),
        Complete::Pods | Complete::PodsThenContainers => None,
        Complete::Nodes => names_of(ctx, "nodes"),
        Complete::TypeThenNames => type_then_names(ctx, word),
        Complete::Contexts if args.is_empty() => contexts(ctx),
        Complete::Clusters => ctx.config().ok().map(|config| config.clusters.keys().cloned().collect()),
        Complete::Users => ctx.config().ok().map(|config| config.users.keys().cloned().collect()),
        Complete::Contexts => None,
    });
    let mut offered = asked.unwrap_or_default();
    offered.retain(|candidate| !args.contains(candidate));
    bare(offered)
}

fn commands(verb: &Verb) -> Vec<(String, String)> {
    verb.children.iter().map(|child| (child.name.to_owned(), child.summary.to_owned())).collect()
}

/// The words that are neither flags nor values of flags.
fn positional(path: &str, rest: &[String]) -> Vec<String> {
    let mut specs = flags::of_command(path);
    specs.extend(flags::globals());
    match flags::parse(rest, specs) {
        Ok(parsed) => parsed.args,
        Err(_) => rest.iter().filter(|word| !word.starts_with('-')).cloned().collect(),
    }
}

/// A pod, or a workload as `type/name`.
fn pods_or(ctx: &mut Ctx<'_>, word: &str) -> Option<Vec<String>> {
    match word.split_once('/') {
        Some(_) => type_then_names(ctx, word),
        None => names_of(ctx, "pods"),
    }
}

/// Runs `ask` with a connection as the command so far would have it.
fn with_ctx<T>(from: &Proc, before: &[String], ask: impl FnOnce(&mut Ctx<'_>) -> Option<T>) -> Option<T> {
    let mut proc = Proc::new(&from.lab, from.place.clone(), &["kubectl"]);
    proc.env.clone_from(&from.env);
    proc.cwd.clone_from(&from.cwd);
    proc.user.clone_from(&from.user);
    // Required flags and the like may be missing yet: an unfinished command completes as `get` does.
    let words: Vec<String> = ["get".to_owned()].into_iter().chain(connection_of(before)).collect();
    let (_, path, rest) = resolve(before);
    let mut ctx = start(&mut proc, &words).ok().flatten()?;
    ctx.args = positional(&path, &rest);
    ask(&mut ctx)
}

/// The flags of a command that say where it looks.
fn connection_of(before: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = before.iter();
    while let Some(word) = words.next() {
        let plain = |name: &str| *word == format!("--{name}");
        if word == "-n" || plain("namespace") {
            found.extend(words.next().map(|name| format!("--namespace={name}")));
        } else if let Some(name) = word.strip_prefix("-n").filter(|_| !word.starts_with("--")) {
            found.push(format!("--namespace={}", name.trim_start_matches('=')));
        } else if ["context", "kubeconfig", "cluster", "as", "server"].iter().any(|name| plain(name)) {
            found.extend(words.next().map(|value| format!("{word}={value}")));
        } else if ["--namespace=", "--context=", "--kubeconfig=", "--cluster=", "--as=", "--server="]
            .iter()
            .any(|lead| word.starts_with(lead))
        {
            found.push(word.clone());
        }
    }
    found
}

fn types(ctx: &mut Ctx<'_>) -> Option<Vec<String>> {
    let mapper = ctx.mapper().ok()?;
    Some(mapper.preferred().iter().map(|one| one.qualified()).collect())
}

fn type_then_names(ctx: &mut Ctx<'_>, word: &str) -> Option<Vec<String>> {
    if let Some((kind, _)) = word.split_once('/') {
        let names = names_of(ctx, kind)?;
        return Some(names.into_iter().map(|name| format!("{kind}/{name}")).collect());
    }
    match ctx.args.first().cloned() {
        Some(kind) if !kind.contains('/') => names_of(ctx, &kind),
        _ => types(ctx),
    }
}

/// The names of all objects of a type in the command's namespace.
fn names_of(ctx: &mut Ctx<'_>, word: &str) -> Option<Vec<String>> {
    let mapping: Mapping = ctx.mapper().ok()?.find(word)?.clone();
    let namespace = if mapping.namespaced { ctx.namespace().ok()?.name } else { String::new() };
    let list = ctx.object(Call::get(mapping.path(&namespace))).ok()?;
    Some(object::list(&list, "/items").iter().map(|item| object::name(item).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Place, templates};
    use crate::shell::{Lab, Tools};

    #[test]
    fn everything_behind_kubectl_is_offered() {
        let tools = Tools { programs: crate::tools::PROGRAMS, completers: crate::tools::COMPLETERS };
        let lab = Lab::with_tools(templates::default_world(1), tools);
        let proc = Proc::new(&lab, Place::host("controlplane"), &["bash"]);
        let offered = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            complete(&proc, &words).join(" ")
        };
        let all = [
            "kubectl roll",
            "kubectl rollout re",
            "kubectl get storagec",
            "kubectl get node node",
            "kubectl describe node/node0",
            "kubectl get pods --all-n",
            "kubectl get pods -o js",
            "kubectl get pods --output=ya",
            "kubectl get pods -n kube-s",
            "kubectl -n kube-system logs etcd",
            "kubectl -n kube-system logs etcd-controlplane ",
            "kubectl exec -n kube-system etcd-controlplane -c ",
            "kubectl config use-context ",
            "kubectl --context ",
            "kubectl drain node",
            "kubectl completion b",
            "kubectl wait --for ",
        ];
        let shown: Vec<String> = all.iter().map(|line| format!("{line}> {}", offered(line))).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        kubectl roll> rollout
        kubectl rollout re> restart resume
        kubectl get storagec> storageclasses.storage.k8s.io
        kubectl get node node> node01 node02
        kubectl describe node/node0> node/node01 node/node02
        kubectl get pods --all-n> --all-namespaces
        kubectl get pods -o js> json jsonpath jsonpath-as-json jsonpath-file
        kubectl get pods --output=ya> --output=yaml
        kubectl get pods -n kube-s> kube-system
        kubectl -n kube-system logs etcd> etcd-controlplane
        kubectl -n kube-system logs etcd-controlplane > etcd
        kubectl exec -n kube-system etcd-controlplane -c > etcd
        kubectl config use-context > kubernetes-admin@kubernetes
        kubectl --context > kubernetes-admin@kubernetes
        kubectl drain node> node01 node02
        kubectl completion b> bash
        kubectl wait --for > condition= create delete jsonpath=
        ");
    }
}
