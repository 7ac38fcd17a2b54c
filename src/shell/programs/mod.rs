//! The Unix programs that are ours: those that show the host, wait in simulated time, start other
//! shells, or print differently from the language crate's own.
//!
//! A program is a row with a name and a `run`; [`options`] reads its arguments as `getopt` does, and
//! [`texts`] words what it says as GNU programs do.

/// Programs that take no time: rows of constant, name, summary and function.
macro_rules! programs {
    ($($constant:ident $name:literal $summary:literal $run:ident;)*) => {
        $(pub(crate) const $constant: $crate::shell::Program = $crate::shell::Program {
            name: $name,
            summary: $summary,
            run: |proc| { let exit = $run(proc); Box::pin(async move { exit }) },
        };)*
    };
}

pub(crate) mod options;
pub(crate) mod texts;
pub(crate) mod when;
mod absent;
mod awk;
mod base64;
mod accounts;
mod chroot;
mod cmp;
mod column;
mod allocate;
mod copy;
mod date;
mod diff;
mod directories;
mod echo;
mod edit;
mod edit_files;
mod filters;
mod hardware;
mod firewall;
mod identity;
mod journal;
mod jq;
mod kernel;
mod keys;
mod links;
mod logins;
mod ls;
mod machine;
mod members;
mod modes;
mod network;
mod packages;
mod pager;
mod power;
mod processes;
mod ps;
mod remote;
mod remove;
mod sleep;
mod small;
mod shuf;
mod sockets;
mod space;
mod stat;
mod substitute;
mod subshell;
mod sysctl;
mod split;
mod wc;
mod systemctl;
mod tail;
mod tar;
mod temporary;
mod terminal;
mod timeout;
mod top;
mod touch;
mod ufw;
pub(super) mod versions;
mod watch;
mod wrappers;
mod yq;

use self::options::{Options, Spec};
pub(super) use self::subshell::SHELL;
use super::{Proc, Program};

