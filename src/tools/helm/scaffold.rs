//! `helm create`: a chart to begin with, which is our own `site` under another name.

use super::args::Args;
use super::catalog::{self, Entry};
use super::chart::Chart;
use super::{Done, repos};
use crate::shell::Proc;

pub(super) fn create(proc: &mut Proc, args: &Args) -> Done {
    let path = args.operand(1, "create")?.to_owned();
    let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
    let entry = Entry {
        name: "site".into(),
        version: "0.1.0".into(),
        app: "1.29.1".into(),
        about: "A Helm chart for Kubernetes".into(),
    };
    let Some(mut chart) = catalog::chart(&entry) else { return Err("the first chart cannot be read".into()) };
    for body in chart.files.values_mut() {
        let text = String::from_utf8_lossy(body).replace("\"site.", &format!("\"{name}."));
        *body = text.replace("name: site\n", &format!("name: {name}\n")).into_bytes();
    }
    let chart = Chart::of(chart.files)?;
    let folder = path.rsplit_once('/').map_or_else(|| proc.cwd.clone(), |(it, _)| proc.path(it));
    repos::unpack(proc, &chart, &folder)?;
    proc.print(format!("Creating {path}\n"));
    Ok(())
}
