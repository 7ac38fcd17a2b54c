//! nginx's configuration as far as it decides who listens where and what is answered.

use crate::cluster::kubelet::script::glob_matches;
use crate::cluster::{Place, World};
use crate::hosts::files;
use crate::sim::memo::Memo;

/// A directive with what stands in its braces.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Directive {
    pub(super) words: Vec<String>,
    pub(super) inner: Vec<Directive>,
}

/// Every container of an image has the same files.
static PARSED: Memo<Result<Vec<Directive>, String>> = Memo::new(16);

const MAIN: &str = "/etc/nginx/nginx.conf";

impl Directive {
    fn is(&self, name: &str) -> bool {
        self.words.first().is_some_and(|it| it == name)
    }

    fn argument(&self) -> &str {
        self.words.get(1).map_or("", String::as_str)
    }

    fn all<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a Self> {
        self.inner.iter().filter(move |it| it.is(name))
    }

    fn value(&self, name: &'static str) -> Option<&str> {
        self.all(name).next().map(Self::argument)
    }
}

/// Reads the configuration of a container.
///
/// # Errors
/// What `nginx -t` complains about.
pub(super) fn load(world: &World, place: &Place) -> Result<Directive, String> {
    let inner = read(world, place, MAIN, 0)?;
    Ok(Directive { words: Vec::new(), inner })
}

fn read(world: &World, place: &Place, path: &str, depth: u32) -> Result<Vec<Directive>, String> {
    let text =
        world.read_text(place, path).map_err(|error| format!("open() \"{path}\" failed (2: {error})"))?;
    let mut all = PARSED
        .get(&format!("{path}\n{text}"), || block(&mut tokens(&text).into_iter().peekable(), path, true))?;
    include(world, place, &mut all, depth)?;
    Ok(all)
}

fn include(world: &World, place: &Place, directives: &mut Vec<Directive>, depth: u32) -> Result<(), String> {
    let mut out = Vec::new();
    for mut directive in std::mem::take(directives) {
        if directive.is("include") && depth < 8 {
            let path = files::clean("/etc/nginx", directive.argument());
            for file in matching(world, place, &path) {
                out.extend(read(world, place, &file, depth + 1)?);
            }
        } else {
            include(world, place, &mut directive.inner, depth)?;
            out.push(directive);
        }
    }
    *directives = out;
    Ok(())
}

fn matching(world: &World, place: &Place, pattern: &str) -> Vec<String> {
    if !pattern.contains('*') {
        return vec![pattern.to_owned()];
    }
    let directory = files::parent(pattern);
    let entries = world.list_dir(place, directory).unwrap_or_default();
    let names =
        entries.into_iter().map(|(name, _)| name).filter(|it| glob_matches(files::base_name(pattern), it));
    names.map(|name| files::clean(directory, &name)).collect()
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String, usize),
    Open,
    Close(usize),
    End,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut comment = false;
    let mut line = 1;
    let finish = |word: &mut String, all: &mut Vec<Token>, line: usize| {
        if !word.is_empty() {
            all.push(Token::Word(std::mem::take(word), line));
        }
    };
    for c in text.chars() {
        if c == '\n' {
            line += 1;
            comment = false;
        }
        match (c, quote) {
            _ if comment => {}
            (c, Some(open)) if c == open => {
                quote = None;
                all.push(Token::Word(std::mem::take(&mut word), line));
            }
            (c, Some(_)) => word.push(c),
            ('"' | '\'', None) if word.is_empty() => quote = Some(c),
            ('#', None) if word.is_empty() => comment = true,
            (c, None) if c.is_whitespace() => finish(&mut word, &mut all, line),
            // `${name}` is a variable and no block.
            ('{', None) if word.ends_with('$') => word.push(c),
            ('}', None) if word.contains("${") => word.push(c),
            ('{' | '}' | ';', None) => {
                finish(&mut word, &mut all, line);
                all.push(match c {
                    '{' => Token::Open,
                    '}' => Token::Close(line),
                    _ => Token::End,
                });
            }
            (c, None) => word.push(c),
        }
    }
    finish(&mut word, &mut all, line);
    all
}

