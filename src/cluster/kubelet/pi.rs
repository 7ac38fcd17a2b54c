//! Digits of π, for the Job that every introduction to Kubernetes runs.

/// π with `digits` digits in all, as `bpi` of Perl's bignum prints it: `3.14159…`.
///
/// Rabinowitz and Wagon's spigot, in whole numbers.
pub(super) fn digits(digits: usize) -> String {
    let wanted = digits.max(1) + 5;
    let mut cells = vec![2_u64; wanted * 10 / 3 + 1];
    let mut out = String::new();
    let mut nines = 0;
    let mut held: Option<u64> = None;
    for _ in 0..wanted {
        let mut carry = 0;
        for (at, cell) in cells.iter_mut().enumerate().rev() {
            let weight = at as u64;
            let value = *cell * 10 + carry;
            let divisor = if at == 0 { 10 } else { 2 * weight + 1 };
            *cell = value % divisor;
            carry = value / divisor * if at == 0 { 1 } else { weight };
        }
        match carry {
            9 => nines += 1,
            10 => {
                out.extend(held.map(|it| (it + 1).to_string()));
                out.extend(std::iter::repeat_n('0', nines));
                (held, nines) = (Some(0), 0);
            }
            digit => {
                out.extend(held.map(|it| it.to_string()));
                out.extend(std::iter::repeat_n('9', nines));
                (held, nines) = (Some(digit), 0);
            }
        }
    }
    let rest: String = out.chars().skip(1).take(digits.saturating_sub(1)).collect();
    format!("{}.{rest}", out.chars().next().unwrap_or('3'))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_first_digits_are_right() {
        assert_eq!(super::digits(30), "3.14159265358979323846264338327");
    }
}
