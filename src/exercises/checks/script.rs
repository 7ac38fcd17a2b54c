//! `script:` any shell script, for what no other check says. Exit code 0 passes.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Finding, Mistake, Scene};
use crate::exercises::stage;

/// A script, run as root in a copy of the world.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptCheck {
    #[serde(default)]
    host: String,
    run: String,
    /// What it looks for, in words.
    wanted: String,
}

impl ScriptCheck {
    pub(super) fn wanted(&self) -> &str {
        &self.wanted
    }

    pub(super) fn look(&self, scene: &Scene<'_>) -> Finding {
        let host = scene.host_or(&self.host);
        match stage::run(scene.end.clone(), host, "check", &self.run) {
            Ok(ran) if ran.exit == 0 => Finding::pass(self.wanted.clone()),
            Ok(ran) => {
                let output = ran.output.trim();
                let saw =
                    if output.is_empty() { format!("exit code {}", ran.exit) } else { output.to_owned() };
                Finding::miss(Mistake::NotEffective, self.wanted.clone(), saw)
            }
            Err(error) => Finding::miss(Mistake::NotEffective, self.wanted.clone(), error),
        }
    }
}
