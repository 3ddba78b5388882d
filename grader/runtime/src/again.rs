//! A program that starts itself again. Its hooks are functions of this library, so the child needs it; the variable that
//! names it is not in the program's environment (`control`), so it is added for such a child, which takes it out again
//! before `main`. The child is not under control, and no other child gets anything.

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::mem::transmute;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::system;
use crate::threads::next;

/// The longest text of `NAME=VALUE`, its end included.
const LONGEST: usize = 512;
/// The most variables of a child that starts this program.
const MOST: usize = 1024;

/// Strings and arrays as exec(3) takes them.
type Text = *const c_char;
type List = *const Text;
type Spawn = extern "C" fn(*mut c_int, Text, *const c_void, *const c_void, List, List) -> c_int;
type Execute = extern "C" fn(Text, List, List) -> c_int;

/// `NAME=VALUE` of the variable that preloads this library.
struct Variable(UnsafeCell<[u8; LONGEST]>);

// SAFETY: written once, before there is a second thread, and only read from then on.
unsafe impl Sync for Variable {}

static VARIABLE: Variable = Variable(UnsafeCell::new([0; LONGEST]));

static SPAWN: AtomicUsize = AtomicUsize::new(0);
static SPAWN_BY_NAME: AtomicUsize = AtomicUsize::new(0);
static EXECUTE: AtomicUsize = AtomicUsize::new(0);
static EXECUTE_BY_NAME: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" {
    static environ: List;
}

/// Remembers how this library came here. Before `main`.
pub(crate) fn prepare(name: &str, value: &CStr) {
    let parts = [name.as_bytes(), b"=", value.to_bytes_with_nul()];
    if parts.iter().map(|part| part.len()).sum::<usize>() > LONGEST {
        return;
    }
    // SAFETY: there is one thread, and nobody reads it yet.
    let mut rest = unsafe { &mut (&mut *VARIABLE.0.get())[..] };
    for part in parts {
        let (now, later) = rest.split_at_mut(part.len());
        now.copy_from_slice(part);
        rest = later;
    }
    SPAWN.store(next(c"posix_spawn") as usize, Ordering::Relaxed);
    SPAWN_BY_NAME.store(next(c"posix_spawnp") as usize, Ordering::Relaxed);
    EXECUTE.store(next(c"execve") as usize, Ordering::Relaxed);
    EXECUTE_BY_NAME.store(next(c"execvpe") as usize, Ordering::Relaxed);
}

/// The address of libc's function, which a program that is not preloaded as usual finds late.
fn libc_one(known: &AtomicUsize, name: &CStr) -> usize {
    match known.load(Ordering::Relaxed) {
        0 => next(name) as usize,
        known => known,
    }
}

/// Whether `path` is the executable that runs here. A name without a slash is one of other programs.
fn is_this_program(path: Text) -> bool {
    // SAFETY: the caller passes a C string.
    let has_slash = unsafe { CStr::from_ptr(path) }.to_bytes().contains(&b'/');
    has_slash && identity(path).is_some_and(|file| Some(file) == identity(c"/proc/self/exe".as_ptr()))
}

/// Device and inode, stat(2).
fn identity(path: Text) -> Option<(u64, u64)> {
    const FROM_HERE: usize = -100isize as usize;
    let mut found = [0u64; 18];
    let arguments = [FROM_HERE, path as usize, found.as_mut_ptr() as usize, 0, 0, 0];
    // SAFETY: the path ends with a zero, and the place is not smaller than a `struct stat`.
    let result = unsafe { system::call(system::NEWFSTATAT, arguments) };
    (result == 0).then_some((found[0], found[1]))
}

/// Calls `start` with the variables that a child running `path` needs.
fn with_variables(path: Text, given: List, start: impl FnOnce(List) -> c_int) -> c_int {
    let variable: Text = VARIABLE.0.get().cast();
    // SAFETY: it is not written to any more.
    if given.is_null() || unsafe { *variable } == 0 || !is_this_program(path) {
        return start(given);
    }
    let mut list = [ptr::null(); MOST];
    list[0] = variable;
    for place in 1..MOST {
        // SAFETY: the caller's list ends with a null, where this ends.
        list[place] = unsafe { *given.add(place - 1) };
        if list[place].is_null() {
            return start(list.as_ptr());
        }
    }
    start(given)
}

macro_rules! spawns {
    ($name:ident, $known:ident, $text:literal) => {
        #[unsafe(no_mangle)]
        extern "C" fn $name(
            process: *mut c_int,
            path: Text,
            actions: *const c_void,
            attributes: *const c_void,
            arguments: List,
            variables: List,
        ) -> c_int {
            // SAFETY: every libc has a function of this type and name.
            let libc_one: Spawn = unsafe { transmute(libc_one(&$known, $text)) };
            with_variables(path, variables, |variables| {
                libc_one(process, path, actions, attributes, arguments, variables)
            })
        }
    };
}

spawns!(posix_spawn, SPAWN, c"posix_spawn");
spawns!(posix_spawnp, SPAWN_BY_NAME, c"posix_spawnp");

#[unsafe(no_mangle)]
extern "C" fn execve(path: Text, arguments: List, variables: List) -> c_int {
    // SAFETY: every libc has a function of this type and name.
    let libc_one: Execute = unsafe { transmute(libc_one(&EXECUTE, c"execve")) };
    with_variables(path, variables, |variables| libc_one(path, arguments, variables))
}

#[unsafe(no_mangle)]
extern "C" fn execvpe(path: Text, arguments: List, variables: List) -> c_int {
    // SAFETY: glibc has a function of this type and name.
    let libc_one: Execute = unsafe { transmute(libc_one(&EXECUTE_BY_NAME, c"execvpe")) };
    with_variables(path, variables, |variables| libc_one(path, arguments, variables))
}

#[unsafe(no_mangle)]
extern "C" fn execvp(path: Text, arguments: List) -> c_int {
    // SAFETY: the environment is valid as long as nobody changes it, which execvp demands as well.
    execvpe(path, arguments, unsafe { environ })
}
