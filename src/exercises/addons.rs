//! Add-ons that an exercise may ask for besides its world template: `world.with`.

/// Names and manifests, applied one after the other before the exercise's own.
const ADDONS: &[(&str, &[&str])] = &[
    (
        "gateway-api",
        &[
            include_str!("../../assets/addons/gateway-api-crds.yaml"),
            include_str!("../../assets/addons/gateway-api.yaml"),
        ],
    ),
    ("ingress-nginx", &[include_str!("../../assets/addons/ingress-nginx.yaml")]),
    ("local-path", &[include_str!("../../assets/addons/local-path.yaml")]),
    ("metrics-server", &[include_str!("../../assets/addons/metrics-server.yaml")]),
];

/// The names of all add-ons.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ADDONS.iter().map(|(name, _)| *name)
}

/// The manifests of an add-on; none when there is no such add-on.
pub(super) fn manifests(name: &str) -> &'static [&'static str] {
    ADDONS.iter().find(|(known, _)| *known == name).map_or(&[], |(_, texts)| *texts)
}
