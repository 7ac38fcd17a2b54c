//! `config set` and `config unset`: one value by its dotted path.
//!
//! The paths are those of client-go's internal `api.Config`; the refusals name its Go types.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::store::{Section, Store};
use super::unexpected;
use crate::apimachinery::go::quote;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::as_map;
use crate::tools::kubectl::flags::bool_word;
use crate::tools::kubectl::{Ctx, Done, Failure};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
enum Type {
    Text,
    Bytes,
    Bool,
    /// A list of the named Go kind, which `set` cannot write.
    List(&'static str),
    /// A struct behind a pointer, by its Go name.
    Struct(&'static str, &'static [(&'static str, Type)]),
}
use Type::{Bool, Bytes, List, Struct, Text};

const CLUSTER: &[(&str, Type)] = &[
    ("server", Text),
    ("tls-server-name", Text),
    ("insecure-skip-tls-verify", Bool),
    ("certificate-authority", Text),
    ("certificate-authority-data", Bytes),
    ("proxy-url", Text),
    ("disable-compression", Bool),
];
const CONTEXT: &[(&str, Type)] = &[("cluster", Text), ("user", Text), ("namespace", Text)];
const EXEC: &[(&str, Type)] = &[
    ("command", Text),
    ("args", List("string")),
    ("env", List("struct")),
    ("apiVersion", Text),
    ("installHint", Text),
    ("provideClusterInfo", Bool),
    ("interactiveMode", Text),
];
const AUTH_PROVIDER: &[(&str, Type)] = &[("name", Text)];
const USER: &[(&str, Type)] = &[
    ("client-certificate", Text),
    ("client-certificate-data", Bytes),
    ("client-key", Text),
    ("client-key-data", Bytes),
    ("token", Text),
    ("tokenFile", Text),
    ("act-as", Text),
    ("act-as-uid", Text),
    ("act-as-groups", List("string")),
    ("username", Text),
    ("password", Text),
    ("auth-provider", Struct("*api.AuthProviderConfig", AUTH_PROVIDER)),
    ("exec", Struct("*api.ExecConfig", EXEC)),
];

/// The fields of a struct by name.
type Fields = &'static [(&'static str, Type)];

/// Sections by their word in a path, with their fields and Go type.
const SECTIONS: &[(&str, Section, Fields, &str)] = &[
    ("clusters", Section::Clusters, CLUSTER, "*api.Cluster"),
    ("contexts", Section::Contexts, CONTEXT, "*api.Context"),
    ("users", Section::Users, USER, "*api.AuthInfo"),
];

/// A parsed path.
#[derive(Debug)]
enum Property {
    CurrentContext,
    /// A whole section.
    Section(Section),
    /// An entry, or with keys a field inside it.
    Entry {
        section: Section,
        name: String,
        keys: Vec<&'static str>,
        kind: Option<Type>,
    },
    /// `kind`, `apiVersion` and others that do not outlive the write.
    Ignored,
}

fn parse(path: &str) -> Result<Property, Failure> {
    let refuse =
        |steps: &str, at: &str| Failure::error(format!("unable to parse {path} after [{steps}] at {at}"));
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let Some((_, section, fields, go_type)) = SECTIONS.iter().find(|(word, ..)| *word == first) else {
        return match first {
            "current-context" if rest.is_none() => Ok(Property::CurrentContext),
            "kind" | "apiVersion" | "preferences" | "extensions" if rest.is_none() => Ok(Property::Ignored),
            "current-context" | "kind" | "apiVersion" => {
                Err(Failure::error(format!("unable to parse one or more field values of {path}")))
            }
            _ => Err(refuse("", "api.Config")),
        };
    };
    let Some(rest) = rest else { return Ok(Property::Section(*section)) };
    let parts: Vec<&str> = rest.split('.').collect();
    // A name may have dots: it ends before the first part that is a field.
    let known = |part: &&str| fields.iter().any(|(key, _)| key == part);
    let split = parts.iter().skip(1).position(known).map_or(parts.len(), |at| at + 1);
    let name = parts.get(..split).unwrap_or_default().join(".");
    let (mut fields, mut at) = (*fields, *go_type);
    let (mut keys, mut kind) = (Vec::new(), None);
    let mut steps = format!("{{{first} map[string]{go_type}}} {{{name} {go_type}}}");
    for part in parts.iter().skip(split) {
        let Some((key, found)) = fields.iter().find(|(key, _)| key == part) else {
            return Err(refuse(&steps, at));
        };
        keys.push(*key);
        kind = Some(*found);
        match found {
            Struct(name, inner) => {
                (fields, at) = (inner, *name);
                steps += &format!(" {{{key} {name}}}");
            }
            _ if keys.len() + split < parts.len() => {
                return Err(Failure::error(format!("unable to parse one or more field values of {path}")));
            }
            _ => {}
        }
    }
    Ok(Property::Entry { section: *section, name, keys, kind })
}

/// `kubectl config set`.
pub(super) fn set(ctx: &mut Ctx<'_>) -> Done {
    let [path, value] = ctx.args.as_slice() else { return Err(unexpected(ctx)) };
    let (path, value) = (path.clone(), value.clone());
    if value.is_empty() {
        return Err(Failure::error("you cannot use set to unset a property"));
    }
    if path.is_empty() {
        return Err(Failure::error("you must specify a property"));
    }
    let mut store = Store::open(ctx)?;
    match parse(&path)? {
        Property::CurrentContext => store.set_current(&value),
        Property::Ignored => {}
        Property::Section(section) => {
            let names: Vec<String> =
                store.names(section).into_iter().map(|name| format!("{name}:0xc000000000")).collect();
            return Err(Failure::error(format!("can't set a map to a value: map[{}]", names.join(" "))));
        }
        Property::Entry { kind: None, section, .. } => {
            let names: Vec<String> =
                store.names(section).into_iter().map(|name| format!("{name}:0xc000000000")).collect();
            return Err(Failure::error(format!("can't set a map to a value: map[{}]", names.join(" "))));
        }
        Property::Entry { section, name, keys, kind: Some(kind), .. } => {
            let value = typed(kind, &value, ctx.flags.on("set-raw-bytes"))?;
            let mut entry = store.find(section, &name).cloned().unwrap_or_else(|| json!({}));
            crate::apimachinery::object::set(&mut entry, &renamed(&keys), value);
            store.put(section, &name, entry);
        }
    }
    store.save(ctx)?;
    ctx.out(&format!("Property {} set.\n", quote(&path)));
    Ok(())
}

/// The names of fields in files, where they differ from the internal ones.
fn renamed(keys: &[&'static str]) -> Vec<&'static str> {
    let rename = |key: &&'static str| match *key {
        "act-as" => "as",
        "act-as-uid" => "as-uid",
        "act-as-groups" => "as-groups",
        key => key,
    };
    keys.iter().map(rename).collect()
}

fn typed(kind: Type, value: &str, raw: bool) -> Result<Value, Failure> {
    match kind {
        Text => Ok(value.into()),
        Bool => match bool_word(value) {
            Some(on) => Ok(on.into()),
            None => {
                Err(Failure::error(format!("strconv.ParseBool: parsing {}: invalid syntax", quote(value))))
            }
        },
        Bytes if raw => Ok(STANDARD.encode(value).into()),
        Bytes => match STANDARD.decode(value) {
            Ok(_) => Ok(value.into()),
            Err(base64::DecodeError::InvalidByte(at, _)) => Err(Failure::error(format!(
                "error decoding input value: illegal base64 data at input byte {at}"
            ))),
            Err(_) => {
                let at = value.len() / 4 * 4;
                Err(Failure::error(format!(
                    "error decoding input value: illegal base64 data at input byte {at}"
                )))
            }
        },
        List(inner) => Err(Failure::error(format!("unrecognized slice type. {inner}"))),
        Struct(name, _) => Err(Failure::error(format!("unable to locate path under {name}"))),
    }
}

/// `kubectl config unset`.
pub(super) fn unset(ctx: &mut Ctx<'_>) -> Done {
    let [path] = ctx.args.as_slice() else { return Err(unexpected(ctx)) };
    let path = path.clone();
    if path.is_empty() {
        return Err(Failure::error("you must specify a property"));
    }
    let mut store = Store::open(ctx)?;
    match parse(&path)? {
        Property::CurrentContext => store.set_current(""),
        Property::Ignored => {}
        Property::Section(section) => {
            for name in store.names(section) {
                store.remove(section, &name);
            }
        }
        Property::Entry { section, name, kind: None, .. } => store.remove(section, &name),
        Property::Entry { section, name, keys, .. } => {
            let Some(mut entry) = store.find(section, &name).cloned() else {
                return Err(Failure::error(format!("current map key `{name}` is invalid")));
            };
            let keys = renamed(&keys);
            crate::apimachinery::object::remove(&mut entry, &keys);
            as_map(&mut entry);
            store.put(section, &name, entry);
        }
    }
    store.save(ctx)?;
    ctx.out(&format!("Property {} unset.\n", quote(&path)));
    Ok(())
}
