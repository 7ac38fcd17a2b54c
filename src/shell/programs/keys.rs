//! `ssh-keygen`, `getfacl`, `zcat`, `whereis`: small programs around files.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use super::texts::{group_name, user_name};
use crate::cluster::place::FileOp;
use crate::shell::{Answer, Proc, Program, Request, Running, login};

pub(crate) const SSH_KEYGEN: Program = Program { name: "ssh-keygen", summary: "Make keys", run: keygen };
pub(crate) const GETFACL: Program =
    Program { name: "getfacl", summary: "Show who may do what with files", run: getfacl };
pub(crate) const ZCAT: Program = Program { name: "zcat", summary: "Print compressed files", run: zcat };
pub(crate) const WHEREIS: Program = Program { name: "whereis", summary: "Locate a program", run: whereis };

/// Bytes of key material of each type.
const TYPES: &[(&str, &str, usize, &str)] = &[
    ("rsa", "ssh-rsa", 407, "3072"),
    ("ed25519", "ssh-ed25519", 51, "256"),
    ("ecdsa", "ecdsa-sha2-nistp256", 104, "256"),
];

fn option(words: &[String], name: &str) -> Option<String> {
    words.iter().position(|it| it == name).and_then(|at| words.get(at + 1)).cloned()
}

fn fingerprint(public: &str) -> String {
    let body = public.split_whitespace().nth(1).unwrap_or_default();
    let bytes = STANDARD.decode(body).unwrap_or_default();
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&bytes)))
}

fn kind_of(public: &str) -> (&'static str, &'static str) {
    let word = public.split_whitespace().next().unwrap_or_default();
    TYPES.iter().find(|it| it.1 == word).map_or(("rsa", "3072"), |it| (it.0, it.3))
}

fn keygen(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let words: Vec<String> = proc.args.iter().skip(1).cloned().collect();
        let short = |letter: char| {
            words.iter().any(|it| it.starts_with('-') && !it.starts_with("--") && it.contains(letter))
        };
        let file = option(&words, "-f").or_else(|| option(&words, "-lf")).or_else(|| option(&words, "-yf"));
        if short('l') || short('y') && !words.iter().any(|it| it == "-y" && file.is_none()) {
            return show(
                proc,
                &file.unwrap_or_else(|| format!("{}/.ssh/id_ed25519", home(proc))),
                short('l'),
            );
        }
        if words.iter().any(|it| it == "-R") {
            return 0;
        }
        make(proc, &words, file).await
    })
}

fn home(proc: &Proc) -> String {
    login::account(&proc.lab, &proc.place, &proc.user).map_or_else(|| "/root".into(), |it| it.home)
}

fn show(proc: &Proc, file: &str, short: bool) -> i32 {
    let public = if file.ends_with(".pub") { file.to_owned() } else { format!("{file}.pub") };
    let Ok(bytes) = proc.disk().read(&proc.path(&public)) else {
        proc.eprint(format!("ssh-keygen: {file}: No such file or directory\n"));
        return 255;
    };
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    if !short {
        proc.print(format!("{text}\n"));
        return 0;
    }
    let (kind, bits) = kind_of(&text);
    let comment = text.split_whitespace().nth(2).unwrap_or("no comment");
    proc.print(format!("{bits} {} {comment} ({})\n", fingerprint(&text), kind.to_uppercase()));
    0
}

/// Asks for a line; nobody there counts as an empty one.
async fn ask(proc: &Proc, prompt: String, hidden: bool) -> String {
    match proc.link.ask(Request::Line { prompt, hidden }).await {
        Answer::Line(line) => line,
        _ => String::new(),
    }
}

