//! The variables of admission policies and what their types are.
//!
//! Follows apiserver's `admission/plugin/cel/compile.go`. Objects and parameters are of any type there; what an
//! object's type says of an expression is looked at when a policy's status is written.

use super::{Names, Type};

/// Variables that every expression of a policy sees.
pub(crate) fn names(has_params: bool) -> Names {
    let mut all = Names::new();
    for name in ["object", "oldObject"] {
        all.insert(name.into(), Type::Dyn);
    }
    if has_params {
        all.insert("params".into(), Type::Dyn);
    }
    all.insert("request".into(), request());
    all.insert("namespaceObject".into(), namespace());
    all.insert("authorizer".into(), Type::Opaque("kubernetes.authorization.Authorizer"));
    let check = Type::Opaque("kubernetes.authorization.ResourceCheck");
    all.insert("authorizer.requestResource".into(), check);
    all
}

/// `variables`, with the types of those that have been defined so far.
pub(crate) fn variables(known: &Names) -> Type {
    Type::object("kubernetes.variables", known.clone())
}

fn message(name: &str, fields: &[(&str, Type)]) -> Type {
    Type::object(name, fields.iter().map(|(name, of)| ((*name).to_owned(), of.clone())))
}

fn request() -> Type {
    let text = || Type::String;
    let kind =
        message("kubernetes.GroupVersionKind", &[("group", text()), ("version", text()), ("kind", text())]);
    let resource = message(
        "kubernetes.GroupVersionResource",
        &[("group", text()), ("version", text()), ("resource", text())],
    );
    let user = message(
        "kubernetes.UserInfo",
        &[
            ("username", text()),
            ("uid", text()),
            ("groups", Type::list(text())),
            ("extra", Type::map(Type::list(text()))),
        ],
    );
    message(
        "kubernetes.AdmissionRequest",
        &[
            ("kind", kind.clone()),
            ("resource", resource.clone()),
            ("subResource", text()),
            ("requestKind", kind),
            ("requestResource", resource),
            ("requestSubResource", text()),
            ("name", text()),
            ("namespace", text()),
            ("operation", text()),
            ("userInfo", user),
            ("dryRun", Type::Bool),
            ("options", Type::Dyn),
        ],
    )
}

fn namespace() -> Type {
    let text = || Type::String;
    let condition = message(
        "kubernetes.NamespaceCondition",
        &[
            ("status", text()),
            ("type", text()),
            ("lastTransitionTime", Type::Timestamp),
            ("message", text()),
            ("reason", text()),
        ],
    );
    let metadata = message(
        "kubernetes.NamespaceMetadata",
        &[
            ("name", text()),
            ("generateName", text()),
            ("namespace", text()),
            ("labels", Type::map(text())),
            ("annotations", Type::map(text())),
            ("UID", text()),
            ("creationTimestamp", Type::Timestamp),
            ("deletionGracePeriodSeconds", Type::Int),
            ("deletionTimestamp", Type::Timestamp),
            ("generation", Type::Int),
            ("resourceVersion", text()),
            ("finalizers", Type::list(text())),
        ],
    );
    message(
        "kubernetes.Namespace",
        &[
            ("metadata", metadata),
            ("spec", message("kubernetes.NamespaceSpec", &[("finalizers", Type::list(text()))])),
            (
                "status",
                message(
                    "kubernetes.NamespaceStatus",
                    &[("conditions", Type::list(condition)), ("phase", text())],
                ),
            ),
        ],
    )
}
