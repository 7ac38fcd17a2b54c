//! `crictl logs`, `exec`, `stop`, `rm`, `stopp`, `rmp`.

use std::time::Duration;

use super::rows::{self, Kind, Row};
use super::{Call, inspect};
use crate::cluster::kubelet::{access, run::LogLine};
use crate::cluster::{kubelet, processes};
use crate::shell::{Answer, Login, Request, Script, quote};
use crate::sim::SimTime;

/// How often `-f` looks for new lines.
const LOOK: Duration = Duration::from_millis(250);

fn first<'a>(call: &'a Call<'_>) -> Result<&'a str, i32> {
    let found = call.args.operands.first().map(String::as_str);
    found.ok_or_else(|| call.fatal("ID cannot be empty"))
}

pub(super) async fn logs(call: &Call<'_>) -> i32 {
    let id = match first(call) {
        Ok(id) => id,
        Err(exit) => return exit,
    };
    let row = match inspect::by_id(call, id) {
        Ok(row) => row,
        Err(text) => return call.fatal(&text),
    };
    let previous = call.args.has(&["p", "previous"]);
    let mut lines = row.logs.clone();
    if previous {
        let all = rows::containers(&call.proc.world(), &call.host);
        let before = all
            .into_iter()
            .find(|it| it.pod.id == row.pod.id && it.name == row.name && it.attempt + 1 == row.attempt);
        match before {
            Some(before) => lines = before.logs,
            None => {
                return call.fatal(&format!("failed to get previous logs of container \"{id}\": not found"));
            }
        }
    }
    if let Some(text) = call.args.value(&["since"]) {
        let now = call.proc.world().now;
        let Some(since) = since(text, now) else {
            return call
                .fatal(&format!("parse log options: failed to parse timestamp or duration: {text:?}"));
        };
        lines.retain(|line| line.at >= since);
    }
    let tail = call.args.value(&["tail", "n"]).and_then(|it| it.parse().ok()).unwrap_or(usize::MAX);
    let skip = lines.len().saturating_sub(tail);
    print(call, &lines, skip);
    let mut seen = lines.len();
    while call.args.has(&["f", "follow"]) && !previous {
        call.proc.sleep(LOOK).await;
        let Ok(row) = inspect::by_id(call, &row.id) else { break };
        print(call, &row.logs, seen);
        seen = row.logs.len();
        if !row.is_running() {
            break;
        }
    }
    0
}

/// A time, or a span before now as Go writes it.
fn since(text: &str, now: SimTime) -> Option<SimTime> {
    match crate::apimachinery::go::duration(text) {
        Ok(nanos) => Some(now - Duration::from_nanos(u64::try_from(nanos).ok()?)),
        Err(_) => SimTime::parse_rfc3339(text),
    }
}

fn print(call: &Call<'_>, lines: &[LogLine], skip: usize) {
    for line in lines.iter().skip(skip) {
        let stamp = if call.args.has(&["t", "timestamps"]) {
            format!("{} ", line.at.rfc3339_nano())
        } else {
            String::new()
        };
        let text = format!("{stamp}{}\n", line.text);
        if line.err { call.proc.eprint(text) } else { call.proc.print(text) }
    }
}

pub(super) async fn exec(call: &Call<'_>) -> i32 {
    let Some((id, command)) = call.args.operands.split_first().filter(|(_, command)| !command.is_empty())
    else {
        return call.fatal("the exec command needs a container ID and a command");
    };
    let row = match inspect::by_id(call, id) {
        Ok(row) => row,
        Err(text) => return call.fatal(&format!("execing command in container: {text}")),
    };
    if !row.is_running() {
        return call.fatal("execing command in container: rpc error: code = Unknown desc = container is in CONTAINER_EXITED state");
    }
    let place = match &row.kind {
        Kind::Pod(pod) => pod.place(&row.name),
        Kind::ControlPlane { cluster, .. } => crate::cluster::Place::Container {
            cluster: *cluster,
            pod_uid: row.pod.uid.clone(),
            container: row.name.clone(),
        },
    };
    let program = command.first().map_or("", String::as_str);
    if !access::has_program(&call.proc.world(), &place, program) {
        return call.fatal(&format!(
            "execing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: \
             unable to start container process: exec: {program:?}: executable file not found in $PATH"
        ));
    }
    let env = access::env_of(&call.proc.world(), &place).into_iter().collect();
    let login = Login::container(place, env, "/", if program == "bash" { "bash" } else { "sh" });
    let is_shell = matches!(program.rsplit('/').next(), Some("sh" | "bash" | "ash")) && command.len() == 1;
    if is_shell && call.args.has(&["t", "tty"]) && call.proc.link.is_open() {
        return match call.proc.link.ask(Request::Session(call.proc.lab.clone(), Box::new(login))).await {
            Answer::Exit(exit) => exit,
            _ => 0,
        };
    }
    let words: Vec<String> = command.iter().map(|word| quote(word)).collect();
    let script = Script { text: words.join(" "), stdin: call.proc.stdin.clone(), ..Script::default() };
    let exit = call.proc.run(&login, script).await;
    if exit != 0 {
        call.proc.eprint(format!(
            "FATA[0000] execing command in container: command terminated with exit code {exit}\n"
        ));
    }
    exit
}

