//! Numbers in a line, as `^A` and `^X` see them: decimal, octal, hexadecimal, binary, and single letters.

/// A number in a line: where, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) start: usize,
    pub(super) end: usize,
    digits: String,
    kind: Kind,
    minus: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Decimal,
    /// The base, with the letters before the digits.
    Based(u32, char),
    Octal,
    Letter,
}

impl Number {
    /// The text with something added to it.
    pub(super) fn added(&self, by: i128) -> Option<String> {
        match self.kind {
            Kind::Letter => {
                let letter = self.digits.chars().next()?;
                let (low, high) = if letter.is_ascii_uppercase() { ('A', 'Z') } else { ('a', 'z') };
                let sum = (letter as i128 + by).clamp(low as i128, high as i128);
                char::from_u32(sum as u32).map(String::from)
            }
            Kind::Decimal => {
                let value: i128 = self.digits.parse().ok()?;
                let value = if self.minus { -value } else { value };
                let sum = (value + by).clamp(-(u64::MAX as i128), u64::MAX as i128);
                let text = sum.unsigned_abs().to_string();
                // Zeros in front stay, where octal numbers are not known.
                let lead = if self.digits.starts_with('0') { self.digits.len() } else { 0 };
                let sign = if sum < 0 { "-" } else { "" };
                Some(format!("{sign}{text:0>lead$}"))
            }
            Kind::Based(base, sign) => {
                let value = u128::from_str_radix(&self.digits, base).ok()?;
                let sum = (value as u64).wrapping_add(by as u64);
                let upper = self
                    .digits
                    .chars()
                    .rev()
                    .find(char::is_ascii_alphabetic)
                    .is_some_and(|c| c.is_ascii_uppercase());
                let width = self.digits.len();
                let text = match (base, upper) {
                    (2, _) => format!("{sum:b}"),
                    (_, true) => format!("{sum:X}"),
                    _ => format!("{sum:x}"),
                };
                Some(format!("0{sign}{text:0>width$}"))
            }
            Kind::Octal => {
                let value = u128::from_str_radix(&self.digits, 8).ok()?;
                let sum = (value as u64).wrapping_add(by as u64);
                let width = self.digits.len();
                Some(format!("{:0>width$}", format!("0{sum:o}")))
            }
        }
    }
}

/// The number at a column or behind it, before `limit`; in visual mode only from the column on.
pub(super) fn find(line: &[char], col: usize, limit: usize, visual: bool, formats: &str) -> Option<Number> {
    let has = |name: &str| formats.split(',').any(|it| it == name);
    let (hex, octal, bin) = (has("hex"), has("octal"), has("bin"));
    let digit = |at: usize| at < limit && line.get(at).is_some_and(char::is_ascii_digit);
    let alpha = |at: usize| at < limit && has("alpha") && line.get(at).is_some_and(char::is_ascii_alphabetic);
    let mut at = col;
    if visual {
        while at < limit && !digit(at) && !alpha(at) {
            at += 1;
        }
    } else {
        at = based_before(line, col, hex, bin).unwrap_or_else(|| {
            let mut at = col;
            while at < limit && !digit(at) && !alpha(at) {
                at += 1;
            }
            while at > 0 && digit(at) && line[at - 1].is_ascii_digit() && !alpha(at) {
                at -= 1;
            }
            at
        });
    }
    if at >= limit {
        return None;
    }
    if alpha(at) {
        let text = line[at].to_string();
        return Some(Number { start: at, end: at + 1, digits: text, kind: Kind::Letter, minus: false });
    }
    let run = |from: usize, base: u32| (from..limit).take_while(|at| line[*at].is_digit(base)).count();
    let text = |from: usize, count: usize| line[from..from + count].iter().collect::<String>();
    if line[at] == '0'
        && let Some(sign) = line.get(at + 1).copied()
    {
        let base = match sign {
            'x' | 'X' if hex => Some(16),
            'b' | 'B' if bin => Some(2),
            _ => None,
        };
        if let Some(base) = base {
            let count = run(at + 2, base);
            if count > 0 {
                let kind = Kind::Based(base, sign);
                return Some(Number {
                    start: at,
                    end: at + 2 + count,
                    digits: text(at + 2, count),
                    kind,
                    minus: false,
                });
            }
        }
    }
    let count = run(at, 10);
    let digits = text(at, count);
    if octal && count > 1 && digits.starts_with('0') && digits.chars().all(|c| c.is_digit(8)) {
        return Some(Number { start: at, end: at + count, digits, kind: Kind::Octal, minus: false });
    }
    let before = at.checked_sub(1).filter(|before| !visual || *before >= col);
    let minus = before.is_some_and(|before| line[before] == '-') && !has("unsigned");
    let blank = formats.contains("blank");
    let minus = minus && !(blank && at > 1 && line[at - 2].is_alphanumeric());
    let start = at - usize::from(minus);
    Some(Number { start, end: at + count, digits, kind: Kind::Decimal, minus })
}

/// Where a number with `0x` or `0b` begins that a column is in.
fn based_before(line: &[char], col: usize, hex: bool, bin: bool) -> Option<usize> {
    for (on, base, signs) in [(hex, 16, "xX"), (bin, 2, "bB")] {
        if !on {
            continue;
        }
        let mut at = col;
        while at > 0 && line.get(at).is_some_and(|c| c.is_digit(base)) {
            at -= 1;
        }
        let sign = line.get(at).is_some_and(|c| signs.contains(*c));
        if sign && at > 0 && line[at - 1] == '0' && line.get(at + 1).is_some_and(|c| c.is_digit(base)) {
            return Some(at - 1);
        }
    }
    None
}
