//! What programs of a host say to `--version`: their first line. Source: the packages of Ubuntu 24.04.

/// Programs, and what stands behind their name.
const PACKAGES: &[(&[&str], &str)] = &[
    (
        &[
            "base64", "chgrp", "chmod", "chown", "cp", "date", "dd", "df", "du", "head", "id", "link", "ln",
            "ls", "mkdir", "mktemp", "mv", "readlink", "realpath", "rm", "rmdir", "shuf", "sleep", "split",
            "stat", "stty", "tail", "timeout", "touch", "truncate", "uname", "unlink", "wc", "who", "whoami",
        ],
        "(GNU coreutils) 9.4",
    ),
    (&["cmp", "diff"], "(GNU diffutils) 3.10"),
    (&["xargs"], "(GNU findutils) 4.9.0"),
    (&["sed"], "(GNU sed) 4.9"),
    (&["tar"], "(GNU tar) 1.35"),
    (&["column", "dmesg", "fallocate", "lsblk", "lscpu", "mount", "umount"], "from util-linux 2.39.3"),
    (&["free", "pgrep", "pkill", "ps", "sysctl", "top", "uptime", "watch"], "from procps-ng 4.0.4"),
];

/// Programs that word it in their own way.
const OWN: &[(&str, &str)] = &[
    ("wget", "GNU Wget 1.21.4 built on linux-gnu.\n"),
    (
        "curl",
        "curl 8.5.0 (x86_64-pc-linux-gnu) libcurl/8.5.0 OpenSSL/3.0.13 zlib/1.3 brotli/1.1.0 zstd/1.5.5 libidn2/2.3.7 \
         libpsl/0.21.2 (+libidn2/2.3.7) libssh/0.10.6/openssl/zlib nghttp2/1.59.0 librtmp/2.3 OpenLDAP/2.6.7\n\
         Release-Date: 2023-12-06, security patched: 8.5.0-2ubuntu10.6\n\
         Protocols: dict file ftp ftps gopher gophers http https imap imaps ldap ldaps mqtt pop3 pop3s rtmp rtsp scp \
         sftp smb smbs smtp smtps telnet tftp\n\
         Features: alt-svc AsynchDNS brotli GSS-API HSTS HTTP2 HTTPS-proxy IDN IPv6 Kerberos Largefile libz NTLM PSL \
         SPNEGO SSL threadsafe TLS-SRP UnixSockets zstd\n",
    ),
];

/// What a program says to the arguments that ask for its version.
pub(in crate::shell) fn told(name: &str, args: &[String]) -> Option<String> {
    let asks = match args {
        [only] => only == "--version" || (only == "-V" && matches!(name, "curl" | "wget")),
        _ => false,
    };
    if !asks {
        return None;
    }
    if let Some((_, text)) = OWN.iter().find(|(own, _)| *own == name) {
        return Some((*text).to_owned());
    }
    let (_, package) = PACKAGES.iter().find(|(names, _)| names.contains(&name))?;
    Some(format!("{name} {package}\n"))
}
