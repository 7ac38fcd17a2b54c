//! The bounds of the shell language: set for people, and still an end to what would never end.

use std::time::Duration;

use bashkit::{ExecutionLimits, MemoryLimits, SessionLimits};

/// Rounds of one loop. A loop that sleeps a second a round ends after a day.
const LOOP_ROUNDS_MAX: usize = 100_000;

/// Rounds of all loops of one session.
const ALL_ROUNDS_MAX: usize = 50_000_000;

/// Bytes of one output stream or of a captured command substitution.
const STREAM_BYTES_MAX: usize = 1 << 40;

/// Bytes of a line or script.
const INPUT_BYTES_MAX: usize = 16 << 20;

/// Parser steps: enough for a script of several megabytes.
const PARSER_STEPS_MAX: usize = 50_000_000;

/// Real time never ends a command; simulated time is watched by the console.
const NO_TIMEOUT: Duration = Duration::from_secs(u64::MAX / 2);

/// Limits of one execution.
pub(super) fn execution() -> ExecutionLimits {
    let mut limits = ExecutionLimits::cli()
        .max_work_units(u64::MAX)
        .max_aggregate_input_bytes(u64::MAX)
        .max_live_intermediate_bytes(1 << 40)
        .max_loop_iterations(LOOP_ROUNDS_MAX)
        .max_total_loop_iterations(ALL_ROUNDS_MAX)
        .timeout(NO_TIMEOUT)
        .parser_timeout(NO_TIMEOUT)
        .max_input_bytes(INPUT_BYTES_MAX)
        .max_stdout_bytes(STREAM_BYTES_MAX)
        .max_stderr_bytes(STREAM_BYTES_MAX);
    limits.max_parser_operations = PARSER_STEPS_MAX;
    limits
}

/// Limits over all executions of one shell: none.
pub(super) fn session() -> SessionLimits {
    SessionLimits::unlimited()
}

/// Limits of variables and functions: 256 MiB and a million names.
pub(super) fn memory() -> MemoryLimits {
    MemoryLimits::new()
        .max_variable_count(1_000_000)
        .max_total_variable_bytes(256 << 20)
        .max_array_entries(5_000_000)
        .max_function_count(100_000)
        .max_function_body_bytes(64 << 20)
}
