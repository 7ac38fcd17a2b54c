//! Draws a mock exam: how many tasks of each domain and difficulty, and which.

use std::collections::{BTreeMap, BTreeSet};

use super::journal::TaskMark;
use crate::exercises::Exercise;
use crate::sim::Chance;

/// Tasks of an exam; candidates report 16 or 17.
pub(crate) const TASKS: usize = 17;

/// Minutes of an exam.
///
/// Source: Linux Foundation, CKA exam page.
pub(crate) const MINUTES: u32 = 120;

/// Domains with their weights in percent.
///
/// Source: CKA curriculum v1.35, cncf/curriculum.
pub(crate) const WEIGHTS: &[(&str, u32)] = &[
    ("troubleshooting", 30),
    ("cluster-architecture", 25),
    ("services-networking", 20),
    ("workloads-scheduling", 15),
    ("storage", 10),
];

/// Difficulties with their shares of a domain's tasks.
const DIFFICULTIES: &[(&str, u32)] = &[("quick", 25), ("core", 50), ("deep", 25)];

/// An exam that was drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paper {
    pub(crate) tasks: Vec<TaskMark>,
    /// What there was too little of, in words; empty for a full exam.
    pub(crate) short: Vec<String>,
}

/// So many of each, by shares: whole parts first, then the largest remainders. Adds up to `total`.
fn shares<'a>(total: usize, of: &'a [(&'a str, u32)]) -> Vec<(&'a str, usize)> {
    let sum: u32 = of.iter().map(|(_, share)| share).sum();
    let sum = usize::try_from(sum.max(1)).unwrap_or(1);
    let exact = |share: u32| total * usize::try_from(share).unwrap_or(0);
    let mut parts: Vec<(&str, usize)> = of.iter().map(|(name, share)| (*name, exact(*share) / sum)).collect();
    let mut by_remainder: Vec<usize> = (0..of.len()).collect();
    by_remainder.sort_by_key(|index| {
        let remainder = of.get(*index).map_or(0, |(_, share)| exact(*share) % sum);
        (std::cmp::Reverse(remainder), *index)
    });
    let given: usize = parts.iter().map(|(_, count)| count).sum();
    for index in by_remainder.into_iter().take(total - given) {
        if let Some((_, count)) = parts.get_mut(index) {
            *count += 1;
        }
    }
    parts
}

/// Kinds of tasks that every exam has so many of: one of these competencies, in an exercise of this domain or of
/// any. Where the packs have none, there is none.
///
/// Source: what candidates report of the exam since 2025.
const KINDS: &[(usize, &str, &[&str])] = &[
    (1, "troubleshooting", &["api-server", "control-plane", "etcd"]),
    (1, "", &["helm", "kustomize"]),
    (1, "", &["gateway-api"]),
    (1, "", &["network-policies"]),
    (1, "cluster-architecture", &["crds", "operators", "admission"]),
    (
        3,
        "",
        &["kubelet", "kubeadm", "systemd", "container-runtime", "static-pods", "etcd-backup", "etcd-restore"],
    ),
];

/// Draws an exam of `total` tasks; the same exercises and seed give the same exam.
pub(crate) fn draw(exercises: &[&Exercise], seed: u64, total: usize) -> Paper {
    let mut chance = Chance::from_seed(seed);
    let mut pool = exercises.to_vec();
    shuffle(&mut pool, &mut chance);
    let mut drawing = Drawing::new(pool, total);
    for (wanted, domain, skills) in KINDS {
        let is_of = |it: &Exercise| it.competencies.iter().any(|skill| skills.contains(&skill.as_str()));
        while drawing.drawn.iter().filter(|it| is_of(it)).count() < *wanted {
            if !drawing.take(|it| is_of(it) && (domain.is_empty() || it.domain == *domain)) {
                break;
            }
        }
    }
    let mut paper = Paper::default();
    for (domain, wanted) in shares(total, WEIGHTS) {
        while drawing.take(|it| it.domain == domain) {}
        let given = drawing.drawn.iter().filter(|it| it.domain == domain).count();
        if given < wanted {
            paper.short.push(format!("{domain} has {given} of {wanted} tasks"));
        }
    }
    let mut drawn = drawing.drawn;
    shuffle(&mut drawn, &mut chance);
    paper.tasks = drawn.into_iter().map(|it| mark(it, &mut chance)).collect();
    paper
}

/// An exam being drawn.
struct Drawing<'a> {
    /// What is left to draw from, shuffled.
    pool: Vec<&'a Exercise>,
    drawn: Vec<&'a Exercise>,
    /// How many tasks of each difficulty each domain still takes.
    left: BTreeMap<&'a str, BTreeMap<&'a str, usize>>,
    /// Competencies that a task asks for already.
    asked: BTreeSet<&'a str>,
}

