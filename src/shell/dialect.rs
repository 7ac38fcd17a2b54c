//! What the shell language says, in the words of the shells that the machines have.
//!
//! The language crate adds hints of its own to commands that it does not know, and speaks as bash whoever it
//! stands for: `sh` is dash on Ubuntu and Debian, and ash where busybox is. What a redirection takes away does
//! not come past here, nor do scripts by name, which do not tell their shell.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::cluster::{Place, World};

/// The hints, behind the sentence that every shell ends with.
const HINT: (&str, &str) = (r"(?m)(: command not found)\. [^\n]*$", "$1");

/// A sentence of bash as `sh`, and those of dash and ash. The first that fits counts.
const SENTENCES: &[(&str, &str, &str)] = &[
    (r"(?m)^sh: line (\d+): (.+): command not found$", "sh: $1: $2: not found", "sh: $2: not found"),
    (r"(?m)^sh: line (\d+): cd: (.+): (.+)$", "sh: $1: cd: can't cd to $2", "sh: cd: can't cd to $2: $3"),
    (
        r"(?m)^sh: line (\d+): (\S*/\S*): No such file or directory$",
        "sh: $1: $2: not found",
        "sh: $2: not found",
    ),
    (
        r"(?m)^sh: line (\d+): (\[|test): (.+): integer expression expected$",
        "sh: $1: $2: Illegal number: $3",
        "sh: $3: bad number",
    ),
    (r"(?m)^sh: line (\d+): ", "sh: $1: ", "sh: "),
];

struct Rules {
    hint: Option<Regex>,
    sentences: Vec<(Regex, &'static str, &'static str)>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    hint: Regex::new(HINT.0).ok(),
    sentences: SENTENCES
        .iter()
        .filter_map(|&(pattern, dash, ash)| Some((Regex::new(pattern).ok()?, dash, ash)))
        .collect(),
});

/// What was written to standard error, as the shell of the place says it.
pub(super) fn own_words<'t>(is_ash: impl Fn() -> bool, text: &'t str) -> Cow<'t, str> {
    let mut said = match &RULES.hint {
        Some(hint) if text.contains(": command not found. ") => hint.replace_all(text, HINT.1),
        _ => Cow::Borrowed(text),
    };
    if !said.contains("sh: line ") {
        return said;
    }
    let is_ash = is_ash();
    for (pattern, dash, ash) in &RULES.sentences {
        if pattern.is_match(&said) {
            said = Cow::Owned(pattern.replace_all(&said, if is_ash { *ash } else { *dash }).into_owned());
        }
    }
    said
}

/// True where `sh` is that of busybox.
pub(super) fn has_ash(world: &World, place: &Place) -> bool {
    matches!(place, Place::Container { .. }) && world.stat(place, "/bin/busybox").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, dash: &str, ash: &str) {
        assert_eq!((own_words(|| false, text).as_ref(), own_words(|| true, text).as_ref()), (dash, ash));
    }

    #[test]
    fn each_shell_has_its_words() {
        let hint = "bash: line 1: pss: command not found. Did you mean: ps, ss?\n";
        let bash = "bash: line 1: pss: command not found\n";
        check(hint, bash, bash);
        check(
            "sh: line 3: pss: command not found. Did you mean: ps?\n",
            "sh: 3: pss: not found\n",
            "sh: pss: not found\n",
        );
        check(
            "sh: line 1: cd: /nope: No such file or directory\n",
            "sh: 1: cd: can't cd to /nope\n",
            "sh: cd: can't cd to /nope: No such file or directory\n",
        );
        check(
            "sh: line 1: ./x: Permission denied\n",
            "sh: 1: ./x: Permission denied\n",
            "sh: ./x: Permission denied\n",
        );
    }
}
