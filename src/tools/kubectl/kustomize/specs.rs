//! Which fields the transformers change, and which fields name other objects: kustomize's own tables, and what
//! `configurations` add to them.

use std::collections::BTreeMap;

use super::fields::Spec;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{Gvk, field, list};

/// `list: path kinds`, a `+` before what is made; a kind may carry its group.
const FIELDS: &str = "
namePrefix metadata/name *
nameSuffix metadata/name *
namespace +metadata/name Namespace
namespace +spec/service/namespace APIService.apiregistration.k8s.io
namespace spec/conversion/webhook/clientConfig/service/namespace CustomResourceDefinition.apiextensions.k8s.io
commonLabels +spec/selector Service ReplicationController
commonLabels +spec/selector/matchLabels Deployment ReplicaSet DaemonSet StatefulSet.apps
commonLabels spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels Deployment.apps StatefulSet.apps
commonLabels spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels Deployment.apps StatefulSet.apps
commonLabels spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels Deployment.apps StatefulSet.apps
commonLabels spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels Deployment.apps StatefulSet.apps
commonLabels spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels Deployment.apps StatefulSet.apps
commonLabels spec/selector/matchLabels Job.batch PodDisruptionBudget.policy
commonLabels spec/jobTemplate/spec/selector/matchLabels CronJob.batch
commonLabels spec/podSelector/matchLabels NetworkPolicy.networking.k8s.io
commonLabels spec/ingress/from/podSelector/matchLabels NetworkPolicy.networking.k8s.io
commonLabels spec/egress/to/podSelector/matchLabels NetworkPolicy.networking.k8s.io
commonLabels,templateLabels +metadata/labels *
commonLabels,templateLabels +spec/template/metadata/labels ReplicationController Deployment ReplicaSet DaemonSet StatefulSet.apps Job.batch
commonLabels,templateLabels +spec/jobTemplate/metadata/labels CronJob.batch
commonLabels,templateLabels +spec/jobTemplate/spec/template/metadata/labels CronJob.batch
commonLabels,templateLabels +spec/volumeClaimTemplates[]/metadata/labels StatefulSet.apps
commonAnnotations +metadata/annotations *
commonAnnotations +spec/template/metadata/annotations ReplicationController Deployment ReplicaSet DaemonSet StatefulSet Job.batch
commonAnnotations +spec/jobTemplate/metadata/annotations CronJob.batch
commonAnnotations +spec/jobTemplate/spec/template/metadata/annotations CronJob.batch
images +spec/containers[]/image *
images +spec/initContainers[]/image *
images +spec/volumes[]/image/reference *
images +spec/template/spec/containers[]/image *
images +spec/template/spec/initContainers[]/image *
images +spec/template/spec/volumes[]/image/reference *
replicas +spec/replicas Deployment ReplicationController ReplicaSet StatefulSet
varReference {pod}/containers/args CronJob DaemonSet Deployment Job Pod ReplicaSet StatefulSet
varReference {pod}/containers/command CronJob DaemonSet Deployment Job Pod ReplicaSet StatefulSet
varReference {pod}/containers/env/value CronJob DaemonSet Deployment Job Pod ReplicaSet StatefulSet
varReference {pod}/containers/volumeMounts/mountPath CronJob DaemonSet Deployment Job Pod ReplicaSet StatefulSet
varReference {pod}/initContainers/args CronJob DaemonSet Deployment Job Pod ReplicaSet StatefulSet
varReference {pod}/initContainers/command CronJob DaemonSet Deployment Job Pod ReplicaSet StatefulSet
varReference {pod}/initContainers/env/value CronJob DaemonSet Deployment Job Pod ReplicaSet StatefulSet
varReference {pod}/initContainers/volumeMounts/mountPath CronJob DaemonSet Deployment Job Pod ReplicaSet StatefulSet
varReference {pod}/volumes/nfs/server DaemonSet Deployment Job Pod ReplicaSet
varReference spec/template/metadata/annotations Deployment
varReference spec/rules/host Ingress
varReference spec/tls/hosts Ingress
varReference spec/tls/secretName Ingress
varReference spec/ports/port Service
varReference spec/ports/targetPort Service
varReference spec/volumeClaimTemplates/spec/nfs/server StatefulSet
varReference spec/nfs/server PersistentVolume
varReference metadata/labels *
varReference metadata/annotations *
";

