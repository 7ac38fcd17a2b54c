//! CK-X labs: `assessment.json`, `scripts/setup/qN_*.sh`, `scripts/validation/*.sh`, `answers.md`.

use super::{Case, commands, field, json_file, slug, text};
use crate::apimachinery::json::Value;
use crate::exercises::pack::Files;

/// Every question of a lab.
pub(super) fn read(files: &Files, folder: &str) -> Result<Vec<Case>, String> {
    let lab = json_file(files, folder, "assessment.json")?;
    let questions = lab.get("questions").and_then(Value::as_array).cloned().unwrap_or_default();
    let answers = text(files, folder, "answers.md");
    Ok(questions.iter().map(|question| case(files, folder, question, &answers)).collect())
}

/// Nodes of the clusters that the labs are written for, and ours in their place.
const NODES: &[(&str, &str)] = &[
    ("k3d-cluster-agent-0", "node01"),
    ("k3d-cluster-agent-1", "node02"),
    ("k3d-cluster-server-0", "controlplane"),
];

/// A text with the names of our nodes.
fn at_home(text: &str) -> String {
    NODES.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}

fn case(files: &Files, folder: &str, question: &Value, answers: &str) -> Case {
    let number = field(question, "id");
    let list = |key: &str| question.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let concepts: Vec<String> =
        list("concepts").iter().filter_map(|it| Some(it.as_str()?.to_owned())).collect();
    let mut notes = Vec::new();
    let mut checks = Vec::new();
    for step in list("verification") {
        let name = field(&step, "verificationScriptFile");
        let script = text(files, folder, &format!("scripts/validation/{name}"));
        if script.is_empty() {
            notes.push(format!("check {:?}: the script {name} is missing", field(&step, "description")));
        } else {
            checks.push((
                field(&step, "description"),
                field(&step, "weightage").parse().unwrap_or(1),
                at_home(&script),
            ));
        }
    }
    let task = at_home(&field(question, "question"));
    let first = task.lines().next().unwrap_or("").trim_start_matches('#').trim();
    let title = if concepts.is_empty() { first.chars().take(60).collect() } else { concepts.join(", ") };
    Case {
        id: slug(&format!("q{number}")),
        title,
        concepts,
        task,
        setup: at_home(&setup(files, folder, &number)),
        checks,
        solution: at_home(&commands(&section(answers, &number))),
        notes,
        ..Case::default()
    }
    .with_addons()
}

/// Every set-up script of a question, in the order of their names.
fn setup(files: &Files, folder: &str, number: &str) -> String {
    let start =
        if folder.is_empty() { "scripts/setup/".to_owned() } else { format!("{folder}/scripts/setup/") };
    let own = files.iter().filter(|(path, _)| path.starts_with(&format!("{start}q{number}_")));
    own.map(|(_, bytes)| format!("{}\n", String::from_utf8_lossy(bytes).replace('\r', ""))).collect()
}

/// The part of the answers below the heading of a question.
fn section(answers: &str, number: &str) -> String {
    let of_heading = |line: &str| -> Option<String> {
        let heading = line.strip_prefix('#')?.trim_start_matches('#').trim().to_lowercase();
        let rest = heading.trim_start_matches("question").trim_start_matches(['q', ' ', '#']);
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    };
    let mut inside = false;
    let mut found = String::new();
    for line in answers.lines() {
        if let Some(heading) = of_heading(line) {
            inside = heading == number;
        } else if inside {
            found.push_str(&format!("{line}\n"));
        }
    }
    found
}
