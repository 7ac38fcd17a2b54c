//! Faults as the recorded sessions show them: an object, and the lines it is refused with.

use super::*;
use crate::apimachinery::json::{Value, json};
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

/// The lines of a new object, as a text.
fn told_of(resource: &str, mut object: Value) -> String {
    defaults::fill(resource, &mut object, None);
    object::set_default(&mut object, &["metadata", "namespace"], "default");
    let mut errs = Errors::new();
    create_built_in(resource, true, &object, &mut errs);
    lines(errs).join("\n")
}

#[test]
fn sources_of_volumes() {
    let sources = |sources: Value| {
        let mut pod = pod(json!({}));
        let named = sources.as_array().unwrap().iter().enumerate().map(|(index, source)| {
            let mut volume = source.clone();
            volume["name"] = format!("v{index}").into();
            volume
        });
        pod["spec"]["volumes"] = named.collect();
        told_of("pods", pod)
    };
    insta::assert_snapshot!(sources(json!([
        {"iscsi": {"targetPortal": "", "iqn": "foo", "lun": 300}},
        {"iscsi": {"targetPortal": "x", "iqn": "iqn.2001-04.com.example:a", "chapAuthSession": true}},
        {"fc": {}},
        {"fc": {"targetWWNs": ["x"]}},
        {"flocker": {"datasetName": "a/b", "datasetUUID": "c"}},
        {"azureDisk": {"diskName": "d", "diskURI": "/subscriptions/x", "cachingMode": "Often"}},
        {"quobyte": {"registry": "host", "volume": "v"}},
        {"csi": {"driver": "Bad_Name"}},
        {"flexVolume": {"driver": "a/b", "options": {"x.k8s.io/y": "1"}}},
        {"projected": {"sources": [{"secret": {"name": "s"}, "configMap": {"name": "c"}}]}},
        {"ephemeral": {"volumeClaimTemplate": {"metadata": {"name": "n"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}},
    ])), @r#"
    spec.volumes[0].iscsi.targetPortal: Required value
    spec.volumes[0].iscsi.iqn: Invalid value: "foo": must be valid format starting with iqn, eui, or naa
    spec.volumes[0].iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive
    spec.volumes[1].iscsi.secretRef: Required value
    spec.volumes[2].fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both
    spec.volumes[3].fc.lun: Required value: lun is required if targetWWNs is specified
    spec.volumes[4].flocker: Invalid value: "resource": datasetName and datasetUUID can not be specified simultaneously
    spec.volumes[4].flocker.datasetName: Invalid value: "a/b": must not contain '/'
    spec.volumes[5].azureDisk.cachingMode: Unsupported value: "Often": supported values: "None", "ReadOnly", "ReadWrite"
    spec.volumes[5].azureDisk.diskURI: Unsupported value: "/subscriptions/x": supported values: "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
    spec.volumes[6].quobyte.registry: Invalid value: "host": must be a host:port pair or multiple pairs separated by commas
    spec.volumes[7].csi.driver: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
    spec.volumes[8].flexVolume.options[x.k8s.io/y]: Invalid value: "x.k8s.io/y": kubernetes.io and k8s.io namespaces are reserved
    spec.volumes[9].projected.sources[0]: Forbidden: may not specify more than 1 volume type per source
    spec.volumes[10].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set
    "#);
}

#[test]
fn rarer_fields_of_pods() {
    let spec = |spec: Value| {
        let mut pod = pod(json!({}));
        for (key, value) in spec.as_object().unwrap() {
            pod["spec"][key] = value.clone();
        }
        told_of("pods", pod)
    };
    insta::assert_snapshot!(spec(json!({
        "dnsConfig": {"searches": ["a_b.c", ".", "_x.y", "A.b"]},
        "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["ok", "Bad_Host"]}],
        "securityContext": {"seLinuxChangePolicy": "Often"},
        "tolerations": [{"key": "a", "operator": "Exists", "value": "b"}],
        "resources": {"limits": {"cpu": "1", "foo": "1"}},
    })), @r#"
    spec.resources.limits[foo]: Invalid value: "foo": must be a standard resource type or fully qualified
    spec.resources.requests[foo]: Invalid value: "foo": must be a standard resource type or fully qualified
    spec.securityContext.seLinuxChangePolicy: Unsupported value: "Often": supported values: "MountOption", "Recursive"
    spec.dnsConfig.searches[3]: Invalid value: "A.b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')
    spec.tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is 'Exists'
    spec.hostAliases[0].hostnames[1]: Invalid value: "Bad_Host": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
    "#);
    let container = json!({
        "securityContext": {"procMount": "Unmasked"},
        "volumeMounts": [{"name": "x", "mountPath": "/a", "recursiveReadOnly": "Enabled"}],
        "resources": {"limits": {"hugepages-2Mi": "3Mi"}, "claims": [{"name": "x"}, {"name": "x"}]},
    });
    insta::assert_snapshot!(told_of("pods", pod(container)), @r#"
    spec.containers[0].volumeMounts[0].name: Not found: "x"
    spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true
    spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi
    spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi
    spec.containers[0].resources: Forbidden: HugePages require cpu or memory
    spec.containers[0].resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty
    spec.containers[0].resources.claims[1]: Duplicate value: "x"
    spec.containers[0].resources.claims[1]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty
    spec.containers[0].securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`
    "#);
}

#[test]
fn metrics_of_autoscalers() {
    let metrics = json!([
        {"type": "Foo"},
        {"type": "Resource", "resource": {"name": "cpu", "target": {}}},
        {"type": "Pods", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 5}}},
        {"type": "Object", "object": {"metric": {"name": "m"}, "describedObject": {"kind": "Service"}, "target": {"type": "Value"}}},
        {"type": "External", "external": {"metric": {"name": "m"}, "target": {"type": "Value", "value": 1, "averageValue": 1}}},
        {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "", "target": {"type": "Value", "averageValue": 1}}},
    ]);
    let it = json!({"metadata": {"name": "a"}, "spec": {
        "maxReplicas": 1, "scaleTargetRef": {"kind": "Deployment", "name": "a"}, "metrics": metrics}});
    insta::assert_snapshot!(told_of("horizontalpodautoscalers.autoscaling", it), @r#"
    spec.metrics[0].type: Unsupported value: "Foo": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"
    spec.metrics[1].resource.target.type: Required value: must specify a metric target type
    spec.metrics[1].resource.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue
    spec.metrics[1].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization
    spec.metrics[2].pods: Required value: must populate information for the given metric source
    spec.metrics[3].object.describedObject.name: Required value
    spec.metrics[3].object.target.averageValue: Required value: must set either a target value or averageValue
    spec.metrics[4].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target
    spec.metrics[5].containerResource.container: Required value: must specify a container
    "#);
}

#[test]
fn what_of_a_service_never_changes() {
    let service = |spec: Value| json!({"metadata": {"name": "s"}, "spec": spec});
    let before = json!({"type": "LoadBalancer", "clusterIP": "10.96.0.5", "clusterIPs": ["10.96.0.5"],
        "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "externalTrafficPolicy": "Local",
        "loadBalancerClass": "a/b", "healthCheckNodePort": 30001, "ports": [{"port": 80}]});
    let mut after = before.clone();
    after["loadBalancerClass"] = "c/d".into();
    after["healthCheckNodePort"] = 30002.into();
    after["clusterIP"] = "10.96.0.6".into();
    after["clusterIPs"] = json!(["10.96.0.6"]);
    check_change(
        "services",
        service(after),
        service(before),
        &[
            "spec.clusterIPs[0]: Invalid value: [\"10.96.0.6\"]: may not change once set",
            "spec.loadBalancerClass: Invalid value: \"c/d\": may not change once set",
            "spec.healthCheckNodePort: Forbidden: field is immutable",
        ],
    );
}

#[test]
fn addresses_of_endpoints() {
    let slice = json!({"metadata": {"name": "s"}, "addressType": "IPv4",
        "endpoints": [{"addresses": ["abc"]}, {"addresses": ["fd00::1", "127.0.0.1"]}]});
    insta::assert_snapshot!(told_of("endpointslices.discovery.k8s.io", slice), @r#"
    endpoints[0].addresses[0]: Invalid value: "abc": must be a valid IPv4 address
    endpoints[0].addresses[0]: Invalid value: "abc": must be a valid IP address
    endpoints[1].addresses[0]: Invalid value: "fd00::1": must be a valid IPv4 address
    endpoints[1].addresses[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)
    "#);
}

#[test]
fn counts_of_statuses() {
    let told = |resource: &str, status: Value| {
        let mut errs = Errors::new();
        workloads::status_counts(resource, &json!({"status": status}), &mut errs);
        lines(errs).join("\n")
    };
    let status = json!({"replicas": 1, "readyReplicas": 2, "availableReplicas": 3, "collisionCount": -1});
    insta::assert_snapshot!(told("deployments.apps", status.clone()), @r"
    status.collisionCount: Invalid value: -1: must be greater than or equal to 0
    status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas
    status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas
    status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas
    ");
    insta::assert_snapshot!(told("statefulsets.apps", status), @r"
    status.collisionCount: Invalid value: -1: must be greater than or equal to 0
    status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas
    status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas
    status.availableReplicas: Invalid value: 3: cannot be greater than status.readyReplicas
    ");
}
