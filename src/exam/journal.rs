//! What is kept of a sitting: its beginning and everything the learner did, one record a line.
//!
//! A line is sixteen hex digits, a space, JSON and a line end. The digits are the start of the SHA-256 of the
//! digits before and the JSON, so a torn or changed line is seen, and so is a line that was taken out.
//! Knows nothing of files: a caller appends [`Link::line`] to one and syncs it before anything is shown.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::shell::vim::Need;

/// The version of the format that this program writes.
///
/// 2: the tasks of an exam have hosts that are reached from `base`.
pub(crate) const FORMAT: u32 = 2;

/// What stands in the first record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) format: u32,
    pub(crate) kind: Kind,
    /// Unix time of the beginning, in seconds.
    pub(crate) began_s: i64,
    pub(crate) seed: u64,
    /// The blueprint's name; empty for a drawn exam and for practice.
    #[serde(default)]
    pub(crate) blueprint: String,
    /// Minutes of the exam; absent when it is not timed.
    #[serde(default)]
    pub(crate) limit_min: Option<u32>,
    pub(crate) packs: Vec<PackMark>,
    pub(crate) tasks: Vec<TaskMark>,
}

/// What a sitting is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Practice,
    Exam,
}

/// A pack as it was when the sitting began.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct PackMark {
    pub(crate) id: String,
    pub(crate) version: String,
    /// SHA-256 of the pack's files, in hex.
    pub(crate) hash: String,
}

/// A task of the sitting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskMark {
    pub(crate) pack: String,
    pub(crate) exercise: String,
    pub(crate) seed: u64,
    /// The name that `base` knows the task's host by; empty where terminals begin on the host itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) host: String,
}

impl Head {
    /// True when terminals begin on `base`.
    pub(crate) fn has_base(&self) -> bool {
        self.tasks.iter().any(|task| !task.host.is_empty())
    }
}

/// Something the learner did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Milliseconds of the sitting's clock, which stands still while the program does not run.
    pub(crate) ms: u64,
    #[serde(flatten)]
    pub(crate) act: Act,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum Act {
    /// Another task was turned to.
    Turn { task: usize },
    /// The task was marked for later, or the mark was taken off.
    Flag { task: usize, on: bool },
    /// The notepad's whole text.
    Note { text: String },
    /// Something was done on a terminal of the task in front.
    #[serde(rename = "terminal")]
    Terminal { on: usize, input: Input },
    /// The points of the task in front were asked for.
    Check,
    /// A hint was shown.
    Hint,
    /// The reference was shown.
    Solution,
    /// Nothing: the clock was so far.
    Tick,
    /// The sitting was taken up again, at this Unix time in seconds.
    Resume { at_s: i64 },
    /// What this entry began never came to an end and was given up: it counts as not done.
    GaveUp { entry: usize },
    /// The end: handed in, or out of time.
    End { submitted: bool },
}

/// Something done on one terminal, or to the world behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(crate) enum Input {
    /// Another terminal was opened; its number is the next free one.
    Open,
    /// The terminal was closed; those behind it move up.
    Shut,
    /// A line, or a text of several, for the shell.
    Run { line: String },
    /// A line for a program that asked for one.
    Answer { line: String },
    /// The editor or the pager was left.
    Exit { code: i32 },
    /// The editor could not go on without this: to write, to read, to run a command.
    Need { need: Need },
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z.
    Stop,
    /// Ctrl-D at an empty prompt.
    Close,
    /// The last command was taken back.
    Undo,
    /// Back to the beginning of the task.
    Reset,
}

/// The entries as they count: one that was given up only lets its time pass.
pub(crate) fn lived(entries: &[Entry]) -> Vec<Entry> {
    let given_up = given_up(entries);
    let entries = entries.iter().enumerate();
    entries
        .map(|(index, entry)| match given_up.contains(&index) {
            true => Entry { ms: entry.ms, act: Act::Tick },
            false => entry.clone(),
        })
        .collect()
}

