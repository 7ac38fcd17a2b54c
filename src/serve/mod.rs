//! The API over HTTPS on loopback, for real clients: kubectl, k9s, client libraries.
//!
//! Knows nothing of how requests are answered: it turns HTTP into [`crate::cluster::Request`] and the
//! answer back into HTTP, keeps simulated time on the wall clock, and carries what stays open: watches,
//! logs that are followed, shells in containers, forwarded ports. Beside `shell` and `cli` the only layer
//! with async, sockets and a real clock.
//!
//! Start with [`served`] (the world and its clock), [`http`] (a request's way), then [`watching`],
//! [`logs`], [`remote`] (exec, attach) and [`forward`].

#![expect(clippy::disallowed_methods, reason = "the real clock enters here and in src/cli")]

mod served;
mod tls;
mod kubeconfig;
mod listen;
mod http;
mod media;
mod openapi_proto;
mod watching;
mod logs;
mod remote;
mod forward;
pub(crate) mod control;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::{Builder, Runtime};

use self::served::Served;
pub(crate) use self::served::Setup;

/// Stack of a thread that runs a shell: the language recurses deeply.
const STACK_BYTES: usize = 64 << 20;

/// Shells and gradings that run at the same time.
const JOBS_MAX: usize = 64;

/// How often the server looks whether it is to end.
const LOOKS_EVERY: Duration = Duration::from_millis(50);

/// How long what still runs is given when the server ends.
const GOODBYE: Duration = Duration::from_millis(200);

/// Where a server that runs can be found.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    /// `https://127.0.0.1:PORT` of each cluster of the world.
    pub(crate) addresses: Vec<String>,
    pub(crate) kubeconfig: PathBuf,
    /// The socket that `uncordon check` talks to.
    pub(crate) control: PathBuf,
}

/// Serves until Ctrl-C or SIGTERM. `folder` gets the kubeconfig and the control socket; `ready` is called
/// once clients can connect.
///
/// # Errors
/// What the system refuses: a port that is taken, a folder that cannot be written, a CA key that is missing.
pub(crate) fn run(setup: Setup, port: u16, folder: &Path, ready: impl FnOnce(&Ready)) -> Result<(), String> {
    let runtime = runtime().map_err(|error| format!("cannot start the server: {error}"))?;
    let served = Arc::new(Served::new(setup));
    let outcome = runtime.block_on(serve(&served, port, folder, ready));
    runtime.shutdown_timeout(GOODBYE);
    outcome
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(JOBS_MAX)
        .thread_stack_size(STACK_BYTES)
        .build()
}

async fn serve(
    served: &Arc<Served>,
    port: u16,
    folder: &Path,
    ready: impl FnOnce(&Ready),
) -> Result<(), String> {
    let clusters = served.clusters();
    let mut listeners = Vec::new();
    let mut addresses = Vec::new();
    for cluster in 0..clusters {
        // Further clusters listen behind the first.
        let wanted = if port == 0 { 0 } else { port.saturating_add(u16::try_from(cluster).unwrap_or(0)) };
        let listener = bind(wanted).await?;
        addresses.push(listener.local_addr().map_err(|error| error.to_string())?);
        listeners.push(listener);
    }
    let ready_at = prepare(served, folder, &addresses)?;
    let control = UnixListener::bind(&ready_at.control)
        .map_err(|error| format!("{}: {error}", ready_at.control.display()))?;
    for (cluster, listener) in listeners.into_iter().enumerate() {
        let tls = tls::config(served, cluster)?;
        tokio::spawn(listen::accept(served.clone(), cluster, listener, tls));
    }
    tokio::spawn(control::answer(served.clone(), control));
    tokio::spawn(served::keep_time(served.clone()));
    let asked = signals()?;
    ready(&ready_at);
    while !asked.load(Ordering::SeqCst) {
        tokio::time::sleep(LOOKS_EVERY).await;
    }
    Ok(())
}

/// Becomes true at Ctrl-C and SIGTERM.
fn signals() -> Result<Arc<AtomicBool>, String> {
    let asked = Arc::new(AtomicBool::new(false));
    for number in [SIGINT, SIGTERM] {
        signal_hook::flag::register(number, asked.clone())
            .map_err(|error| format!("cannot wait for signals: {error}"))?;
    }
    Ok(asked)
}

async fn bind(port: u16) -> Result<TcpListener, String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"))
}

fn prepare(served: &Served, folder: &Path, addresses: &[SocketAddr]) -> Result<Ready, String> {
    let addresses: Vec<String> = addresses.iter().map(|address| format!("https://{address}")).collect();
    let kubeconfig = folder.join("kubeconfig");
    let text = kubeconfig::write(served, &addresses)?;
    private_file(&kubeconfig, &text).map_err(|error| format!("{}: {error}", kubeconfig.display()))?;
    Ok(Ready { addresses, kubeconfig, control: folder.join("control.sock") })
}

/// Writes a file that only its owner reads.
fn private_file(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests;
