//! Ages that `find` asks for.

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The language crate's `find` counts ages from the real clock: it is given moments instead.
pub(super) fn dated(args: &[String], now: i64) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = args.iter().peekable();
    while let Some(arg) = rest.next() {
        let unit = match arg.as_str() {
            "-mtime" | "-ctime" | "-atime" => DAY,
            "-mmin" | "-cmin" | "-amin" => 60,
            _ => 0,
        };
        let age = rest.peek().filter(|_| unit > 0).and_then(|it| age(it));
        let Some((sign, age)) = age else {
            words.push(arg.clone());
            continue;
        };
        rest.next();
        // Days are cut off, minutes rounded up.
        let (older, newer) = if unit == DAY { (age + 1, age) } else { (age, age - 1) };
        let since = |units: i64| format!("-newermt @{}", now - units * unit);
        let test = match sign {
            '+' => format!("! {}", since(older)),
            '-' => since(age),
            _ => format!("( {} ! {} )", since(older), since(newer)),
        };
        words.extend(test.split(' ').map(str::to_owned));
    }
    words
}

/// `+3`, `-3` or `3`.
fn age(text: &str) -> Option<(char, i64)> {
    let sign = text.chars().next().filter(|it| "+-".contains(*it));
    let number = text.trim_start_matches(['+', '-']).parse().ok()?;
    Some((sign.unwrap_or(' '), number))
}

#[cfg(test)]
mod tests {
    #[test]
    fn ages_become_moments() {
        let dated = |line: &str| {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            super::dated(&args, 1_000_000).join(" ")
        };
        assert_eq!(dated(". -mtime +7 -print"), ". ! -newermt @308800 -print");
        assert_eq!(dated(". -mmin -5"), ". -newermt @999700");
        assert_eq!(dated(". -mtime 0"), ". ( -newermt @913600 ! -newermt @1000000 )");
        assert_eq!(dated(". -mtime x"), ". -mtime x");
    }
}
