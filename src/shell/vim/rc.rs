//! A `.vimrc`: its commands line by line, with `if` and what else spans lines.

use super::Editor;
use super::core::Core;

/// Features that `has()` finds here.
const FEATURES: &[&str] = &[
    "autocmd",
    "cmdline_info",
    "eval",
    "ex_extra",
    "extra_search",
    "mouse",
    "syntax",
    "vim",
    "vim_starting",
    "visual",
    "vertsplit",
    "windows",
    "unix",
    "multi_byte",
    "wildmenu",
    "statusline",
    "digraphs",
    "linux",
];

/// Words that begin lines up to another word, and are not carried out here.
const BLOCKS: &[(&str, &str)] = &[
    ("function", "endfunction"),
    ("function!", "endfunction"),
    ("def", "enddef"),
    ("for", "endfor"),
    ("while", "endwhile"),
];

/// How far an `if` is: whether its part is carried out, and whether one was.
struct Part {
    runs: bool,
    ran: bool,
}

impl Editor {
    /// Carries the lines of a `.vimrc` out; what failed is told with the first file.
    pub(crate) fn read_rc(&mut self, file: &str, lines: &[String]) {
        let mut parts: Vec<Part> = Vec::new();
        let mut ends: Option<&str> = None;
        let mut told = Vec::new();
        for (at, line) in joined(lines) {
            let line = line.trim().trim_start_matches(':').trim_start();
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if let Some(end) = ends {
                ends = Some(end).filter(|end| word != *end);
                continue;
            }
            let core = &mut self.core;
            match word {
                "if" => {
                    let outer = parts.iter().all(|part| part.runs);
                    let runs = outer && core.holds(rest);
                    parts.push(Part { runs, ran: runs || !outer });
                }
                "elseif" | "else" => {
                    if let Some(part) = parts.last_mut() {
                        part.runs = !part.ran && (word == "else" || core.holds(rest));
                        part.ran |= part.runs;
                    }
                }
                "endif" => drop(parts.pop()),
                "" | "try" | "endtry" | "scriptencoding" | "finish" => {}
                _ if line.starts_with('"') || !parts.iter().all(|part| part.runs) => {}
                "catch" => ends = Some("endtry"),
                _ if BLOCKS.iter().any(|(begin, _)| *begin == word) => {
                    ends = BLOCKS.iter().find(|(begin, _)| *begin == word).map(|(_, end)| *end);
                }
                _ => {
                    let before = core.errors;
                    core.message.clear();
                    self.feed(&format!(":{line}\n"));
                    if self.core.errors > before {
                        told.push(format!("line {:>4}:\n{}", at + 1, self.core.message));
                    }
                }
            }
        }
        if !told.is_empty() {
            self.core.rc_errors = format!("Error detected while processing {file}:\n{}\n", told.join("\n"));
        }
    }
}

impl Core {
    /// Whether a condition holds; one that is not understood does not.
    fn holds(&mut self, text: &str) -> bool {
        let (message, errors) = (self.message.clone(), self.errors);
        let holds = text.split("||").any(|any| any.split("&&").all(|one| self.holds_one(one.trim())));
        (self.message, self.errors) = (message, errors);
        holds
    }

    fn holds_one(&mut self, text: &str) -> bool {
        if let Some(rest) = text.strip_prefix('!') {
            return !self.holds_one(rest.trim());
        }
        for sign in ["==", "!=", ">=", "<=", ">", "<"] {
            let Some((left, right)) = text.split_once(sign) else { continue };
            let right = right.trim_start_matches(['?', '#']);
            let (Some(left), Some(right)) = (self.evaluate(left), self.evaluate(right)) else { return false };
            let order = match (left.parse::<i64>(), right.parse::<i64>()) {
                (Ok(left), Ok(right)) => left.cmp(&right),
                _ => left.cmp(&right),
            };
            return match sign {
                "==" => order.is_eq(),
                "!=" => order.is_ne(),
                ">=" => order.is_ge(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_lt(),
            };
        }
        self.evaluate(text).is_some_and(|value| value.parse::<i64>().is_ok_and(|it| it != 0))
    }
}

/// True for a feature of the editor.
pub(super) fn has(feature: &str) -> bool {
    FEATURES.contains(&feature)
}

/// Lines with those that go on from them (`\`), and where each begins.
fn joined(lines: &[String]) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match (line.trim_start().strip_prefix('\\'), out.last_mut()) {
            (Some(rest), Some((_, before))) => before.push_str(rest),
            _ => out.push((at, line.clone())),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_choose_lines_and_mistakes_are_told() {
        let text = "\" mine\nif has('syntax') && !has('nvim')\n  set sw=3\nelse\n  set sw=5\nendif\nset nosuch\n\
                    function! F()\n  set sw=9\nendfunction\nset ts=4\n  \\ sts=2\nif exists('x')\nset sw=7\nendif";
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut editor = Editor::new("");
        editor.read_rc("/root/.vimrc", &lines);
        let it = &editor.core.settings;
        assert_eq!((it.shiftwidth, it.tabstop, it.softtabstop), (3, 4, 2));
        assert_eq!(
            editor.core.rc_errors,
            "Error detected while processing /root/.vimrc:\nline    7:\nE518: Unknown option: nosuch\n"
        );
    }
}
