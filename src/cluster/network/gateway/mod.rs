//! A Gateway API controller: what it says about Gateways and routes, what it makes for a Gateway, and how the
//! requests that come in there are sent on.
//!
//! It has the shape of NGINX Gateway Fabric: one controller pod, and for each Gateway a Deployment and a Service
//! in the Gateway's namespace. It works only while its pod is ready. Start with [`controller`], then [`attach`]
//! (who may refer to whom), [`status`] and [`serve`].

mod attach;
mod controller;
mod filters;
mod serve;
mod status;

pub(super) use controller::GATEWAYS;
pub(crate) use serve::certificate;
pub(super) use serve::{answer, speaks_tls};

const CLASSES: &str = "gatewayclasses.gateway.networking.k8s.io";
const GATEWAY: &str = "gateways.gateway.networking.k8s.io";
const ROUTES: &str = "httproutes.gateway.networking.k8s.io";
const GRANTS: &str = "referencegrants.gateway.networking.k8s.io";

/// The group of all kinds here.
const GROUP: &str = "gateway.networking.k8s.io";

/// What a class names to be served by this controller.
const CONTROLLER: &str = "gateway.nginx.org/nginx-gateway-controller";

/// The label that ties pods to their Gateway.
const OF_GATEWAY: &str = "gateway.networking.k8s.io/gateway-name";
