//! Whole screens at fixed sizes, and what typing does.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::message::{CheckLine, Verdict};
use super::*;
use crate::shell::vim::{Found, Need};
use crate::shell::{EditRequest, EditorKind, PageRequest};

fn cards() -> Vec<Card> {
    let card = |id: &str, title: &str, domain: &str, points| Card {
        id: id.into(),
        pack: "cka-core".into(),
        title: title.into(),
        domain: domain.into(),
        difficulty: "core".into(),
        minutes: 6,
        points,
        best: None,
    };
    vec![
        card("drain", "Take a node out of service", "cluster-architecture", 7),
        card("policy", "Let the shop reach its database only", "services-networking", 8),
    ]
}

fn opened() -> Opened {
    Opened {
        card: cards().remove(0),
        seed: 1,
        task: "Node `node01` must be serviced. Move every pod off it, and let no new one in.".into(),
        host: "controlplane".into(),
        hints: vec!["`kubectl drain` does both.".into()],
        hints_shown: 0,
        prompt: "root@controlplane:~# ".into(),
    }
}

fn home(words: Words) -> State {
    let mut state = State::new(Theme::PLAIN, words, (80, 24));
    let _ = update(&mut state, Msg::Cards(cards()));
    state
}

/// A message from the first terminal's shell.
fn shell(msg: FromShell) -> Msg {
    Msg::Shell(0, msg)
}

fn printed(text: &str) -> Msg {
    shell(FromShell::Printed(text.as_bytes().to_vec()))
}

fn edit(kind: EditorKind, name: &str, text: &str) -> Msg {
    let (name, text) = (name.to_owned(), text.to_owned());
    let found = Found { exists: true, readable: true, writable: true, text, ..Found::default() };
    shell(FromShell::Edit(Box::new(EditRequest { kind, name, found, ..EditRequest::default() })))
}

fn exercise() -> State {
    let mut state = home(Words::default());
    let _ = update(&mut state, Msg::Opened(Box::new(opened())));
    state
}

fn key(code: KeyCode) -> Msg {
    Msg::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn control(letter: char) -> Msg {
    Msg::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL))
}

fn typed(state: &mut State, text: &str) -> Vec<Effect> {
    text.chars()
        .filter_map(|c| update(state, key(if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) })))
        .collect()
}

fn screen(state: &mut State, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view(state, frame)).unwrap();
    terminal
}

#[test]
fn the_home_screen_lists_exercises_by_domain() {
    let mut state = home(Words::default());
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
    insta::assert_snapshot!("home_wide", screen(&mut state, 140, 45).backend());
}

#[test]
fn the_first_frame_does_not_wait_for_the_exercises() {
    let mut state = State::new(Theme::PLAIN, Words::default(), (80, 24));
    assert!(screen(&mut state, 80, 24).backend().to_string().contains("Reading the exercises"));
}

#[test]
fn an_exercise_has_its_task_left_and_its_terminal_right() {
    let mut state = exercise();
    assert_eq!(
        typed(&mut state, "kubectl get no\n"),
        [Effect::Shell(0, ToShell::Run("kubectl get no".into()))]
    );
    let _ = update(&mut state, printed("NAME     STATUS\nnode01   Ready\n"));
    let _ = update(&mut state, shell(FromShell::Prompt("root@controlplane:~# ".into())));
    let _ = typed(&mut state, "k dr");
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
    insta::assert_snapshot!("wide", screen(&mut state, 140, 45).backend());
}

#[test]
fn checks_show_what_was_seen_and_wanted() {
    let mut state = exercise();
    assert_eq!(update(&mut state, key(KeyCode::F(3))), Some(Effect::Check));
    let check = |name: &str, points, saw: &str| CheckLine {
        name: name.into(),
        points,
        max: 3,
        saw: saw.into(),
        wanted: "no pods".into(),
        mistake: "not effective".into(),
    };
    let checks = vec![check("the node takes no new pods", 3, ""), check("no pod is left", 0, "web-1, web-2")];
    let _ = update(&mut state, Msg::Graded(Verdict { points: 3, max: 6, checks }));
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
}

