//! Windows and tab pages: what each shows, and going from one to another.
//!
//! What the window that is worked in shows lies in [`Core`]: cursor, view and text.

use std::collections::BTreeMap;

use super::core::{Core, Done, Stop};
use super::layout::{Area, Frame, Side};
use super::normal::Command;
use super::set::Settings;
use super::{Pos, View};

/// A window that is not worked in.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) buffer: usize,
    pub(super) cursor: Pos,
    alternate: Option<usize>,
    aim: usize,
    view: View,
    settings: Settings,
}

#[derive(Clone, Debug)]
pub(super) struct Tab {
    pub(super) frame: Frame,
    pub(super) current: usize,
    previous: usize,
    /// All but the one that is worked in.
    aside: BTreeMap<usize, Window>,
}

#[derive(Clone, Debug)]
pub(super) struct Tabs {
    all: Vec<Tab>,
    current: usize,
    /// Rows and columns of the screen.
    screen: (usize, usize),
    next: usize,
    /// Where a split is asked to be: `:vertical`, `:belowright` and the like.
    pub(super) place: Place,
}

/// What words before a command that splits ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) vertical: bool,
    pub(super) tab: bool,
    pub(super) behind: Option<bool>,
    pub(super) whole: Option<bool>,
}

impl Default for Tabs {
    fn default() -> Self {
        let screen = (24, 80);
        let tab = Tab { frame: Frame::new(1, (23, 81)), current: 1, previous: 1, aside: BTreeMap::new() };
        Self { all: vec![tab], current: 0, screen, next: 2, place: Place::default() }
    }
}

impl Tabs {
    pub(super) fn tab(&self) -> &Tab {
        &self.all[self.current]
    }

    fn tab_mut(&mut self) -> &mut Tab {
        &mut self.all[self.current]
    }

    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    pub(super) fn windows(&self) -> Vec<usize> {
        self.tab().frame.windows()
    }

    /// Windows of every tab page that show a buffer, without the one worked in.
    pub(super) fn showing(&self, buffer: usize) -> usize {
        self.all.iter().flat_map(|tab| tab.aside.values()).filter(|it| it.buffer == buffer).count()
    }

    /// The windows of the other windows of the tab page that show a buffer.
    pub(super) fn window_of(&self, buffer: usize) -> Option<usize> {
        self.tab().aside.iter().find(|(_, it)| it.buffer == buffer).map(|(window, _)| *window)
    }

    /// The tab pages: how many windows each has, and the buffer that its window worked in shows.
    pub(super) fn labels(&self, buffer: usize) -> Vec<(usize, usize)> {
        let shown = |at: usize, tab: &Tab| {
            let own = tab.aside.get(&tab.current).map(|it| it.buffer);
            if at == self.current { buffer } else { own.unwrap_or(buffer) }
        };
        self.all.iter().enumerate().map(|(at, tab)| (tab.frame.windows().len(), shown(at, tab))).collect()
    }

    /// The number of the tab page that is shown, from 0.
    pub(super) fn page(&self) -> usize {
        self.current
    }

    pub(super) fn set_view(&mut self, window: usize, view: View) {
        if let Some(window) = self.tab_mut().aside.get_mut(&window) {
            window.view = view;
        }
    }

    /// Gives the windows their room.
    fn fit(&mut self) {
        let (rows, columns) = self.screen;
        let bar = usize::from(self.all.len() > 1);
        let frame = &mut self.tab_mut().frame;
        let single = frame.windows().len() == 1;
        let height = rows.saturating_sub(1 + bar) + usize::from(single);
        frame.resize(false, height.max(2));
        frame.resize(true, columns + 1);
    }
}

impl Core {
    fn keep_window(&mut self) -> Window {
        Window {
            buffer: self.files.current,
            cursor: self.cursor,
            alternate: self.files.alternate,
            aim: self.aim,
            view: self.view,
            settings: self.settings.clone(),
        }
    }

    /// Works in another window of the tab page.
    pub(super) fn go_to_window(&mut self, window: usize) {
        let from = self.files.tabs.tab().current;
        if window == from {
            return;
        }
        let Some(target) = self.files.tabs.tab_mut().aside.remove(&window) else { return };
        let kept = self.keep_window();
        let tab = self.files.tabs.tab_mut();
        tab.aside.insert(from, kept);
        tab.previous = from;
        tab.current = window;
        self.take_window(target);
    }

