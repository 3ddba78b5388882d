//! Sources that are about more than a file.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::world::World;
use crate::support::Program;

/// Grades a folder into which `plant` has put something, beside a harmless program that it may change: it is refused.
#[track_caller]
fn is_refused(plant: impl FnOnce(&Path, &World)) {
    comes_to("refused", plant);
}

/// The same with what is no part of the program: the program is judged, and nothing else is used.
#[track_caller]
fn is_not_used(plant: impl FnOnce(&Path, &World)) {
    comes_to("fail", plant);
}

#[track_caller]
fn comes_to(verdict: &str, plant: impl FnOnce(&Path, &World)) {
    let world = World::new();
    let program = Program::new("fn main() {}\n");
    plant(program.folder(), &world);
    let graded = world.grade("even-odd", program.folder().to_str().unwrap(), &[], &[]);
    assert_eq!(graded.report["exercises"][0]["verdict"], verdict, "{graded}");
    world.assert_intact(&graded);
}

#[test]
fn a_build_script() {
    is_not_used(|folder, world| {
        let script = world.fill_in("fn main() { std::fs::write(\"@VICTIM@\", \"\").unwrap(); }\n");
        fs::write(folder.join("build.rs"), script).unwrap();
    });
}

#[test]
fn a_link_to_a_file_outside() {
    is_refused(|folder, world| {
        fs::write(folder.join("main.rs"), "mod secret;\nfn main() {}\n").unwrap();
        symlink(world.path("secret"), folder.join("secret.rs")).unwrap();
    });
}

#[test]
fn a_link_in_the_place_of_the_program() {
    is_refused(|folder, world| {
        fs::remove_file(folder.join("main.rs")).unwrap();
        symlink(world.path("secret"), folder.join("main.rs")).unwrap();
    });
}

#[test]
fn a_link_to_a_folder_outside() {
    is_refused(|folder, world| {
        fs::write(folder.join("main.rs"), "#[path = \"outside/secret.rs\"]\nmod secret;\nfn main() {}\n")
            .unwrap();
        symlink(world.path(""), folder.join("outside")).unwrap();
    });
    is_refused(|folder, world| {
        let text = "fn main() { print!(\"{}\", include_str!(\"outside/secret\")); }\n";
        fs::write(folder.join("main.rs"), text).unwrap();
        symlink(world.path(""), folder.join("outside")).unwrap();
    });
    is_not_used(|folder, world| symlink(world.path(""), folder.join("outside")).unwrap());
}

#[test]
fn a_named_pipe() {
    let plant = |folder: &Path| {
        mknodat(CWD, folder.join("pipe.rs"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    };
    is_not_used(|folder, _| plant(folder));
    is_refused(|folder, _| {
        fs::write(folder.join("main.rs"), "mod pipe;\nfn main() {}\n").unwrap();
        plant(folder);
    });
}

#[test]
fn a_named_pipe_in_the_place_of_the_program() {
    is_refused(|folder, _| {
        fs::remove_file(folder.join("main.rs")).unwrap();
        mknodat(CWD, folder.join("main.rs"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    });
}

#[test]
fn a_manifest_with_another_dependency() {
    is_not_used(|folder, world| {
        let manifest = "[package]\nname = \"even-odd\"\nversion = \"0.1.0\"\nedition = \"2024\"\n
[dependencies]\nsecret = { path = \"@FOLDER@\" }\n\n[patch.crates-io]\nclap = { path = \"@FOLDER@\" }\n";
        fs::write(folder.join("Cargo.toml"), world.fill_in(manifest)).unwrap();
    });
}

#[test]
fn a_configuration_of_cargo() {
    is_not_used(|folder, world| {
        fs::create_dir(folder.join(".cargo")).unwrap();
        let configuration = "[build]\nrustc-wrapper = \"/usr/bin/touch\"\n[env]\nSECRET = \"@SECRET@\"\n";
        fs::write(folder.join(".cargo/config.toml"), world.fill_in(configuration)).unwrap();
    });
}

#[test]
fn a_toolchain_of_its_own() {
    is_not_used(|folder, world| {
        let toolchain = world.fill_in("[toolchain]\npath = \"@FOLDER@\"\n");
        fs::write(folder.join("rust-toolchain.toml"), toolchain).unwrap();
    });
}
