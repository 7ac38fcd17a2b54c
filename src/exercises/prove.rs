//! The proof of an exercise: nobody gets points for nothing, the reference and every alternative get
//! all, and no near miss does.

use super::compare;
use super::grade::{Report, grade};
use super::mutate;
use super::pack::Exercise;
use super::stage::{Ran, Stage};

/// The proof of one exercise for one seed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) exercise: String,
    pub(crate) seed: u64,
    pub(crate) max: u32,
    /// Points for doing nothing.
    pub(crate) untouched: u32,
    /// Points for the reference.
    pub(crate) reference: u32,
    /// Name and points.
    pub(crate) alternatives: Vec<(String, u32)>,
    pub(crate) mistakes: Vec<(String, u32)>,
    pub(crate) mutants: Mutants,
    /// Why the proof does not hold; empty when it does.
    pub(crate) broken: Vec<String>,
}

/// What became of the mutants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mutants {
    pub(crate) total: u32,
    pub(crate) killed: u32,
    /// Those that reach the very end of the reference, or that the author lists.
    pub(crate) equivalent: u32,
}

/// Proves an exercise for a seed.
pub(crate) fn prove(exercise: &Exercise, seed: u64) -> Proof {
    let mut proof = Proof { exercise: exercise.id.clone(), seed, ..Proof::default() };
    let stage = match exercise.variant(seed) {
        Ok(variant) => Stage::build(variant),
        Err(problems) => Err(problems.iter().map(|it| it.message.as_str()).collect::<Vec<_>>().join("; ")),
    };
    match stage {
        Ok(stage) => prove_stage(&stage, &mut proof),
        Err(why) => proof.broken.push(why),
    }
    proof
}

fn prove_stage(stage: &Stage, proof: &mut Proof) {
    let untouched = grade(stage, &Stage::settled(&stage.start));
    proof.max = untouched.max;
    proof.untouched = untouched.points;
    if untouched.points > 0 {
        let given: Vec<&str> =
            untouched.checks.iter().filter(|it| it.points > 0).map(|it| it.name.as_str()).collect();
        proof.broken.push(format!("untouched wins points: {}", given.join(", ")));
    }
    let Some((reference, report)) = graded(stage, "solution.sh", &stage.variant.solution, proof) else {
        return;
    };
    proof.reference = report.points;
    if !report.passed() {
        proof.broken.push(format!("the reference misses points: {}\n{}", missed(&report), reference.output));
    }
    prove_scripts(stage, proof);
    prove_mutants(stage, &reference, proof);
}

fn graded(stage: &Stage, name: &str, script: &str, proof: &mut Proof) -> Option<(Ran, Report)> {
    match stage.run(name, script) {
        Ok(ran) => {
            let report = grade(stage, &ran.world);
            Some((ran, report))
        }
        Err(why) => {
            proof.broken.push(format!("{name}: {why}"));
            None
        }
    }
}

fn missed(report: &Report) -> String {
    let missed = report.checks.iter().filter(|it| !it.passed);
    missed.map(|it| format!("{} (saw {:?})", it.name, it.saw)).collect::<Vec<_>>().join(", ")
}

fn prove_scripts(stage: &Stage, proof: &mut Proof) {
    for (name, script) in &stage.variant.alternatives {
        let Some((ran, report)) = graded(stage, name, script, proof) else { continue };
        proof.alternatives.push((name.clone(), report.points));
        if !report.passed() {
            proof.broken.push(format!("{name} misses points: {}\n{}", missed(&report), ran.output));
        }
    }
    for (name, script, _) in &stage.variant.mistakes {
        let Some((_, report)) = graded(stage, name, script, proof) else { continue };
        proof.mistakes.push((name.clone(), report.points));
        if report.passed() {
            proof.broken.push(format!("{name} gets all points, but is a mistake"));
        }
    }
}

fn prove_mutants(stage: &Stage, reference: &Ran, proof: &mut Proof) {
    for mutant in mutate::mutants(&stage.variant.solution) {
        let Some((ran, report)) = graded(stage, &mutant.what, &mutant.script, proof) else { continue };
        proof.mutants.total += 1;
        if !report.passed() {
            proof.mutants.killed += 1;
        } else if stage.variant.equivalent.iter().any(|part| mutant.what.contains(part.as_str()))
            || compare::diff(&stage.start, &ran.world, &reference.world).is_empty()
        {
            proof.mutants.equivalent += 1;
        } else {
            proof.broken.push(format!("a mutant gets all points: {}", mutant.what));
        }
    }
}
