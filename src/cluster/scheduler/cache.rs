//! What the scheduler knows of nodes and of the pods on them: parsed once, kept up by events.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;

use super::interpod::Terms;
use super::matching::{self, Taint, Toleration};
use super::profile::Profile;
use super::resources::{self, Resources};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::{Change, Event, Key, Object, Store};

/// A pod as filters and scores read it.
#[derive(Clone, Debug)]
pub(crate) struct PodInfo {
    pub(crate) key: Key,
    pub(crate) object: Object,
    pub(crate) priority: i64,
    pub(crate) requests: Resources,
    /// With what scoring assumes where nothing is asked for.
    pub(crate) requests_nonzero: Resources,
    pub(crate) host_ports: Vec<HostPort>,
    pub(crate) tolerations: Vec<Toleration>,
    pub(crate) terms: Terms,
    /// The node that its spec names; empty for none.
    pub(crate) named_node: Arc<str>,
    /// Whether it has a node selector or a required node affinity.
    pub(super) is_choosy: bool,
    /// Names of the claims that its volumes use.
    pub(crate) claims: Vec<ClaimUse>,
    /// What the scheduler that it asks for does; of pods on nodes it does not matter.
    pub(super) profile: Profile,
    /// True once it is being deleted.
    pub(crate) terminating: bool,
}

/// A claim that a pod uses.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClaimUse {
    pub(crate) name: String,
    /// True for the claim of an ephemeral volume.
    pub(crate) ephemeral: bool,
}

/// A port that a pod wants on its node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HostPort {
    pub(crate) ip: String,
    pub(crate) protocol: String,
    pub(crate) port: i64,
}

/// A node with what runs there.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeInfo {
    pub(crate) name: Arc<str>,
    /// `None` while only pods speak of the node.
    pub(crate) node: Option<Object>,
    pub(crate) pods: OrdMap<Key, Arc<PodInfo>>,
    pub(crate) used: Resources,
    pub(crate) used_nonzero: Resources,
    pub(crate) allocatable: Resources,
    pub(crate) pods_max: i64,
    pub(crate) taints: Vec<Taint>,
    pub(super) labels: Arc<BTreeMap<String, String>>,
    pub(crate) unschedulable: bool,
    /// Bytes of each image that the node has, by every name it is known by.
    pub(crate) images: Arc<BTreeMap<String, i64>>,
    /// How many of the pods have required anti-affinity, and how many any inter-pod affinity.
    pub(crate) with_anti_affinity: usize,
    pub(crate) with_affinity: usize,
    /// The pods that are not ending, by namespace and labels: one of each kind, and how many there are.
    pub(crate) alike: Vec<(Arc<PodInfo>, i64)>,
}

/// All nodes, by name.
pub(crate) type Nodes = OrdMap<Arc<str>, Arc<NodeInfo>>;

impl PodInfo {
    pub(crate) fn new(key: Key, object: Object) -> Self {
        Self {
            key,
            priority: object::int(&object, "/spec/priority").unwrap_or(0),
            requests: resources::requests(&object),
            requests_nonzero: resources::requests_nonzero(&object),
            host_ports: host_ports(&object),
            tolerations: Toleration::all_of(&object),
            terms: Terms::of(&object),
            named_node: node_of(&object),
            is_choosy: matching::restricts_nodes(&object),
            claims: claims(&object),
            profile: Profile::default(),
            terminating: object::at(&object, "/metadata/deletionTimestamp").is_some(),
            object,
        }
    }

    /// The labels map, or null.
    pub(crate) fn labels(&self) -> &Value {
        labels(&self.object)
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.key.namespace
    }

    /// Whether its node selector and required node affinity allow `node`.
    pub(crate) fn may_run_on(&self, node: &Value) -> bool {
        !self.is_choosy || matching::required_affinity_matches(&self.object, node)
    }

    pub(crate) fn tolerates(&self, taint: &Taint) -> bool {
        self.tolerations.iter().any(|it| it.tolerates(taint))
    }
}

/// The labels map of an object, or null.
pub(crate) fn labels(object: &Value) -> &Value {
    object.get("metadata").and_then(|it| it.get("labels")).unwrap_or(&Value::Null)
}

fn host_ports(pod: &Value) -> Vec<HostPort> {
    let sidecars = object::list(pod, "/spec/initContainers")
        .iter()
        .filter(|it| object::field(it, "restartPolicy") == "Always");
    let containers = object::list(pod, "/spec/containers").iter().chain(sidecars);
    let ports = containers.flat_map(|it| object::list(it, "/ports"));
    let wanted = ports.filter_map(|it| {
        let port = object::int(it, "/hostPort").filter(|&port| port > 0)?;
        let or = |text: &str, default: &str| if text.is_empty() { default.into() } else { text.into() };
        let ip = or(object::field(it, "hostIP"), "0.0.0.0");
        Some(HostPort { ip, protocol: or(object::field(it, "protocol"), "TCP"), port })
    });
    wanted.collect()
}

fn claims(pod: &Value) -> Vec<ClaimUse> {
    let volumes = object::list(pod, "/spec/volumes").iter();
    let used = volumes.filter_map(|volume| {
        if let Some(claim) = volume.get("persistentVolumeClaim") {
            return Some(ClaimUse { name: object::field(claim, "claimName").into(), ephemeral: false });
        }
        volume.get("ephemeral")?;
        let name = format!("{}-{}", object::name(pod), object::field(volume, "name"));
        Some(ClaimUse { name, ephemeral: true })
    });
    used.collect()
}

