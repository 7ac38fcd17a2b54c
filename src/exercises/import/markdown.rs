//! The commands that a Markdown text tells: those of its code blocks, and the manifests between them.

/// A code block.
struct Block {
    language: String,
    text: String,
}

/// Languages of blocks that a shell runs.
const SHELL: &[&str] = &["", "bash", "sh", "shell", "plain", "console"];

/// Languages of blocks that hold manifests, or commands under a wrong name.
const YAML: &[&str] = &["yaml", "yml"];

/// The commands in the order of the text. A manifest is written to the file that the commands behind it name, or
/// applied where none does.
pub(super) fn commands(markdown: &str) -> String {
    let blocks = blocks(markdown);
    let mut script = String::new();
    for (at, block) in blocks.iter().enumerate() {
        let language = block.language.as_str();
        if SHELL.contains(&language) || (YAML.contains(&language) && begins_with_command(&block.text)) {
            script.push_str(&block.text);
        } else if YAML.contains(&language)
            && block.text.contains("apiVersion:")
            && block.text.contains("kind:")
        {
            let behind = blocks.get(at + 1..).unwrap_or_default();
            let until = behind
                .iter()
                .position(|it| YAML.contains(&it.language.as_str()) && !begins_with_command(&it.text));
            let shell: String =
                behind.iter().take(until.unwrap_or(behind.len())).map(|it| it.text.as_str()).collect();
            let to = match named_file(&shell) {
                Some(name) => format!("cat > {name}"),
                None => "kubectl apply -f -".to_owned(),
            };
            script.push_str(&format!("{to} <<'END_OF_MANIFEST'\n{}END_OF_MANIFEST\n", block.text));
        }
    }
    script
}

/// True when the first line that is no comment is a command: manifests begin with a key.
fn begins_with_command(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with(['#', '-']));
    first.and_then(|line| line.split_whitespace().next()).is_some_and(|word| !word.contains(':'))
}

/// The file that commands read a manifest from, unless they write it themselves.
fn named_file(shell: &str) -> Option<&str> {
    let words: Vec<&str> = shell.split_whitespace().collect();
    let behind_f = words.windows(2).filter(|pair| pair.first() == Some(&"-f")).filter_map(|pair| pair.get(1));
    let name = behind_f.copied().find(|it| it.ends_with(".yaml") || it.ends_with(".yml"))?;
    let plain = name.chars().all(|it| it.is_ascii_alphanumeric() || "/._-~".contains(it));
    let written = words
        .windows(2)
        .any(|pair| pair.first().is_some_and(|it| it.ends_with('>')) && pair.get(1) == Some(&name));
    (plain && !written).then_some(name)
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut inside: Option<(Block, usize)> = None;
    for line in markdown.lines() {
        let fence = line.trim_start().strip_prefix("```");
        inside = match (fence, inside) {
            (Some(_), Some((block, _))) => {
                blocks.push(block);
                None
            }
            (Some(language), None) => {
                let language = language.trim().split(['{', ' ']).next().unwrap_or("").to_lowercase();
                let indent = line.len() - line.trim_start().len();
                Some((Block { language, text: String::new() }, indent))
            }
            (None, Some((mut block, indent))) => {
                // A block in a list is indented as a whole.
                let own =
                    line.get(..indent).filter(|it| it.trim().is_empty()).map_or(line, |it| &line[it.len()..]);
                block.text.push_str(&format!("{own}\n"));
                Some((block, indent))
            }
            (None, None) => {
                blocks.extend(inline(line));
                None
            }
        };
    }
    blocks
}

/// Commands in the middle of a line that are to be run: `` `kubectl get pods`{{exec}} ``.
fn inline(line: &str) -> Vec<Block> {
    let parts: Vec<&str> = line.split('`').collect();
    let run = parts.windows(2).filter(|pair| pair.get(1).is_some_and(|it| it.starts_with("{{exec")));
    run.filter_map(|pair| pair.first())
        .map(|it| Block { language: String::new(), text: format!("{it}\n") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn manifests_are_written_where_they_are_named_or_applied() {
        let text = "```yaml\napiVersion: v1\nkind: Pod\n```\nSave it.\n```bash\nkubectl apply -f p.yaml\n```\n\
            ```yaml\napiVersion: v1\nkind: Secret\n```\n1. so\n   ```yaml\n   # first\n   kubectl get ns\n   ```\n\
            ```yaml\nspec: {}\n```\nRun `id -u`{{exec}} now.\n";
        insta::assert_snapshot!(commands(text), @r"
        cat > p.yaml <<'END_OF_MANIFEST'
        apiVersion: v1
        kind: Pod
        END_OF_MANIFEST
        kubectl apply -f p.yaml
        kubectl apply -f - <<'END_OF_MANIFEST'
        apiVersion: v1
        kind: Secret
        END_OF_MANIFEST
        # first
        kubectl get ns
        id -u
        ");
    }
}