#[test]
fn help_knows_where_it_is() {
    let mut state = exercise();
    let _ = update(&mut state, key(KeyCode::F(1)));
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
    let _ = update(&mut state, key(KeyCode::Esc));
    assert!(!state.help);
}

#[test]
fn control_keys_reach_what_runs() {
    let mut state = exercise();
    let _ = typed(&mut state, "sleep 100\n");
    assert_eq!(update(&mut state, control('c')), Some(Effect::Shell(0, ToShell::Interrupt)));
    let _ = update(&mut state, shell(FromShell::Prompt("$ ".into())));
    assert_eq!(update(&mut state, control('d')), Some(Effect::Shell(0, ToShell::Close)));
    assert_eq!(
        update(&mut state, key(KeyCode::Tab)),
        Some(Effect::Shell(0, ToShell::Complete { line: String::new(), cursor: 0 }))
    );
}

#[test]
fn completion_goes_as_far_as_all_agree_and_then_lists() {
    let mut state = exercise();
    let _ = typed(&mut state, "kubectl d");
    let both = || vec!["delete".to_owned(), "describe".to_owned()];
    let _ = update(&mut state, shell(FromShell::Completed { replace: 1, candidates: both() }));
    let _ = update(&mut state, shell(FromShell::Completed { replace: 2, candidates: both() }));
    let terminal = &state.exercise().unwrap().tab().terminal;
    assert_eq!((terminal.prompt.line(), terminal.candidates.len()), ("kubectl de", 2));
}

#[test]
fn a_screen_of_any_size_is_drawn() {
    for (width, height) in [(1, 1), (39, 9), (40, 10), (80, 24), (300, 100)] {
        let mut state = exercise();
        let _ = update(&mut state, printed(&"넓은 글자 ".repeat(50)));
        let _ = screen(&mut state, width, height);
    }
}

#[test]
fn the_editor_covers_the_terminal_and_writes() {
    let mut state = exercise();
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n";
    let _ = update(&mut state, edit(EditorKind::Vim, "/root/a.yaml", text));
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
    let written = Need::Write { path: None, text: text.into(), append: false };
    assert_eq!(typed(&mut state, ":w\n"), [Effect::Shell(0, ToShell::Need(Need::Look { path: None }))]);
    let looked = update(&mut state, shell(FromShell::EditAnswer(Ok(String::new()))));
    assert_eq!(looked, Some(Effect::Shell(0, ToShell::Need(written))));
    let _ = update(&mut state, shell(FromShell::EditAnswer(Ok(String::new()))));
    assert!(screen(&mut state, 80, 24).backend().to_string().contains("4L, 47B written"));
    assert_eq!(typed(&mut state, ":q\n"), [Effect::Shell(0, ToShell::EditorClosed { exit: 0 })]);
    assert!(state.exercise().unwrap().tab().front.is_none());
}

#[test]
fn the_editor_shows_numbers_selections_and_long_lines() {
    let mut state = exercise();
    let text = format!("short\n\ttab 가나\n{}\nend\n", "long ".repeat(20));
    let _ = update(&mut state, edit(EditorKind::Vim, "b.txt", &text));
    let _ = typed(&mut state, ":set nu\njVj");
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
}

#[test]
fn nano_has_its_title_and_its_keys() {
    let mut state = exercise();
    let _ = update(&mut state, edit(EditorKind::Nano, "/root/a.yaml", "a: 1\n"));
    let _ = typed(&mut state, "# ");
    let _ = update(&mut state, control('x'));
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
    let written = Need::Write { path: None, text: "# a: 1\n".into(), append: false };
    assert_eq!(typed(&mut state, "y\n"), [Effect::Shell(0, ToShell::Need(written))]);
    let next = update(&mut state, shell(FromShell::EditAnswer(Ok(String::new()))));
    assert_eq!(next, Some(Effect::Shell(0, ToShell::EditorClosed { exit: 0 })));
}

