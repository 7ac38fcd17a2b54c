//! Shell scripts as trees. Shared, because a running script points into them.

use std::sync::Arc;

/// A command of any form.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Simple(Arc<Simple>),
    /// `a | b`; `! a` when negated.
    Pipeline {
        stages: Arc<[Node]>,
        negated: bool,
    },
    And(Arc<(Node, Node)>),
    Or(Arc<(Node, Node)>),
    /// One after the other.
    List(Arc<[Node]>),
    If(Arc<If>),
    While(Arc<While>),
    For(Arc<For>),
    Case(Arc<Case>),
    Function(Arc<str>, Arc<Node>),
    /// `{ … }`, `( … )` or a compound with redirections behind it.
    Redirected(Arc<(Node, Vec<Redirect>)>),
    Background(Arc<Node>),
}

/// `A=1 program words >file`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Simple {
    pub(super) assignments: Vec<(String, Word)>,
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct If {
    /// Conditions with what to do when they hold, in order.
    pub(super) arms: Vec<(Node, Node)>,
    pub(super) otherwise: Option<Node>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct While {
    pub(super) condition: Node,
    pub(super) body: Node,
    /// True for `until`.
    pub(super) until: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct For {
    pub(super) variable: String,
    /// `None` for the positional parameters.
    pub(super) words: Option<Vec<Word>>,
    pub(super) body: Node,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    pub(super) word: Word,
    pub(super) arms: Vec<(Vec<Word>, Node)>,
}

/// Where a stream goes to or comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Redirect {
    /// The descriptor in front of the operator, or the usual one.
    pub(super) fd: u32,
    pub(super) kind: RedirectKind,
    pub(super) target: Word,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RedirectKind {
    Write,
    Append,
    Read,
    /// `2>&1`.
    Duplicate,
    /// A here-document; the target is its text.
    Here,
}

/// A word before expansion.
pub(super) type Word = Vec<Part>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Text as it stands; quoted text is neither split nor matched with files.
    Text { text: String, quoted: bool },
    /// `$name`, `${name…}`.
    Parameter { name: String, operation: Operation, quoted: bool },
    /// `$(…)` or backquotes.
    Command { node: Arc<Node>, quoted: bool },
    /// `$((…))`.
    Arithmetic { text: String },
}

/// What `${…}` does with the parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operation {
    Value,
    Length,
    /// `:-`, `:=`, `:+`, `:?`, with or without the colon.
    Otherwise {
        sign: char,
        or_empty: bool,
        word: Word,
    },
    /// `#`, `##`, `%`, `%%`.
    Trim {
        from_end: bool,
        longest: bool,
        pattern: Word,
    },
}
