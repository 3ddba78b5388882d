//! The world outside of the run, as the kernel tells of it when it is asked: what is ready, locked, or has ended. Nothing
//! here is a step, so that the scheduler, too, can look.

mod descriptors;
mod inside;
pub(crate) mod locks;
mod pipes;
pub(crate) mod sockets;
mod until;

pub(crate) use descriptors::{
    POLLIN, POLLOUT, POLLPRI, PollDescriptor, is_ready, poll_call, poll_for_real, set_status_flags,
    status_flags, wait_for_world,
};
pub(crate) use inside::{comes_from_inside, has_children, is_alone, is_own};
pub(crate) use until::{Retried, Until};