    fn take_window(&mut self, window: Window) {
        self.change_body(window.buffer, None, true);
        self.cursor = window.cursor;
        self.files.alternate = window.alternate;
        self.aim = window.aim;
        self.aims_here = true;
        self.view = window.view;
        self.settings.take_windows(&window.settings);
        self.fit_windows();
        self.check_cursor();
    }

    /// What the windows' sizes mean to the view.
    pub(super) fn fit_windows(&mut self) {
        let window = self.files.tabs.tab().current;
        self.files.tabs.fit();
        let areas = self.files.tabs.tab().frame.areas();
        if let Some(area) = areas.iter().find(|area| area.window == window) {
            self.view.height = area.height.max(1);
        }
        self.show_cursor();
    }

    /// Takes the size of the screen.
    pub(super) fn set_screen(&mut self, screen: (usize, usize)) {
        if self.files.tabs.screen != screen {
            self.files.tabs.screen = screen;
            self.files.tabs.fit();
            self.equalize(true);
            self.equalize(false);
            self.fit_windows();
        }
    }

    pub(super) fn areas(&self) -> Vec<Area> {
        self.files.tabs.tab().frame.areas()
    }

    fn equalize(&mut self, across: bool) {
        self.files.tabs.tab_mut().frame.equalize(across);
    }

    /// Makes a window that shows the same, and works in it.
    pub(super) fn split_window(&mut self, vertical: bool, size: Option<usize>) {
        let place = std::mem::take(&mut self.files.tabs.place);
        if place.tab {
            return self.new_tab();
        }
        let vertical = vertical || place.vertical;
        let behind = place.behind.unwrap_or(if vertical {
            self.settings.split_right
        } else {
            self.settings.split_below
        });
        let kept = self.keep_window();
        let tabs = &mut self.files.tabs;
        let new = tabs.next;
        tabs.next += 1;
        let tab = tabs.tab_mut();
        let from = tab.current;
        if tab.frame.windows().len() == 1 {
            let (rows, _) = (tabs.screen.0, ());
            let bar = usize::from(tabs.all.len() > 1);
            tabs.tab_mut().frame.resize(false, rows.saturating_sub(1 + bar).max(4));
        }
        let tab = self.files.tabs.tab_mut();
        match place.whole {
            Some(last) => {
                let side = match (vertical, last) {
                    (true, false) => Side::Left,
                    (true, true) => Side::Right,
                    (false, false) => Side::Above,
                    (false, true) => Side::Below,
                };
                tab.frame.split_whole(new, side);
            }
            None => tab.frame.split((from, new), (vertical, behind), size),
        }
        tab.aside.insert(from, kept);
        tab.previous = from;
        tab.current = new;
        if size.is_none() {
            self.equalize(vertical);
        }
        self.fit_windows();
    }

    /// Takes the window that is worked in away. The buffer that it showed stays loaded when `kept`.
    pub(super) fn close_window(&mut self, kept: bool) {
        let tab = self.files.tabs.tab_mut();
        let window = tab.current;
        let before = tab.frame.areas();
        let Some(heir) = tab.frame.close(window) else {
            return self.close_tab(kept);
        };
        let side_by_side = |areas: &[Area]| {
            let of = |window| areas.iter().find(|area: &&Area| area.window == window);
            of(window).zip(of(heir)).is_some_and(|(one, other)| one.row == other.row)
        };
        let across = side_by_side(&before);
        let Some(target) = tab.aside.remove(&heir) else { return };
        tab.current = heir;
        tab.previous = heir;
        self.leave_body(target, kept);
        self.files.tabs.fit();
        self.equalize(across);
        self.fit_windows();
    }

    /// Shows another window's text; the one before is dropped when nothing shows it and it is not `kept`.
    fn leave_body(&mut self, target: Window, kept: bool) {
        let here = self.files.current;
        let shown = target.buffer == here || self.files.tabs.showing(here) > 0;
        let kept = kept || shown || self.settings.hidden;
        self.change_body(target.buffer, None, kept);
        self.take_window(target);
    }

