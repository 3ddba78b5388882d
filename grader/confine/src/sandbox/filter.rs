//! The filters of seccomp(2): which system calls a program may make, with which arguments.

use std::collections::BTreeMap;
use std::ffi::{c_int, c_long};

use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};

use super::Tier;
use super::calls::{ALLOWED, CHANGING_FILES, LEAVING, NEWEST, REQUESTS, own};

/// Alternatives for one call: it is allowed where one of them holds, or where there is none.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What is refused answers "not permitted". `clone3` and what is newer than this table answer "not there", so that
/// libraries go the older way, as they do on older kernels: the flags of `clone3` cannot be looked at.
pub(super) fn filters(tier: Tier) -> Result<Vec<BpfProgram>, Error> {
    let mut allowed: Rules = conditional()?;
    let mut allow = |calls: &[c_long]| allowed.extend(calls.iter().map(|&call| (call, Vec::new())));
    allow(ALLOWED);
    allow(own::ALLOWED);
    // Refused below.
    allow(&[libc::SYS_clone3]);
    if tier > Tier::Basic {
        allow(CHANGING_FILES);
        allow(own::CHANGING_FILES);
        allow(LEAVING);
    }
    let architecture = std::env::consts::ARCH.try_into()?;
    let errno = |error: c_int| SeccompAction::Errno(error.cast_unsigned());
    let filter =
        |rules, otherwise, then| SeccompFilter::new(rules, otherwise, then, architecture)?.try_into();
    let table = filter(allowed, errno(libc::EPERM), SeccompAction::Allow)?;
    let missing = [(libc::SYS_clone3, Vec::new())].into();
    let missing = filter(missing, SeccompAction::Allow, errno(libc::ENOSYS))?;
    Ok(vec![table, without_newer(missing)])
}

fn conditional() -> Result<Rules, Error> {
    // Those that change how a process is run take one: nothing but the caller itself (0), or a run could change the
    // process that all runs are forked from.
    let itself = || rules([[is(0, 0)]]);
    Ok([
        (libc::SYS_sched_setaffinity, itself()?),
        (libc::SYS_sched_setparam, itself()?),
        (libc::SYS_sched_setscheduler, itself()?),
        (libc::SYS_sched_setattr, itself()?),
        // Without new limits it only asks.
        (libc::SYS_prlimit64, rules([[is(0, 0)], [is_null(2)]])?),
        (libc::SYS_setpriority, rules([[is(0, PRIO_PROCESS), is(1, 0)]])?),
        (libc::SYS_ioprio_set, rules([[is(0, IOPRIO_WHO_PROCESS), is(1, 0)]])?),
        (libc::SYS_clone, rules([[has(0, NAMESPACES.cast_unsigned(), 0)]])?),
        // The grader looks at the memory of audited programs, which must not hide it.
        (libc::SYS_prctl, rules([[is_not(0, PR_SCHED_CORE), is_not(0, libc::PR_SET_DUMPABLE)]])?),
        (libc::SYS_ioctl, rules(REQUESTS.iter().map(|&request| [is(1, request.cast_signed())]))?),
        (libc::SYS_socketpair, rules([[is(0, libc::AF_UNIX)]])?),
        (libc::SYS_socket, sockets()?),
    ]
    .into())
}

/// Streams and datagrams of the machine and of the internet, and the questions to the kernel that libc asks when it
/// looks up names. Others, as `AF_VSOCK` to the host of a virtual machine, know of no namespace, or reach at little
/// used parts of the kernel; and Landlock knows of no protocol but TCP.
fn sockets() -> Result<Vec<SeccompRule>, Error> {
    const NETLINK_ROUTE: c_int = 0;
    const KIND: u32 = 0xf;
    let mut found = rules([[is(0, libc::AF_UNIX)]])?;
    found.extend(rules([[is(0, libc::AF_NETLINK), is(2, NETLINK_ROUTE)]])?);
    for family in [libc::AF_INET, libc::AF_INET6] {
        for (kind, protocol) in
            [(libc::SOCK_STREAM, libc::IPPROTO_TCP), (libc::SOCK_DGRAM, libc::IPPROTO_UDP)]
        {
            for protocol in [0, protocol] {
                let kind = has(1, KIND, kind.cast_unsigned());
                found.extend(rules([[is(0, family), kind, is(2, protocol)]])?);
            }
        }
    }
    Ok(found)
}

/// Of setpriority(2).
const PRIO_PROCESS: c_int = 0;

/// Of ioprio_set(2).
const IOPRIO_WHO_PROCESS: c_int = 1;

/// Of prctl(2): gives other processes a mark by which they are put on processors.
const PR_SCHED_CORE: c_int = 62;

/// Bits of clone(2)'s flags that make namespaces.
const NAMESPACES: c_int = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

type Condition = Result<SeccompCondition, seccompiler::BackendError>;

/// The kernel looks at half of an argument that is a number of C's `int`.
fn is(argument: u8, value: c_int) -> Condition {
    compare(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value.cast_unsigned())
}

fn is_not(argument: u8, value: c_int) -> Condition {
    compare(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, value.cast_unsigned())
}

/// Of the bits of `mask`, those of `value` are set.
fn has(argument: u8, mask: u32, value: u32) -> Condition {
    compare(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask.into()), value)
}

fn is_null(argument: u8) -> Condition {
    compare(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)
}

fn compare(argument: u8, length: SeccompCmpArgLen, operator: SeccompCmpOp, value: u32) -> Condition {
    SeccompCondition::new(argument, length, operator, value.into())
}

/// Alternatives, each of conditions that all must hold.
fn rules<const COUNT: usize>(
    alternatives: impl IntoIterator<Item = [Condition; COUNT]>,
) -> Result<Vec<SeccompRule>, Error> {
    let rule = |conditions: [Condition; COUNT]| {
        Ok(SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)?)
    };
    alternatives.into_iter().map(rule).collect()
}

/// Refuses all numbers that the table does not have.
fn without_newer(program: BpfProgram) -> BpfProgram {
    let instruction = |code: u32, jt, jf, k| sock_filter { code: code as u16, jt, jf, k };
    let load_number = instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0);
    let skip_if_known = instruction(libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K, 0, 1, NEWEST);
    let missing = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned();
    let refuse = instruction(libc::BPF_RET | libc::BPF_K, 0, 0, missing);
    [load_number, skip_if_known, refuse].into_iter().chain(program).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_takes_filters_of_this_length() {
        const MOST: usize = 4096;
        for tier in [Tier::Basic, Tier::Strong] {
            let filters = filters(tier).unwrap();
            assert!(filters.iter().all(|filter| filter.len() < MOST));
        }
    }
}
