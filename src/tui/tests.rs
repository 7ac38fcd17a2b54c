//! Whole screens at fixed sizes, and what typing does.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::message::{CheckLine, Verdict};
use super::*;

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
        prompt: "root@controlplane:~# ".into(),
    }
}

fn exercise() -> State {
    let mut state = State::new(cards(), Theme::PLAIN, (80, 24));
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
    let mut state = State::new(cards(), Theme::PLAIN, (80, 24));
    insta::assert_snapshot!(screen(&mut state, 80, 12).backend());
}

#[test]
fn an_exercise_has_its_task_left_and_its_terminal_right() {
    let mut state = exercise();
    assert_eq!(typed(&mut state, "kubectl get no\n"), [Effect::Run("kubectl get no".into())]);
    let _ = update(&mut state, Msg::Printed(b"NAME     STATUS\nnode01   Ready\n".to_vec()));
    let _ = update(&mut state, Msg::Prompt("root@controlplane:~# ".into()));
    let _ = typed(&mut state, "k dr");
    insta::assert_snapshot!(screen(&mut state, 80, 24).backend());
    insta::assert_snapshot!("wide", screen(&mut state, 120, 40).backend());
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
    insta::assert_snapshot!(screen(&mut state, 80, 18).backend());
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
    assert_eq!(update(&mut state, control('c')), Some(Effect::Interrupt));
    let _ = update(&mut state, Msg::Prompt("$ ".into()));
    assert_eq!(update(&mut state, control('d')), Some(Effect::CloseShell));
    assert_eq!(
        update(&mut state, key(KeyCode::Tab)),
        Some(Effect::Complete { line: String::new(), cursor: 0 })
    );
}

#[test]
fn completion_goes_as_far_as_all_agree_and_then_lists() {
    let mut state = exercise();
    let _ = typed(&mut state, "kubectl d");
    let both = || vec!["delete".to_owned(), "describe".to_owned()];
    let _ = update(&mut state, Msg::Completed { replace: 1, candidates: both() });
    let _ = update(&mut state, Msg::Completed { replace: 2, candidates: both() });
    let exercise = state.exercise().unwrap();
    assert_eq!((exercise.terminal.prompt.line(), exercise.terminal.candidates.len()), ("kubectl de", 2));
}

#[test]
fn a_screen_of_any_size_is_drawn() {
    for (width, height) in [(1, 1), (39, 9), (40, 10), (80, 24), (300, 100)] {
        let mut state = exercise();
        let _ = update(&mut state, Msg::Printed("넓은 글자 ".repeat(50).into_bytes()));
        let _ = screen(&mut state, width, height);
    }
}

#[test]
fn the_editor_covers_the_terminal_and_writes() {
    let mut state = exercise();
    let _ = update(&mut state, Msg::Edit { path: "/root/a.yaml".into(), text: "a: 1\n".into() });
    insta::assert_snapshot!(screen(&mut state, 80, 12).backend());
    let effects = typed(&mut state, ":w\n:q\n");
    assert_eq!(
        effects,
        [
            Effect::Write { path: "/root/a.yaml".into(), text: "a: 1\n".into(), closes: None },
            Effect::EditorClosed { exit: 0 }
        ]
    );
}
