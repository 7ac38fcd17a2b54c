//! What the README says about speed. Numbers are read here; no test asserts them.

use std::hint::black_box;
use std::process::Command;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use uncordon::bench;

fn worlds(c: &mut Criterion) {
    c.bench_function("a fresh default world, built from its template", |b| {
        b.iter(|| black_box(bench::build_world()))
    });
    c.bench_function("a fresh default world, from the built template", |b| {
        b.iter(|| black_box(bench::fresh_world()))
    });
    let world = bench::fresh_world();
    c.bench_function("clone of a world", |b| b.iter(|| black_box(world.clone())));
}

fn commands(c: &mut Criterion) {
    let mut terminal = bench::Terminal::new();
    c.bench_function("kubectl get pods -A", |b| b.iter(|| black_box(terminal.run("kubectl get pods -A"))));
    c.bench_function("kubectl get pods -A -o json", |b| {
        b.iter(|| black_box(terminal.run("kubectl get pods -A -o json")))
    });
}

fn exercises(c: &mut Criterion) {
    let graded = bench::Graded::new("drain-for-maintenance");
    c.bench_function("grading an exercise", |b| b.iter(|| black_box(graded.grade())));
}

fn objects(c: &mut Criterion) {
    let mut group = c.benchmark_group("listing pods");
    group.sample_size(10);
    for pods in [10, 100, 1_000, 10_000] {
        let mut terminal = bench::Terminal::with_pods(pods);
        group.bench_function(format!("{pods}"), |b| b.iter(|| black_box(terminal.run("kubectl get pods"))));
    }
}

/// How the time until all replicas are ready grows with their number.
fn replicas(c: &mut Criterion) {
    let world = bench::world_of(100);
    let mut group = c.benchmark_group("a deployment on 100 nodes until it is ready");
    group.sample_size(10);
    for replicas in [10, 100, 1_000] {
        let create = format!("kubectl create deployment web --image=nginx:1.27 --replicas={replicas}");
        group.bench_function(format!("{replicas}"), |b| {
            b.iter_batched(
                || bench::Terminal::within(&world),
                |mut terminal| {
                    terminal.run(&create);
                    black_box(terminal.run("kubectl rollout status deployment web"))
                },
                BatchSize::PerIteration,
            )
        });
    }
}

fn frames(c: &mut Criterion) {
    let mut screen = bench::Screen::with_lines(10_000);
    c.bench_function("a frame with 10,000 lines of output", |b| b.iter(|| black_box(screen.frame())));
}

fn process(c: &mut Criterion) {
    c.bench_function("process start to an answer (uncordon list)", |b| {
        b.iter(|| Command::new(env!("CARGO_BIN_EXE_uncordon")).args(["list", "--json"]).output())
    });
}

criterion_group!(benches, worlds, commands, exercises, objects, replicas, frames, process);
criterion_main!(benches);