    /// Leaves only the window that is worked in; the buffers of the others.
    pub(super) fn only_window(&mut self) {
        let tab = self.files.tabs.tab_mut();
        let gone: Vec<usize> = tab.frame.windows().into_iter().filter(|it| *it != tab.current).collect();
        for window in gone {
            tab.frame.close(window);
            tab.aside.remove(&window);
        }
        tab.previous = tab.current;
        self.fit_windows();
    }

    /// `^W` and a key.
    pub(super) fn window_command(&mut self, command: &Command) -> Done {
        let (count, given) = (command.count1(), command.count0);
        let windows = self.files.tabs.windows();
        let tab = self.files.tabs.tab();
        let (here, previous) = (tab.current, tab.previous);
        let at = windows.iter().position(|it| *it == here).unwrap_or(0);
        let all = windows.len();
        let key = match command.next {
            key @ '\x01'..='\x1a' if !"\x08\x0a".contains(key) => (key as u8 + b'`') as char,
            '\x08' | super::keys::LEFT => 'h',
            '\x0a' | super::keys::DOWN => 'j',
            super::keys::UP => 'k',
            super::keys::RIGHT => 'l',
            key => key,
        };
        match key {
            'h' => self.go_aside(Side::Left, count),
            'l' => self.go_aside(Side::Right, count),
            'k' => self.go_aside(Side::Above, count),
            'j' => self.go_aside(Side::Below, count),
            'w' | 'W' if given.is_some() => self.go_to_window(windows[(count - 1).min(all - 1)]),
            'w' => self.go_to_window(windows[(at + 1) % all]),
            'W' => self.go_to_window(windows[(at + all - 1) % all]),
            't' => self.go_to_window(windows[0]),
            'b' => self.go_to_window(windows[all - 1]),
            'p' if windows.contains(&previous) => self.go_to_window(previous),
            's' | 'S' => self.split_window(false, given),
            'v' => self.split_window(true, given),
            'n' => return self.ex(&format!("{}new", given.map_or(String::new(), |it| it.to_string()))),
            'q' => return self.ex("quit"),
            'c' => return self.ex("close"),
            'o' => return self.ex("only"),
            '^' => return self.ex("split #"),
            'T' if all > 1 => self.window_to_tab(),
            'x' | 'r' | 'R' => return self.exchange_windows(key, given),
            'H' | 'J' | 'K' | 'L' => self.move_window(key),
            '=' => {
                self.equalize(true);
                self.equalize(false);
                self.fit_windows();
            }
            '+' | '-' | '_' | '<' | '>' | '|' => self.size_window(key, given),
            'g' => {
                let letter = self.key(super::input::For::Letter)?;
                self.go_in_tabs(letter == 'T', given);
            }
            _ => return Err(Stop::Fail),
        }
        Ok(())
    }

    fn go_aside(&mut self, side: Side, count: usize) {
        for _ in 0..count {
            let here = self.files.tabs.tab().current;
            let cursor = (self.cursor.row.saturating_sub(self.view.top), self.cursor_column());
            let Some(next) = self.files.tabs.tab().frame.beside(here, side, cursor) else { return };
            self.go_to_window(next);
        }
    }

    pub(super) fn size_window(&mut self, key: char, count: Option<usize>) {
        let tab = self.files.tabs.tab_mut();
        let window = tab.current;
        let areas = tab.frame.areas();
        let Some(area) = areas.iter().find(|area| area.window == window) else { return };
        let across = matches!(key, '<' | '>' | '|');
        let now = 1 + if across { area.width } else { area.height };
        let by = count.unwrap_or(1);
        let size = match key {
            '+' | '>' => now + by,
            '-' | '<' => now.saturating_sub(by),
            _ => count.map_or(usize::MAX / 4, |count| count + 1),
        };
        tab.frame.set_size(window, across, size);
        self.fit_windows();
    }

