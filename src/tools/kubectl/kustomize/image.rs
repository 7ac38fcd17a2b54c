//! `images`: other names, tags and digests for images.

use regex::Regex;

use super::super::Failure;
use super::fields::{self, Make, Spec};
use super::resource::Resource;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::field;

/// Changes an image wherever containers are listed, and in the fields of `specs`.
///
/// # Errors
/// A field that holds no text.
pub(super) fn replace(entry: &Value, specs: &[Spec], resources: &mut [Resource]) -> Result<(), Failure> {
    let Some(pattern) = pattern(field(entry, "name")) else { return Ok(()) };
    for resource in resources.iter_mut().filter(|it| it.gvk().kind != "CustomResourceDefinition") {
        in_containers(&mut resource.tree, &pattern, entry);
        for spec in specs {
            fields::change(&mut resource.tree, spec, Make::Nothing, &mut |found| {
                if found.is_object() || found.is_array() {
                    return Err("wrong node kind: expected ScalarNode but got MappingNode".into());
                }
                set(found, &pattern, entry);
                Ok(())
            })
            .map_err(Failure::error)?;
        }
    }
    Ok(())
}

/// An image of this name, with or without tag and digest.
fn pattern(name: &str) -> Option<Regex> {
    let tail = r"(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?$";
    Regex::new(&format!("^{name}{tail}")).ok()
}

fn in_containers(value: &mut Value, pattern: &Regex, entry: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|it| in_containers(it, pattern, entry)),
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                in_containers(inner, pattern, entry);
                if matches!(key.as_str(), "containers" | "initContainers") {
                    let items = inner.as_array_mut().into_iter().flatten();
                    items.filter_map(|it| it.get_mut("image")).for_each(|it| set(it, pattern, entry));
                }
            }
        }
        _ => {}
    }
}

fn set(image: &mut Value, pattern: &Regex, entry: &Value) {
    if let Some(text) = image.as_str().filter(|it| pattern.is_match(it)) {
        *image = new_image(text, entry).into();
    }
}

/// The image with another name, tag or digest.
fn new_image(image: &str, entry: &Value) -> String {
    let (rest, digest) = image.split_once('@').unwrap_or((image, ""));
    let slash = rest.find('/').unwrap_or(0);
    let colon = rest.get(slash..).and_then(|it| it.find(':')).map(|at| slash + at);
    let (name, tag) = match colon {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, ""),
    };
    let name = match field(entry, "newName") {
        "" => name,
        new => new,
    };
    let suffix = field(entry, "tagSuffix");
    let suffixed = format!("{tag}{suffix}");
    let (tag, digest) = match (field(entry, "newTag"), field(entry, "digest")) {
        ("", "") if suffix.is_empty() => (tag, digest),
        ("", "") => (suffixed.as_str(), ""),
        (tag, digest) => (tag, digest),
    };
    let mut made = name.to_owned();
    for (mark, part) in [(':', tag), ('@', digest)] {
        if !part.is_empty() {
            made.push(mark);
            made.push_str(part);
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn images_change_their_parts() {
        for (image, entry, want) in [
            ("nginx:1.25", json!({"name": "nginx", "newTag": "1.27"}), "nginx:1.27"),
            ("nginx", json!({"name": "nginx", "newName": "r.io/nginx"}), "r.io/nginx"),
            ("r:5000/a:1", json!({"name": "r:5000/a", "digest": "sha256:0"}), "r:5000/a@sha256:0"),
            ("nginx:1@sha256:0", json!({"name": "nginx", "tagSuffix": "-x"}), "nginx:1-x"),
            ("nginx:1", json!({"name": "nginx", "newTag": "2", "digest": "sha256:1"}), "nginx:2@sha256:1"),
        ] {
            assert_eq!(new_image(image, &entry), want, "{image} {entry}");
        }
        assert!(!pattern("nginx").is_some_and(|it| it.is_match("my-nginx:1")));
    }
}
