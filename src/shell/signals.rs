//! Signals by number and name, as `kill -l` and bash's notices have them. Source: signal(7), bash 5.2.

/// Names of the signals from 1.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// What is said of a process that a signal ended.
const TOLD: &[(&str, &str)] = &[
    ("HUP", "Hangup"),
    ("INT", "Interrupt"),
    ("QUIT", "Quit"),
    ("ILL", "Illegal instruction"),
    ("TRAP", "Trace/breakpoint trap"),
    ("ABRT", "Aborted"),
    ("BUS", "Bus error"),
    ("FPE", "Floating point exception"),
    ("KILL", "Killed"),
    ("USR1", "User defined signal 1"),
    ("SEGV", "Segmentation fault"),
    ("USR2", "User defined signal 2"),
    ("PIPE", "Broken pipe"),
    ("ALRM", "Alarm clock"),
    ("TERM", "Terminated"),
    ("STKFLT", "Stack fault"),
    ("XCPU", "CPU time limit exceeded"),
    ("XFSZ", "File size limit exceeded"),
    ("VTALRM", "Virtual timer expired"),
    ("PROF", "Profiling timer expired"),
    ("IO", "I/O possible"),
    ("PWR", "Power failure"),
    ("SYS", "Bad system call"),
];

/// First and last real-time signal.
const REAL_TIME: (i32, i32) = (34, 64);

/// A signal's name without `SIG`.
pub(super) fn name(number: i32) -> Option<String> {
    let (first, last) = REAL_TIME;
    match number {
        0 => Some("EXIT".to_owned()),
        it if it == first => Some("RTMIN".to_owned()),
        it if it == last => Some("RTMAX".to_owned()),
        it if it > first && it <= (first + last) / 2 => Some(format!("RTMIN+{}", it - first)),
        it if it > first && it < last => Some(format!("RTMAX-{}", last - it)),
        it => NAMES.get(usize::try_from(it - 1).ok()?).map(|name| (*name).to_owned()),
    }
}

/// The number of a signal that is given by number or name, with `SIG` or without, in any case.
pub(super) fn number(given: &str) -> Option<i32> {
    if let Ok(number) = given.parse::<i32>() {
        return (number == 0 || name(number).is_some()).then_some(number);
    }
    let upper = given.to_ascii_uppercase();
    let wanted = upper.strip_prefix("SIG").unwrap_or(&upper);
    (0..=REAL_TIME.1).find(|number| name(*number).is_some_and(|it| it == wanted))
}

/// What is said of a process that the signal of this name ended.
pub(super) fn told(name: String) -> Option<&'static str> {
    TOLD.iter().find(|(known, _)| *known == name).map(|(_, told)| *told)
}

/// The table of `kill -l` and `trap -l`.
pub(super) fn table() -> String {
    let cell = |number: i32| name(number).map(|name| format!("{number:2}) SIG{name}"));
    let cells: Vec<String> = (1..=REAL_TIME.1).filter_map(cell).collect();
    let rows = cells.chunks(5).map(|row| match row.len() {
        5 => format!("{}\n", row.join("\t")),
        _ => format!("{}\t\n", row.join("\t")),
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_numbers_and_names() {
        assert_eq!((number("TERM"), number("sigkill"), number("15")), (Some(15), Some(9), Some(15)));
        assert_eq!((number("foo"), number("99"), number("RTMIN+2")), (None, None, Some(36)));
        assert_eq!(name(9).as_deref(), Some("KILL"));
        assert!(
            table().starts_with(" 1) SIGHUP\t 2) SIGINT\t 3) SIGQUIT\t 4) SIGILL\t 5) SIGTRAP\n 6) SIGABRT")
        );
        assert!(table().ends_with("63) SIGRTMAX-1\t64) SIGRTMAX\t\n"));
    }
}
