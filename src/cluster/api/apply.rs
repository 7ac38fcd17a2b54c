//! Server-side apply: `application/apply-patch+yaml`.

use super::call::Call;
use crate::apimachinery::status::Status;
use crate::cluster::{Request, Response};

/// Applies the intent in the body.
pub(crate) fn apply(_call: &mut Call<'_>, _request: &Request) -> Result<Response, Status> {
    Err(Status::unsupported_media_type("uncordon: server-side apply is not simulated yet"))
}