/// Ends the main process of a container.
fn end(call: &Call<'_>, row: &Row, code: i32) {
    let mut world = call.proc.world();
    match &row.kind {
        Kind::Pod(pod) => kubelet::end_container(&mut world, pod, &row.name, code),
        Kind::ControlPlane { cluster, program } => {
            processes::end_control_plane(&mut world, *cluster, &call.host, program, code);
        }
    }
}

pub(super) async fn stop(call: &Call<'_>) -> i32 {
    let mut exit = i32::from(call.args.operands.is_empty());
    for id in &call.args.operands {
        match inspect::by_id(call, id) {
            Ok(row) => {
                if row.is_running() {
                    end(call, &row, 137);
                }
                call.proc.print(format!("{id}\n"));
            }
            Err(text) => exit = call.fatal(&format!("stopping the container \"{id}\": {text}")),
        }
        call.proc.sleep(Duration::from_millis(200)).await;
    }
    exit
}

pub(super) fn remove(call: &Call<'_>) -> i32 {
    let mut exit = 0;
    for id in &call.args.operands {
        match inspect::by_id(call, id) {
            Ok(row) if row.is_running() && !call.args.has(&["f", "force"]) => {
                exit = call.fatal(&format!(
                    "unable to remove container(s): removing container \"{id}\": rpc error: code = Unknown desc = failed to set removing state for container \"{}\": container is running, please stop first",
                    row.id
                ));
            }
            Ok(row) => {
                if row.is_running() {
                    end(call, &row, 137);
                }
                call.proc.print(format!("{id}\n"));
            }
            Err(text) => {
                exit =
                    call.fatal(&format!("unable to remove container(s): removing container \"{id}\": {text}"))
            }
        }
    }
    exit
}

fn end_all(call: &Call<'_>, pod: &str) {
    let all = rows::containers(&call.proc.world(), &call.host);
    all.iter().filter(|row| row.pod.id == pod && row.is_running()).for_each(|row| end(call, row, 137));
}

pub(super) async fn stop_pods(call: &Call<'_>) -> i32 {
    let mut exit = i32::from(call.args.operands.is_empty());
    for id in &call.args.operands {
        match inspect::pod_by_id(call, id) {
            Ok(pod) => {
                end_all(call, &pod.id);
                call.proc.print(format!("Stopped sandbox {id}\n"));
            }
            Err(text) => exit = call.fatal(&format!("stopping the pod sandbox \"{id}\": {text}")),
        }
        call.proc.sleep(Duration::from_millis(200)).await;
    }
    exit
}

pub(super) async fn remove_pods(call: &Call<'_>) -> i32 {
    let mut exit = i32::from(call.args.operands.is_empty());
    for id in &call.args.operands {
        match inspect::pod_by_id(call, id) {
            Ok(pod) if pod.ready && !call.args.has(&["f", "force"]) => {
                exit = call.fatal(&format!("removing the pod sandbox \"{id}\": rpc error: code = Unknown desc = sandbox is running, please stop first"));
            }
            Ok(pod) => {
                end_all(call, &pod.id);
                call.proc.print(format!("Removed sandbox {id}\n"));
            }
            Err(text) => exit = call.fatal(&format!("removing the pod sandbox \"{id}\": {text}")),
        }
        call.proc.sleep(Duration::from_millis(200)).await;
    }
    exit
}
