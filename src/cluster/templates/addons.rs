//! What runs in a fresh cluster: CoreDNS and kube-proxy as kubeadm deploys them.

use super::pki::ClusterPki;
use super::release;
use super::spec::TemplateSpec;
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};
use crate::cluster::api::Client;
use crate::cluster::{ClusterId, UserInfo, World};

/// What kubeadm deploys, with the server's address left open.
const KUBEADM: &[&str] = &[
    include_str!("../../../assets/kubeadm/objects/kubeadm-config.yaml"),
    include_str!("../../../assets/kubeadm/objects/kubelet-config.yaml"),
    include_str!("../../../assets/kubeadm/objects/coredns.yaml"),
    include_str!("../../../assets/kubeadm/objects/kube-proxy.yaml"),
    include_str!("../../../assets/kubeadm/objects/cluster-info.yaml"),
];

/// Deploys the add-ons of a template through the API.
pub(super) fn install(world: &mut World, cluster: ClusterId, spec: &TemplateSpec, pki: &ClusterPki) {
    let admin = UserInfo::new("kubernetes-admin", &["kubeadm:cluster-admins", "system:authenticated"]);
    for text in KUBEADM {
        let text = release::text(text, &spec.version).replace("{{ADDRESS}}", spec.control_plane_address());
        for mut document in yaml::documents(&text).unwrap_or_default() {
            if object::name(&document) == "cluster-info" {
                object::set(&mut document, &["data", "kubeconfig"], pki.cluster_info());
            }
            let mut client = Client::as_user(world, cluster, admin.clone());
            let namespace = object::namespace(&document).to_owned();
            // What is there already stays.
            let _ = client.create(&resource_of(&document), &namespace, document);
        }
    }
}

/// The group-resource of the kinds that add-ons consist of.
fn resource_of(document: &Value) -> String {
    let (group, _) = object::split_api_version(object::text(document, "/apiVersion"));
    let plural = format!("{}s", object::text(document, "/kind").to_lowercase());
    crate::apimachinery::status::qualified(&plural, group)
}
