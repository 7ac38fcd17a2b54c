//! `kubectl port-forward`: ports of this machine that lead to a pod.

use std::net::Ipv4Addr;

use super::super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::super::{Call, Ctx, Done, Failure};
use super::open::{self, Open};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, field, int, list, name, text};
use crate::cluster::kubelet::access;
use crate::cluster::network::forwards::Target;

/// `kubectl port-forward`.
pub(crate) static PORT_FORWARD: Verb = Verb {
    name: "port-forward",
    group: Group::Troubleshooting,
    summary: "Forward one or more local ports to a pod",
    about: "Connections to the local port come out in the pod, until the command is interrupted or the pod ends. Of a\nservice or workload one of its pods is taken.",
    examples: "
        # Port 8080 here is port 80 of the pod
        kubectl port-forward pod/web 8080:80
        # The same number on both sides, of a service's pod
        kubectl port-forward service/web 80
        # Any free local port
        kubectl port-forward web :80",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::Pods,
    ..PLAIN
};

/// A local port (0 for any) and the pod's.
type Pair = (u16, u16);

async fn run(ctx: &mut Ctx<'_>) -> Done {
    if ctx.args.len() < 2 {
        return Err(ctx.usage("TYPE/NAME and list of ports are required for port-forward"));
    }
    let word = ctx.args.first().cloned().unwrap_or_default();
    let owner = owner(ctx, &word)?;
    let pod = super::target_in_time(ctx, &word).await?;
    let words: Vec<String> = ctx.args.iter().skip(1).cloned().collect();
    let words = match text(&owner, "/kind") {
        "Service" => words.iter().map(|word| of_service(word, &owner, &pod)).collect::<Result<_, _>>()?,
        _ => words.iter().map(|word| of_pod(word, &pod)).collect::<Result<Vec<_>, _>>()?,
    };
    let phase = text(&pod, "/status/phase");
    if phase != "Running" {
        let sentence = format!("unable to forward port because pod is not running. Current status={phase}");
        return Err(Failure::error(sentence));
    }
    let (namespace, pod_name) = (object::namespace(&pod).to_owned(), name(&pod).to_owned());
    ctx.send(Call::post(
        format!("/api/v1/namespaces/{namespace}/pods/{pod_name}/portforward"),
        &Value::Null,
    ))?;
    let pairs = words.iter().map(|word| pair(word)).collect::<Result<Vec<_>, _>>()?;
    let mut open = listen(ctx, &pod, &pairs)?;
    loop {
        ctx.proc.sleep(open::LOOKS_EVERY).await;
        for (id, port, told) in &mut open.ports {
            let now = ctx.proc.world().forwarded(*id).unwrap_or(*told);
            for _ in *told..now {
                ctx.out(&format!("Handling connection for {port}\n"));
            }
            *told = now;
        }
        if access::find(&ctx.proc.world(), 0, &namespace, &pod_name).is_none() {
            return Err(Failure::error("lost connection to pod"));
        }
    }
}

/// The object that the word names, such as a service.
fn owner(ctx: &mut Ctx<'_>, word: &str) -> Result<Value, Failure> {
    let (kind, named) = word.split_once('/').unwrap_or(("pods", word));
    let mapping = ctx.resource(kind)?;
    let namespace = ctx.namespace()?.name;
    Ok((*ctx.get_object(mapping.item(&namespace, named))?).clone())
}

fn listen(ctx: &mut Ctx<'_>, pod: &Value, pairs: &[Pair]) -> Result<Open, Failure> {
    let addresses = open::addresses(&ctx.flags.list("address"))?;
    let id = access::find(&ctx.proc.world(), 0, object::namespace(pod), name(pod))
        .ok_or_else(|| Failure::error(format!("pod {} does not have a host assigned", name(pod))))?;
    let mut open = Open::new(ctx);
    for (local, remote) in pairs {
        for (address, shown) in &addresses {
            let to = Target::Pod { pod: id.clone(), port: *remote };
            match open.add(ctx, *address, *local, to)? {
                Some(port) => {
                    ctx.out(&format!("Forwarding from {shown}:{port} -> {remote}\n"));
                    if *address == Ipv4Addr::LOCALHOST {
                        ctx.out(&format!("Forwarding from [::1]:{port} -> {remote}\n"));
                    }
                }
                None => ctx.err(&format!(
                    "Unable to listen on port {local}: Listeners failed to create with the following errors: [unable to create listener: Error listen tcp4 {shown}:{local}: bind: address already in use]\n"
                )),
            }
        }
    }
    if open.ports.is_empty() {
        let shown: Vec<String> =
            pairs.iter().map(|(local, remote)| format!("{{{local} {remote}}}")).collect();
        let sentence = format!("unable to listen on any of the requested ports: [{}]", shown.join(" "));
        return Err(Failure::error(sentence));
    }
    Ok(open)
}

