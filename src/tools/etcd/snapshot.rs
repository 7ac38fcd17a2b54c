//! `etcdctl snapshot save`, and what 3.6 says of the two subcommands that moved to etcdutl.

use std::time::Duration;

use super::session::Session;
use super::{Refusal, human_bytes};
use crate::apimachinery::json::Value;
use crate::cluster::etcd;
use crate::cluster::place::FileOp;
use crate::hosts::files;
use crate::shell::Proc;

/// Without `--command-timeout` the real client tries for ever; a learner presses Ctrl-C long before this,
/// and a script that nobody watches ends here.
const FOR_EVER: Duration = Duration::from_secs(15 * 60);

/// The subcommands that etcdctl 3.6 has; `status` and `restore` are etcdutl's now, and the real program
/// answers them with its help too.
pub(super) const HELP: &str = "NAME:
  snapshot - Manages etcd node snapshots

USAGE:
  etcdctl snapshot <subcommand> [flags]

API VERSION:
  3.6

COMMANDS:
  save\tStores an etcd node backend snapshot to a given file

OPTIONS:
  -h, --help[=false]\thelp for snapshot
";

/// `etcdctl snapshot save`.
pub(super) async fn save(session: &Session<'_>) -> Result<(), Refusal> {
    let [path] = session.args.as_slice() else {
        return Err(Refusal::new(128, "snapshot save expects one argument <filename>"));
    };
    let proc = session.proc;
    let part = format!("{path}.part");
    if let Err(error) = proc.write_file(&part, b"") {
        let why = error.to_string().to_lowercase();
        return Err(Refusal::new(5, format!("could not open {part} (open {part}: {why})")));
    }
    chmod(proc, &part);
    log(
        proc,
        "",
        "snapshot/v3_snapshot.go:83",
        &format!("\"msg\":\"created temporary db file\",\"path\":{part:?}"),
    );
    let endpoint = session.endpoints().into_iter().next().unwrap_or_default();
    let member = match session.connect(&endpoint) {
        Ok(member) => member,
        Err(why) => return Err(give_up(session, &why).await),
    };
    let store = proc.world().clusters.get(member.cluster).map(|it| it.store.clone()).unwrap_or_default();
    let bytes = etcd::snapshot(&store);
    report(proc, &endpoint, path, bytes.len());
    let done = proc.write_file(&part, &bytes).and_then(|()| {
        let (from, to) = (proc.path(&part), proc.path(path));
        proc.change_files(FileOp::Rename { from: &from, to: &to })
    });
    done.map_err(|error| Refusal::new(5, format!("could not rename {part} to {path} ({error})")))?;
    proc.print(format!("Snapshot saved at {path}\nServer version 3.6.0\n"));
    Ok(())
}

fn report(proc: &Proc, endpoint: &str, path: &str, bytes: usize) {
    let client = "\"logger\":\"client\",";
    log(proc, client, "v3/maintenance.go:236", "\"msg\":\"opened snapshot stream; downloading\"");
    log(
        proc,
        "",
        "snapshot/v3_snapshot.go:96",
        &format!("\"msg\":\"fetching snapshot\",\"endpoint\":{endpoint:?}"),
    );
    log(proc, client, "v3/maintenance.go:302", "\"msg\":\"completed snapshot read; closing\"");
    let fetched = format!(
        "\"msg\":\"fetched snapshot\",\"endpoint\":{endpoint:?},\"size\":{:?},\"took\":\"7.257182ms\",\"etcd-version\":\"3.6.0\"",
        human_bytes(bytes)
    );
    log(proc, "", "snapshot/v3_snapshot.go:111", &fetched);
    log(proc, "", "snapshot/v3_snapshot.go:121", &format!("\"msg\":\"saved\",\"path\":{path:?}"));
}

/// etcd keeps snapshots from other users' eyes.
fn chmod(proc: &Proc, path: &str) {
    let path = proc.path(path);
    // The file was made a moment ago.
    let _ = proc.change_files(FileOp::Chmod { path: &path, mode: 0o600 });
    debug_assert!(!files::base_name(&path).is_empty(), "a snapshot has a name");
}

async fn give_up(session: &Session<'_>, why: &str) -> Refusal {
    let proc = session.proc;
    let limited = session.flags.given("command-timeout");
    proc.sleep(if limited { session.flags.duration("command-timeout") } else { FOR_EVER }).await;
    let error = format!("rpc error: code = DeadlineExceeded desc = latest balancer error: {why}");
    let message =
        format!("\"msg\":\"streamer failed to create ClientStream\",\"error\":{}", Value::from(error));
    let stamp = proc.world().now.rfc3339_micro();
    proc.eprint(format!(
        "{{\"level\":\"error\",\"ts\":\"{stamp}\",\"logger\":\"client\",\"caller\":\"v3/retry_interceptor.go:130\",{message}}}\n"
    ));
    Refusal::new(5, "context deadline exceeded")
}

fn log(proc: &Proc, logger: &str, caller: &str, message: &str) {
    let stamp = proc.world().now.rfc3339_micro();
    proc.eprint(format!(
        "{{\"level\":\"info\",\"ts\":\"{stamp}\",{logger}\"caller\":\"{caller}\",{message}}}\n"
    ));
}
