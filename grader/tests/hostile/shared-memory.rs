//! Hostile: keeps 1 GiB of memory that counts as shared, as if it were a file.
//! Exercise: even-odd
//! Ends: memory-limit
//! Limits: memory=256

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    // mmap with MAP_SHARED | MAP_ANONYMOUS; the kernel writes to it, by read.
    let script = "open(my $zero, '<', '/dev/zero'); for (1..64) {
        my $place = syscall(9, 0, 16 << 20, 3, 0x21, -1, 0); syscall(0, fileno($zero), $place, 16 << 20) } sleep 60; # @MARKER@";
    let _ = Command::new("perl").args(["-e", script]).status();
    ExitCode::SUCCESS
}
