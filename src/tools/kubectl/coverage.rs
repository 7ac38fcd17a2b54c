//! Every flag of every command works, or says that it does not: commands run, and each flag of the table must have
//! been asked for by its command, or stand in the tables of [`super::flags::absent`].

use std::collections::BTreeSet;

use super::flags::{self, absent};
use crate::cluster::{Place, templates};
use crate::shell::{Console, Lab, Login, Tools};

/// What `top` asks.
const METRICS: &str = include_str!("../../../assets/addons/metrics-server.yaml");

/// At least one line a command, together reaching all of its flags.
const LINES: &[&str] = &[
    "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: c}\\n' > c.yaml",
    "mkdir k; printf 'resources: [c.yaml]\\n' > k/kustomization.yaml; cp c.yaml k/",
    "create deployment web --image=nginx --port=80 --replicas=1",
    "wait --for=condition=Available deploy/web --timeout=60s",
    "create -f c.yaml --save-config",
    "create --edit -f c.yaml",
    "create --raw=/api/v1/namespaces/default/configmaps -f c.yaml",
    "create clusterrole a --verb=get --resource=pods --resource-name=x",
    "create clusterrole b --aggregation-rule=a=b",
    "create clusterrole d --verb=get --non-resource-url=/x",
    "create clusterrolebinding a --clusterrole=view --user=x --group=y --serviceaccount=default:z",
    "create configmap a --from-literal=a=b --append-hash",
    "create configmap b --from-file=c.yaml",
    "create configmap d --from-env-file=c.yaml",
    "create cronjob a --image=x --schedule='* * * * *' --restart=Never -- date",
    "create ingress a --rule=h/p=s:80 --class=c --annotation=a=b --default-backend=s:80",
    "create job a --image=x",
    "create job b --from=cronjob/a",
    "create namespace n",
    "create poddisruptionbudget a --selector=a=b --min-available=1",
    "create poddisruptionbudget b --selector=a=b --max-unavailable=1",
    "create priorityclass a --value=1 --global-default --description=d --preemption-policy=Never",
    "create quota a --hard=pods=100 --scopes=BestEffort",
    "create role a --verb=get --resource=pods --resource-name=x",
    "create rolebinding a --role=a --user=x --group=y --serviceaccount=default:z",
    "create rolebinding b --clusterrole=view --user=x",
    "create secret docker-registry a --docker-username=u --docker-password=p --docker-email=e --docker-server=s",
    "create secret docker-registry b --from-file=.dockerconfigjson=c.yaml --append-hash",
    "create secret generic a --from-literal=a=b --type=t --append-hash",
    "create secret generic b --from-file=c.yaml",
    "create secret generic d --from-env-file=c.yaml",
    "create secret tls a --cert=/etc/kubernetes/pki/apiserver.crt --key=/etc/kubernetes/pki/apiserver.key",
    "create service clusterip a --tcp=80 --clusterip=None",
    "create service externalname a2 --external-name=x --tcp=80",
    "create service loadbalancer a3 --tcp=80",
    "create service nodeport a4 --tcp=80 --node-port=30080",
    "create serviceaccount a",
    "create token a --duration=1h --audience=x --bound-object-kind=Pod --bound-object-name=x --bound-object-uid=y",
    "expose deployment web --port=80 --name=w1 --type=NodePort --target-port=80 --protocol=TCP",
    "run p1 --image=busybox --restart=Never --expose --port=80 --labels=a=b --env=A=b --annotations=a=b",
    "run p2 --image=busybox --rm -i --restart=Never --command -- true",
    "set env deploy/web A=b --overwrite",
    "set env deploy/web --list --resolve",
    "set env deploy/web --from=configmap/a --prefix=P_ --keys=a --containers=nginx",
    "set image deploy/web nginx=nginx:1.27",
    "set resources deploy/web --limits=cpu=1 --requests=cpu=1 -c nginx",
    "set selector svc/w1 app=web",
    "set serviceaccount deploy/web default",
    "set subject rolebinding/a --user=y --group=g --serviceaccount=default:default",
    "explain pods.spec --recursive --api-version=v1 --output=plaintext",
    "get pods",
    "get pods -o go-template --template={{.kind}}",
    "get pods -w --output-watch-events --request-timeout=1s | head -1",
    "get --raw /api",
    "edit deploy/web --output-patch",
    "delete configmap a --now --wait=false",
    "delete --raw /api/v1/namespaces/default/configmaps/b",
    "rollout history deploy/web --revision=1",
    "rollout pause deploy/web",
    "rollout resume deploy/web",
    "rollout restart deploy/web",
    "rollout status deploy/web --timeout=60s",
    "rollout undo deploy/web --to-revision=1",
    "scale deploy/web --replicas=1 --current-replicas=1 --timeout=1s --resource-version=1",
    "scale deploy/web --replicas=1",
    "autoscale deploy/web --min=1 --max=2 --cpu=50% --memory=50% --name=h",
    "autoscale deploy/web --min=1 --max=2 --cpu-percent=50",
    "certificate approve x --force",
    "certificate deny x --force",
    "cluster-info",
    "cluster-info dump --output-directory=/tmp/d --namespaces=default",
    "cluster-info dump -A",
    "top node",
    "top pod",
    "cordon node01",
    "drain node01 --ignore-daemonsets --force --delete-emptydir-data --dry-run=server",
    "drain node01 --ignore-daemonsets --force --delete-emptydir-data",
    "uncordon node01",
    "taint node node01 a=b:NoSchedule --overwrite",
    "describe pods",
    "logs deploy/web --since=1h --limit-bytes=10",
    "logs deploy/web --since-time=2026-11-20T10:00:00Z",
    "logs nope --ignore-errors",
    "timeout 2 kubectl logs deploy/web -f",
    "timeout 1 kubectl attach deploy/web",
    "exec deploy/web -- true",
    "timeout 1 kubectl port-forward deploy/web 8080:80",
    "timeout 1 kubectl proxy",
    "cp c.yaml default/nope:/tmp",
    "cp /etc/hostname kube-system/etcd-controlplane:/tmp -c etcd",
    "auth can-i get pods",
    "auth can-i --list --no-headers",
    "auth can-i get pods -q",
    "auth reconcile -f c.yaml",
    "auth whoami",
    "debug p1 --image=busybox --target=p1",
    "debug p1 --copy-to=p3 --image=busybox",
    "debug node/node01 --image=busybox",
    "events --for=pod/p1 --types=Normal",
    "timeout 1 kubectl events -w",
    "diff -f c.yaml",
    "apply -f c.yaml --force --grace-period=0",
    "apply -f c.yaml --server-side --prune --all",
    "apply -f c.yaml --prune -l a=b",
    "apply edit-last-applied cm/c",
    "apply set-last-applied -f c.yaml --create-annotation",
    "apply view-last-applied cm/c",
    "patch cm c -p {}",
    "replace -f c.yaml --force --grace-period=0 --timeout=1s",
    "replace --raw=/api/v1/namespaces/default/configmaps/c -f c.yaml",
    "kustomize k",
    "label cm c a=b",
    "annotate cm c a=b",
    "completion bash",
    "api-resources",
    "api-versions",
    "config current-context",
    "config delete-cluster x",
    "config delete-context x",
    "config delete-user x",
    "config get-clusters",
    "config get-contexts",
    "config get-users",
    "config rename-context a b",
    "config set a.b c",
    "config set-cluster x --server=https://a --embed-certs --certificate-authority=/etc/kubernetes/pki/ca.crt",
    "config set-context x --cluster=x --user=y --namespace=z",
    "config set-credentials x --token=t",
    "config set-credentials y --exec-command=c --exec-api-version=v --exec-arg=a --exec-env=A=b",
    "config set-credentials z --auth-provider=p --auth-provider-arg=a=b",
    "config unset a",
    "config use-context x",
    "config use-context kubernetes-admin@kubernetes",
    "config view --minify --flatten --raw",
    "kuberc set --section=defaults --command=get --option=output=wide",
    "kuberc set --section=aliases --name=gp --command=get --prependarg=pods --appendarg=-A",
    "kuberc set --section=credentialplugin --policy=Allowlist --allowlist-entry=command=x",
    "kuberc view",
    "printf 'x' > /usr/local/bin/kubectl-x; kubectl plugin list --name-only",
    "create token default -o json",
    "api-resources -o json",
    "get endpoints --warnings-as-errors",
    "expose deployment web --port=80 --name=w2 --type=LoadBalancer --load-balancer-ip=1.2.3.4 --overrides={}",
    "run p5 --image=busybox --overrides={} --dry-run=client",
    "config view -o yaml",
    "timeout 1 kubectl proxy --www=/tmp",
    "version --match-server-version",
];

