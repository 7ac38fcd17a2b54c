//! Objects as Kubernetes writes them in protocol buffers, read into JSON trees.
//!
//! Clients such as kubectl send built-in kinds like this. The table `assets/api/protobuf.txt` holds the
//! fields of each message by number, made from the `generated.proto` files of kubernetes/api and
//! kubernetes/apimachinery; what Go's JSON leaves out and what it writes inline follows from the schema.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::schema::{Schema, Write, by_name, definition};
use crate::apimachinery::json::{List, Map, Value};
use crate::apimachinery::object::Gvk;
use crate::sim::SimTime;

/// The first bytes of an object.
const MAGIC: &[u8] = b"k8s\0";

/// Messages inside messages go no deeper.
const DEPTH_MAX: usize = 64;

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

/// Why bytes are no object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProtoError {
    #[error("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")]
    NoPrefix,
    #[error("unexpected EOF")]
    Truncated,
    #[error("no kind {kind:?} is registered for version {version:?}")]
    UnknownKind { kind: String, version: String },
}

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    Bool,
    Bytes,
    Double,
    Message(String),
    List(Box<Kind>),
    Map(Box<Kind>),
}

impl Kind {
    /// `text`, `*Container`, `%bytes`; names without a dot are of `package`.
    fn parse(word: &str, package: &str) -> Self {
        if let Some(item) = word.strip_prefix('*') {
            return Self::List(Box::new(Self::parse(item, package)));
        }
        if let Some(item) = word.strip_prefix('%') {
            return Self::Map(Box::new(Self::parse(item, package)));
        }
        match word {
            "text" => Self::Text,
            "int" => Self::Int,
            "bool" => Self::Bool,
            "bytes" => Self::Bytes,
            "double" => Self::Double,
            name if name.contains('.') => Self::Message(name.to_owned()),
            name => Self::Message(format!("{package}.{name}")),
        }
    }
}

/// Fields of one message by number.
type Fields = BTreeMap<u64, (String, Kind)>;

static MESSAGES: LazyLock<BTreeMap<String, Fields>> = LazyLock::new(|| {
    let mut messages = BTreeMap::new();
    let mut package = "";
    for line in include_str!("../../assets/api/protobuf.txt").lines() {
        if let Some(name) = line.strip_prefix('@') {
            package = name;
        } else if let Some((name, fields)) = line.split_once(':') {
            let fields = fields.split(',').filter_map(|field| parse_field(field.trim(), package));
            messages.insert(format!("{package}.{name}"), fields.collect());
        }
    }
    messages
});

/// `2 spec DeploymentSpec`.
fn parse_field(text: &str, package: &str) -> Option<(u64, (String, Kind))> {
    let mut words = text.split(' ');
    let (number, name, kind) = (words.next()?, words.next()?, words.next()?);
    Some((number.parse().ok()?, (name.to_owned(), Kind::parse(kind, package))))
}

/// A value as it stands on the wire.
#[derive(Clone, Copy, Debug)]
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Wire<'a> {
    fn bytes(self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Number(_) => &[],
        }
    }

    fn number(self) -> u64 {
        match self {
            Self::Number(number) => number,
            Self::Bytes(_) => 0,
        }
    }

    fn text(self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// Numbers of less than 64 bits are sign-extended.
    fn signed(self) -> i64 {
        self.number().cast_signed()
    }
}

/// Numbers and values of the fields of a message, in order.
fn fields(mut rest: &[u8]) -> Result<Vec<(u64, Wire<'_>)>, ProtoError> {
    let mut all = Vec::new();
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        let value = match tag & 7 {
            0 => Wire::Number(varint(&mut rest)?),
            1 => Wire::Number(u64::from_le_bytes(*take(&mut rest)?)),
            2 => {
                let length = usize::try_from(varint(&mut rest)?).map_err(|_| ProtoError::Truncated)?;
                let (bytes, tail) = rest.split_at_checked(length).ok_or(ProtoError::Truncated)?;
                rest = tail;
                Wire::Bytes(bytes)
            }
            5 => Wire::Number(u64::from(u32::from_le_bytes(*take(&mut rest)?))),
            _ => return Err(ProtoError::Truncated),
        };
        all.push((tag >> 3, value));
    }
    Ok(all)
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N], ProtoError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(ProtoError::Truncated)?;
    *rest = tail;
    Ok(head)
}

