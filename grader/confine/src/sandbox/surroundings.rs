//! What kind of place this is, as far as it decides what somebody can do to get a stronger sandbox.

use std::fs;
use std::path::Path;

/// Where the grader runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// In a container: what is allowed is decided outside.
    Container,
    /// On a system whose AppArmor gives unprivileged namespaces to known programs only, as Ubuntu's does.
    AppArmor,
    /// In the Windows Subsystem for Linux.
    Wsl,
    /// On any other Linux.
    Other,
}

impl Surroundings {
    /// Those of this process.
    pub fn here() -> Self {
        let is_there = |path: &str| Path::new(path).exists();
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let in_cluster = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        Self::of(is_there, text, in_cluster)
    }

    fn of(is_there: impl Fn(&str) -> bool, text: impl Fn(&str) -> String, in_cluster: bool) -> Self {
        // What Docker and what podman put there.
        let marks = ["/.dockerenv", "/run/.containerenv"];
        if in_cluster || marks.into_iter().any(is_there) {
            return Self::Container;
        }
        if text("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").trim() == "1" {
            return Self::AppArmor;
        }
        let version = text("/proc/version").to_ascii_lowercase();
        if version.contains("microsoft") { Self::Wsl } else { Self::Other }
    }

    /// What to do here where namespaces are refused.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Container => {
                "start the container with --security-opt seccomp=unconfined --security-opt systempaths=unconfined, on \
                 Ubuntu also --security-opt apparmor=unconfined (podman: --security-opt unmask=ALL), and work in it as an \
                 ordinary user; for your own programs `basic` will do"
            }
            Self::AppArmor => "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0",
            Self::Wsl => "wsl --update, and no user.max_user_namespaces=0 in /etc/sysctl.conf",
            Self::Other => "allow unprivileged user namespaces: sudo sysctl user.max_user_namespaces=10000",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(there: &str, restricted: &str, version: &str) -> Surroundings {
        let text = |path: &str| match path {
            "/proc/version" => version.to_owned(),
            _ => restricted.to_owned(),
        };
        Surroundings::of(|path| path == there, text, false)
    }

    #[test]
    fn a_place_is_known_by_its_marks() {
        assert_eq!(of("/.dockerenv", "1\n", ""), Surroundings::Container);
        assert_eq!(of("/run/.containerenv", "", ""), Surroundings::Container);
        assert_eq!(of("", "1\n", "Linux version 6.8.0-generic"), Surroundings::AppArmor);
        assert_eq!(of("", "0\n", "Linux version 6.6.87-Microsoft-standard-WSL2"), Surroundings::Wsl);
        assert_eq!(of("", "", "Linux version 6.18.0"), Surroundings::Other);
        assert_eq!(Surroundings::of(|_| false, |_| String::new(), true), Surroundings::Container);
    }

    #[test]
    fn inside_a_container_no_setting_of_the_kernel_is_advised() {
        assert!(!Surroundings::Container.advice().contains("sysctl"));
    }
}
