//! The files of a freshly installed Ubuntu 24.04 machine, as far as a learner meets them.

use super::spec::{NodeSpec, TemplateSpec};
use crate::hosts::{Host, User};
use crate::sim::SimTime;

/// Directories that stand on every machine, with their modes.
const DIRECTORIES: &[(&str, u32)] = &[
    ("/root", 0o700),
    ("/home", 0o755),
    ("/home/candidate", 0o750),
    ("/tmp", 0o1777),
    ("/var/tmp", 0o1777),
    ("/var/log", 0o755),
    ("/opt", 0o755),
    ("/mnt", 0o755),
    ("/srv", 0o755),
    ("/etc/systemd/system", 0o755),
    ("/etc/sysctl.d", 0o755),
    ("/etc/modules-load.d", 0o755),
    ("/usr/bin", 0o755),
    ("/usr/local/bin", 0o755),
    ("/usr/lib/systemd/system", 0o755),
    ("/usr/share", 0o755),
    ("/run", 0o755),
    ("/proc", 0o555),
    ("/sys", 0o555),
    ("/dev", 0o755),
];

/// A machine of no name with the packages of a node, from which the machines of a cluster are copied: a copy shares
/// its files.
pub(super) fn installed(spec: &TemplateSpec, now: SimTime) -> Host {
    let mut host = plain("", "", &hosts_file(spec), &spec.machine.os_image, now);
    super::software::comfort(&mut host, now);
    super::software::node(&mut host, &spec.version, &spec.machine.container_runtime, now);
    for (path, text) in
        [("/etc/modules-load.d/k8s.conf", "overlay\nbr_netfilter\n"), ("/etc/sysctl.d/k8s.conf", SYSCTL)]
    {
        let _ = host.files.install(path, text.as_bytes(), 0o644, now);
    }
    host.hardware = spec.machine.hardware();
    host
}

/// What [`installed`] made, with the name and the address of a node, running.
pub(super) fn ubuntu(installed: &Host, node: &NodeSpec, now: SimTime) -> Host {
    let mut host = installed.clone();
    name(&mut host, &node.name, &node.address, now);
    let running: &[&str] = if node.joined { &["kubelet.service"] } else { &[] };
    super::software::settle(&mut host, running, now);
    host
}

/// A machine with its users, names and addresses, and nothing of Kubernetes.
pub(super) fn plain(name: &str, address: &str, hosts: &str, os_image: &str, now: SimTime) -> Host {
    let mut host = Host::new(name, address, now);
    host.users.push_back(User {
        name: "candidate".into(),
        uid: 1000,
        gid: 1000,
        home: "/home/candidate".into(),
        shell: "/bin/bash".into(),
    });
    for &(path, mode) in DIRECTORIES {
        // The tree is empty, so nothing can stand in the way.
        let _ = host.files.mkdir_all(path, mode, now).and_then(|()| host.files.chmod(path, mode));
    }
    for (path, text) in texts(hosts, os_image) {
        let _ = host.files.install(path, text.as_bytes(), 0o644, now);
    }
    super::software::ubuntu(&mut host, now);
    for path in ["/home/candidate", "/home/candidate/.bashrc"] {
        let _ = host.files.chown(path, 1000, 1000);
    }
    let _ = host.files.chmod("/etc/shadow", 0o640);
    for path in ["/etc/sudoers", "/etc/sudoers.d/90-candidate"] {
        let _ = host.files.chmod(path, 0o440);
    }
    self::name(&mut host, name, address, now);
    host
}

/// Gives a machine its name and address, and the numbers that hang on them.
fn name(host: &mut Host, name: &str, address: &str, now: SimTime) {
    (host.name, host.address) = (name.to_owned(), address.to_owned());
    for (path, text, mode) in [
        ("/etc/hostname", format!("{name}\n"), 0o644),
        ("/sys/class/dmi/id/product_uuid", product_uuid(name), 0o440),
        ("/etc/machine-id", format!("{}\n", machine_id(name)), 0o644),
    ] {
        let _ = host.files.install(path, text.as_bytes(), mode, now);
    }
}

fn texts(hosts: &str, os_image: &str) -> Vec<(&'static str, String)> {
    let resolv = "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n".to_owned();
    vec![
        ("/etc/hosts", hosts.to_owned()),
        ("/etc/os-release", os_release(os_image)),
        ("/etc/resolv.conf", resolv),
        ("/run/systemd/resolve/resolv.conf", "nameserver 1.1.1.1\nsearch .\n".to_owned()),
        ("/etc/passwd", PASSWD.to_owned()),
        ("/etc/group", "root:x:0:\nsudo:x:27:candidate\ncandidate:x:1000:\n".to_owned()),
        ("/etc/shadow", "root:*:20400:0:99999:7:::\ncandidate:!:20400:0:99999:7:::\n".to_owned()),
        ("/root/.bashrc", BASHRC.to_owned()),
        ("/home/candidate/.bashrc", BASHRC.to_owned()),
        ("/etc/skel/.bashrc", BASHRC.to_owned()),
        ("/etc/fstab", "LABEL=cloudimg-rootfs / ext4 discard,commit=30,errors=remount-ro 0 1\n".to_owned()),
        ("/etc/sysctl.conf", "# Settings of this machine; see also /etc/sysctl.d\n".to_owned()),
        ("/etc/sudoers", SUDOERS.to_owned()),
        ("/etc/sudoers.d/90-candidate", "candidate ALL=(ALL) NOPASSWD:ALL\n".to_owned()),
        ("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n".to_owned()),
    ]
}

/// What an interactive shell reads: the aliases that Ubuntu gives.
const BASHRC: &str = "# ~/.bashrc: read by every interactive bash that is not told otherwise\n\n\
    alias ll='ls -alF'\nalias la='ls -A'\nalias l='ls -CF'\n";

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
    daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n\
    nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n\
    candidate:x:1000:1000::/home/candidate:/bin/bash\n";

const SUDOERS: &str = "Defaults\tenv_reset\nDefaults\tmail_badpass\n\
    Defaults\tsecure_path=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin\"\nDefaults\tuse_pty\n\
    root\tALL=(ALL:ALL) ALL\n%admin ALL=(ALL) ALL\n%sudo\tALL=(ALL:ALL) NOPASSWD:ALL\n@includedir /etc/sudoers.d\n";

const SYSCTL: &str = "net.bridge.bridge-nf-call-iptables = 1\n\
    net.bridge.bridge-nf-call-ip6tables = 1\n\
    net.ipv4.ip_forward = 1\n";

fn hosts_file(spec: &TemplateSpec) -> String {
    let mut text = "127.0.0.1 localhost\n".to_owned();
    for node in &spec.nodes {
        text.push_str(&format!("{} {}\n", node.address, node.name));
    }
    text + "\n::1 ip6-localhost ip6-loopback\nfe00::0 ip6-localnet\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n"
}

fn os_release(image: &str) -> String {
    let version = image.split_whitespace().nth(1).unwrap_or("24.04");
    format!(
        "PRETTY_NAME=\"{image}\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\n\
         VERSION=\"{version} LTS (Noble Numbat)\"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n"
    )
}

/// The number of the machine's board, which kubeadm wants to differ between nodes.
fn product_uuid(name: &str) -> String {
    let id = machine_id(&format!("board of {name}"));
    let part = |from: usize, to: usize| id.get(from..to).unwrap_or_default().to_owned();
    format!("{}-{}-{}-{}-{}\n", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// 32 hex digits that belong to a machine's name.
pub(super) fn machine_id(name: &str) -> String {
    super::md5::hex(name)
}
