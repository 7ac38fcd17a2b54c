//! What the API server hands out of a pool: addresses and node ports of services.
//!
//! Rules of `pkg/registry/core/service/storage` in kubernetes/kubernetes. Addresses in use are those of
//! the IPAddress objects, ports in use those of the services.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::call::Call;
use super::{flags, validation};
use crate::apimachinery::field::{self, Path};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::{Cause, Status};
use crate::cluster::{Key, Store};

/// Group-resource of the objects that say which addresses are taken.
const ADDRESSES: &str = "ipaddresses.networking.k8s.io";

/// The IPAddress object of a service's address.
pub(crate) fn ip_address(address: &str, namespace: &str, service: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IPAddress",
        "metadata": {
            "name": address,
            "labels": {
                "ipaddress.kubernetes.io/ip-family": "IPv4",
                "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
            },
        },
        "spec": {"parentRef": {"group": "", "name": service, "namespace": namespace, "resource": "services"}},
    })
}

fn is_service(call: &Call<'_>) -> bool {
    &*call.resource.storage == "services" && call.subresource.is_empty()
}

/// Gives a new service its addresses and ports.
pub(crate) fn on_create(call: &mut Call<'_>, service: &mut Value) -> Result<(), Status> {
    if !is_service(call) {
        return Ok(());
    }
    complete_addresses(service);
    check_families(call, service)?;
    give_address(call, service)?;
    give_ports(call, service, &BTreeSet::new())?;
    give_health_port(call, service);
    Ok(())
}

/// Gives and takes addresses and ports as a service's type changes.
pub(crate) fn on_update(call: &mut Call<'_>, old: &Value, service: &mut Value) -> Result<(), Status> {
    if !is_service(call) {
        return Ok(());
    }
    patch_from_old(old, service);
    follow_single(old, service);
    drop_by_type(old, service);
    complete_addresses(service);
    check_families(call, service)?;
    let external = kind(service) == "ExternalName";
    if kind(old) == "ExternalName" && !external {
        give_address(call, service)?;
    }
    let own: BTreeSet<i64> = node_ports(old).collect();
    give_ports(call, service, &own)?;
    give_health_port(call, service);
    if external && !call.options.dry_run {
        release(call.store_mut(), old);
    }
    Ok(())
}

/// Gives the addresses of a deleted service back.
pub(crate) fn release(store: &mut Store, service: &Value) {
    for address in object::list(service, "/spec/clusterIPs").iter().filter_map(Value::as_str) {
        store.delete(&Key::new(ADDRESSES, "", address));
    }
}

/// Takes the addresses of a service that is stored now.
pub(crate) fn claim(call: &mut Call<'_>, service: &Value) {
    let first = object::text(service, "/spec/clusterIP");
    if !matches!(first, "" | "None") {
        let line = format!(
            "I alloc.go:329] \"allocated clusterIPs\" service=\"{}/{}\" clusterIPs={{\"IPv4\":{first:?}}}",
            object::namespace(service),
            object::name(service)
        );
        call.world.api_server_says(call.cluster, &line);
    }
    let (namespace, name) = (object::namespace(service).to_owned(), object::name(service).to_owned());
    for address in object::list(service, "/spec/clusterIPs").iter().filter_map(Value::as_str) {
        let key = Key::new(ADDRESSES, "", address);
        if address == "None" || address.is_empty() || call.store().get(&key).is_some() {
            continue;
        }
        let mut object = ip_address(address, &namespace, &name);
        let (uid, now) = (call.world.chance.uuid(), call.world.now.rfc3339());
        object::set(&mut object, &["metadata", "uid"], uid);
        object::set(&mut object, &["metadata", "creationTimestamp"], now);
        call.store_mut().put(&key, object);
    }
}

fn kind(service: &Value) -> &str {
    match object::text(service, "/spec/type") {
        "" => "ClusterIP",
        kind => kind,
    }
}