/// `8080:80`, `80`, `:80`.
fn pair(word: &str) -> Result<Pair, Failure> {
    let (local, remote) = match word.split(':').collect::<Vec<_>>().as_slice() {
        [one] => (*one, *one),
        [local, remote] => (if local.is_empty() { "0" } else { local }, *remote),
        _ => return Err(Failure::error(format!("invalid port format '{word}'"))),
    };
    let number = |which: &str, digits: &str| {
        digits.parse::<u16>().map_err(|_| {
            let why = if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
                "value out of range"
            } else {
                "invalid syntax"
            };
            Failure::error(format!(
                "error parsing {which} port '{digits}': strconv.ParseUint: parsing {digits:?}: {why}"
            ))
        })
    };
    let (local, remote) = (number("local", local)?, number("remote", remote)?);
    if remote == 0 { Err(Failure::error("remote port must be > 0")) } else { Ok((local, remote)) }
}

fn split(word: &str) -> (&str, &str) {
    word.split_once(':').unwrap_or((word, word))
}

/// A port pair of a pod with a named port as its number.
fn of_pod(word: &str, pod: &Value) -> Result<String, Failure> {
    let (local, remote) = split(word);
    if remote.is_empty() || remote.bytes().all(|b| b.is_ascii_digit()) || !word.contains(remote) {
        return Ok(word.to_owned());
    }
    let number = named(pod, remote)?;
    let local = if local == remote { number.to_string() } else { local.to_owned() };
    Ok(format!("{local}:{number}"))
}

fn named(pod: &Value, wanted: &str) -> Result<i64, Failure> {
    let ports = list(pod, "/spec/containers").iter().flat_map(|it| list(it, "/ports"));
    let found =
        ports.filter(|port| field(port, "name") == wanted).find_map(|port| int(port, "/containerPort"));
    found.ok_or_else(|| Failure::error(format!("Pod '{}' does not have a named port '{wanted}'", name(pod))))
}

/// A port pair of a service as one of the pod behind it.
fn of_service(word: &str, service: &Value, pod: &Value) -> Result<String, Failure> {
    let (local, remote) = split(word);
    let ports = list(service, "/spec/ports");
    let number = match remote.parse::<i64>() {
        Ok(number) => number,
        Err(_) => {
            let found = ports.iter().find(|port| field(port, "name") == remote);
            found.and_then(|port| int(port, "/port")).ok_or_else(|| {
                Failure::error(format!("Service '{}' does not have a named port '{remote}'", name(service)))
            })?
        }
    };
    let local = if local == remote { number.to_string() } else { local.to_owned() };
    let port = ports.iter().find(|port| int(port, "/port") == Some(number)).ok_or_else(|| {
        Failure::error(format!("Service {} does not have a service port {number}", name(service)))
    })?;
    let inside = match port.get("targetPort") {
        _ if text(service, "/spec/clusterIP") == "None" => number,
        Some(Value::String(target)) => named(pod, target)?,
        Some(target) => target.as_i64().filter(|it| *it != 0).unwrap_or(number),
        None => number,
    };
    Ok(format!("{local}:{inside}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn ports_of_a_service_become_those_of_its_pod() {
        let service = json!({"metadata": {"name": "web"}, "spec": {"ports": [
            {"name": "http", "port": 80, "targetPort": 8080}, {"port": 81, "targetPort": "admin"}]}});
        let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": [
            {"ports": [{"name": "admin", "containerPort": 9}]}]}});
        let of = |word: &str| of_service(word, &service, &pod).map_err(|failure| failure.sentence());
        assert_eq!(of("80"), Ok("80:8080".into()));
        assert_eq!(of("8000:http"), Ok("8000:8080".into()));
        assert_eq!(of(":81"), Ok(":9".into()));
        assert_eq!(of("99"), Err("Service web does not have a service port 99".into()));
        assert_eq!(pair("8080:80").ok(), Some((8080, 80)));
        assert_eq!(
            pair("x").map_err(|failure| failure.sentence()),
            Err("error parsing local port 'x': strconv.ParseUint: parsing \"x\": invalid syntax".into())
        );
    }
}
