//! The file an instructor gets: what was typed and what it was worth, and whether the one follows from the other.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::journal::{self, Entry, FORMAT, Head, hex};
use super::score::{Score, TaskScore, percent};
use super::sitting::Sitting;
use crate::exercises::{Exercise, Pack};

/// A result file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResultFile {
    /// Always `result`: tells this file from others.
    uncordon: String,
    /// Who sat the exam, as they called themselves.
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) head: Head,
    pub(crate) entries: Vec<Entry>,
    pub(crate) score: Score,
    /// SHA-256 of everything above. It shows that a file was changed, not by whom.
    seal: String,
    /// SHA-256 of each part alone, in the order of [`PARTS`]: it shows what was changed. Older files have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<String>,
}

/// What is said when a part of the file was changed.
const PARTS: [&str; 4] = [
    "who sat the exam was changed",
    "the exam itself (seed, packs, tasks or limit of time) was changed",
    "what was typed, or when, was changed",
    "the score was changed",
];

/// What a check of a result file found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    /// What is not as the file claims; empty when all of it is.
    pub(crate) differs: Vec<String>,
    /// The score of the replay, unless the packs are not here.
    pub(crate) score: Option<Score>,
}

impl ResultFile {
    /// The file of a sitting.
    pub(crate) fn new(name: &str, head: Head, entries: Vec<Entry>, score: Score) -> Self {
        let mut file = Self {
            uncordon: "result".into(),
            name: name.to_owned(),
            head,
            entries,
            score,
            seal: String::new(),
            parts: Vec::new(),
        };
        file.parts = file.digests();
        file.seal = file.sealed();
        file
    }

    /// Reads one.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Mark {
            uncordon: String,
            head: Format,
        }
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err("the file is empty".to_owned());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "not a result file: it is no text".to_owned())?;
        let mark: Mark = serde_json::from_str(text).map_err(|error| match error.is_eof() {
            true => "not a whole result file: its end is missing".to_owned(),
            false => format!("not a result file: {error}"),
        })?;
        if mark.uncordon != "result" {
            return Err(format!("not a result file, but {:?}", mark.uncordon));
        }
        if mark.head.format > FORMAT {
            return Err(format!("written by a newer version of this program (format {})", mark.head.format));
        }
        serde_json::from_slice(bytes).map_err(|error| format!("not a whole result file: {error}"))
    }

    /// The file's text.
    ///
    /// # Errors
    /// Never for what [`ResultFile::new`] makes.
    pub(crate) fn text(&self) -> Result<String, String> {
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        Ok(text + "\n")
    }

    fn sealed(&self) -> String {
        let parts = serde_json::to_vec(&(&self.name, &self.head, &self.entries, &self.score));
        hex(&Sha256::digest(parts.unwrap_or_default()))
    }

    /// The digest of each part.
    fn digests(&self) -> Vec<String> {
        let parts = [
            serde_json::to_vec(&self.name),
            serde_json::to_vec(&self.head),
            serde_json::to_vec(&self.entries),
            serde_json::to_vec(&self.score),
        ];
        parts.map(|it| hex(&Sha256::digest(it.unwrap_or_default()))).into()
    }

    /// What was changed since the file was written.
    fn changes(&self) -> Vec<String> {
        if self.seal == self.sealed() {
            return Vec::new();
        }
        let mut all = vec!["the file was changed after it was written".to_owned()];
        let parts = PARTS.iter().zip(self.parts.iter().zip(self.digests()));
        all.extend(parts.filter(|(_, (then, now))| *then != now).map(|(says, _)| (*says).to_owned()));
        all
    }

    /// Does everything again that the file says was done, and compares what it was worth.
    pub(crate) fn verify(&self, packs: &[Pack]) -> Verified {
        let mut differs = self.changes();
        differs.extend(self.packs_that_differ(packs));
        let score = exercises(&self.head, packs).and_then(|exercises| self.replay(exercises));
        let score = match score {
            Ok(score) => {
                differs.extend(compare(&self.score, &score));
                Some(score)
            }
            Err(why) => {
                differs.push(format!("it cannot be replayed: {why}"));
                None
            }
        };
        Verified { differs, score }
    }

    fn replay(&self, exercises: Vec<Exercise>) -> Result<Score, String> {
        let mut sitting = Sitting::new(self.head.clone(), exercises);
        for entry in &journal::lived(&self.entries) {
            let _ = sitting.take(entry)?;
        }
        super::score::score(&sitting)
    }

    fn packs_that_differ(&self, packs: &[Pack]) -> Vec<String> {
        let differs = |mark: &super::journal::PackMark| match packs.iter().find(|pack| pack.id == mark.id) {
            None => Some(format!("pack {} {} is not installed here", mark.id, mark.version)),
            Some(pack) if pack.hash != mark.hash => Some(format!(
                "pack {} {} here is not the one of the exam ({})",
                pack.id, pack.version, mark.version
            )),
            Some(_) => None,
        };
        self.head.packs.iter().filter_map(differs).collect()
    }
}

