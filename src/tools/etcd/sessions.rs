//! Sessions on the default world.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::cluster::{Place, templates};
use crate::shell::{Lab, Proc, Program};

const TLS: [&str; 4] = [
    "--endpoints=https://127.0.0.1:2379",
    "--cacert=/etc/kubernetes/pki/etcd/ca.crt",
    "--cert=/etc/kubernetes/pki/etcd/server.crt",
    "--key=/etc/kubernetes/pki/etcd/server.key",
];

/// Runs a program on the control plane and moves time on as often as it waits.
fn run(lab: &Lab, program: &Program, args: &[&str]) -> (i32, String) {
    let mut proc = Proc::new(lab, Place::host("controlplane"), args);
    let outbox = proc.outbox.clone();
    let mut running: Pin<Box<_>> = (program.run)(&mut proc);
    let mut context = Context::from_waker(Waker::noop());
    let exit = loop {
        match running.as_mut().poll(&mut context) {
            Poll::Ready(exit) => break exit,
            Poll::Pending => {
                let until = lab.take_next_wait().expect("a program waits for time only");
                lab.world().run_until(until);
            }
        }
    };
    let text =
        outbox.lock().unwrap().iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
    (exit, text)
}

fn with_tls<'a>(words: &[&'a str]) -> Vec<&'a str> {
    ["etcdctl"].into_iter().chain(TLS).chain(words.iter().copied()).collect()
}

#[test]
fn a_snapshot_is_saved_with_the_right_certificates_only() {
    let lab = Lab::new(templates::default_world(1));
    let (exit, text) = run(&lab, &super::ETCDCTL, &with_tls(&["snapshot", "save", "/opt/s.db"]));
    assert_eq!(exit, 0, "{text}");
    assert!(text.ends_with("Snapshot saved at /opt/s.db\nServer version 3.6.0\n"), "{text}");
    let (exit, text) = run(&lab, &super::ETCDUTL, &["etcdutl", "snapshot", "status", "/opt/s.db"]);
    assert!(exit == 0 && text.ends_with(", 3.6.0\n"), "{text}");
    let bare = ["etcdctl", "snapshot", "save", "/opt/t.db", "--command-timeout=5s", TLS[0]];
    let (exit, text) = run(&lab, &super::ETCDCTL, &bare);
    assert!(exit == 5 && text.contains("certificate signed by unknown authority"), "{text}");
    let wrong = [
        "etcdctl",
        TLS[0],
        TLS[1],
        "--cert=/etc/kubernetes/pki/apiserver.crt",
        "--key=/etc/kubernetes/pki/apiserver.key",
        "member",
        "list",
    ];
    let (exit, text) = run(&lab, &super::ETCDCTL, &wrong);
    assert!(exit == 1 && text.contains("broken pipe"), "{text}");
}

#[test]
fn restoring_makes_a_data_directory_and_never_overwrites_one() {
    let lab = Lab::new(templates::default_world(1));
    let _ = run(&lab, &super::ETCDCTL, &with_tls(&["snapshot", "save", "/opt/s.db"]));
    let restore = |directory| {
        run(&lab, &super::ETCDUTL, &["etcdutl", "snapshot", "restore", "/opt/s.db", "--data-dir", directory])
    };
    assert_eq!(restore("/var/lib/etcd-restored").0, 0);
    assert_eq!(
        restore("/var/lib/etcd").1,
        "Error: data-dir \"/var/lib/etcd\" not empty or could not be read\n"
    );
    assert!(lab.world().stat(&Place::host("controlplane"), "/var/lib/etcd-restored/member/snap/db").is_ok());
}

#[test]
fn keys_are_those_of_the_registry() {
    let lab = Lab::new(templates::default_world(1));
    let (_, text) =
        run(&lab, &super::ETCDCTL, &with_tls(&["get", "/registry/minions", "--prefix", "--keys-only"]));
    assert_eq!(
        text,
        "/registry/minions/controlplane\n\n/registry/minions/node01\n\n/registry/minions/node02\n\n"
    );
}
