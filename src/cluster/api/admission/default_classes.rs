//! DefaultStorageClass and DefaultIngressClass: the class of objects that name none.

use super::{Call, Object, Status, creates, forbidden};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// The newest class that carries the mark; of several equally new ones the first by name.
fn newest(call: &Call<'_>, storage: &str, mark: &str) -> Vec<Object> {
    let marked = |it: &&Object| object::annotation(it, mark) == Some("true");
    let mut classes: Vec<Object> = call.store().list(storage, "").filter(marked).cloned().collect();
    classes.sort_by(|a, b| {
        let time = |it: &Value| object::text(it, "/metadata/creationTimestamp").to_owned();
        time(b).cmp(&time(a)).then_with(|| object::name(a).cmp(object::name(b)))
    });
    classes
}

/// Gives a claim without a class the default one.
pub(super) fn storage(call: &mut Call<'_>, claim: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    let named = object::at(claim, "/spec/storageClassName").is_some()
        || object::annotation(claim, "volume.beta.kubernetes.io/storage-class").is_some();
    if !creates(call, "persistentvolumeclaims", old) || named {
        return Ok(());
    }
    let mark = "storageclass.kubernetes.io/is-default-class";
    let mut classes = newest(call, "storageclasses.storage.k8s.io", mark);
    if classes.is_empty() {
        classes =
            newest(call, "storageclasses.storage.k8s.io", "storageclass.beta.kubernetes.io/is-default-class");
    }
    if let Some(class) = classes.first() {
        object::set(claim, &["spec", "storageClassName"], object::name(class));
    }
    Ok(())
}

/// Gives an Ingress without a class the default one.
pub(super) fn ingress(call: &mut Call<'_>, ingress: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    let named = object::at(ingress, "/spec/ingressClassName").is_some()
        || object::annotation(ingress, "kubernetes.io/ingress.class").is_some();
    if !creates(call, "ingresses.networking.k8s.io", old) || named {
        return Ok(());
    }
    let mark = "ingressclass.kubernetes.io/is-default-class";
    let classes = newest(call, "ingressclasses.networking.k8s.io", mark);
    if classes.len() > 1 {
        let why = format!(
            "Internal error occurred: {} default IngressClasses were found, only 1 allowed",
            classes.len()
        );
        return Err(forbidden(call, ingress, &why));
    }
    if let Some(class) = classes.first() {
        object::set(ingress, &["spec", "ingressClassName"], object::name(class));
    }
    Ok(())
}