impl HostPort {
    /// Whether both cannot be had on one node.
    pub(crate) fn clashes(&self, other: &Self) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || self.ip == "0.0.0.0" || other.ip == "0.0.0.0")
    }
}

impl NodeInfo {
    fn set_node(&mut self, node: &Object) {
        self.allocatable = Resources::of(object::at(node, "/status/allocatable"));
        self.pods_max = Quantity::of(object::at(node, "/status/allocatable/pods")).as_int();
        self.taints = Taint::all_of(node);
        let labels = object::entries(node, "/metadata/labels");
        let labels = labels.filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned())));
        self.labels = Arc::new(labels.collect());
        self.unschedulable = object::flag(node, "/spec/unschedulable");
        self.images = Arc::new(images(node));
        self.node = Some(node.clone());
    }

    /// One label of the node.
    pub(super) fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// A node without pods, as hints compare them.
    pub(super) fn bare(node: &Object) -> Self {
        let mut info = Self { name: object::name(node).into(), ..Self::default() };
        info.set_node(node);
        info
    }

    /// Counts a pod in.
    pub(crate) fn add_pod(&mut self, pod: Arc<PodInfo>) {
        self.remove_pod(&pod.key);
        self.used.add(&pod.requests);
        self.used_nonzero.add(&pod.requests_nonzero);
        self.with_anti_affinity += usize::from(!pod.terms.anti.is_empty());
        self.with_affinity += usize::from(pod.terms.any());
        self.count_alike(&pod, 1);
        self.pods.insert(pod.key.clone(), pod);
    }

    /// Counts a pod out.
    pub(crate) fn remove_pod(&mut self, key: &Key) {
        let Some(pod) = self.pods.remove(key) else { return };
        self.used.sub(&pod.requests);
        self.used_nonzero.sub(&pod.requests_nonzero);
        self.with_anti_affinity -= usize::from(!pod.terms.anti.is_empty());
        self.with_affinity -= usize::from(pod.terms.any());
        self.count_alike(&pod, -1);
    }

    fn count_alike(&mut self, pod: &Arc<PodInfo>, by: i64) {
        if pod.terminating {
            return;
        }
        let alike = |it: &PodInfo| it.key.namespace == pod.key.namespace && it.labels() == pod.labels();
        match self.alike.iter_mut().find(|(it, _)| alike(it)) {
            Some((_, count)) => *count += by,
            None => self.alike.push((pod.clone(), by)),
        }
        self.alike.retain(|(_, count)| *count > 0);
    }
}

fn images(node: &Value) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    for image in object::list(node, "/status/images") {
        let bytes = object::int(image, "/sizeBytes").unwrap_or(0);
        for name in object::list(image, "/names").iter().filter_map(Value::as_str) {
            all.insert(name.to_owned(), bytes);
        }
    }
    all
}

/// True for a pod that uses a node's resources: bound, and not over yet.
pub(crate) fn occupies(pod: &Value) -> bool {
    !object::text(pod, "/spec/nodeName").is_empty() && !is_over(pod)
}

/// True for a pod whose containers have all ended for good.
pub(crate) fn is_over(pod: &Value) -> bool {
    matches!(object::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// Everything from the store, when no events tell how it came about.
pub(crate) fn rebuild(store: &Store) -> Nodes {
    let mut nodes = Nodes::new();
    for node in store.list("nodes", "") {
        let info = NodeInfo::bare(node);
        nodes.insert(info.name.clone(), Arc::new(info));
    }
    for pod in store.list("pods", "").filter(|pod| occupies(pod)) {
        let key = Key::new("pods", object::namespace(pod), object::name(pod));
        put_pod(&mut nodes, &key, pod);
    }
    nodes
}

/// Takes one change of the store in.
pub(crate) fn apply(nodes: &mut Nodes, event: &Event) {
    match &*event.key.resource {
        "nodes" if event.change == Change::Deleted => forget_node(nodes, &event.key.name),
        "nodes" => edit(nodes, &event.key.name, |info| info.set_node(&event.object)),
        "pods" => {
            if let Some(before) = event.previous.as_ref().filter(|pod| occupies(pod)) {
                edit(nodes, &node_of(before), |info| info.remove_pod(&event.key));
            }
            if event.change != Change::Deleted && occupies(&event.object) {
                put_pod(nodes, &event.key, &event.object);
            }
        }
        _ => {}
    }
}

fn node_of(pod: &Value) -> Arc<str> {
    object::text(pod, "/spec/nodeName").into()
}

fn put_pod(nodes: &mut Nodes, key: &Key, pod: &Object) {
    let info = Arc::new(PodInfo::new(key.clone(), pod.clone()));
    edit(nodes, &node_of(pod), |node| node.add_pod(info));
}

fn edit(nodes: &mut Nodes, name: &Arc<str>, change: impl FnOnce(&mut NodeInfo)) {
    let fresh = || Arc::new(NodeInfo { name: name.clone(), ..NodeInfo::default() });
    change(Arc::make_mut(nodes.entry(name.clone()).or_insert_with(fresh)));
}

fn forget_node(nodes: &mut Nodes, name: &Arc<str>) {
    let empty = nodes.get(name).is_none_or(|info| info.pods.is_empty());
    if empty {
        nodes.remove(name);
    } else {
        edit(nodes, name, |info| info.node = None);
    }
}
