//! Screens of an exam at fixed sizes, and what its keys ask for.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::exam::score::{CheckScore, DomainScore, Score, TaskScore};
use crate::tui::{Card, FromShell, Language, Lesson, Words, update, view};

fn opened(host: &str, task: &str) -> Option<Box<Opened>> {
    let card = Card { id: host.into(), minutes: 6, ..Card::default() };
    Some(Box::new(Opened {
        card,
        seed: 1,
        task: format!("**Host:** `{host}`\n\n{task}"),
        host: host.into(),
        hints: Vec::new(),
        hints_shown: 0,
        prompt: format!("root@{host}:~# "),
    }))
}

fn tell(state: &mut State, msg: ExamMsg) {
    assert_eq!(update(state, Msg::Exam(Box::new(msg))), None);
}

fn key(state: &mut State, code: KeyCode) -> Option<Effect> {
    update(state, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn exam() -> State {
    let mut state = State::new(Theme::PLAIN, Words::default(), (80, 24));
    let task = |host: &str| ExamTask { host: host.into(), flagged: false, begun: false };
    let tasks = ["cka-7412", "cka-2290", "cka-5031"].map(task).into();
    tell(&mut state, ExamMsg::Began { tasks, note: "2: check dns".into() });
    let text = "Node `node01` must be serviced.\n\n- Move every pod off it.\n- Let no new one in.";
    tell(&mut state, ExamMsg::Turned { task: 0, opened: opened("cka-7412", text) });
    tell(&mut state, ExamMsg::Clock { elapsed_s: 61, left_s: Some(7139), alert: None });
    state
}

fn score() -> Score {
    let check = |name: &str, points, max| CheckScore {
        name: name.into(),
        points,
        max,
        saw: "web-1, web-2".into(),
        wanted: "no Pod with spec.nodeName node01".into(),
        mistake: if points == max { String::new() } else { "still there: cordon does not move pods".into() },
    };
    let task = |title: &str, domain: &str, checks: Vec<CheckScore>| TaskScore {
        exercise: title.to_lowercase().replace(' ', "-"),
        title: title.into(),
        domain: domain.into(),
        points: checks.iter().map(|it| it.points).sum(),
        max: checks.iter().map(|it| it.max).sum(),
        checks,
        seconds: 421,
        budget_s: 360,
        commands: vec![(75, "kubectl cordon node01".into())],
        reference_commands: 2,
        diff: "--- yours: Node node01\n+++ reference: Node node01\n@@ -1 +1 @@\n-  a: 1\n+  a: 2\n".into(),
        ..TaskScore::default()
    };
    let domain =
        |domain: &str, weight, points, max| DomainScore { domain: domain.into(), weight, points, max };
    Score {
        permille: 667,
        passed: true,
        seconds: 5_432,
        domains: vec![domain("cluster-architecture", 25, 2, 5), domain("services-networking", 20, 4, 4)],
        tasks: vec![
            task(
                "Empty a node",
                "cluster-architecture",
                vec![check("closed", 2, 2), check("no pod is left", 0, 3)],
            ),
            task("Let the shop reach its database only", "services-networking", vec![check("open", 4, 4)]),
        ],
    }
}

fn result() -> State {
    let mut state = exam();
    let lesson = Lesson {
        title: String::new(),
        reference: "kubectl drain node01\n".into(),
        explain: "Draining **evicts**.".into(),
    };
    let result = ResultScreen {
        score: score(),
        lessons: vec![lesson.clone(), lesson],
        file: "Result file: /home/mina/.local/share/uncordon/results/exam-1.json".into(),
        ..ResultScreen::default()
    };
    tell(&mut state, ExamMsg::Ended(Box::new(result)));
    state
}

fn screen(state: &mut State, (width, height): (u16, u16)) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view(state, frame)).unwrap();
    terminal
}

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (140, 45);

#[test]
fn a_task_has_its_time_its_host_and_no_points() {
    let mut state = exam();
    insta::assert_snapshot!("task_small", screen(&mut state, SMALL).backend());
    insta::assert_snapshot!("task_large", screen(&mut state, LARGE).backend());
}

#[test]
fn every_task_with_its_state_and_the_end_can_be_seen() {
    let mut state = exam();
    tell(&mut state, ExamMsg::Begun { task: 0 });
    tell(&mut state, ExamMsg::Flagged { task: 1, on: true });
    key(&mut state, KeyCode::F(5));
    insta::assert_snapshot!("tasks_small", screen(&mut state, SMALL).backend());
    insta::assert_snapshot!("tasks_large", screen(&mut state, LARGE).backend());
    key(&mut state, KeyCode::Down);
    assert_eq!(key(&mut state, KeyCode::Enter), Some(Effect::Exam(ExamEffect::Turn(1))));
    key(&mut state, KeyCode::F(10));
    insta::assert_snapshot!("end_small", screen(&mut state, SMALL).backend());
    assert_eq!(key(&mut state, KeyCode::Enter), None, "Enter alone hands nothing in");
    assert_eq!(key(&mut state, KeyCode::Char('h')), Some(Effect::Exam(ExamEffect::Submit)));
}

