//! Scripts in a busybox container.

use std::time::Duration;

use crate::apimachinery::json::json;
use crate::cluster::api::Client;
use crate::cluster::kubelet::container::Job;
use crate::cluster::kubelet::{access, hooks};
use crate::cluster::{UserInfo, World, templates};

fn world() -> World {
    let mut world = templates::default_world(1);
    let spec = json!({"containers": [{"name": "c", "image": "busybox", "command": ["sleep", "9999"]}]});
    let pod = json!({"metadata": {"name": "p"}, "spec": spec});
    let admin = UserInfo::new("kubernetes-admin", &["system:masters"]);
    Client::as_user(&mut world, 0, admin).create("pods", "default", pod).unwrap();
    world.advance(Duration::from_secs(5));
    world
}

/// Scripts with their output and exit code.
const SCRIPTS: &[(&str, &str, i32)] = &[
    ("echo a b", "a b\n", 0),
    ("A=1; echo \"$A\" '$A' ${B:-x} ${#A}", "1 $A x 1\n", 0),
    ("for i in 1 2 3; do echo -n $i; done; echo", "123\n", 0),
    ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i", "3\n", 0),
    ("if test -f /nope; then echo yes; elif true; then echo no; fi", "no\n", 0),
    ("false && echo a || echo b; ! true; echo $?", "b\n1\n", 0),
    ("echo hi > /tmp/f; cat /tmp/f; echo more >> /tmp/f; wc -l < /tmp/f", "hi\n2\n", 0),
    ("printf '%s-%s\\n' a b; seq 3 | tail -n 1", "a-b\n3\n", 0),
    ("f() { echo \"f $1\"; return 3; }; f x; echo $?", "f x\n3\n", 0),
    ("case web-1 in db*) echo db;; web*) echo web;; esac", "web\n", 0),
    ("echo $(echo inner) `echo back`", "inner back\n", 0),
    ("cat <<EOF\nx $((1+1))\nEOF", "x 2\n", 0),
    ("set -e; false; echo never", "", 1),
    ("sh -c 'exit 4'; echo $?", "4\n", 0),
    ("nosuch", "sh: nosuch: not found\n", 127),
    ("exit 7", "", 7),
    ("echo one; exec echo two; echo three", "one\ntwo\n", 0),
    ("echo a | grep -q b || echo none; echo err >&2", "none\nerr\n", 0),
    ("(cd /tmp; pwd); mkdir -p /x/y && ls /x", "/tmp\ny\n", 0),
    ("until [ -e /tmp/g ]; do touch /tmp/g; done; echo done", "done\n", 0),
    ("while true; do echo once; break; done", "once\n", 0),
    ("echo x'y z'\"w\"", "xy zw\n", 0),
    ("while", "sh: syntax error: unexpected end of file\n", 2),
];

#[test]
fn scripts_do_what_sh_does() {
    let mut world = world();
    let id = access::find(&world, 0, "default", "p").unwrap();
    let pod = world.clusters[0].store.find("pods", "default", "p").unwrap().clone();
    for (script, output, code) in SCRIPTS {
        let job = Job { id: &id, pod: &pod, name: "c" };
        let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
        let done = hooks::exec(&mut world, &job, argv, Duration::from_secs(60));
        assert_eq!((done.output.as_str(), done.code), (*output, Some(*code)), "{script}");
    }
}

#[test]
fn waits_take_their_time_and_endless_commands_are_given_up() {
    let mut world = world();
    let id = access::find(&world, 0, "default", "p").unwrap();
    let pod = world.clusters[0].store.find("pods", "default", "p").unwrap().clone();
    let mut run = |script: &str| {
        let job = Job { id: &id, pod: &pod, name: "c" };
        let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
        let done = hooks::exec(&mut world, &job, argv, Duration::from_secs(60));
        (done.code, done.took.as_secs())
    };
    assert_eq!(run("sleep 2; sleep 3"), (Some(0), 5));
    assert_eq!(run("sleep 100"), (None, 100));
    assert_eq!(run("tail -f /dev/null").0, None);
    assert_eq!(run("while true; do :; done").0, None);
}