/// `named kind: path kinds`.
const REFERENCES: &str = "
Deployment spec/scaleTargetRef/name HorizontalPodAutoscaler
ReplicationController spec/scaleTargetRef/name HorizontalPodAutoscaler
ReplicaSet spec/scaleTargetRef/name HorizontalPodAutoscaler
StatefulSet spec/scaleTargetRef/name HorizontalPodAutoscaler
ConfigMap {pod}/volumes/configMap/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
ConfigMap {pod}/containers/env/valueFrom/configMapKeyRef/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
ConfigMap {pod}/initContainers/env/valueFrom/configMapKeyRef/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
ConfigMap {pod}/containers/envFrom/configMapRef/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
ConfigMap {pod}/initContainers/envFrom/configMapRef/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
ConfigMap {pod}/volumes/projected/sources/configMap/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
ConfigMap spec/configSource/configMap Node
ConfigMap rules/resourceNames Role ClusterRole
ConfigMap metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap Ingress
Secret {pod}/volumes/secret/secretName Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
Secret {pod}/containers/env/valueFrom/secretKeyRef/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
Secret {pod}/initContainers/env/valueFrom/secretKeyRef/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
Secret {pod}/containers/envFrom/secretRef/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
Secret {pod}/initContainers/envFrom/secretRef/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
Secret {pod}/imagePullSecrets/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
Secret {pod}/volumes/projected/sources/secret/name Pod PodTemplate Deployment ReplicaSet DaemonSet StatefulSet Job CronJob
Secret spec/tls/secretName Ingress
Secret metadata/annotations/ingress.kubernetes.io\\/auth-secret Ingress
Secret metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret Ingress
Secret metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret Ingress
Secret imagePullSecrets/name ServiceAccount
Secret parameters/secretName StorageClass
Secret parameters/adminSecretName StorageClass
Secret parameters/userSecretName StorageClass
Secret parameters/secretRef StorageClass
Secret rules/resourceNames Role ClusterRole
Secret spec/azureFile/secretName PersistentVolume
Service spec/serviceName StatefulSet.apps
Service spec/rules/http/paths/backend/serviceName Ingress
Service spec/backend/serviceName Ingress
Service spec/rules/http/paths/backend/service/name Ingress
Service spec/defaultBackend/service/name Ingress
Service spec/service/name APIService.apiregistration.k8s.io
Service webhooks/clientConfig/service ValidatingWebhookConfiguration.admissionregistration.k8s.io MutatingWebhookConfiguration.admissionregistration.k8s.io
Role.rbac.authorization.k8s.io roleRef/name RoleBinding.rbac.authorization.k8s.io
ClusterRole.rbac.authorization.k8s.io roleRef/name RoleBinding.rbac.authorization.k8s.io ClusterRoleBinding.rbac.authorization.k8s.io
ServiceAccount subjects RoleBinding.rbac.authorization.k8s.io ClusterRoleBinding.rbac.authorization.k8s.io
ServiceAccount {pod}/serviceAccountName Pod StatefulSet Deployment ReplicationController CronJob Job DaemonSet
PersistentVolumeClaim {pod}/volumes/persistentVolumeClaim/claimName Pod StatefulSet Deployment ReplicationController CronJob Job DaemonSet
PersistentVolume spec/volumeName PersistentVolumeClaim
PersistentVolume rules/resourceNames ClusterRole
StorageClass.storage.k8s.io spec/storageClassName PersistentVolume PersistentVolumeClaim
StorageClass.storage.k8s.io spec/volumeClaimTemplates/spec/storageClassName StatefulSet
PriorityClass.scheduling.k8s.io {pod}/priorityClassName Pod StatefulSet Deployment ReplicationController CronJob Job DaemonSet
ValidatingAdmissionPolicy.admissionregistration.k8s.io spec/policyName ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io
";