#[test]
fn less_pages_and_searches() {
    let mut state = exercise();
    let text: String = (1..=100).map(|line| format!("line {line}\n")).collect();
    let page = PageRequest { name: "log".into(), text, numbers: false, chop: false, at_end: false };
    let _ = update(&mut state, shell(FromShell::Page(page)));
    let _ = screen(&mut state, 80, 24);
    let _ = typed(&mut state, " /line 77\n");
    let shown = screen(&mut state, 80, 24).backend().to_string();
    assert!(shown.contains("│line 77 "), "{shown}");
    assert_eq!(typed(&mut state, "q"), [Effect::Shell(0, ToShell::PageClosed)]);
}

#[test]
fn terminals_open_split_and_close() {
    let mut state = exercise();
    let alt = |c| Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::ALT));
    assert_eq!(update(&mut state, alt('t')), Some(Effect::NewTerminal));
    let _ = update(&mut state, Msg::Terminal { prompt: "root@controlplane:~# ".into() });
    assert_eq!(typed(&mut state, "ls\n"), [Effect::Shell(1, ToShell::Run("ls".into()))]);
    let _ = update(&mut state, alt('s'));
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
    let _ = update(&mut state, alt('1'));
    assert_eq!(typed(&mut state, "id\n"), [Effect::Shell(0, ToShell::Run("id".into()))]);
    assert_eq!(update(&mut state, Msg::Shell(1, FromShell::Ended)), Some(Effect::CloseTerminal(1)));
    assert_eq!(state.exercise().unwrap().tabs.len(), 1);
}

#[test]
fn a_paste_of_several_lines_runs_as_one_text() {
    let mut state = exercise();
    let _ = update(&mut state, Msg::Paste("cat <<EOF\r\na: 1\nEOF\n".into()));
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
    let run = ToShell::Run("cat <<EOF\na: 1\nEOF\n".into());
    assert_eq!(update(&mut state, key(KeyCode::Enter)), Some(Effect::Shell(0, run)));
}

#[test]
fn the_mouse_copies_what_it_is_dragged_over() {
    use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
    let mut state = exercise();
    let _ = update(&mut state, printed("abc 가나다 def\n"));
    let _ = update(&mut state, shell(FromShell::Prompt("$ ".into())));
    let _ = screen(&mut state, 80, 24);
    let mut mouse = |kind, column| {
        let event = MouseEvent { kind, column, row: 2, modifiers: KeyModifiers::NONE };
        update(&mut state, Msg::Mouse(event))
    };
    assert_eq!(mouse(MouseEventKind::Down(MouseButton::Left), 37), None);
    assert_eq!(mouse(MouseEventKind::Drag(MouseButton::Left), 42), None);
    let copied = mouse(MouseEventKind::Up(MouseButton::Left), 42);
    assert_eq!(copied, Some(Effect::Copy("가나다".into())));
}

#[test]
fn korean_fills_the_same_places() {
    let mut state = home(Words(Language::Korean));
    insta::assert_snapshot!("korean_home", screen(&mut state, 80, 24).backend());
    let mut task = opened();
    task.task = "노드 `node01`을 정비해야 합니다. 모든 파드를 옮기고 새 파드를 받지 않게 하세요.".into();
    task.card.title = "노드를 서비스에서 빼기".into();
    let _ = update(&mut state, Msg::Opened(Box::new(task)));
    let _ = update(&mut state, key(KeyCode::F(2)));
    insta::assert_snapshot!("korean_exercise", screen(&mut state, 80, 24).backend());
    let _ = update(&mut state, key(KeyCode::F(1)));
    insta::assert_snapshot!("korean_help", screen(&mut state, 80, 24).backend());
}

#[test]
fn ten_thousand_lines_cost_a_frame_no_more_than_a_screen() {
    let mut state = exercise();
    let text: String = (0..10_000).map(|line| format!("line {line} {}\n", "x".repeat(60))).collect();
    let _ = update(&mut state, printed(&text));
    let terminal = &state.exercise().unwrap().tab().terminal;
    assert_eq!(terminal.output.len(), 10_000);
    assert!(terminal.lines_looked_at(22) <= 22);
}

