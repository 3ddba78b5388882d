//! A report with everything in it that formats find hard: for their tests.

use engine::picture::{Holder, Lane, Object, Picture, Row, SourceLine, Wait, WaitReason};

use super::{
    BoundedReport, CheckReport, ExerciseReport, Explored, Failure, Lesson, ProofReport, Report, SourceFile,
    Stressed, Visibility,
};
use crate::late::Late;
use crate::verdict::Verdict;

/// Text that breaks out of XML, HTML, Markdown, the terminal or a workflow command, if anything lets it.
pub(crate) const NASTY: &str = "]]> </script><script>alert(1)</script> <b>& \"'` | 100% \u{1b}[31mred\u{0} \u{fffe}\n::error file=x,line=1::injected\r\n##[error]injected\n````\n🦀";

/// All verdicts that a check or an exercise can have, a schedule, a deadlock, hidden checks, a late exercise.
pub(crate) fn report() -> Report {
    Report::new(7, vec![passed(), failed(), not_built(), stub()])
}

/// The same, of a grader that was stopped.
pub(crate) fn stopped() -> Report {
    Report::new(7, vec![passed()]).stopped("interrupted".into(), vec!["bank-account".into(), "primes".into()])
}

fn exercise(name: &str, checks: Vec<CheckReport>) -> ExerciseReport {
    let mut report = ExerciseReport {
        exercise: name.into(),
        verdict: Verdict::Pass,
        score: 0.0,
        max_score: 0.0,
        late: None,
        withheld: None,
        message: None,
        explored: Explored::default(),
        stressed: Stressed { runs: 12 },
        checks,
        seconds: 1.25,
        source: Vec::new(),
    };
    report.recount();
    report
}

fn unjudged(name: &str, verdict: Verdict, message: &str) -> ExerciseReport {
    let message = Some(message.to_owned());
    ExerciseReport { verdict, max_score: 10.0, message, ..exercise(name, Vec::new()) }
}

fn check(id: &str, verdict: Verdict, max_score: f64, message: &str) -> CheckReport {
    CheckReport {
        id: id.into(),
        verdict,
        score: if verdict == Verdict::Pass { max_score } else { 0.0 },
        max_score,
        visibility: Visibility::Visible,
        message: message.into(),
        failure: None,
        shown: None,
        lesson: Lesson::None,
    }
}

fn passed() -> ExerciseReport {
    let checks = vec![
        check("alternates", Verdict::Pass, 4.0, "0 failures in 1980 schedules and 30 runs"),
        CheckReport {
            shown: Some(Failure { picture: None, ..interleaving() }),
            lesson: Lesson::Named,
            ..check("terminates", Verdict::Pass, 6.0, "shown: the threads overlap")
        },
    ];
    let mut report = exercise("even-odd", checks);
    report.explored = Explored {
        schedules: 1980,
        distinct: 1500,
        per_second: 1234.0,
        bounded: bounded(),
        fewer: Vec::new(),
        proofs: vec![ProofReport { case: "max-1".into(), operations: 18, classes: 90, runs: 90 }],
    };
    report.hand_in_late(Late {
        due: "2026-03-01T23:59:00+01:00".into(),
        handed_in: "2026-03-03T08:00:00+01:00".into(),
        days: 2,
        percent: 20.0,
        score_in_time: 10.0,
    });
    report
}

fn bounded() -> Vec<BoundedReport> {
    vec![BoundedReport {
        case: "max-2".into(),
        schedules: 900,
        complete_preemptions: Some(1),
        complete_schedules: 700,
        complete: false,
    }]
}

fn failed() -> ExerciseReport {
    let of = |check: CheckReport, failure: Failure| CheckReport { failure: Some(failure), ..check };
    let checks = vec![
        check("every-operation-once", Verdict::Pass, 1.0, "0 failures in 12 runs"),
        of(check("linearizable", Verdict::Fail, 2.0, "no order explains the balances"), interleaving()),
        of(check("terminates", Verdict::Fail, 2.0, "the program ends: deadlock"), deadlock()),
        of(check("bad-ledger", Verdict::Fail, 1.0, NASTY), uncontrolled()),
        check("conserves-money", Verdict::Inconclusive, 1.0, "case busy: the machine was too slow"),
        check("never-overdrawn", Verdict::Skipped, 1.0, "no run came far enough to judge it"),
        of(check("blocks", Verdict::Fail, 0.0, "it waits busily"), uncontrolled()),
        CheckReport {
            visibility: Visibility::Hidden,
            ..of(check("secret-audit", Verdict::Fail, 1.0, "the secret audit differs"), secret())
        },
        CheckReport {
            visibility: Visibility::AfterDue,
            ..check("later-load", Verdict::Pass, 1.0, "shown later: 0 failures in 5 runs")
        },
    ];
    let mut report = exercise("bank-account", checks);
    report.explored = Explored {
        schedules: 2000,
        distinct: 1800,
        per_second: 2100.0,
        bounded: Vec::new(),
        fewer: Vec::new(),
        proofs: Vec::new(),
    };
    report.source = source();
    report
}

fn not_built() -> ExerciseReport {
    let message = format!(
        "error[E0308]: mismatched types\n --> crates/downloader/src/main.rs:12:9\n  |\n12 |     \"{NASTY}\"\n\n\
         error: expected `;`\n --> crates/downloader/src/plan.rs:3:1\n"
    );
    unjudged("downloader", Verdict::BuildError, &message)
}

fn stub() -> ExerciseReport {
    let message = "the stub at crates/primes/src/main.rs:7:5 is still to be written";
    unjudged("primes", Verdict::NotImplemented, message)
}

