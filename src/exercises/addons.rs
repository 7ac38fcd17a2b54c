//! Add-ons that an exercise may ask for besides its world template: `world.with`.

/// Names and manifests, applied before the exercise's own.
const ADDONS: &[(&str, &str)] = &[
    ("ingress-nginx", include_str!("../../assets/addons/ingress-nginx.yaml")),
    ("metrics-server", include_str!("../../assets/addons/metrics-server.yaml")),
    ("local-path", include_str!("../../assets/addons/local-path.yaml")),
];

/// The names of all add-ons.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ADDONS.iter().map(|(name, _)| *name)
}

/// The manifests of an add-on.
pub(super) fn manifests(name: &str) -> Option<&'static str> {
    ADDONS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
