//! How a kubectl command fails, and the sentence that is printed for it.
//!
//! The wording of each kind is made here once, as kubectl's `cmd/util/helpers.go` does it.

use crate::apimachinery::json::Value;
use crate::apimachinery::object::{list, text};

/// What a verb returns.
pub(crate) type Done = Result<(), Failure>;

/// Why a command does not end with exit code 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// Everything is said already.
    Exit(i32),
    /// A sentence with an exit code of its own.
    Code(i32, String),
    /// A sentence that gets `error: ` in front, unless it has it.
    Error(String),
    /// A sentence that is printed as it is.
    Plain(String),
    /// The server's refusal: a Status object.
    Server(Box<Value>),
    /// No answer came.
    Dial { method: String, url: String, sentence: String },
    /// The kubeconfig is wrong.
    Config(Vec<String>),
    /// Several at once, each printed on its own line.
    Many(Vec<Failure>),
}

impl Failure {
    /// A sentence of kubectl's own.
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::Error(message.into())
    }

    /// Nothing when there are none, the one when there is one, else all.
    pub(crate) fn all(mut failures: Vec<Failure>) -> Done {
        match failures.len() {
            0 => Ok(()),
            1 => Err(failures.swap_remove(0)),
            _ => Err(Self::Many(failures)),
        }
    }

    /// True for a 404 of the server.
    pub(crate) fn is_not_found(&self) -> bool {
        self.reason() == "NotFound"
    }

    /// True for a 409 about a changed object.
    pub(crate) fn is_conflict(&self) -> bool {
        self.reason() == "Conflict"
    }

    /// True for a 409 on create.
    pub(crate) fn is_already_exists(&self) -> bool {
        self.reason() == "AlreadyExists"
    }

    /// The reason of the server's Status; empty for others.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Server(status) => text(status, "/reason"),
            _ => "",
        }
    }

    /// The bare sentence (Go's `err.Error()`), for use inside another.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Exit(_) => "exit".into(),
            Self::Error(message) | Self::Plain(message) | Self::Code(_, message) => message.clone(),
            Self::Server(status) => text(status, "/message").to_owned(),
            Self::Dial { method, url, sentence } => format!("{} {url:?}: {sentence}", title(method)),
            Self::Config(messages) => match messages.as_slice() {
                [one] => format!("invalid configuration: {one}"),
                many => format!("invalid configuration: [{}]", many.join(", ")),
            },
            Self::Many(failures) => {
                let mut all: Vec<String> = Vec::new();
                for sentence in failures.iter().map(Self::sentence) {
                    if !all.contains(&sentence) {
                        all.push(sentence);
                    }
                }
                if let [one] = all.as_slice() { one.clone() } else { format!("[{}]", all.join(", ")) }
            }
        }
    }

    /// The same failure, its sentence put behind `error when VERB "SOURCE": `.
    #[must_use]
    pub(crate) fn about_source(self, verb: &str, source: &str) -> Self {
        if source.is_empty() {
            return self;
        }
        let sentence = format!("error when {verb} {source:?}: {}", self.sentence());
        match self {
            Self::Server(mut status) => {
                status["message"] = sentence.into();
                Self::Server(status)
            }
            _ => Self::Error(sentence),
        }
    }

    /// The same refusal of the server behind other words; a sentence of ours becomes one with them.
    #[must_use]
    pub(crate) fn prefixed(self, words: &str) -> Self {
        let sentence = format!("{words}{}", self.sentence());
        match self {
            Self::Server(mut status) => {
                status["message"] = sentence.into();
                Self::Server(status)
            }
            _ => Self::Error(sentence),
        }
    }

    /// What goes to standard error, with a line's end; empty when all is said.
    pub(crate) fn printed(&self) -> String {
        let mut words = match self {
            Self::Many(failures) => match failures.as_slice() {
                [one] => return one.printed(),
                many => many.iter().map(|one| format!("{}\n", one.one_of_many())).collect(),
            },
            Self::Server(status) if text(status, "/reason") == "Invalid" => invalid(status),
            Self::Config(messages) => multiline("Error in configuration: ", messages),
            Self::Error(message) if message.starts_with("error: ") => message.clone(),
            Self::Error(message) => format!("error: {message}"),
            _ => self.one_of_many(),
        };
        if !words.is_empty() && !words.ends_with('\n') {
            words.push('\n');
        }
        words
    }

    /// The exit code of the command.
    pub(crate) fn code(&self) -> i32 {
        if let Self::Exit(code) | Self::Code(code, _) = self { *code } else { 1 }
    }

    /// The line of a failure that stands among others.
    fn one_of_many(&self) -> String {
        match self {
            Self::Exit(_) => String::new(),
            Self::Server(status) => match (text(status, "/reason"), text(status, "/message")) {
                ("Unauthorized", message) => {
                    format!("error: You must be logged in to the server ({message})")
                }
                ("", message) => format!("Error from server: {message}"),
                (reason, message) => format!("Error from server ({reason}): {message}"),
            },
            Self::Dial { url, sentence, .. } if sentence.contains("connection refused") => {
                let host = host_of(url);
                format!(
                    "The connection to the server {host} was refused - did you specify the right host or port?"
                )
            }
            Self::Dial { sentence, .. } => format!("Unable to connect to the server: {sentence}"),
            _ => self.sentence(),
        }
    }
}

