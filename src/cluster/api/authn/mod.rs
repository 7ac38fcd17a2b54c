//! Authentication: who sends a request. Client certificates, bearer tokens, nobody; and who one acts as.

pub(crate) mod impersonate;
pub(crate) mod token;
pub(crate) mod x509;

use crate::cluster::UserInfo;

/// The group of everybody who is somebody.
pub(crate) const AUTHENTICATED: &str = "system:authenticated";

/// Who shows nothing.
pub(crate) fn anonymous() -> UserInfo {
    UserInfo::new("system:anonymous", &["system:unauthenticated"])
}

/// Adds the group of everybody who is somebody.
pub(crate) fn authenticated(mut user: UserInfo) -> UserInfo {
    if !user.groups.iter().any(|group| group == AUTHENTICATED) {
        user.groups.push(AUTHENTICATED.to_owned());
    }
    user
}
