//! `kubectl kustomize` and `-k`: manifests from a directory with a kustomization.

use super::{Ctx, Failure};

/// The manifests that a kustomization makes, as a YAML stream.
///
/// # Errors
/// What is wrong with the kustomization.
pub(super) fn build(_ctx: &mut Ctx<'_>, directory: &str) -> Result<String, Failure> {
    Err(Failure::Plain(format!("uncordon: `-k {directory}` is not simulated yet")))
}
