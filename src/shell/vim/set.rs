//! `:set`.

use super::core::{Core, Done};

/// What `:set` changes, as far as it matters here.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) autoindent: bool,
    pub(super) smartindent: bool,
    pub(super) expandtab: bool,
    pub(super) smarttab: bool,
    pub(super) shiftround: bool,
    pub(super) startofline: bool,
    pub(super) joinspaces: bool,
    pub(super) gdefault: bool,
    pub(super) magic: bool,
    pub(super) preproc: bool,
    pub(super) shiftwidth: usize,
    pub(super) tabstop: usize,
    pub(super) softtabstop: usize,
    pub(super) textwidth: usize,
    pub(super) ignorecase: bool,
    pub(super) smartcase: bool,
    pub(super) number: bool,
    pub(super) relative_number: bool,
    pub(super) cursor_line: bool,
    pub(super) wrapscan: bool,
    pub(super) wrap: bool,
    pub(super) list: bool,
    pub(super) highlight: bool,
    pub(super) incremental: bool,
    pub(super) paste: bool,
    pub(super) syntax: bool,
    pub(super) hidden: bool,
    pub(super) ruler: bool,
    pub(super) split_right: bool,
    pub(super) split_below: bool,
    pub(super) backspace: String,
    pub(super) formats: String,
    pub(super) wraps: String,
    /// What 'paste' put aside: autoindent, expandtab, softtabstop, textwidth.
    pasted: Option<(bool, bool, usize, usize)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            autoindent: false,
            smartindent: false,
            expandtab: false,
            smarttab: false,
            shiftround: false,
            startofline: true,
            joinspaces: true,
            gdefault: false,
            magic: true,
            preproc: false,
            shiftwidth: 8,
            tabstop: 8,
            softtabstop: 0,
            textwidth: 0,
            ignorecase: false,
            smartcase: false,
            number: false,
            relative_number: false,
            cursor_line: false,
            wrapscan: true,
            wrap: true,
            list: false,
            highlight: false,
            incremental: false,
            paste: false,
            syntax: true,
            hidden: false,
            ruler: true,
            split_right: false,
            split_below: false,
            backspace: String::new(),
            formats: "bin,octal,hex".into(),
            wraps: "b,s".into(),
            pasted: None,
        }
    }
}

/// Settings that vim has and that change nothing here.
const KNOWN: &[&str] = &[
    "cc",
    "colorcolumn",
    "showmatch",
    "sm",
    "showmode",
    "smd",
    "showcmd",
    "sc",
    "laststatus",
    "ls",
    "scrolloff",
    "so",
    "encoding",
    "enc",
    "fileformat",
    "ff",
    "filetype",
    "ft",
    "mouse",
    "background",
    "bg",
    "modified",
    "mod",
    "visualbell",
    "vb",
    "errorbells",
    "eb",
    "undolevels",
    "ul",
    "swapfile",
    "swf",
    "backup",
    "bk",
    "writebackup",
    "wb",
    "wildmenu",
    "wmnu",
    "lazyredraw",
    "lz",
    "ttyfast",
    "tf",
    "compatible",
    "cp",
    "clipboard",
    "cb",
    "linebreak",
    "lbr",
    "breakindent",
    "bri",
    "foldmethod",
    "fdm",
    "foldenable",
    "fen",
    "spell",
    "history",
    "hi",
    "autoread",
    "ar",
    "cursorcolumn",
    "cuc",
    "formatoptions",
    "fo",
    "textmode",
    "tx",
    "syntax",
    "syn",
    "cindent",
    "cin",
    "indentexpr",
    "inde",
    "title",
    "report",
    "shortmess",
    "shm",
    "timeoutlen",
    "tm",
    "ttimeoutlen",
    "ttm",
    "virtualedit",
    "ve",
    "listchars",
    "lcs",
    "statusline",
    "stl",
    "wildmode",
    "wim",
    "ttimeout",
    "termguicolors",
    "tgc",
    "copyindent",
    "ci",
    "preserveindent",
    "pi",
    "indentkeys",
    "indk",
    "binary",
    "bin",
    "eol",
    "endofline",
    "fixeol",
    "fixendofline",
    "display",
    "dy",
    "confirm",
    "cf",
    "more",
    "autowrite",
    "aw",
    "nrformats",
];