fn varint(rest: &mut &[u8]) -> Result<u64, ProtoError> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let [byte] = *take::<1>(rest)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(ProtoError::Truncated)
}

/// Reads an object: `k8s\0`, then `runtime.Unknown` with its type and its bytes.
///
/// # Errors
/// When the bytes are none, or of a kind that the table does not have.
pub(crate) fn decode(bytes: &[u8]) -> Result<Value, ProtoError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(ProtoError::NoPrefix)?;
    let (mut version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for (number, value) in fields(rest)? {
        match number {
            1 => {
                for (number, value) in fields(value.bytes())? {
                    match number {
                        1 => version = value.text(),
                        2 => kind = value.text(),
                        _ => {}
                    }
                }
            }
            2 => raw = value.bytes(),
            _ => {}
        }
    }
    let name = message_of(&version, &kind);
    let unknown = || ProtoError::UnknownKind { kind: kind.clone(), version: version.clone() };
    let name = name.filter(|name| MESSAGES.contains_key(name)).ok_or_else(unknown)?;
    let mut tree = Map::new();
    tree.insert("apiVersion".into(), version.into());
    tree.insert("kind".into(), kind.into());
    message(&name, raw, &mut tree, DEPTH_MAX)?;
    Ok(Value::Object(tree))
}

/// The message of a kind; options of requests are the same in every version.
fn message_of(version: &str, kind: &str) -> Option<String> {
    if kind.ends_with("Options") {
        return Some(format!("{META}.{kind}"));
    }
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    definition(&Gvk::new(group, version, kind)).map(|schema| schema.name.clone())
}

/// Reads the fields of a message into `tree`.
fn message(name: &str, bytes: &[u8], tree: &mut Map, depth: usize) -> Result<(), ProtoError> {
    let (Some(table), Some(depth)) = (MESSAGES.get(name), depth.checked_sub(1)) else { return Ok(()) };
    let schema = by_name(name);
    for (number, wire) in fields(bytes)? {
        let Some((field, kind)) = table.get(&number) else { continue };
        let own = schema.and_then(|schema| schema.property(field));
        match kind {
            // A struct that Go embeds has no field of its own in JSON.
            Kind::Message(inner) if own.is_none() && schema.is_some() => {
                message(inner, wire.bytes(), tree, depth)?;
            }
            Kind::List(item) => {
                let value = value(item, wire, depth)?;
                let list = tree.entry(field.clone()).or_insert_with(|| Value::Array(List::new()));
                list.as_array_mut().into_iter().for_each(|list| list.push(value.clone()));
            }
            Kind::Map(item) => {
                let (key, value) = entry(item, wire, depth)?;
                let map = tree.entry(field.clone()).or_insert_with(|| Value::Object(Map::new()));
                map.as_object_mut()
                    .into_iter()
                    .for_each(|map| drop(map.insert(key.clone().into(), value.clone())));
            }
            kind => {
                let value = value(kind, wire, depth)?;
                if !is_left_out(own, &value) {
                    tree.insert(field.clone().into(), value);
                }
            }
        }
    }
    Ok(())
}

/// True for the zero value of a field that Go writes only when it is another.
fn is_left_out(field: Option<&Schema>, value: &Value) -> bool {
    let kept = field.is_some_and(|field| matches!(field.facts.write, Write::WhenSet | Write::Always));
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() && !kept,
        Value::Bool(on) => !on && !kept,
        Value::Number(number) => number.as_i64() == Some(0) && !kept,
        Value::Object(map) => {
            map.is_empty() && !field.is_some_and(|field| field.facts.write == Write::WhenSet)
        }
        Value::Array(_) => false,
    }
}

fn entry(item: &Kind, wire: Wire<'_>, depth: usize) -> Result<(String, Value), ProtoError> {
    let (mut key, mut found) = (String::new(), None);
    for (number, wire) in fields(wire.bytes())? {
        match number {
            1 => key = wire.text(),
            2 => found = Some(value(item, wire, depth)?),
            _ => {}
        }
    }
    Ok((key, found.unwrap_or_else(|| Value::from(String::new()))))
}

