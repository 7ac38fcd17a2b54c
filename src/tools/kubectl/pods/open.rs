//! Ports that `port-forward` and `proxy` hold open on their machine, for as long as they run.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::super::{Ctx, Failure};
use crate::cluster::Place;
use crate::cluster::network::forwards::Target;
use crate::shell::Lab;

/// 1 s: how often a program that holds ports open looks at what came in.
pub(super) const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// The ports; closed when the program ends, in whatever way.
pub(super) struct Open {
    lab: Lab,
    /// Number of the forward, local port, connections that were told of.
    pub(super) ports: Vec<(u64, u16, u32)>,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut world = self.lab.world();
        for (id, ..) in &self.ports {
            world.close_forward(*id);
        }
    }
}

impl Open {
    /// No ports yet.
    pub(super) fn new(ctx: &Ctx<'_>) -> Self {
        Self { lab: ctx.proc.lab.clone(), ports: Vec::new() }
    }

    /// Opens a port; 0 takes a free one. `None` when it is taken.
    ///
    /// # Errors
    /// A program in a container cannot open ports yet.
    pub(super) fn add(
        &mut self,
        ctx: &Ctx<'_>,
        address: Ipv4Addr,
        port: u16,
        to: Target,
    ) -> Result<Option<u16>, Failure> {
        let Place::Host(host) = ctx.proc.place.clone() else {
            let words = "uncordon: opening a port inside a container is not simulated yet";
            return Err(Failure::Plain(words.into()));
        };
        let mut world = ctx.proc.world();
        // What Linux gives to programs that do not mind which port they get.
        let free = 32_768 + u16::try_from(world.chance.below(28_232)).unwrap_or(0);
        let port = if port == 0 { free } else { port };
        let opened = world.open_forward(&host, address, port, to);
        Ok(opened.map(|id| {
            self.ports.push((id, port, 0));
            port
        }))
    }
}

/// The addresses of `--address`: what to bind to, and what is shown.
///
/// # Errors
/// A word that is no address.
pub(super) fn addresses(words: &[String]) -> Result<Vec<(Ipv4Addr, String)>, Failure> {
    let mut all = Vec::new();
    for word in words {
        match (word.as_str(), word.parse::<Ipv4Addr>()) {
            ("localhost", _) => {
                all.push((Ipv4Addr::LOCALHOST, "127.0.0.1".to_owned()));
            }
            (_, Ok(address)) => all.push((address, word.clone())),
            _ => return Err(Failure::error(format!("{word} is not a valid IP"))),
        }
    }
    Ok(all)
}
