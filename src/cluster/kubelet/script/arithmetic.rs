//! `$((…))`: integers with the operators that scripts use.

/// The value of an expression; `lookup` gives variables. Broken expressions are 0.
pub(super) fn value(text: &str, lookup: &dyn Fn(&str) -> String) -> i64 {
    let mut eval = Eval { text: text.chars().collect(), at: 0, lookup };
    eval.binary(0)
}

struct Eval<'a> {
    text: Vec<char>,
    at: usize,
    lookup: &'a dyn Fn(&str) -> String,
}

/// Operators by how tightly they bind, loosest first.
const LEVELS: &[&[&str]] =
    &[&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

impl Eval<'_> {
    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, what: &str) -> bool {
        self.blanks();
        let found = what.chars().enumerate().all(|(at, c)| self.text.get(self.at + at) == Some(&c));
        if found {
            self.at += what.len();
        }
        found
    }

    fn binary(&mut self, level: usize) -> i64 {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1);
        while let Some(operator) = operators.iter().find(|it| self.take(it)) {
            let right = self.binary(level + 1);
            left = apply(operator, left, right);
        }
        left
    }

    fn unary(&mut self) -> i64 {
        if self.take("-") {
            return self.unary().wrapping_neg();
        }
        if self.take("!") {
            return i64::from(self.unary() == 0);
        }
        if self.take("(") {
            let inner = self.binary(0);
            self.take(")");
            return inner;
        }
        self.blanks();
        if self.text.get(self.at) == Some(&'$') {
            self.at += 1;
        }
        let mut word = String::new();
        while let Some(c) = self.text.get(self.at).filter(|c| c.is_ascii_alphanumeric() || **c == '_') {
            word.push(*c);
            self.at += 1;
        }
        if word.is_empty() {
            self.at += 1;
            return 0;
        }
        word.parse().unwrap_or_else(|_| (self.lookup)(&word).trim().parse().unwrap_or(0))
    }
}

fn apply(operator: &str, left: i64, right: i64) -> i64 {
    match operator {
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" => left.checked_div(right).unwrap_or(0),
        "%" => left.checked_rem(right).unwrap_or(0),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<=" => i64::from(left <= right),
        ">=" => i64::from(left >= right),
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "&&" => i64::from(left != 0 && right != 0),
        _ => i64::from(left != 0 || right != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_and_variables() {
        let lookup = |name: &str| if name == "i" { "4".to_owned() } else { String::new() };
        let of = |text: &str| value(text, &lookup);
        assert_eq!(
            [of("i + 1"), of("2+3*4"), of("(2+3)*4"), of("$i % 3 == 1"), of("-i"), of("1/0")],
            [5, 14, 20, 1, -4, 0]
        );
    }
}