/// The exercises of a sitting, in its order.
///
/// # Errors
/// The exercise that no pack has.
pub(crate) fn exercises(head: &Head, packs: &[Pack]) -> Result<Vec<Exercise>, String> {
    let find = |task: &super::journal::TaskMark| {
        let pack = packs.iter().find(|pack| pack.id == task.pack);
        let found = pack.and_then(|pack| pack.exercises.iter().find(|it| it.id == task.exercise));
        found.cloned().ok_or_else(|| format!("there is no exercise {}/{}", task.pack, task.exercise))
    };
    head.tasks.iter().map(find).collect()
}

/// Where a claimed score is not the one that was found.
fn compare(claimed: &Score, found: &Score) -> Vec<String> {
    let mut differs = Vec::new();
    if (claimed.permille, claimed.passed) != (found.permille, found.passed) {
        differs.push(format!(
            "score: the file says {}, the replay gives {}",
            percent(claimed.permille),
            percent(found.permille)
        ));
    }
    if claimed.tasks.len() != found.tasks.len() {
        differs.push(format!("tasks: the file has {}, the exam {}", claimed.tasks.len(), found.tasks.len()));
    }
    for (number, (claimed, found)) in claimed.tasks.iter().zip(&found.tasks).enumerate() {
        differs.extend(
            compare_tasks(claimed, found)
                .into_iter()
                .map(|it| format!("task {} {}: {it}", number + 1, found.exercise)),
        );
    }
    differs
}

