//! Programs that a real Ubuntu node has and that are not simulated yet: they say so.

use crate::shell::{Proc, Program, Running};

macro_rules! absent {
    ($($name:literal: $summary:literal,)*) => {
        /// Names with what they are for.
        pub(crate) const ALL: &[&Program] = &[$(&Program { name: $name, summary: $summary, run },)*];
    };
}

absent! {
    "aa-status": "Show AppArmor profiles",
    "add-apt-repository": "Add a package source",
    "apparmor_parser": "Load AppArmor profiles",
    "at": "Run commands later",
    "bridge": "Show bridges",
    "cloud-init": "Initialise a cloud machine",
    "conntrack": "Show tracked connections",
    "depmod": "Make module dependencies",
    "ethtool": "Show network cards",
    "fdisk": "Partition disks",
    "fsck": "Check file systems",
    "git": "Version control",
    "helm": "Package manager of Kubernetes",
    "htop": "Show processes",
    "insmod": "Load a kernel module",
    "ip6tables": "Firewall for IPv6",
    "ip6tables-save": "Print the firewall for IPv6",
    "ipset": "Manage address sets",
    "kustomize": "Customise manifests",
    "ldconfig": "Update the library cache",
    "losetup": "Manage loop devices",
    "lspci": "Show PCI devices",
    "mkfs": "Make a file system",
    "networkctl": "Show networks",
    "nft": "Firewall",
    "nsenter": "Run in another namespace",
    "parted": "Partition disks",
    "perl": "Run Perl programs",
    "python3": "Run Python programs",
    "rsync": "Copy files",
    "screen": "Terminal sessions",
    "sftp": "Transfer files",
    "snap": "Package manager",
    "socat": "Relay data",
    "strace": "Trace system calls",
    "tcpdump": "Show packets",
    "tracepath": "Trace a route",
    "unshare": "Run in a new namespace",
    "update-alternatives": "Choose between programs",
}

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let name = proc.args.first().map(String::as_str).unwrap_or_default();
        proc.eprint(format!("uncordon: {name} is not simulated yet\n"));
        1
    })
}
