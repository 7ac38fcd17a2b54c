//! What an author meets: a new pack, every kind of mistake, a watched pack, imports of other trainers' labs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use super::screen::tempdir::TempDir;
use super::{UNCORDON, stderr, stdout, uncordon};

/// A pack with a variable, a manifest and everything that can be named.
const PACK: &[(&str, &str)] = &[
    (
        "pack.toml",
        "id = \"p\"\ntitle = \"P\"\nversion = \"1.0.0\"\n\n[[blueprints]]\nid = \"one\"\ntitle = \"One\"\nseed = 5\ntasks = [\"x\"]\n",
    ),
    (
        "x/exercise.yaml",
        "id: x\ntitle: Make a map\ndomain: storage\ncompetencies: [volumes]\ndifficulty: quick\nminutes: 3\n\
         host: controlplane\nvariables:\n  name: {choose: [red, blue]}\n  count: {between: [1, 3]}\nworld:\n  \
         base: three-nodes\n  manifests: [app.yaml]\n  setup: setup.sh\ntask: Make the ConfigMap {{ name }}.\nhints:\n\
         - Look at `kubectl create`.\nchecks:\n- name: the map is there\n  points: 2\n  object: {kind: ConfigMap, name: \
         \"{{ name }}\"}\n- name: it counts\n  points: 1\n  script: {wanted: a count, run: kubectl get cm a}\n\
         solution: s.sh\nalternatives: [a.sh]\nmistakes:\n- {script: m.sh, says: none}\nexplain: explain.md\n",
    ),
    ("x/app.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"),
    ("x/setup.sh", "true\n"),
    ("x/s.sh", "kubectl create cm {{ name }}\n"),
    ("x/a.sh", "kubectl create cm {{ name }}\n"),
    ("x/m.sh", "true\n"),
    ("x/explain.md", "why\n"),
];

/// A change that breaks the pack: file, what stands there, what then stands there, the line of the source that lint
/// points at, and words of what it says. An empty second word replaces the whole file.
type Broken = (&'static str, &'static str, &'static str, u64, &'static str);

