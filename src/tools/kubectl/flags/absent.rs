//! Flags that are read and do nothing here: those that are not simulated, which the command refuses, and those that
//! cannot show in anything that a learner sees.

/// Command and flag. Giving one ends the command with a sentence that says so.
const NOT_SIMULATED: &[(&str, &str)] = &[
    ("kustomize", "as-current-user"),
    ("kustomize", "enable-alpha-plugins"),
    ("kustomize", "enable-helm"),
    ("kustomize", "env"),
    ("kustomize", "helm-api-versions"),
    ("kustomize", "helm-command"),
    ("kustomize", "helm-debug"),
    ("kustomize", "helm-kube-version"),
    ("kustomize", "load-restrictor"),
    ("kustomize", "mount"),
    ("kustomize", "network"),
    ("kustomize", "network-name"),
    ("top node", "show-swap"),
    ("top pod", "show-swap"),
    ("", "profile"),
    ("", "profile-output"),
    ("", "vmodule"),
];

/// Command (empty for all) and flag, with why nothing shows: how requests travel, when logs are flushed, and what
/// the real command takes and then sets itself.
#[cfg(test)]
const WITHOUT_EFFECT: &[(&str, &str, &str)] = &[
    ("", "disable-compression", "answers look the same compressed and plain"),
    ("", "log-flush-frequency", "every line is written at once"),
    ("", "openapi-patch", "built-in types have their merge rules without asking"),
    ("", "retries", "no copy breaks off"),
    ("", "use-protocol-buffers", "amounts look the same in either encoding"),
    ("apply", "wait", "what is pruned is not waited for"),
    ("certificate approve", "force", "a request that is approved already is only sent again"),
    ("certificate deny", "force", "a request that is denied already is only sent again"),
    ("cluster-info dump", "pod-running-timeout", "logs of pods are asked for by their names"),
    ("replace", "wait", "--force waits for the end of the old object in any case"),
    ("run", "cascade", "a pod has no dependents"),
    ("run", "filename", "the generated pod is what is deleted"),
    ("run", "force", "the pod has ended when it is deleted"),
    ("run", "grace-period", "the command sets it to -1"),
    ("run", "kustomize", "the generated pod is what is deleted"),
    ("run", "recursive", "the generated pod is what is deleted"),
    ("run", "timeout", "the command does not wait for the end of the pod"),
    ("run", "wait", "the command does not wait for the end of the pod"),
];

/// The flag among those given that a command refuses, if any; the empty command's are those of every command.
pub(crate) fn refused(command: &str, given: impl Fn(&str) -> bool) -> Option<&'static str> {
    let fits = |of: &str, flag: &str| (of == command || of.is_empty()) && given(flag);
    // A command's own flag of that name, such as the profile of `debug`, is another flag.
    let own = super::of_command(command);
    let hidden = |of: &str, flag: &str| of.is_empty() && own.iter().any(|spec| spec.name == flag);
    let found = NOT_SIMULATED.iter().find(|(of, flag)| fits(of, flag) && !hidden(of, flag));
    found.map(|(_, flag)| *flag)
}

/// True for a flag that cannot show.
#[cfg(test)]
pub(crate) fn is_without_effect(command: &str, flag: &str) -> bool {
    let fits = |of: &str| of.is_empty() || of == command;
    WITHOUT_EFFECT.iter().any(|(of, known, why)| fits(of) && *known == flag && !why.is_empty())
}