impl<'a> Drawing<'a> {
    fn new(pool: Vec<&'a Exercise>, total: usize) -> Self {
        let levels = |wanted| shares(wanted, DIFFICULTIES).into_iter().collect();
        let left = shares(total, WEIGHTS).into_iter().map(|(domain, wanted)| (domain, levels(wanted)));
        Self { pool, drawn: Vec::new(), left: left.collect(), asked: BTreeSet::new() }
    }

    /// Takes one that fits and whose domain has room: what has not been asked yet before what has, and by
    /// difficulty. False when there is none.
    fn take(&mut self, fits: impl Fn(&Exercise) -> bool) -> bool {
        let rank = |it: &Exercise| {
            let levels = self.left.get(it.domain.as_str())?;
            let room = levels.values().any(|count| *count > 0);
            let level = levels.get(it.difficulty.as_str()).is_some_and(|count| *count > 0);
            let new = !it.competencies.iter().any(|skill| self.asked.contains(skill.as_str()));
            (room && fits(it)).then_some((new, level))
        };
        // The first of the best, as the shuffle has them.
        let best = self.pool.iter().filter_map(|it| rank(it)).max();
        let Some(index) = best.and_then(|best| self.pool.iter().position(|it| rank(it) == Some(best))) else {
            return false;
        };
        let exercise = self.pool.remove(index);
        if let Some(levels) = self.left.get_mut(exercise.domain.as_str()) {
            // A level that has no room borrows from the one that has most.
            let own = levels.get(exercise.difficulty.as_str()).copied().unwrap_or(0) > 0;
            let most = levels.iter().max_by_key(|(_, count)| **count).map(|(level, _)| *level);
            let level = if own { Some(exercise.difficulty.as_str()) } else { most };
            if let Some(count) = level.and_then(|level| levels.get_mut(level)) {
                *count = count.saturating_sub(1);
            }
        }
        self.asked.extend(exercise.competencies.iter().map(String::as_str));
        self.drawn.push(exercise);
        true
    }
}

/// The exercises of a blueprint, by id or `PACK/ID`, with seeds that follow from its own.
///
/// # Errors
/// The ids that no pack has.
pub(crate) fn from_list(exercises: &[&Exercise], ids: &[String], seed: u64) -> Result<Paper, Vec<String>> {
    let mut chance = Chance::from_seed(seed);
    let mut missing = Vec::new();
    let mut tasks = Vec::new();
    for id in ids {
        let fits = |it: &&&Exercise| it.id == *id || format!("{}/{}", it.pack, it.id) == *id;
        match exercises.iter().find(fits) {
            Some(exercise) => tasks.push(mark(exercise, &mut chance)),
            None => missing.push(id.clone()),
        }
    }
    if missing.is_empty() { Ok(Paper { tasks, short: Vec::new() }) } else { Err(missing) }
}

fn mark(exercise: &Exercise, chance: &mut Chance) -> TaskMark {
    /// Seeds stay short enough to be read out.
    const SEEDS: u64 = 1_000_000;
    TaskMark {
        pack: exercise.pack.clone(),
        exercise: exercise.id.clone(),
        seed: chance.below(SEEDS),
        host: String::new(),
    }
}

/// Gives every task's host a name of its own, by which `base` knows it.
pub(crate) fn name_hosts(tasks: &mut [TaskMark], seed: u64) {
    let mut chance = Chance::from_seed(seed);
    let mut used = BTreeSet::new();
    for task in tasks {
        while task.host.is_empty() {
            let number = 1000 + chance.below(9000);
            if used.insert(number) {
                task.host = format!("cka-{number}");
            }
        }
    }
}

