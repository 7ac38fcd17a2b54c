//! Kubernetes' own functions for CEL: lists, regular expressions, quantities, addresses, URLs, sets.
//!
//! Follows `apiserver/pkg/cel/library`. Formats and semantic versions are not here.

use std::cmp::Ordering;
use std::sync::Arc;

use cel::common::types::{DYN_TYPE, Type};
use cel::common::value::{CowVal, Val};
use cel::{Env, ExecutionError, Value, extensions};

use super::authorizer::{Check, Verdict};
use super::net::{self, Thing, Url};
use crate::apimachinery::quantity::{Format, Quantity};

type Result<T> = std::result::Result<T, ExecutionError>;

/// A function of its arguments; the target of a method comes first.
type Function = for<'b, 'v> fn(Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>>;

/// Makes a [`Function`] of one over plain values.
macro_rules! over {
    ($body:expr) => {{
        fn call<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>> {
            let values = args.iter().map(|it| Value::try_from(it.as_ref())).collect::<Result<Vec<_>>>()?;
            let body: fn(&[Value]) -> Result<Value> = $body;
            let made: Box<dyn Val> = body(&values)?.try_into()?;
            Ok(CowVal::Owned(made))
        }
        call
    }};
}

/// Functions: the name and how many arguments.
const FUNCTIONS: &[(&str, usize, Function)] = &[
    ("quantity", 1, over!(|args| Ok(of(Thing::Quantity(quantity(args, 0)?))))),
    ("isQuantity", 1, over!(|args| Ok(Quantity::parse(&text(args, 0)?).is_ok().into()))),
    ("ip", 1, over!(|args| Ok(of(Thing::Ip(net::ip(&text(args, 0)?).map_err(said)?))))),
    ("isIP", 1, over!(|args| Ok(net::ip(&text(args, 0)?).is_ok().into()))),
    ("cidr", 1, over!(|args| Ok(of(Thing::Cidr(net::cidr(&text(args, 0)?).map_err(said)?))))),
    ("isCIDR", 1, over!(|args| Ok(net::cidr(&text(args, 0)?).is_ok().into()))),
    ("url", 1, over!(|args| Ok(of(Thing::Url(Url::parse(&text(args, 0)?).map_err(said)?))))),
    ("jsonpatch.escapeKey", 1, over!(|args| Ok(text(args, 0)?.replace('~', "~0").replace('/', "~1").into()))),
    ("isURL", 1, over!(|args| Ok(Url::parse(&text(args, 0)?).is_ok().into()))),
    ("sets.contains", 2, over!(|args| Ok(list(args, 1)?.iter().all(|it| holds(args, 0, it)).into()))),
    ("sets.intersects", 2, over!(|args| Ok(list(args, 1)?.iter().any(|it| holds(args, 0, it)).into()))),
    (
        "sets.equivalent",
        2,
        over!(|args| {
            let one = list(args, 1)?.iter().all(|it| holds(args, 0, it));
            Ok((one && list(args, 0)?.iter().all(|it| holds(args, 1, it))).into())
        }),
    ),
];

/// Methods: the name and how many arguments besides the target.
const METHODS: &[(&str, usize, Function)] = &[
    (
        "isSorted",
        0,
        over!(|args| {
            let ordered =
                |pair: &[Value]| pair[0].partial_cmp(&pair[1]).is_some_and(|it| it != Ordering::Greater);
            Ok(list(args, 0)?.windows(2).all(ordered).into())
        }),
    ),
    ("sum", 0, over!(sum)),
    ("min", 0, over!(|args| extreme(args, Ordering::Less, "min"))),
    ("max", 0, over!(|args| extreme(args, Ordering::Greater, "max"))),
    ("indexOf", 1, over!(|args| Ok(place(list(args, 0)?.iter().position(|it| Some(it) == args.get(1)))))),
    (
        "lastIndexOf",
        1,
        over!(|args| Ok(place(list(args, 0)?.iter().rposition(|it| Some(it) == args.get(1))))),
    ),
    (
        "find",
        1,
        over!(|args| {
            let (pattern, text) = (regex(args)?, text(args, 0)?);
            Ok(pattern.find(&text).map_or("", |it| it.as_str()).into())
        }),
    ),
    (
        "findAll",
        1,
        over!(|args| {
            let (pattern, text) = (regex(args)?, text(args, 0)?);
            Ok(texts(pattern.find_iter(&text).map(|it| it.as_str())))
        }),
    ),
    (
        "findAll",
        2,
        over!(|args| {
            let (pattern, text) = (regex(args)?, text(args, 0)?);
            let limit = usize::try_from(whole(args, 2)?).unwrap_or(usize::MAX);
            Ok(texts(pattern.find_iter(&text).take(limit).map(|it| it.as_str())))
        }),
    ),
    ("isGreaterThan", 1, over!(|args| Ok((quantity(args, 0)? > quantity(args, 1)?).into()))),
    ("isLessThan", 1, over!(|args| Ok((quantity(args, 0)? < quantity(args, 1)?).into()))),
    ("compareTo", 1, over!(|args| Ok(Value::Int(quantity(args, 0)?.cmp(&quantity(args, 1)?) as i64)))),
    ("add", 1, over!(|args| Ok(of(Thing::Quantity(quantity(args, 0)?.add(&operand(args)?)))))),
    ("sub", 1, over!(|args| Ok(of(Thing::Quantity(quantity(args, 0)?.sub(&operand(args)?)))))),
    (
        "sign",
        0,
        over!(|args| {
            let it = quantity(args, 0)?;
            Ok(Value::Int(if it.is_zero() {
                0
            } else if it.is_negative() {
                -1
            } else {
                1
            }))
        }),
    ),
    ("isInteger", 0, over!(|args| Ok(is_whole(&quantity(args, 0)?).into()))),
    (
        "asInteger",
        0,
        over!(|args| {
            let it = quantity(args, 0)?;
            if is_whole(&it) {
                Ok(Value::Int(it.as_int()))
            } else {
                Err(said("cannot convert value to integer"))
            }
        }),
    ),
    ("asApproximateFloat", 0, over!(|args| Ok(Value::Float(quantity(args, 0)?.as_milli() as f64 / 1_000.0)))),
    ("family", 0, over!(|args| Ok(Value::Int(if ip(args, 0)?.is_ipv4() { 4 } else { 6 })))),
    ("isLoopback", 0, over!(|args| Ok(ip(args, 0)?.is_loopback().into()))),
    ("isUnspecified", 0, over!(|args| Ok(ip(args, 0)?.is_unspecified().into()))),
    ("containsIP", 1, over!(|args| Ok(cidr(args, 0)?.contains(&ip(args, 1)?).into()))),
    ("containsCIDR", 1, over!(|args| Ok(cidr(args, 0)?.contains(&cidr(args, 1)?).into()))),
    ("prefixLength", 0, over!(|args| Ok(Value::Int(cidr(args, 0)?.prefix_len().into())))),
    ("masked", 0, over!(|args| Ok(of(Thing::Cidr(cidr(args, 0)?.trunc()))))),
    ("ip", 0, over!(|args| Ok(of(Thing::Ip(cidr(args, 0)?.addr()))))),
    ("getScheme", 0, over!(|args| Ok(url(args)?.scheme.clone().into()))),
    ("getHost", 0, over!(|args| Ok(url(args)?.host.clone().into()))),
    ("getHostname", 0, over!(|args| Ok(url(args)?.hostname().into()))),
    ("getPort", 0, over!(|args| Ok(url(args)?.port().into()))),
    ("getEscapedPath", 0, over!(|args| Ok(url(args)?.path.clone().into()))),
    ("path", 1, over!(|args| further(args, "path"))),
    ("group", 1, over!(|args| further(args, "group"))),
    ("serviceAccount", 2, over!(|args| further(args, "serviceAccount"))),
    ("resource", 1, over!(|args| further(args, "resource"))),
    ("subresource", 1, over!(|args| further(args, "subresource"))),
    ("namespace", 1, over!(|args| further(args, "namespace"))),
    ("name", 1, over!(|args| further(args, "name"))),
    ("fieldSelector", 1, over!(|args| further(args, "fieldSelector"))),
    ("labelSelector", 1, over!(|args| further(args, "labelSelector"))),
    (
        "check",
        1,
        over!(|args| {
            let found = opaque::<Check>(args)?.check(&text(args, 1)?).ok_or_else(overload)?;
            Ok(Value::Opaque(Arc::new(found)))
        }),
    ),
    ("allowed", 0, over!(|args| Ok(opaque::<Verdict>(args)?.allowed.into()))),
    ("reason", 0, over!(|args| Ok(opaque::<Verdict>(args)?.reason.clone().into()))),
    ("errored", 0, over!(|args| Ok((!opaque::<Verdict>(args)?.error.is_empty()).into()))),
    ("error", 0, over!(|args| Ok(opaque::<Verdict>(args)?.error.clone().into()))),
];

/// The functions that every expression may call.
pub(super) fn environment() -> Env {
    let mut env = Env::stdlib();
    // Each of these fails only where a name is declared twice, which a test would show.
    let mut declared = vec![extensions::strings(&mut env), extensions::lists(&mut env)];
    for (name, count, function) in FUNCTIONS {
        declared.push(env.add_overload(name, &format!("{name}/{count}"), anything(*count), *function));
    }
    for (name, count, function) in METHODS {
        let id = format!("dyn.{name}/{count}");
        declared.push(env.add_member_overload(name, &id, DYN_TYPE, anything(*count), *function));
    }
    for name in [net::IP, net::CIDR] {
        let to_text: Function = over!(|args| Ok(thing(args, 0)?.to_string().into()));
        declared.push(env.add_overload(
            "string",
            &format!("string({name})"),
            vec![Type::new_opaque_type(name)],
            to_text,
        ));
    }
    debug_assert!(declared.iter().all(std::result::Result::is_ok), "{declared:?}");
    env
}

/// So many arguments of any type.
fn anything(count: usize) -> Vec<Type> {
    std::iter::repeat_with(|| DYN_TYPE).take(count).collect()
}

fn said(why: impl ToString) -> ExecutionError {
    ExecutionError::function_error("", why)
}

fn overload() -> ExecutionError {
    ExecutionError::no_such_overload("", Vec::new())
}

fn of(thing: Thing) -> Value {
    Value::Opaque(Arc::new(thing))
}

fn text(args: &[Value], at: usize) -> Result<String> {
    match args.get(at) {
        Some(Value::String(text)) => Ok(text.to_string()),
        _ => Err(overload()),
    }
}

fn whole(args: &[Value], at: usize) -> Result<i64> {
    match args.get(at) {
        Some(Value::Int(it)) => Ok(*it),
        _ => Err(overload()),
    }
}

fn list(args: &[Value], at: usize) -> Result<&[Value]> {
    match args.get(at) {
        Some(Value::List(list)) => Ok(list),
        _ => Err(overload()),
    }
}

fn holds(args: &[Value], at: usize, value: &Value) -> bool {
    list(args, at).is_ok_and(|list| list.contains(value))
}

fn place(at: Option<usize>) -> Value {
    Value::Int(at.and_then(|it| i64::try_from(it).ok()).unwrap_or(-1))
}

fn texts<'a>(all: impl Iterator<Item = &'a str>) -> Value {
    Value::List(all.map(Value::from).collect::<Vec<_>>().into())
}

