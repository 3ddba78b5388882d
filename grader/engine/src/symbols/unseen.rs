//! Functions of std that change what all threads see, where no hook is: whether a program has one of them.
//!
//! The linker leaves out what nobody calls, so the names in the program's own table of symbols say it (elf(5)).

use std::fs;
use std::path::Path;

use super::sections::Sections;

/// Parts of names, mangled in either way: all of one of these are in a name.
const UNSEEN: [&[&str]; 14] = [
    &["set_hook"],
    &["take_hook"],
    &["set_current_dir"],
    &["set_var"],
    &["remove_var"],
    &["create_dir"],
    &["remove_file"],
    &["remove_dir"],
    &["rename"],
    &["hard_link"],
    &["symlink"],
    &["set_permissions"],
    // An atomic that is printed is read where it was compiled.
    &["sync", "atomic", "Atomic", "Debug"],
    &["sync", "atomic", "Atomic", "Pointer"],
];

/// The first such function of the program, in words.
pub(crate) fn unseen_function(program: &Path) -> Option<String> {
    let content = fs::read(program).ok()?;
    let names = Sections::of(&content)?.content(".strtab");
    names.split(|byte| *byte == 0).find_map(|name| unseen(&String::from_utf8_lossy(name)))
}

fn unseen(name: &str) -> Option<String> {
    let found = UNSEEN.iter().find(|parts| parts.iter().all(|part| name.contains(part)));
    found.map(|parts| parts.join("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_either_form() {
        assert!(unseen("_RNvNtCs1_3std9panicking8set_hook").is_some());
        assert!(unseen("_ZN3std9panicking8set_hook17h0123456789abcdefE").is_some());
        assert!(unseen("_RNvXs_NtNtC4core4sync6atomicNtB5_9AtomicU32NtNtC4core3fmt5Debug3fmt").is_some());
        assert_eq!(unseen("_RNvNtCs1_3std9panicking12default_hook"), None);
    }
}
