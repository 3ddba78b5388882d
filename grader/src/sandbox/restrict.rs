//! What a process gives up for good, and all that it starts with it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    Scope, path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::set_no_new_privs;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    sock_filter,
};

use super::{Layer, Network, Policy, Tier};

/// Gives up all that `policy` does not allow.
///
/// # Errors
/// When the system refuses a step: then the program must not be run.
pub(super) fn give_up(policy: &Policy) -> io::Result<()> {
    set_limits(policy)?;
    set_no_new_privs(true)?;
    if policy.tier == Tier::None {
        return Ok(());
    }
    if !policy.without.contains(&Layer::Landlock) {
        restrict_files(policy).map_err(io::Error::other)?;
    }
    if !policy.without.contains(&Layer::Seccomp) {
        for filter in filters(policy.tier).map_err(io::Error::other)? {
            seccompiler::apply_filter(&filter).map_err(io::Error::other)?;
        }
    }
    Ok(())
}

/// Limits of single processes (getrlimit(2)), as a second line behind the grader's own watch. The number of
/// processes counts only where the jail has users of its own; elsewhere it would count the user's other ones.
fn set_limits(policy: &Policy) -> io::Result<()> {
    /// Bytes of address space: threads' stacks are mostly never touched.
    const ADDRESS_SPACE: u64 = 64 << 30;
    let limit = |resource, most| {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).map_err(io::Error::from)
    };
    limit(Resource::As, ADDRESS_SPACE)?;
    // Sparse files are larger than what they hold.
    limit(Resource::Fsize, policy.disk.saturating_mul(32))?;
    if policy.tier >= Tier::Strong {
        limit(Resource::Nproc, policy.processes)?;
    }
    Ok(())
}

/// Landlock (landlock(7)): read anywhere that is left to see, write in few places, signal nobody outside.
fn restrict_files(policy: &Policy) -> Result<(), landlock::RulesetError> {
    let abi = ABI::V6;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?;
    let ruleset = match policy.network {
        Network::Own => ruleset.handle_access(AccessNet::from_all(abi))?,
        Network::Shared => ruleset,
    };
    let ruleset = ruleset.scope(Scope::from_all(abi))?.create()?;
    let seen: Vec<&Path> = match policy.tier {
        // The jail's root has nothing else.
        Tier::Strong | Tier::Full => vec![Path::new("/")],
        _ => {
            policy.readable.iter().map(AsRef::as_ref).chain([Path::new("/proc"), Path::new("/dev")]).collect()
        }
    };
    let mut written: Vec<&Path> = policy.writable.iter().map(AsRef::as_ref).collect();
    if policy.tier >= Tier::Strong {
        written.push(Path::new("/tmp"));
    }
    let devices = ["/dev/null", "/dev/zero", "/dev/full"];
    ruleset
        .add_rules(path_beneath_rules(seen, AccessFs::from_read(abi)))?
        .add_rules(path_beneath_rules(written, AccessFs::from_all(abi)))?
        .add_rules(path_beneath_rules(devices, AccessFs::from_file(abi)))?
        .restrict_self()?;
    Ok(())
}

/// System calls that no exercise needs and that reach around a sandbox, or at the kernel, or keep memory that no
/// process and no folder is charged with (`memfd_create`, `shmget`, message queues).
const FORBIDDEN: [libc::c_long; 60] = [
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_ioperm,
    libc::SYS_iopl,
    libc::SYS_kcmp,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_mq_open,
    libc::SYS_msgget,
    libc::SYS_name_to_handle_at,
    libc::SYS_nfsservctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_semget,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_shmget,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// Leaving the process group, by which the weaker tiers end a program.
const LEAVING: [libc::c_long; 2] = [libc::SYS_setsid, libc::SYS_setpgid];

/// Bits of clone(2)'s flags that make namespaces.
const NAMESPACES: [libc::c_int; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// Families of sockets that programs may have. Others, as `AF_VSOCK` to the host of a virtual machine, know of no
/// namespace, or reach at little used parts of the kernel.
const FAMILIES: [libc::c_int; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The filters of seccomp(2): what is forbidden answers "not permitted", `clone3` "not there", as its flags
/// cannot be looked at and libc then uses `clone`.
pub(super) fn filters(tier: Tier) -> Result<Vec<BpfProgram>, seccompiler::Error> {
    let mut forbidden: Rules = FORBIDDEN.iter().map(|&call| (call, Vec::new())).collect();
    if tier == Tier::Basic {
        forbidden.extend(LEAVING.iter().map(|&call| (call, Vec::new())));
    }
    forbidden.insert(libc::SYS_clone, namespace_rules()?);
    forbidden.insert(libc::SYS_socket, vec![other_families()?]);
    forbidden.insert(libc::SYS_socketpair, vec![other_families()?]);
    let missing: Rules = [(libc::SYS_clone3, Vec::new())].into();
    Ok(vec![filter(forbidden, libc::EPERM)?, filter(missing, libc::ENOSYS)?])
}

fn namespace_rules() -> Result<Vec<SeccompRule>, seccompiler::Error> {
    NAMESPACES
        .iter()
        .map(|&flag| {
            let flag = flag.cast_unsigned().into();
            let is_set =
                SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(flag), flag)?;
            Ok(SeccompRule::new(vec![is_set])?)
        })
        .collect()
}

/// Matches what is none of [`FAMILIES`].
fn other_families() -> Result<SeccompRule, seccompiler::Error> {
    let is_not = |family: libc::c_int| {
        let family = family.cast_unsigned().into();
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, family)
    };
    Ok(SeccompRule::new(FAMILIES.into_iter().map(is_not).collect::<Result<_, _>>()?)?)
}

fn filter(rules: Rules, error: libc::c_int) -> Result<BpfProgram, seccompiler::Error> {
    let architecture = std::env::consts::ARCH.try_into()?;
    let refused = SeccompAction::Errno(error.cast_unsigned());
    let program = SeccompFilter::new(rules, SeccompAction::Allow, refused, architecture)?.try_into()?;
    Ok(without_x32(program))
}

/// Refuses the second table of system calls of x86-64, whose numbers the rules do not name (seccomp(2)).
fn without_x32(program: BpfProgram) -> BpfProgram {
    const X32: u32 = 0x4000_0000;
    let instruction = |code: u32, jt, jf, k| sock_filter { code: code as u16, jt, jf, k };
    let load_number = instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0);
    let skip_unless_x32 = instruction(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, X32);
    let refuse = instruction(
        libc::BPF_RET | libc::BPF_K,
        0,
        0,
        libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned(),
    );
    [load_number, skip_unless_x32, refuse].into_iter().chain(program).collect()
}
