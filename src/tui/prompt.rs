//! The line that is being typed: emacs keys, history and search in it, completion.

use tui_input::{Input, InputRequest};

/// A line editor behind a prompt.
#[derive(Default)]
pub(crate) struct Prompt {
    /// What stands before the line.
    pub(crate) text: String,
    input: Input,
    history: Vec<String>,
    /// Which line of the history is shown; the length of the history for the line being typed.
    at: usize,
    /// The typed line while an older one is shown.
    draft: String,
    /// What Ctrl-W, Ctrl-U and Ctrl-K cut last.
    cut: String,
    /// How many lines back the last word was taken from, and how long it was, while Alt-. is repeated.
    last_word: Option<(usize, usize)>,
    /// What is searched for backwards, while it is.
    pub(crate) search: Option<String>,
    /// True for passwords.
    pub(crate) hidden: bool,
}

/// A change that a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Insert(char),
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
    Backspace,
    Delete,
    CutWord,
    CutToStart,
    CutToEnd,
    CutWordAhead,
    Yank,
    /// The last word of the line before, again and again of older ones.
    LastWord,
    /// The two letters before the cursor, the other way round.
    Swap,
    Older,
    Newer,
}

impl Prompt {
    /// The line as typed.
    pub(crate) fn line(&self) -> &str {
        self.input.value()
    }

    /// The cursor's place in the line, in bytes.
    pub(crate) fn cursor(&self) -> usize {
        self.line().char_indices().nth(self.input.cursor()).map_or(self.line().len(), |(at, _)| at)
    }

    /// The cursor's place in the line, in letters.
    pub(crate) fn letter(&self) -> usize {
        self.input.cursor()
    }

    /// Puts another line there, with the cursor at its end.
    pub(crate) fn set(&mut self, line: &str) {
        self.input = Input::new(line.to_owned());
    }

    /// Takes the line.
    pub(crate) fn take(&mut self) -> String {
        let line = self.input.value().to_owned();
        self.input = Input::default();
        self.at = self.history.len();
        self.draft.clear();
        self.last_word = None;
        line
    }

    /// Keeps a line for later; one that repeats the last, or is blank, is not kept.
    pub(crate) fn remember(&mut self, line: &str) {
        let line = line.trim_end_matches('\n');
        if !line.trim().is_empty() && self.history.last().is_none_or(|last| last != line) {
            self.history.push(line.to_owned());
        }
        self.at = self.history.len();
    }

    /// Gives the line up.
    pub(crate) fn abandon(&mut self) {
        self.input = Input::default();
        self.at = self.history.len();
        self.search = None;
    }

    /// Puts text at the cursor, line ends of a paste too.
    pub(crate) fn insert(&mut self, text: &str) {
        let text: String = text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .chars()
            .filter(|c| !c.is_control() || *c == '\n' || *c == '\t')
            .collect();
        // At once: letter by letter a long paste would take longer than anybody waits.
        self.complete(0, &text);
    }

    /// Replaces the `replace` bytes before the cursor.
    pub(crate) fn complete(&mut self, replace: usize, with: &str) {
        let (cursor, line) = (self.cursor(), self.line().to_owned());
        let from = cursor.saturating_sub(replace);
        let (Some(head), Some(tail)) = (line.get(..from), line.get(cursor..)) else { return };
        let at = head.chars().count() + with.chars().count();
        self.input = Input::new(format!("{head}{with}{tail}")).with_cursor(at);
    }

    /// Carries out a change.
    pub(crate) fn edit(&mut self, edit: Edit) {
        let words = self.last_word.take();
        let request = match edit {
            Edit::Insert(c) => InputRequest::InsertChar(c),
            Edit::Left => InputRequest::GoToPrevChar,
            Edit::Right => InputRequest::GoToNextChar,
            Edit::WordLeft => InputRequest::GoToPrevWord,
            Edit::WordRight => InputRequest::GoToNextWord,
            Edit::Start => InputRequest::GoToStart,
            Edit::End => InputRequest::GoToEnd,
            Edit::Backspace => InputRequest::DeletePrevChar,
            Edit::Delete => InputRequest::DeleteNextChar,
            Edit::CutWord => return self.cut_word(),
            Edit::CutToStart => return self.cut(0, self.cursor()),
            Edit::CutToEnd => return self.cut(self.cursor(), self.line().len()),
            Edit::CutWordAhead => return self.cut(self.cursor(), self.word_end()),
            Edit::Yank => return self.insert(&self.cut.clone()),
            Edit::LastWord => return self.insert_last_word(words),
            Edit::Swap => return self.swap(),
            Edit::Older => return self.show(self.at.saturating_sub(1)),
            Edit::Newer => return self.show(self.at + 1),
        };
        self.input.handle(request);
    }

    /// bash's Ctrl-W: back to the last white space.
    fn cut_word(&mut self) {
        let cursor = self.cursor();
        let head = self.line().get(..cursor).unwrap_or_default();
        let word = head.trim_end();
        let from = word.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        self.cut(from, cursor);
    }