fn given_up(entries: &[Entry]) -> BTreeSet<usize> {
    let given_up = entries.iter().filter_map(|it| match it.act {
        Act::GaveUp { entry } => Some(entry),
        _ => None,
    });
    given_up.collect()
}

/// The entry to give up when the program was stuck behind the last one: what was done last on a terminal.
pub(crate) fn stuck(entries: &[Entry]) -> Option<usize> {
    let given_up = given_up(entries);
    let begins = |it: &Entry| matches!(it.act, Act::Terminal { .. });
    entries.iter().enumerate().rev().find(|(at, it)| begins(it) && !given_up.contains(at)).map(|(at, _)| at)
}

/// The end of the chain of records so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link(String);

/// Hex digits before each record.
const DIGITS: usize = 16;

impl Link {
    /// The line of the next record; moves on to it.
    pub(crate) fn line(&mut self, record: &impl Serialize) -> Result<String, String> {
        let json = serde_json::to_string(record).map_err(|error| error.to_string())?;
        self.0 = self.after(&json);
        Ok(format!("{} {json}\n", self.0))
    }

    fn after(&self, json: &str) -> String {
        let mut digest = Sha256::new();
        digest.update(self.0.as_bytes());
        digest.update(json.as_bytes());
        hex(&digest.finalize()).chars().take(DIGITS).collect()
    }

    /// The JSON of a line that follows this link, with the link behind it.
    fn follow<'a>(&self, line: &'a str) -> Option<(&'a str, Self)> {
        let (digits, json) = line.split_once(' ')?;
        let next = Self(self.after(json));
        (next.0 == digits).then_some((json, next))
    }
}

/// Bytes in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A journal as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recovered {
    pub(crate) head: Head,
    pub(crate) entries: Vec<Entry>,
    /// Where the next record is chained to.
    pub(crate) link: Link,
    /// Bytes of the records that hold; the file is cut here before it is written on.
    pub(crate) whole_bytes: usize,
    pub(crate) rest: Rest,
}

/// What stands behind the last record that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    Nothing,
    /// The start of a record that was being written when the machine stopped.
    Torn,
    /// More than that: somebody or something changed the file.
    Damaged,
}

/// Why a journal cannot be taken up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("nothing whole stands in it")]
    Nothing,
    #[error("it was written by a newer version of this program (format {0}, this one knows {FORMAT})")]
    Newer(u32),
}

/// Reads as many records as hold.
///
/// # Errors
/// When not even the first does, or when a newer program wrote it.
pub(crate) fn read(bytes: &[u8]) -> Result<Recovered, JournalError> {
    let mut link = Link::default();
    let mut whole_bytes = 0;
    let mut head = None;
    let mut entries = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(text) = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok()) else {
            break;
        };
        let Some((json, next)) = link.follow(text) else { break };
        if head.is_none() {
            head = Some(read_head(json)?);
        } else {
            let Ok(entry) = serde_json::from_str(json) else { break };
            entries.push(entry);
        }
        link = next;
        whole_bytes += line.len();
    }
    let head = head.ok_or(JournalError::Nothing)?;
    let rest = match bytes.get(whole_bytes..).unwrap_or_default() {
        [] => Rest::Nothing,
        rest if rest.contains(&b'\n') => Rest::Damaged,
        _ => Rest::Torn,
    };
    Ok(Recovered { head, entries, link, whole_bytes, rest })
}

