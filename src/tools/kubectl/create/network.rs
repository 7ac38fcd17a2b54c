//! Generators for services and ingresses.

use std::collections::BTreeMap;

use regex::Regex;

use super::super::{Ctx, Failure, PLAIN, Run, Verb};
use super::generate::{self, Generator};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::validate;

pub(super) static SERVICE: Verb = Verb {
    name: "service",
    aliases: &["svc"],
    summary: "Create a service using a specified subcommand",
    children: &[&CLUSTERIP, &EXTERNALNAME, &LOADBALANCER, &NODEPORT],
    ..PLAIN
};

static CLUSTERIP: Verb = Verb {
    name: "clusterip",
    summary: "Create a ClusterIP service",
    examples: "kubectl create service clusterip web --tcp=80:8080",
    run: Run::Now(|ctx| {
        let make = |ctx: &mut Ctx<'_>, name: &str| service(ctx, name, "ClusterIP");
        generate::run(
            ctx,
            &Generator {
                make,
                failed: "failed to create ClusterIP service: ",
                namespaced: true,
                named: true,
            },
        )
    }),
    ..PLAIN
};

static NODEPORT: Verb = Verb {
    name: "nodeport",
    summary: "Create a NodePort service",
    examples: "kubectl create service nodeport web --tcp=80 --node-port=30080",
    run: Run::Now(|ctx| {
        let make = |ctx: &mut Ctx<'_>, name: &str| service(ctx, name, "NodePort");
        generate::run(
            ctx,
            &Generator { make, failed: "failed to create NodePort service: ", namespaced: true, named: true },
        )
    }),
    ..PLAIN
};

static LOADBALANCER: Verb = Verb {
    name: "loadbalancer",
    summary: "Create a LoadBalancer service",
    examples: "kubectl create service loadbalancer web --tcp=80:8080",
    run: Run::Now(|ctx| {
        let make = |ctx: &mut Ctx<'_>, name: &str| service(ctx, name, "LoadBalancer");
        generate::run(
            ctx,
            &Generator {
                make,
                failed: "failed to create LoadBalancer service: ",
                namespaced: true,
                named: true,
            },
        )
    }),
    ..PLAIN
};

static EXTERNALNAME: Verb = Verb {
    name: "externalname",
    summary: "Create an ExternalName service",
    examples: "kubectl create service externalname db --external-name db.example.com",
    required: &["external-name"],
    run: Run::Now(|ctx| {
        let make = |ctx: &mut Ctx<'_>, name: &str| service(ctx, name, "ExternalName");
        generate::run(
            ctx,
            &Generator {
                make,
                failed: "failed to create ExternalName service: ",
                namespaced: true,
                named: true,
            },
        )
    }),
    ..PLAIN
};

pub(super) static INGRESS: Verb = Verb {
    name: "ingress",
    aliases: &["ing"],
    summary: "Create an ingress with the specified name",
    examples: "
        kubectl create ingress web --class=nginx --rule='shop.example.com/*=web:80'
        kubectl create ingress web --rule='shop.example.com/cart=cart:http,tls=shop-cert'",
    run: Run::Now(|ctx| {
        generate::run(
            ctx,
            &Generator {
                make: ingress,
                failed: "failed to create ingress: ",
                namespaced: true,
                named: false,
            },
        )
    }),
    ..PLAIN
};

fn service(ctx: &mut Ctx<'_>, name: &str, kind: &str) -> Result<Value, Failure> {
    let flags = &ctx.flags;
    let (cluster_ip, tcp, external) =
        (flags.text("clusterip"), flags.list("tcp"), flags.text("external-name"));
    if cluster_ip != "None" && tcp.is_empty() && kind != "ExternalName" {
        return Err(Failure::error("at least one tcp port specifier must be provided"));
    }
    if kind == "ExternalName" && !validate::dns1123_subdomain(external).is_empty() {
        return Err(Failure::error(format!("invalid service external name {external}")));
    }
    let mut ports = Vec::new();
    for pair in &tcp {
        let (port, target) = ports_of(pair)?;
        let mut one =
            json!({"name": pair.replace(':', "-"), "port": port, "protocol": "TCP", "targetPort": target});
        if flags.int("node-port") != 0 {
            one["nodePort"] = flags.int("node-port").into();
        }
        ports.push(one);
    }
    let labels = json!({"app": name});
    let mut spec = json!({"selector": labels, "type": kind});
    if !ports.is_empty() {
        spec["ports"] = ports.into();
    }
    if !cluster_ip.is_empty() {
        spec["clusterIP"] = cluster_ip.into();
    }
    if !external.is_empty() {
        spec["externalName"] = external.into();
    }
    Ok(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": labels},
        "spec": spec, "status": {"loadBalancer": {}},
    }))
}

/// `80:http` as 80 and `http`; `80` as 80 twice. What stands behind a second colon is not read.
fn ports_of(pair: &str) -> Result<(i64, Value), Failure> {
    let mut words = pair.split(':');
    let port = words.next().unwrap_or("");
    let out_of_range = !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit());
    let why = if out_of_range { "value out of range" } else { "invalid syntax" };
    let number: u16 =
        port.parse().map_err(|_| Failure::error(format!("strconv.ParseUint: parsing {port:?}: {why}")))?;
    let port = i64::from(number);
    let Some(target) = words.next() else { return Ok((port, port.into())) };
    let target = match target.parse::<i64>() {
        Ok(target) => {
            let wrong = validate::port(target);
            if !wrong.is_empty() {
                return Err(Failure::error(wrong.join(",")));
            }
            Value::from(target)
        }
        Err(_) => {
            let wrong = validate::port_name(target);
            if !wrong.is_empty() {
                return Err(Failure::error(wrong.join(",")));
            }
            Value::from(target)
        }
    };
    Ok((port, target))
}