const BROKEN: &[Broken] = &[
    ("pack.toml", "id = \"p\"", "id = \"My Pack\"", 1, "id \"My Pack\": use a-z, 0-9 and '-'"),
    ("pack.toml", "\"1.0.0\"", "\"1.0\"", 3, "use three numbers, such as 1.0.0"),
    ("pack.toml", "title = \"P\"\n", "", 1, "missing field `title`: add it"),
    ("pack.toml", "\"P\"", "\"\"", 2, "title: give one"),
    ("pack.toml", "title = \"P\"", "titel = \"P\"", 2, "unknown field `titel`, expected one of `id`"),
    ("pack.toml", "\"P\"", "P", 2, "line 2: string values must be quoted"),
    ("pack.toml", "\n\n", "\norder = [\"y\"]\n\n", 4, "order: there is no exercise \"y\""),
    ("pack.toml", "\n\n", "\nauthors = \"me\"\n\n", 4, "expected a list"),
    ("pack.toml", "[\"x\"]", "[\"y\"]", 9, "blueprint \"one\": there is no exercise \"y\""),
    ("pack.toml", "[\"x\"]", "[\"x\", \"x\"]", 9, "the task \"x\" stands twice"),
    ("pack.toml", "[\"x\"]", "[]", 6, "give it an id of a-z, 0-9 and '-', and tasks"),
    ("pack.toml", "[\"x\"]", "[\"x\"]\nminutes = 0", 6, "minutes: give at least 1"),
    ("pack.toml", "seed = 5", "seed = \"five\"", 8, "line 8: not string \"five\", expected a whole number"),
    ("x/exercise.yaml", "id: x", "id: X!", 1, "use a-z, 0-9 and '-'"),
    ("x/exercise.yaml", "id: x", "id: z", 1, "use the name of the folder, \"x\""),
    ("x/exercise.yaml", "id: x", "id: y", 1, "id: not boolean `true`, expected a string; put it in quotes"),
    ("x/exercise.yaml", "title: Make a map\n", "", 1, "missing field `title`: add it"),
    ("x/exercise.yaml", "title: Make a map", "title: ''", 2, "title: give one"),
    ("x/exercise.yaml", "title: Make", "titel: Make", 2, "unknown field `titel`, expected one of"),
    ("x/exercise.yaml", "title: Make", "title: Make: ", 2, "mapping values are not allowed"),
    ("x/exercise.yaml", "domain: storage", "domain: sports", 3, "use one of troubleshooting"),
    (
        "x/exercise.yaml",
        "[volumes]",
        "volumes",
        4,
        "competencies: not string \"volumes\", expected a list: [a, b]",
    ),
    ("x/exercise.yaml", "difficulty: quick", "difficulty: easy", 5, "use one of quick, core, deep"),
    ("x/exercise.yaml", "minutes: 3", "minutes: 0", 6, "minutes: give at least 1"),
    (
        "x/exercise.yaml",
        "minutes: 3",
        "minutes: three",
        6,
        "minutes: not string \"three\", expected a whole number",
    ),
    ("x/exercise.yaml", "minutes: 3", "minutes: -3", 6, "minutes: not integer `-3`, expected a whole number"),
    (
        "x/exercise.yaml",
        "host: controlplane",
        "host: node09",
        7,
        "the world has controlplane, node01, node02",
    ),
    (
        "x/exercise.yaml",
        "choose: [red, blue]",
        "choose: []",
        9,
        "give either choose (a list) or between (two numbers)",
    ),
    ("x/exercise.yaml", "[1, 3]", "[3, 1]", 10, "between begins with the smaller number"),
    ("x/exercise.yaml", "[1, 3]", "3", 10, "expected a list of two numbers: [1, 5]"),
    ("x/exercise.yaml", "three-nodes", "moon", 12, "use one of bare"),
    ("x/exercise.yaml", "base: three-nodes", "with: [istio]", 12, "use gateway-api"),
    ("x/exercise.yaml", "[app.yaml]", "[gone.yaml]", 13, "the file is missing: add it, or do not name it"),
    ("x/exercise.yaml", "setup: setup.sh", "setup: gone.sh", 14, "the file is missing"),
    ("x/exercise.yaml", "{{ name }}.", "{{ nome }}.", 15, "`nome` is undefined (line 1 of the text)"),
    ("x/exercise.yaml", "{{ name }}.", "{{ name .", 15, "task: syntax error"),
    (
        "x/exercise.yaml",
        "points: 2",
        "points: two",
        19,
        "checks[0]: not string \"two\", expected a whole number",
    ),
    (
        "x/exercise.yaml",
        "kind: ConfigMap",
        "knd: ConfigMap",
        21,
        "unknown field `knd`, expected one of `kind`",
    ),
    ("x/exercise.yaml", "object: {kind", "objekt: {kind", 19, "give exactly one of object, none, count"),
    ("x/exercise.yaml", "name: it counts", "name: the map is there", 22, "give each a name of its own"),
    (
        "x/exercise.yaml",
        "run: kubectl get cm a",
        "run: ''",
        24,
        "write a script that fails while the task is not done",
    ),
    ("x/exercise.yaml", ", run: kubectl get cm a", "", 22, "missing field `run`: add it"),
    ("x/exercise.yaml", "solution: s.sh\n", "", 1, "missing field `solution`: add it"),
    ("x/exercise.yaml", "[a.sh]", "a.sh", 26, "alternatives: not string \"a.sh\", expected a list: [a, b]"),
    ("x/exercise.yaml", "says: none", "say: none", 28, "unknown field `say`, expected `script` or `says`"),
    ("x/exercise.yaml", "mistakes:\n- {script: m.sh, says: none}\n", "", 1, "list at least one near miss"),
    ("x/exercise.yaml", "explain.md", "gone.md", 29, "the file is missing"),
    ("x/exercise.yaml", "", "- a\n- b\n", 1, "the file holds no keys with values"),
    ("x/s.sh", "{{ name }}", "{{ nome }}", 1, "`nome` is undefined"),
    ("x/s.sh", "", "# later\n", 1, "the solution has no command"),
    ("x/a.sh", "", "true\nif true; then\n", 1, "the script ends inside a command"),
    ("x/app.yaml", "kind: Namespace", "kind: [", 3, "yaml: line"),
];

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn every_mistake_of_an_author_has_a_place_and_words_that_mend_it() {
    assert!(BROKEN.len() >= 40);
    let home = TempDir::new();
    let sound = home.0.join("sound");
    write(&sound, PACK);
    let output = uncordon(&["pack", "lint", arg(&sound)]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let mut wrong = Vec::new();
    for (number, (file, from, to, line, words)) in BROKEN.iter().enumerate() {
        let folder = home.0.join(number.to_string());
        write(&folder, PACK);
        let path = folder.join(file);
        let before = fs::read_to_string(&path).unwrap();
        assert!(before.contains(from), "{file}: {from}");
        let after = if from.is_empty() { (*to).to_owned() } else { before.replacen(from, to, 1) };
        fs::write(&path, after).unwrap();
        let output = uncordon(&["pack", "lint", arg(&folder), "--json"]);
        let problems: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        let told = problems
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["message"].as_str().unwrap().contains(words) && it["line"] == *line);
        if !told || output.status.code() != Some(1) {
            wrong.push(format!("{file}: {from:?} -> {to:?}: wanted {line}: {words}\n  got {problems}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_problem_is_shown_with_its_line() {
    let home = TempDir::new();
    write(&home.0, PACK);
    let path = home.0.join("x/exercise.yaml");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("minutes: 3", "minutes: three")).unwrap();
    let output = uncordon(&["pack", "lint", arg(&home.0)]);
    let said = stdout(&output);
    assert!(
        said.contains("x/exercise.yaml: minutes: not string \"three\", expected a whole number"),
        "{said}"
    );
    assert!(said.contains("6 │ minutes: three") && said.contains("here"), "{said}");
}

#[test]
fn a_new_pack_lints_and_proves_at_once() {
    let home = TempDir::new();
    let folder = home.0.join("mine");
    for command in [&["pack", "new"][..], &["pack", "lint"], &["pack", "test", "--seeds", "2"]] {
        let mut args = command.to_vec();
        args.insert(2, arg(&folder));
        let output = uncordon(&args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}{}", stdout(&output), stderr(&output));
    }
    let again = uncordon(&["pack", "new", arg(&folder)]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("is there already"));
}

/// A program whose lines are read as they come.
struct Watched {
    child: Child,
    lines: Receiver<String>,
}

impl Watched {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(UNCORDON);
        command.args(["pack", "test", arg(folder), "--seeds", "1", "--watch"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let (send, lines) = channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let forward = send.clone();
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).all(|line| forward.send(line).is_ok())
        });
        std::thread::spawn(move || {
            BufReader::new(err).lines().map_while(Result::ok).all(|line| send.send(line).is_ok())
        });
        Self { child, lines }
    }

    /// Every line up to one that holds this.
    #[track_caller]
    fn until(&self, words: &str) -> String {
        let mut all = String::new();
        while !all.contains(words) {
            match self.lines.recv_timeout(Duration::from_secs(120)) {
                Ok(line) => all.push_str(&format!("{line}\n")),
                Err(_) => panic!("{words:?} never came after\n{all}"),
            }
        }
        all
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_watched_pack_proves_again_what_changed() {
    let home = TempDir::new();
    let folder = home.0.join("p");
    let exercise = |id: &str| {
        format!(
            "id: {id}\ntitle: T\ndomain: storage\nminutes: 1\ntask: t\nchecks: [{{name: it is there, points: 1, object: \
             {{kind: ConfigMap, name: a}}}}]\nsolution: s.sh\nmistakes: [{{script: m.sh, says: none}}]\n"
        )
    };
    write(&folder, &[("pack.toml", "id = \"p\"\ntitle = \"P\"\nversion = \"1.0.0\"\n")]);
    for id in ["one", "two"] {
        write(
            &folder.join(id),
            &[("exercise.yaml", &exercise(id)), ("s.sh", "kubectl create cm a\n"), ("m.sh", "true\n")],
        );
    }
    let watched = Watched::start(&folder);
    let all = watched.until("watching");
    assert!(all.contains("✓ one") && all.contains("✓ two") && all.contains("2 of 2 proofs hold"), "{all}");
    write(&folder, &[("two/s.sh", "kubectl create cm b\n")]);
    let all = watched.until("watching");
    assert!(all.contains("two/s.sh changed") && all.contains("✗ two") && !all.contains(" one"), "{all}");
    // What is changed while the pack cannot be read waits until it can.
    write(&folder, &[("one/exercise.yaml", "id: [\n")]);
    let all = watched.until("watching");
    assert!(all.contains("one/exercise.yaml: ") && !all.contains("proofs"), "{all}");
    write(&folder, &[("two/s.sh", "kubectl create cm a\n")]);
    watched.until("watching");
    write(&folder, &[("one/exercise.yaml", &exercise("one"))]);
    let all = watched.until("watching");
    assert!(all.contains("✓ one") && all.contains("✓ two") && all.contains("2 of 2 proofs hold"), "{all}");
    write(&folder, &[("pack.toml", "id = \"p\"\ntitle = \"Q\"\nversion = \"1.0.0\"\n")]);
    assert!(watched.until("watching").contains("nothing to prove again"));
}

/// A lab as CK-X has them: one question that runs here, and one whose set-up needs what is not here.
fn ck_x(folder: &Path) -> PathBuf {
    let assessment = r#"{
  "questions": [
    {"id": "1", "namespace": "shelf", "machineHostname": "ckad9999",
     "question": "Create a Pod named `lamp` in namespace `shelf` with the image nginx:1.27.",
     "concepts": ["pods", "namespaces"],
     "verification": [
       {"id": "1", "description": "The Pod exists", "verificationScriptFile": "q1_s1_validate_pod.sh",
        "expectedOutput": "0", "weightage": 2},
       {"id": "2", "description": "It has the image", "verificationScriptFile": "q1_s2_validate_image.sh",
        "expectedOutput": "0", "weightage": 1}]},
    {"id": "2", "namespace": "none", "question": "Build an image.", "concepts": ["images"],
     "verification": [
       {"id": "1", "description": "The image is there", "verificationScriptFile": "q2_s1_validate_image.sh",
        "expectedOutput": "0", "weightage": 1}]}
  ]
}"#;
    write(
        folder,
        &[
            (
                "config.json",
                "{\"lab\": \"cka-009\", \"workerNodes\": 1, \"answers\": \"assets/exams/cka/009/answers.md\"}",
            ),
            ("assessment.json", assessment),
            (
                "answers.md",
                "# Solutions\n\n## Question 1: Pods\n\nMake it:\n\n```bash\nkubectl run lamp -n shelf --image=nginx:1.27\n```\n\n## Question 2\n\n```bash\ndocker build .\n```\n",
            ),
            (
                "scripts/setup/q1_setup.sh",
                "#!/bin/bash\nkubectl create namespace shelf --dry-run=client -o yaml | kubectl apply -f -\nexit 0\n",
            ),
            ("scripts/setup/q2_setup.sh", "#!/bin/bash\ndocker pull nginx || exit 1\n"),
            (
                "scripts/validation/q1_s1_validate_pod.sh",
                "#!/bin/bash\nif kubectl get pod lamp -n shelf &> /dev/null; then\n  echo \"✅ there\"\n  exit 0\nelse\n  echo \"❌ not there\"\n  exit 1\nfi\n",
            ),
            (
                "scripts/validation/q1_s2_validate_image.sh",
                "#!/bin/bash\nIMAGE=$(kubectl get pod lamp -n shelf -o jsonpath='{.spec.containers[0].image}' 2>/dev/null)\nif [[ \"$IMAGE\" == \"nginx:1.27\" ]]; then exit 0; fi\nexit 1\n",
            ),
            ("scripts/validation/q2_s1_validate_image.sh", "#!/bin/bash\ndocker images | grep -q mine\n"),
        ],
    );
    folder.to_owned()
}

#[test]
fn a_ck_x_lab_is_imported_as_far_as_it_runs() {
    let home = TempDir::new();
    let (lab, pack) = (ck_x(&home.0.join("lab")), home.0.join("pack"));
    let output = uncordon(&["pack", "import", arg(&lab.join("assessment.json")), arg(&pack), "--json"]);
    let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!((output.status.code(), &report[0]["taken"]), (Some(0), &Value::Bool(true)), "{report}");
    assert_eq!(report[0]["reference"]["points"], 3, "{report}");
    assert_eq!(report[1]["taken"], false, "{report}");
    assert!(report[1]["why"].as_str().unwrap().contains("docker"), "{report}");
    for command in ["lint", "test"] {
        let output = uncordon(&["pack", command, arg(&pack)]);
        assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    }
}

/// A scenario as Killercoda has them.
fn killercoda(folder: &Path) {
    let index = r#"{
  "title": "Give the shop a quota",
  "description": "Practice quotas",
  "details": {
    "intro": {"text": "intro.md", "background": "background.sh"},
    "steps": [{"title": "Quota", "text": "step1.md", "verify": "verify1.sh"},
              {"title": "Read it", "text": "step2.md", "verify": "verify2.sh"}],
    "finish": {"text": "finish.md"},
    "assets": {"host01": [{"file": "hello.txt", "target": "/opt", "chmod": "+x"}]}
  },
  "backend": {"imageid": "kubernetes-kubeadm-2nodes"}
}"#;
    write(
        folder,
        &[
            ("index.json", index),
            ("intro.md", "Welcome.\n"),
            ("finish.md", "Well done.\n"),
            ("background.sh", "kubectl create ns shop\n"),
            (
                "step1.md",
                "Give namespace `shop` a quota `caps` of 3 pods.\n\n<br>\n<details><summary>Solution</summary>\n<br>\n\n```plain\nkubectl create quota caps -n shop --hard=pods=3\n```{{exec}}\n\n</details>\n",
            ),
            (
                "verify1.sh",
                "#!/bin/bash\nset -e\nkubectl get quota caps -n shop -o jsonpath='{.spec.hard.pods}' | grep -qx 3\n",
            ),
            (
                "step2.md",
                "Write the quota's name to `/opt/name`.\n\n<details><summary>Solution</summary>\n\n```plain\nkubectl get quota -n shop -o jsonpath='{.items[0].metadata.name}' > /opt/name\n```{{exec}}\n\n</details>\n",
            ),
            ("verify2.sh", "grep -qx caps /opt/name\n"),
            ("assets/hello.txt", "hello\n"),
        ],
    );
}

#[test]
fn a_killercoda_course_is_imported() {
    let home = TempDir::new();
    let (course, pack) = (home.0.join("course"), home.0.join("pack"));
    write(&course, &[("structure.json", "{\"items\": [{\"path\": \"quota-of-the-shop\"}]}")]);
    killercoda(&course.join("quota-of-the-shop"));
    let output = uncordon(&["pack", "import", arg(&course), arg(&pack)]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}{}", stderr(&output));
    assert!(said.contains("✓ quota-of-the-shop") && said.contains("solution 4/4"), "{said}");
    let output = uncordon(&["pack", "test", arg(&pack), "--seeds", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}
