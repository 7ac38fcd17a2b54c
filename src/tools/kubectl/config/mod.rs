//! `kubectl config`: shows and edits kubeconfig files.
//!
//! Talks to no server. Start with [`store`], which knows the files; the others are commands on it.

mod property;
mod set;
mod store;
mod view;

use super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::{Ctx, Done, Failure};
use crate::apimachinery::go::quote;
use crate::apimachinery::json::Value;
use store::{Section, Store};

/// `kubectl config`.
pub(crate) static CONFIG: Verb = Verb {
    name: "config",
    group: Group::Other,
    summary: "Modify kubeconfig files",
    about: "Files are looked for in this order: --kubeconfig alone; then the list in $KUBECONFIG, merged, where a \
            change goes to the file that has the entry and a new entry to the first file that exists; else \
            ${HOME}/.kube/config.",
    examples: "
        # Use another cluster
        kubectl config use-context staging
        # Another namespace for this context
        kubectl config set-context --current --namespace=shop",
    children: &[
        &CURRENT_CONTEXT,
        &DELETE_CLUSTER,
        &DELETE_CONTEXT,
        &DELETE_USER,
        &GET_CLUSTERS,
        &GET_CONTEXTS,
        &GET_USERS,
        &RENAME_CONTEXT,
        &SET,
        &SET_CLUSTER,
        &SET_CONTEXT,
        &SET_CREDENTIALS,
        &UNSET,
        &USE_CONTEXT,
        &VIEW,
    ],
    ..PLAIN
};

static CURRENT_CONTEXT: Verb = Verb {
    name: "current-context",
    group: Group::Other,
    summary: "Display the current-context",
    examples: "
        # The context in use
        kubectl config current-context",
    run: Run::Now(view::current_context),
    ..PLAIN
};
static DELETE_CLUSTER: Verb = Verb {
    name: "delete-cluster",
    group: Group::Other,
    summary: "Delete the specified cluster from the kubeconfig",
    examples: "
        # Forget a cluster
        kubectl config delete-cluster staging",
    run: Run::Now(|ctx| delete(ctx, Section::Clusters)),
    complete: Complete::Clusters,
    ..PLAIN
};
static DELETE_CONTEXT: Verb = Verb {
    name: "delete-context",
    group: Group::Other,
    summary: "Delete the specified context from the kubeconfig",
    examples: "
        # Forget a context
        kubectl config delete-context staging",
    run: Run::Now(|ctx| delete(ctx, Section::Contexts)),
    complete: Complete::Contexts,
    ..PLAIN
};
static DELETE_USER: Verb = Verb {
    name: "delete-user",
    group: Group::Other,
    summary: "Delete the specified user from the kubeconfig",
    examples: "
        # Forget a user
        kubectl config delete-user jane",
    run: Run::Now(|ctx| delete(ctx, Section::Users)),
    complete: Complete::Users,
    ..PLAIN
};
static GET_CLUSTERS: Verb = Verb {
    name: "get-clusters",
    group: Group::Other,
    summary: "Display clusters defined in the kubeconfig",
    examples: "
        # All clusters
        kubectl config get-clusters",
    run: Run::Now(|ctx| view::names(ctx, Section::Clusters)),
    ..PLAIN
};
static GET_CONTEXTS: Verb = Verb {
    name: "get-contexts",
    group: Group::Other,
    summary: "Describe one or many contexts",
    examples: "
        # All contexts
        kubectl config get-contexts
        # Only their names
        kubectl config get-contexts -o name",
    run: Run::Now(view::contexts),
    complete: Complete::Contexts,
    ..PLAIN
};
static GET_USERS: Verb = Verb {
    name: "get-users",
    group: Group::Other,
    summary: "Display users defined in the kubeconfig",
    examples: "
        # All users
        kubectl config get-users",
    run: Run::Now(|ctx| view::names(ctx, Section::Users)),
    ..PLAIN
};
static RENAME_CONTEXT: Verb = Verb {
    name: "rename-context",
    group: Group::Other,
    summary: "Rename a context from the kubeconfig file",
    examples: "
        # Another name for a context
        kubectl config rename-context kubernetes-admin@kubernetes lab",
    run: Run::Now(rename_context),
    complete: Complete::Contexts,
    ..PLAIN
};
static SET: Verb = Verb {
    name: "set",
    group: Group::Other,
    summary: "Set an individual value in a kubeconfig file",
    examples: "
        # Another address of a cluster
        kubectl config set clusters.lab.server https://10.0.0.1:6443",
    run: Run::Now(property::set),
    ..PLAIN
};
static SET_CLUSTER: Verb = Verb {
    name: "set-cluster",
    group: Group::Other,
    summary: "Set a cluster entry in kubeconfig",
    examples: "
        # A cluster with the certificate of its authority
        kubectl config set-cluster lab --server=https://10.0.0.1:6443 --certificate-authority=ca.crt --embed-certs",
    run: Run::Now(set::cluster),
    complete: Complete::Clusters,
    ..PLAIN
};
static SET_CONTEXT: Verb = Verb {
    name: "set-context",
    group: Group::Other,
    summary: "Set a context entry in kubeconfig",
    examples: "
        # A user on a cluster
        kubectl config set-context jane@lab --cluster=lab --user=jane
        # Another namespace for the context in use
        kubectl config set-context --current --namespace=shop",
    run: Run::Now(set::context),
    complete: Complete::Contexts,
    ..PLAIN
};
static SET_CREDENTIALS: Verb = Verb {
    name: "set-credentials",
    group: Group::Other,
    summary: "Set a user entry in kubeconfig",
    examples: "
        # A user with a certificate
        kubectl config set-credentials jane --client-certificate=jane.crt --client-key=jane.key
        # A user with a token
        kubectl config set-credentials bot --token=abc",
    run: Run::Now(set::credentials),
    complete: Complete::Users,
    ..PLAIN
};
static UNSET: Verb = Verb {
    name: "unset",
    group: Group::Other,
    summary: "Unset an individual value in a kubeconfig file",
    examples: "
        # No context in use
        kubectl config unset current-context",
    run: Run::Now(property::unset),
    ..PLAIN
};
static USE_CONTEXT: Verb = Verb {
    name: "use-context",
    aliases: &["use"],
    group: Group::Other,
    summary: "Set the current-context in a kubeconfig file",
    examples: "
        # Work with another context
        kubectl config use-context jane@lab",
    run: Run::Now(use_context),
    complete: Complete::Contexts,
    ..PLAIN
};
static VIEW: Verb = Verb {
    name: "view",
    group: Group::Other,
    summary: "Display merged kubeconfig settings or a specified kubeconfig file",
    examples: "
        # All files merged
        kubectl config view
        # Only what the context in use needs, with its secrets
        kubectl config view --minify --raw",
    run: Run::Now(view::view),
    ..PLAIN
};

