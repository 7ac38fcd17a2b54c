//! Requests through `handle` on the bare world.

use super::connect::Endpoint;
use super::{Client, handle};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::{Place, Request, Response, UserInfo, World, templates};

/// One cluster and a user who may do everything.
pub(super) struct Lab {
    pub(super) world: World,
    pub(super) user: UserInfo,
}

impl Lab {
    pub(super) fn new() -> Self {
        let user = UserInfo::new("kubernetes-admin", &["kubeadm:cluster-admins", "system:authenticated"]);
        Self { world: templates::bare(1), user }
    }

    pub(super) fn ask(&mut self, method: &str, url: &str, body: &Value) -> Response {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let query = query
            .split('&')
            .filter(|it| !it.is_empty())
            .map(|it| it.split_once('=').unwrap_or((it, "")))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let content_type =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let request = Request {
            method: method.into(),
            path: path.into(),
            query,
            accept: "application/json".into(),
            content_type: content_type.into(),
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
            user: self.user.clone(),
            user_agent: "kubectl/v1.36.2".into(),
            ..Request::default()
        };
        handle(&mut self.world, 0, &request)
    }

    #[track_caller]
    pub(super) fn create(&mut self, url: &str, body: Value) -> Value {
        let answer = self.ask("POST", url, &body);
        assert_eq!(answer.code, 201, "{}", answer.object());
        answer.object().clone()
    }

    pub(super) fn message(&mut self, method: &str, url: &str, body: &Value) -> String {
        object::text(self.ask(method, url, body).object(), "/message").to_owned()
    }
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

#[test]
fn objects_come_and_go() {
    let mut lab = Lab::new();
    let made = lab.create(MAPS, config_map("a"));
    assert!(!object::uid(&made).is_empty() && object::namespace(&made) == "default");
    assert_eq!(lab.message("POST", MAPS, &config_map("a")), "configmaps \"a\" already exists");
    let patched = lab.ask("PATCH", &format!("{MAPS}/a"), &json!({"data": {"b": "2"}}));
    assert_eq!(patched.object()["data"], json!({"a": "1", "b": "2"}));
    assert_eq!(
        lab.message("PUT", &format!("{MAPS}/a"), &made),
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again"
    );
    let gone = lab.ask("DELETE", &format!("{MAPS}/a"), &Value::Null);
    assert_eq!((gone.code, object::text(gone.object(), "/status")), (200, "Success"));
    assert_eq!(lab.message("GET", &format!("{MAPS}/a"), &Value::Null), "configmaps \"a\" not found");
}

#[test]
fn a_dry_run_stores_nothing() {
    let mut lab = Lab::new();
    lab.create(&format!("{MAPS}?dryRun=All"), config_map("a"));
    assert_eq!(lab.ask("GET", &format!("{MAPS}/a"), &Value::Null).code, 404);
}

#[test]
fn lists_come_in_chunks_and_selected() {
    let mut lab = Lab::new();
    for name in ["a", "b", "c"] {
        lab.create(MAPS, config_map(name));
    }
    let all = lab.ask("GET", MAPS, &Value::Null);
    let count = object::list(all.object(), "/items").len();
    let first = lab.ask("GET", &format!("{MAPS}?limit=2"), &Value::Null);
    let token = object::text(first.object(), "/metadata/continue").to_owned();
    let rest = lab.ask("GET", &format!("{MAPS}?limit=50&continue={token}"), &Value::Null);
    assert_eq!(object::list(rest.object(), "/items").len() + 2, count);
    let one = lab.ask("GET", &format!("{MAPS}?fieldSelector=metadata.name=b"), &Value::Null);
    assert_eq!(object::list(one.object(), "/items").len(), 1);
    assert_eq!(
        lab.message("GET", &format!("{MAPS}?fieldSelector=data=b"), &Value::Null),
        "field label not supported: data"
    );
}

#[test]
fn strangers_are_refused_in_the_real_words() {
    let mut lab = Lab::new();
    lab.user = UserInfo::new("jane", &["system:authenticated"]);
    assert_eq!(
        lab.message("GET", "/api/v1/namespaces/default/pods", &Value::Null),
        "pods is forbidden: User \"jane\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\""
    );
    assert_eq!(
        lab.message("GET", "/metrics", &Value::Null),
        "forbidden: User \"jane\" cannot get path \"/metrics\""
    );
    assert_eq!(lab.ask("GET", "/apis", &Value::Null).code, 200);
}

#[test]
fn a_client_dials_with_its_kubeconfig() {
    use base64::Engine as _;
    let mut lab = Lab::new();
    let place = Place::host("controlplane");
    let text = lab.world.read_text(&place, "/etc/kubernetes/admin.conf").unwrap();
    let of = |key: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap();
        base64::engine::general_purpose::STANDARD.decode(line.trim_start_matches(':').trim()).ok()
    };
    let endpoint = Endpoint {
        server: "https://172.30.1.2:6443".into(),
        certificate_authority: of("certificate-authority-data"),
        client_certificate: of("client-certificate-data"),
        client_key: of("client-key-data"),
        ..Endpoint::default()
    };
    let other_key = lab.world.read_file(&place, "/etc/kubernetes/pki/sa.key").unwrap();
    let request = || Request { method: "GET".into(), path: "/api/v1/nodes".into(), ..Request::default() };
    let answer = lab.world.exchange(&place, &endpoint, request()).unwrap();
    assert_eq!((answer.code, object::list(answer.object(), "/items").len()), (200, 3));
    let mut sentence = |change: &dyn Fn(&mut Endpoint)| {
        let mut endpoint = endpoint.clone();
        change(&mut endpoint);
        match lab.world.exchange(&place, &endpoint, request()) {
            Ok(answer) => format!("{} {}", answer.code, object::text(answer.object(), "/message")),
            Err(error) => error.sentence,
        }
    };
    let unknown = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    assert_eq!(sentence(&|it| it.certificate_authority = None), unknown);
    assert_eq!(
        sentence(&|it| it.server = "https://172.30.1.2:6444".into()),
        "dial tcp 172.30.1.2:6444: connect: connection refused"
    );
    assert_eq!(
        sentence(&|it| it.client_key = Some(other_key.to_vec())),
        "tls: private key does not match public key"
    );
    assert_eq!(sentence(&|it| it.token = None), "200 ");
    assert_eq!(
        sentence(&|it| it.tls_server_name = Some("k8s.example.com".into())),
        "tls: failed to verify certificate: x509: certificate is valid for controlplane, kubernetes, kubernetes.default, kubernetes.default.svc, kubernetes.default.svc.cluster.local, not k8s.example.com"
    );
    assert_eq!(
        sentence(&|it| (it.client_certificate, it.client_key, it.token) = (None, None, Some("x".into()))),
        "401 Unauthorized"
    );
}

