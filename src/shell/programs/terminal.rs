//! The terminal that a session is typed into: `stty`, `tput`, `reset`.

use crate::shell::Proc;

programs! {
    STTY "stty" "Show and change the terminal's settings" stty;
    TPUT "tput" "What the terminal can do" tput;
    RESET "reset" "Make the terminal as new" reset;
}

/// Rows and columns of a terminal that nobody has measured.
const SIZE: (u32, u32) = (24, 80);

/// Rows and columns.
pub(super) fn size(proc: &Proc) -> (u32, u32) {
    let number = |name: &str| proc.env.get(name).and_then(|it| it.parse().ok());
    (number("LINES").unwrap_or(SIZE.0), number("COLUMNS").unwrap_or(SIZE.1))
}

fn stty(proc: &Proc) -> i32 {
    let words: Vec<&str> = proc.args.iter().skip(1).map(String::as_str).collect();
    let (rows, columns) = size(proc);
    let own = "-brkint -imaxbel iutf8";
    match words.as_slice() {
        [] => proc.print(format!("speed 38400 baud; line = 0;\n{own}\n")),
        ["size"] => proc.print(format!("{rows} {columns}\n")),
        ["-a" | "--all"] => proc.print(format!(
            "speed 38400 baud; rows {rows}; columns {columns}; line = 0;\nintr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>;\n\
             eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R;\nwerase = ^W; lnext = ^V; discard = ^O; min = 1; time = 0;\n\
             -parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts\n-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff\n\
             -iuclc -ixany -imaxbel iutf8\nopost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0\n\
             isig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt\nechoctl echoke -flusho -extproc\n"
        )),
        ["sane"] => {}
        other => {
            proc.eprint(format!("uncordon: stty {} is not simulated yet\n", other.join(" ")));
            return 1;
        }
    }
    0
}

/// Capabilities without a number, with the bytes that do them on `xterm-256color`.
const CAPABILITIES: &[(&str, &str)] = &[
    ("clear", "\u{1b}[H\u{1b}[2J\u{1b}[3J"),
    ("bold", "\u{1b}[1m"),
    ("dim", "\u{1b}[2m"),
    ("smul", "\u{1b}[4m"),
    ("rmul", "\u{1b}[24m"),
    ("rev", "\u{1b}[7m"),
    ("smso", "\u{1b}[7m"),
    ("rmso", "\u{1b}[27m"),
    ("sgr0", "\u{1b}(B\u{1b}[m"),
    ("home", "\u{1b}[H"),
    ("el", "\u{1b}[K"),
    ("ed", "\u{1b}[J"),
    ("bel", "\u{7}"),
];

fn tput(proc: &Proc) -> i32 {
    let words: Vec<&str> = proc.args.iter().skip(1).map(String::as_str).collect();
    let (rows, columns) = size(proc);
    let color = |from: u32, bright: u32, extended: u32, text: &str| match text.parse::<u32>() {
        Ok(color) if color < 8 => format!("\u{1b}[{}m", from + color),
        Ok(color) if color < 16 => format!("\u{1b}[{}m", bright + color - 8),
        Ok(color) => format!("\u{1b}[{extended};5;{color}m"),
        Err(_) => String::new(),
    };
    let text = match words.as_slice() {
        ["cols"] => format!("{columns}\n"),
        ["lines"] => format!("{rows}\n"),
        ["colors"] => "256\n".into(),
        ["reset"] => "\u{1b}c".into(),
        ["setaf", text] => color(30, 90, 38, text),
        ["setab", text] => color(40, 100, 48, text),
        [name] if CAPABILITIES.iter().any(|(known, _)| known == name) => CAPABILITIES
            .iter()
            .find(|(known, _)| known == name)
            .map_or_else(String::new, |(_, it)| (*it).to_owned()),
        [] => {
            proc.eprint("tput: usage: tput [-V] [-S] [-x] [-T term] capname\n");
            return 2;
        }
        other => {
            proc.eprint(format!("uncordon: tput {} is not simulated yet\n", other.join(" ")));
            return 4;
        }
    };
    proc.print(text);
    0
}

fn reset(proc: &Proc) -> i32 {
    proc.print("\u{1b}c");
    0
}
