//! `:help`: a few pages of our own.

use super::core::{Core, Done};

/// Subjects, and what is said of them.
const PAGES: &[(&str, &str)] = &[
    (
        "",
        "This vim is simulated: it edits as vim does, and its manual is not part of it.\n\
         :help SUBJECT knows: moving, changing, files, windows, search, visual, insert, options.\n\
         Leave a text with :wq (written) or :q! (as it was).",
    ),
    (
        "moving",
        "h j k l  left, down, up, right      w b e  by words      0 ^ $  in the line\n\
         gg G 12G  first, last, a line       { }  by paragraphs   % matching bracket\n\
         f: t: ; ,  to a letter              ma 'a `a  a mark     ^O ^I  places before",
    ),
    (
        "changing",
        "x dd d{motion}  delete              cc c{motion}  change     yy y{motion} p P  copy\n\
         >> << ==  indent                    J  join lines            r ~ ^A ^X  letters, numbers\n\
         u ^R U  undo, redo                  .  once more             qa … q @a  record and play",
    ),
    (
        "files",
        ":w :w FILE :w >> FILE  write        :e FILE :e!  another file, or anew\n\
         :r FILE :r !COMMAND  read in        :n :prev :args  the arguments\n\
         :ls :b N :bd  buffers               ^^  the file before",
    ),
    (
        "windows",
        ":sp :vs :new  another window        ^W then h j k l w  go      ^W = + - < > _ |  sizes\n\
         :q :close :only  take away          :tabe gt gT :tabc  tab pages",
    ),
    (
        "search",
        "/PATTERN ?PATTERN n N  look for     * #  the word here\n\
         :%s/OLD/NEW/gc  exchange            :g/PATTERN/COMMAND  on lines     :noh  no colours",
    ),
    (
        "visual",
        "v V ^V  letters, lines, a block     o  the other end         gv  the last one\n\
         d c y > < ~ J  work on it           I A  at each line of a block",
    ),
    (
        "insert",
        "i a I A o O  begin                  ^W ^U  take a word, a line away     ^T ^D  indent\n\
         ^R{register}  put in                ^N ^P  complete          ^O  one command",
    ),
    (
        "options",
        ":set nu  line numbers               :set paste  as it is typed     :set list  tabs and ends\n\
         :set et sw=2 ts=2 sts=2 ai  for YAML      :set ic scs hls is  searching",
    ),
];

impl Core {
    pub(super) fn ex_help(&mut self, subject: &str) -> Done {
        let page = PAGES.iter().find(|(name, _)| *name == subject.trim_end_matches(".txt"));
        match page {
            Some((_, text)) => {
                self.message = (*text).to_owned();
                Ok(())
            }
            None => Err(self.error(format!("E149: Sorry, no help for {subject}"))),
        }
    }
}
