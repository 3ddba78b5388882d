//! What is done once, before the first run, so that each run is cheaper. Nothing here changes what a run does; where
//! the system refuses a step, runs are slower.

use core::ffi::{c_char, c_int, c_void};
use core::ptr;

use crate::system;

unsafe extern "C" {
    fn mallopt(parameter: c_int, value: c_int) -> c_int;
    fn malloc(size: usize) -> *mut c_void;
    fn free(memory: *mut c_void);
    fn getauxval(kind: u64) -> u64;
    fn dl_iterate_phdr(visit: Visit, data: *mut c_void) -> c_int;
}

type Visit = extern "C" fn(*const ObjectInfo, usize, *mut c_void) -> c_int;

/// The head of `struct dl_phdr_info`, dl_iterate_phdr(3).
#[repr(C)]
struct ObjectInfo {
    base: usize,
    name: *const c_char,
    headers: *const ProgramHeader,
    count: u16,
}

/// `Elf64_Phdr`, elf(5).
#[repr(C)]
struct ProgramHeader {
    kind: u32,
    flags: u32,
    offset: usize,
    address: usize,
    physical_address: usize,
    size_in_file: usize,
    size_in_memory: usize,
    alignment: usize,
}

/// Prepares this process, the parent of all runs.
pub(crate) fn prepare() {
    keep_hand_overs_short();
    prepare_malloc();
    // SAFETY: `share_text` has the type that is asked for and uses no data.
    unsafe { dl_iterate_phdr(share_text, ptr::null_mut()) };
}

/// A thread that is handed the token must not push its giver from the processor, which is about to wait: that would be
/// a switch more. Batch threads do not (sched(7)), and new ones take after their creator.
fn keep_hand_overs_short() {
    const SCHED_BATCH: usize = 3;
    let priority: c_int = 0;
    // SAFETY: 0 names this thread; the parameter is valid for the call.
    unsafe {
        system::call(system::SCHED_SETSCHEDULER, [0, SCHED_BATCH, &raw const priority as usize, 0, 0, 0])
    };
}

/// One arena serves all threads, as one runs at a time: an arena for each costs mappings. It is made here, once.
fn prepare_malloc() {
    const M_ARENA_MAX: c_int = -8;
    // SAFETY: numbers, and memory that was just allocated.
    unsafe {
        mallopt(M_ARENA_MAX, 1);
        free(core::hint::black_box(malloc(1)));
    }
}

/// Fork copies the page table of a private file mapping only once something was written to it; else each run meets
/// its code page by page, at a fault each. So one byte of each such mapping is written, with the value that it has,
/// and its pages are brought in.
extern "C" fn share_text(object: *const ObjectInfo, _size: usize, _data: *mut c_void) -> c_int {
    const LOADED: u32 = 1;
    const WRITABLE: u32 = 2;
    // SAFETY: the linker passes a valid object with as many headers as it says.
    let headers = unsafe { core::slice::from_raw_parts((*object).headers, usize::from((*object).count)) };
    for header in headers {
        if header.kind == LOADED && header.flags & WRITABLE == 0 && header.size_in_file > 0 {
            // SAFETY: as above.
            share_segment(unsafe { (*object).base }, header);
        }
    }
    0
}

/// Bytes of a page of memory: 4, 16 or 64 KiB on aarch64, as the kernel was built (getauxval(3)).
pub(crate) fn page_size() -> usize {
    const AT_PAGESZ: u64 = 6;
    // SAFETY: a number only.
    let told = unsafe { getauxval(AT_PAGESZ) } as usize;
    if told.is_power_of_two() { told } else { 4096 }
}

fn share_segment(base: usize, header: &ProgramHeader) {
    const WRITE: usize = 2;
    const MADV_POPULATE_READ: usize = 22;
    let page = page_size();
    let start = (base + header.address) & !(page - 1);
    let length = (base + header.address + header.size_in_file).next_multiple_of(page) - start;
    // Flags of a segment are execute 1 and read 4, protections of a mapping read 1 and execute 4.
    let protection = (header.flags >> 2 & 1 | (header.flags & 1) << 2) as usize;
    // SAFETY: the range is the segment's, which stays readable and executable as it was. The byte keeps its value.
    unsafe {
        if system::call(system::MPROTECT, [start, length, protection | WRITE, 0, 0, 0]) != 0 {
            return;
        }
        let byte = ptr::with_exposed_provenance_mut::<u8>(start);
        byte.write_volatile(byte.read_volatile());
        system::call(system::MPROTECT, [start, length, protection, 0, 0, 0]);
        system::call(system::MADVISE, [start, length, MADV_POPULATE_READ, 0, 0, 0]);
    }
}