#[test]
fn solutions_show_the_difference() {
    let mut state = exercise();
    let _ = update(
        &mut state,
        Msg::Solution {
            script: "kubectl drain node01 --ignore-daemonsets\n".into(),
            diff: "--- yours\n+++ reference\n@@ -1 +1 @@\n-unschedulable: false\n+unschedulable: true\n"
                .into(),
            explain: "Drain is cordon and **evictions**.".into(),
        },
    );
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
}

#[test]
fn looking_back_searches() {
    let mut state = exercise();
    let text: String = (0..50).map(|line| format!("line {line}\n")).collect();
    let _ = update(&mut state, printed(&text));
    let _ = update(&mut state, key(KeyCode::F(9)));
    let _ = typed(&mut state, "/line 7\n");
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
    assert_eq!(typed(&mut state, "y"), [Effect::Copy("line 7".into())]);
}

#[test]
fn what_is_typed_while_a_program_runs_is_the_next_line() {
    let mut state = exercise();
    assert_eq!(typed(&mut state, "sleep 5\n"), [Effect::Shell(0, ToShell::Run("sleep 5".into()))]);
    assert_eq!(typed(&mut state, "ls\n"), []);
    let next = update(&mut state, Msg::Shell(0, FromShell::Prompt("$ ".into())));
    assert_eq!(next, Some(Effect::Shell(0, ToShell::Run("ls".into()))));
}

/// A check of a grading, missed and passed.
fn graded() -> Msg {
    let check = |name: &str, points, saw: &str| CheckLine {
        name: name.into(),
        points,
        max: 3,
        saw: saw.into(),
        wanted: "no pods".into(),
        mistake: "not effective".into(),
    };
    let checks = vec![check("the node takes no new pods", 3, ""), check("no pod is left", 0, "web-1, web-2")];
    Msg::Graded(Verdict { points: 3, max: 6, checks })
}

fn offers() -> Msg {
    let domains = vec![("cluster-architecture".to_owned(), 58), ("storage".to_owned(), 70)];
    let exams = vec![("mock-1".to_owned(), "First mock exam".to_owned())];
    Msg::Offers(Box::new(Offers { ready: 21, domains, due: 2, exams, left: true }))
}

/// Three exercises to review: one due, one soon, one in some days.
fn drill() -> Msg {
    use crate::exam::drill::{by_exercise, schedule};
    use crate::exam::progress::{Attempt, CheckMark};
    let attempt = |at_s, exercise: &str, missed: u32| Attempt {
        at_s,
        exercise: exercise.into(),
        points: 6 - missed,
        max: 6,
        checks: vec![CheckMark {
            name: "no pod is left on the node".into(),
            points: 3 - missed,
            max: 3,
            mistake: "wrong node".into(),
        }],
        ..Attempt::default()
    };
    let day_s = 86_400;
    let attempts = [
        attempt(0, "drain", 3),
        attempt(day_s, "policy", 3),
        attempt(9 * day_s, "policy", 0),
        attempt(10 * day_s, "quota", 3),
    ];
    Msg::Drill { now_s: 10 * day_s, piles: by_exercise(schedule(&attempts)), alone: false }
}

