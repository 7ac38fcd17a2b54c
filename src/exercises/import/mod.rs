//! Labs of other trainers as packs: their files in, a pack's files out. CK-X labs (`assessment.json` with scripts)
//! and Killercoda scenarios (`index.json` with `verify.sh`) are understood.
//!
//! Knows nothing of whether the result runs: `uncordon pack import` tries it and tells.

mod ckx;
mod killercoda;
mod markdown;

use std::collections::BTreeSet;

use self::markdown::commands;
use super::pack::Files;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::yaml;

/// A case of a lab, as an exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Case {
    /// Id of the exercise.
    pub(crate) id: String,
    pub(crate) title: String,
    /// Words that say what it is about, for the domain.
    concepts: Vec<String>,
    task: String,
    setup: String,
    /// Name, points and script of each check.
    pub(crate) checks: Vec<(String, u32, String)>,
    /// Empty when the lab tells none.
    pub(crate) solution: String,
    /// What could not be taken over.
    pub(crate) notes: Vec<String>,
    /// Add-ons of the world that it speaks of.
    with: Vec<&'static str>,
    /// Why it cannot be read at all; else empty.
    pub(crate) unreadable: String,
}

/// Concepts of the domains; the first that fits a case's words decides.
const DOMAINS: &[(&str, &[&str])] = &[
    ("storage", &["volume", "pvc", "storage", "persistent"]),
    ("services-networking", &["network", "service", "ingress", "gateway", "dns", "policy"]),
    ("troubleshooting", &["troubleshoot", "debug", "broken", "fix", "log"]),
    (
        "cluster-architecture",
        &["rbac", "role", "etcd", "kubeadm", "upgrade", "certificate", "helm", "kustomize", "crd"],
    ),
    ("workloads-scheduling", &[]),
];

/// Every case of a lab's files.
///
/// # Errors
/// When the files are no lab of a known format, or cannot be read.
pub(crate) fn read(files: &Files) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for path in files.keys() {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        match name {
            "assessment.json" => cases.extend(or_told(ckx::read(files, folder), folder)),
            "index.json" => {
                let read = killercoda::read(files, folder).map(|it| it.into_iter().collect());
                cases.extend(or_told(read, folder));
            }
            _ => {}
        }
    }
    tell_apart(&mut cases);
    if cases.is_empty() {
        return Err("neither assessment.json (CK-X) nor index.json (Killercoda) with a check in it".into());
    }
    Ok(cases)
}

/// The cases, or one that says why there are none.
fn or_told(read: Result<Vec<Case>, String>, folder: &str) -> Vec<Case> {
    read.unwrap_or_else(|unreadable| {
        let title = folder.rsplit('/').next().unwrap_or(folder).to_owned();
        vec![Case { id: slug(&title), title, unreadable, ..Case::default() }]
    })
}

/// Gives cases of one name numbers: each is a folder of its own.
fn tell_apart(cases: &mut [Case]) {
    let mut seen = BTreeSet::new();
    for case in cases {
        let id = case.id.clone();
        let mut number = 2;
        while !seen.insert(case.id.clone()) {
            case.id = format!("{id}-{number}");
            number += 1;
        }
    }
}

/// Names that labs speak of, and the add-ons that have them.
const ADDONS: &[(&str, &str)] = &[("local-path", "local-path"), ("ingressClassName: nginx", "ingress-nginx")];

/// A file beside another, as text; empty when there is none.
fn text(files: &Files, folder: &str, name: &str) -> String {
    let name = name.trim_start_matches("./");
    let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    files.get(&path).map(|bytes| String::from_utf8_lossy(bytes).replace('\r', "")).unwrap_or_default()
}

/// A JSON file.
fn json_file(files: &Files, folder: &str, name: &str) -> Result<Value, String> {
    serde_json::from_str(&text(files, folder, name)).map_err(|error| format!("{folder}/{name}: {error}"))
}

