//! Mutants of a reference solution: each one thing short or one thing too much.

/// A changed script and what was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mutant {
    pub(super) what: String,
    pub(super) script: String,
}

/// Programs whose lines are worth changing.
const PROGRAMS: &[&str] = &[
    "kubectl",
    "k ",
    "etcdctl",
    "etcdutl",
    "helm",
    "sed",
    "cp",
    "mv",
    "systemctl",
    "ssh",
    "kubeadm",
    "echo",
    "chmod",
    "rm",
    "mkdir",
];

/// Flags without which a command does the same, or that only say how long to wait.
const INDIFFERENT: &[&str] = &["--timeout", "--wait", "--no-headers", "-y", "--overwrite", "--watch"];

/// More mutants than this add time and no proof.
const MUTANTS_MAX: usize = 24;

/// All mutants of a script, in the order of its lines.
pub(super) fn mutants(script: &str) -> Vec<Mutant> {
    let lines: Vec<&str> = script.lines().collect();
    let mut all = Vec::new();
    let mut heredoc: Option<String> = None;
    for (index, line) in lines.iter().enumerate() {
        if let Some(end) = &heredoc {
            if line.trim() == end {
                heredoc = None;
            } else if let Some(key) = yaml_key(line) {
                all.push(changed(&lines, index, None, format!("without the YAML line `{key}`")));
            }
            continue;
        }
        heredoc = heredoc_end(line);
        let trimmed = line.trim_start();
        if !PROGRAMS.iter().any(|program| trimmed.starts_with(program)) {
            continue;
        }
        if heredoc.is_none() && !is_waiting(trimmed) {
            all.push(changed(&lines, index, None, format!("without `{}`", short(trimmed))));
        }
        all.extend(
            line_mutants(line).into_iter().map(|(what, text)| changed(&lines, index, Some(&text), what)),
        );
    }
    all.dedup();
    all.truncate(MUTANTS_MAX);
    all
}

/// Commands that only let time pass or look.
fn is_waiting(line: &str) -> bool {
    [
        "kubectl wait",
        "kubectl rollout status",
        "kubectl get",
        "kubectl describe",
        "helm search",
        "helm list",
        "helm repo update",
        "echo \"",
        "mkdir -p",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

fn short(line: &str) -> String {
    line.chars().take(60).collect()
}

fn changed(lines: &[&str], index: usize, with: Option<&str>, what: String) -> Mutant {
    let kept = lines.iter().enumerate().filter_map(|(at, line)| match (at == index, with) {
        (true, None) => None,
        (true, Some(text)) => Some(text),
        (false, _) => Some(*line),
    });
    let script = kept.map(|line| format!("{line}\n")).collect();
    Mutant { what, script }
}

/// The word that ends the here-document which a line begins.
fn heredoc_end(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("<<")?;
    let word = rest.trim_start_matches('-').split_whitespace().next()?;
    Some(word.trim_matches(['\'', '"']).to_owned())
}

/// A line of YAML with a value, below the head of a manifest.
fn yaml_key(line: &str) -> Option<&str> {
    let text = line.trim().trim_start_matches("- ");
    let (key, value) = text.split_once(':')?;
    let head = ["apiVersion", "kind", "metadata", "name", "spec"].contains(&key) && !line.starts_with("   ");
    (!head && !value.trim().is_empty()).then_some(text)
}

/// One-line changes: a flag dropped, another namespace, one verb too many.
fn line_mutants(line: &str) -> Vec<(String, String)> {
    let words: Vec<&str> = line.split(' ').collect();
    let mut all = Vec::new();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        let joined = |skip: usize, with: Option<&str>| {
            let mut rest: Vec<&str> = words.clone();
            rest.splice(index..(index + skip).min(words.len()), with);
            rest.join(" ")
        };
        let name = word.split('=').next().unwrap_or(word);
        let separate = ["-n", "-l", "--namespace"].contains(word);
        if separate {
            all.push((format!("without {word}"), joined(2, None)));
            index += 2;
            continue;
        }
        if let Some(list) = word.strip_prefix("--verb=") {
            let more = format!("--verb={list},deletecollection");
            all.push((format!("{word} with one verb too many"), joined(1, Some(&more))));
        }
        if word.starts_with("--") && *word != "--" && !INDIFFERENT.contains(&name) {
            all.push((format!("without {word}"), joined(1, None)));
        }
        index += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_flags_and_yaml_are_dropped_one_at_a_time() {
        let script = "kubectl create role r -n web --verb=get,list --resource=pods\nkubectl apply -f - <<EOF\nkind: Pod\nspec:\n  nodeName: node01\nEOF\n";
        let what: Vec<String> = mutants(script).into_iter().map(|mutant| mutant.what).collect();
        assert_eq!(
            what,
            [
                "without `kubectl create role r -n web --verb=get,list --resource=pods`",
                "without -n",
                "--verb=get,list with one verb too many",
                "without --verb=get,list",
                "without --resource=pods",
                "without the YAML line `nodeName: node01`",
            ]
        );
    }
}
