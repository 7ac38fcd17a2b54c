//! NodeResourcesFit: whether what the pod asks for is still free on a node.

use super::{Cycle, Rejection};
use crate::cluster::scheduler::cache::NodeInfo;

pub(super) fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Rejection> {
    let mut short = Short::default();
    let pods = i64::try_from(info.pods.len()).unwrap_or(i64::MAX);
    if pods + 1 > info.pods_max {
        short.add("Too many pods".to_owned(), info.pods_max < 1);
    }
    let wanted = &cycle.pod.requests;
    if !wanted.is_zero() {
        let (used, all) = (&info.used, &info.allocatable);
        short.compare("cpu", wanted.cpu_milli, used.cpu_milli, all.cpu_milli);
        short.compare("memory", wanted.memory, used.memory, all.memory);
        short.compare("ephemeral-storage", wanted.ephemeral, used.ephemeral, all.ephemeral);
        for (name, &amount) in &wanted.scalars {
            let of = |it: &std::collections::BTreeMap<String, i64>| it.get(name).copied().unwrap_or(0);
            short.compare(name, amount, of(&used.scalars), of(&all.scalars));
        }
    }
    short.into_rejection()
}

/// What is short on a node.
#[derive(Default)]
struct Short {
    reasons: Vec<String>,
    /// True when even the empty node has too little of something.
    is_final: bool,
}

impl Short {
    fn compare(&mut self, name: &str, wanted: i64, used: i64, all: i64) {
        if wanted > 0 && wanted > all - used {
            self.add(format!("Insufficient {name}"), wanted > all);
        }
    }

    fn add(&mut self, reason: String, is_final: bool) {
        self.reasons.push(reason);
        self.is_final |= is_final;
    }

    fn into_rejection(self) -> Option<Rejection> {
        (!self.reasons.is_empty()).then_some(Rejection { is_final: self.is_final, reasons: self.reasons })
    }
}
