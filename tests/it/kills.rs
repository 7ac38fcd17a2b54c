//! The kill test: the program is killed at random points of exams in a pseudo-terminal, and taken up again.
//!
//! Whatever stood on the screen when it was killed is there afterwards. `UNCORDON_KILLS` says how often (200 is the
//! long run), `UNCORDON_KILL_SEED` which random points.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::exam::{F2, F3, F4, F6, F10, go_to_host, kill, write_pack};
use super::screen::Session;
use super::screen::tempdir::TempDir;

/// Kills in a run of the tests.
const KILLS: u64 = 50;

/// Kills of one exam, at most: a new one begins before its replay gets long.
const KILLS_PER_EXAM: u64 = 20;

/// Exams at a time. Most of an exam is waiting: for keys, for the screen, for the moment to be killed.
const AT_A_TIME: u64 = 5;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// A linear congruential generator: the points need no better chance, and the same seed gives the same.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// What a screen shows of what must not be lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    task: String,
    flagged: bool,
    /// Words that commands printed.
    words: BTreeSet<String>,
}

/// So many lines may go, at most, between a kill and what is shown after it.
const SCROLLS_AWAY: usize = 10;

fn seen(session: &Session) -> Seen {
    let text = session.text();
    let top = text.lines().next().unwrap_or_default().to_owned();
    let task = top.split("Task ").nth(1).map(|it| it.chars().take(6).collect()).unwrap_or_default();
    // Lines at the top may scroll away when what was typed and not yet shown comes as well.
    let lower: Vec<&str> = text.lines().skip(SCROLLS_AWAY).collect();
    let lower = lower.join("\n");
    let words = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.strip_prefix("seen").is_some_and(|it| it.bytes().all(|b| b.is_ascii_digit())))
        .map(str::to_owned)
        .collect();
    Seen { task, flagged: top.contains('⚑'), words }
}

/// What is done before a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// A command whose word is printed and kept in a file.
    Command,
    /// A command that prints while it runs.
    Slow,
    Flag,
    Turn,
    Note,
}

const DEEDS: &[Deed] =
    &[Deed::Command, Deed::Command, Deed::Command, Deed::Slow, Deed::Flag, Deed::Turn, Deed::Note];

fn act(session: &mut Session, deed: Deed, round: u64) {
    let word = |number: u64| format!("word{number:04}");
    match deed {
        Deed::Command => {
            let word = word(round * 10);
            session.press(&format!("echo {word} >> /tmp/log; tail -n 1 /tmp/log | sed s/word/seen/\r"));
        }
        Deed::Slow => session.press(&format!(
            "for i in 1 2 3; do echo word{round:03}$i | tee -a /tmp/log | sed s/word/seen/; sleep 0.1; done\r"
        )),
        Deed::Flag => session.press(F4),
        Deed::Turn => session.press(if round.is_multiple_of(2) { F3 } else { F2 }),
        Deed::Note => session.press(&format!("{F6}note{round}\r\x1b")),
    }
}

/// How many kills each exam gets.
fn shares(kills: u64) -> Vec<u64> {
    let exams = kills.div_ceil(KILLS_PER_EXAM).max(AT_A_TIME.min(kills));
    (0..exams).map(|exam| kills / exams + u64::from(exam < kills % exams)).collect()
}

#[test]
fn killed_at_random_points_nothing_that_was_shown_is_lost() {
    let seed = number("UNCORDON_KILL_SEED", 7);
    let kills = number("UNCORDON_KILLS", KILLS);
    let shares = shares(kills);
    assert_eq!(shares.iter().sum::<u64>(), kills);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(kills) = shares.get(number) else { break };
                    exam(&mut Chance(seed + 1000 * number as u64), *kills, &format!("{seed}, exam {number}"));
                }
            });
        }
    });
}

fn exam(chance: &mut Chance, kills: u64, seed: &str) {
    let home = TempDir::new();
    write_pack(&home.0.join("data"));
    let mut session = Session::open_in(&home.0, &["exam", "--blueprint", "three", "--untimed"]);
    session.wait_for("Task 1 of 3");
    session.wait_for("candidate@base");
    go_to_host(&mut session);
    let mut words = BTreeSet::new();
    for round in 0..kills {
        let deed = DEEDS[chance.below(DEEDS.len() as u64) as usize];
        let before = seen(&session);
        act(&mut session, deed, round);
        std::thread::sleep(Duration::from_millis(chance.below(400)));
        kill(&mut session);
        let shown = seen(&session);
        words.extend(shown.words.iter().cloned());
        session = Session::open_in(&home.0, &["exam", "--resume"]);
        session.wait_for("goes on where it was");
        let what = format!("seed {seed}, round {round}, {deed:?}: {before:?}, then {shown:?}");
        for word in &shown.words {
            session.wait_for(word);
        }
        // What was not shown yet may have been done: the key was kept, and the frame did not come.
        let now = seen(&session);
        assert!(now.task == shown.task || deed == Deed::Turn, "{what}, and now {now:?}");
        assert!(
            now.flagged == shown.flagged || matches!(deed, Deed::Flag | Deed::Turn),
            "{what}, now {now:?}"
        );
        session.press("\x03");
        session.wait_for("candidate@controlplane");
    }
    // The world has every word that was ever shown, however often it was built again.
    session.press("clear; sort -u /tmp/log | sed s/word/kept/ | xargs -n 5; echo all\r");
    session.wait_for("all");
    for word in &words {
        session.wait_for(&word.replace("seen", "kept"));
    }
    session.press(F10);
    session.wait_for("tasks are not begun");
    session.press("h");
    session.wait_for("not passed");
    session.press("q");
    assert!(session.child.wait().expect("it ends").success());
}