/// `clusterIP` and `clusterIPs[0]` are two names of one thing.
fn complete_addresses(service: &mut Value) {
    let single = object::text(service, "/spec/clusterIP").to_owned();
    let first =
        object::list(service, "/spec/clusterIPs").first().and_then(Value::as_str).unwrap_or("").to_owned();
    if kind(service) == "ExternalName" {
        // Validation refuses the list.
        if single.is_empty() {
            object::remove(service, &["spec", "clusterIP"]);
        } else if first.is_empty() {
            object::set(service, &["spec", "clusterIPs"], json!([single]));
        }
        return;
    }
    if !single.is_empty() && first.is_empty() {
        object::set(service, &["spec", "clusterIPs"], json!([single]));
    } else if single.is_empty() && !first.is_empty() {
        object::set(service, &["spec", "clusterIP"], first);
    }
    object::set_default(service, &["spec", "ipFamilies"], json!(["IPv4"]));
    object::set_default(service, &["spec", "ipFamilyPolicy"], "SingleStack");
}

/// A client that changes one of the two names of the address means both.
fn follow_single(old: &Value, service: &mut Value) {
    let single = |it: &Value| object::text(it, "/spec/clusterIP").to_owned();
    let first = |it: &Value| object::text(it, "/spec/clusterIPs/0").to_owned();
    let (now, before) = (single(service), single(old));
    if now != before && first(service) == first(old) {
        if now.is_empty() {
            object::remove(service, &["spec", "clusterIPs"]);
        } else {
            object::set(service, &["spec", "clusterIPs"], json!([now]));
        }
    } else if now == before && first(service).is_empty() && !first(old).is_empty() && !now.is_empty() {
        let kept = old.pointer("/spec/clusterIPs").cloned().unwrap_or(Value::Null);
        object::set(service, &["spec", "clusterIPs"], kept);
    }
}

/// What the new type of a service has no use for goes, unless the client says something new of it.
/// Mirror of `dropTypeDependentFields`.
fn drop_by_type(old: &Value, service: &mut Value) {
    let balanced = |it: &Value| kind(it) == "LoadBalancer";
    let outside = |it: &Value| matches!(kind(it), "NodePort" | "LoadBalancer");
    let addressed = |it: &Value| kind(it) != "ExternalName";
    let checked = |it: &Value| balanced(it) && object::text(it, "/spec/externalTrafficPolicy") == "Local";
    const ADDRESS: &[&str] = &["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"];
    const BALANCER: &[&str] = &["allocateLoadBalancerNodePorts", "loadBalancerClass"];
    let rows: [(bool, &[&str]); 4] = [
        (addressed(old) && !addressed(service), ADDRESS),
        (checked(old) && !checked(service), &["healthCheckNodePort"]),
        (balanced(old) && !balanced(service), BALANCER),
        (outside(old) && !outside(service), &["externalTrafficPolicy"]),
    ];
    for (gone, fields) in rows {
        for field in fields.iter().filter(|_| gone) {
            let of = |it: &Value| it.get("spec").and_then(|spec| spec.get(*field)).cloned();
            if of(old) == of(service) {
                object::remove(service, &["spec", field]);
            }
        }
    }
}

/// The cluster has addresses of one family.
fn check_families(call: &Call<'_>, service: &Value) -> Result<(), Status> {
    if kind(service) == "ExternalName" {
        return Ok(());
    }
    let causes = validation::service_addresses(service);
    if !causes.is_empty() {
        return Err(invalid(call, service, causes));
    }
    let families = object::list(service, "/spec/ipFamilies");
    let spec = Path::new("spec");
    let mut causes = Vec::new();
    let policy = object::text(service, "/spec/ipFamilyPolicy");
    for (key, list) in [("ipFamilies", families), ("clusterIPs", object::list(service, "/spec/clusterIPs"))] {
        if list.len() == 2 && policy == "SingleStack" {
            let detail =
                format!("must be RequireDualStack or PreferDualStack when multiple {key} are specified");
            causes.push(field::invalid(&spec.child("ipFamilyPolicy"), policy, &detail));
        }
    }
    for (index, family) in families.iter().enumerate() {
        if family.as_str() == Some("IPv6") {
            let path = spec.child("ipFamilies").index(index);
            causes.push(field::invalid(&path, "IPv6", "not configured on this cluster"));
        }
    }
    if policy == "RequireDualStack" {
        let detail = "this cluster is not configured for dual-stack services";
        causes.push(field::invalid(&spec.child("ipFamilyPolicy"), policy, detail));
    }
    if causes.is_empty() { Ok(()) } else { Err(invalid(call, service, causes)) }
}

