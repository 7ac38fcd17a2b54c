//! The real kubectl: what a candidate does with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use super::{Server, has_kubectl};

/// Runs a script in a real shell whose kubectl talks to the server.
fn sh(server: &Server, script: &str) -> (i32, String) {
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1\ncd {:?}\n{script}", server.folder())])
        .env("KUBECONFIG", &server.kubeconfig)
        .env("HOME", server.folder())
        .stdin(Stdio::null())
        .output()
        .expect("bash");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[track_caller]
fn check(server: &Server, script: &str, wanted: &[&str]) {
    let (exit, text) = sh(server, script);
    for part in wanted {
        assert!(text.contains(part), "{script}\nexit {exit}, {part:?} is missing in:\n{text}");
    }
}

const MANIFEST: &str = "cat > d.yaml <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: nginx, image: \"nginx:1.27\"}]
END
";

#[test]
fn the_verbs_of_a_candidate_work() {
    if !has_kubectl("the_verbs_of_a_candidate_work") {
        return;
    }
    let server = Server::start(&["--speed", "20"]);
    check(&server, "kubectl get nodes", &["controlplane   Ready    control-plane", "v1.36.2"]);
    check(&server, &format!("{MANIFEST}kubectl apply -f d.yaml"), &["deployment.apps/web created"]);
    check(&server, "kubectl rollout status deploy/web --timeout=60s", &["successfully rolled out"]);
    check(&server, "kubectl apply -f d.yaml", &["deployment.apps/web unchanged"]);
    check(&server, "sed -i 's/replicas: 2/replicas: 3/' d.yaml; kubectl diff -f d.yaml", &["+  replicas: 3"]);
    check(&server, "kubectl apply -f d.yaml --server-side --force-conflicts", &["serverside-applied"]);
    check(&server, "KUBE_EDITOR='sed -i s/replicas:.3/replicas:\\ 1/' kubectl edit deploy web", &["edited"]);
    check(&server, "kubectl wait --for=condition=Available deploy/web --timeout=60s", &["condition met"]);
    check(&server, "kubectl explain pod.spec.containers.image", &["FIELD: image <string>"]);
    check(&server, "kubectl auth can-i --list", &["*.*"]);
    check(&server, "kubectl create configmap a --from-literal=k=v; kubectl get cm a -o yaml", &["k: v"]);
    check(
        &server,
        "kubectl drain node01 --ignore-daemonsets; kubectl uncordon node01",
        &["node/node01 drained"],
    );
    check(&server, "kubectl taint node node02 a=b:NoSchedule; kubectl taint node node02 a-", &["untainted"]);
    check(&server, "kubectl api-resources | grep deployments", &["deploy", "apps/v1"]);
    check(&server, "kubectl describe deploy web", &["ScalingReplicaSet"]);
    check(&server, "kubectl apply -f - <<< '{'", &["error"]);
    check(
        &server,
        "kubectl get pods -w & sleep 1; kubectl run n --image=nginx:1.27; sleep 2; kill %1",
        &["Running"],
    );
}

#[test]
fn containers_are_entered_copied_to_and_read() {
    if !has_kubectl("containers_are_entered_copied_to_and_read") {
        return;
    }
    let server = Server::start(&["--speed", "20"]);
    check(
        &server,
        "kubectl run n --image=nginx:1.27; kubectl wait --for=condition=Ready po/n --timeout=60s",
        &["met"],
    );
    check(&server, "kubectl logs n | tail -1", &["start worker process"]);
    check(&server, "kubectl exec n -- cat /etc/hostname", &["n\n"]);
    check(&server, "kubectl exec n -- sh -c 'exit 3'; echo $?", &["exit code 3", "3\n"]);
    check(&server, "echo piped | kubectl exec -i n -- cat", &["piped"]);
    check(&server, "kubectl exec n -- nope", &["executable file not found in $PATH"]);
    let copy = "echo hello > h; mkdir -p dir; echo in > dir/f; kubectl cp h n:/tmp/h2; kubectl cp dir n:/tmp; \
                kubectl exec n -- cat /tmp/h2 /tmp/dir/f; kubectl cp n:/tmp/h2 back; cat back";
    check(&server, copy, &["hello\nin\n", "hello\n"]);
    // With a terminal, a shell prompts and echoes.
    let typed =
        "printf 'hostname\\rexit 4\\r' | script -qec 'kubectl exec -it n -- sh' /dev/null; echo code $?";
    check(&server, typed, &["/ # ", "n\r\n", "code 4"]);
}

#[test]
fn what_a_container_writes_is_followed() {
    if !has_kubectl("what_a_container_writes_is_followed") {
        return;
    }
    let server = Server::start(&["--speed", "20"]);
    check(
        &server,
        "kubectl run box --image=busybox -- sh -c 'while true; do echo tick; sleep 1; done'; \
         kubectl wait --for=condition=Ready po/box --timeout=60s",
        &["met"],
    );
    // `head` closes the pipe once it has seen enough.
    check(&server, "timeout 20 kubectl logs -f box --tail=1 | head -3", &["tick\ntick\ntick\n"]);
    check(
        &server,
        "timeout 20 kubectl attach box 2>&1 | grep --line-buffered tick | head -2",
        &["tick\ntick\n"],
    );
    // A main process that ends badly is told by the pod, not by who was attached.
    let run = "echo 'echo from stdin; exit 4' | kubectl run once --rm -i --image=busybox --restart=Never -- sh; echo code $?";
    check(&server, run, &["from stdin\n", "terminated (Error)", "code 4"]);
    let (_, said) = sh(&server, run);
    assert!(!said.contains("couldn't attach"), "{said}");
}

#[test]
fn a_forwarded_port_answers_again_and_again() {
    if !has_kubectl("a_forwarded_port_answers_again_and_again") {
        return;
    }
    let server = Server::start(&["--speed", "20"]);
    check(
        &server,
        "kubectl run n --image=nginx:1.27; kubectl wait --for=condition=Ready po/n --timeout=60s",
        &["met"],
    );
    let mut child = Command::new("kubectl")
        .args(["port-forward", "pod/n", ":80"])
        .env("KUBECONFIG", &server.kubeconfig)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("kubectl");
    let mut line = String::new();
    // It is kept open: kubectl writes a line for every connection.
    let mut said = BufReader::new(child.stdout.take().expect("a pipe"));
    said.read_line(&mut line).expect("a line");
    // `Forwarding from 127.0.0.1:40123 -> 80`
    let port =
        line.split("127.0.0.1:").nth(1).and_then(|it| it.split(' ').next()).expect("a port").to_owned();
    let mut answers = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("it listens");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n").expect("written");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answers.push(answer);
    }
    let _ = child.kill();
    let _ = child.wait();
    assert!(answers.iter().all(|it| it.contains("200 OK") && it.contains("Welcome to nginx")), "{answers:?}");
}

#[test]
fn a_served_exercise_is_graded() {
    if !has_kubectl("a_served_exercise_is_graded") {
        return;
    }
    let pack = std::env::temp_dir().join(format!("uncordon-test-pack-{}", std::process::id()));
    let made = super::super::uncordon(&["pack", "new", &pack.to_string_lossy()]);
    assert_eq!(made.status.code(), Some(0), "{}", super::super::stderr(&made));
    let exercise = pack.join("scale-a-deployment");
    let server = Server::start(&["--speed", "20", &exercise.to_string_lossy()]);
    let folder = server.folder().to_string_lossy().into_owned();
    let points = || {
        let output = super::super::uncordon(&["check", "--json", "--server", &folder]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (output.status.code(), report["points"].clone(), report["max"].clone())
    };
    let (exit, before, max) = points();
    assert_eq!((exit, before), (Some(1), 0.into()));
    // The task says: must run N replicas.
    let wanted = server.said.split("must run ").nth(1).and_then(|it| it.split(' ').next()).expect("a number");
    check(&server, &format!("kubectl scale deploy --all --replicas={wanted}"), &["scaled"]);
    assert_eq!(points(), (Some(0), max.clone(), max));
    drop(server);
    let _ = std::fs::remove_dir_all(&pack);
}
