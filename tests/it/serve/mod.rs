//! `uncordon serve`: real clients against the API over HTTPS. Nothing but loopback is reached.

mod kube_client;
mod kubectl;
mod parity;
mod raw;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;

use super::UNCORDON;

/// A server that runs until it is dropped.
struct Server {
    child: Child,
    address: String,
    kubeconfig: PathBuf,
    /// What it printed until then.
    said: String,
}

impl Server {
    #[expect(clippy::zombie_processes, reason = "dropping a server waits for its process")]
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(UNCORDON)
            .arg("serve")
            .args(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (mut address, mut said) = (String::new(), String::new());
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        loop {
            let line = lines.next().expect("it says where it serves").expect("text");
            said.push_str(&format!("{line}\n"));
            if line.starts_with("https://127.0.0.1:") {
                address = line;
            } else if let Some(path) = line.strip_prefix("export KUBECONFIG=") {
                let kubeconfig = PathBuf::from(path);
                // The rest is read away, so that the server never waits for its reader.
                std::thread::spawn(move || lines.for_each(drop));
                return Self { child, address, kubeconfig, said };
            }
        }
    }

    fn folder(&self) -> &Path {
        self.kubeconfig.parent().expect("a folder")
    }

    /// One line to the control socket; its answer.
    fn control(&self, request: &str) -> Value {
        let mut stream = UnixStream::connect(self.folder().join("control.sock")).expect("the socket");
        stream.write_all(format!("{request}\n").as_bytes()).expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        serde_json::from_str(&answer).expect("JSON")
    }

    /// Ends the server as Ctrl-C does.
    fn interrupt(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        self.child.wait().expect("it ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.interrupt();
        }
    }
}

/// True where `kubectl` is on the path; says that a test is skipped otherwise.
fn has_kubectl(test: &str) -> bool {
    let there = Command::new("kubectl").args(["version", "--client"]).output().is_ok();
    if !there {
        eprintln!("{test}: skipped, since there is no kubectl on the path");
    }
    there
}

#[test]
fn ctrl_c_ends_it_and_leaves_nothing() {
    let mut server = Server::start(&[]);
    let folder = server.folder().to_owned();
    assert!(folder.join("kubeconfig").exists());
    assert_eq!(server.interrupt().code(), Some(0));
    assert!(!folder.exists(), "{} is still there", folder.display());
}

#[test]
fn without_an_exercise_there_is_nothing_to_check() {
    let server = Server::start(&[]);
    let folder = server.folder().to_string_lossy().into_owned();
    let output = super::uncordon(&["check", "--server", &folder]);
    assert_eq!(output.status.code(), Some(2));
    assert!(super::stderr(&output).contains("uncordon serve EXERCISE"), "{}", super::stderr(&output));
}