/// Flags that a command only looks at once it has come far.
const MORE_LINES: &[&str] = &[
    "export EDITOR='sed -i s/600/601/'",
    "edit deploy/web --output-patch",
    "apply -f c.yaml",
    "apply edit-last-applied cm/c",
    "printf 'apiVersion: batch/v1\\nkind: Job\\nmetadata: {name: fj}\\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: busybox}]}}}\\n' > j.yaml",
    "apply -f j.yaml",
    "printf 'apiVersion: batch/v1\\nkind: Job\\nmetadata: {name: fj}\\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: b, image: nginx}]}}}\\n' > j.yaml",
    "apply -f j.yaml --force --timeout=5s",
    "printf 'apiVersion: rbac.authorization.k8s.io/v1\\nkind: Role\\nmetadata: {name: a, namespace: default}\\nrules: []\\n---\\napiVersion: rbac.authorization.k8s.io/v1\\nkind: RoleBinding\\nmetadata: {name: a, namespace: default}\\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: a}\\n' > r.yaml",
    "auth reconcile -f r.yaml --remove-extra-permissions --remove-extra-subjects",
    "config set clusters.x.certificate-authority-data aGk= --set-raw-bytes=false",
    "config view --raw",
    "run q1 --image=nginx",
    "wait pod/q1 --for=condition=Ready --timeout=60s",
    "cp /etc/hostname q1:/tmp/h --no-preserve",
    "debug q1 --copy-to=q2 --image=busybox --share-processes=false --arguments-only -- sleep 1",
    "delete pod q2 --now --timeout=60s",
    "printf 'apiVersion: v1\\nkind: Secret\\nmetadata: {name: ds}\\nstringData: {a: b}\\n' > s.yaml",
    "diff -f s.yaml --show-secrets --prune --prune-allowlist=core/v1/ConfigMap",
    "events --chunk-size=2",
    "exec deploy/web --pod-running-timeout=1s -- true",
    "timeout 1 kubectl port-forward deploy/web 8081:80 --pod-running-timeout=1s",
    "timeout 1 kubectl attach q1 --stdin",
    "kuberc set --section=defaults --command=get --option=output=wide",
    "kuberc set --section=defaults --command=get --option=output=wide --overwrite",
    "kustomize k -o /tmp/built.yaml",
    "logs q1 -c nope --ignore-errors",
    "logs q1 -p --ignore-errors",
    "replace -f c.yaml --force",
    "run q3 --image=busybox --rm -i --restart=Never --quiet --pod-running-timeout=30s --detach-keys=ctrl-a -- sleep 3",
    "create configmap rv --from-literal=rk=v",
    "set env deploy/web --from=configmap/rv",
    "set env deploy/web --list --resolve",
    "timeout 1 kubectl proxy --port=8010 --www=/tmp --www-prefix=/x",
    "get endpoints --warnings-as-errors",
    "create token default -o json",
    "api-resources -o json",
    "sleep 180",
    "top node",
    "top pod -A --containers --sum",
    "top pod --sum",
    "run ed --image=nginx --overrides='{\"spec\":{\"nodeName\":\"node02\",\"volumes\":[{\"name\":\"e\",\"emptyDir\":{}}]}}'",
    "wait pod/ed --for=condition=Ready --timeout=60s",
    "drain node02 --ignore-daemonsets --force --delete-emptydir-data --timeout=60s",
];

