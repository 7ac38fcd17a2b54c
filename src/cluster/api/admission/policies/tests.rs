//! Policies through `handle` on the bare world.

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::tests::Lab;

const BASE: &str = "/apis/admissionregistration.k8s.io/v1";
const VERSION: &str = "admissionregistration.k8s.io/v1";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// A policy of a kind about new ConfigMaps, and a binding of the same name.
fn policy(lab: &mut Lab, kind: &str, name: &str, mut spec: Value, actions: &[&str]) {
    spec["matchConstraints"] = json!({"resourceRules": [
        {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}]});
    let (plural, binding) = match kind {
        "ValidatingAdmissionPolicy" => ("validatingadmissionpolicies", "validatingadmissionpolicybindings"),
        _ => ("mutatingadmissionpolicies", "mutatingadmissionpolicybindings"),
    };
    let metadata = json!({"name": name});
    lab.create(
        &format!("{BASE}/{plural}"),
        json!({"apiVersion": VERSION, "kind": kind, "metadata": metadata, "spec": spec}),
    );
    let mut bound = json!({"apiVersion": VERSION, "kind": format!("{kind}Binding"), "metadata": metadata, "spec": {"policyName": name}});
    if !actions.is_empty() {
        bound["spec"]["validationActions"] = json!(actions);
    }
    lab.create(&format!("{BASE}/{binding}"), bound);
}

fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
}

/// What the server says against a ConfigMap under one validation; empty when it takes it.
fn refusal(expression: &str) -> String {
    let mut lab = Lab::new();
    let spec = json!({
        "variables": [
            {"name": "size", "expression": "quantity('1Gi')"}, {"name": "gone", "expression": "object.data.nope"},
            {"name": "worse", "expression": "variables.gone + 'x'"}],
        "validations": [{"expression": expression, "message": "no"}],
    });
    policy(&mut lab, "ValidatingAdmissionPolicy", "p", spec, &["Deny"]);
    let answer = lab.ask("POST", MAPS, &config_map("a"));
    let said = object::text(answer.object(), "/message");
    said.rsplit_once("denied request: ").map_or("", |it| it.1).to_owned()
}

#[test]
fn expressions_ask_what_users_may_do() {
    for (expression, says) in [
        ("authorizer.group('').resource('secrets').namespace('kube-system').check('delete').allowed()", ""),
        ("authorizer.requestResource.check('update').allowed()", ""),
        ("authorizer.path('/healthz').check('get').allowed()", ""),
        ("authorizer.group('').resource('pods').subresource('log').name('a').check('get').errored()", "no"),
        (
            "authorizer.serviceAccount('default', 'default').group('').resource('pods').check('get').allowed()",
            "no",
        ),
        (
            "authorizer.serviceAccount('A', 'b').group('').resource('pods').check('get').allowed()",
            "expression 'authorizer.serviceAccount('A', 'b').group('').resource('pods').check('get').allowed()' \
             resulted in error: Invalid service account namespace",
        ),
        (
            "authorizer.path('').check('get').allowed()",
            "expression 'authorizer.path('').check('get').allowed()' resulted in error: path must not be empty",
        ),
    ] {
        assert_eq!(refusal(expression), says, "{expression}");
    }
}

#[test]
fn variables_keep_their_types_and_tell_why_they_are_not_there() {
    assert_eq!(refusal("variables.size.isGreaterThan(quantity('1Mi'))"), "");
    assert_eq!(
        refusal("variables.worse == 'x'"),
        "expression 'variables.worse == 'x'' resulted in error: composited variable \"worse\" fails to evaluate: \
         composited variable \"gone\" fails to evaluate: no such key: data"
    );
}

#[test]
fn a_policy_is_asked_again_when_a_later_one_changed_the_object() {
    for (again, labels_seen) in [("IfNeeded", "1"), ("Never", "0")] {
        let mut lab = Lab::new();
        let count = "string(has(object.metadata.labels) ? size(object.metadata.labels) : 0)";
        let change = |metadata: &str, policy: &str| {
            json!({"reinvocationPolicy": policy, "mutations": [{"patchType": "ApplyConfiguration",
                "applyConfiguration": {"expression": format!("Object{{metadata: Object.metadata{{{metadata}}}}}")}}]})
        };
        let first = change(&format!("annotations: {{'n': {count}}}"), again);
        policy(&mut lab, "MutatingAdmissionPolicy", "a", first, &[]);
        policy(&mut lab, "MutatingAdmissionPolicy", "b", change("labels: {'x': 'y'}", "Never"), &[]);
        let made = lab.create(MAPS, config_map("a"));
        assert_eq!(made["metadata"]["annotations"], json!({"n": labels_seen}), "{again}");
    }
}

#[test]
fn a_webhook_that_nobody_answers_takes_its_time() {
    let mut lab = Lab::new();
    let hook = |name: &str, seconds: u64, policy: &str| {
        json!({"name": name, "clientConfig": {"url": "https://10.9.8.7/x"}, "timeoutSeconds": seconds, "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "failurePolicy": policy, "rules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}]})
    };
    lab.create(
        &format!("{BASE}/validatingwebhookconfigurations"),
        json!({"apiVersion": VERSION, "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "w"},
            "webhooks": [hook("a.b.example", 4, "Ignore"), hook("c.d.example", 7, "Ignore")]}),
    );
    let answer = lab.ask("POST", MAPS, &config_map("a"));
    assert_eq!((answer.code, answer.waited.as_secs()), (201, 7));
}
