//! Claims and volumes on the recorded sessions' world.

use super::*;
use crate::cluster::controllers::testing::Lab;

fn volume(name: &str, size: &str, rest: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: {name}}}, spec: {{capacity: {{storage: {size}}}, \
         accessModes: [ReadWriteOnce], hostPath: {{path: /{name}}}{rest}}}}}"
    )
}

fn claim(name: &str, size: &str, rest: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {name}}}, spec: {{accessModes: [ReadWriteOnce], \
         resources: {{requests: {{storage: {size}}}}}{rest}}}}}"
    )
}

/// Binds one claim among volumes; compares its phase, volume and last event.
#[track_caller]
fn check(volumes: &[String], wanted: &str, want: &str) {
    let mut lab = Lab::new();
    volumes.iter().for_each(|it| lab.create(VOLUMES, it));
    lab.pass(1);
    lab.create(CLAIMS, wanted);
    lab.pass(1);
    let claim = lab.get(CLAIMS, "c");
    let event = lab.events("c").pop().unwrap_or_default();
    let got = format!(
        "{} {} {event}",
        object::text(&claim, "/status/phase"),
        object::text(&claim, "/spec/volumeName")
    );
    assert_eq!(got.trim_end(), want);
}

#[test]
fn a_claim_takes_the_smallest_volume_that_suits() {
    let pool = [
        volume("big", "10Gi", ""),
        volume("small", "1Gi", ""),
        volume("gold", "1Gi", ", storageClassName: gold"),
    ];
    check(&pool, &claim("c", "500Mi", ""), "Bound small");
    check(&pool, &claim("c", "2Gi", ""), "Bound big");
    check(&pool, &claim("c", "1Gi", ", storageClassName: gold"), "Bound gold");
    check(
        &pool,
        &claim("c", "20Gi", ""),
        "Pending  FailedBinding no persistent volumes available for this claim and no storage class is set",
    );
    check(
        &pool,
        &claim("c", "5Gi", ", volumeName: small"),
        "Pending small VolumeMismatch Cannot bind to requested volume \"small\": requested PV is too small",
    );
    check(
        &pool,
        &claim("c", "5Gi", ", storageClassName: nope"),
        "Pending  ProvisioningFailed storageclass.storage.k8s.io \"nope\" not found",
    );
}

/// Binds, deletes the claim, and compares the volume's phase.
#[track_caller]
fn check_release(policy: &str, want: &str) {
    let mut lab = Lab::new();
    lab.create(VOLUMES, &volume("v", "1Gi", &format!(", persistentVolumeReclaimPolicy: {policy}")));
    lab.pass(1);
    lab.create(CLAIMS, &claim("c", "1Gi", ""));
    lab.pass(1);
    lab.delete(CLAIMS, "c");
    lab.pass(2);
    assert_eq!(object::text(&lab.get(VOLUMES, "v"), "/status/phase"), want, "{policy}");
}

#[test]
fn a_released_volume_follows_its_policy() {
    check_release("Retain", "Released");
    check_release("Delete", "Failed");
    check_release("Recycle", "Available");
}
