//! What states are called, and how times are written.

use super::Shown;
use crate::hosts::{Unit, UnitState};

pub(super) fn state(unit: &Unit) -> &'static str {
    match unit.state {
        UnitState::Active => "active",
        UnitState::Inactive => "inactive",
        UnitState::Activating => "activating",
        UnitState::Failed => "failed",
    }
}

/// The state that belongs to a type of unit; `name` ends with the type.
pub(super) fn sub(name: &str, unit: &Unit) -> &'static str {
    match (unit.state, name.rsplit('.').next()) {
        (UnitState::Active, Some("service")) => "running",
        (UnitState::Active, Some("socket")) => "listening",
        (UnitState::Active, Some("timer")) => "waiting",
        (UnitState::Active, Some("mount")) => "mounted",
        (UnitState::Active, _) => "active",
        (UnitState::Inactive, _) => "dead",
        (UnitState::Activating, _) => "auto-restart",
        (UnitState::Failed, _) => "failed",
    }
}

impl Shown {
    pub(super) fn load(&self) -> &'static str {
        match (self.masked, self.file.path.is_empty()) {
            (true, _) => "masked",
            (false, true) => "not-found",
            (false, false) => "loaded",
        }
    }

    pub(super) fn enablement(&self) -> &'static str {
        let installs = ["WantedBy", "RequiredBy", "Alias", "Also"];
        if self.masked {
            "masked"
        } else if self.enabled {
            "enabled"
        } else if !self.file.path.is_empty() && installs.iter().all(|key| self.file.value(key).is_none()) {
            "static"
        } else {
            "disabled"
        }
    }
}

/// `1 week 2 days`, `2h 3min`, `5min 2s`, `12s`. Source: systemd's `format_timestamp_relative`.
pub(super) fn ago(s: u64) -> String {
    let some = |count: u64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    match s {
        0 => "now".into(),
        1..60 => format!("{s}s"),
        60..3600 if s.is_multiple_of(60) => format!("{}min", s / 60),
        60..3600 => format!("{}min {}s", s / 60, s % 60),
        3600..86_400 => format!("{}h {}min", s / 3600, s / 60 % 60),
        86_400..172_800 => format!("1 day {}h", s / 3600 % 24),
        172_800..604_800 => some(s / 86_400, "day"),
        _ => format!("{} {}", some(s / 604_800, "week"), some(s / 86_400 % 7, "day")),
    }
}

#[cfg(test)]
mod tests {
    use super::ago;

    #[test]
    fn spans_read_as_systemd_writes_them() {
        let shown = [5, 60, 302, 7380, 90_000, 300_000, 777_600].map(ago);
        assert_eq!(shown, ["5s", "1min", "5min 2s", "2h 3min", "1 day 1h", "3 days", "1 week 2 days"]);
    }
}
