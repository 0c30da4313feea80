//! Arguments in, exit code out.

fn main() -> std::process::ExitCode {
    aq::cli::main(std::env::args_os())
}