impl Settings {
    /// A pattern that is typed, when it can be read already.
    pub(super) fn compiled(&self, text: &str) -> Option<super::pattern::Regexp> {
        super::pattern::compile(text, self.magic, self.ignorecase, self.smartcase, "").ok()
    }

    /// Takes over what belongs to a buffer.
    pub(super) fn take_buffers(&mut self, from: &Self) {
        self.autoindent = from.autoindent;
        self.smartindent = from.smartindent;
        self.expandtab = from.expandtab;
        self.shiftwidth = from.shiftwidth;
        self.tabstop = from.tabstop;
        self.softtabstop = from.softtabstop;
        self.textwidth = from.textwidth;
        from.formats.clone_into(&mut self.formats);
    }

    /// Takes over what belongs to a window.
    pub(super) fn take_windows(&mut self, from: &Self) {
        self.number = from.number;
        self.relative_number = from.relative_number;
        self.cursor_line = from.cursor_line;
        self.wrap = from.wrap;
        self.list = from.list;
    }
}

impl Core {
    /// `:set`: here, and in the buffers that are to come.
    pub(super) fn ex_set_both(&mut self, rest: &str) -> Done {
        let read_only = self.read_only;
        std::mem::swap(&mut self.settings, &mut self.files.globals);
        let kept = (self.message.clone(), self.errors);
        if !rest.contains('?') {
            drop(self.ex_set(rest));
        }
        (self.message, self.errors) = kept;
        std::mem::swap(&mut self.settings, &mut self.files.globals);
        self.read_only = read_only;
        self.ex_set(rest)
    }

    pub(super) fn ex_set(&mut self, rest: &str) -> Done {
        let rest = rest.replace("\\ ", "\u{1}");
        for word in rest.split_whitespace() {
            if word.starts_with('"') {
                break;
            }
            self.set_word(&word.replace('\u{1}', " "))?;
        }
        Ok(())
    }

    fn set_word(&mut self, word: &str) -> Done {
        let end = word.find(|c: char| !c.is_ascii_alphabetic() && c != '_').unwrap_or(word.len());
        let (name, tail) = word.split_at(end);
        let (name, off) = match name.strip_prefix("no").filter(|bare| flag_name(bare)) {
            Some(bare) => (bare, Some(false)),
            None => (name, None),
        };
        let (name, off) = match name.strip_prefix("inv").filter(|bare| flag_name(bare)) {
            Some(bare) => (bare, Some(!self.flag(bare).map(|it| *it).unwrap_or(false))),
            None => (name, off),
        };
        if let Some(now) = self.flag(name).map(|flag| *flag) {
            let value = match (off, tail) {
                (Some(value), _) => value,
                (None, "!") => !now,
                (None, "?") => {
                    let shown = if now { format!("  {name}") } else { format!("no{name}") };
                    self.say(shown);
                    return Ok(());
                }
                (None, "") => true,
                (None, "&") => false,
                (None, _) => return Err(self.error(format!("E474: Invalid argument: {word}"))),
            };
            self.set_flag(name, value);
            return Ok(());
        }
        if name == "all" || name.is_empty() {
            return Ok(());
        }
        self.set_value(name, tail, word)
    }

    fn set_flag(&mut self, name: &str, value: bool) {
        if matches!(name, "ro" | "readonly") {
            self.read_only = value;
        }
        if name == "paste" {
            return self.set_paste(value);
        }
        if matches!(name, "hls" | "hlsearch") {
            self.unlit = false;
        }
        if let Some(flag) = self.flag(name) {
            *flag = value;
        }
    }

    fn set_paste(&mut self, on: bool) {
        let it = &mut self.settings;
        if on && !it.paste {
            it.pasted = Some((it.autoindent, it.expandtab, it.softtabstop, it.textwidth));
            it.autoindent = false;
            it.expandtab = false;
            it.softtabstop = 0;
            it.textwidth = 0;
        } else if let (false, Some(kept)) = (on, it.pasted.take()) {
            (it.autoindent, it.expandtab, it.softtabstop, it.textwidth) = kept;
        }
        it.paste = on;
    }