fn block(
    tokens: &mut std::iter::Peekable<std::vec::IntoIter<Token>>,
    path: &str,
    top: bool,
) -> Result<Vec<Directive>, String> {
    let mut all = Vec::new();
    let mut words = Vec::new();
    let mut last_line = 1;
    while let Some(token) = tokens.next() {
        match token {
            Token::Word(word, line) => {
                last_line = line;
                words.push(word);
            }
            Token::End => all.push(Directive { words: std::mem::take(&mut words), inner: Vec::new() }),
            Token::Open => {
                let inner = block(tokens, path, false)?;
                all.push(Directive { words: std::mem::take(&mut words), inner });
            }
            Token::Close(line) if top || !words.is_empty() => {
                return Err(format!("unexpected \"}}\" in {path}:{line}"));
            }
            Token::Close(_) => return Ok(all),
        }
    }
    match (top, words.is_empty()) {
        (true, true) => Ok(all),
        (true, false) => {
            Err(format!("unexpected end of file, expecting \";\" or \"}}\" in {path}:{last_line}"))
        }
        (false, _) => Err(format!("unexpected end of file, expecting \"}}\" in {path}:{last_line}")),
    }
}

/// The first directive that nginx does not know, as it complains about it.
pub(super) fn unknown_directive(config: &Directive) -> Option<String> {
    const TOP: &[&str] = &[
        "user",
        "worker_processes",
        "error_log",
        "pid",
        "events",
        "http",
        "stream",
        "daemon",
        "load_module",
        "worker_rlimit_nofile",
        "env",
        "include",
        "master_process",
    ];
    let stray =
        config.inner.iter().find(|it| it.words.first().is_some_and(|name| !TOP.contains(&name.as_str())))?;
    Some(format!("unknown directive \"{}\" in {MAIN}:1", stray.words.first()?))
}

fn servers(config: &Directive) -> impl Iterator<Item = &Directive> {
    config.all("http").flat_map(|http| http.all("server"))
}

fn listen_port(listen: &Directive) -> Option<u16> {
    let word = listen.argument();
    if word.starts_with("unix:") || word.starts_with("[::") && listen.words.len() == 2 && !word.contains("]:")
    {
        return None;
    }
    word.rsplit(':').next()?.parse().ok().or(Some(80))
}

/// The ports of all servers.
pub(super) fn ports(config: &Directive) -> Vec<u16> {
    let mut ports: Vec<u16> = servers(config)
        .flat_map(|server| {
            let listens: Vec<u16> = server.all("listen").filter_map(listen_port).collect();
            if listens.is_empty() { vec![80] } else { listens }
        })
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Whether a server listens on the port with `ssl`.
pub(super) fn is_tls(config: &Directive, port: u16) -> bool {
    servers(config)
        .flat_map(|server| server.all("listen"))
        .any(|it| listen_port(it) == Some(port) && it.words.iter().any(|word| word == "ssl"))
}

/// What is to be done with a request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// Looks for a file below a directory.
    File {
        root: String,
        path: String,
        index: Vec<String>,
    },
    Return {
        code: u16,
        text: String,
    },
    Proxy {
        url: String,
    },
}

