//! The real program in a pseudo-terminal: open it, pick an exercise, type, check, see the points.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use super::UNCORDON;

/// A program in a terminal of 100×30.
pub(super) struct Session {
    screen: Arc<Mutex<vt100::Parser>>,
    keyboard: Box<dyn Write + Send>,
    pub(super) child: Box<dyn portable_pty::Child + Send + Sync>,
    _home: Option<tempdir::TempDir>,
}

const ROWS: NonZeroU16 = NonZeroU16::new(30).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(100).unwrap();

/// Long enough for the slowest machine; a test that passes does not wait.
const PATIENCE: Duration = Duration::from_secs(180);

pub(super) mod tempdir {
    //! A folder of its own for the program's data, taken away at the end.

    use std::path::PathBuf;

    pub(crate) struct TempDir(pub(crate) PathBuf);

    impl TempDir {
        pub(crate) fn new() -> Self {
            use std::sync::atomic::{AtomicU32, Ordering};
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let name = format!("uncordon-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&path).expect("a folder");
            Self(path)
        }
    }

    impl Drop for TempDir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

impl Session {
    fn open(args: &[&str]) -> Self {
        let home = tempdir::TempDir::new();
        let mut session = Self::open_in(&home.0, args);
        session._home = Some(home);
        session
    }

    /// With the data of `home`, which outlives the program.
    pub(super) fn open_in(home: &std::path::Path, args: &[&str]) -> Self {
        let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(UNCORDON);
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C");
        command.env("HOME", home);
        command.env("UNCORDON_DATA", home.join("data"));
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let keyboard = pair.master.take_writer().expect("a writer");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
        let seen = screen.clone();
        std::thread::spawn(move || {
            let _master = pair.master;
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                seen.lock().unwrap().process(&buffer[..count]);
            }
        });
        Self { screen, keyboard, child, _home: None }
    }

    pub(super) fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    #[track_caller]
    pub(super) fn wait_for(&self, what: &str) {
        self.wait_until(what, true, "never came");
    }

    /// An escape and the key after it are one key when they arrive together.
    #[track_caller]
    pub(super) fn wait_until_gone(&self, what: &str) {
        self.wait_until(what, false, "stays");
    }

    #[track_caller]
    fn wait_until(&self, what: &str, shown: bool, complaint: &str) {
        let begun = Instant::now();
        while self.text().contains(what) != shown {
            assert!(begun.elapsed() < PATIENCE, "{what:?} {complaint}; the screen is\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("written");
        self.keyboard.flush().expect("flushed");
    }
}

#[test]
fn a_learner_opens_an_exercise_works_and_sees_the_points() {
    let mut session = Session::open(&[]);
    session.wait_for("Exercises");
    session.press("/cordon\r");
    session.press("\r");
    session.wait_for("Terminal");
    session.wait_for("root@");
    session.press("kubectl get nodes\r");
    session.wait_for("node02");
    session.press("\x1bOR"); // F3
    session.wait_for("points");
    session.wait_for("Checks");
    session.press("\x1b[21~"); // F10
    session.wait_for("Exercises");
    session.press("q");
    let status = session.child.wait().expect("it ends");
    assert!(status.success(), "{status:?}");
    let screen = session.screen.lock().unwrap();
    assert!(!screen.screen().alternate_screen(), "the real terminal is not as it was");
}

#[test]
fn control_c_ends_what_runs_and_the_terminal_lives_on() {
    let mut session = Session::open(&["practice", "cordon-for-repairs", "--seed", "1"]);
    session.wait_for("root@");
    session.press("sleep 1000\r");
    session.press("\x03");
    session.wait_for("^C");
    session.press("echo still he''re\r");
    session.wait_for("still here");
    session.press("\x1b[21~q");
    assert!(session.child.wait().expect("it ends").success());
}

#[test]
fn control_z_stops_vim_and_fg_brings_it_back_as_it_was() {
    let mut session = Session::open(&["practice", "cordon-for-repairs", "--seed", "1"]);
    session.wait_for("root@");
    session.press("vim a.yaml\r");
    session.wait_for("[New]");
    session.press("ikind: Pod");
    session.wait_for("-- INSERT --");
    session.press("\x1b");
    session.wait_until_gone("-- INSERT --");
    session.press("\x1a");
    session.wait_for("[1]+  Stopped                 vim a.yaml");
    session.press("echo status $?\r");
    session.wait_for("status 148");
    session.press("fg\r");
    session.wait_for("kind: Pod");
    session.press(":wq\r");
    session.wait_until_gone("~\n");
    session.press("sleep 1000\r");
    session.press("\x1a");
    session.wait_for("[1]+  Stopped                 sleep 1000");
    session.press("cat a.yaml; jobs\r");
    session.wait_for("kind: Pod");
    session.press("exit\r");
    session.wait_for("There are stopped jobs.");
    session.press("\x1b[21~q");
    assert!(session.child.wait().expect("it ends").success());
}

#[test]
fn vim_edits_on_screen_and_another_terminal_sees_it() {
    let mut session = Session::open(&["practice", "cordon-for-repairs", "--seed", "1"]);
    session.wait_for("root@");
    session.press("vim note.yaml\r");
    session.wait_for("\"note.yaml\" [New]");
    session.press("ikind: Pod");
    session.wait_for("-- INSERT --");
    session.press("\x1b");
    session.press(":wq\r");
    session.wait_for("root@");
    session.press("\x1bt"); // Alt-t: another terminal on the same machine.
    session.wait_for(" 2 ");
    session.press("sed s/Pod/Job/ note.yaml\r");
    session.wait_for("kind: Job");
    session.press("\x1b[21~q");
    assert!(session.child.wait().expect("it ends").success());
}

#[test]
#[cfg(unix)]
fn a_signal_that_ends_the_program_leaves_the_terminal_as_it_was() {
    let mut session = Session::open(&["practice", "cordon-for-repairs", "--seed", "1"]);
    session.wait_for("root@");
    let id = session.child.process_id().expect("a process").to_string();
    assert!(std::process::Command::new("kill").arg(id).status().expect("kill").success());
    let status = session.child.wait().expect("it ends");
    assert_eq!(status.exit_code(), 143);
    std::thread::sleep(Duration::from_millis(200));
    let screen = session.screen.lock().unwrap();
    assert!(!screen.screen().alternate_screen(), "the real terminal is not as it was");
    assert_eq!(screen.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None);
}

#[test]
fn without_a_screen_an_exercise_is_read_line_by_line() {
    let home = tempdir::TempDir::new();
    let mut command = std::process::Command::new(UNCORDON);
    command.args(["practice", "cordon-for-repairs", "--seed", "1", "--plain", "--lang", "ko"]);
    command.env("HOME", &home.0).env("UNCORDON_DATA", home.0.join("data"));
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let lines = ":check\nkubectl cordon node01 node02\ncat <<EOF\nhere\nEOF\n:undo\n:hint\n:quit\n";
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in ["5점 중 0점", "node/node01 cordoned", "here", "마지막 명령을 되돌렸습니다", "힌트 1."]
    {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(output.status.success());
}