async fn make(proc: &Proc, words: &[String], file: Option<String>) -> i32 {
    let wanted = option(words, "-t").unwrap_or_else(|| "ed25519".into());
    let Some(&(kind, name, length, bits)) = TYPES.iter().find(|it| it.0 == wanted) else {
        proc.eprint(format!("unknown key type {wanted}\n"));
        return 255;
    };
    let quiet = words.iter().any(|it| it == "-q");
    if !quiet {
        proc.print(format!("Generating public/private {kind} key pair.\n"));
    }
    let usual = format!("{}/.ssh/id_{kind}", home(proc));
    let file = match file {
        Some(file) => file,
        None => {
            let typed = ask(proc, format!("Enter file in which to save the key ({usual}): "), false).await;
            if typed.is_empty() { usual } else { typed }
        }
    };
    let path = proc.path(&file);
    if proc.stat(&path).is_ok() {
        proc.print(format!("{file} already exists.\n"));
        if !ask(proc, "Overwrite (y/n)? ".into(), false).await.starts_with('y') {
            return 1;
        }
    }
    if option(words, "-N").is_none() && !words.iter().any(|it| it == "-N") {
        ask(proc, "Enter passphrase (empty for no passphrase): ".into(), true).await;
        ask(proc, "Enter same passphrase again: ".into(), true).await;
    }
    let host = login::host_name(&proc.lab, &proc.place);
    let comment = option(words, "-C").unwrap_or_else(|| format!("{}@{host}", proc.user));
    let body = proc.world().chance.bytes(length);
    let public = format!("{name} {} {comment}\n", STANDARD.encode(&body));
    let secret = STANDARD.encode(proc.world().chance.bytes(length * 4));
    let lines: Vec<&str> =
        secret.as_bytes().chunks(70).filter_map(|it| std::str::from_utf8(it).ok()).collect();
    let private = format!(
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n",
        lines.join("\n")
    );
    let disk = proc.disk();
    let _ = disk.mkdir(crate::hosts::files::parent(&path), 0o700);
    for (path, text, mode) in [(path.clone(), private, 0o600), (format!("{path}.pub"), public.clone(), 0o644)]
    {
        if let Err(error) = disk.write(&path, text.as_bytes()) {
            proc.eprint(format!("Saving key \"{file}\" failed: {error}\n"));
            return 1;
        }
        let _ = disk.change_own(&path, FileOp::Chmod { path: &path, mode });
    }
    if !quiet {
        proc.print(format!(
            "Your identification has been saved in {file}\nYour public key has been saved in {file}.pub\nThe key fingerprint is:\n{} {comment}\n\
             The key's randomart image is:\n{}",
            fingerprint(&public),
            picture(&body, kind, bits)
        ));
    }
    0
}

/// The walk of a bishop over the digest, as OpenSSH draws it.
fn picture(body: &[u8], kind: &str, bits: &str) -> String {
    const MARKS: &[u8] = b" .o+=*BOX@%&#/^SE";
    let (mut field, mut x, mut y) = ([[0_usize; 17]; 9], 8_usize, 4_usize);
    for byte in Sha256::digest(body) {
        for step in 0..4 {
            let move_by = byte >> (step * 2);
            x = if move_by & 1 == 1 { (x + 1).min(16) } else { x.saturating_sub(1) };
            y = if move_by & 2 == 2 { (y + 1).min(8) } else { y.saturating_sub(1) };
            field[y][x] = (field[y][x] + 1).min(14);
        }
    }
    field[4][8] = 15;
    field[y][x] = 16;
    let title = format!("[{} {bits}]", kind.to_uppercase());
    let mut text = format!("+{title:-^17}+\n");
    for row in field {
        let line: String =
            row.iter().map(|mark| char::from(MARKS.get(*mark).copied().unwrap_or(b'^'))).collect();
        text.push_str(&format!("|{line}|\n"));
    }
    text + &format!("+{:-^17}+\n", "[SHA256]")
}

fn getfacl(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let mut exit = 0;
        for name in proc.args.iter().skip(1).filter(|it| !it.starts_with('-')) {
            let node = match proc.stat(name) {
                Ok(node) => node,
                Err(error) => {
                    proc.eprint(format!("getfacl: {name}: {error}\n"));
                    exit = 1;
                    continue;
                }
            };
            if name.starts_with('/') {
                proc.eprint("getfacl: Removing leading '/' from absolute path names\n");
            }
            let bits = |shift: u32| {
                let of = |bit: u32, letter: char| if node.mode >> shift & bit != 0 { letter } else { '-' };
                format!("{}{}{}", of(4, 'r'), of(2, 'w'), of(1, 'x'))
            };
            proc.print(format!(
                "# file: {}\n# owner: {}\n# group: {}\nuser::{}\ngroup::{}\nother::{}\n\n",
                name.trim_start_matches('/'),
                user_name(proc, node.uid),
                group_name(proc, node.gid),
                bits(6),
                bits(3),
                bits(0)
            ));
        }
        exit
    })
}

fn zcat(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let words = ["gunzip".to_owned(), "-c".to_owned()];
        let words: Vec<String> = words.into_iter().chain(proc.args.iter().skip(1).cloned()).collect();
        proc.run_own(&words, false).await
    })
}

fn whereis(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        const DIRECTORIES: [&str; 5] = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/lib", "/etc"];
        for name in proc.args.iter().skip(1).filter(|it| !it.starts_with('-')) {
            let paths = DIRECTORIES.iter().map(|directory| format!("{directory}/{name}"));
            let found: Vec<String> = paths.filter(|path| proc.stat(path).is_ok()).collect();
            let gap = if found.is_empty() { "" } else { " " };
            proc.print(format!("{name}:{gap}{}\n", found.join(" ")));
        }
        0
    })
}
