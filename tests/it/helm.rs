//! `helm` against the simulated cluster: releases live, fail, come back and go as with the real one.

use std::fs;

use super::{stderr, stdout, uncordon};

/// Runs a script on the control plane of a fresh world; what it printed, standard error behind standard output.
fn run(name: &str, script: &str) -> String {
    let folder = std::env::temp_dir().join(format!("uncordon-helm-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("script.sh");
    fs::write(
        &file,
        format!("exec 2>&1\nhelm repo add lab https://charts.lab.example/apps >/dev/null\n{script}"),
    )
    .unwrap();
    let output = uncordon(&["sh", &file.to_string_lossy()]);
    fs::remove_dir_all(&folder).unwrap();
    stdout(&output) + &stderr(&output)
}

/// A chart whose Job must end before the rest is made.
const HOOK: &str = r#"helm create mine >/dev/null
cat > mine/templates/job.yaml <<'EOF'
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-prepare
  annotations: {"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-delete-policy": "hook-succeeded,before-hook-creation"}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: c, image: "busybox:1.36", command: [sh, -c, {{ .Values.run | default "exit 0" | quote }}]}]
EOF
"#;

#[test]
fn hooks_run_before_the_rest_and_go_when_they_succeeded() {
    let script = format!(
        "{HOOK}helm install m ./mine | head -1\nkubectl get jobs\nhelm upgrade m ./mine --set run='exit 3'\necho rc $?\nkubectl get jobs -o name\nhelm status m | grep STATUS\n"
    );
    insta::assert_snapshot!(run("hooks", &script), @r"
    NAME: m
    No resources found in default namespace.
    Error: UPGRADE FAILED: pre-upgrade hooks failed: 1 error occurred:
    	* job m-prepare failed: BackoffLimitExceeded


    rc 1
    job.batch/m-prepare
    STATUS: failed
    ");
}

#[test]
fn an_upgrade_keeps_what_others_set_and_takes_away_what_the_chart_no_longer_has() {
    let script = "helm install web lab/site --set podLabels.a=b --set ingress.enabled=true >/dev/null
kubectl label deploy web-site mine=yes
kubectl scale deploy web-site --replicas=3
helm upgrade web lab/site --set page.title=New | head -1
kubectl get deploy web-site -o jsonpath='{.spec.replicas} {.metadata.labels.mine} a={.spec.template.metadata.labels.a}{\"\\n\"}'
kubectl get ingress
helm upgrade web lab/site --set service.type=NodePort --set service.nodePort=99
helm rollback web 1
helm history web -o json | jq -c '[.[] | .status]'
";
    insta::assert_snapshot!(run("patches", script), @r#"
    deployment.apps/web-site labeled
    deployment.apps/web-site scaled
    Release "web" has been upgraded. Happy Helming!
    1 yes a=
    No resources found in default namespace.
    Error: UPGRADE FAILED: cannot patch "web-site" with kind Service: Service "web-site" is invalid: spec.ports[0].nodePort: Invalid value: 99: provided port is not in the valid range. The range of valid ports is 30000-32767
    Rollback was a success! Happy Helming!
    ["superseded","superseded","failed","deployed"]
    "#);
}

#[test]
fn tests_packages_and_dependencies() {
    let script = "helm create mine >/dev/null
printf 'dependencies:\\n- {name: store, version: 0.9.x, repository: \"@lab\", condition: store.enabled}\\n' >> mine/Chart.yaml
helm template x mine
helm dependency update mine | tail -2
helm dependency list mine
helm template x mine --set store.password=abc | grep -c charts/store
helm template x mine --set store.enabled=false | grep -c charts/store
helm package mine -d /tmp --version 1.2.3
helm install m /tmp/mine-1.2.3.tgz --set store.password=abc --wait | sed -n 4p
helm test m --logs | tail -3
";
    insta::assert_snapshot!(run("charts", script), @r"
    Error: An error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: store
    Downloading store from repo https://charts.lab.example/apps
    Deleting outdated charts
    NAME 	VERSION	REPOSITORY	STATUS
    store	0.9.x  	@lab      	ok    

    3
    0
    Successfully packaged chart and saved it to: /tmp/mine-1.2.3.tgz
    STATUS: deployed
    POD LOGS: m-mine-test-connection
    <h1>Hello</h1>
    ");
}