#[test]
fn no_flag_is_silently_ignored() {
    let tools = Tools { programs: crate::tools::PROGRAMS, completers: crate::tools::COMPLETERS };
    let lab = Lab::with_tools(templates::default_world(1), tools);
    let login = Login::new(&lab, Place::host("controlplane"), "root");
    let Ok(mut console) = Console::new(&lab, login) else { panic!("no console") };
    console.run(&format!("cat > metrics.yaml <<'EOF'\n{METRICS}\nEOF\nkubectl apply -f metrics.yaml"));
    for line in LINES.iter().chain(MORE_LINES) {
        let own =
            ["printf '", "mkdir", "timeout", "export", "sleep"].iter().any(|word| line.starts_with(word));
        console.run(&if own { (*line).to_owned() } else { format!("kubectl {line}") });
    }
    let seen = flags::seen::all();
    let mut ignored: BTreeSet<String> = BTreeSet::new();
    for command in flags::commands() {
        for spec in flags::of_command(command) {
            let asked = seen.contains(&(command.to_owned(), spec.name.to_owned()));
            let refused = absent::refused(command, |name| name == spec.name).is_some();
            if !asked && !refused && !absent::is_without_effect(command, spec.name) && spec.name != "help" {
                ignored.insert(format!("{command} --{}", spec.name));
            }
        }
    }
    for spec in flags::globals() {
        let asked = seen.iter().any(|(_, name)| name == spec.name);
        let refused = absent::refused("get", |name| name == spec.name).is_some();
        if !asked && !refused && !absent::is_without_effect("get", spec.name) {
            ignored.insert(format!("--{}", spec.name));
        }
    }
    assert_eq!(ignored, BTreeSet::new());
}