fn regex(args: &[Value]) -> Result<regex::Regex> {
    regex::Regex::new(&text(args, 1)?).map_err(said)
}

/// The target of a method of one type.
fn opaque<T: std::any::Any>(args: &[Value]) -> Result<&T> {
    match args.first() {
        Some(Value::Opaque(it)) => it.downcast_ref::<T>().ok_or_else(overload),
        _ => Err(overload()),
    }
}

/// The next link of a chain that begins with `authorizer`.
fn further(args: &[Value], method: &str) -> Result<Value> {
    let words: Vec<String> = (1..args.len()).map(|at| text(args, at)).collect::<Result<_>>()?;
    let next = opaque::<Check>(args)?.call(method, &words).ok_or_else(overload)?;
    Ok(Value::Opaque(Arc::new(next.map_err(said)?)))
}

fn thing(args: &[Value], at: usize) -> Result<&Thing> {
    match args.get(at) {
        Some(Value::Opaque(it)) => it.downcast_ref::<Thing>().ok_or_else(overload),
        _ => Err(overload()),
    }
}

/// A quantity, or the text of one.
fn quantity(args: &[Value], at: usize) -> Result<Quantity> {
    if let Ok(text) = text(args, at) {
        return Quantity::parse(&text).map_err(said);
    }
    match thing(args, at)? {
        Thing::Quantity(it) => Ok(it.clone()),
        _ => Err(overload()),
    }
}

