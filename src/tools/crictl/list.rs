//! `crictl ps` and `pods`.

use std::time::Duration;

use super::Call;
use super::rows::{self, Pod, Row};
use crate::apimachinery::json::json;

/// Columns as Go's `tabwriter` sets them for crictl: at least 20 wide, 3 apart.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        (cells.map(|cell| cell.chars().count()).max().unwrap_or(0) + 3).max(20)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if index + 1 == columns {
                text.push_str(cell);
            } else {
                text.push_str(&format!("{cell:<width$}"));
            }
        }
        text.push('\n');
    }
    text
}

/// `5 minutes ago`. Source: docker's `units.HumanDuration`.
pub(super) fn ago(age: Duration) -> String {
    let s = age.as_secs();
    let hours = (s + 1800) / 3600;
    let text = match s {
        0 => "Less than a second".into(),
        1 => "1 second".into(),
        2..60 => format!("{s} seconds"),
        60..120 => "About a minute".into(),
        120..3600 => format!("{} minutes", s / 60),
        _ if hours == 1 => "About an hour".into(),
        _ if hours < 48 => format!("{hours} hours"),
        _ if hours < 24 * 14 => format!("{} days", hours / 24),
        _ if hours < 24 * 60 => format!("{} weeks", hours / 24 / 7),
        _ if hours < 24 * 730 => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", hours / 24 / 365),
    };
    text + " ago"
}

pub(super) fn short(id: &str) -> String {
    id.chars().take(13).collect()
}

impl Call<'_> {
    /// True when a text has what a flag asks for, as a regular expression.
    fn fits(&self, flags: &[&str], text: &str) -> bool {
        self.args.value(flags).is_none_or(|wanted| {
            regex::Regex::new(wanted).map_or(text.contains(wanted), |regex| regex.is_match(text))
        })
    }

    fn has_labels(&self, pod: &Pod) -> bool {
        let mut wanted = self.args.flags.iter().filter(|(name, _)| name == "label");
        wanted.all(|(_, pair)| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            pod.labels.iter().any(|(own, it)| own == key && it == value)
        })
    }

    /// As [`Self::has_labels`] for a container, which bears its name too.
    fn has_container_labels(&self, row: &Row) -> bool {
        let mut pod = row.pod.clone();
        pod.labels.push(("io.kubernetes.container.name".to_owned(), row.name.clone()));
        self.has_labels(&pod)
    }
}

pub(super) fn chosen(call: &Call<'_>) -> Vec<Row> {
    let all = rows::containers(&call.proc.world(), &call.host);
    let every = call.args.has(&["a", "all"]) || call.args.has(&["state", "s", "id"]);
    let state = call.args.value(&["state", "s"]).map(str::to_lowercase);
    let last = call.args.value(&["last", "n"]).and_then(|it| it.parse().ok());
    let every = every || last.is_some() || call.args.has(&["l", "latest"]);
    let limit = if call.args.has(&["l", "latest"]) { 1 } else { last.unwrap_or(usize::MAX) };
    let wanted = |row: &Row| {
        (every || row.is_running())
            && state.as_ref().is_none_or(|it| row.state().to_lowercase() == *it)
            && call.fits(&["name"], &row.name)
            && call.fits(&["namespace"], &row.pod.namespace)
            && call
                .args
                .value(&["image"])
                .is_none_or(|it| row.image.contains(it) || row.image_id().starts_with(it))
            && call.args.value(&["pod", "p"]).is_none_or(|it| row.pod.id.starts_with(it))
            && call.args.value(&["id"]).is_none_or(|it| row.id.starts_with(it))
            && call.has_container_labels(row)
    };
    all.into_iter().filter(wanted).take(limit).collect()
}

/// Refuses a format that a list does not have.
pub(super) fn bad_format(call: &Call<'_>, formats: &[&str]) -> Option<i32> {
    let output = call.args.value(&["o", "output"])?;
    if formats.contains(&output) {
        return None;
    }
    Some(call.fatal(&format!("unsupported output format {output:?}")))
}

/// The formats of lists.
pub(super) const FORMATS: [&str; 4] = ["json", "yaml", "table", "go-template"];

