//! Pod addresses: each node hands out the addresses of its pod CIDR one after the other.
//!
//! Like CNI's `host-local`, an address that was given back is not the next one to be given out.

use std::net::Ipv4Addr;

use imbl::{OrdMap, OrdSet};
use ipnet::Ipv4Net;

/// The first address that a pod gets: .0 names the network and .1 is the gateway.
const FIRST: u32 = 2;

/// Which addresses the nodes of a cluster have given out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    /// By pod CIDR: the offset of the last address given out.
    last: OrdMap<String, u32>,
    taken: OrdSet<Ipv4Addr>,
    by_owner: OrdMap<String, Ipv4Addr>,
}

impl Pool {
    /// The address of a pod: the one it has, or the next free one of the CIDR. `None` when all are
    /// taken or the text is no CIDR. `owner` is the pod's UID.
    pub(super) fn take(&mut self, cidr: &str, owner: &str) -> Option<Ipv4Addr> {
        if let Some(&address) = self.by_owner.get(owner) {
            return Some(address);
        }
        let net: Ipv4Net = cidr.parse().ok()?;
        let base = u32::from(net.network());
        // The last address of a network is its broadcast address.
        let end = u32::from(net.broadcast()).checked_sub(base)?;
        let span = end.checked_sub(FIRST).filter(|&span| span > 0)?;
        let start = self.last.get(cidr).map_or(0, |&last| last + 1 - FIRST);
        let offset = (0..span)
            .map(|step| FIRST + (start + step) % span)
            .find(|offset| !self.taken.contains(&Ipv4Addr::from(base + offset)))?;
        let address = Ipv4Addr::from(base + offset);
        self.last.insert(cidr.to_owned(), offset);
        self.taken.insert(address);
        self.by_owner.insert(owner.to_owned(), address);
        Some(address)
    }

    /// Lets others have the address of a pod.
    pub(super) fn give_back(&mut self, owner: &str) {
        if let Some(address) = self.by_owner.remove(owner) {
            self.taken.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_round_and_skip_the_taken_ones() {
        let mut pool = Pool::default();
        let mut take = |owner: u32| pool.take("10.0.0.0/29", &owner.to_string()).map(|it| it.to_string());
        let first: Vec<_> = (0..6).map(&mut take).collect();
        assert_eq!((first[0].as_deref(), first[4].as_deref()), (Some("10.0.0.2"), Some("10.0.0.6")));
        assert_eq!((first[5].as_deref(), take(1).as_deref()), (None, Some("10.0.0.3")));
        pool.give_back("1");
        assert_eq!(pool.take("10.0.0.0/29", "9").map(|it| it.to_string()).as_deref(), Some("10.0.0.3"));
    }
}