    fn exchange_windows(&mut self, key: char, count: Option<usize>) -> Done {
        let tab = self.files.tabs.tab_mut();
        let here = tab.current;
        let row = tab.frame.row_of(here);
        let at = row.iter().position(|it| *it == here).unwrap_or(0);
        if row.len() < 2 {
            return Err(Stop::Fail);
        }
        if key == 'x' {
            let other = count.map_or(if at + 1 < row.len() { at + 1 } else { at - 1 }, |count| count - 1);
            let other = *row.get(other).ok_or(Stop::Fail)?;
            tab.frame.exchange(here, other);
            self.go_to_window(other);
        } else {
            let pairs: Vec<(usize, usize)> = row.windows(2).map(|it| (it[0], it[1])).collect();
            let turned: Vec<_> = if key == 'r' { pairs.into_iter().rev().collect() } else { pairs };
            let mut order = row.clone();
            for (one, other) in turned {
                let (a, b) = (row.iter().position(|it| *it == one), row.iter().position(|it| *it == other));
                if let (Some(a), Some(b)) = (a, b) {
                    tab.frame.exchange(order[a], order[b]);
                    order.swap(a, b);
                }
            }
        }
        self.fit_windows();
        Ok(())
    }

    /// `^W` and a capital letter: to a whole side of the screen.
    fn move_window(&mut self, key: char) {
        let tab = self.files.tabs.tab_mut();
        let window = tab.current;
        if tab.frame.close(window).is_none() {
            return;
        }
        let side = match key {
            'H' => Side::Left,
            'J' => Side::Below,
            'K' => Side::Above,
            _ => Side::Right,
        };
        tab.frame.split_whole(window, side);
        self.files.tabs.fit();
        self.equalize(true);
        self.equalize(false);
        self.fit_windows();
    }

    fn add_tab(&mut self, at: usize, window: usize) {
        let tabs = &mut self.files.tabs;
        let frame = Frame::new(window, (tabs.screen.0, tabs.screen.1 + 1));
        let tab = Tab { frame, current: window, previous: window, aside: BTreeMap::new() };
        tabs.all.insert(at, tab);
        tabs.current = at;
    }

    /// A tab page that shows the same.
    pub(super) fn new_tab(&mut self) {
        let kept = self.keep_window();
        let tab = self.files.tabs.tab_mut();
        tab.aside.insert(tab.current, kept);
        let new = self.files.tabs.next;
        self.files.tabs.next += 1;
        self.add_tab(self.files.tabs.current + 1, new);
        self.fit_windows();
    }

    fn window_to_tab(&mut self) {
        let tab = self.files.tabs.tab_mut();
        let window = tab.current;
        let Some(heir) = tab.frame.close(window) else { return };
        tab.current = heir;
        tab.previous = heir;
        self.add_tab(self.files.tabs.current + 1, window);
        self.fit_windows();
    }

    /// Takes the tab page away, with its windows; the last one stays.
    pub(super) fn close_tab(&mut self, kept: bool) {
        let tabs = &mut self.files.tabs;
        if tabs.all.len() == 1 {
            return;
        }
        tabs.all.remove(tabs.current);
        tabs.current = tabs.current.min(tabs.all.len() - 1);
        let tab = tabs.tab_mut();
        if let Some(target) = tab.aside.remove(&tab.current) {
            self.leave_body(target, kept);
        }
        self.fit_windows();
    }

    /// Shows another tab page; from 0.
    pub(super) fn go_to_tab(&mut self, to: usize) {
        if to == self.files.tabs.current || to >= self.files.tabs.all.len() {
            return;
        }
        let kept = self.keep_window();
        let tab = self.files.tabs.tab_mut();
        tab.aside.insert(tab.current, kept);
        self.files.tabs.current = to;
        let tab = self.files.tabs.tab_mut();
        if let Some(target) = tab.aside.remove(&tab.current) {
            self.take_window(target);
        }
    }

    /// `gt` goes to the next tab page or that of a number, `gT` back.
    pub(super) fn go_in_tabs(&mut self, back: bool, count: Option<usize>) {
        let (at, all) = (self.files.tabs.current, self.files.tabs.count());
        let to = match (back, count) {
            (false, None) => (at + 1) % all,
            (false, Some(count)) => count - 1,
            (true, count) => (at + all - count.unwrap_or(1) % all) % all,
        };
        self.go_to_tab(to);
    }
}