/// A field as text, numbers too.
fn field(value: &Value, key: &str) -> String {
    match value.get(key) {
        Some(Value::String(text)) => text.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Small letters, digits and dashes.
fn slug(text: &str) -> String {
    let parts = text.split(|it: char| !it.is_ascii_alphanumeric()).filter(|it| !it.is_empty());
    let slug = parts.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    if slug.is_empty() { "case".into() } else { slug }
}

/// The reference of a lab that tells none: the exercise can be practised, and its proof fails until one is written.
const NO_SOLUTION: &str = "echo 'the lab tells no solution: write one here' >&2\nexit 1\n";

impl Case {
    /// Adds what the world must have for the case.
    fn with_addons(mut self) -> Self {
        let checks: String = self.checks.iter().map(|(.., script)| script.as_str()).collect();
        let all = [&self.task, &self.setup, &self.solution, &checks];
        let has = |word: &str| all.iter().any(|it| it.contains(word));
        self.with = ADDONS.iter().filter(|(word, _)| has(word)).map(|(_, name)| *name).collect();
        self
    }

    fn domain(&self) -> &'static str {
        let words = format!("{} {}", self.concepts.join(" "), self.title).to_lowercase();
        let fits = |(_, concepts): &&(&str, &[&str])| concepts.iter().any(|it| words.contains(it));
        DOMAINS.iter().find(fits).map_or("workloads-scheduling", |(domain, _)| domain)
    }

    /// The files of the exercise, below its own folder.
    pub(crate) fn files(&self) -> Files {
        let checks: Vec<Value> = self
            .checks
            .iter()
            .map(|(name, points, script)| {
                json!({"name": raw(name), "points": points, "script": {"wanted": raw(name), "run": raw(script)}})
            })
            .collect();
        let exercise = json!({
            "id": self.id, "title": raw(&self.title), "domain": self.domain(),
            "competencies": self.concepts.iter().map(|it| slug(it)).collect::<Vec<_>>(),
            "minutes": 8, "world": {"setup": "setup.sh", "with": self.with}, "task": raw(&self.task), "checks": checks,
            "solution": "solution.sh",
            "mistakes": [{"script": "nothing.sh", "says": "nothing was done"}],
        });
        let solution = if self.solution.is_empty() { NO_SOLUTION.to_owned() } else { raw(&self.solution) };
        [
            ("exercise.yaml", yaml::to_string(&exercise)),
            ("setup.sh", raw(&self.setup)),
            ("solution.sh", solution),
            ("nothing.sh", "true\n".to_owned()),
        ]
        .map(|(name, text)| (format!("{}/{name}", self.id), text.into_bytes()))
        .into()
    }
}

/// The text as a template that yields it unchanged.
fn raw(text: &str) -> String {
    if ["{{", "{%", "{#"].iter().any(|it| text.contains(it)) {
        format!("{{% raw %}}{text}{{% endraw %}}")
    } else {
        text.to_owned()
    }
}

/// `pack.toml` of an imported lab.
pub(crate) fn pack_file(name: &str) -> String {
    let id = slug(name);
    format!("id = \"{id}\"\ntitle = \"{id}, imported\"\nversion = \"0.1.0\"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exercises::pack;

    fn files(all: &[(&str, &str)]) -> Files {
        all.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
    }

    /// The pack that the cases make.
    #[track_caller]
    fn loads(cases: &[Case]) {
        let mut all: Files = cases.iter().flat_map(Case::files).collect();
        all.insert("pack.toml".into(), pack_file("My Lab 1").into_bytes());
        let pack = pack::load(&all).unwrap();
        assert_eq!((pack.id.as_str(), pack.exercises.len()), ("my-lab-1", cases.len()));
    }

    #[test]
    fn a_ck_x_lab_becomes_one_exercise_a_question() {
        let cases = read(&files(&[
            (
                "lab/assessment.json",
                r#"{"questions": [{"id": "3", "namespace": "attic", "question": "Label it {{ so }}.",
                "concepts": ["Services"], "verification": [{"id": "1", "description": "It is labelled",
                "verificationScriptFile": "q3_s1.sh", "weightage": "2"}]}]}"#,
            ),
            ("lab/scripts/setup/q3_setup.sh", "kubectl create ns attic"),
            (
                "lab/scripts/validation/q3_s1.sh",
                "kubectl get ns attic -o jsonpath='{.metadata.labels.a}' | grep b",
            ),
            (
                "lab/answers.md",
                "# Question 3\n```bash\nkubectl label ns attic a=b\n```\n# Question 4\n```bash\nno\n```\n",
            ),
        ]))
        .unwrap();
        assert_eq!(cases[0].id, "q3");
        assert_eq!(
            (cases[0].domain(), cases[0].solution.as_str()),
            ("services-networking", "kubectl label ns attic a=b\n")
        );
        assert_eq!(cases[0].checks[0].1, 2);
        loads(&cases);
    }

    #[test]
    fn a_killercoda_scenario_becomes_one_exercise() {
        let cases = read(&files(&[
            ("tidy/index.json", r#"{"title": "Tidy up", "details": {"intro": {"text": "intro.md", "background": "bg.sh"},
                "steps": [{"title": "One", "text": "one.md", "verify": "one.sh"}, {"title": "Two", "text": "two.md"}],
                "finish": {"text": "end.md"}}, "backend": {"imageid": "kubernetes-kubeadm-2nodes"}}"#),
            ("tidy/bg.sh", "kubectl create ns tidy"),
            ("tidy/one.md", "Remove it.\n<details><summary>Solution</summary>\n\n```plain\nkubectl delete ns tidy\n```{{exec}}\n</details>\n"),
            ("tidy/one.sh", "! kubectl get ns tidy"),
        ]))
        .unwrap();
        assert_eq!((cases.len(), cases[0].id.as_str(), cases[0].checks.len()), (1, "tidy", 1));
        assert_eq!(cases[0].solution, "kubectl delete ns tidy\n");
        assert!(!cases[0].task.contains("kubectl delete"), "{}", cases[0].task);
        loads(&cases);
    }
}
