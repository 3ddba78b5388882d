//! Named pipes, fifo(7).

use super::{POLLIN, is_ready};
use crate::system;

/// Whether a named pipe that is open for reading has a writer, or had one since it was opened. What tee(2) says of an
/// empty pipe tells: that it would wait, or that there is no writer.
pub(super) fn has_had_writer(descriptor: i32) -> bool {
    const O_CLOEXEC: usize = 0o2_000_000;
    const SPLICE_F_NONBLOCK: usize = 2;
    if is_ready(descriptor, POLLIN) {
        return true;
    }
    let mut ends = [0i32; 2];
    // SAFETY: a place for two descriptors, then numbers only.
    unsafe {
        if system::call(system::PIPE2, [ends.as_mut_ptr() as usize, O_CLOEXEC, 0, 0, 0, 0]) != 0 {
            return false;
        }
        let [read, write] = ends.map(|end| end as usize);
        let told = system::call(system::TEE, [descriptor as usize, write, 1, SPLICE_F_NONBLOCK, 0, 0]);
        for end in [read, write] {
            system::call(system::CLOSE, [end, 0, 0, 0, 0, 0]);
        }
        told != 0
    }
}
