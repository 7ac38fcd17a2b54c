//! Writes of several managers, one after the other.

use super::*;
use crate::apimachinery::object::Gvk;
use crate::apimachinery::schema::{definition, from_open_api};

fn write<'a>(schema: &'a Schema, manager: &'a str) -> Write<'a> {
    let ignored: &[&[&str]] = &[&["status"]];
    Write { schema, manager, api_version: "apps/v1", subresource: "", now: "2026-01-01T00:00:00Z", ignored }
}

fn deployments() -> &'static Schema {
    definition(&Gvk::new("apps", "v1", "Deployment")).unwrap()
}

fn deployment(replicas: u32, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"spec": {"containers": [{"name": "c", "image": image}]}},
        },
    })
}

fn fields(object: &Value, at: usize) -> Value {
    object["metadata"]["managedFields"][at]["fieldsV1"].clone()
}

#[test]
fn a_creation_owns_what_it_sets() {
    let mut object = deployment(1, "nginx");
    update_managed_fields(&Value::Null, &mut object, &write(deployments(), "kubectl-create"));
    assert_eq!(
        fields(&object, 0),
        json!({
            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
            "f:spec": {
                "f:replicas": {},
                "f:selector": {},
                "f:template": {"f:spec": {"f:containers": {
                    "k:{\"name\":\"c\"}": {".": {}, "f:image": {}, "f:name": {}},
                }}},
            },
        })
    );
    let mut scaled = object.clone();
    scaled["spec"]["replicas"] = 3.into();
    update_managed_fields(&object, &mut scaled, &write(deployments(), "kubectl-scale"));
    assert_eq!(fields(&scaled, 1), json!({"f:spec": {"f:replicas": {}}}));
    assert_eq!(fields(&scaled, 0)["f:spec"].get("f:replicas"), None);
    let mut reset = scaled.clone();
    reset["metadata"]["managedFields"] = json!([{}]);
    update_managed_fields(&scaled, &mut reset, &write(deployments(), "kubectl-edit"));
    assert_eq!(reset["metadata"].get("managedFields"), None);
}

#[test]
fn applying_finds_conflicts_and_force_takes_over() {
    let mut live = deployment(1, "nginx");
    update_managed_fields(&Value::Null, &mut live, &write(deployments(), "kubectl-create"));
    let config = deployment(3, "nginx");
    let apply = Write { manager: "me", ..write(deployments(), "me") };
    let refused = server_side_apply(&live, &config, &apply, false).unwrap_err();
    assert_eq!(
        refused.message,
        "Apply failed with 1 conflict: conflict with \"kubectl-create\" using apps/v1: .spec.replicas"
    );
    let two = server_side_apply(&live, &deployment(3, "httpd"), &apply, false).unwrap_err();
    insta::assert_snapshot!(two.message, @r#"
    Apply failed with 2 conflicts: conflicts with "kubectl-create" using apps/v1:
    - .spec.replicas
    - .spec.template.spec.containers[name="c"].image
    "#);
    let forced = server_side_apply(&live, &config, &apply, true).unwrap();
    assert_eq!(forced["spec"]["replicas"], 3);
    assert_eq!(forced["metadata"]["managedFields"][0]["operation"], "Apply");
    assert_eq!(fields(&forced, 1)["f:spec"].get("f:replicas"), None);
}

#[test]
fn fields_that_are_no_longer_applied_go() {
    let apply = write(deployments(), "me");
    let mut first = deployment(1, "nginx");
    first["metadata"]["annotations"] = json!({"a": "1"});
    first["spec"]["template"]["spec"]["containers"] =
        json!([{"name": "c", "image": "x"}, {"name": "d", "image": "y"}]);
    let live = server_side_apply(&Value::Null, &first, &apply, false).unwrap();
    let mut touched = live.clone();
    touched["metadata"]["labels"]["other"] = "1".into();
    update_managed_fields(&live, &mut touched, &write(deployments(), "kubectl-label"));
    let second = deployment(1, "x");
    let object = server_side_apply(&touched, &second, &apply, false).unwrap();
    assert_eq!(object["metadata"].get("annotations"), None);
    assert_eq!(object["metadata"]["labels"], json!({"app": "web", "other": "1"}));
    assert_eq!(object["spec"]["template"]["spec"]["containers"], json!([{"name": "c", "image": "x"}]));
}

#[test]
fn kubectl_may_take_over_what_it_applied_from_the_client() {
    let mut live = deployment(1, "nginx");
    let applied = deployment(1, "nginx").to_string();
    live["metadata"]["annotations"] = json!({LAST_APPLIED: applied});
    update_managed_fields(&Value::Null, &mut live, &write(deployments(), "kubectl-client-side-apply"));
    let apply = write(deployments(), "kubectl");
    let object = server_side_apply(&live, &deployment(5, "nginx"), &apply, false).unwrap();
    assert_eq!(object["spec"]["replicas"], 5);
    assert!(last_applied(&object).contains("\"replicas\":5"));
}

#[test]
fn custom_resources_follow_their_schema() {
    let schema =
        from_open_api(&json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "hosts": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }}}}));
    let mut object = json!({"metadata": {"name": "a"}, "spec": {"hosts": ["x"], "free": {"a": [1]}}});
    update_managed_fields(&Value::Null, &mut object, &write(&schema, "kubectl-create"));
    assert_eq!(
        fields(&object, 0),
        json!({"f:spec": {".": {}, "f:free": {".": {}, "f:a": {}}, "f:hosts": {".": {}, "v:\"x\"": {}}}})
    );
}

#[test]
fn configurations_have_the_fields_of_their_type() {
    let misfit = |config: Value| super::misfit(deployments(), &config).unwrap_or_default();
    let container = |more: Value| {
        let mut container = json!({"name": "c", "image": "nginx"});
        for (key, value) in more.as_object().unwrap() {
            container[key] = value.clone();
        }
        json!({"spec": {"template": {"spec": {"containers": [container]}}}})
    };
    assert_eq!(misfit(container(json!({}))), "");
    insta::assert_snapshot!(misfit(container(json!({"imge": "x"}))), @r#".spec.template.spec.containers[name="c"].imge: field not declared in schema"#);
    insta::assert_snapshot!(misfit(container(json!({"ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}]}))), @r#".spec.template.spec.containers[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]"#);
    insta::assert_snapshot!(misfit(container(json!({"name": null}))), @"");
    insta::assert_snapshot!(misfit(json!({"spec": {"replicas": "3", "paused": "no", "template": {"spec": {"containers": {"a": 1}, "nodeName": 5}}}})), @r"
    errors:
      .spec.paused: expected boolean, got &{no}
      .spec.replicas: expected numeric (int or float), got string
      .spec.template.spec.containers: expected list, got &{map[a:1]}
      .spec.template.spec.nodeName: expected string, got &value.valueUnstructured{Value:5}
    ");
}
