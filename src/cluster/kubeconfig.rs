//! kubeconfig files as the programs on a machine read them: server, trust and credentials.
//!
//! kubectl's own reader, with its many files and flags, stands in `tools`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::api::connect::Endpoint;
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};
use crate::hosts::{FileTree, files};

/// The endpoint that the current context of a kubeconfig names.
///
/// # Errors
/// Why the file or one that it names cannot be used, as Go words it.
pub(crate) fn endpoint(tree: &FileTree, path: &str) -> Result<Endpoint, String> {
    let text = tree.read_text(path).map_err(|_| format!("open {path}: no such file or directory"))?;
    let config = yaml::document(&text).map_err(|why| format!("error loading config file {path:?}: {why}"))?;
    let named = |list: &str, name: &str| {
        object::list(&config, list).iter().find(|it| object::field(it, "name") == name).cloned()
    };
    let context = named("/contexts", object::text(&config, "/current-context")).unwrap_or(Value::Null);
    let cluster = named("/clusters", object::text(&context, "/context/cluster")).unwrap_or(Value::Null);
    let user = named("/users", object::text(&context, "/context/user")).unwrap_or(Value::Null);
    let folder = files::parent(path);
    Ok(Endpoint {
        server: object::text(&cluster, "/cluster/server").to_owned(),
        certificate_authority: material(tree, folder, &cluster, "/cluster/certificate-authority")?,
        client_certificate: material(tree, folder, &user, "/user/client-certificate")?,
        client_key: material(tree, folder, &user, "/user/client-key")?,
        token: Some(object::text(&user, "/user/token").to_owned()).filter(|it| !it.is_empty()),
        ..Endpoint::default()
    })
}

/// PEM that stands in the file, or in another that it names.
fn material(tree: &FileTree, folder: &str, item: &Value, pointer: &str) -> Result<Option<Vec<u8>>, String> {
    let data = object::text(item, &format!("{pointer}-data"));
    if !data.is_empty() {
        return STANDARD.decode(data).map(Some).map_err(|_| "illegal base64 data".to_owned());
    }
    match object::text(item, pointer) {
        "" => Ok(None),
        named => {
            let path = files::clean(folder, named);
            let bytes = tree.read(&path).map_err(|_| format!("open {path}: no such file or directory"))?;
            Ok(Some(bytes.to_vec()))
        }
    }
}