#[test]
fn notes_are_kept_when_they_close() {
    let mut state = exam();
    key(&mut state, KeyCode::F(6));
    key(&mut state, KeyCode::Char('!'));
    insta::assert_snapshot!("notes_small", screen(&mut state, SMALL).backend());
    let note = ExamEffect::Note("2: check dns!".into());
    assert_eq!(key(&mut state, KeyCode::Esc), Some(Effect::Exam(note)));
}

#[test]
fn no_key_gives_feedback_before_the_end() {
    let mut state = exam();
    for number in 1..=12 {
        let effect = key(&mut state, KeyCode::F(number));
        let allowed = matches!(effect, None | Some(Effect::Exam(_)));
        assert!(allowed, "F{number} asks for {effect:?}");
        key(&mut state, KeyCode::Esc);
    }
}

#[test]
fn terminals_stay_when_another_task_is_turned_to() {
    let mut state = exam();
    let _ = update(&mut state, Msg::Shell(0, FromShell::Printed(b"something seen\n".to_vec())));
    assert_eq!(key(&mut state, KeyCode::F(3)), Some(Effect::Exam(ExamEffect::Turn(1))));
    tell(&mut state, ExamMsg::Turned { task: 1, opened: opened("cka-2290", "Other.") });
    let seen = |state: &mut State| screen(state, SMALL).backend().to_string().contains("something seen");
    assert!(seen(&mut state));
    tell(&mut state, ExamMsg::Turned { task: 0, opened: None });
    assert!(seen(&mut state));
    assert_eq!(key(&mut state, KeyCode::F(2)), None, "there is none before the first");
}

#[test]
fn the_time_warns_and_alarms() {
    let mut state = exam();
    tell(&mut state, ExamMsg::Clock { elapsed_s: 5400, left_s: Some(1800), alert: Some(30) });
    let text = screen(&mut state, SMALL).backend().to_string();
    assert!(text.contains("30 minutes are left") && text.contains("30:00 left"), "{text}");
}

#[test]
fn the_result_tells_points_time_and_why() {
    let mut state = result();
    insta::assert_snapshot!("result_small", screen(&mut state, SMALL).backend());
    insta::assert_snapshot!("result_large", screen(&mut state, LARGE).backend());
    key(&mut state, KeyCode::Down);
    insta::assert_snapshot!("result_task_small", screen(&mut state, SMALL).backend());
    insta::assert_snapshot!("result_task_large", screen(&mut state, LARGE).backend());
    assert_eq!(key(&mut state, KeyCode::Char('q')), Some(Effect::Quit));
}

#[test]
fn an_exam_speaks_korean() {
    let korean = |state: &mut State| state.words = Words(Language::Korean);
    let mut state = exam();
    korean(&mut state);
    insta::assert_snapshot!("korean_small", screen(&mut state, SMALL).backend());
    insta::assert_snapshot!("korean_large", screen(&mut state, LARGE).backend());
    for (number, name) in [(1, "help"), (5, "tasks"), (6, "notes"), (10, "end")] {
        key(&mut state, KeyCode::F(number));
        insta::assert_snapshot!(format!("korean_{name}"), screen(&mut state, SMALL).backend());
        key(&mut state, KeyCode::Esc);
    }
    let mut state = result();
    korean(&mut state);
    insta::assert_snapshot!("korean_result_small", screen(&mut state, SMALL).backend());
    key(&mut state, KeyCode::Down);
    insta::assert_snapshot!("korean_result_task_large", screen(&mut state, LARGE).backend());
}

/// Every screen of an exam, in both languages and both sizes.
#[test]
fn every_screen_of_an_exam_speaks_both_languages() {
    let with = |mut state: State, keys: &[KeyCode]| {
        keys.iter().for_each(|code| drop(key(&mut state, *code)));
        state
    };
    type Screen<'a> = (&'a str, fn() -> State, &'a [KeyCode]);
    let screens: [Screen<'_>; 7] = [
        ("task", exam, &[]),
        ("help", exam, &[KeyCode::F(1)]),
        ("tasks", exam, &[KeyCode::F(5)]),
        ("notes", exam, &[KeyCode::F(6)]),
        ("end", exam, &[KeyCode::F(10)]),
        ("result", result, &[]),
        ("result_task", result, &[KeyCode::Down]),
    ];
    for (name, build, keys) in screens {
        for language in [Language::English, Language::Korean] {
            for size in [SMALL, LARGE] {
                let mut state = with(build(), keys);
                state.words = Words(language);
                let name = format!("all_{name}_{}_{}", language.code(), size.0);
                insta::assert_snapshot!(name, screen(&mut state, size).backend());
            }
        }
    }
}

#[test]
fn an_exam_of_any_size_is_drawn() {
    for size in [(1, 1), (40, 10), (80, 24), (300, 100)] {
        for keys in [vec![], vec![KeyCode::F(5)], vec![KeyCode::F(6)], vec![KeyCode::F(10)]] {
            let mut state = exam();
            keys.into_iter().for_each(|code| drop(key(&mut state, code)));
            let _ = screen(&mut state, size);
        }
        let _ = screen(&mut result(), size);
    }
}
