//! Edits recorded from real vim 9.0.

use std::collections::BTreeMap;

use super::*;

/// Edits a text with keys as `vim -s` would; gives what was written last, and to other files.
fn edit(before: &str, keys: &str) -> (String, BTreeMap<String, String>) {
    let mut editor = Editor::new("");
    let found = |text: &str| Found {
        exists: true,
        readable: true,
        writable: true,
        text: text.to_owned(),
        ..Found::default()
    };
    editor.of_file("f.yaml", &found(before), false);
    editor.set_script();
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
            Need::Look { path: Some(path) } if !others.contains_key(&path) => Ok(String::new()),
            Need::Look { .. } => Ok(serde_json::to_string(&found("")).unwrap()),
            Need::Open { path } => {
                let text = path.and_then(|path| others.get(&path).cloned()).unwrap_or_else(|| file.clone());
                Ok(serde_json::to_string(&found(&text)).unwrap())
            }
            Need::Run { command, .. } => Ok(command.trim_start_matches("echo ").to_owned() + "\n"),
        };
        editor.resume(answer);
    }
    (file, others)
}

#[test]
fn edits_as_vim_did() {
    let text = include_str!("../../../tests/conformance/vim.json");
    let recorded: crate::apimachinery::json::Value = serde_json::from_str(text).unwrap();
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

/// Keys put together at random, where both agreed when they were recorded: they must go on agreeing.
#[test]
fn keys_at_random_edit_as_in_vim() {
    let text = include_str!("../../../tests/conformance/vim-more.json");
    let recorded: crate::apimachinery::json::Value = serde_json::from_str(text).unwrap();
    let mut wrong = Vec::new();
    for case in recorded["cases"].as_array().unwrap() {
        let before = recorded["texts"][case["text"].as_u64().unwrap() as usize].as_str().unwrap();
        let keys = case["keys"].as_str().unwrap();
        let (file, _) = edit(before, &format!("{keys}\x1b\x1b\x1b:wq!\n"));
        if file != case["result"] {
            wrong.push(format!("{keys:?}\n{file}"));
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

/// Compared with vim 9.0.1378, `vim -N -u NONE -s KEYS f.yaml`.
#[test]
fn rarer_commands_edit_as_vim_does() {
    check("abc\n", "xxxu", "abc\n");
    check("a\nb\nc\n", "ddjdd\"1p\"2p", "b\nc\na\n");
    check("a: [x, y]\n", "di[", "a: []\n");
    check("one two three\n", "d/three\n", "three\n");
    check("one two\n", "/wo/e\nax", "one twox\n");
    check("aXb\n", ":s/a\\zsX\\zeb/-/\n", "a-b\n");
    check("aab\n", ":s/a\\{-1,}/x/\n", "xab\n");
    check("b\na\n", "!jsort\n", "sort\n");
    check("a\nb\na\n", ":g/a/t$\n", "a\nb\na\na\na\n");
    check("a\n", "2ox\u{1b}", "a\nx\nx\n");
    check("ab\n", "qaxq@a", "\n");
    check("abc\n", "xxU", "abc\n");
    check("a\n", "i\u{16}u00e9", "éa\n");
    check("abc\n", "A\u{0f}0x", "xabc\n");
    check("a\nb\n", ":0r x\n", "a\nb\n");
    check("abc def\n", "g?w", "nop def\n");
    check("a\n\nb\n", ":%s/\\n\\n/,/\n", "a,b\n");
    check("a\nb\nc\n", ":d2\n", "c\n");
    check("a\nb\n", "5:w\n", "a\nb\n");
}

#[test]
fn yaml_is_indented_where_file_types_are_on() {
    let mut editor = Editor::new("");
    let text = "spec:\n  containers:\n  - name: web\n".to_owned();
    editor.feed(":filetype plugin indent on\n");
    editor.of_file(
        "pod.yaml",
        &Found { exists: true, readable: true, writable: true, text, ..Found::default() },
        false,
    );
    editor.feed("Goimage: nginx\nports:\n- containerPort: 80\u{1b}gg>>");
    let want =
        "  spec:\n  containers:\n  - name: web\n    image: nginx\n    ports:\n      - containerPort: 80\n";
    assert_eq!(editor.text(), want);
}
