//! The older forms of output: context, and side by side.

use similar::{DiffOp, DiffTag, TextDiff};

/// The lines of both sides.
type Lines<'a> = (&'a [&'a str], &'a [&'a str]);

/// Each side of a hunk for itself, changes marked with `!`.
pub(super) fn context(diff: &TextDiff<'_, '_, str>, lines: Lines<'_>, radius: usize) -> String {
    let mut out = String::new();
    for group in diff.grouped_ops(radius) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let range = |start: usize, end: usize| match end - start {
            0 => format!("{start}"),
            1 => format!("{}", start + 1),
            _ => format!("{},{end}", start + 1),
        };
        out += "***************\n";
        out += &format!("*** {} ****\n", range(first.old_range().start, last.old_range().end));
        let touches =
            |other: DiffTag| group.iter().any(|it| it.tag() == other || it.tag() == DiffTag::Replace);
        if touches(DiffTag::Delete) {
            part(&mut out, &group, lines.0, |op| (op.old_range(), '-'));
        }
        out += &format!("--- {} ----\n", range(first.new_range().start, last.new_range().end));
        if touches(DiffTag::Insert) {
            part(&mut out, &group, lines.1, |op| (op.new_range(), '+'));
        }
    }
    out
}

fn part(
    out: &mut String,
    group: &[DiffOp],
    lines: &[&str],
    of: fn(&DiffOp) -> (std::ops::Range<usize>, char),
) {
    for op in group {
        let (range, own) = of(op);
        let mark = match op.tag() {
            DiffTag::Equal => ' ',
            DiffTag::Replace => '!',
            _ => own,
        };
        for line in lines.get(range).unwrap_or_default() {
            super::push(out, &format!("{mark} "), line);
        }
    }
}

/// How wide the columns of the side-by-side form are, and what it leaves out.
pub(super) struct Columns {
    half: usize,
    second: usize,
    pub(super) suppress_common: bool,
    pub(super) left_only: bool,
}

/// Columns between two tab stops.
const TAB: usize = 8;

/// The least room between the columns.
const GUTTER: usize = 3;

impl Columns {
    /// The second column begins at a tab stop.
    pub(super) fn of(width: usize, suppress_common: bool, left_only: bool) -> Self {
        let room = TAB + GUTTER;
        let middle = (width >> 1) + (room >> 1) + (width & room & 1);
        let offset = middle - middle % TAB;
        let half = offset.saturating_sub(GUTTER).min(width.saturating_sub(offset));
        Self { half, second: if half == 0 { width } else { offset }, suppress_common, left_only }
    }

    /// Both sides beside each other.
    pub(super) fn print(&self, diff: &TextDiff<'_, '_, str>, (a, b): Lines<'_>) -> String {
        let mut out = String::new();
        for op in diff.ops() {
            let (old, new) =
                (a.get(op.old_range()).unwrap_or_default(), b.get(op.new_range()).unwrap_or_default());
            let common = op.tag() == DiffTag::Equal;
            if common && self.suppress_common {
                continue;
            }
            for at in 0..old.len().max(new.len()) {
                let (left, right) = (old.get(at).copied(), new.get(at).copied());
                let (mark, right) = match (common, left, right) {
                    (true, ..) if self.left_only => ('(', None),
                    (true, ..) => (' ', right),
                    (_, Some(_), Some(_)) => ('|', right),
                    (_, Some(_), None) => ('<', None),
                    _ => ('>', right),
                };
                self.line(&mut out, left, mark, right);
            }
        }
        out
    }

    fn line(&self, out: &mut String, left: Option<&str>, mark: char, right: Option<&str>) {
        let ends = |side: Option<&str>| side.is_some_and(|it| it.ends_with('\n'));
        let mut column = left.map_or(0, |it| half(out, it, 0, self.half));
        if mark != ' ' {
            column = move_to(out, column, (self.half + self.second - 1) / 2) + 1;
            out.push(match mark {
                '|' if ends(left) && !ends(right) => '/',
                '|' if !ends(left) && ends(right) => '\\',
                mark => mark,
            });
        }
        if let Some(text) = right.filter(|it| *it != "\n") {
            column = move_to(out, column, self.second);
            half(out, text, column, self.half);
        }
        if ends(left) || ends(right) {
            out.push('\n');
        }
    }
}

/// Prints what fits of a line; tells the column that it ends in, counted from where the line begins.
fn half(out: &mut String, line: &str, indent: usize, bound: usize) -> usize {
    let (mut read, mut written) = (0, 0);
    for letter in line.trim_end_matches('\n').chars() {
        if letter == '\t' {
            let stop = TAB - read % TAB;
            if read == written && written + stop < bound {
                written += stop;
                out.push('\t');
            }
            read += stop;
        } else {
            if read < bound {
                written = read + 1;
                out.push(letter);
            }
            read += 1;
        }
    }
    indent + written
}

/// Goes on to a column with tabs, then spaces.
fn move_to(out: &mut String, mut from: usize, to: usize) -> usize {
    let mut stop = from + TAB - from % TAB;
    while stop <= to {
        out.push('\t');
        from = stop;
        stop += TAB;
    }
    out.extend(std::iter::repeat_n(' ', to.saturating_sub(from)));
    from.max(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_forms_are_those_of_gnu_diff() {
        let (a, b) = ("a\nb\nc\nd\ne\nf\n", "a\nB\nc\nd\ne\ng\nf\n");
        let (a, b) = (super::super::lines(a), super::super::lines(b));
        let diff = TextDiff::from_slices(&a, &b);
        assert_eq!(
            context(&diff, (&a, &b), 3),
            "***************\n*** 1,6 ****\n  a\n! b\n  c\n  d\n  e\n  f\n--- 1,7 ----\n  a\n! B\n  c\n  d\n  e\n+ g\n  f\n"
        );
        assert_eq!(
            Columns::of(30, false, false).print(&diff, (&a, &b)),
            "a\t\ta\nb\t      |\tB\nc\t\tc\nd\t\td\ne\t\te\n\t      >\tg\nf\t\tf\n"
        );
        assert_eq!(Columns::of(30, true, false).print(&diff, (&a, &b)), "b\t      |\tB\n\t      >\tg\n");
    }
}