    /// The end of the word at or behind the cursor, in bytes.
    fn word_end(&self) -> usize {
        let (cursor, line) = (self.cursor(), self.line());
        let tail = line.get(cursor..).unwrap_or_default();
        let start = tail.find(char::is_alphanumeric).unwrap_or(tail.len());
        let word = tail.get(start..).unwrap_or_default();
        cursor + start + word.find(|c: char| !c.is_alphanumeric()).unwrap_or(word.len())
    }

    fn insert_last_word(&mut self, before: Option<(usize, usize)>) {
        let (back, old) = before.map_or((1, 0), |(back, old)| (back + 1, old));
        let Some(at) = self.history.len().checked_sub(back) else {
            self.last_word = before;
            return;
        };
        let word = self.history.get(at).and_then(|line| line.split_whitespace().last()).unwrap_or_default();
        let word = word.to_owned();
        self.complete(old, &word);
        self.last_word = Some((back, word.len()));
    }

    fn swap(&mut self) {
        let mut letters: Vec<char> = self.line().chars().collect();
        let at = self.letter().min(letters.len().saturating_sub(1));
        if at > 0 {
            letters.swap(at - 1, at);
            self.input = Input::new(letters.into_iter().collect()).with_cursor(at + 1);
        }
    }

    fn cut(&mut self, from: usize, to: usize) {
        let line = self.line().to_owned();
        let (Some(head), Some(middle), Some(tail)) = (line.get(..from), line.get(from..to), line.get(to..))
        else {
            return;
        };
        self.cut = middle.to_owned();
        self.input = Input::new(format!("{head}{tail}")).with_cursor(head.chars().count());
    }

    fn show(&mut self, at: usize) {
        if at > self.history.len() {
            return;
        }
        if self.at == self.history.len() {
            self.draft = self.line().to_owned();
        }
        self.at = at;
        let line = self.history.get(at).unwrap_or(&self.draft).clone();
        self.set(&line);
    }

    /// Searches backwards for the latest line that holds what is searched; `again` goes on to an older one.
    pub(crate) fn search_older(&mut self, again: bool) {
        let Some(wanted) = self.search.clone().filter(|wanted| !wanted.is_empty()) else { return };
        let from = if again { self.at } else { self.history.len() };
        let older = self.history.get(..from).unwrap_or_default();
        if let Some(found) = older.iter().rposition(|line| line.contains(&wanted)) {
            self.at = found;
            let line = self.history.get(found).cloned().unwrap_or_default();
            self.set(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types `before` with the cursor at `|`, applies `edits`, compares with `after`.
    #[track_caller]
    fn check(before: &str, edits: &[Edit], after: &str) {
        let (head, tail) = before.split_once('|').unwrap();
        let mut prompt = Prompt {
            input: Input::new(format!("{head}{tail}")).with_cursor(head.chars().count()),
            ..Prompt::default()
        };
        edits.iter().for_each(|&edit| prompt.edit(edit));
        let (line, cursor) = (prompt.line().to_owned(), prompt.cursor());
        assert_eq!(format!("{}|{}", &line[..cursor], &line[cursor..]), after);
    }

    #[test]
    fn cutting_and_yanking_work_as_in_bash() {
        check("kubectl get pods -n kube-system|", &[Edit::CutWord], "kubectl get pods -n |");
        check("k get| po", &[Edit::CutToStart], "| po");
        check("k get| po", &[Edit::CutToEnd, Edit::Start, Edit::Yank], " po|k get");
        check("ké|x", &[Edit::Backspace], "k|x");
        check("k |get-po x", &[Edit::CutWordAhead], "k |-po x");
        check("k gte|", &[Edit::Swap], "k get|");
    }

    #[test]
    fn history_keeps_the_draft() {
        let mut prompt = Prompt::default();
        for line in ["one", "two"] {
            prompt.remember(line);
        }
        prompt.set("dra");
        prompt.edit(Edit::Older);
        prompt.edit(Edit::Older);
        assert_eq!(prompt.line(), "one");
        prompt.edit(Edit::Newer);
        prompt.edit(Edit::Newer);
        assert_eq!(prompt.line(), "dra");
    }

    #[test]
    fn the_last_word_of_older_lines_comes_again() {
        let mut prompt = Prompt::default();
        ["k get po", "ls /tmp"].iter().for_each(|line| prompt.remember(line));
        prompt.set("cat ");
        prompt.edit(Edit::LastWord);
        assert_eq!(prompt.line(), "cat /tmp");
        prompt.edit(Edit::LastWord);
        assert_eq!(prompt.line(), "cat po");
    }

    #[test]
    fn search_goes_back_from_the_latest() {
        let mut prompt = Prompt::default();
        for line in ["k get po", "k get no", "ls"] {
            prompt.remember(line);
        }
        prompt.search = Some("get".into());
        prompt.search_older(false);
        assert_eq!(prompt.line(), "k get no");
        prompt.search_older(true);
        assert_eq!(prompt.line(), "k get po");
    }

    #[test]
    fn completion_replaces_the_word_before_the_cursor() {
        let mut prompt = Prompt::default();
        prompt.set("k get depl");
        prompt.complete(4, "deployments ");
        assert_eq!(prompt.line(), "k get deployments ");
    }
}