/// A file error in Go's words, which have no capital.
pub(crate) fn go_error(error: crate::hosts::FsError) -> String {
    let words = error.to_string();
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// `172.30.1.2:6443` of a URL.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
}

/// `GET` as Go's client writes it in its errors: `Get`.
pub(super) fn title(method: &str) -> String {
    let lower = method.to_ascii_lowercase();
    let mut letters = lower.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn invalid(status: &Value) -> String {
    let message = text(status, "/message");
    let with_message = |words: &str| {
        if message.is_empty() { words.to_owned() } else { format!("{words}: {message}") }
    };
    if status.get("details").is_none() {
        return with_message("The request is invalid");
    }
    let (kind, name) = (text(status, "/details/kind"), text(status, "/details/name"));
    let causes = list(status, "/details/causes");
    let subject = if !kind.is_empty() || !name.is_empty() {
        format!("The {kind} {name:?} is invalid")
    } else if causes.is_empty() {
        with_message("The request is invalid")
    } else {
        "The request is invalid".to_owned()
    };
    let mut lines: Vec<String> = Vec::new();
    for cause in causes {
        let line = format!("{}: {}", text(cause, "/field"), text(cause, "/message"));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.is_empty() { subject } else { multiline(&format!("{subject}: "), &lines) }
}

fn multiline(prefix: &str, lines: &[String]) -> String {
    match lines {
        [] => format!("{prefix}\n"),
        [one] => format!("{prefix}{one}\n"),
        many => {
            let mut all = format!("{prefix}\n");
            for line in many {
                all.push_str(&format!("* {line}\n"));
            }
            all
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn each_kind_has_its_wording() {
        let server = |status: Value| Failure::Server(Box::new(status));
        let not_found = server(json!({"reason": "NotFound", "message": "pods \"x\" not found"}));
        let causes =
            json!([{"field": "spec.a", "message": "Required value"}, {"field": "b", "message": "no"}]);
        let one = json!([{"field": "spec.a", "message": "Required value"}]);
        let invalid = |causes: &Value| {
            server(json!({"reason": "Invalid", "message": "m",
                "details": {"kind": "Pod", "name": "x", "causes": causes}}))
        };
        let refused = Failure::Dial {
            method: "GET".into(),
            url: "https://172.30.1.2:6443/api?timeout=32s".into(),
            sentence: "dial tcp 172.30.1.2:6443: connect: connection refused".into(),
        };
        let all = [
            Failure::error("no"),
            Failure::Many(vec![not_found.clone(), Failure::error("bare among others")]),
            not_found.about_source("creating", "a.yaml"),
            invalid(&one),
            invalid(&causes),
            refused,
        ];
        let printed: String = all.iter().map(Failure::printed).collect();
        insta::assert_snapshot!(printed, @r#"
        error: no
        Error from server (NotFound): pods "x" not found
        bare among others
        Error from server (NotFound): error when creating "a.yaml": pods "x" not found
        The Pod "x" is invalid: spec.a: Required value
        The Pod "x" is invalid: 
        * spec.a: Required value
        * b: no
        The connection to the server 172.30.1.2:6443 was refused - did you specify the right host or port?
        "#);
    }
}