fn ingress(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let flags = &ctx.flags;
    let (rules, backend) = (flags.list("rule"), flags.text("default-backend"));
    if rules.is_empty() && backend.is_empty() {
        return Err(Failure::error(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
        ));
    }
    let parsed: Vec<Rule> = rules.iter().map(|rule| parse_rule(rule)).collect::<Result<_, _>>()?;
    let mut annotations = BTreeMap::new();
    for annotation in flags.list("annotation") {
        let Some((key, value)) = annotation.split_once('=') else {
            return Err(Failure::error(format!(
                "annotation {annotation} is invalid and should be in format key=[value]"
            )));
        };
        annotations.insert(key.to_owned(), value.to_owned());
    }
    if !backend.is_empty() && backend.split(':').count() != 2 {
        return Err(Failure::error("default-backend should be in format servicename:serviceport"));
    }
    let mut spec = json!({});
    if !flags.text("class").is_empty() {
        spec["ingressClassName"] = flags.text("class").into();
    }
    if !backend.is_empty() {
        spec["defaultBackend"] = backend_of(backend);
    }
    let tls = tls(&parsed);
    if !tls.is_empty() {
        spec["tls"] = tls.into();
    }
    if !parsed.is_empty() {
        spec["rules"] = hosts(&parsed).into();
    }
    let mut tree = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name},
        "spec": spec, "status": {"loadBalancer": {}},
    });
    if !annotations.is_empty() {
        tree["metadata"]["annotations"] = json!(annotations);
    }
    Ok(tree)
}

/// One `--rule`.
struct Rule {
    host: String,
    path: String,
    service: String,
    /// The secret of `tls=`; empty for `tls` alone, `None` without.
    tls: Option<String>,
}

/// Reads as kubectl does: only the beginning must have the form, and any word behind a comma asks for TLS.
fn parse_rule(rule: &str) -> Result<Rule, Failure> {
    let form = Regex::new(r"^[\w*\-.]*/.*=[\w\-]+:[\w\-]+").ok();
    if !form.is_some_and(|form| form.is_match(rule)) {
        return Err(Failure::error(format!(
            "rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
        )));
    }
    let parts: Vec<&str> = rule.split(',').collect();
    let tls = match parts.as_slice() {
        [_, tls] => Some(tls.split('=').nth(1).unwrap_or("").to_owned()),
        _ => None,
    };
    let (host, rest) = parts.first().and_then(|it| it.split_once('/')).unwrap_or_default();
    let mut words = rest.split('=');
    let (path, service) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    Ok(Rule { host: host.into(), path: path.into(), service: service.into(), tls })
}

fn backend_of(service: &str) -> Value {
    let mut words = service.split(':');
    let (name, port) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let port = match port.parse::<i64>() {
        Ok(number) => json!({"number": number}),
        Err(_) => json!({"name": port}),
    };
    json!({"service": {"name": name, "port": port}})
}

fn hosts(rules: &[Rule]) -> Vec<Value> {
    let mut all: Vec<(String, Vec<Value>)> = Vec::new();
    for rule in rules {
        let path = format!("/{}", rule.path);
        let (path, kind) = match path.strip_suffix('*') {
            Some(path) => (path.to_owned(), "Prefix"),
            None => (path, "Exact"),
        };
        let path = json!({"path": path, "pathType": kind, "backend": backend_of(&rule.service)});
        match all.iter_mut().find(|(host, _)| *host == rule.host) {
            Some((_, paths)) => paths.push(path),
            None => all.push((rule.host.clone(), vec![path])),
        }
    }
    all.into_iter()
        .map(|(host, paths)| {
            let mut one = json!({"http": {"paths": paths}});
            if !host.is_empty() {
                one["host"] = host.into();
            }
            one
        })
        .collect()
}

/// One entry a secret, with each host once.
fn tls(rules: &[Rule]) -> Vec<Value> {
    let mut seen: Vec<&str> = Vec::new();
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for rule in rules {
        let Some(secret) = &rule.tls else { continue };
        if seen.contains(&rule.host.as_str()) {
            continue;
        }
        seen.push(&rule.host);
        match all.iter_mut().find(|(known, _)| known == secret) {
            Some((_, hosts)) => hosts.push(rule.host.clone()),
            None if rule.host.is_empty() && secret.is_empty() => {}
            None => {
                let hosts = if rule.host.is_empty() { Vec::new() } else { vec![rule.host.clone()] };
                all.push((secret.clone(), hosts));
            }
        }
    }
    all.into_iter()
        .map(|(secret, hosts)| {
            let mut one = json!({});
            if !hosts.is_empty() {
                one["hosts"] = json!(hosts);
            }
            if !secret.is_empty() {
                one["secretName"] = secret.into();
            }
            one
        })
        .collect()
}
