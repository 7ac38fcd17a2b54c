//! Services and what the loops find behind them.

use super::*;
use crate::cluster::controllers::testing::Lab;

const WEB: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: c, image: nginx, ports: [{name: http, containerPort: 8080}]}]}
";

fn service(spec: &str) -> String {
    format!("{{apiVersion: v1, kind: Service, metadata: {{name: web}}, spec: {spec}}}")
}

/// The addresses and ports of the slices, and of the Endpoints.
fn seen(lab: &Lab) -> String {
    let mut slices = lab.list(slices::RESOURCE);
    slices.retain(|it| object::label(it, slices::SERVICE) == Some("web"));
    let slices: Vec<String> = slices
        .iter()
        .map(|it| {
            let ready =
                object::list(it, "/endpoints").iter().filter(|it| object::flag(it, "/conditions/ready"));
            format!("{} ready at {:?}", ready.count(), object::int(it, "/ports/0/port"))
        })
        .collect();
    let endpoints = lab.list(legacy::RESOURCE);
    let web = endpoints.iter().find(|it| object::name(it) == "web");
    let count = web.map_or(0, |it| object::list(it, "/subsets/0/addresses").len());
    format!("{} | {count}", slices.join(", "))
}

#[test]
fn ready_pods_stand_behind_their_service() {
    let mut lab = Lab::new();
    lab.create("services", &service("{selector: {app: web}, ports: [{port: 80, targetPort: http}]}"));
    lab.pass(1);
    assert_eq!(seen(&lab), "0 ready at None | 0");
    lab.create("pods", WEB);
    lab.pass(2);
    assert_eq!(seen(&lab), "1 ready at Some(8080) | 1");
    lab.delete("pods", "web");
    lab.pass(40);
    assert_eq!(seen(&lab), "0 ready at None | 0");
    lab.delete("services", "web");
    lab.pass(1);
    assert_eq!((seen(&lab), lab.list("endpoints").len()), (" | 0".into(), 1));
}

#[test]
fn endpoints_made_by_hand_are_mirrored() {
    let mut lab = Lab::new();
    lab.create("services", &service("{ports: [{port: 80}]}"));
    let subsets = "[{addresses: [{ip: 10.1.1.1}], ports: [{port: 9000}]}]";
    lab.create(
        "endpoints",
        &format!("{{apiVersion: v1, kind: Endpoints, metadata: {{name: web}}, subsets: {subsets}}}"),
    );
    lab.pass(1);
    assert_eq!(seen(&lab), "1 ready at Some(9000) | 1");
}
