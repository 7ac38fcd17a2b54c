//! `uncordon pack new`: a pack that lints and proves at once.

use std::path::Path;

/// The files of a new pack.
const NEW: &[(&str, &str)] = &[
    (
        "pack.toml",
        "id = \"my-pack\"\ntitle = \"My pack\"\nversion = \"0.1.0\"\nlicence = \"Apache-2.0\"\nauthors = [\"You\"]\n",
    ),
    (
        "scale-a-deployment/exercise.yaml",
        "id: scale-a-deployment\ntitle: Make room for more visitors\ndomain: workloads-scheduling\n\
         competencies: [deployments]\ndifficulty: quick\nminutes: 3\nvariables:\n  app: {choose: [web, shop, blog]}\n  \
         replicas: {between: [3, 5]}\nworld:\n  setup: setup.sh\ntask: |\n  The Deployment `{{ app }}` in namespace \
         `default` must run {{ replicas }} replicas.\nhints:\n- \"`kubectl scale` sets a new size.\"\nchecks:\n- name: the \
         deployment has the new size\n  points: 4\n  object: {kind: Deployment, name: \"{{ app }}\", fields: {status.readyReplicas: \
         \"{{ replicas }}\"}}\nsolution: solution.sh\nmistakes:\n- {script: mistake.sh, says: \"one replica short\"}\n",
    ),
    ("scale-a-deployment/setup.sh", "kubectl create deployment {{ app }} --image=nginx:1.27 --replicas=1\n"),
    ("scale-a-deployment/solution.sh", "kubectl scale deployment {{ app }} --replicas={{ replicas }}\n"),
    ("scale-a-deployment/mistake.sh", "kubectl scale deployment {{ app }} --replicas={{ replicas - 1 }}\n"),
];

pub(super) fn new(folder: &Path) -> Result<u8, String> {
    if folder.exists() {
        return Err(format!("{}: is there already", folder.display()));
    }
    for (name, text) in NEW {
        let path = folder.join(name);
        let made =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, text));
        made.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    println!("{} stands; now: uncordon pack test {}", folder.display(), folder.display());
    Ok(0)
}
