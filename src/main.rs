//! The program.

/// Worlds are many small pieces, made and dropped by one thread: an allocator for that costs a tenth less in all.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    uncordon::cli::main()
}
