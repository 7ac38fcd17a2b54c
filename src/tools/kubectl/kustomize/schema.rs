//! The fields of a kustomization file and their types, and what Go's decoder says of what does not fit.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::apimachinery::json::{Key, Value};

/// One structure a line: its name, then `field:type`. A type is a word of Go, `map` for texts by text, or another
/// structure; `[]` stands before lists. Structures that are embedded stand before the type, with points.
const STRUCTURES: &str = "
Kustomization apiVersion:string kind:string metadata:ObjectMeta openapi:map namePrefix:string nameSuffix:string namespace:string commonLabels:map labels:[]Label commonAnnotations:map patchesStrategicMerge:[]PatchStrategicMerge patchesJson6902:[]Patch patches:[]Patch images:[]Image imageTags:[]Image replacements:[]ReplacementField replicas:[]Replica vars:[]Var sortOptions:SortOptions resources:[]string components:[]string crds:[]string bases:[]string configMapGenerator:[]ConfigMapArgs secretGenerator:[]SecretArgs helmGlobals:any helmCharts:[]HelmChart helmChartInflationGenerator:[]any generatorOptions:GeneratorOptions configurations:[]string generators:[]string transformers:[]string validators:[]string buildMetadata:[]string
Label pairs:map includeSelectors:bool includeTemplates:bool fields:[]FieldSpec
FieldSpec group:Gvk.string version:Gvk.string kind:Gvk.string path:string create:bool
Patch path:string patch:string target:Selector options:PatchArgs
PatchArgs allowNameChange:bool allowKindChange:bool
Selector group:ResId.Gvk.string version:ResId.Gvk.string kind:ResId.Gvk.string name:ResId.string namespace:ResId.string annotationSelector:string labelSelector:string
Image name:string newName:string tagSuffix:string newTag:string digest:string
ReplacementField path:string source:Replacement.SourceSelector sourceValue:Replacement.string targets:Replacement.[]TargetSelector
SourceSelector group:ResId.Gvk.string version:ResId.Gvk.string kind:ResId.Gvk.string name:ResId.string namespace:ResId.string fieldPath:string options:FieldOptions
TargetSelector select:Selector reject:[]Selector fieldPaths:[]string options:FieldOptions
FieldOptions delimiter:string index:int encoding:string create:bool
Replica name:string count:int64
Var name:string objref:Target fieldref:FieldSelector
Target apiVersion:string group:Gvk.string version:Gvk.string kind:Gvk.string name:string namespace:string
FieldSelector fieldpath:string fieldPath:string
SortOptions order:string legacySortOptions:LegacySortOptions
LegacySortOptions orderFirst:[]string orderLast:[]string
ConfigMapArgs name:GeneratorArgs.string namespace:GeneratorArgs.string behavior:GeneratorArgs.string literals:GeneratorArgs.KvPairSources.[]string files:GeneratorArgs.KvPairSources.[]string envs:GeneratorArgs.KvPairSources.[]string env:GeneratorArgs.KvPairSources.string options:GeneratorArgs.GeneratorOptions
SecretArgs name:GeneratorArgs.string namespace:GeneratorArgs.string behavior:GeneratorArgs.string literals:GeneratorArgs.KvPairSources.[]string files:GeneratorArgs.KvPairSources.[]string envs:GeneratorArgs.KvPairSources.[]string env:GeneratorArgs.KvPairSources.string options:GeneratorArgs.GeneratorOptions type:string
ObjectMeta name:string namespace:string labels:map annotations:map
HelmChart name:string version:string repo:string releaseName:string namespace:string additionalValuesFiles:[]string valuesFile:string valuesInline:any valuesMerge:string includeCRDs:bool skipHooks:bool apiVersions:[]string kubeVersion:string nameTemplate:string skipTests:bool debug:bool devel:bool
GeneratorOptions labels:map annotations:map disableNameSuffixHash:bool immutable:bool
";

type Structure = BTreeMap<&'static str, &'static str>;