pub(super) fn containers(call: &Call<'_>) -> i32 {
    if let Some(state) = call.args.value(&["state", "s"]).map(str::to_lowercase)
        && !["created", "running", "exited", "unknown"].contains(&state.as_str())
    {
        return call
            .fatal("listing containers: --state should be one of created, running, exited or unknown");
    }
    if let Some(exit) = bad_format(call, &FORMATS) {
        return exit;
    }
    let found = chosen(call);
    if call.args.has(&["q", "quiet"]) {
        found.iter().for_each(|row| call.proc.print(format!("{}\n", row.id)));
        return 0;
    }
    let now = call.proc.world().now;
    let output = call.args.value(&["o", "output"]);
    if matches!(output, Some("json" | "yaml" | "go-template")) {
        let items: Vec<_> = found.iter().map(|row| {
            json!({
                "annotations": {}, "createdAt": row.created.unix_ns().to_string(), "id": row.id,
                "image": {"annotations": {}, "image": row.image_id(), "runtimeHandler": "", "userSpecifiedImage": row.image},
                "imageRef": row.image_id(),
                "labels": row.pod.labels.iter().cloned().chain([("io.kubernetes.container.name".to_owned(), row.name.clone())]).collect::<std::collections::BTreeMap<_, _>>(),
                "metadata": {"attempt": row.attempt, "name": row.name}, "podSandboxId": row.pod.id,
                "state": format!("CONTAINER_{}", row.state().to_uppercase()),
            })
        }).collect();
        return super::inspect::print(call, &json!({"containers": items}), "json");
    }
    let full = call.args.has(&["no-trunc"]);
    let id = |text: &str| if full { text.to_owned() } else { short(text) };
    let head = ["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE"];
    let mut all = vec![head.map(str::to_owned).to_vec()];
    for row in found {
        all.push(vec![
            id(&row.id),
            id(&row.image_id()),
            ago(now.since(row.created)),
            row.state().to_owned(),
            row.name.clone(),
            row.attempt.to_string(),
            id(&row.pod.id),
            row.pod.name.clone(),
            row.pod.namespace.clone(),
        ]);
    }
    call.proc.print(table(&all));
    0
}

pub(super) fn pods(call: &Call<'_>) -> i32 {
    let (all, now) = {
        let world = call.proc.world();
        (rows::pods(&world, &call.host), world.now)
    };
    if let Some(exit) = bad_format(call, &FORMATS) {
        return exit;
    }
    let state = call.args.value(&["state", "s"]).map(str::to_lowercase);
    let word = |pod: &Pod| if pod.ready { "Ready" } else { "NotReady" };
    let found: Vec<Pod> = all
        .into_iter()
        .filter(|pod| {
            call.fits(&["name"], &pod.name)
                && call.fits(&["namespace"], &pod.namespace)
                && call.has_labels(pod)
                && call.args.value(&["id"]).is_none_or(|it| pod.id.starts_with(it))
                && state.as_ref().is_none_or(|it| word(pod).to_lowercase() == *it)
        })
        .collect();
    if call.args.has(&["q", "quiet"]) {
        found.iter().for_each(|pod| call.proc.print(format!("{}\n", pod.id)));
        return 0;
    }
    if call.args.has(&["v", "verbose"]) {
        for pod in &found {
            call.proc.print(format!(
                "ID: {}\nName: {}\nUID: {}\nNamespace: {}\nStatus: {}\nCreated: {}\nLabels:\n{}Runtime: (default)\n\n",
                pod.id,
                pod.name,
                pod.uid,
                pod.namespace,
                word(pod),
                pod.created.strftime("%Y-%m-%d %H:%M:%S +0000 UTC"),
                pod.labels.iter().map(|(key, value)| format!("\t{key} -> {value}\n")).collect::<String>(),
            ));
        }
        return 0;
    }
    if matches!(call.args.value(&["o", "output"]), Some("json" | "yaml" | "go-template")) {
        let items: Vec<_> = found.iter().map(super::inspect::sandbox).collect();
        return super::inspect::print(call, &json!({"items": items}), "json");
    }
    let head = ["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"];
    let mut table_rows = vec![head.map(str::to_owned).to_vec()];
    for pod in found {
        table_rows.push(vec![
            short(&pod.id),
            ago(now.since(pod.created)),
            word(&pod).to_owned(),
            pod.name.clone(),
            pod.namespace.clone(),
            "0".into(),
            "(default)".into(),
        ]);
    }
    call.proc.print(table(&table_rows));
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_rounded_as_docker_does() {
        let of = |s| ago(Duration::from_secs(s));
        assert_eq!(of(59), "59 seconds ago");
        assert_eq!(of(90), "About a minute ago");
        assert_eq!(of(3_700), "About an hour ago");
        assert_eq!(of(9 * 86_400), "9 days ago");
        assert_eq!(of(20 * 86_400), "2 weeks ago");
    }

    #[test]
    fn columns_are_twenty_wide_or_three_apart() {
        let rows = vec![vec!["A".to_owned(), "B".to_owned()], vec!["x".repeat(30), "y".to_owned()]];
        assert_eq!(table(&rows), format!("A{}B\n{}   y\n", " ".repeat(32), "x".repeat(30)));
    }
}
