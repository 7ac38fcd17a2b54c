//! `package`: a chart's folder as an archive.

use super::Done;
use super::args::Args;
use super::chart::{self, Chart};
use crate::shell::Proc;

pub(super) fn run(proc: &mut Proc, args: &Args) -> Done {
    if args.operands.len() < 2 {
        return Err("need at least one argument, the path to the chart".into());
    }
    if args.has("sign") {
        return Err("uncordon: helm package --sign is not simulated yet".into());
    }
    for reference in args.operands.iter().skip(1) {
        let root = proc.path(reference);
        if proc.stat(&root).is_err() {
            return Err(format!("path {reference:?} not found"));
        }
        let mut chart = chart::folder(proc, &root)?;
        for (flag, key) in [("version", "version"), ("app-version", "appVersion")] {
            if let Some(value) = args.value(flag) {
                chart = with(chart, key, value)?;
            }
        }
        if semver::Version::parse(chart.version().trim_start_matches('v')).is_err() {
            return Err(format!("validation: chart.metadata.version {:?} is invalid", chart.version()));
        }
        chart.has_what_it_needs()?;
        let folder = proc.path(args.value("destination").unwrap_or("."));
        super::repos::make_folders(proc, &folder);
        let path = format!("{}/{}.tgz", folder.trim_end_matches('/'), chart.label());
        proc.write_file(&path, &chart::packed(&chart))
            .map_err(|_| format!("open {path}: permission denied"))?;
        proc.print(format!("Successfully packaged chart and saved it to: {path}\n"));
    }
    Ok(())
}

/// The chart with another line in its `Chart.yaml`.
fn with(chart: Chart, key: &str, value: &str) -> Result<Chart, String> {
    let head = chart.text("Chart.yaml");
    let mark = format!("{key}:");
    let line = format!("{key}: {value:?}");
    let mut lines: Vec<&str> = head.lines().filter(|it| !it.starts_with(&mark)).collect();
    lines.push(&line);
    let mut files = chart.files.clone();
    files.insert("Chart.yaml".to_owned(), format!("{}\n", lines.join("\n")).into_bytes());
    files.extend(chart.bundled.clone());
    Chart::of(files)
}
