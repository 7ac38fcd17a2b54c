//! Editing sessions on one file.

use super::store::normal_form;
use crate::apimachinery::json::json;

#[test]
fn the_written_form_is_that_of_client_go() {
    let tree = json!({"clusters": [{"name": "b", "cluster": {"insecure-skip-tls-verify": false}}, {"name": "a"}],
        "users": [{"name": "u", "user": {"token": "", "exec": {"command": "x"}}}]});
    let want = json!({"apiVersion": "v1", "kind": "Config", "current-context": "", "contexts": null,
        "clusters": [{"name": "a", "cluster": {"server": ""}}, {"name": "b", "cluster": {"server": ""}}],
        "users": [{"name": "u", "user": {"exec": {"command": "x", "args": null, "env": null, "provideClusterInfo": false}}}]});
    assert_eq!(normal_form(tree), want);
}
