//! Arguments of verbs that set things: objects first, then `key=value` or `key-`.

use super::Failure;

/// The words that name objects, and the changes behind them.
///
/// # Errors
/// A word that names an object behind a change; `what` is `label`, `annotation`, …
pub(crate) fn split(args: &[String], what: &str) -> Result<(Vec<String>, Vec<String>), Failure> {
    let (mut resources, mut pairs) = (Vec::new(), Vec::new());
    for word in args {
        let is_pair = word.contains('=') && !word.starts_with('=') || word.ends_with('-') && word != "-";
        if is_pair {
            pairs.push(word.clone());
        } else if pairs.is_empty() {
            resources.push(word.clone());
        } else {
            return Err(Failure::error(format!(
                "all resources must be specified before {what} changes: {word}"
            )));
        }
    }
    Ok((resources, pairs))
}

/// New values and keys to take away. The value is what stands behind the first `=`.
pub(crate) type Changes = (Vec<(String, String)>, Vec<String>);

/// Reads `key=value` and, when `removing`, `key-`.
///
/// # Errors
/// Words that are neither, all in one sentence.
pub(crate) fn parse(pairs: &[String], what: &str, removing: bool) -> Result<Changes, Failure> {
    let (mut new, mut remove, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for pair in pairs {
        match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => put(&mut new, key, value),
            _ => match pair.strip_suffix('-').filter(|key| removing && !key.is_empty()) {
                Some(key) => remove.push(key.to_owned()),
                None => wrong.push(pair.clone()),
            },
        }
    }
    if wrong.is_empty() {
        return Ok((new, remove));
    }
    Err(Failure::error(format!("invalid {what} format: {}", wrong.join(", "))))
}

/// Sets a key, once.
pub(crate) fn put(pairs: &mut Vec<(String, String)>, key: &str, value: &str) {
    pairs.retain(|(known, _)| known != key);
    pairs.push((key.to_owned(), value.to_owned()));
}
