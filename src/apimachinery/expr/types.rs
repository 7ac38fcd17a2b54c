//! The types of CEL, as its messages name them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    /// Anything; only running an expression shows what.
    Dyn,
    /// What an expression has that was complained of already.
    Fault,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List(Arc<Type>),
    Map(Arc<Type>, Arc<Type>),
    Optional(Arc<Type>),
    Object(Arc<Message>),
    /// A type that only functions know, such as `kubernetes.Quantity`.
    Opaque(&'static str),
    /// The type of a type.
    Kind,
    /// A parameter of a signature.
    Parameter(char),
}

/// A type with named fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) name: String,
    pub(crate) fields: BTreeMap<String, Type>,
}

/// The variables of an expression.
pub(crate) type Names = BTreeMap<String, Type>;

impl Type {
    pub(crate) fn list(of: Type) -> Self {
        Self::List(Arc::new(of))
    }

    pub(crate) fn map(of: Type) -> Self {
        Self::Map(Arc::new(Self::String), Arc::new(of))
    }

    pub(crate) fn object(name: &str, fields: impl IntoIterator<Item = (String, Type)>) -> Self {
        Self::Object(Arc::new(Message { name: name.to_owned(), fields: fields.into_iter().collect() }))
    }

    /// True for what fits everywhere.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Dyn | Self::Fault)
    }

    /// A type from how a signature spells it: `list(A)`, `map(A,B)`, `string`.
    pub(super) fn spelled(text: &str) -> Self {
        if let Some((outer, rest)) = text.split_once('(') {
            let inner = rest.strip_suffix(')').unwrap_or(rest);
            return match (outer, inner.split_once(',')) {
                ("map", Some((key, value))) => {
                    Self::Map(Arc::new(Self::spelled(key)), Arc::new(Self::spelled(value)))
                }
                ("list", _) => Self::list(Self::spelled(inner)),
                _ => Self::Optional(Arc::new(Self::spelled(inner))),
            };
        }
        match text {
            "null" => Self::Null,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "uint" => Self::Uint,
            "double" => Self::Double,
            "string" => Self::String,
            "bytes" => Self::Bytes,
            "duration" => Self::Duration,
            "timestamp" => Self::Timestamp,
            "type" => Self::Kind,
            "A" => Self::Parameter('A'),
            "B" => Self::Parameter('B'),
            other => OPAQUE.iter().find(|it| **it == other).map_or(Self::Dyn, |it| Self::Opaque(it)),
        }
    }
}

/// The types that only functions know.
const OPAQUE: &[&str] = &[
    "kubernetes.Quantity",
    "kubernetes.URL",
    "kubernetes.NamedFormat",
    "kubernetes.Semver",
    "kubernetes.authorization.Authorizer",
    "kubernetes.authorization.Decision",
    "kubernetes.authorization.GroupCheck",
    "kubernetes.authorization.PathCheck",
    "kubernetes.authorization.ResourceCheck",
    "net.CIDR",
    "net.IP",
];

impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn => out.write_str("dyn"),
            Self::Fault => out.write_str("!error!"),
            Self::Null => out.write_str("null"),
            Self::Bool => out.write_str("bool"),
            Self::Int => out.write_str("int"),
            Self::Uint => out.write_str("uint"),
            Self::Double => out.write_str("double"),
            Self::String => out.write_str("string"),
            Self::Bytes => out.write_str("bytes"),
            Self::Duration => out.write_str("google.protobuf.Duration"),
            Self::Timestamp => out.write_str("google.protobuf.Timestamp"),
            Self::List(of) => write!(out, "list({of})"),
            Self::Map(key, value) => write!(out, "map({key}, {value})"),
            Self::Optional(of) => write!(out, "optional_type({of})"),
            Self::Object(message) => out.write_str(&message.name),
            Self::Opaque(name) => out.write_str(name),
            Self::Kind => out.write_str("type"),
            Self::Parameter(name) => write!(out, "{name}"),
        }
    }
}
