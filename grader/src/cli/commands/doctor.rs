//! `cargo grade doctor`: what keeps programs from doing harm on this machine, each layer tried for real.

use std::path::Path;

use confine::run::Invocation;
use confine::sandbox::{self, Demand, Refused, Surroundings, Tier, layers};
use engine::compile;
use engine::workspace::Workspace;

use crate::cli::output::Output;
use crate::error::Error;
use crate::error::exit_code;

/// Something that a program in the jail must not be able to do: it is tried, by a shell.
struct Attempt {
    what: &'static str,
    script: &'static str,
    /// The weakest tier that stops it.
    stopped_by: Tier,
}

const ATTEMPTS: [Attempt; 6] = [
    Attempt { what: "reading a file outside", script: "cat /etc/passwd", stopped_by: Tier::Basic },
    Attempt {
        what: "writing to a file outside",
        script: ": >/usr/lockstep-was-here",
        stopped_by: Tier::Basic,
    },
    Attempt { what: "signalling the grader", script: "kill -0 $GRADER", stopped_by: Tier::Basic },
    Attempt {
        what: "seeing the grader's process",
        script: "test -e /proc/$GRADER/cmdline",
        stopped_by: Tier::Strong,
    },
    Attempt {
        what: "a network to the outside",
        script: "grep -qv -e Iface -e lo /proc/net/route",
        stopped_by: Tier::Strong,
    },
    Attempt {
        what: "filling the disk",
        script: "head -c 300000000 /dev/zero >file",
        stopped_by: Tier::Strong,
    },
];

pub(super) fn run() -> Result<u8, Error> {
    let mut text = String::new();
    let mut line = |name: &str, found: Result<String, String>| {
        let (mark, word) = match found {
            Ok(word) => ("ok     ", word),
            Err(reason) => ("missing", reason),
        };
        text += &format!("{mark}  {name:<28} {word}\n");
    };
    let there = |result: Result<(), String>| result.map(|()| String::new());
    let advice = Surroundings::here().advice();
    line("namespaces", there(sandbox::whole_jail()).map_err(|reason| format!("{reason}; {advice}")));
    line(
        "Landlock",
        layers::landlock()
            .map(|version| format!("ABI {version}"))
            .map_err(|reason| format!("{reason}; needs Linux 5.13 with landlock among its security modules")),
    );
    line(
        "seccomp",
        there(layers::seccomp())
            .map_err(|reason| format!("{reason}; needs a kernel with CONFIG_SECCOMP_FILTER")),
    );
    line(
        "fixed addresses",
        there(layers::fixed_addresses())
            .map_err(|reason| format!("{reason}; a schedule may not fit in another run")),
    );
    line("hooks", there(hooks()));
    let tier = sandbox::enter(Demand::Some, &[]).or_else(|error| match error {
        Refused::TooWeak { found, .. } => Ok(found),
        other => Err(Error::from(other)),
    })?;
    let group = sandbox::delegated();
    line(
        "control groups",
        group.map(|_| String::new()).map_err(|reason| format!("{reason}; {CONTROL_GROUPS}")),
    );
    for attempt in &ATTEMPTS {
        let is_stopped = is_stopped(attempt)?;
        line(
            attempt.what,
            match (is_stopped, tier >= attempt.stopped_by) {
                (true, _) => Ok("refused".into()),
                (false, false) => {
                    Err(format!("possible; refused from tier `{}` on", attempt.stopped_by.word()))
                }
                (false, true) => {
                    Err("POSSIBLE, though the layers are there: do not grade strangers' programs here".into())
                }
            },
        );
    }
    text += &format!("\nsandbox: {}\n", tier.word());
    Output::open(None)?.write(&text)?;
    Ok(if tier >= Tier::Basic { exit_code::PASS } else { exit_code::FAIL })
}

const CONTROL_GROUPS: &str =
    "memory is watched instead (systemd-run --user --scope -p Delegate=yes cargo grade)";

/// Whether programs can be built for control; only where there is a course to build in.
fn hooks() -> Result<(), String> {
    let workspace = Workspace::find().map_err(|error| error.to_string())?;
    compile::linker(&workspace).map_err(|error| error.to_string())
}

fn is_stopped(attempt: &Attempt) -> Result<bool, Error> {
    let folder =
        sandbox::folder(sandbox::ceiling().disk).map_err(Error::file("the folder for temporary files"))?;
    let outcome = Invocation::new(Path::new("/bin/sh"), folder.path())
        .args(["-c", attempt.script])
        .env("GRADER", std::process::id().to_string())
        .run()?;
    Ok(outcome.ending.code() != Some(0))
}
