//! The bounds of the shell language: set for people, and still an end to what would never end.

use std::time::Duration;

use bashkit::{ExecutionLimits, MemoryLimits, SessionLimits};

/// Rounds of one loop. A loop that sleeps a second a round ends after a day.
const LOOP_ROUNDS_MAX: usize = 100_000;

/// Rounds of all loops of one session.
const ALL_ROUNDS_MAX: usize = 50_000_000;

/// Steps of one execution: a command counts a hundred, a round of `awk` or a line of `sed` one, as does each KiB read.
const STEPS_MAX: u64 = 100_000_000;

/// Bytes of one output stream: without end, since the padding of `valve` counts too.
const STREAM_BYTES_MAX: usize = 1 << 56;

/// Bytes of one output stream that are shown.
pub(super) const SHOWN_BYTES_MAX: usize = 256 << 20;

/// Bytes that buffers between programs may take at a time.
const LIVE_BYTES_MAX: u64 = 256 << 20;

/// Programs that a line or a script may start. A loop that starts one a second ends after fourteen hours.
pub(super) const STARTS_MAX: u32 = 50_000;

/// Shells inside shells that are told to be too many; how many there were is a matter of the stack.
pub(super) const NESTED_MAX: usize = 100;

/// Bytes of the values of one program of the language crate beside what its input takes, and of all of them.
const OWN_VALUE_BYTES_MAX: u64 = 8 << 20;
const VALUE_BYTES_MAX: u64 = 64 << 20;

/// How many bytes the values of a byte of input take.
const VALUE_BYTES_A_BYTE: u64 = 4;

/// Real time that a program of the language crate may compute without ever coming back. Nothing that ends comes near it.
const COMPUTING_MAX: Duration = Duration::from_secs(20);

/// Bytes of a line or script.
const INPUT_BYTES_MAX: usize = 16 << 20;

/// Parser steps: enough for a script of several megabytes.
const PARSER_STEPS_MAX: usize = 50_000_000;

/// Real time never ends a command; simulated time is watched by the console.
const NO_TIMEOUT: Duration = Duration::from_secs(u64::MAX / 2);

/// Limits of one execution.
pub(super) fn execution() -> ExecutionLimits {
    let mut limits = ExecutionLimits::cli()
        .max_work_units(STEPS_MAX)
        .max_aggregate_input_bytes(u64::MAX)
        .max_live_intermediate_bytes(LIVE_BYTES_MAX)
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

/// Bytes of the values of a program that reads so many bytes.
pub(super) fn values(input_bytes: u64) -> u64 {
    (OWN_VALUE_BYTES_MAX + input_bytes.saturating_mul(VALUE_BYTES_A_BYTE)).min(VALUE_BYTES_MAX)
}

/// Limits of one program that neither waits nor starts others; its values take at most so many bytes.
pub(super) fn computing(values: u64) -> ExecutionLimits {
    execution().timeout(COMPUTING_MAX).max_live_intermediate_bytes(values)
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
