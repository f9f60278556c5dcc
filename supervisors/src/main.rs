//! The `kontor` binary.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: kontor_allocator::Allocator = kontor_allocator::Allocator;

fn main() -> ExitCode {
    kontor_allocator::give_back_soon();
    run()
}

#[tokio::main]
async fn run() -> ExitCode {
    kontor::cli::run().await
}
