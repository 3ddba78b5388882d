//! The Dockerfile and the dev container say what holds: the same Rust as the workspace, files and users that are there,
//! and a filter that leaves the sandbox what it is made with. That they work is the business of `.ci/containers` and
//! `.ci/places`.

use std::fs;

use serde_json::Value;

use crate::support::root;

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect()
}

/// The words after `instruction` in each line of the Dockerfile that begins with it.
fn instructions<'a>(dockerfile: &'a str, instruction: &str) -> Vec<Vec<&'a str>> {
    let lines = dockerfile.lines().map(|line| line.split_whitespace().collect::<Vec<&str>>());
    lines
        .filter_map(|words| Some(words.split_first().filter(|(first, _)| **first == instruction)?.1.to_vec()))
        .collect()
}

#[test]
fn the_image_has_the_rust_that_the_workspace_asks_for() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let version = manifest["workspace"]["package"]["rust-version"].as_str().unwrap();
    let dockerfile = text("Dockerfile");
    let stages = instructions(&dockerfile, "FROM");
    let image = format!("rust:{version}-slim-bookworm");
    assert_eq!(stages[0], [image.as_str(), "AS", "rust"]);
    // Without `--target` the last one is made.
    assert_eq!(stages[1..], [["rust", "AS", "dev"], ["rust", "AS", "grader"]]);
    // Whoever sets another toolchain for the checkout sets it for the image.
    assert!(!root().join("rust-toolchain.toml").exists() && !root().join("rust-toolchain").exists());
    for readme in ["README.md", "grader/src/course/release/readme.rs", "docs/platforms.md"] {
        assert!(text(readme).contains(&format!("{version} or later")), "{readme}");
    }
}

#[test]
fn the_dev_container_names_what_is_there() {
    let container = json(".devcontainer/devcontainer.json");
    let dockerfile = text("Dockerfile");
    let folder = root().join(".devcontainer");
    let build = &container["build"];
    let there = |name: &str| folder.join(build[name].as_str().unwrap()).canonicalize().unwrap();
    assert_eq!(there("dockerfile"), root().join("Dockerfile"));
    assert_eq!(there("context"), root());
    let stages = instructions(&dockerfile, "FROM");
    assert!(stages.iter().any(|words| words[2] == build["target"].as_str().unwrap()), "{stages:?}");

    // An ordinary user, and a volume to build in that is that user's.
    let user = container["remoteUser"].as_str().unwrap();
    assert_eq!(instructions(&dockerfile, "USER"), [[user]]);
    let target = format!("/home/{user}/target");
    assert_eq!(instructions(&dockerfile, "ENV")[0], [format!("CARGO_TARGET_DIR={target}")]);
    let mounts = strings(&container["mounts"]);
    assert!(mounts[0].ends_with(&format!(",target={target},type=volume")), "{mounts:?}");

    let arguments = strings(&container["runArgs"]);
    let options: Vec<&str> = arguments
        .chunks(2)
        .map(|pair| (pair[0], pair[1]))
        .map(|(name, option)| {
            assert_eq!(name, "--security-opt");
            option
        })
        .collect();
    let profile = "seccomp=${localWorkspaceFolder}/.devcontainer/seccomp.json";
    assert_eq!(options, [profile, "systempaths=unconfined", "apparmor=unconfined"]);
}

/// The calls that the sandbox is made with and that Docker's default profile refuses.
const NEEDED: [&str; 8] =
    ["clone", "clone3", "mount", "mount_setattr", "personality", "pivot_root", "umount2", "unshare"];

/// Some of those that nobody in a container should need, each for another reason.
const REFUSED: [&str; 7] =
    ["bpf", "init_module", "kexec_load", "keyctl", "open_by_handle_at", "perf_event_open", "userfaultfd"];

#[test]
fn the_filter_refuses_much_and_nothing_that_the_sandbox_is_made_with() {
    let profile = json(".devcontainer/seccomp.json");
    assert_eq!(profile["defaultAction"], "SCMP_ACT_ALLOW");
    let mut refused = Vec::new();
    for rule in profile["syscalls"].as_array().unwrap() {
        assert_eq!((&rule["action"], &rule["errnoRet"]), (&"SCMP_ACT_ERRNO".into(), &1.into()));
        let names = strings(&rule["names"]);
        assert!(names.is_sorted(), "{names:?}");
        refused.extend(names);
    }
    let of_needed: Vec<&str> = NEEDED.into_iter().filter(|name| refused.contains(name)).collect();
    assert!(of_needed.is_empty(), "{of_needed:?}");
    assert!(REFUSED.iter().all(|name| refused.contains(name)), "{refused:?}");
}

#[test]
fn what_git_ignores_does_not_get_into_an_image() {
    let (git, docker) = (text(".gitignore"), text(".dockerignore"));
    for ignored in git.lines() {
        // Of git's patterns those that begin with a slash are about the root, of Docker's those without `**/`.
        let name = ignored.trim_matches('/');
        let wanted = if ignored.starts_with('/') { name.to_owned() } else { format!("**/{name}") };
        assert!(docker.lines().any(|line| line == wanted), "{wanted}");
    }
    assert!(docker.lines().any(|line| line == ".git"));
}
