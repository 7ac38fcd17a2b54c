//! Mappings and abbreviations.

use super::input::For;

#[derive(Clone, Debug)]
struct Map {
    from: Vec<char>,
    to: String,
    modes: &'static [For],
    /// True when what comes out is looked at again.
    again: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Maps {
    maps: Vec<Map>,
    /// Abbreviations: the word, what it stands for, and whether in insert mode, on the command line.
    short: Vec<(String, String, &'static [For], bool)>,
}

/// What keys that wait are a mapping of.
pub(super) enum Found {
    Nothing,
    Part,
    Whole { length: usize, to: String, again: bool },
}

/// Commands that map: their name, how many letters are enough, and where they hold.
const MAPS: &[(&str, &str, &[For], bool)] = &[
    ("map", "map", &[For::Normal, For::Visual, For::Pending], true),
    ("nmap", "nm", &[For::Normal], true),
    ("vmap", "vm", &[For::Visual], true),
    ("xmap", "xm", &[For::Visual], true),
    ("omap", "om", &[For::Pending], true),
    ("imap", "im", &[For::Insert], true),
    ("cmap", "cm", &[For::Line], true),
    ("noremap", "no", &[For::Normal, For::Visual, For::Pending], false),
    ("nnoremap", "nn", &[For::Normal], false),
    ("vnoremap", "vn", &[For::Visual], false),
    ("xnoremap", "xn", &[For::Visual], false),
    ("onoremap", "ono", &[For::Pending], false),
    ("inoremap", "ino", &[For::Insert], false),
    ("cnoremap", "cno", &[For::Line], false),
];

const UNMAPS: &[(&str, &str, &[For])] = &[
    ("unmap", "unm", &[For::Normal, For::Visual, For::Pending]),
    ("nunmap", "nun", &[For::Normal]),
    ("vunmap", "vu", &[For::Visual]),
    ("iunmap", "iu", &[For::Insert]),
    ("cunmap", "cu", &[For::Line]),
    ("ounmap", "ou", &[For::Pending]),
];

const SHORTS: &[(&str, &str, &[For], bool)] = &[
    ("abbreviate", "ab", &[For::Insert, For::Line], true),
    ("iabbrev", "ia", &[For::Insert], true),
    ("cabbrev", "ca", &[For::Line], true),
    ("noreabbrev", "norea", &[For::Insert, For::Line], false),
    ("inoreabbrev", "inorea", &[For::Insert], false),
    ("cnoreabbrev", "cnorea", &[For::Line], false),
];

const INSERT_LINE: &[For] = &[For::Insert, For::Line];

fn fits(word: &str, name: &str, least: &str) -> bool {
    name.starts_with(word) && word.len() >= least.len()
}

impl Maps {
    pub(super) fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    pub(super) fn find(&self, what: For, waiting: &[char]) -> Found {
        let here = || self.maps.iter().filter(|map| map.modes.contains(&what));
        if here().any(|map| map.from.len() > waiting.len() && map.from.starts_with(waiting)) {
            return Found::Part;
        }
        let whole = here().filter(|map| waiting.starts_with(&map.from)).max_by_key(|map| map.from.len());
        match whole {
            Some(map) => Found::Whole { length: map.from.len(), to: map.to.clone(), again: map.again },
            None => Found::Nothing,
        }
    }

    /// What a word stands for, and whether that is looked at again.
    pub(super) fn short(&self, what: For, word: &str) -> Option<(String, bool)> {
        let found = self.short.iter().find(|(from, _, modes, _)| from == word && modes.contains(&what));
        found.map(|(_, to, _, again)| (to.clone(), *again))
    }

    pub(super) fn has_shorts(&self) -> bool {
        !self.short.is_empty()
    }

    /// Carries a command out that maps; `None` when it is none, an error text when it fails.
    pub(super) fn command(&mut self, word: &str, bang: bool, rest: &str) -> Option<Result<(), String>> {
        let (from, to) = rest.trim_start().split_once([' ', '\t']).unwrap_or((rest.trim(), ""));
        let (from, to) = (special(skip_options(from)), special(to.trim_start()));
        if let Some((.., modes, again)) = MAPS.iter().find(|(name, least, ..)| fits(word, name, least)) {
            let modes = if bang { INSERT_LINE } else { modes };
            if !to.is_empty() {
                let from: Vec<char> = from.chars().collect();
                self.maps.retain(|map| map.from != from || map.modes != modes);
                self.maps.push(Map { from, to, modes, again: *again });
            }
            return Some(Ok(()));
        }
        if let Some((.., modes)) = UNMAPS.iter().find(|(name, least, _)| fits(word, name, least)) {
            return Some(self.unmap(&from, if bang { INSERT_LINE } else { modes }));
        }
        if fits(word, "mapclear", "mapc") {
            let cleared = if bang { INSERT_LINE } else { MAPS[0].2 };
            self.maps.retain(|map| map.modes.iter().any(|mode| !cleared.contains(mode)));
            return Some(Ok(()));
        }
        if let Some((.., modes, again)) = SHORTS.iter().find(|(name, least, ..)| fits(word, name, least)) {
            if !to.is_empty() {
                self.short.retain(|(name, ..)| *name != from);
                self.short.push((from, to, modes, *again));
            }
            return Some(Ok(()));
        }
        if fits(word, "unabbreviate", "una") || fits(word, "iunabbrev", "iuna") {
            let before = self.short.len();
            self.short.retain(|(name, ..)| *name != from);
            let gone = self.short.len() < before;
            return Some(if gone { Ok(()) } else { Err("E24: No such abbreviation".into()) });
        }
        if fits(word, "abclear", "abc") || fits(word, "iabclear", "iabc") {
            self.short.clear();
            return Some(Ok(()));
        }
        None
    }

    fn unmap(&mut self, from: &str, modes: &'static [For]) -> Result<(), String> {
        let from: Vec<char> = from.chars().collect();
        let before = self.maps.len();
        self.maps.retain(|map| map.from != from || !map.modes.iter().all(|mode| modes.contains(mode)));
        if self.maps.len() < before { Ok(()) } else { Err("E31: No such mapping".into()) }
    }
}

/// `<silent>` and its like before what is mapped mean nothing here.
fn skip_options(text: &str) -> &str {
    let mut rest = text;
    while let Some(tail) =
        ["<silent>", "<buffer>", "<expr>", "<nowait>", "<unique>"].iter().find_map(|it| rest.strip_prefix(it))
    {
        rest = tail.trim_start();
    }
    rest
}

/// Names of keys in the text of a mapping: `<CR>`, `<Esc>`, `<C-w>`.
fn special(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some((name, tail)) = rest.strip_prefix('<').and_then(|inside| inside.split_once('>'))
            && let Some(key) = named_key(name)
        {
            out.push(key);
            rest = tail;
            continue;
        }
        rest = rest.get(letter.len_utf8()..).unwrap_or("");
        if letter == '\x16' {
            if let Some(next) = rest.chars().next() {
                out.push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or("");
            }
            continue;
        }
        out.push(letter);
    }
    out
}

fn named_key(name: &str) -> Option<char> {
    use super::keys;
    let lower = name.to_ascii_lowercase();
    if let Some(letter) = lower.strip_prefix("c-").filter(|it| it.chars().count() == 1) {
        let letter = letter.chars().next()?.to_ascii_uppercase();
        return letter.is_ascii().then_some((letter as u8 & 0x1f) as char);
    }
    Some(match lower.as_str() {
        "cr" | "enter" | "return" => '\r',
        "nl" => '\n',
        "esc" => keys::ESCAPE,
        "space" => ' ',
        "tab" => '\t',
        "bs" => keys::BACKSPACE,
        "del" => keys::DELETE,
        "bar" => '|',
        "lt" => '<',
        "bslash" => '\\',
        "leader" => '\\',
        "up" => keys::UP,
        "down" => keys::DOWN,
        "left" => keys::LEFT,
        "right" => keys::RIGHT,
        "home" => keys::HOME,
        "end" => keys::END,
        _ => return None,
    })
}
