//! A hostile pack harms nothing: no file outside is read or written, time and memory are bounded, and no escape
//! sequence reaches the terminal.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{UNCORDON, stderr, stdout, uncordon};

const PACK: &str = "id = \"p\"\ntitle = \"P\"\nversion = \"1.0.0\"\n";

const EXERCISE: &str = "id: x\ntitle: X\ndomain: storage\nminutes: 1\nworld: {setup: setup.sh}\ntask: do it\n\
    checks: [{name: it is there, points: 1, object: {kind: ConfigMap, name: a}}]\nsolution: s.sh\nmistakes: [{script: m.sh, says: none}]\n";

/// A fresh folder of the test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("x")).unwrap();
    folder
}

/// A pack whose exercise and set-up are these.
fn pack(name: &str, exercise: &str, setup: &str) -> String {
    let folder = folder(name);
    fs::write(folder.join("pack.toml"), PACK).unwrap();
    for (file, text) in [
        ("exercise.yaml", exercise),
        ("setup.sh", setup),
        ("s.sh", "kubectl create cm a\n"),
        ("m.sh", "true\n"),
    ] {
        fs::write(folder.join("x").join(file), text).unwrap();
    }
    folder.to_string_lossy().into_owned()
}

/// An archive with one entry.
fn archive(name: &str, change: impl FnOnce(&mut tar::Header), entry: &str, bytes: &[u8]) -> String {
    let path = folder(name).join("pack.tar.gz");
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    // The checked way of setting a name refuses what a hostile archive holds.
    header.as_mut_bytes()[..entry.len()].copy_from_slice(entry.as_bytes());
    change(&mut header);
    header.set_cksum();
    let mut plain = header.as_bytes().to_vec();
    plain.extend_from_slice(bytes);
    plain.resize(plain.len().next_multiple_of(512) + 1024, 0);
    let mut packed = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::default());
    packed.write_all(&plain).unwrap();
    packed.finish().unwrap();
    path.to_string_lossy().into_owned()
}

#[track_caller]
fn refused(pack: &str, words: &str) {
    let output = uncordon(&["pack", "lint", pack]);
    let said = stdout(&output) + &stderr(&output);
    assert_ne!(output.status.code(), Some(0), "{said}");
    assert!(said.contains(words), "{said}");
}

#[test]
fn archives_stay_inside_and_small() {
    refused(&archive("climb", |_| {}, "../../evil.sh", b"x"), "leads out of the pack");
    refused(&archive("root", |_| {}, "/etc/evil", b"x"), "leads out of the pack");
    let link = |header: &mut tar::Header| header.set_entry_type(tar::EntryType::Symlink);
    refused(&archive("link", link, "pack.toml", b""), "plain files and folders only");
    refused(&archive("bomb", |_| {}, "pack.toml", &vec![0; 17 << 20]), "16 MiB at the most");
    let device = |header: &mut tar::Header| header.set_entry_type(tar::EntryType::Char);
    refused(&archive("device", device, "pack.toml", b""), "plain files and folders only");
    refused(&archive("cut", |it| it.set_size(1 << 40), "pack.toml", b"x"), "pack.tar.gz");
}

#[test]
fn links_and_paths_of_a_folder_lead_nowhere() {
    let with_link = pack("links", EXERCISE, "true\n");
    let outside = Path::new(&with_link).join("x/s.sh");
    fs::remove_file(&outside).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &outside).unwrap();
    refused(&with_link, "the file is missing");
    refused(
        &pack("up", &EXERCISE.replace("s.sh", "../../../../etc/passwd"), "true\n"),
        "the file is missing",
    );
}

#[test]
fn a_folder_with_countless_files_is_refused() {
    let many = pack("many", EXERCISE, "true\n");
    for number in 0..4200 {
        fs::write(Path::new(&many).join(format!("x/{number}")), "").unwrap();
    }
    refused(&many, "4096 files at the most");
}