fn value(kind: &Kind, wire: Wire<'_>, depth: usize) -> Result<Value, ProtoError> {
    Ok(match kind {
        Kind::Text => wire.text().into(),
        Kind::Int => wire.signed().into(),
        Kind::Bool => (wire.number() != 0).into(),
        Kind::Bytes => STANDARD.encode(wire.bytes()).into(),
        Kind::Double => f64::from_bits(wire.number()).into(),
        Kind::Message(name) => named(name, wire.bytes(), depth)?,
        Kind::List(_) | Kind::Map(_) => Value::Null,
    })
}

/// A message of a type that JSON writes in its own way, or an object.
fn named(name: &str, bytes: &[u8], depth: usize) -> Result<Value, ProtoError> {
    let all = || fields(bytes);
    let field =
        |number: u64| Ok(all()?.into_iter().rev().find(|(it, _)| *it == number).map(|(_, wire)| wire));
    let short = name.rsplit('.').next().unwrap_or(name);
    Ok(match short {
        "Quantity" => field(1)?.map_or(Value::Null, |wire| wire.text().into()),
        "IntOrString" => match field(1)?.map_or(0, Wire::number) {
            0 => field(2)?.map_or(0, Wire::signed).into(),
            _ => field(3)?.map(Wire::text).unwrap_or_default().into(),
        },
        "Time" | "MicroTime" => {
            let (seconds, nanos) = (field(1)?.map(Wire::signed), field(2)?.map_or(0, Wire::signed));
            // Go's zero time is no time.
            match seconds.filter(|seconds| *seconds != 0) {
                None => Value::Null,
                Some(seconds) => {
                    let at =
                        SimTime::from_unix_ns(seconds.saturating_mul(1_000_000_000).saturating_add(nanos));
                    if short == "Time" { at.rfc3339().into() } else { at.rfc3339_micro().into() }
                }
            }
        }
        "RawExtension" | "FieldsV1" => {
            let raw = field(1)?.map_or(&[][..], Wire::bytes);
            serde_json::from_slice(raw).unwrap_or(Value::Null)
        }
        "ExtraValue" | "Verbs" => {
            all()?.into_iter().filter(|(number, _)| *number == 1).map(|(_, wire)| wire.text()).collect()
        }
        _ => {
            let mut tree = Map::new();
            message(name, bytes, &mut tree, depth)?;
            Value::Object(tree)
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::apimachinery::json::json;

    use super::*;

    /// What `kubectl create deployment web --image=nginx:1.27` of v1.32 sends.
    const DEPLOYMENT: &str = "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErABCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEn8IARIMCgoKA2FwcBID\
d2ViGmUKHAoAEgAaACIAKgAyADgAQgBaCgoDYXBwEgN3ZWISRRInCgVuZ2lueBIKbmdpbng6MS4yNyoAQgBqAHIAgAEAiAEAkAEAogEAGgAyAEIASgBSAFgAYABoAIIB\
AIoBAJoBAMIBACICCgAoADgAGgwIABAAGAAgACgAOAAaACIA";

    #[test]
    fn a_deployment_of_kubectl() {
        let tree = decode(&STANDARD.decode(DEPLOYMENT).unwrap()).unwrap();
        let template = json!({
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"image": "nginx:1.27", "name": "nginx"}]},
        });
        let wanted = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"labels": {"app": "web"}, "name": "web"},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        });
        assert_eq!(tree, wanted);
    }

    #[test]
    fn other_bytes_are_refused() {
        assert_eq!(decode(b"{}"), Err(ProtoError::NoPrefix));
        assert_eq!(decode(b"k8s\0\x0a\xff\xff"), Err(ProtoError::Truncated));
        assert!(matches!(decode(b"k8s\0"), Err(ProtoError::UnknownKind { .. })));
        let whole = STANDARD.decode(DEPLOYMENT).unwrap();
        for length in 0..whole.len() {
            // Whatever comes of it, it ends.
            drop(decode(whole.get(..length).unwrap()));
        }
    }

    #[test]
    fn every_message_that_a_field_names_is_known_or_special() {
        let special = ["Quantity", "IntOrString", "RawExtension", "Time", "MicroTime", "FieldsV1"];
        for (name, fields) in MESSAGES.iter() {
            for (field, kind) in fields.values() {
                let mut kind = kind;
                while let Kind::List(item) | Kind::Map(item) = kind {
                    kind = item;
                }
                if let Kind::Message(inner) = kind {
                    let known = MESSAGES.contains_key(inner) || special.iter().any(|it| inner.ends_with(it));
                    assert!(known, "{name}.{field}: {inner}");
                }
            }
        }
    }
}
