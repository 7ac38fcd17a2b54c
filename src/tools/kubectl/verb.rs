//! What a command of kubectl is: a row of a table.

use std::future::Future;
use std::pin::Pin;

use super::{Ctx, Done};

/// A verb that waits in simulated time.
pub(crate) type Waiting<'a> = Pin<Box<dyn Future<Output = Done> + Send + 'a>>;

/// What a verb does.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// Has only commands below it: prints help.
    Group,
    /// Ends at once.
    Now(fn(&mut Ctx<'_>) -> Done),
    /// May wait.
    Waits(for<'a> fn(&'a mut Ctx<'_>) -> Waiting<'a>),
}

/// The headings under which `kubectl --help` lists commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    Beginner,
    Intermediate,
    Deploy,
    Cluster,
    Troubleshooting,
    Advanced,
    Settings,
    Other,
    /// Works, but is not listed.
    Hidden,
}

/// What Tab completes behind the verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Complete {
    Nothing,
    /// A type, then names of it; or `type/name`.
    TypeThenNames,
    Types,
    /// A pod, or `type/name`.
    Pods,
    /// A pod, then one of its containers.
    PodsThenContainers,
    Nodes,
    Contexts,
    Clusters,
    Users,
    Words(&'static [&'static str]),
}

/// One command, such as `get` or `create deployment`. Its flags and usage line are those of its path
/// in `assets/kubectl/flags.txt`.
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) group: Group,
    /// One line, as `kubectl --help` lists it, without a full stop.
    pub(crate) summary: &'static str,
    /// What `--help` says first, below the summary; may be empty.
    pub(crate) about: &'static str,
    /// Lines of `# what it does` and the command; may be empty.
    pub(crate) examples: &'static str,
    /// Flags that must be given, in the order that they are complained about.
    pub(crate) required: &'static [&'static str],
    pub(crate) run: Run,
    pub(crate) children: &'static [&'static Verb],
    pub(crate) complete: Complete,
}

/// What most verbs have in common; for `..PLAIN` in a row.
pub(crate) const PLAIN: Verb = Verb {
    name: "",
    aliases: &[],
    group: Group::Hidden,
    summary: "",
    about: "",
    examples: "",
    required: &[],
    run: Run::Group,
    children: &[],
    complete: Complete::Nothing,
};

impl Verb {
    /// The command of that name or alias directly below this one.
    pub(crate) fn child(&self, name: &str) -> Option<&'static Verb> {
        self.children.iter().find(|child| child.name == name || child.aliases.contains(&name)).copied()
    }
}