/// The tables of one kustomization.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    fields: BTreeMap<String, Vec<Spec>>,
    /// Kinds that are named, and the fields that name them.
    pub(super) references: Vec<(Gvk, Vec<Spec>)>,
}

/// Where the spec of a pod stands.
fn pod_path(kind: &str) -> &'static str {
    match kind {
        "Pod" => "spec",
        "PodTemplate" => "template/spec",
        "CronJob" => "spec/jobTemplate/spec/template/spec",
        _ => "spec/template/spec",
    }
}

/// `Kind` or `Kind.group`; `*` for all.
fn kind_of(word: &str) -> Gvk {
    match word.split_once('.') {
        Some((kind, group)) => Gvk::new(group, "", kind),
        None if word == "*" => Gvk::new("", "", ""),
        None => Gvk::new("", "", word),
    }
}

fn specs_of(path: &str, kinds: &str) -> Vec<Spec> {
    let (create, path) = path.strip_prefix('+').map_or((false, path), |path| (true, path));
    let of = |word| {
        let gvk = kind_of(word);
        Spec { path: path.replace("{pod}", pod_path(&gvk.kind)), gvk, create }
    };
    kinds.split(' ').map(of).collect()
}

impl Config {
    /// What holds without any configuration.
    pub(super) fn usual() -> Self {
        let mut all = Self::default();
        for (lists, rest) in FIELDS.lines().filter_map(|line| line.split_once(' ')) {
            let Some((path, kinds)) = rest.split_once(' ') else { continue };
            for name in lists.split(',') {
                all.fields.entry(name.to_owned()).or_default().extend(specs_of(path, kinds));
            }
        }
        for (named, rest) in REFERENCES.lines().filter_map(|line| line.split_once(' ')) {
            let Some((path, kinds)) = rest.split_once(' ') else { continue };
            all.refer(kind_of(named), specs_of(path, kinds));
        }
        all
    }

    /// What a file of `configurations` says.
    pub(super) fn of(tree: &Value) -> Self {
        let mut all = Self::default();
        for (name, specs) in tree.as_object().into_iter().flatten().filter(|it| it.0 != "nameReference") {
            let specs = specs.as_array().into_iter().flatten().map(Spec::of).collect();
            all.fields.insert(name.clone().into(), specs);
        }
        for entry in list(tree, "/nameReference") {
            let gvk = Gvk::new(field(entry, "group"), field(entry, "version"), field(entry, "kind"));
            all.refer(gvk, list(entry, "/fieldSpecs").iter().map(Spec::of).collect());
        }
        all
    }

    fn refer(&mut self, named: Gvk, specs: Vec<Spec>) {
        match self.references.iter_mut().find(|it| it.0 == named) {
            Some((_, known)) => {
                for spec in specs {
                    if !known.contains(&spec) {
                        known.push(spec);
                    }
                }
            }
            None => self.references.push((named, specs)),
        }
    }

    /// Adds the tables of another one.
    ///
    /// # Errors
    /// They say different things of one field.
    pub(super) fn merge(&mut self, other: &Self) -> Result<(), String> {
        for (name, specs) in &other.fields {
            let known = self.fields.entry(name.clone()).or_default();
            add(known, specs).map_err(|why| {
                let mut title = name.clone();
                if let Some(first) = title.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                format!("failed to merge {title} fieldSpec: {why}")
            })?;
            known.sort_by_key(|it| super::kind_order(&it.gvk));
        }
        for (named, specs) in &other.references {
            self.refer(named.clone(), specs.clone());
        }
        Ok(())
    }

    /// The fields of one list.
    pub(super) fn list(&self, name: &str) -> &[Spec] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Adds fields that are not there yet.
///
/// # Errors
/// One is there, but is made in the one case and not in the other.
pub(super) fn add(known: &mut Vec<Spec>, more: &[Spec]) -> Result<(), String> {
    for spec in more {
        match known.iter().find(|it| it.path == spec.path && super::resource::selects(&spec.gvk, &it.gvk)) {
            Some(it) if it.create != spec.create => return Err("conflicting fieldspecs".into()),
            Some(_) => {}
            None => known.push(spec.clone()),
        }
    }
    Ok(())
}
