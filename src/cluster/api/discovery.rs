//! What the server tells about itself: versions, groups, resources, health.

use serde_json::json;

use super::route::Route;
use crate::apimachinery::status::Status;
use crate::cluster::{ClusterId, Request, Response, World};

/// Paths outside `/api/V` and `/apis/G/V`.
pub(crate) fn plain_path(_world: &World, _cluster: ClusterId, _request: &Request) -> Response {
    Response::refused(&Status::no_such_path())
}

/// `/api/v1`, `/apis/apps/v1`.
pub(crate) fn group_version(_world: &World, _cluster: ClusterId, _route: &Route) -> Response {
    Response::refused(&Status::no_such_path())
}