#[test]
fn watches_tell_what_changed() {
    let mut lab = Lab::new();
    let answer = lab.ask("GET", &format!("{MAPS}?watch=true&labelSelector=x=1"), &Value::Null);
    let crate::cluster::Body::Watch(mut watch) = answer.body else { panic!("no watch") };
    assert!(super::watch::next(&lab.world, &mut watch).is_empty());
    lab.create(MAPS, config_map("a"));
    lab.ask("PATCH", &format!("{MAPS}/a"), &json!({"metadata": {"labels": {"x": "1"}}}));
    lab.ask("PATCH", &format!("{MAPS}/a"), &json!({"data": {"x": "1"}}));
    lab.ask("PATCH", &format!("{MAPS}/a"), &json!({"metadata": {"labels": null}}));
    let events = super::watch::next(&lab.world, &mut watch);
    let kinds: Vec<&str> = events.iter().map(|it| object::field(it, "type")).collect();
    assert_eq!(kinds, ["ADDED", "MODIFIED", "DELETED"]);
}

#[test]
fn components_write_without_permission() {
    let mut lab = Lab::new();
    let mut client = Client::controller(&mut lab.world, 0, "test-controller");
    let made = client.create("configmaps", "default", json!({"metadata": {"generateName": "x-"}})).unwrap();
    assert!(object::name(&made).len() == 7 && object::text(&made, "/kind") == "ConfigMap");
    client.delete("configmaps", "default", object::name(&made), &Value::Null).unwrap();
    assert!(client.get("configmaps", "default", object::name(&made)).is_none());
}

fn pod(name: &str, resources: &Value) -> Value {
    let containers = json!([{"name": name, "image": "nginx", "resources": resources}]);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers}})
}

const PODS: &str = "/api/v1/namespaces/default/pods";

#[test]
fn a_pod_gets_what_admission_gives() {
    let mut lab = Lab::new();
    let made = lab.create(PODS, pod("web", &json!({})));
    assert_eq!(object::text(&made, "/spec/serviceAccountName"), "default");
    assert_eq!(object::list(&made, "/spec/tolerations").len(), 2);
    assert_eq!(object::text(&made, "/status/qosClass"), "BestEffort");
    assert!(object::text(&made, "/spec/volumes/0/name").starts_with("kube-api-access-"));
    let mut ghost = pod("ghost", &json!({}));
    object::set(&mut ghost, &["spec", "serviceAccountName"], "ghost");
    assert_eq!(
        lab.message("POST", PODS, &ghost),
        "pods \"ghost\" is forbidden: error looking up service account default/ghost: serviceaccount \"ghost\" not found"
    );
}