/// Every program of this layer.
pub(crate) const ALL: &[&Program] = &[
    &awk::AWK,
    &awk::MAWK,
    &column::PROGRAM,
    &shuf::PROGRAM,
    &base64::PROGRAM,
    &accounts::CHPASSWD,
    &accounts::GETENT,
    &accounts::GROUPADD,
    &accounts::GROUPDEL,
    &accounts::PASSWD,
    &accounts::USERADD,
    &accounts::USERDEL,
    &accounts::USERMOD,
    &accounts::VISUDO,
    &chroot::PROGRAM,
    &cmp::PROGRAM,
    &allocate::DD,
    &allocate::FALLOCATE,
    &allocate::MKSWAP,
    &copy::CP,
    &copy::MV,
    &date::PROGRAM,
    &diff::PROGRAM,
    &directories::MKDIR,
    &directories::RMDIR,
    &echo::PROGRAM,
    &edit::EX,
    &edit::NANO,
    &edit::VI,
    &edit::VIEW,
    &edit::VIM,
    &edit::VIMDIFF,
    &filters::SED,
    &filters::XARGS,
    &hardware::ANALYZE,
    &hardware::BLKID,
    &hardware::CGLS,
    &hardware::DMESG,
    &hardware::LSCPU,
    &hardware::MODINFO,
    &hardware::PSTREE,
    &hardware::TIMEDATECTL,
    &firewall::IPTABLES,
    &firewall::IPVSADM,
    &firewall::RESTORE,
    &firewall::SAVE,
    &firewall::PERSISTENT,
    &identity::GROUPS,
    &identity::ID,
    &identity::LOGNAME,
    &identity::WHOAMI,
    &journal::PROGRAM,
    &jq::PROGRAM,
    &kernel::FINDMNT,
    &kernel::LSMOD,
    &kernel::MODPROBE,
    &kernel::MOUNT,
    &kernel::RMMOD,
    &kernel::SWAPOFF,
    &kernel::SWAPON,
    &kernel::UMOUNT,
    &keys::GETFACL,
    &keys::SSH_KEYGEN,
    &keys::WHEREIS,
    &keys::ZCAT,
    &links::PROGRAM,
    &logins::CRONTAB,
    &logins::LAST,
    &logins::LOGINCTL,
    &logins::W,
    &ls::PROGRAM,
    &machine::ARCH,
    &machine::HOSTNAME,
    &machine::HOSTNAMECTL,
    &machine::LSB_RELEASE,
    &machine::NPROC,
    &machine::UNAME,
    &machine::UPTIME,
    &members::ADDGROUP,
    &members::ADDUSER,
    &members::CHAGE,
    &members::DELGROUP,
    &members::DELUSER,
    &members::GPASSWD,
    &modes::CHGRP,
    &modes::CHMOD,
    &modes::CHOWN,
    &network::IP,
    &network::NETSTAT,
    &network::SS,
    &packages::APT,
    &packages::APT_CACHE,
    &packages::APT_GET,
    &packages::APT_MARK,
    &packages::DPKG,
    &packages::DPKG_QUERY,
    &packages::GPG,
    &pager::LESS,
    &pager::MAN,
    &pager::MORE,
    &power::HALT,
    &power::POWEROFF,
    &power::REBOOT,
    &power::SHUTDOWN,
    &processes::KILLALL,
    &processes::PGREP,
    &processes::PKILL,
    &processes::PIDOF,
    &ps::PROGRAM,
    &remote::SCP,
    &remote::SSH,
    &remote::SSH_COPY_ID,
    &remove::PROGRAM,
    &sleep::PROGRAM,
    &small::DETECT_VIRT,
    &small::HOSTID,
    &small::LOGGER,
    &small::PYTHON,
    &small::RUNLEVEL,
    &sockets::ARP,
    &sockets::FUSER,
    &sockets::IFCONFIG,
    &sockets::LSOF,
    &sockets::RESOLVECTL,
    &sockets::ROUTE,
    &space::DF,
    &space::DU,
    &stat::PROGRAM,
    &substitute::SU,
    &substitute::SUDO,
    &sysctl::PROGRAM,
    &systemctl::PROGRAM,
    &systemctl::SERVICE,
    &tail::PROGRAM,
    &tar::TAR,
    &temporary::PROGRAM,
    &terminal::RESET,
    &terminal::STTY,
    &terminal::TPUT,
    &timeout::PROGRAM,
    &top::FREE,
    &top::LSBLK,
    &top::TOP,
    &top::VMSTAT,
    &touch::PROGRAM,
    &ufw::PROGRAM,
    &watch::PROGRAM,
    &wrappers::CHRT,
    &wrappers::DIR,
    &wrappers::IONICE,
    &wrappers::RUNUSER,
    &wrappers::RUN_PARTS,
    &wrappers::SETSID,
    &wrappers::STDBUF,
    &wrappers::TASKSET,
    &wrappers::ZGREP,
    &yq::PROGRAM,
    &split::PROGRAM,
    &wc::PROGRAM,
];

/// The `kill` of sessions, for processes that are no jobs.
pub(super) const KILL: Program =
    Program { name: "kill", summary: "Signal processes", run: processes::run_kill };

/// Programs that a real node has and that are not simulated yet.
pub(crate) const ABSENT: &[&Program] = absent::ALL;

/// Reads a program's options, refuses when it has no operand, and lets `act` do the rest.
fn with_operands(proc: &Proc, spec: &Spec, act: fn(&Proc, &Options) -> i32) -> i32 {
    match spec.parse(proc.args.get(1..).unwrap_or_default()) {
        Ok(options) if options.operands.is_empty() => {
            let what = if spec.name == "touch" || spec.name == "ln" {
                "missing file operand"
            } else {
                "missing operand"
            };
            proc.eprint(spec.complaint(what));
            1
        }
        Ok(options) => act(proc, &options),
        Err(text) => {
            proc.eprint(text);
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_keeps_its_rules() {
        let rows = ALL.iter().chain(ABSENT);
        for program in rows {
            assert!(!program.summary.is_empty() && !program.summary.ends_with('.'), "{}", program.name);
        }
    }
}
