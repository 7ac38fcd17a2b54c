//! Package files that exercises lay down: a `.deb` in text that a person can read.
//!
//! Real ones are archives of archives; the lab's begin with a line that says so, then a control stanza
//! as in `deb-control(5)`, then the files, each under a line with path and mode:
//!
//! ```text
//! !<uncordon-deb>
//! Package: cri-dockerd
//! Version: 0.3.20-0
//! Depends: docker-ce
//! Units: cri-docker.service cri-docker.socket
//! Starts: yes
//! Description: Kubernetes runtime interface for Docker
//!
//! === /usr/bin/cri-dockerd 0755 program
//! === /usr/lib/systemd/system/cri-docker.service 0644
//! [Unit]
//! …
//! ```

use super::Content;
use super::archive::Release;

/// The first line.
pub(crate) const MAGIC: &str = "!<uncordon-deb>";

/// What starts a file.
const FILE: &str = "=== ";

/// Reads a package file; `None` when it is none.
pub(crate) fn parse(text: &str) -> Option<Release> {
    let rest = text.strip_prefix(MAGIC)?.trim_start_matches('\n');
    let (control, files) = match rest.find(&format!("\n{FILE}")) {
        Some(at) => rest.split_at(at + 1),
        None => (rest, ""),
    };
    let field = |name: &str| {
        let mut fields = control.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let words = |name: &str, by: char| -> Vec<String> {
        let value = field(name).unwrap_or_default();
        value.split(by).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
    };
    // `Depends: a (>= 1.0), b`: any version of it will do here.
    let depends = words("Depends", ',');
    let depends = depends.iter().filter_map(|it| it.split_whitespace().next()).map(str::to_owned).collect();
    Some(Release {
        name: field("Package")?,
        version: field("Version")?,
        section: field("Section").unwrap_or_else(|| "misc".into()),
        summary: field("Description").unwrap_or_default(),
        depends,
        size_kb: 0,
        installed_kb: field("Installed-Size").and_then(|it| it.parse().ok()).unwrap_or(0),
        files: contents(files),
        units: words("Units", ' '),
        starts: field("Starts").as_deref() == Some("yes"),
        essential: false,
    })
}

fn contents(text: &str) -> Vec<Content> {
    let mut found: Vec<Content> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix(FILE) {
            let mut words = head.split_whitespace();
            let path = words.next().unwrap_or_default().to_owned();
            let mode = words.next().and_then(|it| u32::from_str_radix(it, 8).ok()).unwrap_or(0o644);
            let text = (words.next() != Some("program")).then(String::new);
            found.push(Content { path, text, mode });
        } else if let Some(Content { text: Some(text), .. }) = found.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_control_and_files() {
        let text = "!<uncordon-deb>\nPackage: hello\nVersion: 1.0-1\nDepends: curl (>= 7), jq\nUnits: hello.service\n\
            Description: Says hello\n\n=== /usr/bin/hello 0755 program\n=== /etc/hello.conf 0640\ngreeting = hi\n";
        let release = parse(text).unwrap();
        assert_eq!(
            (release.name.as_str(), release.depends.as_slice()),
            ("hello", &["curl".into(), "jq".into()][..])
        );
        assert_eq!(release.files[0].text, None);
        assert_eq!(
            (release.files[1].text.as_deref(), release.files[1].mode),
            (Some("greeting = hi\n"), 0o640)
        );
        assert_eq!(parse("!<arch>\n"), None);
    }
}