    fn flag(&mut self, name: &str) -> Option<&mut bool> {
        let it = &mut self.settings;
        Some(match name {
            "ai" | "autoindent" => &mut it.autoindent,
            "si" | "smartindent" => &mut it.smartindent,
            "et" | "expandtab" => &mut it.expandtab,
            "sta" | "smarttab" => &mut it.smarttab,
            "sr" | "shiftround" => &mut it.shiftround,
            "sol" | "startofline" => &mut it.startofline,
            "js" | "joinspaces" => &mut it.joinspaces,
            "gd" | "gdefault" => &mut it.gdefault,
            "magic" => &mut it.magic,
            "ic" | "ignorecase" => &mut it.ignorecase,
            "scs" | "smartcase" => &mut it.smartcase,
            "nu" | "number" => &mut it.number,
            "rnu" | "relativenumber" => &mut it.relative_number,
            "cul" | "cursorline" => &mut it.cursor_line,
            "wrap" => &mut it.wrap,
            "list" => &mut it.list,
            "hls" | "hlsearch" => &mut it.highlight,
            "is" | "incsearch" => &mut it.incremental,
            "ws" | "wrapscan" => &mut it.wrapscan,
            "hid" | "hidden" => &mut it.hidden,
            "ru" | "ruler" => &mut it.ruler,
            "spr" | "splitright" => &mut it.split_right,
            "sb" | "splitbelow" => &mut it.split_below,
            "ro" | "readonly" => &mut self.read_only,
            "paste" => &mut it.paste,
            _ => return None,
        })
    }

    fn set_value(&mut self, name: &str, tail: &str, word: &str) -> Done {
        let (sign, value) = match tail.chars().next() {
            Some('=' | ':') => ('=', &tail[1..]),
            Some(sign @ ('+' | '-' | '^')) if tail[1..].starts_with('=') => (sign, &tail[2..]),
            _ => ('?', tail),
        };
        let it = &mut self.settings;
        let number = match name {
            "sw" | "shiftwidth" => Some(&mut it.shiftwidth),
            "ts" | "tabstop" => Some(&mut it.tabstop),
            "sts" | "softtabstop" => Some(&mut it.softtabstop),
            "tw" | "textwidth" => Some(&mut it.textwidth),
            _ => None,
        };
        if let Some(number) = number {
            if sign == '?' {
                let shown = format!("  {name}={number}");
                self.say(shown);
                return Ok(());
            }
            let Ok(given) = value.parse::<usize>() else {
                return Err(self.error(format!("E521: Number required after =: {word}")));
            };
            *number = match sign {
                '+' => *number + given,
                '-' => number.saturating_sub(given),
                _ => given,
            };
            return Ok(());
        }
        let text = match name {
            "bs" | "backspace" => Some(&mut it.backspace),
            "nf" | "nrformats" => Some(&mut it.formats),
            "ww" | "whichwrap" => Some(&mut it.wraps),
            _ => None,
        };
        if let Some(text) = text {
            let value = match (name, value) {
                ("bs" | "backspace", "2") => "indent,eol,start",
                ("bs" | "backspace", "1") => "indent,eol",
                ("bs" | "backspace", "0") => "",
                _ => value,
            };
            match sign {
                '=' => value.clone_into(text),
                '+' | '^' if text.is_empty() => value.clone_into(text),
                '+' | '^' => *text = format!("{text},{value}"),
                '-' => {
                    let kept: Vec<&str> = text.split(',').filter(|part| *part != value).collect();
                    *text = kept.join(",");
                }
                _ => {
                    let shown = format!("  {name}={text}");
                    self.say(shown);
                }
            }
            return Ok(());
        }
        let bare = name.strip_prefix("no").unwrap_or(name);
        if KNOWN.contains(&name) || KNOWN.contains(&bare) {
            return Ok(());
        }
        Err(self.error(format!("E518: Unknown option: {word}")))
    }
}

/// True for the name of a setting that is on or off.
fn flag_name(name: &str) -> bool {
    let mut core = Core::new("");
    core.flag(name).is_some()
}
