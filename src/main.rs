fn main() -> std::process::ExitCode {
    uncordon::cli::main()
}
