//! Functions on numbers.

use super::arithmetic::wrong;
use super::builtins::{Native, row};
use super::machine::{Flow, Stop};
use super::number::Number;
use super::value::Val;

/// A function of one number.
macro_rules! one {
    ($name:literal, $of:expr) => {
        row($name, 0, |_, it, _| {
            let of: fn(f64) -> f64 = $of;
            Ok(Val::from(of(number(&it)?)))
        })
    };
}

/// A function of two numbers, which come as arguments.
macro_rules! both {
    ($name:literal, $of:expr) => {
        row($name, 2, |_, _, args| {
            let of: fn(f64, f64) -> f64 = $of;
            let [a, b] = super::basics::two(args);
            Ok(Val::from(of(number(&a)?, number(&b)?)))
        })
    };
}

/// A function that nobody has needed yet.
macro_rules! missing {
    ($name:literal, $arity:literal) => {
        row($name, $arity, |_, it, args| {
            number(args.first().unwrap_or(&it))?;
            Err(Stop::from(concat!("uncordon: ", $name, " is not simulated yet")))
        })
    };
}

pub(super) const ALL: &[Native] = &[
    one!("floor", f64::floor),
    one!("ceil", f64::ceil),
    one!("round", f64::round),
    one!("trunc", f64::trunc),
    one!("rint", f64::round_ties_even),
    one!("nearbyint", f64::round_ties_even),
    one!("fabs", f64::abs),
    one!("sqrt", f64::sqrt),
    one!("cbrt", f64::cbrt),
    one!("exp", f64::exp),
    one!("exp2", f64::exp2),
    one!("exp10", |it| 10_f64.powf(it)),
    one!("pow10", |it| 10_f64.powf(it)),
    one!("expm1", f64::exp_m1),
    one!("log", f64::ln),
    one!("log2", f64::log2),
    one!("log10", f64::log10),
    one!("log1p", f64::ln_1p),
    one!("sin", f64::sin),
    one!("cos", f64::cos),
    one!("tan", f64::tan),
    one!("asin", f64::asin),
    one!("acos", f64::acos),
    one!("atan", f64::atan),
    one!("sinh", f64::sinh),
    one!("cosh", f64::cosh),
    one!("tanh", f64::tanh),
    one!("asinh", f64::asinh),
    one!("acosh", f64::acosh),
    one!("atanh", f64::atanh),
    one!("significand", |it| split(it).0 * 2.0),
    one!("logb", |it| if it == 0.0 { f64::NEG_INFINITY } else { split(it).1 - 1.0 }),
    row("frexp", 0, |_, it, _| {
        let (fraction, exponent) = split(number(&it)?);
        Ok(Val::list(vec![Val::from(fraction), Val::from(exponent)]))
    }),
    row("modf", 0, |_, it, _| {
        let it = number(&it)?;
        Ok(Val::list(vec![Val::from(it.fract()), Val::from(it.trunc())]))
    }),
    both!("pow", f64::powf),
    both!("atan2", f64::atan2),
    both!("fmin", f64::min),
    both!("fmax", f64::max),
    both!("fmod", |a, b| a % b),
    both!("hypot", f64::hypot),
    both!("copysign", f64::copysign),
    both!("fdim", |a, b| (a - b).max(0.0)),
    both!("ldexp", |a, b| a * b.exp2()),
    both!("scalb", |a, b| a * b.exp2()),
    both!("scalbln", |a, b| a * b.exp2()),
    both!("remainder", |a, b| a - b * (a / b).round_ties_even()),
    both!("drem", |a, b| a - b * (a / b).round_ties_even()),
    row("fma", 3, |_, _, args| match args.as_slice() {
        [a, b, c] => Ok(Val::from(number(a)?.mul_add(number(b)?, number(c)?))),
        _ => Ok(Val::Null),
    }),
    row("infinite", 0, |_, _, _| Ok(Val::from(f64::INFINITY))),
    row("nan", 0, |_, _, _| Ok(Val::from(f64::NAN))),
    row("isinfinite", 0, |_, it, _| Ok(Val::Bool(number(&it)?.is_infinite()))),
    row("isnan", 0, |_, it, _| Ok(Val::Bool(number(&it)?.is_nan()))),
    row("isnormal", 0, |_, it, _| Ok(Val::Bool(number(&it)?.is_normal()))),
    missing!("gamma", 0),
    missing!("lgamma", 0),
    missing!("lgamma_r", 0),
    missing!("tgamma", 0),
    missing!("erf", 0),
    missing!("erfc", 0),
    missing!("j0", 0),
    missing!("j1", 0),
    missing!("jn", 2),
    missing!("y0", 0),
    missing!("y1", 0),
    missing!("yn", 2),
    missing!("nextafter", 2),
    missing!("nexttoward", 2),
];

fn number(of: &Val) -> Flow<f64> {
    match of {
        Val::Num(number) => Ok(Number::value(number)),
        other => Err(wrong(other, "number required")),
    }
}

/// A fraction between a half and one, and the power of two that it is to be taken times.
fn split(of: f64) -> (f64, f64) {
    if of == 0.0 || !of.is_finite() {
        return (of, 0.0);
    }
    let exponent = of.abs().log2().floor() + 1.0;
    let fraction = of / exponent.exp2();
    match fraction.abs() {
        size if size >= 1.0 => (fraction / 2.0, exponent + 1.0),
        size if size < 0.5 => (fraction * 2.0, exponent - 1.0),
        _ => (fraction, exponent),
    }
}
