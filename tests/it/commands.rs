//! The command line: what it prints, and its exit codes. 0 done or passed, 1 failed, 2 wrong use.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{UNCORDON, stderr, stdout, uncordon};

/// Runs `uncordon sh -` on a script.
fn sh(args: &[&str], script: &str) -> (i32, String) {
    let mut child = Command::new(UNCORDON)
        .arg("sh")
        .args(args)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    (output.status.code().unwrap_or(-1), format!("{}{}", stdout(&output), stderr(&output)))
}

#[test]
fn wrong_use_is_told_and_ends_with_2() {
    for args in [
        &["nope"][..],
        &["grade"],
        &["grade", "no-such-exercise", "/dev/null"],
        &["pack", "lint", "no/such/folder"],
        &["replay", "no/such/file"],
        &["sh", "no/such/file"],
        &["sh", "--world", "mars", "-"],
        &["pack", "test", "exercises/cka-core", "--only", "nope"],
    ] {
        let output = uncordon(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}{}", stdout(&output), stderr(&output));
        assert!(!stderr(&output).trim().is_empty(), "{args:?} says nothing");
    }
}

#[test]
fn without_a_terminal_the_screen_says_what_to_do() {
    let output = uncordon(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("uncordon list"), "{}", stderr(&output));
}

#[test]
fn exercises_are_listed_as_json() {
    let output = uncordon(&["list", "--json"]);
    let rows: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let first = rows.get(0).expect("an exercise");
    for key in ["id", "pack", "title", "domain", "difficulty", "minutes", "points"] {
        assert!(first.get(key).is_some(), "{key} is missing in {first}");
    }
}

#[test]
fn scripts_run_on_the_default_cluster() {
    let (exit, text) = sh(&[], "kubectl get nodes --no-headers | awk '{print $1, $2}'\nexit 3\n");
    assert_eq!((exit, text.as_str()), (3, "controlplane Ready\nnode01 Ready\nnode02 Ready\n"));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let script = "kubectl run web --image=nginx:1.27\nkubectl create deploy d --image=nginx:1.27 --replicas=3\nsleep 60\n\
                  kubectl get pods -A -o yaml\nkubectl get events -A\n";
    assert_eq!(sh(&["--seed", "7"], script), sh(&["--seed", "7"], script));
    assert_ne!(sh(&["--seed", "7"], script).1, sh(&["--seed", "8"], script).1);
}

#[test]
fn an_endless_loop_ends_with_a_message() {
    let (exit, text) = sh(&[], "while true; do :; done\n");
    assert_ne!(exit, 0, "{text}");
    assert!(!text.trim().is_empty());
}

#[test]
fn a_snapshot_brings_the_old_state_back() {
    let tls = "--endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt \
               --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key";
    let script = format!(
        "kubectl create configmap before --from-literal=a=1\n\
         etcdctl {tls} snapshot save /opt/s.db >/dev/null 2>&1 || exit 10\n\
         kubectl delete configmap before\nkubectl create configmap after --from-literal=a=1\n\
         etcdutl snapshot restore /opt/s.db --data-dir /var/lib/etcd-restored 2>/dev/null || exit 11\n\
         sed -i 's#path: /var/lib/etcd$#path: /var/lib/etcd-restored#' /etc/kubernetes/manifests/etcd.yaml\n\
         sleep 120\nkubectl get configmap before after -o name\n"
    );
    let (_, text) = sh(&[], &script);
    assert!(text.contains("configmap/before\n") && text.contains("configmaps \"after\" not found"), "{text}");
}

#[test]
fn kubectl_tells_what_it_could_not_ask() {
    let script = r#"
kubectl config set-cluster kubernetes --server=https://127.0.0.1:1 > /dev/null
kubectl create cm a
echo '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}' | kubectl apply -f -
kubectl run x --image=nginx
"#;
    let (_, said) = sh(&["--world", "bare"], script);
    let why = "dial tcp 127.0.0.1:1: connect: connection refused";
    let query = "fieldManager=kubectl-create&fieldValidation=Strict";
    let post = format!("https://127.0.0.1:1/api/v1/namespaces/default/configmaps?{query}");
    for wanted in [
        format!("error: failed to create configmap: Post {post:?}: {why}\n"),
        format!("failed to download openapi: Get \"https://127.0.0.1:1/openapi/v2?timeout=32s\": {why}; if"),
        "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n"
            .into(),
    ] {
        assert!(said.contains(&wanted), "{wanted} is not in\n{said}");
    }
    // Only `run` asks for the types, once.
    assert_eq!(said.matches("memcache.go:265").count(), 1, "{said}");
}

#[test]
fn a_webhook_fails_as_what_is_behind_it_does() {
    let script = r#"
cat > w.yaml <<'EOF'
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: v}
webhooks:
- name: a.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  timeoutSeconds: 5
  clientConfig: {service: {name: hook, namespace: default, path: /v}}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
EOF
kubectl apply -f w.yaml
kubectl create cm a 2>&1
kubectl create svc clusterip hook --tcp=443:80
kubectl create cm a 2>&1
kubectl create deploy hook --image=nginx
kubectl rollout status deploy hook > /dev/null
sleep 5
kubectl create cm a 2>&1
kubectl patch validatingwebhookconfiguration v --type=json \
  -p '[{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]'
kubectl create cm a 2>&1
"#;
    let (_, said) = sh(&[], script);
    let mut from = 0;
    for why in [
        "service \"hook\" not found\n",
        "connect: connection refused\n",
        "http: server gave HTTP response to HTTPS client\n",
        "configmap/a created\n",
    ] {
        let rest = said.get(from..).unwrap_or("");
        let at = rest.find(why).unwrap_or_else(|| panic!("{why} does not follow in\n{said}"));
        from += at + why.len();
    }
    let called = "failed calling webhook \"a.example.com\": failed to call webhook: \
                  Post \"https://hook.default.svc:443/v?timeout=5s\": ";
    assert_eq!(said.matches(called).count(), 3, "{said}");
}

/// What goes on until somebody ends it; a deadlock would keep it, and the test, for ever.
const ENDLESS: &[&str] = &[
    "bash -c 'while true; do sleep 1; done'",
    "journalctl -f",
    "journalctl -fu kubelet",
    "kubectl attach web",
    "kubectl events -w",
    "kubectl exec web -- sleep 100",
    "kubectl get pods -A --watch-only",
    "kubectl get pods -A -w",
    "kubectl logs -f web",
    "kubectl port-forward pod/web 8080:80",
    "kubectl proxy",
    "kubectl wait --for=delete pod/web --timeout=60s",
    "ping node01",
    "sleep 100",
    "ssh node01 journalctl -f",
    "sudo journalctl -f",
    "tail -F /nope",
    "tail -f /etc/hostname",
    "watch date",
];

#[test]
fn what_never_ends_can_be_ended() {
    let mut script =
        "kubectl run web --image=nginx:1.27\nkubectl wait --for=condition=Ready pod/web\n".to_owned();
    for line in ENDLESS {
        script
            .push_str(&format!("timeout 3 {line} >/tmp/out 2>&1; echo \"$? {}\"\n", line.replace('\'', "")));
    }
    let (exit, output) = sh(&[], &script);
    assert_eq!(exit, 0, "{output}");
    for line in ENDLESS {
        let wanted = format!("124 {}", line.replace('\'', ""));
        assert!(output.lines().any(|it| it == wanted), "{wanted} is missing in {output}");
    }
}