fn failure(case: &str, ending: &str, ended: &str) -> Failure {
    Failure {
        sentence: None,
        expected: "some order of all operations that explains every balance".into(),
        seen: "teller ann saw 30 where 20 was due".into(),
        ending: ending.into(),
        ended: ended.into(),
        case: case.into(),
        call: "bank-account --ledger ledger.csv".into(),
        schedule: Some("T0×41 T1×7 T2×10 T1×3".into()),
        found_after: Some(3),
        replay: format!("cargo grade replay bank-account --case {case} --schedule 'T0×41 T1×7 T2×10 T1×3'"),
        lines: vec![
            "     1 │ ann deposit shared 10 ok 10".into(),
            ">    2 │ ann deposit shared 20 ok 30".into(),
        ],
        place: None,
        stderr: vec!["mine = 3".into(), NASTY.into()],
        trace: Vec::new(),
        picture: None,
    }
}

fn uncontrolled() -> Failure {
    Failure {
        schedule: None,
        found_after: None,
        seen: NASTY.into(),
        lines: vec![format!(">    1 │ {}", NASTY.replace(char::is_control, "·"))],
        place: Some(SourceLine { file: "main.rs".into(), line: 6 }),
        ..failure("bad-ledger", "panic", "it panicked (exit code 101): 100% <wrong>")
    }
}

fn secret() -> Failure {
    Failure { seen: "the secret balance differs".into(), ..failure("secret-case", "exit", "it ended") }
}

fn line(file: &str, line: u32) -> Option<SourceLine> {
    Some(SourceLine { file: file.into(), line })
}

fn row(thread: u8, operation: &str, place: Option<SourceLine>, after_switch: bool, fails: bool) -> Row {
    Row { thread, operation: operation.into(), place, after_switch, fails }
}

fn lanes() -> Vec<Lane> {
    ["", "ann", "<bob>"].iter().zip(0..).map(|(name, thread)| Lane { thread, name: (*name).into() }).collect()
}

fn interleaving() -> Failure {
    let picture = Picture {
        lanes: lanes(),
        rows_before: 4,
        rows: vec![
            row(0, "starts T1", line("main.rs", 3), false, false),
            row(0, "starts T2", line("main.rs", 3), false, false),
            row(1, "AtomicI64#1 reads 0", line("bank.rs", 2), true, false),
            row(2, "AtomicI64#1 reads 0", line("bank.rs", 2), true, false),
            row(2, "AtomicI64#1 := 20", line("bank.rs", 3), false, false),
            row(2, "writes \"</script> ]]>…\"", line("main.rs", 6), false, false),
            row(1, "AtomicI64#1 := 10", line("bank.rs", 3), true, false),
            row(1, "writes \"ann deposit shar…\"", line("main.rs", 6), false, true),
            row(0, "fs::read (fd 3)", None, true, false),
        ],
        rows_after: 2,
        objects: vec![Object { name: "AtomicI64#1".into(), first_used: line("bank.rs", 2) }],
        ..Picture::default()
    };
    failure("shared", "exit", "it ended with exit code 0").with_picture(picture)
}

fn deadlock() -> Failure {
    let holds = |object: &str, thread, since| WaitReason::Object {
        object: object.into(),
        call: "Mutex::lock".into(),
        holder: Some(Holder { thread, since: line("bank.rs", since) }),
    };
    let picture = Picture {
        lanes: lanes(),
        rows: vec![
            row(0, "joins T1", line("main.rs", 4), false, false),
            row(1, "locks Mutex#1", line("bank.rs", 5), true, false),
            row(2, "locks Mutex#2", line("bank.rs", 6), true, false),
            row(2, "locks Mutex#1, waits", line("bank.rs", 5), false, false),
            row(1, "locks Mutex#2, waits", line("bank.rs", 6), true, false),
        ],
        waits: vec![
            Wait { thread: 0, place: line("main.rs", 4), reason: WaitReason::ThreadEnd { ends: 1 } },
            Wait { thread: 1, place: line("bank.rs", 6), reason: holds("Mutex#2", 2, 6) },
            Wait { thread: 2, place: line("bank.rs", 5), reason: holds("Mutex#1", 1, 5) },
        ],
        cycle: vec![1, 2],
        objects: vec![
            Object { name: "Mutex#1".into(), first_used: line("bank.rs", 5) },
            Object { name: "Mutex#2".into(), first_used: line("bank.rs", 6) },
        ],
        ..Picture::default()
    };
    let ended = "deadlock: all 3 threads wait, and nothing can wake them";
    let failed = Failure { lines: Vec::new(), ..failure("opposite-transfers", "deadlock", ended) };
    failed.with_picture(picture)
}

fn source() -> Vec<SourceFile> {
    let file = |file: &str, text: &str| SourceFile {
        file: file.into(),
        path: format!("crates/bank-account/src/{file}"),
        text: text.into(),
    };
    let main = "//! </script> ]]> & 'quotes'\nfn main() {\n    let tellers: Vec<_> = start(apply);\n    \
                tellers.into_iter().for_each(join);\n    // \u{1b}[31m\u{202e}\n    println!(\"{} ok {}\", line, balance);\n}\n";
    let bank = "fn deposit(&self, amount: i64) {\n    let balance = self.balance.load(SeqCst);\n    \
                self.balance.store(balance + amount, SeqCst);\n    // then the transfer\n    \
                let from = self.from.lock();\n    let to = self.to.lock();\n}\n";
    vec![file("bank.rs", bank), file("main.rs", main)]
}