#[test]
fn deep_and_swelling_yaml_is_refused() {
    let deep = format!("{EXERCISE}hints: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    refused(&pack("deep", &deep, "true\n"), "limit");
    let mut swelling = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (one, before) in ('b'..='j').zip('a'..='i') {
        swelling.push_str(&format!("{one}: &{one} [{}]\n", vec![format!("*{before}"); 9].join(",")));
    }
    refused(&pack("swelling", &(swelling + EXERCISE), "true\n"), "exercise.yaml");
}

#[test]
fn scripts_and_templates_end() {
    let endless = pack("endless", EXERCISE, "while true; do :; done\n");
    let output = uncordon(&["pack", "test", &endless, "--seeds", "1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("stopped, since it would not end"), "{}", stdout(&output));
    for (name, setup) in [
        ("grows", "a=xxxxxxxx; while true; do a=$a$a; done\n"),
        ("forks", "f() { f | f & }; f\nf() { f; }; f\n"),
        (
            "large",
            "truncate -s 100G /tmp/a\nhead -c 50G /dev/zero > /tmp/b\nfallocate -l 50G /tmp/c\nexit 3\n",
        ),
        ("nested", &format!("echo {}x{}\n", "$(".repeat(3000), ")".repeat(3000))),
        ("text", "awk 'BEGIN { s = \"x\"; while (1) s = s s }'\nexit 3\n"),
    ] {
        let output = uncordon(&["pack", "test", &pack(name, EXERCISE, setup), "--seeds", "1"]);
        let said = stdout(&output);
        assert!(output.status.code() == Some(1) && said.contains("the set-up failed"), "{name}: {said}");
    }
    let template = "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}";
    refused(&pack("template", &EXERCISE.replace("do it", &format!("'{template}'")), "true\n"), "task");
}

#[test]
fn escape_sequences_reach_no_terminal() {
    let red = EXERCISE
        .replace("title: X", "title: \"\\e[31mred\"")
        .replace("name: it is there", "name: \"\\e]0;gone\\a\"");
    let loud = pack("escapes", &red.replace("X", "x"), "printf '\\033[2J'; exit 3\n");
    for command in [["pack", "test", &loud], ["pack", "lint", &loud]] {
        let output = uncordon(&command);
        let said = stdout(&output) + &stderr(&output);
        assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{said:?}");
    }
}

/// Computes for ever without coming back: only a clock ends it.
const ENDLESS: &str = "jq -n 'last(range(1e15))'\n";

/// What the program says, with little time for anything, to lines that are typed.
fn hurried(data: &Path, args: &[&str], lines: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(UNCORDON);
    command.args(args).env("UNCORDON_DATA", data).env("UNCORDON_GIVE_UP_SECONDS", "10");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that has ended takes nothing.
    let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), stdout(&output), stderr(&output))
}

#[test]
fn what_never_ends_is_given_up_at_every_door() {
    let data = folder("doors");
    let script = data.join("endless.sh");
    fs::write(&script, ENDLESS).unwrap();
    let session = data.join("endless.console");
    fs::write(&session, format!("$ {ENDLESS}")).unwrap();
    for (name, setup) in [("bad", ENDLESS), ("good", "true\n")] {
        let made =
            pack(&format!("doors/packs/{name}"), &EXERCISE.replace("id: x", &format!("id: {name}")), setup);
        fs::rename(Path::new(&made).join("x"), Path::new(&made).join(name)).unwrap();
        let toml = format!("id = \"{name}\"\ntitle = \"P\"\nversion = \"1.0.0\"\n");
        fs::write(Path::new(&made).join("pack.toml"), toml).unwrap();
    }
    let bad = data.join("packs/bad").to_string_lossy().into_owned();
    let (script, session) = (script.to_string_lossy().into_owned(), session.to_string_lossy().into_owned());
    let doors: [(&[&str], &str); 7] = [
        (&["sh", &script], "endless.sh took longer than 10 s and was given up"),
        (&["replay", &session], "took longer than 10 s"),
        (&["grade", "good/good", &script], "the script took longer than 10 s"),
        (&["grade", "bad/bad", &script], "the set-up took longer than 10 s"),
        (&["pack", "test", &bad, "--seeds", "1"], "bad seed 1: a script took longer than 10 s"),
        (&["practice", "bad", "--plain"], "the set-up of the exercise took longer than 10 s"),
        (&["serve", "bad"], "the set-up took longer than 10 s"),
    ];
    for (args, says) in doors {
        let (code, said, complaint) = hurried(&data, args, "");
        assert!(code == Some(1) && complaint.contains(says), "{args:?}: {code:?} {said}{complaint}");
    }
    // A sitting is taken up again without what never ended.
    let lines = format!("echo one\n{ENDLESS}");
    let (code, said, complaint) = hurried(&data, &["practice", "good", "--plain"], &lines);
    assert_eq!(code, Some(0), "{said}{complaint}");
    assert_eq!(complaint.matches("was given up").count(), 1, "{complaint}");
    assert!(said.contains("never came to an end") && said.matches("echo one").count() >= 1, "{said}");
}

#[test]
fn shells_that_run_themselves_end() {
    for (name, setup) in [
        ("itself", "printf '#!/bin/bash\\n/tmp/x\\n' > /tmp/x; chmod +x /tmp/x; /tmp/x\nexit 3\n"),
        ("eval", "x='eval \"$x\"'; eval \"$x\"\nexit 3\n"),
        ("jq", "jq -n '[range(1e9)]'\nexit 3\n"),
    ] {
        let output = uncordon(&["pack", "test", &pack(name, EXERCISE, setup), "--seeds", "1"]);
        let said = stdout(&output);
        assert!(output.status.code() == Some(1) && said.contains("the set-up failed"), "{name}: {said}");
    }
}
