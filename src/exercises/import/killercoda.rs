//! Killercoda scenarios: `index.json` with steps, each with a text and perhaps a `verify` script.

use super::{Case, commands, field, json_file, slug, text};
use crate::apimachinery::json::Value;
use crate::exercises::pack::Files;

/// The scenario of an `index.json`; nothing when it is none, or checks nothing.
pub(super) fn read(files: &Files, folder: &str) -> Result<Option<Case>, String> {
    let index = json_file(files, folder, "index.json")?;
    let Some(details) = index.get("details") else { return Ok(None) };
    let steps = details.get("steps").and_then(Value::as_array).cloned().unwrap_or_default();
    let intro = details.get("intro").cloned().unwrap_or_default();
    let title = field(&index, "title");
    let name = folder.rsplit('/').next().filter(|it| !it.is_empty()).unwrap_or(&title);
    let mut case = Case { id: slug(name), title: title.clone(), concepts: vec![title], ..Case::default() };
    case.setup = assets(files, folder, details, &mut case.notes);
    for script in ["background", "foreground"] {
        case.setup.push_str(&scripts(files, folder, &intro, script));
    }
    for (index, step) in steps.iter().enumerate() {
        add_step(&mut case, files, folder, step, index);
    }
    if case.checks.is_empty() {
        return Ok(None);
    }
    Ok(Some(case.with_addons()))
}

fn scripts(files: &Files, folder: &str, step: &Value, key: &str) -> String {
    let name = field(step, key);
    // There nobody asks how such a script ended.
    if name.is_empty() { String::new() } else { format!("(\n{}\n) || true\n", text(files, folder, &name)) }
}

fn add_step(case: &mut Case, files: &Files, folder: &str, step: &Value, index: usize) {
    let markdown = text(files, folder, &field(step, "text"));
    let (told, solution) = without_details(&markdown);
    case.task.push_str(&format!("{}\n\n", told.trim()));
    let solution = commands(&solution) + &commands(&text(files, folder, &field(step, "solution")));
    case.solution.push_str(&solution);
    let started: String =
        ["background", "foreground"].iter().map(|it| scripts(files, folder, step, it)).collect();
    if index == 0 {
        case.setup.push_str(&started);
    } else if !started.trim().is_empty() {
        case.notes.push(format!(
            "step {}: its background script runs only between steps and was left out",
            index + 1
        ));
    }
    let verify = text(files, folder, &field(step, "verify"));
    if !verify.is_empty() {
        let title = field(step, "title");
        let title = if title.is_empty() { format!("step {}", index + 1) } else { title };
        case.checks.push((title, 2, verify));
    }
}

/// The text without its folded parts, and the folded parts, which hold solutions.
fn without_details(markdown: &str) -> (String, String) {
    let (mut told, mut folded) = (String::new(), String::new());
    let mut depth = 0_u32;
    for line in markdown.lines() {
        if line.contains("<details") {
            depth += 1;
        }
        if depth == 0 { &mut told } else { &mut folded }.push_str(&format!("{line}\n"));
        if line.contains("</details>") {
            depth = depth.saturating_sub(1);
        }
    }
    (told, folded)
}

/// The commands that lay the scenario's files down on the host.
fn assets(files: &Files, folder: &str, details: &Value, notes: &mut Vec<String>) -> String {
    let mut script = String::new();
    let hosts = details.get("assets").and_then(Value::as_object).cloned().unwrap_or_default();
    for entry in hosts.values().filter_map(Value::as_array).flatten() {
        let (file, target) = (field(entry, "file"), field(entry, "target"));
        let content = text(files, folder, &format!("assets/{file}"));
        if file.contains('*') || content.is_empty() {
            notes.push(format!("asset {file:?} was left out: only single text files are taken over"));
            continue;
        }
        let base = file.rsplit('/').next().unwrap_or(&file);
        script.push_str(&format!(
            "mkdir -p {target}\ncat > {target}/{base} <<'END_OF_ASSET'\n{content}\nEND_OF_ASSET\n"
        ));
        let mode = field(entry, "chmod");
        if !mode.is_empty() {
            script.push_str(&format!("chmod {mode} {target}/{base}\n"));
        }
    }
    script
}