fn shuffle<T>(items: &mut [T], chance: &mut Chance) {
    for last in (1..items.len()).rev() {
        let other = usize::try_from(chance.below(last as u64 + 1)).unwrap_or(0);
        items.swap(last, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exercises(each: usize) -> Vec<Exercise> {
        let base = super::super::seat::tests::exercise();
        let levels = ["quick", "core", "core", "deep"];
        WEIGHTS
            .iter()
            .flat_map(|(domain, _)| (0..each).map(move |index| (*domain, index)))
            .map(|(domain, index)| {
                let mut exercise = base.clone();
                exercise.id = format!("{domain}-{index}");
                exercise.domain = domain.to_owned();
                exercise.difficulty = levels[index % levels.len()].to_owned();
                exercise.competencies = vec![format!("{domain}-skill-{}", index / 2)];
                exercise
            })
            .collect()
    }

    fn draw_from(all: &[Exercise], seed: u64) -> Paper {
        draw(&all.iter().collect::<Vec<_>>(), seed, TASKS)
    }

    #[test]
    fn an_exam_has_every_domain_by_its_weight_and_no_task_twice() {
        let all = exercises(12);
        for seed in 0..50 {
            let paper = draw_from(&all, seed);
            let count =
                |domain: &str| paper.tasks.iter().filter(|it| it.exercise.starts_with(domain)).count();
            let counts: Vec<usize> = WEIGHTS.iter().map(|(domain, _)| count(domain)).collect();
            assert_eq!(counts, [5, 4, 3, 3, 2], "seed {seed}");
            let ids: BTreeSet<&str> = paper.tasks.iter().map(|it| it.exercise.as_str()).collect();
            assert_eq!((ids.len(), paper.short.len()), (TASKS, 0), "seed {seed}");
        }
        assert_eq!(draw_from(&all, 3), draw_from(&all, 3));
        assert_ne!(draw_from(&all, 3).tasks, draw_from(&all, 4).tasks);
    }

    #[test]
    fn skills_do_not_repeat_while_there_are_others() {
        let all = exercises(12);
        let paper = draw_from(&all, 1);
        let skills: Vec<&str> = paper
            .tasks
            .iter()
            .filter_map(|task| all.iter().find(|it| it.id == task.exercise))
            .flat_map(|it| it.competencies.iter().map(String::as_str))
            .collect();
        assert_eq!(skills.iter().collect::<BTreeSet<_>>().len(), skills.len());
    }

    #[test]
    fn every_exam_has_the_kinds_that_the_real_one_has() {
        let mut all = exercises(12);
        let mut give = |id: &str, skill: &str| {
            let exercise = all.iter_mut().find(|it| it.id == id).unwrap();
            exercise.competencies.push(skill.to_owned());
        };
        let kinds = [
            ("troubleshooting-3", "control-plane"),
            ("cluster-architecture-1", "helm"),
            ("cluster-architecture-5", "crds"),
            ("services-networking-2", "gateway-api"),
            ("services-networking-7", "network-policies"),
            ("cluster-architecture-8", "kubeadm"),
            ("troubleshooting-9", "kubelet"),
            ("troubleshooting-10", "static-pods"),
        ];
        kinds.iter().for_each(|(id, skill)| give(id, skill));
        for seed in 0..20 {
            let paper = draw_from(&all, seed);
            for (id, skill) in kinds {
                assert!(paper.tasks.iter().any(|it| it.exercise == id), "seed {seed} has no {skill}");
            }
            assert_eq!((paper.tasks.len(), paper.short.len()), (TASKS, 0), "seed {seed}");
        }
    }

    #[test]
    fn too_few_exercises_are_told_and_taken() {
        let paper = draw_from(&exercises(2), 1);
        assert_eq!(paper.tasks.len(), 10);
        insta::assert_snapshot!(paper.short.join("\n"), @r"
        troubleshooting has 2 of 5 tasks
        cluster-architecture has 2 of 4 tasks
        services-networking has 2 of 3 tasks
        workloads-scheduling has 2 of 3 tasks
        ");
    }

    #[test]
    fn a_blueprint_names_its_tasks() {
        let all = exercises(2);
        let all: Vec<&Exercise> = all.iter().collect();
        let ids = ["storage-1".to_owned(), "p/storage-0".to_owned()];
        let paper = from_list(&all, &ids, 5).unwrap();
        assert_eq!(
            paper.tasks.iter().map(|it| it.exercise.as_str()).collect::<Vec<_>>(),
            ["storage-1", "storage-0"]
        );
        assert_eq!(from_list(&all, &["gone".to_owned()], 5), Err(vec!["gone".to_owned()]));
    }
}
