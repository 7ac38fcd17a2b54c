//! Faults as the recorded sessions show them: an object, and the lines it is refused with.

use serde_json::{Value, json};

use super::*;
use crate::apimachinery::object;
use crate::cluster::api::defaults;

/// Fills in `object`, validates it as a new one and compares the lines.
#[track_caller]
fn check(resource: &str, mut object: Value, want: &[&str]) {
    defaults::fill(resource, &mut object, None);
    object::set_default(&mut object, &["metadata", "namespace"], "default");
    let mut errs = Errors::new();
    create_built_in(resource, true, &object, &mut errs);
    assert_eq!(lines(errs), want, "{object:#}");
}

#[track_caller]
fn check_change(resource: &str, mut new: Value, mut old: Value, want: &[&str]) {
    for object in [&mut new, &mut old] {
        defaults::fill(resource, object, None);
        object::set_default(object, &["metadata", "namespace"], "default");
    }
    let mut errs = Errors::new();
    update_built_in(resource, &new, &old, &mut errs);
    assert_eq!(lines(errs), want);
}

fn lines(errs: Errors) -> Vec<String> {
    told_once(errs).iter().map(|it| format!("{}: {}", it.field, it.message)).collect()
}

fn pod(container: Value) -> Value {
    let mut all = json!({"name": "c", "image": "nginx:1.27"});
    for (key, value) in container.as_object().unwrap() {
        all[key] = value.clone();
    }
    json!({"metadata": {"name": "demo"}, "spec": {"containers": [all]}})
}

#[test]
fn the_table_is_sorted() {
    assert!(KINDS.is_sorted_by_key(|it| it.resource), "keep KINDS sorted");
}

