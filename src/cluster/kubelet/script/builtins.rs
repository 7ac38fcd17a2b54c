//! What only the shell itself can do: `cd`, `exit`, `export`, `read`, `set`, `trap` and the like.

use super::parse;
use super::vm::{Frame, Machine, Vm, Wait};
use crate::hosts::files;

impl Vm {
    /// What only the shell itself can do; false for everything else.
    pub(super) fn builtin(&mut self, argv: &[String], machine: &mut Machine<'_>) -> bool {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        self.status = match words.as_slice() {
            [":" | "local" | "umask" | "ulimit" | "hash" | "readonly", ..] => {
                self.assign(words.get(1..).unwrap_or_default());
                0
            }
            ["exit", rest @ ..] => {
                let code = rest.first().and_then(|it| it.parse().ok()).unwrap_or(self.status);
                self.exit(code & 255);
                return true;
            }
            ["return", rest @ ..] => {
                let code = rest.first().and_then(|it| it.parse().ok()).unwrap_or(self.status);
                self.unwind(|frame| matches!(frame, Frame::Call(_)), true);
                code
            }
            ["break", ..] => {
                self.unwind(is_loop, false);
                0
            }
            ["continue", ..] => {
                self.unwind(is_loop, true);
                0
            }
            ["cd", rest @ ..] => self.change_directory(rest.first().copied().unwrap_or("/root"), machine),
            ["export" | "declare" | "typeset", rest @ ..] => {
                self.assign(rest);
                0
            }
            ["unset", rest @ ..] => {
                rest.iter().for_each(|name| drop(self.variables.remove(*name)));
                0
            }
            ["set", rest @ ..] => self.set(rest),
            ["shift", ..] => {
                if self.arguments.len() > 1 {
                    self.arguments.remove(1);
                }
                0
            }
            ["trap", action, signals @ ..] => {
                if signals.iter().any(|it| matches!(*it, "TERM" | "SIGTERM" | "15")) {
                    self.on_term = Some((*action).to_owned());
                }
                0
            }
            ["read", names @ ..] => self.read_line(names),
            ["wait", ..] => {
                self.wait = Some(Wait::Children);
                0
            }
            ["eval", rest @ ..] => {
                match parse::script(&rest.join(" ")) {
                    Ok(node) => self.push(node),
                    Err(error) => drop(self.cannot(&error, machine)),
                }
                return true;
            }
            ["exec", _, ..] => {
                self.stack.clear();
                self.dispatch(argv.get(1..).unwrap_or_default().to_vec(), machine);
                return true;
            }
            ["exec"] => 0,
            _ => return false,
        };
        true
    }

    fn assign(&mut self, words: &[&str]) {
        for (name, value) in words.iter().filter_map(|it| it.split_once('=')) {
            self.variables.insert(name.to_owned(), value.to_owned());
        }
    }

    fn set(&mut self, words: &[&str]) -> i32 {
        match words {
            [flags, ..] if flags.starts_with('-') && !flags.starts_with("--") => {
                self.stop_on_error |= flags.contains('e');
            }
            ["--", rest @ ..] => {
                self.arguments.truncate(1);
                self.arguments.extend(rest.iter().map(|&it| it.to_owned()));
            }
            _ => {}
        }
        0
    }

    fn change_directory(&mut self, to: &str, machine: &mut Machine<'_>) -> i32 {
        let path = files::clean(&self.directory, to);
        match machine.world.list_dir(machine.place, &path) {
            Ok(_) => {
                self.directory = path;
                0
            }
            Err(error) => {
                self.cannot(&format!("cd: can't cd to {to}: {error}"), machine);
                2
            }
        }
    }

    fn read_line(&mut self, names: &[&str]) -> i32 {
        let names: Vec<&&str> = names.iter().filter(|it| !it.starts_with('-')).collect();
        let Some(input) = self.input.as_mut().filter(|it| !it.is_empty()) else { return 1 };
        let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
        let line: Vec<u8> = input.drain(..(end + 1).min(input.len())).collect();
        let line = String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned();
        let mut rest = line.trim();
        for (at, name) in names.iter().enumerate() {
            let (value, left) = match rest.split_once(char::is_whitespace) {
                Some((first, left)) if at + 1 < names.len() => (first, left.trim_start()),
                _ => (rest, ""),
            };
            self.variables.insert((**name).to_owned(), value.to_owned());
            rest = left;
        }
        0
    }

    /// Drops frames up to the innermost that matches; that one too unless `keep`.
    fn unwind(&mut self, matches: impl Fn(&Frame) -> bool, keep: bool) {
        if !self.stack.iter().any(&matches) {
            return;
        }
        while let Some(frame) = self.stack.pop() {
            if matches!(frame, Frame::Sinks) {
                self.sinks.pop();
            }
            if matches(&frame) {
                if keep {
                    self.stack.push(frame);
                }
                return;
            }
        }
    }

    pub(super) fn exit(&mut self, code: i32) {
        self.status = code;
        if self.stack.iter().any(|frame| matches!(frame, Frame::Process)) {
            self.unwind(|frame| matches!(frame, Frame::Process), false);
        } else {
            self.exited = Some(code);
        }
    }
}

fn is_loop(frame: &Frame) -> bool {
    matches!(frame, Frame::WhileBody(_) | Frame::For(..))
}
