//! The table of kubeadm's commands.

use std::future::Future;
use std::pin::Pin;

use super::ctx::{Ctx, Done};
use super::{certs_command, config_command, flags, help, init, join, reset, token_command, upgrade};

/// A command at work.
pub(super) type Work<'a> = Pin<Box<dyn Future<Output = Done> + Send + 'a>>;

/// A row of the table.
pub(super) struct Command {
    /// Without `kubeadm`.
    pub(super) path: &'static str,
    /// One line without a full stop.
    pub(super) summary: &'static str,
    /// True when words may follow.
    pub(super) takes_words: bool,
    /// `None` for one that only has commands below it.
    pub(super) run: Option<for<'a> fn(&'a Ctx<'a>) -> Work<'a>>,
}

const fn group(path: &'static str, summary: &'static str) -> Command {
    Command { path, summary, takes_words: false, run: None }
}

/// Every command, sorted by path.
#[rustfmt::skip]
pub(super) const ALL: &[Command] = &[
    group("", "Set up and maintain Kubernetes clusters"),
    group("certs", "Work with the cluster's certificates"),
    Command { path: "certs certificate-key", summary: "Make a key that shared certificates are encrypted with", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::certificate_key(ctx) })) },
    Command { path: "certs check-expiration", summary: "Show when certificates end", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::check_expiration(ctx) })) },
    Command { path: "certs generate-csr", summary: "Make keys and signing requests", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::generate_requests(ctx) })) },
    group("certs renew", "Renew certificates"),
    Command { path: "certs renew admin.conf", summary: "Renew the certificate admin.conf", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "certs renew all", summary: "Renew all certificates", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "certs renew apiserver", summary: "Renew the certificate apiserver", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "certs renew apiserver-etcd-client", summary: "Renew the certificate apiserver-etcd-client", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "certs renew apiserver-kubelet-client", summary: "Renew the certificate apiserver-kubelet-client", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "certs renew controller-manager.conf", summary: "Renew the certificate controller-manager.conf", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "certs renew etcd-healthcheck-client", summary: "Renew the certificate etcd-healthcheck-client", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "certs renew etcd-peer", summary: "Renew the certificate etcd-peer", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "certs renew etcd-server", summary: "Renew the certificate etcd-server", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "certs renew front-proxy-client", summary: "Renew the certificate front-proxy-client", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "certs renew scheduler.conf", summary: "Renew the certificate scheduler.conf", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "certs renew super-admin.conf", summary: "Renew the certificate super-admin.conf", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::renew(ctx) })) },
    Command { path: "completion", summary: "Print completion code for a shell", takes_words: true, run: Some(|ctx| Box::pin(async move { help::completion(ctx) })) },
    group("config", "Work with kubeadm's configuration"),
    group("config images", "Work with the images of a control plane"),
    Command { path: "config images list", summary: "List the images that are needed", takes_words: false, run: Some(|ctx| Box::pin(async move { config_command::list_images(ctx) })) },
    Command { path: "config images pull", summary: "Pull the images that are needed", takes_words: false, run: Some(|ctx| Box::pin(config_command::pull_images(ctx))) },
    Command { path: "config migrate", summary: "Bring an old configuration file up to date", takes_words: false, run: Some(|ctx| Box::pin(async move { config_command::migrate(ctx) })) },
    group("config print", "Print a configuration with its defaults"),
    Command { path: "config print init-defaults", summary: "Print the defaults of init", takes_words: false, run: Some(|ctx| Box::pin(async move { config_command::init_defaults(ctx) })) },
    Command { path: "config print join-defaults", summary: "Print the defaults of join", takes_words: false, run: Some(|ctx| Box::pin(async move { config_command::join_defaults(ctx) })) },
    Command { path: "config print reset-defaults", summary: "Print the defaults of reset", takes_words: false, run: Some(|ctx| Box::pin(async move { config_command::reset_defaults(ctx) })) },
    Command { path: "config print upgrade-defaults", summary: "Print the defaults of upgrade", takes_words: false, run: Some(|ctx| Box::pin(async move { config_command::upgrade_defaults(ctx) })) },
    Command { path: "config validate", summary: "Check a configuration file", takes_words: false, run: Some(|ctx| Box::pin(async move { config_command::validate(ctx) })) },
    Command { path: "init", summary: "Set up a control plane on this machine", takes_words: false, run: Some(|ctx| Box::pin(init::run(ctx))) },
    group("init phase", "Run one phase of init"),
    group("init phase addon", "Deploy add-ons"),
    Command { path: "init phase addon all", summary: "Deploy add-ons: everything", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase addon coredns", summary: "Deploy add-ons: coredns", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase addon kube-proxy", summary: "Deploy add-ons: kube-proxy", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase bootstrap-token", summary: "Make tokens that nodes join with", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    group("init phase certs", "Make certificates"),
    Command { path: "init phase certs all", summary: "Make certificates: everything", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase certs apiserver", summary: "Make certificates: apiserver", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase certs apiserver-etcd-client", summary: "Make certificates: apiserver-etcd-client", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase certs apiserver-kubelet-client", summary: "Make certificates: apiserver-kubelet-client", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase certs ca", summary: "Make certificates: ca", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase certs etcd-ca", summary: "Make certificates: etcd-ca", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase certs etcd-healthcheck-client", summary: "Make certificates: etcd-healthcheck-client", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase certs etcd-peer", summary: "Make certificates: etcd-peer", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase certs etcd-server", summary: "Make certificates: etcd-server", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase certs front-proxy-ca", summary: "Make certificates: front-proxy-ca", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase certs front-proxy-client", summary: "Make certificates: front-proxy-client", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase certs sa", summary: "Make certificates: sa", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    group("init phase control-plane", "Write the manifests of the control plane"),
    Command { path: "init phase control-plane all", summary: "Write the manifests of the control plane: everything", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase control-plane apiserver", summary: "Write the manifests of the control plane: apiserver", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase control-plane controller-manager", summary: "Write the manifests of the control plane: controller-manager", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase control-plane scheduler", summary: "Write the manifests of the control plane: scheduler", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    group("init phase etcd", "Write the manifest of etcd"),
    Command { path: "init phase etcd local", summary: "Write the manifest of etcd: local", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    group("init phase kubeconfig", "Write kubeconfig files"),
    Command { path: "init phase kubeconfig admin", summary: "Write kubeconfig files: admin", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase kubeconfig all", summary: "Write kubeconfig files: everything", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase kubeconfig controller-manager", summary: "Write kubeconfig files: controller-manager", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase kubeconfig kubelet", summary: "Write kubeconfig files: kubelet", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase kubeconfig scheduler", summary: "Write kubeconfig files: scheduler", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase kubeconfig super-admin", summary: "Write kubeconfig files: super-admin", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    group("init phase kubelet-finalize", "Let the kubelet rotate its certificate"),
    Command { path: "init phase kubelet-finalize all", summary: "Let the kubelet rotate its certificate: everything", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase kubelet-finalize enable-client-cert-rotation", summary: "Let the kubelet rotate its certificate: enable-client-cert-rotation", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase kubelet-start", summary: "Write the kubelet's files and start it", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase mark-control-plane", summary: "Mark a node as control plane", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase preflight", summary: "Look whether the machine is fit", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase show-join-command", summary: "Show how nodes join", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase upload-certs", summary: "Store shared certificates in the cluster", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    group("init phase upload-config", "Store the configuration in the cluster"),
    Command { path: "init phase upload-config all", summary: "Store the configuration in the cluster: everything", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase upload-config kubeadm", summary: "Store the configuration in the cluster: kubeadm", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase upload-config kubelet", summary: "Store the configuration in the cluster: kubelet", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "init phase wait-control-plane", summary: "Wait until the control plane runs", takes_words: false, run: Some(|ctx| Box::pin(init::phase(ctx))) },
    Command { path: "join", summary: "Join this machine to a cluster", takes_words: true, run: Some(|ctx| Box::pin(join::run(ctx))) },
    group("join phase", "Run one phase of join"),
    group("join phase control-plane-join", "Make a machine a control plane"),
    Command { path: "join phase control-plane-join all", summary: "Make a machine a control plane: everything", takes_words: true, run: Some(|ctx| Box::pin(join::phase(ctx))) },
    group("join phase control-plane-prepare", "Prepare a machine for a control plane"),
    Command { path: "join phase control-plane-prepare all", summary: "Prepare a machine for a control plane: everything", takes_words: true, run: Some(|ctx| Box::pin(join::phase(ctx))) },
    Command { path: "join phase kubelet-start", summary: "Write the kubelet's files and start it", takes_words: true, run: Some(|ctx| Box::pin(join::phase(ctx))) },
    Command { path: "join phase preflight", summary: "Look whether the machine is fit", takes_words: true, run: Some(|ctx| Box::pin(join::phase(ctx))) },
    group("kubeconfig", "Work with kubeconfig files"),
    Command { path: "kubeconfig user", summary: "Print a kubeconfig for another user", takes_words: false, run: Some(|ctx| Box::pin(async move { certs_command::user(ctx) })) },
    Command { path: "reset", summary: "Undo what init or join did to this machine", takes_words: false, run: Some(|ctx| Box::pin(reset::run(ctx))) },
    group("reset phase", "Run one phase of reset"),
    Command { path: "reset phase cleanup-node", summary: "Stop the kubelet and remove its files", takes_words: false, run: Some(|ctx| Box::pin(reset::phase(ctx))) },
    Command { path: "reset phase preflight", summary: "Ask before anything is removed", takes_words: false, run: Some(|ctx| Box::pin(reset::phase(ctx))) },
    Command { path: "reset phase remove-etcd-member", summary: "Remove this machine from etcd", takes_words: false, run: Some(|ctx| Box::pin(reset::phase(ctx))) },
    group("token", "Work with bootstrap tokens"),
    Command { path: "token create", summary: "Create a token", takes_words: true, run: Some(|ctx| Box::pin(async move { token_command::create(ctx) })) },
    Command { path: "token delete", summary: "Delete tokens", takes_words: true, run: Some(|ctx| Box::pin(async move { token_command::delete(ctx) })) },
    Command { path: "token generate", summary: "Print a fresh token without creating it", takes_words: false, run: Some(|ctx| Box::pin(async move { token_command::generate(ctx) })) },
    Command { path: "token list", summary: "List tokens", takes_words: false, run: Some(|ctx| Box::pin(async move { token_command::list(ctx) })) },
    group("upgrade", "Upgrade a cluster to a newer version"),
    Command { path: "upgrade apply", summary: "Upgrade the first control plane", takes_words: true, run: Some(|ctx| Box::pin(upgrade::apply(ctx))) },
    Command { path: "upgrade diff", summary: "Show what an upgrade would change in manifests", takes_words: true, run: Some(|ctx| Box::pin(upgrade::diff(ctx))) },
    Command { path: "upgrade node", summary: "Upgrade this node", takes_words: false, run: Some(|ctx| Box::pin(upgrade::node(ctx))) },
    group("upgrade node phase", "Run one phase of upgrade node"),
    group("upgrade node phase addon", "Upgrade add-ons"),
    Command { path: "upgrade node phase addon all", summary: "Upgrade add-ons: everything", takes_words: false, run: Some(|ctx| Box::pin(upgrade::node_phase(ctx))) },
    Command { path: "upgrade node phase addon coredns", summary: "Upgrade add-ons: coredns", takes_words: false, run: Some(|ctx| Box::pin(upgrade::node_phase(ctx))) },
    Command { path: "upgrade node phase addon kube-proxy", summary: "Upgrade add-ons: kube-proxy", takes_words: false, run: Some(|ctx| Box::pin(upgrade::node_phase(ctx))) },
    Command { path: "upgrade node phase control-plane", summary: "Upgrade the control plane of this node", takes_words: false, run: Some(|ctx| Box::pin(upgrade::node_phase(ctx))) },
    Command { path: "upgrade node phase kubeconfig", summary: "Renew the kubeconfig files of this node", takes_words: false, run: Some(|ctx| Box::pin(upgrade::node_phase(ctx))) },
    Command { path: "upgrade node phase kubelet-config", summary: "Write the kubelet's configuration anew", takes_words: false, run: Some(|ctx| Box::pin(upgrade::node_phase(ctx))) },
    Command { path: "upgrade node phase preflight", summary: "Look whether the node is fit", takes_words: false, run: Some(|ctx| Box::pin(upgrade::node_phase(ctx))) },
    Command { path: "upgrade plan", summary: "Show which versions can be had", takes_words: true, run: Some(|ctx| Box::pin(upgrade::plan(ctx))) },
    Command { path: "version", summary: "Print the version of kubeadm", takes_words: false, run: Some(|ctx| Box::pin(async move { help::version(ctx) })) },
];

/// The command of that path.
pub(super) fn at(path: &str) -> Option<&'static Command> {
    ALL.iter().find(|it| it.path == path)
}

/// The commands directly below one.
pub(super) fn below(path: &str) -> impl Iterator<Item = (&'static str, &'static Command)> {
    let head = if path.is_empty() { String::new() } else { format!("{path} ") };
    ALL.iter().filter_map(move |it| {
        let name = it.path.strip_prefix(head.as_str())?;
        (!name.is_empty() && !name.contains(' ')).then_some((name, it))
    })
}

/// The command that the words name, and the words without its path.
pub(super) fn resolve(words: &[String]) -> (&'static Command, Vec<String>) {
    let mut command = &ALL[0];
    let mut rest = words.to_vec();
    while let Some(index) = first_word(command.path, &rest) {
        let Some(word) = rest.get(index) else { break };
        let Some((_, child)) = below(command.path).find(|(name, _)| name == word) else { break };
        rest.remove(index);
        command = child;
    }
    (command, rest)
}

/// Where the first word stands that is neither a flag nor a flag's value.
fn first_word(path: &str, words: &[String]) -> Option<usize> {
    let mut index = 0;
    while let Some(word) = words.get(index) {
        match word.as_str() {
            "--" => return None,
            flag if flag.starts_with('-') && flag.len() > 1 => {
                index += if !flag.contains('=') && flags::takes_value(path, flag) { 2 } else { 1 };
            }
            _ => return Some(index),
        }
    }
    None
}

/// What is said of a word that is no command.
pub(super) fn unknown(path: &str, word: &str) -> String {
    let parent = format!("kubeadm {path}");
    let near = |name: &str| name.starts_with(word) || distance(name, word) <= 2;
    let close: Vec<String> =
        below(path).filter(|(name, _)| near(name)).map(|(name, _)| format!("\t{name}\n")).collect();
    let hint =
        if close.is_empty() { String::new() } else { format!("\n\nDid you mean this?\n{}", close.concat()) };
    format!("unknown command {word:?} for {:?}{hint}", parent.trim_end())
}

/// Levenshtein's distance, as cobra suggests by it.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut before = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let next = if x == y { before } else { 1 + before.min(row[j]).min(row[j + 1]) };
            before = row[j + 1];
            row[j + 1] = next;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_row_has_its_flags() {
        for pair in ALL.windows(2) {
            assert!(pair[0].path < pair[1].path, "{} before {}", pair[0].path, pair[1].path);
        }
        for command in ALL {
            assert!(!command.summary.ends_with('.'), "{}", command.path);
        }
        assert!(flags::own("init").any(|it| it.name == "pod-network-cidr"));
    }

    #[test]
    fn words_are_resolved_past_flags() {
        let words: Vec<String> = ["token", "--kubeconfig", "a", "create", "x"].map(str::to_owned).into();
        let (command, rest) = resolve(&words);
        assert_eq!((command.path, rest.len()), ("token create", 3));
        let hint = "unknown command \"initt\" for \"kubeadm\"\n\nDid you mean this?\n\tinit\n";
        assert_eq!(unknown("", "initt"), hint);
    }
}