static ALL: LazyLock<BTreeMap<&'static str, Structure>> = LazyLock::new(|| {
    let lines = STRUCTURES.lines().filter_map(|line| line.split_once(' '));
    lines
        .map(|(name, fields)| (name, fields.split(' ').filter_map(|it| it.split_once(':')).collect()))
        .collect()
});

/// Where a value stands: the structure around it, and the fields that lead there.
struct Place<'a> {
    structure: &'a str,
    path: String,
}

/// What does not fit in a kustomization, first in the order of keys.
///
/// # Errors
/// Go's sentence for it.
pub(super) fn check(tree: &Value) -> Result<(), String> {
    structure(tree, "Kustomization", "")
}

fn structure(tree: &Value, name: &str, path: &str) -> Result<(), String> {
    let (Some(known), Some(fields)) = (ALL.get(name), tree.as_object()) else { return Ok(()) };
    let mut keys: Vec<&Key> = fields.keys().collect();
    keys.sort();
    for key in keys {
        // Go finds fields whatever the case of their letters.
        let found = known.iter().find(|(it, _)| it.eq_ignore_ascii_case(key));
        let Some((field, wanted)) = found else { return Err(format!("json: unknown field {key:?}")) };
        let (embedded, wanted) = wanted.rsplit_once('.').unwrap_or(("", wanted));
        let steps = [path, embedded, *field];
        let path = steps.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(".");
        value(&fields[key], wanted, &Place { structure: name, path })?;
    }
    Ok(())
}

fn value(value: &Value, wanted: &str, place: &Place<'_>) -> Result<(), String> {
    if value.is_null() || wanted == "any" {
        return Ok(());
    }
    if let Some(of) = wanted.strip_prefix("[]") {
        let Some(items) = value.as_array() else { return Err(mismatch(value, wanted, place)) };
        return items.iter().try_for_each(|it| self::value(it, of, place));
    }
    let fits = match wanted {
        "string" | "PatchStrategicMerge" => value.is_string(),
        "bool" => value.is_boolean(),
        "int" | "int64" => value.is_i64(),
        "map" => {
            let Some(entries) = value.as_object() else { return Err(mismatch(value, wanted, place)) };
            return entries.values().try_for_each(|it| self::value(it, "string", place));
        }
        name => {
            let fits = value.is_object();
            if fits {
                return structure(value, name, &place.path);
            }
            fits
        }
    };
    if fits { Ok(()) } else { Err(mismatch(value, wanted, place)) }
}

fn mismatch(value: &Value, wanted: &str, place: &Place<'_>) -> String {
    let found = match value {
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Array(_) => "array",
        _ => "object",
    };
    let (list, of) = wanted.strip_prefix("[]").map_or(("", wanted), |of| ("[]", of));
    let of = match of {
        "map" => "map[string]string".to_owned(),
        word if word.starts_with(char::is_uppercase) => format!("types.{word}"),
        word => word.to_owned(),
    };
    let Place { structure, path } = place;
    format!("json: cannot unmarshal {found} into Go struct field {structure}.{path} of type {list}{of}")
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::apimachinery::json::json;

    #[test]
    fn what_does_not_fit_is_told_in_go_s_words() {
        for (tree, says) in [
            (json!({"resources": ["a"], "replicas": [{"name": "x", "count": 1}]}), ""),
            (json!({"nope": 1}), "json: unknown field \"nope\""),
            (json!({"patches": [{"foo": 1}]}), "json: unknown field \"foo\""),
            (
                json!({"resources": "a"}),
                "json: cannot unmarshal string into Go struct field Kustomization.resources of type []string",
            ),
            (
                json!({"images": ["a"]}),
                "json: cannot unmarshal string into Go struct field Kustomization.images of type types.Image",
            ),
            (
                json!({"replicas": [{"count": "5"}]}),
                "json: cannot unmarshal string into Go struct field Replica.replicas.count of type int64",
            ),
            (
                json!({"commonLabels": {"a": 1}}),
                "json: cannot unmarshal number into Go struct field Kustomization.commonLabels of type string",
            ),
        ] {
            assert_eq!(check(&tree).err().unwrap_or_default(), says, "{tree}");
        }
    }
}
