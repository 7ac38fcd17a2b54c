//! Edits recorded from real vim 9.0.

use super::*;

/// Edits a text with keys as `vim -s` would; gives what was written last, and to other files.
fn edit(before: &str, keys: &str) -> (String, BTreeMap<String, String>) {
    let mut editor = Editor::new(before);
    let mut file = before.to_owned();
    let mut others = BTreeMap::new();
    editor.feed(keys);
    while let Some(need) = editor.need().cloned() {
        let answer = match need {
            Need::Write { path: None, text, .. } => {
                file = text;
                Ok(String::new())
            }
            Need::Write { path: Some(path), text, .. } => {
                others.insert(path, text);
                Ok(String::new())
            }
            Need::Read { path } => others.get(&path).cloned().ok_or_else(|| "no file".to_owned()),
            Need::Run { command, .. } => Ok(command.trim_start_matches("echo ").to_owned() + "\n"),
        };
        editor.resume(answer);
    }
    (file, others)
}

#[test]
fn edits_as_vim_did() {
    let text = include_str!("../../../tests/conformance/vim.json");
    let recorded: serde_json::Value = serde_json::from_str(text).unwrap();
    let before = recorded["content"].as_str().unwrap();
    let mut wrong = Vec::new();
    for case in recorded["cases"].as_array().unwrap() {
        let keys = case["keys"].as_str().unwrap();
        let (file, others) = edit(before, keys);
        let other = case["other"].as_str().map(str::to_owned);
        let good = file == case["result"] && (other.is_none() || others.into_values().next() == other);
        if !good {
            wrong.push(format!("{} {keys:?}\n{file}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[track_caller]
fn check(before: &str, keys: &str, after: &str) {
    let (file, _) = edit(before, &format!("{keys}\x1b:w\n"));
    assert_eq!(file, after, "{keys:?}");
}

#[test]
fn common_commands_edit() {
    check("a b c\n", "wD", "a \n");
    check("one\ntwo\nthree\n", "ddp", "two\none\nthree\n");
    check("one two three\n", "wcwX\x1bw.", "one X X\n");
    check("f(a, b)\n", "f(ci(x", "f(x)\n");
    check("a\nb\nc\n", "qaA!\x1bjq2@a", "a!\nb!\nc!\n");
    check("x: 1\n", ":s/\\(x\\): \\(\\d\\)/\\2=\\1/\n", "1=x\n");
    check("a\nb\nc\nd\n", ":2,3m0\n", "b\nc\na\nd\n");
    check("a b\n", "yiwP", "aa b\n");
    check("a\n\nb\n", "dap", "b\n");
    check("one\n", "3Iab", "abababone\n");
    check("a\nb\n", "Vjd", "");
    check("abc\n", "~~", "ABc\n");
    check("a.b.c\n", "f.;rX", "a.bXc\n");
    check("b\na\n", ":sort\n", "a\nb\n");
    check("a b c d\n", "2dwu.", "c d\n");
    check("k: v\nk: w\n", ":%norm A!\n", "k: v!\nk: w!\n");
}