/// What a PUT leaves out of a service of the same type stays. Mirror of `patchAllocatedValues`.
fn patch_from_old(old: &Value, service: &mut Value) {
    let both_have = |service: &Value| kind(old) != "ExternalName" && kind(service) != "ExternalName";
    if both_have(service) && object::text(service, "/spec/clusterIP").is_empty() {
        for field in ["clusterIP", "clusterIPs"] {
            if let Some(value) = old.get("spec").and_then(|spec| spec.get(field)) {
                object::set(service, &["spec", field], value.clone());
            }
        }
    }
    if has_ports(old) && has_ports(service) {
        keep_ports(old, service);
    }
    if kind(old) == "ExternalName" {
        object::remove(service, &["spec", "externalName"]);
    }
    if !has_ports(service) {
        for port in service.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
            if has_ports(old) {
                object::remove(port, &["nodePort"]);
            }
        }
    }
}

fn has_ports(service: &Value) -> bool {
    match kind(service) {
        "NodePort" => true,
        "LoadBalancer" => service.pointer("/spec/allocateLoadBalancerNodePorts") != Some(&Value::Bool(false)),
        _ => false,
    }
}

fn keep_ports(old: &Value, service: &mut Value) {
    let of = |port: &Value| (object::int(port, "/port"), object::text(port, "/protocol").to_owned());
    let known: Vec<_> =
        object::list(old, "/spec/ports").iter().map(|it| (of(it), object::int(it, "/nodePort"))).collect();
    for port in service.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let before = known.iter().find(|(key, _)| *key == of(port)).and_then(|(_, node_port)| *node_port);
        if let (None | Some(0), Some(node_port)) = (object::int(port, "/nodePort"), before) {
            object::set(port, &["nodePort"], node_port);
        }
    }
}

fn give_address(call: &mut Call<'_>, service: &mut Value) -> Result<(), Status> {
    if kind(service) == "ExternalName" {
        return Ok(());
    }
    let wanted = object::text(service, "/spec/clusterIP").to_owned();
    if wanted == "None" {
        return Ok(());
    }
    if !wanted.is_empty() {
        return take_address(call, service, &wanted);
    }
    let Some(address) = free_address(call) else {
        let why = "failed to allocate IP 0: range is full";
        return Err(Status::internal(&format!("failed to allocate a serviceIP: {why}")));
    };
    object::set(service, &["spec", "clusterIP"], address.as_str());
    object::set(service, &["spec", "clusterIPs"], json!([address]));
    Ok(())
}

/// The ranges that addresses may come from: the server's own and those that are ready.
fn ranges(call: &Call<'_>) -> Vec<ipnet::Ipv4Net> {
    let ready = |it: &Value| object::text(it, "/status/conditions/0/status") == "True";
    let own = call.cluster().service_cidr.parse();
    let added = call.store().list("servicecidrs.networking.k8s.io", "").filter(|it| ready(it));
    let texts = added.flat_map(|it| object::list(it, "/spec/cidrs")).filter_map(Value::as_str);
    own.into_iter().chain(texts.filter_map(|it| it.parse().ok())).collect()
}

fn take_address(call: &Call<'_>, service: &Value, wanted: &str) -> Result<(), Status> {
    let Ok(address) = wanted.parse::<Ipv4Addr>() else { return Ok(()) };
    let refuse = |why: String| {
        let path = Path::new("spec").child("clusterIPs");
        let shown = service.pointer("/spec/clusterIPs").cloned().unwrap_or(json!([wanted]));
        let detail = format!("failed to allocate IP {wanted}: {why}");
        Err(invalid(call, service, vec![field::invalid(&path, shown, &detail)]))
    };
    let cidr = &call.cluster().service_cidr;
    if !ranges(call).iter().any(|net| net.contains(&address)) {
        return refuse(format!(
            "the provided network does not match the current range: the provided IP ({wanted}) is not in the valid range. The range of valid IPs is {cidr}"
        )
        .replace("the provided network does not match the current range: ", ""));
    }
    if call.store().find(ADDRESSES, "", wanted).is_some() {
        return refuse("provided IP is already allocated".into());
    }
    Ok(())
}

fn invalid(call: &Call<'_>, service: &Value, causes: Vec<Cause>) -> Status {
    Status::invalid("Service", &call.resource.group, object::name(service), causes)
}