#[test]
fn containers_of_pods() {
    check("pods", pod(json!({})), &[]);
    check("pods", pod(json!({"image": ""})), &["spec.containers[0].image: Required value"]);
    check(
        "pods",
        pod(json!({"ports": [{"name": "http", "containerPort": 80},
            {"name": "http", "containerPort": 81, "protocol": "QUIC", "hostPort": 99999}]})),
        &[
            "spec.containers[0].ports[1].name: Duplicate value: \"http\"",
            "spec.containers[0].ports[1].hostPort: Invalid value: 99999: must be between 1 and 65535, inclusive",
            "spec.containers[0].ports[1].protocol: Unsupported value: \"QUIC\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
        ],
    );
    check(
        "pods",
        pod(json!({"resources": {"requests": {"cpu": "200m", "gpu": 1}, "limits": {"cpu": "100m"}}})),
        &[
            "spec.containers[0].resources.requests: Invalid value: \"200m\": must be less than or equal to cpu limit of 100m",
            "spec.containers[0].resources.requests[gpu]: Invalid value: \"gpu\": must be a standard resource type or fully qualified",
            "spec.containers[0].resources.requests[gpu]: Invalid value: \"gpu\": must be a standard resource for containers",
        ],
    );
    check(
        "pods",
        pod(json!({"volumeMounts": [{"name": "v", "mountPath": "/v"}]})),
        &["spec.containers[0].volumeMounts[0].name: Not found: \"v\""],
    );
    check(
        "pods",
        pod(json!({"securityContext": {"privileged": true, "allowPrivilegeEscalation": false}})),
        &[
            "spec.containers[0].securityContext: Invalid value: {\"Capabilities\":null,\"Privileged\":true,\"SELinuxOptions\":null,\
           \"WindowsOptions\":null,\"RunAsUser\":null,\"RunAsGroup\":null,\"RunAsNonRoot\":null,\"ReadOnlyRootFilesystem\":null,\
           \"AllowPrivilegeEscalation\":false,\"ProcMount\":null,\"SeccompProfile\":null,\"AppArmorProfile\":null}: \
           cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        ],
    );
    check(
        "pods",
        pod(json!({"livenessProbe": {"initialDelaySeconds": 5}})),
        &["spec.containers[0].livenessProbe: Required value: must specify a handler type"],
    );
}

#[test]
fn workloads_match_their_templates() {
    let deployment = |selector: Value| {
        json!({"metadata": {"name": "z"}, "spec": {"replicas": -1, "selector": selector,
            "template": {"metadata": {"labels": {"app": "b"}}, "spec": {"containers": [{"name": "a", "image": "b"}]}}}})
    };
    check(
        "deployments.apps",
        deployment(Value::Null),
        &[
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.selector: Required value",
            "spec.template.metadata.labels: Invalid value: {\"app\":\"b\"}: `selector` does not match template `labels`",
        ],
    );
}

#[test]
fn pods_may_change_little() {
    let old = pod(json!({}));
    check_change("pods", pod(json!({"image": "nginx:1.28"})), old.clone(), &[]);
    check_change(
        "pods",
        pod(json!({"command": ["x"]})),
        old.clone(),
        &[
            "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
        ],
    );
    let mut more = old.clone();
    more["spec"]["containers"].as_array_mut().unwrap().push(json!({"name": "d", "image": "x"}));
    check_change(
        "pods",
        more,
        old,
        &["spec.containers: Forbidden: pod updates may not add or remove containers"],
    );
}

#[test]
fn limits_are_compared_in_the_order_of_the_server() {
    check(
        "limitranges",
        json!({"metadata": {"name": "l"}, "spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "3"},
            "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}}]}}),
        &[
            "spec.limits[0].min[cpu]: Invalid value: \"3\": min value 3 is greater than max value 1",
            "spec.limits[0].defaultRequest[cpu]: Invalid value: \"100m\": min value 3 is greater than default request value 100m",
            "spec.limits[0].default[cpu]: Invalid value: \"3\": min value 3 is greater than default value 500m",
        ],
    );
}

/// A definition of widgets whose `spec` has a schema.
fn definition(spec: Value) -> Value {
    json!({"metadata": {"name": "widgets.x.io"},
        "spec": {"group": "x.io", "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                {"type": "object", "properties": {"spec": spec}}}}]},
        "status": {"storedVersions": ["v1"]}})
}

#[track_caller]
fn check_definition(spec: Value, want: &str) {
    let mut errs = Errors::new();
    create_built_in("customresourcedefinitions.apiextensions.k8s.io", false, &definition(spec), &mut errs);
    let lines = lines(errs).join("\n");
    assert_eq!(lines.replace("spec.validation.openAPIV3Schema.properties[spec]", "SPEC"), want);
}

#[test]
fn definitions_have_structural_schemas_and_rules_that_compile() {
    check_definition(json!({"type": "object"}), "");
    check_definition(
        json!({"properties": {"a": {"type": "array"}}}),
        "SPEC.properties[a].items: Required value: must be specified\n\
         SPEC.type: Required value: must not be empty for specified object fields",
    );
    check_definition(
        json!({"type": "object", "properties": {"a": {"type": "integer", "default": "x"}}}),
        "SPEC.properties[a].default: Invalid value: \"string\":  in body must be of type integer: \"string\"",
    );
    let rule = |rule: &str| json!({"type": "object", "properties": {"n": {"type": "integer"}}, "x-kubernetes-validations": [{"rule": rule}]});
    check_definition(rule("self.n > 1"), "");
    check_definition(
        rule("self.m > 1"),
        "SPEC.x-kubernetes-validations[0].rule: Invalid value: {\"Rule\":\"self.m \\u003e 1\",\"Message\":\"\",\
         \"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: \
         ERROR: <input>:1:5: undefined field 'm'\n | self.m > 1\n | ....^",
    );
}

#[test]
fn policies_compile_when_they_are_written() {
    let policy = |expression: &str| {
        json!({"metadata": {"name": "p"}, "spec": {"failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [{"apiGroups": ["apps"], "apiVersions": ["v1"],
                "operations": ["CREATE"], "resources": ["deployments"]}]},
            "validations": [{"expression": expression}]}})
    };
    let resource = "validatingadmissionpolicies.admissionregistration.k8s.io";
    check(resource, policy("object.spec.replicas < 5 && request.operation == 'CREATE'"), &[]);
    check(
        resource,
        policy("object.spec.replicas"),
        &[
            "spec.validations[0].expression: Invalid value: \"object.spec.replicas\": must evaluate to bool but got dyn",
        ],
    );
    check(
        resource,
        policy("params.x"),
        &[
            "spec.validations[0].expression: Invalid value: \"params.x\": compilation failed: ERROR: <input>:1:1: \
           undeclared reference to 'params' (in container '')\n | params.x\n | ^",
        ],
    );
}

#[test]
fn warnings_speak_of_what_is_valid_but_odd() {
    let told = |resource: &str, it: Value| warnings::about(resource, &it, None).join("\n");
    let odd = json!({"metadata": {"name": "a.b"}, "spec": {
        "nodeSelector": {"beta.kubernetes.io/os": "linux"},
        "containers": [{"name": "c", "image": "i", "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}]}});
    insta::assert_snapshot!(told("pods", odd), @r#"
    metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]
    spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead
    spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply
    "#);
    let policy = json!({"spec": {"ingress": [{"from": [{"ipBlock": {"cidr": "10.1.2.3/8"}}]}]}});
    insta::assert_snapshot!(told("networkpolicies.networking.k8s.io", policy), @r#"spec.ingress[0].from[0].ipBlock.cidr: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)"#);
    // A change of labels alone is not looked at again.
    let deployment = json!({"metadata": {"name": "a.b", "generation": 1}, "spec": {"template": {}}});
    assert!(warnings::about("deployments.apps", &deployment, Some(&deployment)).is_empty());
}