fn read_head(json: &str) -> Result<Head, JournalError> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    match serde_json::from_str::<Format>(json) {
        Ok(Format { format }) if format > FORMAT => Err(JournalError::Newer(format)),
        _ => serde_json::from_str(json).map_err(|_| JournalError::Nothing),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A head for tests.
    pub(crate) fn head(tasks: &[&str]) -> Head {
        let task = |id: &&str| TaskMark {
            pack: "cka-core".into(),
            exercise: (*id).to_owned(),
            seed: 1,
            host: String::new(),
        };
        Head {
            format: FORMAT,
            kind: Kind::Exam,
            began_s: 1_795_000_000,
            seed: 7,
            blueprint: String::new(),
            limit_min: Some(120),
            packs: vec![PackMark { id: "cka-core".into(), version: "0.1.0".into(), hash: "00".into() }],
            tasks: tasks.iter().map(task).collect(),
        }
    }

    /// The bytes of a journal.
    pub(crate) fn written(head: &Head, entries: &[Entry]) -> Vec<u8> {
        let mut link = Link::default();
        let mut text = link.line(head).unwrap();
        for entry in entries {
            text.push_str(&link.line(entry).unwrap());
        }
        text.into_bytes()
    }

    /// Something of everything.
    pub(crate) fn entries() -> Vec<Entry> {
        let on = |line: &str| Act::Terminal { on: 0, input: Input::Run { line: line.to_owned() } };
        let acts = [
            Act::Turn { task: 0 },
            on("kubectl get nodes"),
            on("echo '한글 “quotes” \\ \n two lines' > /root/a"),
            Act::Flag { task: 0, on: true },
            Act::Note { text: "come back\nhere".into() },
            Act::Terminal { on: 0, input: Input::Interrupt },
            Act::Terminal { on: 1, input: Input::Open },
            Act::Terminal { on: 1, input: Input::Need { need: Need::Read { path: "a".into() } } },
            Act::Tick,
            Act::Turn { task: 1 },
            Act::Resume { at_s: 5 },
            Act::End { submitted: true },
        ];
        acts.into_iter().enumerate().map(|(index, act)| Entry { ms: 1000 * index as u64, act }).collect()
    }

    #[test]
    fn what_was_written_is_read() {
        let (head, entries) = (head(&["a", "b"]), entries());
        let read = read(&written(&head, &entries)).unwrap();
        assert_eq!((read.head, read.entries, read.rest), (head, entries, Rest::Nothing));
    }

    /// A kill may leave the file at any byte. Whatever was whole is there, and writing on from it gives a
    /// journal that is whole again.
    #[test]
    fn cut_at_any_byte_only_what_was_being_written_is_lost() {
        let (head, entries) = (head(&["a", "b"]), entries());
        let bytes = written(&head, &entries);
        let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for cut in 0..=bytes.len() {
            let part = &bytes[..cut];
            if cut < first {
                assert_eq!(read(part), Err(JournalError::Nothing), "cut at {cut}");
                continue;
            }
            let whole = part.iter().filter(|byte| **byte == b'\n').count() - 1;
            let mut found = read(part).unwrap();
            assert_eq!(found.entries, entries[..whole], "cut at {cut}");
            assert_ne!(found.rest, Rest::Damaged, "cut at {cut}");
            let mut on = part[..found.whole_bytes].to_vec();
            for entry in &entries[whole..] {
                on.extend_from_slice(found.link.line(entry).unwrap().as_bytes());
            }
            assert_eq!(on, bytes, "written on from {cut}");
        }
    }

    /// Power loss may leave blocks of zeros, or of something else, where the end should be.
    #[test]
    fn no_changed_byte_goes_unseen() {
        let bytes = written(&head(&["a"]), &entries());
        for at in (0..bytes.len()).step_by(3) {
            for wrong in [0, b'\n', bytes[at] ^ 1] {
                let mut changed = bytes.clone();
                changed[at] = wrong;
                if changed == bytes {
                    continue;
                }
                let seen = read(&changed).map_or(true, |found| found.whole_bytes <= at);
                assert!(seen, "byte {at} became {wrong}");
            }
        }
    }

    #[test]
    fn a_line_taken_out_and_a_newer_format_are_told() {
        let bytes = written(&head(&["a"]), &entries());
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let without: Vec<u8> = [&lines[..3], &lines[4..]].concat().concat();
        let found = read(&without).unwrap();
        assert_eq!((found.entries.len(), found.rest), (2, Rest::Damaged));
        let newer = Head { format: FORMAT + 1, ..head(&["a"]) };
        assert_eq!(read(&written(&newer, &[])), Err(JournalError::Newer(FORMAT + 1)));
    }
}
