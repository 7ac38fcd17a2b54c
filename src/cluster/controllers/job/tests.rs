//! Jobs on the recorded sessions' world, where a container with a command ends after a second.

use super::*;
use crate::cluster::controllers::testing::Lab;

/// A job whose spec has `extra` and whose container runs `script`.
fn job(extra: &str, script: &str) -> String {
    format!(
        "
apiVersion: batch/v1
kind: Job
metadata: {{name: work}}
spec:
  {extra}
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: c, image: busybox, command: [sh, -c, '{script}']}}]
"
    )
}

/// Lets a job run for `seconds`; returns `succeeded/failed/active` and the true conditions.
fn check(extra: &str, script: &str, seconds: u64, want: &str) {
    let mut lab = Lab::new();
    lab.create(RESOURCE, &job(extra, script));
    lab.pass(seconds);
    assert_eq!(seen(&lab), want);
}

fn seen(lab: &Lab) -> String {
    let job = lab.get(RESOURCE, "work");
    let count = |key: &str| object::int(&job, &format!("/status/{key}")).unwrap_or(0);
    let line = |it: &Value| format!(" {}:{}", object::field(it, "type"), object::field(it, "reason"));
    let conditions: String = object::list(&job, "/status/conditions").iter().map(line).collect();
    format!("{}/{}/{}{conditions}", count("succeeded"), count("failed"), count("active"))
}

#[test]
fn jobs_complete() {
    let done = " SuccessCriteriaMet:CompletionsReached Complete:CompletionsReached";
    check("completions: 1", "true", 1, "0/0/1");
    check("completions: 1", "true", 4, &format!("1/0/0{done}"));
    check("completions: 4\n  parallelism: 2", "true", 8, &format!("4/0/0{done}"));
    check("completions: 3\n  parallelism: 3\n  completionMode: Indexed", "true", 5, &format!("3/0/0{done}"));
}

#[test]
fn jobs_fail() {
    let failed = |reason: &str| format!(" FailureTarget:{reason} Failed:{reason}");
    check("backoffLimit: 0", "exit 1", 5, &format!("0/1/0{}", failed("BackoffLimitExceeded")));
    check("backoffLimit: 1", "exit 1", 8, "0/1/0");
    check("backoffLimit: 1", "exit 1", 20, &format!("0/2/0{}", failed("BackoffLimitExceeded")));
}

#[test]
fn a_suspended_job_has_no_pods_until_it_is_resumed() {
    let mut lab = Lab::new();
    lab.create(RESOURCE, &job("suspend: true", "true"));
    lab.pass(3);
    assert_eq!(seen(&lab), "0/0/0 Suspended:JobSuspended");
    lab.patch(RESOURCE, "work", "spec: {suspend: false}");
    lab.pass(4);
    assert!(seen(&lab).starts_with("1/0/0 Suspended:JobResumed"), "{}", seen(&lab));
    let reasons: Vec<String> =
        lab.events("work").iter().map(|it| it.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(reasons, ["Suspended", "SuccessfulCreate", "Resumed", "Completed"]);
}

#[test]
fn deleting_a_job_frees_its_pods() {
    let mut lab = Lab::new();
    lab.create(RESOURCE, &job("completions: 1", "sleep 3600"));
    lab.pass(1);
    lab.delete(RESOURCE, "work");
    lab.pass(40);
    assert_eq!((lab.list(RESOURCE).len(), lab.list("pods").len()), (0, 0));
}
