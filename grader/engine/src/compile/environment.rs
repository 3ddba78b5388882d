//! The environment that compilers and cargo are called with. What a build comes to must not depend on the
//! shell it was started from, and what a shell once said must not stay in what is kept. So of the user's
//! variables only these are passed on: those that say where things are found and fetched.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Where tools, homes and temporary files are, and how the network is reached.
const NAMES: [&str; 26] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "RUSTUP_AUTO_INSTALL",
    "RUSTUP_DIST_SERVER",
    "RUSTUP_UPDATE_ROOT",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "GIT_SSL_CAINFO",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_ASKPASS",
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];

/// Of cargo's own, what says where crates come from: they are compared with the lock file in any case.
const PREFIXES: [&str; 4] = ["CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_REGISTRY_"];

/// The user's variables that are passed on.
pub(super) fn of_user() -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os().filter(|(name, _)| is_passed_on(name))
}

fn is_passed_on(name: &OsStr) -> bool {
    let name = name.as_bytes();
    NAMES.iter().any(|known| known.as_bytes() == name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_decides_about_a_program_is_passed_on() {
        let hostile = "CARGO_INCREMENTAL CARGO_BUILD_TARGET CARGO_BUILD_RUSTFLAGS CARGO_BUILD_RUSTC \
            CARGO_BUILD_RUSTC_WRAPPER CARGO_BUILD_INCREMENTAL CARGO_BUILD_TARGET_DIR CARGO_BUILD_BUILD_DIR \
            CARGO_TARGET_DIR CARGO_PROFILE_RELEASE_PANIC CARGO_PROFILE_RELEASE_LTO CARGO_PROFILE_DEV_DEBUG \
            CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS \
            CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER CARGO_TARGET_APPLIES_TO_HOST CARGO_HOST_LINKER \
            CARGO_ENCODED_RUSTFLAGS CARGO_ENCODED_RUSTDOCFLAGS RUSTFLAGS RUSTDOCFLAGS RUSTC RUSTDOC \
            RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER RUSTC_BOOTSTRAP RUSTC_LINKER RUST_TARGET_PATH RUST_LOG \
            RUST_MIN_STACK RUSTC_LOG RUSTC_ICE CARGO_UNSTABLE_BUILD_STD CARGO_ALIAS_BUILD CARGO_TERM_COLOR \
            CARGO_CACHE_RUSTC_INFO CARGO CARGO_HOME CARGO_LOG CC CXX CFLAGS LDFLAGS AR LD LIBRARY_PATH \
            LD_PRELOAD LD_LIBRARY_PATH LD_RUN_PATH GCC_EXEC_PREFIX COMPILER_PATH C_INCLUDE_PATH MAKEFLAGS \
            CARGO_MAKEFLAGS CARGO_RESOLVER_FEATURE_UNIFICATION CARGO_PATCH_X SOURCE_DATE_EPOCH BASH_ENV ENV";
        for name in hostile.split_whitespace() {
            assert!(!is_passed_on(OsStr::new(name)), "{name}");
        }
        assert!(!is_passed_on(OsStr::from_bytes(b"\xff")));
    }

    #[test]
    fn where_crates_come_from_is_passed_on() {
        for name in
            ["PATH", "https_proxy", "CARGO_NET_OFFLINE", "CARGO_HTTP_CAINFO", "CARGO_REGISTRIES_X_TOKEN"]
        {
            assert!(is_passed_on(OsStr::new(name)), "{name}");
        }
    }
}