/// Prints the help of the command and fails with the arguments that it did not expect.
fn unexpected(ctx: &Ctx<'_>) -> Failure {
    print_help(ctx);
    Failure::error(format!("Unexpected args: [{}]", ctx.args.join(" ")))
}

fn print_help(ctx: &Ctx<'_>) {
    let path = ctx.path.strip_prefix("kubectl ").unwrap_or("").to_owned();
    ctx.out(&super::help::of(ctx.verb, &path));
}

fn use_context(ctx: &mut Ctx<'_>) -> Done {
    let [name] = ctx.args.as_slice() else { return Err(unexpected(ctx)) };
    let name = name.clone();
    let mut store = Store::open(ctx)?;
    if name.is_empty() {
        return Err(Failure::error("empty context names are not allowed"));
    }
    if store.find(Section::Contexts, &name).is_none() {
        return Err(Failure::error(format!("no context exists with the name: {}", quote(&name))));
    }
    store.set_current(&name);
    store.save(ctx)?;
    ctx.out(&format!("Switched to context {}.\n", quote(&name)));
    Ok(())
}

fn rename_context(ctx: &mut Ctx<'_>) -> Done {
    let [from, to] = ctx.args.as_slice() else { return Err(unexpected(ctx)) };
    let (from, to) = (from.clone(), to.clone());
    if to.is_empty() {
        return Err(Failure::error("You must specify a new non-empty context name"));
    }
    let mut store = Store::open(ctx)?;
    let file = store.default_shown();
    let Some(context) = store.find(Section::Contexts, &from).cloned() else {
        return Err(Failure::error(format!(
            "cannot rename the context {}, it's not in {file}",
            quote(&from)
        )));
    };
    if store.find(Section::Contexts, &to).is_some() {
        return Err(Failure::error(format!(
            "cannot rename the context {}, the context {} already exists in {file}",
            quote(&from),
            quote(&to)
        )));
    }
    store.remove(Section::Contexts, &from);
    store.put(Section::Contexts, &to, context);
    if store.current() == from {
        store.set_current(&to);
    }
    store.save(ctx)?;
    ctx.out(&format!("Context {} renamed to {}.\n", quote(&from), quote(&to)));
    Ok(())
}

fn delete(ctx: &mut Ctx<'_>, section: Section) -> Done {
    let mut store = Store::open(ctx)?;
    let [name] = ctx.args.as_slice() else {
        if section == Section::Users {
            return Err(ctx.usage("user to delete is required"));
        }
        print_help(ctx);
        return Ok(());
    };
    let (name, noun, file) = (name.clone(), section.noun(), store.default_shown());
    if store.find(section, &name).is_none() {
        return Err(Failure::error(format!("cannot delete {noun} {name}, not in {file}")));
    }
    if section == Section::Contexts && store.current() == name {
        ctx.err(
            "warning: this removed your active context, use \"kubectl config use-context\" to select a different one\n",
        );
    }
    store.remove(section, &name);
    store.save(ctx)?;
    ctx.out(&format!("deleted {noun} {name} from {file}\n"));
    Ok(())
}

/// Puts a string into a map, or takes the key out when the string is empty.
fn set_text(map: &mut Value, key: &str, value: &str) {
    let map = crate::apimachinery::object::as_map(map);
    if value.is_empty() {
        map.remove(key);
    } else {
        map.insert(key.into(), value.into());
    }
}

#[cfg(test)]
mod tests;
