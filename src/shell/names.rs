//! Names that the shell language brings along: which of them exist here.

/// Commands of the language itself: they exist wherever a shell runs.
const BUILTINS: &[&str] = &[
    ".", ":", "[", "alias", "bg", "break", "builtin", "caller", "cd", "command", "compgen", "complete",
    "compopt", "continue", "declare", "dirs", "disown", "echo", "enable", "eval", "exec", "exit", "export",
    "false", "fc", "fg", "getopts", "hash", "help", "history", "jobs", "kill", "let", "local", "mapfile",
    "popd", "printf", "pushd", "pwd", "read", "readarray", "readonly", "return", "set", "shift", "shopt",
    "source", "test", "times", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias", "unset",
    "wait", "bind",
];

/// Programs of the language's crate that an Ubuntu node has too, and that behave alike.
pub(super) const UNIX: &[&str] = &[
    "arch", "awk", "base32", "base64", "basename", "basenc", "bc", "b2sum", "bunzip2", "bzcat", "bzip2",
    "cat", "chgrp", "chmod", "chown", "cksum", "clear", "cmp", "column", "comm", "cp", "cut", "dd", "diff",
    "dirname", "du", "egrep", "env", "envsubst", "expand", "expr", "factor", "fgrep", "file", "find", "flock",
    "fmt", "fold", "gawk", "getconf", "grep", "groups", "gunzip", "gzip", "head", "hexdump", "iconv",
    "install", "join", "jq", "less", "link", "ln", "locale", "logname", "ls", "man", "mawk", "md5sum",
    "mkdir", "mkfifo", "mktemp", "more", "mv", "nl", "nohup", "nproc", "numfmt", "od", "paste", "patch",
    "pgrep", "pkill", "pr", "printenv", "readlink", "realpath", "rev", "rm", "rmdir", "sed", "seq", "sha1sum",
    "sha224sum", "sha256sum", "sha384sum", "sha512sum", "shasum", "shuf", "sort", "split", "stat", "strings",
    "sum", "sync", "tac", "tail", "tar", "tee", "timeout", "touch", "tr", "tree", "truncate", "tsort", "tty",
    "unexpand", "uniq", "unlink", "unzip", "users", "uuidgen", "wc", "which", "xargs", "xxd", "yes", "zip",
    "bash", "sh", "nice", "ps", "free", "df", "watch", "id", "whoami", "hostname", "uname", "uptime", "who",
    "sleep", "date",
];

/// True when `name` belongs to the language itself.
pub(super) fn is_builtin(name: &str) -> bool {
    BUILTINS.contains(&name)
}
