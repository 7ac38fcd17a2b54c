//! No text that a learner can type makes a parser of this layer panic, and patches keep their laws.

use proptest::prelude::*;

use super::object::Gvk;
use super::quantity::Quantity;
use super::selector::{FieldSelector, LabelSelector};
use super::{apply, gotemplate, jsonpath, patch, schema, yaml};
use crate::apimachinery::json::{Map, Value, json};

/// Text of the characters that these languages use.
fn source() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("{".to_owned()),
        Just("}}".to_owned()),
        Just("{{".to_owned()),
        Just("[?(@.".to_owned()),
        Just("range ".to_owned()),
        Just("end".to_owned()),
        Just("..".to_owned()),
        Just("- a: ".to_owned()),
        Just("\n  ".to_owned()),
        Just("é☃".to_owned()),
        Just("-1:".to_owned()),
        "[a-z0-9.,:=!<>()\\[\\]{}'\"$@*+/\\\\ \n\t|-]{0,6}",
    ];
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

/// Any JSON, with keys that occur in pods.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|it| json!(it)),
        "[ -~\n\t]{0,12}".prop_map(Value::from),
        Just(json!("delete")),
    ];
    let key = prop::sample::select(vec![
        "spec",
        "metadata",
        "name",
        "containers",
        "env",
        "ports",
        "containerPort",
        "labels",
        "finalizers",
        "volumes",
        "$patch",
        "$retainKeys",
        "$setElementOrder/containers",
        "$deleteFromPrimitiveList/finalizers",
        "resources",
        "limits",
        "cpu",
    ]);
    leaf.prop_recursive(5, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5).prop_map(|entries| {
                let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value));
                Value::Object(entries.collect::<Map>())
            }),
        ]
    })
}

fn pods() -> &'static schema::Schema {
    schema::definition(&Gvk::new("", "v1", "Pod")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsers_take_any_text(text in source()) {
        let data = json!({"items": [{"metadata": {"name": "a"}}], "a": "b", "c": [1, 2]});
        let _ = yaml::stream(&text);
        let _ = Quantity::parse(&text).map(|it| it.to_string());
        let _ = LabelSelector::parse(&text).map(|it| it.to_string());
        let _ = FieldSelector::parse(&text).map(|it| it.to_string());
        let _ = jsonpath::Template::parse(&text).and_then(|it| it.execute(&data));
        let _ = gotemplate::render(&text, &data);
        let _ = schema::strict_decode(&Gvk::new("", "v1", "Pod"), text.as_bytes());
    }

    #[test]
    fn parsers_take_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = yaml::stream(&text);
        let _ = Quantity::parse(&text);
        let _ = LabelSelector::parse(&text);
        let _ = jsonpath::Template::parse(&text);
        let _ = gotemplate::render(&text, &Value::Null);
        let _ = schema::strict_decode(&Gvk::new("apps", "v1", "Deployment"), &bytes);
    }

    #[test]
    fn what_is_written_is_read_back(value in tree()) {
        let text = yaml::to_string(&value);
        let whole = |value: &Value| value.to_string();
        let read = yaml::document(&text);
        prop_assert!(read.is_ok(), "{text}\n{read:?}");
        // Floats without a fraction come back as integers, as in JSON written by Go.
        let floats = whole(&value).contains(['.', 'e', 'E']);
        if !floats {
            prop_assert_eq!(whole(&read.unwrap_or_default()), whole(&value), "{}", text);
        }
    }

    #[test]
    fn a_merge_patch_leads_from_one_tree_to_the_other(a in tree(), b in tree()) {
        let (a, b) = (json!({"x": a}), json!({"x": b}));
        let patch = patch::create_merge_patch(&a, &b);
        let result = patch::merge_patch(&a, &patch).unwrap_or_default();
        if !b.to_string().contains("null") {
            prop_assert_eq!(result, b);
        }
    }

    #[test]
    fn patches_and_managers_take_any_tree(a in tree(), b in tree(), c in tree()) {
        let (a, b, c) = (json!({"spec": a}), json!({"spec": b}), json!({"spec": c}));
        let _ = patch::strategic_merge(&a, &b, pods());
        let _ = patch::create_two_way_strategic(&a, &b, pods());
        let _ = patch::three_way_strategic(&a, &b, &c, pods());
        let _ = patch::three_way_json(&a, &b, &c);
        let _ = patch::json_patch(&a, &b);
        let write = apply::Write {
            schema: pods(), manager: "m", api_version: "v1", subresource: "", now: "", ignored: &[],
        };
        let mut new = b.clone();
        apply::update_managed_fields(&a, &mut new, &write);
        let _ = apply::server_side_apply(&a, &b, &write, false);
    }
}