/// What brings each screen about, beside those of an exam.
fn screens() -> Vec<(&'static str, Vec<Msg>)> {
    let lines: String = (1..=60).map(|line| format!("line {line}\n")).collect();
    let page =
        PageRequest { name: "log".into(), text: lines.clone(), numbers: false, chop: false, at_end: false };
    let solution = Msg::Solution {
        script: "kubectl drain node01 --ignore-daemonsets\n".into(),
        diff: "--- yours\n+++ reference\n@@ -1 +1 @@\n-unschedulable: false\n+unschedulable: true\n".into(),
        explain: "Drain is cordon and **evictions**.".into(),
    };
    let alt = |c| Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::ALT));
    let opened = || Msg::Opened(Box::new(opened()));
    vec![
        ("home", vec![]),
        ("home_offers", vec![offers()]),
        ("menu", vec![offers(), key(KeyCode::Char('e')), key(KeyCode::Down)]),
        ("drill", vec![drill()]),
        ("drill_graded", vec![drill(), opened(), graded(), key(KeyCode::F(10)), drill()]),
        ("drill_help", vec![drill(), key(KeyCode::Char('?'))]),
        ("home_help", vec![key(KeyCode::Char('?'))]),
        ("exercise", vec![opened(), printed("NAME     STATUS\nnode01   Ready\n")]),
        ("hint", vec![opened(), key(KeyCode::F(2))]),
        ("help", vec![opened(), key(KeyCode::F(1))]),
        ("checks", vec![opened(), key(KeyCode::F(3)), graded()]),
        ("solution", vec![opened(), solution]),
        ("vim", vec![opened(), edit(EditorKind::Vim, "/root/a.yaml", "kind: Pod\n")]),
        ("nano", vec![opened(), edit(EditorKind::Nano, "/root/a.yaml", "kind: Pod\n")]),
        ("less", vec![opened(), shell(FromShell::Page(page))]),
        ("look_back", vec![opened(), printed(&lines), key(KeyCode::F(9))]),
        ("split", vec![opened(), Msg::Terminal { prompt: "root@controlplane:~# ".into() }, alt('s')]),
    ]
}

#[test]
fn the_drill_opens_what_is_due_and_comes_back() {
    let mut state = home(Words::default());
    assert_eq!(update(&mut state, key(KeyCode::Char('d'))), Some(Effect::Drill));
    let _ = update(&mut state, drill());
    let open = Effect::Open { id: "drain".into(), seed: None };
    assert_eq!(update(&mut state, key(KeyCode::Enter)), Some(open));
    let _ = update(&mut state, Msg::Opened(Box::new(opened())));
    assert_eq!(update(&mut state, key(KeyCode::F(10))), Some(Effect::Leave));
    assert!(state.drill.is_some(), "leaving an exercise comes back to the drill");
    assert_eq!(update(&mut state, key(KeyCode::Char('q'))), None);
    assert!(state.drill.is_none());
}

#[test]
fn the_menu_begins_the_exam_that_is_chosen() {
    let mut state = home(Words::default());
    let _ = update(&mut state, offers());
    for (downs, wanted) in
        [(0, ExamChoice::GoOn), (1, ExamChoice::Drawn), (2, ExamChoice::Blueprint("mock-1".into()))]
    {
        let _ = update(&mut state, key(KeyCode::Char('e')));
        for _ in 0..downs {
            let _ = update(&mut state, key(KeyCode::Down));
        }
        assert_eq!(update(&mut state, key(KeyCode::Enter)), Some(Effect::BeginExam(wanted)));
    }
}

#[test]
fn no_screen_is_too_small_to_draw() {
    for (name, msgs) in screens() {
        for (width, height) in [(1, 1), (20, 5), (40, 10), (41, 11), (300, 100)] {
            let mut state = home(Words(Language::Korean));
            for msg in msgs.clone() {
                let _ = update(&mut state, msg);
            }
            let _ = update(&mut state, Msg::Resize(width, height));
            let drawn = screen(&mut state, width, height);
            assert_eq!(drawn.backend().buffer().area.width, width, "{name}");
        }
    }
}

#[test]
fn every_screen_speaks_both_languages() {
    for (name, msgs) in screens() {
        for language in [Language::English, Language::Korean] {
            for (width, height) in [(80, 24), (140, 45)] {
                let mut state = home(Words(language));
                let _ = update(&mut state, Msg::Resize(width, height));
                for msg in msgs.clone() {
                    let _ = update(&mut state, msg);
                }
                let name = format!("all_{name}_{}_{width}", language.code());
                insta::assert_snapshot!(name, screen(&mut state, width, height).backend());
            }
        }
    }
}
