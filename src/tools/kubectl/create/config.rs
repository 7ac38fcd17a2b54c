//! Generators for ConfigMaps and Secrets.

use base64::Engine as _;

use super::super::{Ctx, Failure, PLAIN, Verb};
use super::Run;
use super::generate::{self, Generator};
use super::sources::{self, Entry};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::{go, validate};
use crate::hosts::certificates;

pub(super) static CONFIGMAP: Verb = Verb {
    name: "configmap",
    aliases: &["cm"],
    summary: "Create a config map from a local file, directory or literal value",
    examples: "
        kubectl create configmap web --from-literal=color=blue --from-literal=size=large
        kubectl create configmap web --from-file=app.properties --from-file=key=other.txt",
    run: Run::Now(|ctx| {
        generate::run(
            ctx,
            &Generator {
                make: configmap,
                failed: "failed to create configmap: ",
                namespaced: true,
                named: true,
            },
        )
    }),
    ..PLAIN
};

pub(super) static SECRET: Verb = Verb {
    name: "secret",
    summary: "Create a secret using a specified subcommand",
    examples: "
        # A secret with one key
        kubectl create secret generic login --from-literal=password=abc",
    children: &[&DOCKER_REGISTRY, &GENERIC, &TLS],
    ..PLAIN
};

static GENERIC: Verb = Verb {
    name: "generic",
    summary: "Create a secret from a local file, directory, or literal value",
    examples: "kubectl create secret generic db --from-literal=password=s3cret",
    run: Run::Now(|ctx| {
        generate::run(
            ctx,
            &Generator { make: generic, failed: "failed to create secret ", namespaced: true, named: true },
        )
    }),
    ..PLAIN
};

static DOCKER_REGISTRY: Verb = Verb {
    name: "docker-registry",
    summary: "Create a secret for use with a Docker registry",
    examples: "kubectl create secret docker-registry regcred --docker-server=registry.local --docker-username=me --docker-password=s3cret",
    run: Run::Now(|ctx| {
        generate::run(
            ctx,
            &Generator {
                make: docker_registry,
                failed: "failed to create secret ",
                namespaced: true,
                named: true,
            },
        )
    }),
    ..PLAIN
};

static TLS: Verb = Verb {
    name: "tls",
    summary: "Create a TLS secret",
    examples: "kubectl create secret tls web --cert=web.crt --key=web.key",
    run: Run::Now(|ctx| {
        generate::run(
            ctx,
            &Generator { make: tls, failed: "failed to create secret ", namespaced: true, named: false },
        )
    }),
    ..PLAIN
};

fn configmap(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let entries = sources::read(ctx, "configmap")?;
    let (mut data, mut binary) = (Map::new(), Map::new());
    for Entry { key, bytes } in entries {
        let wrong = validate::config_map_key(&key);
        if !wrong.is_empty() {
            let key = go::quote(&key);
            return Err(Failure::error(format!(
                "{key} is not a valid key name for a ConfigMap: {}",
                wrong.join(",")
            )));
        }
        for (map, title) in [(&data, "Data"), (&binary, "BinaryData")] {
            if map.contains_key(&key) {
                let key = go::quote(&key);
                return Err(Failure::error(format!(
                    "cannot add key {key}, another key by that name already exists in {title} for ConfigMap {name:?}"
                )));
            }
        }
        match String::from_utf8(bytes) {
            Ok(text) => data.insert(key.into(), text.into()),
            Err(error) => binary.insert(key.into(), encoded(error.as_bytes()).into()),
        };
    }
    let mut tree = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    for (field, map) in [("data", data), ("binaryData", binary)] {
        if !map.is_empty() {
            tree[field] = map.into();
        }
    }
    with_hash(ctx, tree)
}

fn generic(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let entries = sources::read(ctx, "secret")?;
    let data = secret_data(entries)?;
    let kind = ctx.flags.text("type").to_owned();
    secret(ctx, name, &kind, data)
}

fn secret_data(entries: Vec<Entry>) -> Result<Map, Failure> {
    let mut data = Map::new();
    for Entry { key, bytes } in entries {
        let wrong = validate::config_map_key(&key);
        if !wrong.is_empty() {
            let key = go::quote(&key);
            return Err(Failure::error(format!(
                "{key} is not valid key name for a Secret {}",
                wrong.join(";")
            )));
        }
        if data.contains_key(&key) {
            return Err(Failure::error(format!(
                "cannot add key {key}, another key by that name already exists"
            )));
        }
        data.insert(key.into(), encoded(&bytes).into());
    }
    Ok(data)
}

fn secret(ctx: &mut Ctx<'_>, name: &str, kind: &str, data: Map) -> Result<Value, Failure> {
    let mut tree = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    if !data.is_empty() {
        tree["data"] = data.into();
    }
    if !kind.is_empty() {
        tree["type"] = kind.into();
    }
    with_hash(ctx, tree)
}

fn docker_registry(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let flags = &ctx.flags;
    let text = |flag: &str| flags.text(flag).to_owned();
    let (server, user, password, email) =
        (text("docker-server"), text("docker-username"), text("docker-password"), text("docker-email"));
    let data = if !flags.list("from-file").is_empty() {
        secret_data(sources::docker_files(ctx)?)?
    } else if user.is_empty() || password.is_empty() || server.is_empty() {
        return Err(Failure::error(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
        ));
    } else {
        let auth = encoded(format!("{user}:{password}").as_bytes());
        let email =
            if email.is_empty() { String::new() } else { format!(",\"email\":{}", go::json(&json!(email))) };
        let quoted = |text: &str| go::json(&Value::from(text));
        let config = format!(
            "{{\"auths\":{{{}:{{\"username\":{},\"password\":{}{email},\"auth\":{}}}}}}}",
            quoted(&server),
            quoted(&user),
            quoted(&password),
            quoted(&auth)
        );
        Map::from_iter([(".dockerconfigjson".to_owned(), Value::from(encoded(config.as_bytes())))])
    };
    secret(ctx, name, "kubernetes.io/dockerconfigjson", data)
}

fn tls(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let (cert, key) = (ctx.flags.text("cert").to_owned(), ctx.flags.text("key").to_owned());
    if cert.is_empty() || key.is_empty() {
        return Err(Failure::error("key and cert must be specified"));
    }
    let read = |path: &str| {
        ctx.proc.read_file(path).map_err(|error| {
            Failure::error(format!(
                "Cannot read file {path}, open {path}: {}",
                crate::tools::kubectl::failure::go_error(error)
            ))
        })
    };
    let (cert, key) = (read(&cert)?, read(&key)?);
    let text = String::from_utf8_lossy;
    certificates::pair(&text(&cert), &text(&key)).map_err(Failure::error)?;
    let data = Map::from_iter([
        ("tls.crt".to_owned(), Value::from(encoded(&cert))),
        ("tls.key".to_owned(), Value::from(encoded(&key))),
    ]);
    secret(ctx, name, "kubernetes.io/tls", data)
}

/// True unless both can be read and the key is another one's.
fn encoded(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// `--append-hash`: the name with a hash of the content.
fn with_hash(ctx: &Ctx<'_>, mut tree: Value) -> Result<Value, Failure> {
    if ctx.flags.on("append-hash") {
        let name = crate::apimachinery::object::name(&tree);
        let name = format!("{name}-{}", super::super::hash::of(&tree, name));
        tree["metadata"]["name"] = name.into();
    }
    Ok(tree)
}
