//! The exam's clock: what is left, and when it warns.

/// Minutes left at which the exam warns.
///
/// Source: Linux Foundation, exam user interface.
const ALERTS_MIN: &[u32] = &[30, 15, 5];

/// Milliseconds of a minute.
const MINUTE_MS: u64 = 60_000;

/// How long the exam lasts; `None` for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    pub(crate) limit_min: Option<u32>,
}

impl Clock {
    fn limit_ms(self) -> Option<u64> {
        self.limit_min.map(|minutes| u64::from(minutes) * MINUTE_MS)
    }

    /// Milliseconds left; `None` when the exam is not timed.
    pub(crate) fn left_ms(self, ms: u64) -> Option<u64> {
        self.limit_ms().map(|limit| limit.saturating_sub(ms))
    }

    /// True when the time is up.
    pub(crate) fn is_over(self, ms: u64) -> bool {
        self.left_ms(ms) == Some(0)
    }

    /// The warning that falls due between two times: so many minutes are left.
    pub(crate) fn alert(self, before_ms: u64, now_ms: u64) -> Option<u32> {
        let (before, now) = (self.left_ms(before_ms)?, self.left_ms(now_ms)?);
        ALERTS_MIN.iter().copied().rfind(|minutes| {
            before > u64::from(*minutes) * MINUTE_MS && now <= u64::from(*minutes) * MINUTE_MS
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_warns_at_30_15_and_5_minutes_and_ends() {
        let clock = Clock { limit_min: Some(120) };
        let minute = |it: u64| it * MINUTE_MS;
        assert_eq!(clock.alert(minute(89), minute(91)), Some(30));
        assert_eq!(clock.alert(minute(90), minute(91)), None);
        assert_eq!(clock.alert(minute(104), minute(105)), Some(15));
        assert_eq!(clock.alert(minute(80), minute(116)), Some(5));
        assert!(!clock.is_over(minute(120) - 1) && clock.is_over(minute(120)));
        let untimed = Clock { limit_min: None };
        assert_eq!(
            (untimed.left_ms(5), untimed.alert(0, minute(500)), untimed.is_over(u64::MAX)),
            (None, None, false)
        );
    }
}
