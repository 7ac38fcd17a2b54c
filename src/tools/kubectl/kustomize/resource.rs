//! One object on its way through the transformers: what it was called before, and how it is identified.

use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::object::{self, Gvk};

/// How an object is identified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) gvk: Gvk,
    pub(super) name: String,
    pub(super) namespace: String,
}

/// What cluster-scoped objects have for a namespace.
pub(super) const NO_NAMESPACE: &str = "_non_namespaceable_";

/// Kinds that live outside of namespaces, as the schema that kustomize carries knows them: that of v1.21.
const CLUSTER_SCOPED: &[(&str, &str)] = &[
    ("", "ComponentStatus"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("authentication.k8s.io", "TokenReview"),
    ("authorization.k8s.io", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "SelfSubjectRulesReview"),
    ("authorization.k8s.io", "SubjectAccessReview"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("networking.k8s.io", "IngressClass"),
    ("node.k8s.io", "RuntimeClass"),
    ("policy", "PodSecurityPolicy"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
];

pub(super) fn is_cluster_scoped(gvk: &Gvk) -> bool {
    CLUSTER_SCOPED.contains(&(gvk.group.as_str(), gvk.kind.as_str()))
}

/// `Deployment.v1.apps`.
pub(super) fn gvk_text(gvk: &Gvk) -> String {
    let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    format!("{}.{}.{}", or(&gvk.kind, "[noKind]"), or(&gvk.version, "[noVer]"), or(&gvk.group, "[noGrp]"))
}

/// True when what is given of `wanted` is so.
pub(super) fn selects(wanted: &Gvk, gvk: &Gvk) -> bool {
    let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
    fits(&wanted.group, &gvk.group) && fits(&wanted.version, &gvk.version) && fits(&wanted.kind, &gvk.kind)
}

impl Id {
    pub(super) fn of(tree: &Value) -> Self {
        Self {
            gvk: Gvk::of(tree),
            name: object::name(tree).to_owned(),
            namespace: object::namespace(tree).to_owned(),
        }
    }

    /// The namespace that counts.
    pub(super) fn effective_namespace(&self) -> &str {
        match self.namespace.as_str() {
            _ if is_cluster_scoped(&self.gvk) => NO_NAMESPACE,
            "" => "default",
            other => other,
        }
    }

    pub(super) fn same_namespace(&self, other: &Id) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    /// Equal in kind and name.
    pub(super) fn same_name(&self, other: &Id) -> bool {
        self.name == other.name && self.gvk == other.gvk
    }

    pub(super) fn equals(&self, other: &Id) -> bool {
        self.same_namespace(other) && self.same_name(other)
    }

    /// `Deployment.v1.apps/web.[noNs]`.
    pub(super) fn text(&self) -> String {
        let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
        let (name, namespace) = (or(&self.name, "[noName]"), or(&self.namespace, "[noNs]"));
        format!("{}/{name}.{namespace}", gvk_text(&self.gvk))
    }
}

/// One object.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) tree: Value,
    /// What it was called before, oldest first: namespace, name, kind.
    previous: Vec<(String, String, String)>,
    pub(super) prefixes: Vec<String>,
    pub(super) suffixes: Vec<String>,
    /// A hash of its content goes behind its name.
    pub(super) hashed: bool,
    /// `create`, `merge` or `replace` of a generated object.
    pub(super) behavior: String,
    /// A patch may rename what it changes.
    pub(super) renames: bool,
    /// A patch may change the kind of what it changes.
    pub(super) changes_kind: bool,
    /// Variables that take their value from it.
    pub(super) variables: Vec<String>,
}

impl Resource {
    pub(super) fn new(tree: Value) -> Self {
        Self {
            tree,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            hashed: false,
            behavior: String::new(),
            renames: false,
            changes_kind: false,
            variables: Vec::new(),
        }
    }

    pub(super) fn id(&self) -> Id {
        Id::of(&self.tree)
    }

    pub(super) fn gvk(&self) -> Gvk {
        Gvk::of(&self.tree)
    }

    /// What it was called, oldest first.
    pub(super) fn previous_ids(&self) -> Vec<Id> {
        let gvk = self.gvk();
        let of = |(namespace, name, kind): &(String, String, String)| Id {
            gvk: Gvk { kind: kind.clone(), ..gvk.clone() },
            name: name.clone(),
            namespace: namespace.clone(),
        };
        self.previous.iter().map(of).collect()
    }

    /// As it was called first.
    pub(super) fn original_id(&self) -> Id {
        self.previous_ids().into_iter().next().unwrap_or_else(|| self.id())
    }

    /// All that it was and is called.
    pub(super) fn ids(&self) -> Vec<Id> {
        let mut all = self.previous_ids();
        all.push(self.id());
        all
    }

    /// Remembers what it is called before it is changed.
    pub(super) fn remember(&mut self) {
        let id = self.id();
        self.previous.push((id.effective_namespace().to_owned(), id.name.clone(), id.gvk.kind.clone()));
    }

    pub(super) fn set_name(&mut self, name: &str) {
        object::set(&mut self.tree, &["metadata", "name"], name);
    }

    /// Nothing is left of it.
    pub(super) fn is_empty(&self) -> bool {
        self.tree.as_object().is_none_or(Map::is_empty)
    }

    /// A generated object takes the place of an older one: its name, its labels and annotations, its history.
    pub(super) fn succeed(&mut self, old: &Resource) {
        for part in ["labels", "annotations"] {
            let own = self.tree.pointer(&format!("/metadata/{part}")).cloned();
            let mut all = old.tree.pointer(&format!("/metadata/{part}")).cloned().unwrap_or_default();
            for (key, value) in own.as_ref().and_then(Value::as_object).into_iter().flatten() {
                object::as_map(&mut all).insert(key.clone(), value.clone());
            }
            if all.as_object().is_some_and(|it| !it.is_empty()) {
                object::map_at(&mut self.tree, &["metadata"]).insert(part.into(), all);
            }
        }
        self.set_name(object::name(&old.tree));
        match object::namespace(&old.tree) {
            "" => {
                object::remove(&mut self.tree, &["metadata", "namespace"]);
            }
            namespace => object::set(&mut self.tree, &["metadata", "namespace"], namespace),
        }
        self.previous = old.previous.clone();
        (self.prefixes, self.suffixes) = (old.prefixes.clone(), old.suffixes.clone());
        self.variables = old.variables.clone();
        self.behavior = old.behavior.clone();
    }

    /// The object as kustomize itself keeps it, with what it notes of it in annotations.
    pub(super) fn noted(&self) -> Value {
        let mut tree = self.tree.clone();
        let column = |at: fn(&(String, String, String)) -> &String| -> String {
            self.previous.iter().map(|it| at(it).as_str()).collect::<Vec<_>>().join(",")
        };
        let notes = [
            ("previousKinds", column(|it| &it.2)),
            ("previousNames", column(|it| &it.1)),
            ("previousNamespaces", column(|it| &it.0)),
            ("prefixes", self.prefixes.join(",")),
            ("suffixes", self.suffixes.join(",")),
        ];
        for (key, value) in notes.into_iter().filter(|it| !it.1.is_empty()) {
            let annotations = object::map_at(&mut tree, &["metadata", "annotations"]);
            annotations.insert(format!("internal.config.kubernetes.io/{key}").into(), value.into());
        }
        tree
    }
}
