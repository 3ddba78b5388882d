//! Litmus programs for memory orders: `orders NAME` runs one; it panics exactly when it sees what it forbids.

mod libraries;
mod libraries_memory;
mod right;
mod right_flags;
mod right_locks;
mod wrong;
mod wrong_flags;
mod wrong_locks;

use std::process::ExitCode;

/// Every program's name and function; a name starts with its group: `wrong`, `right` or `libraries`.
const PROGRAMS: &[(&str, fn())] = &[
    ("wrong_mp_relaxed", wrong::mp_relaxed),
    ("wrong_mp_release_only", wrong::mp_release_only),
    ("wrong_mp_acquire_only", wrong::mp_acquire_only),
    ("wrong_chain_relaxed_store", wrong::chain_relaxed_store),
    ("wrong_chain_relaxed_load", wrong::chain_relaxed_load),
    ("wrong_fence_writer_only", wrong::fence_writer_only),
    ("wrong_fence_reader_only", wrong::fence_reader_only),
    ("wrong_fence_after_flag", wrong::fence_after_flag),
    ("wrong_fence_before_flag", wrong::fence_before_flag),
    ("wrong_sequence_broken_by_other", wrong::sequence_broken_by_other),
    ("wrong_sequence_broken_by_same", wrong::sequence_broken_by_same),
    ("wrong_cas_failure_relaxed", wrong::cas_failure_relaxed),
    ("wrong_double_checked_relaxed", wrong::double_checked_relaxed),
    ("wrong_config_relaxed_load", wrong::config_relaxed_load),
    ("wrong_publish_relaxed", wrong::publish_relaxed),
    ("wrong_lock_cas_relaxed", wrong_locks::lock_cas_relaxed),
    ("wrong_lock_swap_relaxed", wrong_locks::lock_swap_relaxed),
    ("wrong_unlock_relaxed", wrong_locks::unlock_relaxed),
    ("wrong_ticket_lock_relaxed", wrong_locks::ticket_lock_relaxed),
    ("wrong_turn_counter_relaxed", wrong_locks::turn_counter_relaxed),
    ("wrong_barrier_sense_relaxed", wrong_locks::barrier_sense_relaxed),
    ("wrong_spsc_relaxed_tail", wrong_locks::spsc_relaxed_tail),
    ("wrong_seqlock_no_acquire_fence", wrong_locks::seqlock_no_acquire_fence),
    ("wrong_seqlock_no_release_fence", wrong_locks::seqlock_no_release_fence),
    ("wrong_last_sums_relaxed", wrong_locks::last_sums_relaxed),
    ("wrong_last_sums_release_only", wrong_locks::last_sums_release_only),
    ("wrong_hazard_flag_acqrel", wrong_locks::hazard_flag_acqrel),
    ("wrong_sb_acqrel", wrong_flags::sb_acqrel),
    ("wrong_sb_one_fence", wrong_flags::sb_one_fence),
    ("wrong_sb_acquire_loads", wrong_flags::sb_acquire_loads),
    ("wrong_iriw_acquire", wrong_flags::iriw_acquire),
    ("wrong_dekker_acqrel", wrong_flags::dekker_acqrel),
    ("wrong_peterson_acqrel", wrong_flags::peterson_acqrel),
    ("wrong_peterson_seqcst_turn", wrong_flags::peterson_seqcst_turn),
    ("wrong_peterson_one_fence", wrong_flags::peterson_one_fence),
    ("right_mp_release_acquire", right::mp_release_acquire),
    ("right_mp_fences", right::mp_fences),
    ("right_mp_release_fence_two_stores", right::mp_release_fence_two_stores),
    ("right_mp_acquire_fence_two_loads", right::mp_acquire_fence_two_loads),
    ("right_mp_swap_acqrel", right::mp_swap_acqrel),
    ("right_chain_release_acquire", right::chain_release_acquire),
    ("right_sequence_relaxed_rmw", right::sequence_relaxed_rmw),
    ("right_sequence_two_adders", right::sequence_two_adders),
    ("right_release_twice", right::release_twice),
    ("right_cas_failure_acquire", right::cas_failure_acquire),
    ("right_double_checked_acquire", right::double_checked_acquire),
    ("right_config_acquire_load", right::config_acquire_load),
    ("right_publish_release", right::publish_release),
    ("right_lock_cas_acquire", right_locks::lock_cas_acquire),
    ("right_lock_swap_acquire", right_locks::lock_swap_acquire),
    ("right_lock_fences", right_locks::lock_fences),
    ("right_ticket_lock_acquire", right_locks::ticket_lock_acquire),
    ("right_turn_counter_release", right_locks::turn_counter_release),
    ("right_barrier_sense_release", right_locks::barrier_sense_release),
    ("right_spsc_acquire_tail", right_locks::spsc_acquire_tail),
    ("right_seqlock_fences", right_locks::seqlock_fences),
    ("right_last_sums_acqrel", right_locks::last_sums_acqrel),
    ("right_last_sums_fence", right_locks::last_sums_fence),
    ("right_hazard_flag_seqcst", right_locks::hazard_flag_seqcst),
    ("right_hazard_flag_fences", right_locks::hazard_flag_fences),
    ("right_stop_flag_relaxed", right_locks::stop_flag_relaxed),
    ("right_counter_relaxed_join", right_locks::counter_relaxed_join),
    ("right_coherence_reads", right_flags::coherence_reads),
    ("right_coherence_own_store", right_flags::coherence_own_store),
    ("right_coherence_told", right_flags::coherence_told),
    ("right_sb_seqcst", right_flags::sb_seqcst),
    ("right_sb_two_fences", right_flags::sb_two_fences),
    ("right_sb_fence_and_accesses", right_flags::sb_fence_and_accesses),
    ("right_sb_common_rmw", right_flags::sb_common_rmw),
    ("right_iriw_seqcst", right_flags::iriw_seqcst),
    ("right_iriw_fences", right_flags::iriw_fences),
    ("right_dekker_seqcst", right_flags::dekker_seqcst),
    ("right_peterson_seqcst", right_flags::peterson_seqcst),
    ("right_peterson_swap", right_flags::peterson_swap),
    ("right_peterson_two_fences", right_flags::peterson_two_fences),
    ("libraries_mutex", libraries::mutex),
    ("libraries_mutex_try_lock", libraries::mutex_try_lock),
    ("libraries_condvar", libraries::condvar),
    ("libraries_condvar_wait_timeout", libraries::condvar_wait_timeout),
    ("libraries_rwlock", libraries::rwlock),
    ("libraries_barrier", libraries::barrier),
    ("libraries_once", libraries::once),
    ("libraries_once_lock_get", libraries::once_lock_get),
    ("libraries_once_lock_init", libraries::once_lock_init),
    ("libraries_lazy_lock", libraries::lazy_lock),
    ("libraries_park_unpark", libraries::park_unpark),
    ("libraries_channel", libraries::channel),
    ("libraries_channel_bounded", libraries::channel_bounded),
    ("libraries_channel_rendezvous", libraries::channel_rendezvous),
    ("libraries_spawn_join", libraries::spawn_join),
    ("libraries_scope_end", libraries::scope_end),
    ("libraries_arc_try_unwrap", libraries_memory::arc_try_unwrap),
    ("libraries_arc_into_inner", libraries_memory::arc_into_inner),
    ("libraries_arc_get_mut", libraries_memory::arc_get_mut),
    ("libraries_stack_reused", libraries_memory::stack_reused),
    ("libraries_stack_of_threads", libraries_memory::stack_of_threads),
    ("libraries_box_reused", libraries_memory::box_reused),
    ("libraries_box_handed_over", libraries_memory::box_handed_over),
    ("libraries_vec_reused", libraries_memory::vec_reused),
    ("libraries_vec_grows", libraries_memory::vec_grows),
    ("libraries_vec_rotates", libraries_memory::vec_rotates),
    ("libraries_plain_between_phases", libraries_memory::plain_between_phases),
    ("libraries_thread_locals", libraries_memory::thread_locals),
    ("libraries_detached_thread", libraries_memory::detached_thread),
    ("libraries_sleeping", libraries_memory::sleeping),
    ("libraries_unix_sockets", libraries_memory::unix_sockets),
    ("libraries_pipes", libraries_memory::pipes),
    ("libraries_stdout_lock", libraries_memory::stdout_lock),
];

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    match PROGRAMS.iter().find(|(program, _)| *program == name) {
        Some((_, run)) => {
            run();
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("usage: orders NAME");
            ExitCode::from(2)
        }
    }
}