/// The second term of a sum: a quantity or a whole number.
fn operand(args: &[Value]) -> Result<Quantity> {
    whole(args, 1).map(|it| Quantity::from_int(it, Format::DecimalSi)).or_else(|_| quantity(args, 1))
}

fn is_whole(it: &Quantity) -> bool {
    *it == Quantity::from_int(it.as_int(), it.format())
}

fn ip(args: &[Value], at: usize) -> Result<std::net::IpAddr> {
    if let Ok(text) = text(args, at) {
        return net::ip(&text).map_err(said);
    }
    match thing(args, at)? {
        Thing::Ip(it) => Ok(*it),
        _ => Err(overload()),
    }
}

fn cidr(args: &[Value], at: usize) -> Result<ipnet::IpNet> {
    if let Ok(text) = text(args, at) {
        return net::cidr(&text).map_err(said);
    }
    match thing(args, at)? {
        Thing::Cidr(it) => Ok(*it),
        _ => Err(overload()),
    }
}

fn url(args: &[Value]) -> Result<&Url> {
    match thing(args, 0)? {
        Thing::Url(it) => Ok(it),
        _ => Err(overload()),
    }
}

fn sum(args: &[Value]) -> Result<Value> {
    let all = list(args, 0)?;
    if all.iter().all(|it| matches!(it, Value::Int(_))) {
        let mut total: i64 = 0;
        for index in 0..all.len() {
            total = total.checked_add(whole(all, index)?).ok_or_else(|| said("integer overflow"))?;
        }
        return Ok(Value::Int(total));
    }
    let mut total = 0.0;
    for it in all {
        total += match it {
            Value::Float(it) => *it,
            _ => return Err(overload()),
        };
    }
    Ok(Value::Float(total))
}

fn extreme(args: &[Value], wanted: Ordering, name: &str) -> Result<Value> {
    let all = list(args, 0)?;
    let first = all.first().ok_or_else(|| said(format!("{name} called on empty list")))?;
    let better = |best: &Value, it: &Value| it.partial_cmp(best) == Some(wanted);
    Ok(all.iter().fold(first, |best, it| if better(best, it) { it } else { best }).clone())
}
