//! Whether a node suits a pod by labels and taints: node selector terms and tolerations.
//!
//! Rules of component-helpers' `scheduling/corev1`.

use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// One toleration of a pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Toleration {
    pub(crate) key: String,
    pub(crate) exists: bool,
    pub(crate) value: String,
    pub(crate) effect: String,
}

/// One taint of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Taint {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) effect: String,
}

impl Toleration {
    pub(crate) fn all_of(pod: &Value) -> Vec<Self> {
        let one = |it: &Value| Self {
            key: object::field(it, "key").into(),
            exists: object::field(it, "operator") == "Exists",
            value: object::field(it, "value").into(),
            effect: object::field(it, "effect").into(),
        };
        object::list(pod, "/spec/tolerations").iter().map(one).collect()
    }

    /// Whether the taint does not bother this pod.
    pub(crate) fn tolerates(&self, taint: &Taint) -> bool {
        (self.effect.is_empty() || self.effect == taint.effect)
            && (self.key.is_empty() || self.key == taint.key)
            && (self.exists || self.value == taint.value)
    }
}

impl Taint {
    pub(crate) fn all_of(node: &Value) -> Vec<Self> {
        let one = |it: &Value| Self {
            key: object::field(it, "key").into(),
            value: object::field(it, "value").into(),
            effect: object::field(it, "effect").into(),
        };
        object::list(node, "/spec/taints").iter().map(one).collect()
    }

    /// True for the effects that keep new pods away.
    pub(crate) fn repels(&self) -> bool {
        matches!(self.effect.as_str(), "NoSchedule" | "NoExecute")
    }
}

/// Whether `node` satisfies a `NodeSelector` object: any of its terms.
pub(crate) fn node_selector_matches(selector: &Value, node: &Value) -> bool {
    terms(selector).any(|term| term_matches(term, node))
}

fn terms(selector: &Value) -> impl Iterator<Item = &Value> {
    selector.get("nodeSelectorTerms").and_then(Value::as_array).into_iter().flatten()
}

/// Whether `node` satisfies one `NodeSelectorTerm`. An empty term matches nothing.
pub(crate) fn term_matches(term: &Value, node: &Value) -> bool {
    let list = |key| term.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (expressions, fields) = (list("matchExpressions"), list("matchFields"));
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    let label = |key: &str| object::label(node, key);
    // `metadata.name` is the only field that can be matched.
    let field = |key: &str| (key == "metadata.name").then(|| object::name(node));
    expressions.iter().all(|it| requirement_matches(it, label(object::field(it, "key"))))
        && fields.iter().all(|it| requirement_matches(it, field(object::field(it, "key"))))
}

fn requirement_matches(requirement: &Value, value: Option<&str>) -> bool {
    let mut values =
        requirement.get("values").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let number = |text: &str| text.parse::<i64>().ok();
    match object::field(requirement, "operator") {
        "In" => value.is_some_and(|value| values.any(|it| it == value)),
        "NotIn" => value.is_none_or(|value| values.all(|it| it != value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => {
            matches!((value.and_then(number), values.next().and_then(number)), (Some(a), Some(b)) if a > b)
        }
        "Lt" => {
            matches!((value.and_then(number), values.next().and_then(number)), (Some(a), Some(b)) if a < b)
        }
        _ => false,
    }
}

/// The nodes that a required node affinity names by `matchFields`; `None` when it does not narrow
/// the choice down to names.
pub(crate) fn named_nodes(pod: &Value) -> Option<Vec<String>> {
    let selector = object::at(pod, REQUIRED)?;
    let mut names: Vec<String> = Vec::new();
    for term in terms(selector) {
        let fields = term.get("matchFields").and_then(Value::as_array)?;
        let mut of_term: Option<Vec<String>> = None;
        for field in fields.iter().filter(|it| object::field(it, "operator") == "In") {
            let values: Vec<String> =
                object::list(field, "/values").iter().filter_map(Value::as_str).map(str::to_owned).collect();
            of_term = Some(match of_term {
                Some(before) => before.into_iter().filter(|it| values.contains(it)).collect(),
                None => values,
            });
        }
        names.extend(of_term?);
    }
    names.sort();
    names.dedup();
    Some(names)
}

const REQUIRED: &str = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";

/// Whether a pod has a node selector or a required node affinity at all.
pub(crate) fn restricts_nodes(pod: &Value) -> bool {
    object::at(pod, "/spec/nodeSelector").is_some() || object::at(pod, REQUIRED).is_some()
}

/// Whether the pod's node selector and required node affinity allow `node`.
pub(crate) fn required_affinity_matches(pod: &Value, node: &Value) -> bool {
    let spec = pod.get("spec");
    let wanted = spec.and_then(|it| it.get("nodeSelector")).and_then(Value::as_object);
    let selected = wanted
        .into_iter()
        .flatten()
        .all(|(key, value)| object::label(node, key).is_some_and(|have| value.as_str() == Some(have)));
    let required = spec
        .and_then(|it| it.get("affinity")?.get("nodeAffinity"))
        .and_then(|it| it.get("requiredDuringSchedulingIgnoredDuringExecution"));
    selected && required.is_none_or(|it| it.is_null() || node_selector_matches(it, node))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[track_caller]
    fn check(requirement: Value, matches: bool) {
        let node = json!({"metadata": {"name": "n1", "labels": {"disk": "ssd", "cores": "16"}}});
        let selector = json!({"nodeSelectorTerms": [{"matchExpressions": [requirement]}]});
        assert_eq!(node_selector_matches(&selector, &node), matches, "{selector}");
    }

    #[test]
    fn operators_compare_as_the_real_ones() {
        check(json!({"key": "disk", "operator": "In", "values": ["hdd", "ssd"]}), true);
        check(json!({"key": "disk", "operator": "NotIn", "values": ["ssd"]}), false);
        check(json!({"key": "zone", "operator": "NotIn", "values": ["a"]}), true);
        check(json!({"key": "zone", "operator": "Exists"}), false);
        check(json!({"key": "cores", "operator": "Gt", "values": ["10"]}), true);
        check(json!({"key": "disk", "operator": "Lt", "values": ["10"]}), false);
    }

    #[test]
    fn an_empty_toleration_that_exists_tolerates_everything() {
        let taint = Taint { key: "a".into(), value: "b".into(), effect: "NoExecute".into() };
        assert!(Toleration { exists: true, ..Toleration::default() }.tolerates(&taint));
        assert!(!Toleration { key: "a".into(), ..Toleration::default() }.tolerates(&taint));
        assert!(
            !Toleration { exists: true, effect: "NoSchedule".into(), ..Toleration::default() }
                .tolerates(&taint)
        );
    }

    #[test]
    fn only_terms_that_all_name_nodes_narrow_the_choice() {
        let pod = |terms: Value| {
            json!({"spec": {"affinity": {"nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}}})
        };
        let named = json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]});
        let other = json!({"matchExpressions": [{"key": "a", "operator": "Exists"}]});
        assert_eq!(named_nodes(&pod(json!([named]))), Some(vec!["n1".to_owned()]));
        assert_eq!(named_nodes(&pod(json!([named, other]))), None);
    }
}
