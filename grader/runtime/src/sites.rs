//! Which atomic operations the program's own source asks for, and which take a mutex of std: where in the program they are
//! called.
//!
//! The grader knows, from the debug information, and says it once, before the first run. For a run that is made to see what
//! that changes, it raises the memory orders of some.

use core::iter;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use schedule::protocol::{Code, MemoryOrder, Raise, Site, code_at, own_site};

use crate::{post, system};

/// The rest is not own.
const MOST: usize = 1 << 16;
/// The rest is not raised.
const MOST_RAISED: usize = 64;

/// Zeroes are none.
pub(crate) struct Sites {
    /// Where the program is loaded.
    base: u64,
    count: usize,
    /// Whether the program has atomic operations of its own.
    has_own: bool,
    /// In order.
    sites: [Site; MOST],
    raised_count: usize,
    raised: [Option<Raise>; MOST_RAISED],
}

static SITES: AtomicPtr<Sites> = AtomicPtr::new(ptr::null_mut());

/// Takes what the grader says first, into `sites`, which is zeroed and never unmapped.
pub(crate) fn receive(socket: usize, sites: *mut Sites, base: u64) {
    // SAFETY: nobody else uses it yet.
    let place = unsafe { &mut *sites };
    place.base = base;
    let mut count = [0; 8];
    take(socket, &mut count);
    for _ in 0..u64::from_le_bytes(count) {
        let mut bytes = [0; Site::SIZE];
        take(socket, &mut bytes);
        if let (Some(site), Some(room)) = (Site::decode(&bytes), place.sites.get_mut(place.count)) {
            *room = site;
            place.has_own |= matches!(site.code, Code::Own | Code::Caller);
            place.count += 1;
        }
    }
    SITES.store(sites, Ordering::Relaxed);
}

/// Takes the memory orders that are raised in the next run, so many.
pub(crate) fn receive_raised(socket: usize, count: u32) {
    // SAFETY: the fork server is alone while no run is on.
    let Some(sites) = (unsafe { SITES.load(Ordering::Relaxed).as_mut() }) else { return };
    sites.raised_count = 0;
    for _ in 0..count {
        let mut bytes = [0; Raise::SIZE];
        take(socket, &mut bytes);
        if let Some(room) = sites.raised.get_mut(sites.raised_count) {
            *room = Raise::decode(&bytes);
            sites.raised_count += 1;
        }
    }
}

fn take(socket: usize, bytes: &mut [u8]) {
    if !post::get().take(socket, bytes) {
        system::exit(0);
    }
}

fn get() -> Option<&'static Sites> {
    // SAFETY: written while no run is on, and read in runs; null, or a mapping that stays.
    unsafe { SITES.load(Ordering::Relaxed).as_ref() }
}

/// Whether the program has atomic operations of its own.
pub(crate) fn are_own() -> bool {
    get().is_some_and(|sites| sites.has_own)
}

/// Where the program's own source asks for the operation whose hook has this frame; relative to where it is loaded.
pub(crate) fn own(frame: *const u64) -> Option<u64> {
    let sites = get()?;
    let mut frame = frame;
    let returns = iter::from_fn(|| {
        // SAFETY: the hook's own frame; or that of a function of the program, which was built with frame pointers, as
        // `own_site` goes on only from such. Each has the caller's frame pointer and the return address.
        let (next, site) = unsafe { (*frame, *frame.add(1)) };
        frame = ptr::with_exposed_provenance(next as usize);
        Some(site.wrapping_sub(sites.base))
    });
    own_site(sites.all(), returns)
}

/// Whether the operation whose hook has this frame is the one by which std takes a mutex.
pub(crate) fn is_lock(frame: *const u64) -> bool {
    get().is_some_and(|sites| {
        // SAFETY: the hook's own frame: the saved frame pointer, then the return address.
        let site = unsafe { *frame.add(1) };
        code_at(sites.all(), site.wrapping_sub(sites.base)) == Some(Code::Lock)
    })
}

impl Sites {
    fn all(&self) -> &[Site] {
        &self.sites[..self.count]
    }
}

/// As strong as the operations at a place are made, if they are.
pub(crate) fn raised(site: u64) -> Option<MemoryOrder> {
    let sites = get()?;
    let raised = sites.raised[..sites.raised_count].iter().flatten();
    raised.filter(|raise| raise.site == site).map(|raise| raise.to).next()
}
