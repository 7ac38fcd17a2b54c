//! kube-rs, a client library of others.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{Api, AttachParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Client, Config};
use serde_json::json;
use tokio::io::AsyncReadExt as _;

use super::Server;

/// How long one step may take; time runs ten times as fast in the world.
const PATIENCE: Duration = Duration::from_secs(60);

async fn client(server: &Server) -> Client {
    let kubeconfig = Kubeconfig::read_from(&server.kubeconfig).expect("the kubeconfig");
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a configuration");
    Client::try_from(config).expect("a client")
}

fn deployment() -> Deployment {
    serde_json::from_value(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "nginx:1.27"}]},
            },
        },
    }))
    .expect("a deployment")
}

#[test]
fn it_creates_watches_patches_and_runs_commands() {
    let server = Server::start(&["--speed", "10"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let work = async {
            let client = client(&server).await;
            create_and_watch(&client).await;
            exec(&client).await;
            patch(&client).await;
        };
        tokio::time::timeout(PATIENCE * 3, work).await.expect("it does not hang");
    });
}

async fn create_and_watch(client: &Client) {
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let from = pods.list(&ListParams::default()).await.expect("a list").metadata.resource_version;
    let watch = pods.watch(&WatchParams::default().labels("app=web"), &from.unwrap_or_default()).await;
    let mut events = watch.expect("a watch").boxed();
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let made = deployments.create(&PostParams::default(), &deployment()).await.expect("created");
    assert_eq!(made.spec.and_then(|it| it.revision_history_limit), Some(10));
    let mut running = std::collections::BTreeSet::new();
    while running.len() < 2 {
        match events.try_next().await.expect("an event").expect("the watch goes on") {
            WatchEvent::Modified(pod) => {
                let phase = pod.status.and_then(|it| it.phase);
                if phase.as_deref() == Some("Running") {
                    running.extend(pod.metadata.name);
                }
            }
            WatchEvent::Added(_) | WatchEvent::Deleted(_) | WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(error) => panic!("{error:?}"),
        }
    }
    let again = deployments.create(&PostParams::default(), &deployment()).await;
    assert!(matches!(again, Err(kube::Error::Api(status)) if status.code == 409));
}

async fn patch(client: &Client) {
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let scale = json!({"spec": {"replicas": 1}});
    let merged = deployments.patch("web", &PatchParams::default(), &Patch::Merge(&scale)).await;
    assert_eq!(merged.expect("merged").spec.and_then(|it| it.replicas), Some(1));
    let image =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "nginx:1.28"}]}}}});
    let strategic = deployments.patch("web", &PatchParams::default(), &Patch::Strategic(&image)).await;
    assert_eq!(strategic.expect("merged").metadata.generation, Some(3));
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}});
    let applied = maps.patch("a", &PatchParams::apply("tests"), &Patch::Apply(&map)).await.expect("applied");
    let fields = applied.metadata.managed_fields.unwrap_or_default();
    assert_eq!(fields.first().and_then(|it| it.operation.as_deref()), Some("Apply"));
}

async fn exec(client: &Client) {
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let list = pods.list(&ListParams::default().labels("app=web")).await.expect("a list");
    let name = list.items.iter().filter_map(|it| it.metadata.name.clone()).next().expect("a pod");
    await_condition(pods.clone(), &name, conditions::is_pod_running()).await.expect("it runs");
    let parameters = AttachParams::default().stderr(false);
    let mut attached = pods.exec(&name, ["cat", "/etc/hostname"], &parameters).await.expect("attached");
    let mut text = String::new();
    attached.stdout().expect("a stream").read_to_string(&mut text).await.expect("text");
    assert_eq!(text.trim(), name);
    let status = attached.take_status().expect("a status").await.expect("a status");
    assert_eq!(status.status.as_deref(), Some("Success"));
}
