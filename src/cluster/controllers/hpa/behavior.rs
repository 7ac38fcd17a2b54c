//! From a recommendation to a size: stabilisation windows, policies, bounds.
//!
//! Follows `normalizeDesiredReplicas` and `normalizeDesiredReplicasWithBehaviors` of `pkg/controller/podautoscaler`.

use imbl::Vector;

use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::sim::SimTime;

/// 300 s. Source: `--horizontal-pod-autoscaler-downscale-stabilization`.
const DOWNSCALE_WINDOW_S: i64 = 300;

/// Points in time with a number each.
pub(super) type History = Vector<(SimTime, i64)>;

/// What is known when a size is decided.
pub(super) struct Case<'a> {
    pub(super) now: SimTime,
    /// `spec.behavior`, null without one.
    pub(super) behavior: &'a Value,
    pub(super) current: i64,
    pub(super) wanted: i64,
    pub(super) min: i64,
    pub(super) max: i64,
    pub(super) recommendations: &'a History,
    /// Changes of the size; negative ones went down.
    pub(super) changes: &'a History,
}

/// A reason with its message.
pub(super) type Why = (&'static str, &'static str);

/// A size with the conditions that tell how it came about.
pub(super) struct Decision {
    pub(super) size: i64,
    pub(super) able: Why,
    pub(super) limited: bool,
    pub(super) limit: Why,
}

const MATCHES: Why = ("ReadyForNewScale", "recommended size matches current size");
const HELD_HIGH: Why = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
);
const HELD_LOW: Why = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
);
const FITS: Why = ("DesiredWithinRange", "the desired count is within the acceptable range");
const TOO_FEW: Why = ("TooFewReplicas", "the desired replica count is less than the minimum replica count");
const TOO_MANY: Why = ("TooManyReplicas", "the desired replica count is more than the maximum replica count");
const TOO_FAST_UP: Why =
    ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
const TOO_FAST_DOWN: Why =
    ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");

/// Decides.
pub(super) fn decide(case: &Case<'_>) -> Decision {
    let (stable, able) = if case.behavior.is_null() { without_rules(case) } else { stabilized(case) };
    let able = if stable == case.wanted { MATCHES } else { able };
    let (size, limit) =
        if case.behavior.is_null() { plain_limits(case, stable) } else { rule_limits(case, stable) };
    Decision { size, able, limited: size != stable, limit }
}

fn within(history: &History, now: SimTime, seconds: i64) -> impl Iterator<Item = i64> {
    let since = now.unix_ns() - seconds * 1_000_000_000;
    history.iter().filter(move |(at, _)| at.unix_ns() > since).map(|(_, it)| *it)
}

fn without_rules(case: &Case<'_>) -> (i64, Why) {
    let highest = within(case.recommendations, case.now, DOWNSCALE_WINDOW_S).max();
    (highest.map_or(case.wanted, |it| it.max(case.wanted)), HELD_HIGH)
}

fn stabilized(case: &Case<'_>) -> (i64, Why) {
    let window = |way: &str, usual| {
        object::int(case.behavior, &format!("/{way}/stabilizationWindowSeconds")).unwrap_or(usual)
    };
    let recent = |seconds| within(case.recommendations, case.now, seconds);
    let up = recent(window("scaleUp", 0)).fold(case.wanted, i64::min);
    let down = recent(window("scaleDown", DOWNSCALE_WINDOW_S)).fold(case.wanted, i64::max);
    let stable = case.current.max(up).min(down);
    (stable, if case.wanted >= case.current { HELD_LOW } else { HELD_HIGH })
}

fn plain_limits(case: &Case<'_>, stable: i64) -> (i64, Why) {
    let fastest = (case.current * 2).max(4);
    let (most, why) = if case.max > fastest { (fastest, TOO_FAST_UP) } else { (case.max, TOO_MANY) };
    if stable < case.min {
        (case.min, TOO_FEW)
    } else if stable > most {
        (most, why)
    } else {
        (stable, FITS)
    }
}

fn rule_limits(case: &Case<'_>, stable: i64) -> (i64, Why) {
    if stable > case.current {
        let fastest = policies(case, "scaleUp").max(case.current);
        let (most, why) = if case.max > fastest { (fastest, TOO_FAST_UP) } else { (case.max, TOO_MANY) };
        if stable > most {
            return (most, why);
        }
    } else if stable < case.current {
        let fastest = policies(case, "scaleDown").min(case.current);
        let (least, why) = if case.min < fastest { (fastest, TOO_FAST_DOWN) } else { (case.min, TOO_FEW) };
        if stable < least {
            return (least, why);
        }
    }
    (stable, FITS)
}

/// How far the policies of a direction let the size go.
fn policies(case: &Case<'_>, way: &str) -> i64 {
    let rules = case.behavior.get(way).unwrap_or(&Value::Null);
    let select = object::field(rules, "selectPolicy");
    if select == "Disabled" {
        return case.current;
    }
    let up = way == "scaleUp";
    let all = object::list(rules, "/policies").iter().map(|policy| {
        let number = |key: &str| object::int(policy, &format!("/{key}")).unwrap_or(0);
        let recent: i64 = within(case.changes, case.now, number("periodSeconds")).sum();
        let (start, value) = (case.current - recent, number("value"));
        match (object::field(policy, "type"), up) {
            ("Pods", true) => start + value,
            ("Pods", false) => start - value,
            (_, true) => (start * (100 + value) + 99).div_euclid(100),
            (_, false) => start * (100 - value) / 100,
        }
    });
    // The greatest change is the highest size going up, and the lowest going down.
    let found = if up == (select == "Min") { all.min() } else { all.max() };
    found.unwrap_or(case.current)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    fn size(behavior: &Value, (current, wanted): (i64, i64), recommendations: &[i64]) -> (i64, &'static str) {
        let now = SimTime::default();
        let recommendations = recommendations.iter().map(|it| (now, *it)).collect();
        let changes = History::new();
        let (min, max) = (1, 10);
        let case = Case {
            now,
            behavior,
            current,
            wanted,
            min,
            max,
            recommendations: &recommendations,
            changes: &changes,
        };
        let decision = decide(&case);
        (decision.size, if decision.limited { decision.limit.0 } else { decision.able.0 })
    }

    #[test]
    fn sizes_stay_in_windows_rates_and_bounds() {
        assert_eq!(size(&Value::Null, (2, 1), &[3]), (3, "ScaleDownStabilized"));
        assert_eq!(size(&Value::Null, (2, 9), &[]), (4, "ScaleUpLimit"));
        let rules = json!({
            "scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]},
            "scaleDown": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}]},
        });
        assert_eq!(size(&rules, (2, 9), &[]), (3, "ScaleUpLimit"));
        assert_eq!(size(&rules, (8, 1), &[8]), (4, "ScaleDownLimit"));
    }
}