/// A free address of the upper part of the range, which the server draws from by chance.
fn free_address(call: &mut Call<'_>) -> Option<String> {
    let net: ipnet::Ipv4Net = call.cluster().service_cidr.parse().ok()?;
    let size = 1_u64 << (32 - u32::from(net.prefix_len())).min(20);
    // The first 16 to 256 addresses are kept for services that ask for one.
    let reserved = (size / 16).clamp(16.min(size / 2), 256);
    for _ in 0..100 {
        let offset = reserved + call.world.chance.below(size.saturating_sub(reserved + 1));
        let number = u64::from(u32::from(net.network())) + offset.max(1);
        let address = Ipv4Addr::from(u32::try_from(number).ok()?).to_string();
        if call.store().find(ADDRESSES, "", &address).is_none() {
            return Some(address);
        }
    }
    None
}

fn node_ports(service: &Value) -> impl Iterator<Item = i64> {
    let ports = object::list(service, "/spec/ports").iter().filter_map(|it| object::int(it, "/nodePort"));
    ports.chain(object::int(service, "/spec/healthCheckNodePort")).filter(|port| *port != 0)
}

fn used_ports(call: &Call<'_>) -> BTreeSet<i64> {
    call.store().list("services", "").flat_map(|service| node_ports(service)).collect()
}

fn give_ports(call: &mut Call<'_>, service: &mut Value, own: &BTreeSet<i64>) -> Result<(), Status> {
    if !has_ports(service) {
        return Ok(());
    }
    let mut used: BTreeSet<i64> = used_ports(call).difference(own).copied().collect();
    let mut ports = object::list(service, "/spec/ports").to_vec();
    for (index, port) in ports.iter_mut().enumerate() {
        let wanted = object::int(port, "/nodePort").filter(|it| *it != 0);
        let same_port_other_protocol = |wanted: i64| {
            object::list(service, "/spec/ports")
                .iter()
                .take(index)
                .any(|it| object::int(it, "/nodePort") == Some(wanted))
        };
        let given = match wanted {
            Some(wanted) => {
                if !same_port_other_protocol(wanted) {
                    check_port(call, service, index, wanted, &used)?;
                }
                wanted
            }
            None => free_port(call, &used)?,
        };
        used.insert(given);
        object::set(port, &["nodePort"], given);
    }
    object::set(service, &["spec", "ports"], ports);
    Ok(())
}

fn check_port(
    call: &Call<'_>,
    service: &Value,
    index: usize,
    wanted: i64,
    used: &BTreeSet<i64>,
) -> Result<(), Status> {
    let path = Path::new("spec").child("ports").index(index).child("nodePort");
    let range = flags::node_ports(call.cluster());
    let detail = if !range.contains(&wanted) {
        format!(
            "provided port is not in the valid range. The range of valid ports is {}-{}",
            range.start(),
            range.end()
        )
    } else if used.contains(&wanted) {
        "provided port is already allocated".to_owned()
    } else {
        return Ok(());
    };
    Err(invalid(call, service, vec![field::invalid(&path, wanted, &detail)]))
}

fn free_port(call: &mut Call<'_>, used: &BTreeSet<i64>) -> Result<i64, Status> {
    let range = flags::node_ports(call.cluster());
    let size = range.end() - range.start() + 1;
    let begin = i64::try_from(call.world.chance.below(size.unsigned_abs())).unwrap_or(0);
    (0..size)
        .map(|step| range.start() + (begin + step) % size)
        .find(|port| !used.contains(port))
        .ok_or_else(|| Status::internal("failed to allocate a nodePort: range is full"))
}

/// `healthCheckNodePort` belongs to load balancers with `externalTrafficPolicy: Local`.
fn give_health_port(call: &mut Call<'_>, service: &mut Value) {
    let needs =
        kind(service) == "LoadBalancer" && object::text(service, "/spec/externalTrafficPolicy") == "Local";
    if !needs {
        return;
    }
    if object::int(service, "/spec/healthCheckNodePort").is_none_or(|port| port == 0) {
        let used = used_ports(call);
        if let Ok(port) = free_port(call, &used) {
            object::set(service, &["spec", "healthCheckNodePort"], port);
        }
    }
}