fn compare_tasks(claimed: &TaskScore, found: &TaskScore) -> Vec<String> {
    let mut differs = Vec::new();
    if claimed.points != found.points {
        differs.push(format!("the file says {} points, the replay gives {}", claimed.points, found.points));
    }
    for check in &found.checks {
        let said = claimed.checks.iter().find(|it| it.name == check.name).map_or(0, |it| it.points);
        if said != check.points {
            differs.push(format!(
                "check {:?}: {said} points in the file, {} in the replay",
                check.name, check.points
            ));
        }
    }
    if claimed.commands != found.commands {
        differs.push("the list of commands is not what was typed".to_owned());
    }
    if claimed.seconds != found.seconds {
        differs.push(format!("{} s in the file, {} s in the replay", claimed.seconds, found.seconds));
    }
    differs
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::journal::tests::head;
    use super::super::seat::tests::exercise;
    use super::super::sitting::tests::{acts, lived};
    use super::*;

    fn packs() -> Vec<Pack> {
        let exercise = exercise();
        vec![Pack {
            licence: String::new(),
            authors: Vec::new(),
            id: "cka-core".into(),
            title: String::new(),
            version: "0.1.0".into(),
            hash: "00".into(),
            blueprints: Vec::new(),
            exercises: vec![exercise],
        }]
    }

    /// The result of the tests' sitting.
    pub(crate) fn file() -> ResultFile {
        let score = super::super::score::score(&lived(&acts())).unwrap();
        ResultFile::new("Mina", head(&["scale-web", "scale-web"]), acts(), score)
    }

    #[test]
    fn an_honest_file_is_what_it_claims_and_a_changed_one_is_not() {
        let file = file();
        let text = file.text().unwrap();
        let read = ResultFile::read(text.as_bytes()).unwrap();
        assert_eq!(read, file);
        assert_eq!(read.verify(&packs()).differs, Vec::<String>::new());

        let mut better = read;
        better.score.permille = 900;
        better.score.passed = true;
        better.score.tasks[0].points = 6;
        better.score.tasks[0].checks[0].points = 4;
        insta::assert_snapshot!(better.verify(&packs()).differs.join("\n"));

        let other = text.replace("--replicas=2", "--replicas=3");
        let differs = ResultFile::read(other.as_bytes()).unwrap().verify(&packs()).differs;
        assert!(differs.iter().any(|it| it.contains("the file was changed")), "{differs:?}");
        assert!(differs.iter().any(|it| it.starts_with("task 1")), "{differs:?}");
        assert!(ResultFile::read(b"{}").is_err() && ResultFile::read(&text.as_bytes()[..50]).is_err());
    }

    /// What can be done to a file, and a sentence that it must lead to.
    type Tampering = (&'static str, fn(&mut crate::apimachinery::json::Value), &'static str);

    const TAMPERINGS: &[Tampering] = &[
        ("score", |it| it["score"]["permille"] = 900.into(), "score: the file says 90.0 %"),
        ("points", |it| it["score"]["tasks"][0]["points"] = 6.into(), "the file says 6 points"),
        ("name", |it| it["name"] = "Nima".into(), "who sat the exam was changed"),
        ("seed", |it| it["head"]["seed"] = 77.into(), "the exam itself"),
        ("pack", |it| it["head"]["packs"][0]["hash"] = "11".into(), "here is not the one of the exam"),
        ("limit", |it| it["head"]["limit_min"] = 600.into(), "the exam itself"),
        (
            "command",
            |it| it["entries"][1]["input"]["line"] = "kubectl get nodes".into(),
            "is not what was typed",
        ),
        ("time", |it| it["entries"][1]["ms"] = 8_000.into(), "what was typed, or when, was changed"),
        ("less", |it| drop(it["entries"].as_array_mut().unwrap().remove(5)), "the replay gives"),
        (
            "order",
            |it| it["entries"].as_array_mut().unwrap().swap(1, 5),
            "what was typed, or when, was changed",
        ),
        (
            "more",
            |it| {
                let all = it["entries"].as_array_mut().unwrap();
                all.insert(2, all[1].clone());
            },
            "is not what was typed",
        ),
        ("seal", |it| it["seal"] = "00".into(), "the file was changed"),
    ];

    #[test]
    fn every_tampering_is_recognised() {
        let honest: crate::apimachinery::json::Value = serde_json::from_str(&file().text().unwrap()).unwrap();
        for (name, tamper, says) in TAMPERINGS {
            let mut value = honest.clone();
            tamper(&mut value);
            let differs = ResultFile::read(value.to_string().as_bytes()).unwrap().verify(&packs()).differs;
            assert!(
                differs.first().is_some_and(|it| it.contains("the file was changed")),
                "{name}: {differs:?}"
            );
            assert!(differs.iter().any(|it| it.contains(says)), "{name}: {differs:?}");
        }
    }

    #[test]
    fn what_is_no_result_file_is_told() {
        let text = file().text().unwrap();
        let newer = text.replacen("\"format\": ", "\"format\": 9", 1);
        let cut = &text.as_bytes()[..text.len() / 2];
        let cases: [(&[u8], &str); 7] = [
            (b"", "empty"),
            (b" \n", "empty"),
            (&[0xff, 0xfe, 0], "no text"),
            (b"PK and so on", "not a result file: expected value"),
            (b"{\"uncordon\": \"progress\", \"head\": {\"format\": 1}}", "but \"progress\""),
            (cut, "its end is missing"),
            (newer.as_bytes(), "newer version"),
        ];
        for (bytes, says) in cases {
            let why = ResultFile::read(bytes).unwrap_err();
            assert!(why.contains(says), "{says}: {why}");
        }
    }

    #[test]
    fn another_pack_is_told() {
        let mut packs = packs();
        packs[0].hash = "11".into();
        let differs = file().verify(&packs).differs;
        assert_eq!(differs, ["pack cka-core 0.1.0 here is not the one of the exam (0.1.0)"]);
        assert!(file().verify(&[]).score.is_none());
    }
}
