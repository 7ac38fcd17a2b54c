//! `sudo` and `su`: shells and programs as another user.

use super::options::{Options, Spec, Value};
use crate::shell::{Answer, Login, Proc, Program, Request, Running, Script, login};

pub(crate) const SUDO: Program =
    Program { name: "sudo", summary: "Execute a command as another user", run: run_sudo };
pub(crate) const SU: Program = Program { name: "su", summary: "Run a shell as another user", run: run_su };

const SUDO_SPEC: Spec = Spec {
    name: "sudo",
    short: "u:isEHnkKSlvbg:D:p:",
    long: &[
        ("user", 'u', Value::Needed),
        ("login", 'i', Value::None),
        ("shell", 's', Value::None),
        ("preserve-env", 'E', Value::Optional),
        ("set-home", 'H', Value::None),
        ("non-interactive", 'n', Value::None),
        ("list", 'l', Value::None),
        ("validate", 'v', Value::None),
        ("chdir", 'D', Value::Needed),
    ],
};

const SU_SPEC: Spec = Spec {
    name: "su",
    short: "lc:s:pmP",
    long: &[
        ("login", 'l', Value::None),
        ("command", 'c', Value::Needed),
        ("shell", 's', Value::Needed),
        ("preserve-environment", 'p', Value::None),
    ],
};

fn run_sudo(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SUDO_SPEC.parse_prefix(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        if !is_sudoer(proc) {
            proc.eprint(format!("{} is not in the sudoers file.\n", proc.user));
            return 1;
        }
        let user = options.value('u').unwrap_or("root").to_owned();
        if login::account(&proc.lab, &proc.place, &user).is_none() {
            proc.eprint(format!(
                "sudo: unknown user {user}\nsudo: error initializing audit plugin sudoers_audit\n"
            ));
            return 1;
        }
        if options.has('l') {
            proc.print(format!(
                "User {} may run the following commands on {}:\n    (ALL : ALL) NOPASSWD: ALL\n",
                proc.user,
                login::host_name(&proc.lab, &proc.place)
            ));
            return 0;
        }
        if options.has('v') || options.has('k') || options.has('K') {
            return 0;
        }
        sudo(proc, &options, &user).await
    })
}

/// True when a line of `/etc/sudoers` or below `/etc/sudoers.d` names the user or one of the user's groups.
fn is_sudoer(proc: &Proc) -> bool {
    if proc.user == "root" {
        return true;
    }
    let groups = login::groups(&proc.lab, &proc.place);
    let own = login::account(&proc.lab, &proc.place, &proc.user).map_or(u32::MAX, |it| it.gid);
    let is_mine = |group: &login::Group| group.gid == own || group.members.contains(&proc.user);
    let mine: Vec<String> = groups.iter().filter(|it| is_mine(it)).map(|it| it.name.clone()).collect();
    let world = proc.world();
    let mut text = world.read_text(&proc.place, "/etc/sudoers").unwrap_or_default();
    for (name, _) in world.list_dir(&proc.place, "/etc/sudoers.d").unwrap_or_default() {
        // sudo passes over names with a dot or a tilde.
        if !name.contains('.') && !name.ends_with('~') {
            let more = world.read_text(&proc.place, &format!("/etc/sudoers.d/{name}"));
            text.push_str(&format!("\n{}", more.unwrap_or_default()));
        }
    }
    text.lines().any(|line| {
        let mut words = line.split_whitespace();
        let who = words.next().unwrap_or_default();
        let named =
            who == proc.user || who.strip_prefix('%').is_some_and(|it| mine.iter().any(|own| own == it));
        named && words.next().is_some_and(|it| it.contains('='))
    })
}

async fn sudo(proc: &Proc, options: &Options, user: &str) -> i32 {
    let mut target = Login::new(&proc.lab, proc.place.clone(), user);
    let words = assign(&options.operands, &mut target);
    target.env.insert("SUDO_USER".into(), proc.user.clone());
    if options.has('E') {
        for (name, value) in &proc.env {
            let identity = ["HOME", "USER", "LOGNAME", "SHELL", "PATH"].contains(&name.as_str());
            if !identity || name == "HOME" && !options.has('H') {
                target.env.insert(name.clone(), value.clone());
            }
        }
    }
    let is_login = options.has('i');
    if !is_login {
        target.cwd.clone_from(&proc.cwd);
    }
    if let Some(directory) = options.value('D') {
        target.cwd = proc.path(directory);
    }
    if words.is_empty() {
        if !is_login && !options.has('s') {
            proc.eprint("usage: sudo -h | -K | -k | -V\nusage: sudo [-ABbEHnPS] [-u user] [VAR=value] [-i | -s] [command [arg ...]]\n");
            return 1;
        }
        return shell(proc, target).await;
    }
    if is_login || options.has('s') {
        let text = words.iter().map(|word| crate::shell::quote(word)).collect::<Vec<_>>().join(" ");
        let script = Script { text, stdin: proc.stdin.clone(), ..Script::default() };
        return proc.run(&target, script).await;
    }
    run_words(proc, &target, words).await
}

/// Takes `NAME=value` words off the front, into the environment.
fn assign<'a>(words: &'a [String], login: &mut Login) -> &'a [String] {
    let is_assignment = |word: &&String| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    };
    let count = words.iter().take_while(is_assignment).count();
    for word in words.iter().take(count) {
        if let Some((name, value)) = word.split_once('=') {
            login.env.insert(name.to_owned(), value.to_owned());
        }
    }
    words.get(count..).unwrap_or_default()
}

async fn run_words(proc: &Proc, target: &Login, words: &[String]) -> i32 {
    let name = words.first().map(String::as_str).unwrap_or_default();
    if !proc.can_start(name) {
        proc.eprint(format!("sudo: {name}: command not found\n"));
        return 1;
    }
    proc.run(target, proc.command(words)).await
}

/// A shell on the terminal; without one, its input is run.
pub(super) async fn shell(proc: &Proc, target: Login) -> i32 {
    if let Some(stdin) = &proc.stdin {
        let text = String::from_utf8_lossy(stdin).into_owned();
        return proc.run(&target, Script { text, ..Script::default() }).await;
    }
    match proc.link.ask(Request::Session(proc.lab.clone(), Box::new(target))).await {
        Answer::Exit(exit) => exit,
        _ => 0,
    }
}

fn run_su(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let mut args = proc.args.get(1..).unwrap_or_default().to_vec();
        let is_login = args.iter().any(|arg| arg == "-");
        args.retain(|arg| arg != "-");
        let options = match SU_SPEC.parse(&args) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let user = options.operands.first().map_or("root", String::as_str).to_owned();
        if login::account(&proc.lab, &proc.place, &user).is_none() {
            proc.eprint(format!(
                "su: user {user} does not exist or the user entry does not contain all the required fields\n"
            ));
            return 1;
        }
        if proc.user != "root" && proc.user != user {
            let prompt = "Password: ".to_owned();
            // No account of the lab has a password, so none is right.
            let _ = proc.link.ask(Request::Line { prompt, hidden: true }).await;
            proc.eprint("\nsu: Authentication failure\n");
            return 1;
        }
        let mut target = Login::new(&proc.lab, proc.place.clone(), &user);
        if !is_login && !options.has('l') {
            target.cwd.clone_from(&proc.cwd);
        }
        match options.value('c') {
            Some(command) => {
                let script =
                    Script { text: command.to_owned(), stdin: proc.stdin.clone(), ..Script::default() };
                proc.run(&target, script).await
            }
            None => shell(proc, target).await,
        }
    })
}
