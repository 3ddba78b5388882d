//! `cargo grade clean`: takes away what builds have left, and says what that frees.

use engine::compile::{self, Freed};
use engine::workspace::Workspace;

use crate::cli::args::CleanArgs;
use crate::cli::output::Output;
use crate::error::Error;
use crate::error::exit_code;
use crate::grade::progress::announce;

pub(super) fn run(args: &CleanArgs) -> Result<u8, Error> {
    let freed = compile::clean(&Workspace::find()?, args.programs, args.dry_run, &announce)?;
    Output::open(None)?.write(&said(freed, args.dry_run))?;
    Ok(exit_code::PASS)
}

fn said(freed: Freed, is_tried: bool) -> String {
    let Freed { programs, bytes_of_programs, bytes_built_with } = freed;
    let all = bytes_of_programs + bytes_built_with;
    if all == 0 {
        return "nothing to free\n".to_owned();
    }
    let verb = if is_tried { "would free" } else { "freed" };
    let plural = if programs == 1 { "" } else { "s" };
    let mut text = format!("{verb} {}: {programs} program{plural}", size(all));
    if bytes_built_with > 0 {
        text += &format!(
            " with {}, and what they are built with: {}; the next call builds that again, which takes minutes",
            size(bytes_of_programs),
            size(bytes_built_with)
        );
    }
    text + "\n"
}

/// Bytes as people say them.
fn size(bytes: u64) -> String {
    const MEBIBYTE: u64 = 1 << 20;
    match bytes / MEBIBYTE {
        0 => "less than 1 MiB".to_owned(),
        mebibytes @ 1..1024 => format!("{mebibytes} MiB"),
        mebibytes => format!("{:.1} GiB", mebibytes as f64 / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_freed_and_what_that_costs() {
        let both = Freed { programs: 12, bytes_of_programs: 40 << 20, bytes_built_with: 3 << 29 };
        assert_eq!(
            said(both, true),
            "would free 1.5 GiB: 12 programs with 40 MiB, and what they are built with: 1.5 GiB; \
             the next call builds that again, which takes minutes\n"
        );
        assert_eq!(
            said(Freed { programs: 1, bytes_built_with: 0, ..both }, false),
            "freed 40 MiB: 1 program\n"
        );
        assert_eq!(said(Freed::default(), false), "nothing to free\n");
        assert_eq!(size(1000), "less than 1 MiB");
    }
}