/// What the server for `host` on `port` does with `path`.
pub(super) fn route(config: &Directive, port: u16, host: &str, path: &str) -> Option<Action> {
    let listening: Vec<&Directive> = servers(config)
        .filter(|server| {
            let mut listens = server.all("listen").filter_map(listen_port).peekable();
            listens.peek().is_none() && port == 80 || listens.any(|it| it == port)
        })
        .collect();
    let name = host.split(':').next().unwrap_or(host);
    let named = |server: &&&Directive| {
        server.all("server_name").any(|it| it.words.iter().skip(1).any(|word| word == name))
    };
    let server = listening.iter().find(named).or(listening.first())?;
    let location = location(server, path);
    let http = config.all("http").next();
    let chain: Vec<&Directive> = [location, Some(*server), http].into_iter().flatten().collect();
    let find = |name: &'static str| chain.iter().find_map(|it| it.all(name).next());
    let own =
        |name: &'static str| location.and_then(|it| it.all(name).next()).or_else(|| server.all(name).next());
    if let Some(it) = own("return") {
        let code = it.argument().parse().unwrap_or(200);
        let text = it.words.get(2).cloned().unwrap_or_default();
        return Some(Action::Return { code, text: text.replace("\\n", "\n") });
    }
    if let Some(it) = location.and_then(|it| it.all("proxy_pass").next()) {
        return Some(Action::Proxy { url: proxied(it.argument(), location, path) });
    }
    let index: Vec<String> =
        find("index").map(|it| it.words.iter().skip(1).cloned().collect()).unwrap_or_default();
    let index = if index.is_empty() { vec!["index.html".to_owned()] } else { index };
    if let Some(alias) = location.and_then(|it| it.value("alias")) {
        let prefix = location.and_then(|it| it.words.last()).map_or("/", String::as_str);
        let path = format!("/{}", path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('/'));
        return Some(Action::File { root: alias.to_owned(), path, index });
    }
    let root = find("root").map_or("/etc/nginx/html", Directive::argument).to_owned();
    Some(Action::File { root, path: path.to_owned(), index })
}

/// The location of a server for a path: an exact one, else the longest prefix.
fn location<'a>(server: &'a Directive, path: &str) -> Option<&'a Directive> {
    let locations = || server.all("location");
    let exact = locations()
        .find(|it| it.words.get(1).is_some_and(|w| w == "=") && it.words.get(2).is_some_and(|w| w == path));
    let prefix = |it: &&Directive| {
        let word = if it.argument() == "^~" { it.words.get(2) } else { it.words.get(1) };
        word.is_some_and(|word| word.starts_with('/') && path.starts_with(word.as_str()))
    };
    exact.or_else(|| locations().filter(prefix).max_by_key(|it| it.words.last().map_or(0, String::len)))
}

fn proxied(url: &str, location: Option<&Directive>, path: &str) -> String {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    if after_scheme.contains('/') {
        let prefix = location.and_then(|it| it.words.last()).map_or("/", String::as_str);
        let rest = path.strip_prefix(prefix).unwrap_or("");
        return format!("{url}{rest}");
    }
    format!("{url}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<Directive, String> {
        let mut tokens = tokens(text).into_iter().peekable();
        Ok(Directive { words: Vec::new(), inner: block(&mut tokens, MAIN, true)? })
    }

    const TEXT: &str = "http { server { listen 8080; server_name a; location / { root /srv; }
        location /api { return 200 \"hi\\n\"; } location = /x { proxy_pass http://back:90; } } }";

    #[test]
    fn servers_listen_and_answer_as_written() {
        let config = config(TEXT).unwrap();
        assert_eq!(ports(&config), [8080]);
        let of = |path: &str| route(&config, 8080, "a:8080", path).unwrap();
        assert_eq!(of("/api/v1"), Action::Return { code: 200, text: "hi\n".into() });
        assert_eq!(of("/x"), Action::Proxy { url: "http://back:90/x".into() });
        assert_eq!(
            of("/y"),
            Action::File { root: "/srv".into(), path: "/y".into(), index: vec!["index.html".into()] }
        );
        assert_eq!(route(&config, 80, "a", "/"), None);
    }

    #[test]
    fn broken_files_are_named_with_their_line() {
        assert_eq!(
            config("http {\n server {\n listen 80;\n").unwrap_err(),
            "unexpected end of file, expecting \"}\" in /etc/nginx/nginx.conf:3"
        );
    }
}