#[test]
fn quotas_hold_and_book() {
    let mut lab = Lab::new();
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": {"pods": "1", "limits.cpu": "1"}}});
    lab.create("/api/v1/namespaces/default/resourcequotas", quota);
    let status = json!({"status": {"hard": {"pods": "1", "limits.cpu": "1"}, "used": {"pods": "0", "limits.cpu": "0"}}});
    lab.ask("PATCH", "/api/v1/namespaces/default/resourcequotas/q/status", &status);
    assert_eq!(
        lab.message("POST", PODS, &pod("a", &json!({}))),
        "pods \"a\" is forbidden: failed quota: q: must specify limits.cpu for: a"
    );
    let limits = json!({"limits": {"cpu": "200m"}});
    lab.create(PODS, pod("a", &limits));
    assert_eq!(
        lab.message("POST", PODS, &pod("b", &limits)),
        "pods \"b\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"
    );
}

#[test]
fn policies_decide_by_expressions() {
    let mut lab = Lab::new();
    let base = "/apis/admissionregistration.k8s.io/v1";
    lab.create(&format!("{base}/validatingadmissionpolicies"), json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "few"},
        "spec": {
            "matchConstraints": {"resourceRules": [{
                "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"],
            }]},
            "validations": [{"expression": "size(object.data) <= 1 && request.operation == 'CREATE'", "message": "too many"}],
        },
    }));
    lab.create(
        &format!("{base}/validatingadmissionpolicybindings"),
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": "few"}, "spec": {"policyName": "few", "validationActions": ["Deny"]},
        }),
    );
    lab.create(MAPS, config_map("one"));
    let mut two = config_map("two");
    object::set(&mut two, &["data", "b"], "2");
    assert_eq!(
        lab.message("POST", MAPS, &two),
        "configmaps \"two\" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'few' denied request: too many"
    );
}

#[test]
fn namespaces_on_their_way_out_take_nothing_new() {
    let mut lab = Lab::new();
    assert_eq!(
        lab.message("DELETE", "/api/v1/namespaces/default", &Value::Null),
        "namespaces \"default\" is forbidden: this namespace may not be deleted"
    );
    lab.create(
        "/api/v1/namespaces",
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}),
    );
    lab.ask("DELETE", "/api/v1/namespaces/x", &Value::Null);
    assert_eq!(
        lab.message("POST", "/api/v1/namespaces/x/configmaps", &config_map("a")),
        "configmaps \"a\" is forbidden: unable to create new content in namespace x because it is being terminated"
    );
}

#[test]
fn policies_change_what_is_written_and_guard_what_is_deleted() {
    let mut lab = Lab::new();
    let base = "/apis/admissionregistration.k8s.io/v1";
    let rules = |operation: &str| json!({"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": [operation], "resources": ["configmaps"]}]});
    let version = "admissionregistration.k8s.io/v1";
    lab.create(&format!("{base}/mutatingadmissionpolicies"), json!({
        "apiVersion": version, "kind": "MutatingAdmissionPolicy", "metadata": {"name": "m"},
        "spec": {"reinvocationPolicy": "Never", "matchConstraints": rules("CREATE"), "mutations": [
            {"patchType": "ApplyConfiguration", "applyConfiguration":
                {"expression": "Object{metadata: Object.metadata{labels: {'by': request.userInfo.username}}}"}},
            {"patchType": "JSONPatch", "jsonPatch":
                {"expression": "[JSONPatch{op: 'add', path: '/data/b', value: object.metadata.labels.by}]"}},
        ]},
    }));
    lab.create(
        &format!("{base}/mutatingadmissionpolicybindings"),
        json!({"apiVersion": version, "kind": "MutatingAdmissionPolicyBinding", "metadata": {"name": "m"}, "spec": {"policyName": "m"}}),
    );
    let made = lab.create(MAPS, config_map("one"));
    assert_eq!(made["data"], json!({"a": "1", "b": "kubernetes-admin"}));
    lab.create(&format!("{base}/validatingadmissionpolicies"), json!({
        "apiVersion": version, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": "keep"},
        "spec": {"matchConstraints": rules("DELETE"), "validations": [
            {"expression": "!('by' in oldObject.metadata.labels)", "messageExpression": "'keep ' + request.name", "reason": "Forbidden"}]},
    }));
    lab.create(
        &format!("{base}/validatingadmissionpolicybindings"),
        json!({"apiVersion": version, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "keep"},
            "spec": {"policyName": "keep", "validationActions": ["Deny"]}}),
    );
    assert_eq!(
        lab.message("DELETE", &format!("{MAPS}/one"), &Value::Null),
        "configmaps \"one\" is forbidden: ValidatingAdmissionPolicy 'keep' with binding 'keep' denied request: keep one"
    );
}
