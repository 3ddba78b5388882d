//! Who called: the chain of frame pointers.

use schedule::protocol::FRAMES;

/// Follows the chain of frame pointers from `frame`: programs are built with them, std is not
/// everywhere, so the chain is left where it leaves the stack.
pub(super) fn frames(frame: *const u64, stack_top: u64) -> [u64; FRAMES] {
    let mut addresses = [0; FRAMES];
    let mut frame = frame;
    for address in &mut addresses {
        let here = frame as u64;
        if here == 0 || !here.is_multiple_of(8) || here + 16 > stack_top {
            break;
        }
        // SAFETY: `frame` is a frame pointer of this thread: the hooks pass their own, and each
        // further one was checked to lie above the last and below the top of its stack.
        let (next, returned) = unsafe { (*frame, *frame.add(1)) };
        *address = returned;
        if next <= here {
            break;
        }
        frame = next as *const u64;
    }
    addresses
}
