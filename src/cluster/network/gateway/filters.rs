//! What the filters of a route do to requests and answers.

use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::kubelet::web::Answer;
use crate::cluster::network::http::{self, HttpRequest};

fn of<'f>(filters: &'f [Value], kind: &str, key: &str) -> Option<&'f Value> {
    filters.iter().find(|it| object::field(it, "type") == kind)?.get(key)
}

/// A path after a `path` modifier.
fn replaced(modifier: Option<&Value>, matched: &str, path: &str) -> String {
    let Some(modifier) = modifier else { return path.to_owned() };
    let (plain, query) =
        path.split_once('?').map_or((path, String::new()), |(it, query)| (it, format!("?{query}")));
    let new = match object::field(modifier, "type") {
        "ReplaceFullPath" => object::field(modifier, "replaceFullPath").to_owned(),
        _ => {
            let start = object::field(modifier, "replacePrefixMatch").trim_end_matches('/');
            format!("{start}{}", http::below(plain, matched).unwrap_or_default())
        }
    };
    format!("{}{query}", if new.is_empty() { "/".to_owned() } else { new })
}

/// The answer of a `RequestRedirect`.
pub(super) fn redirect(filters: &[Value], matched: &str, request: &HttpRequest) -> Option<Answer> {
    let it = of(filters, "RequestRedirect", "requestRedirect")?;
    let or = |text: &str, usual: &str| if text.is_empty() { usual.to_owned() } else { text.to_owned() };
    let scheme = or(object::field(it, "scheme"), if request.tls { "https" } else { "http" });
    let own = request.host.split(':').next().unwrap_or_default();
    let host = or(object::field(it, "hostname"), own);
    // A scheme that is named has its own port.
    let port = match (object::int(it, "/port"), object::field(it, "scheme")) {
        (Some(port), _) => port,
        (None, "https") => 443,
        (None, "http") => 80,
        (None, _) => i64::from(request.port),
    };
    let usual = if scheme == "https" { 443 } else { 80 };
    let port = if port == usual { String::new() } else { format!(":{port}") };
    let path = replaced(it.get("path"), matched, &request.path);
    let status = u16::try_from(object::int(it, "/statusCode").unwrap_or(302)).unwrap_or(302);
    let mut answer = Answer::nginx_page(status);
    answer.headers.push(("Location".into(), format!("{scheme}://{host}{port}{path}")));
    Some(answer)
}

/// The request as the backend gets it.
pub(super) fn onward(filters: &[Value], matched: &str, request: &HttpRequest) -> HttpRequest {
    let mut onward = HttpRequest { tls: false, hops: request.hops + 1, ..request.clone() };
    if let Some(it) = of(filters, "URLRewrite", "urlRewrite") {
        onward.path = replaced(it.get("path"), matched, &request.path);
        let host = object::field(it, "hostname");
        if !host.is_empty() {
            host.clone_into(&mut onward.host);
        }
    }
    if let Some(it) = of(filters, "RequestHeaderModifier", "requestHeaderModifier") {
        modify(it, &mut onward.headers);
    }
    onward
}

/// Changes the answer on its way back.
pub(super) fn back(filters: &[Value], answer: &mut Answer) {
    if let Some(it) = of(filters, "ResponseHeaderModifier", "responseHeaderModifier") {
        modify(it, &mut answer.headers);
    }
}

fn modify(rules: &Value, headers: &mut Vec<(String, String)>) {
    let pair = |it: &Value| (object::field(it, "name").to_owned(), object::field(it, "value").to_owned());
    for (name, value) in object::list(rules, "/set").iter().map(pair) {
        headers.retain(|(it, _)| !it.eq_ignore_ascii_case(&name));
        headers.push((name, value));
    }
    headers.extend(object::list(rules, "/add").iter().map(pair));
    for name in object::list(rules, "/remove").iter().filter_map(Value::as_str) {
        headers.retain(|(it, _)| !it.eq_ignore_ascii_case(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn prefixes_are_replaced() {
        let to = json!({"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"});
        assert_eq!(replaced(Some(&to), "/api", "/api/x?y=1"), "/x?y=1");
        assert_eq!(replaced(Some(&to), "/api", "/api"), "/");
    }
}
