//! The repository holds together: registry, crates, fixtures and texts agree.

use std::fs;
use std::path::{Path, PathBuf};

use confine::run::Ending;
use engine::case::Case;
use engine::judgement::Judgement;
use engine::observation::Observation;
use engine::solution_region;
use engine::workspace::Workspace;
use exercises::{Course, Exercise};
use grader::course::release::GRADING;
use grader::course::sample_programs::{self, Expected, SampleProgram};
use grader::course::sentences::{self, Row};
use grader::grade::rubric::Rubric;

use crate::support::{root, rust_files};

fn workspace() -> Workspace {
    Workspace::at(root())
}

fn course() -> Course {
    let course = Course::of(&workspace()).unwrap();
    course.require(&workspace(), &[]).unwrap();
    course
}

/// Nobody calls it.
fn is_library(exercise: &Exercise) -> bool {
    exercise.root == "lib.rs"
}

/// Its file says how it is called, and what of it is wrong usage.
fn is_by_cases(exercise: &Exercise) -> bool {
    workspace().cases(exercise.name).is_file()
}

/// Fails with one line for each exercise that has a `problem`.
#[track_caller]
fn no_exercise_has(problem: impl Fn(&Exercise) -> Option<String>) {
    let found: Vec<String> = course()
        .exercises()
        .iter()
        .filter_map(|exercise| problem(exercise).map(|text| format!("{}: {text}", exercise.name)))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// Else a report would not be known to be outdated, and students would miss a crate.
#[test]
fn every_crate_of_the_grader_is_known_to_decide_or_not() {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let members = manifest["workspace"]["members"].as_array().unwrap();
    let members =
        members.iter().map(|member| member.as_str().unwrap()).filter(|member| *member != "crates/*");
    let undecided: Vec<&str> = members
        .filter(|member| !GRADING.contains(member))
        // A book about reports, what starts the grader, and what grades nothing.
        .filter(|member| !["grader/gradebook", "grader/launcher", "grader/lockstep"].contains(member))
        .collect();
    assert_eq!(undecided, [""; 0]);
}

fn folders(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn crates_fixtures_and_registry_name_the_same_exercises() {
    let mut registered: Vec<&str> = course().names().collect();
    registered.sort_unstable();
    assert_eq!(folders(&root().join("crates")), registered);
    assert_eq!(folders(&root().join("fixtures")), registered);
}

#[test]
fn every_readme_has_its_sections_and_graded_hints() {
    no_exercise_has(|exercise| {
        let file = workspace().crate_folder(exercise.name).join("README.md");
        let text = fs::read_to_string(file).unwrap_or_default();
        let sections: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        let title = format!("# {}", exercise.name);
        let wanted = [title.as_str(), "## Task", "## Contract", "## The tempting bug", "## Hints"];
        let hints =
            text.lines().filter(|line| line.split_once(". ").is_some_and(|(n, _)| n.parse::<u8>().is_ok()));
        (sections != wanted || hints.count() < 3).then(|| format!("sections {sections:?}"))
    });
}

#[test]
fn every_rubric_names_exactly_the_checks_and_gives_ten_points() {
    no_exercise_has(|exercise| match Rubric::read(&workspace(), exercise) {
        Err(error) => Some(error.to_string()),
        Ok(rubric) => {
            let sum: f64 = exercise.checks.iter().map(|check| rubric.points(check.id)).sum();
            (sum != 10.0).then(|| format!("{sum} points"))
        }
    });
}

/// What a program without threads would get right or wrong all the same.
const NOT_ABOUT_THREADS: [(&str, &str); 20] = [
    ("bank-account", "bad-ledger"),
    ("chat-server", "demo-delivers"),
    ("chat-server", "refuses-bad-lines"),
    ("downloader", "failures-named"),
    ("downloader", "files-intact"),
    ("downloader", "no-partial-files"),
    ("downloader", "retries"),
    ("downloader", "usage"),
    ("file-reader", "bounded-memory"),
    ("file-reader", "matches-wc"),
    ("file-reader", "missing-file"),
    ("pipeline", "bad-lines"),
    ("pipeline", "counts-right"),
    ("pipeline", "usage"),
    ("primes", "counts-right"),
    ("producer-consumer", "done-last"),
    ("race-counter", "counts-add-up"),
    ("race-counter", "usage"),
    ("thread-pool", "results-in-order"),
    ("thread-pool", "usage"),
];

#[test]
fn seven_of_ten_points_are_about_what_threads_and_processes_do() {
    no_exercise_has(|exercise| {
        let rubric = Rubric::read(&workspace(), exercise).ok()?;
        let others = NOT_ABOUT_THREADS.iter().filter(|(name, _)| *name == exercise.name);
        let others: Vec<&str> = others.map(|(_, check)| *check).collect();
        if let Some(unknown) =
            others.iter().find(|other| exercise.checks.iter().all(|check| check.id != **other))
        {
            return Some(format!("no check {unknown}"));
        }
        let points: f64 = others.iter().map(|check| rubric.points(check)).sum();
        (points > 3.0).then(|| format!("{points} points"))
    });
}

#[test]
fn every_exercise_has_solution_regions_that_pair_up() {
    no_exercise_has(|exercise| {
        let mut regions = 0;
        for file in rust_files(&workspace().crate_folder(exercise.name).join("src")) {
            match solution_region::strip(&fs::read_to_string(&file).unwrap()) {
                Ok((_, count)) => regions += count,
                Err(error) => return Some(format!("{}: {error}", file.display())),
            }
        }
        (regions == 0).then(|| "it has no solution region".into())
    });
}

#[test]
fn every_exercise_has_mutants_for_every_check_and_variants() {
    no_exercise_has(|exercise| {
        let samples = match sample_programs::all(&workspace(), exercise) {
            Ok(samples) => samples,
            Err(error) => return Some(error.to_string()),
        };
        let fails = |sample: &SampleProgram, check: &str| matches!(&sample.expected, Expected::Fails { check: id, .. } if id == check);
        let spared = exercise.checks.iter().find(|check| !samples.iter().any(|it| fails(it, check.id)));
        if let Some(check) = spared {
            return Some(format!("no mutant fails {}", check.id));
        }
        let variants = samples.iter().filter(|it| matches!(it.expected, Expected::Passes { .. })).count();
        let mutants = samples.iter().filter(|it| matches!(it.expected, Expected::Fails { .. })).count();
        (mutants < 6 || variants < 3).then(|| format!("{mutants} mutants, {variants} variants"))
    });
}

#[test]
fn every_sentence_of_a_contract_has_a_case_and_a_mutant_that_breaks_it() {
    no_exercise_has(|exercise| {
        let rows = match sentences::table(&workspace(), exercise) {
            Ok(rows) => rows,
            Err(error) => return Some(error.to_string()),
        };
        if rows.is_empty() {
            return Some("its contract is not cut into sentences".into());
        }
        let is_tried = |row: &Row| !row.cases.is_empty() && !row.mutants.is_empty();
        let lacking = |row: &&Row| row.untried.is_some() == is_tried(row);
        let lacking: Vec<&str> = rows.iter().filter(lacking).map(|row| row.sentence.id.as_str()).collect();
        (!lacking.is_empty()).then(|| format!("sentences without a case or a mutant: {}", lacking.join(", ")))
    });
}

#[test]
fn what_a_case_tries_is_judged_there() {
    no_exercise_has(|exercise| {
        let cases = (exercise.cases)(0);
        let mut unjudged = cases.iter().flat_map(|case| {
            case.tried.iter().filter(|(check, _)| !checks_of(case).any(|judged| judged == *check)).map(
                |(check, _)| format!("case {} says what {check} tries, which does not judge it", case.id),
            )
        });
        unjudged.next()
    });
}

#[test]
fn every_exercise_has_an_empty_program_and_one_of_a_single_thread() {
    no_exercise_has(|exercise| {
        let samples = sample_programs::all(&workspace(), exercise).unwrap_or_default();
        let lazy = |wanted: &str| {
            samples.iter().find_map(|sample| match &sample.expected {
                Expected::Lazy { fails, most } if sample.name == wanted => Some((fails.len(), *most)),
                _ => None,
            })
        };
        match (lazy("empty"), lazy("one-thread")) {
            (Some((_, 0.0)), Some((1.., ..10.0))) => None,
            other => Some(format!("lazy/empty and lazy/one-thread (checks that fail, points): {other:?}")),
        }
    });
}

#[test]
fn checks_come_after_known_ones() {
    no_exercise_has(|exercise| {
        let named = exercise.after.iter().flat_map(|(check, needs)| [&[*check], *needs].concat());
        let shared =
            (exercise.cases)(0).into_iter().flat_map(|case| case.sharing).flat_map(|it| it.checks.iter());
        let named: Vec<&str> = named.chain(shared.copied()).collect();
        named.into_iter().find(|id| exercise.check(id).is_none()).map(str::to_owned)
    });
}

/// The checks that a case says something about, in whatever way.
fn checks_of(case: &Case) -> impl Iterator<Item = &'static str> {
    let judges = case.judges.iter().chain(&case.writer_judges).chain(&case.starved_judges);
    let shared = case.sharing.iter().flat_map(|sharing| sharing.checks.iter().copied());
    judges.map(|(check, _)| *check).chain(case.witnesses.iter().map(|witness| witness.check)).chain(shared)
}

#[test]
fn every_check_is_judged_by_some_case_and_no_case_judges_another() {
    no_exercise_has(|exercise| {
        let cases = (exercise.cases)(0);
        let judged: Vec<&str> = cases.iter().flat_map(checks_of).collect();
        let unjudged = exercise.checks.iter().find(|check| !judged.contains(&check.id)).map(|check| check.id);
        let unknown = judged.iter().copied().find(|id| exercise.check(id).is_none());
        unjudged.or(unknown).map(str::to_owned)
    });
}

/// What the judges of `case` say of a run that ends with `code` and leaves nothing else, by their checks.
/// Who judges how a program ends says so; else a run without an end would say nothing to it.
#[test]
fn judges_of_ending_are_those_of_checks_of_ending() {
    no_exercise_has(|exercise| {
        let cases = (exercise.cases)(1);
        let judges = cases.iter().flat_map(|case| &case.judges);
        let wrong = judges.filter(|(check, judge)| match *check {
            // A test that never ends has not passed.
            _ if is_library(exercise) => !judge.is_of_ending(),
            // It is what is expected that says so, not the check.
            _ if is_by_cases(exercise) => false,
            "terminates" => !judge.is_of_ending(),
            "cannot-write" => false,
            _ => judge.is_of_ending(),
        });
        wrong.map(|(check, _)| (*check).to_owned()).next()
    });
}

fn judged(case: &Case, code: i32) -> Vec<(&'static str, Judgement)> {
    let seen = Observation { ending: Some(Ending::Exited(code)), ..Observation::default() };
    case.judges.iter().map(|(check, judge)| (*check, judge.judge_unasked(&seen))).collect()
}

#[test]
fn wrong_usage_is_judged_by_a_check_of_its_own() {
    no_exercise_has(|exercise| {
        let cases = (exercise.cases)(0);
        if is_library(exercise) || is_by_cases(exercise) {
            return None;
        }
        let wrong: Vec<&Case> =
            cases.iter().filter(|case| case.tried.contains(&("usage", &["wrong-usage"]))).collect();
        let are_judged = |case: &&Case| match &judged(case, 0)[..] {
            // To end with any code is to end.
            [("usage", Judgement::Broken(_)), ("terminates", Judgement::Kept)] => {
                CONTRACT_NAMES_WRONG_CALLS.contains(&exercise.name)
            }
            [("usage", Judgement::Broken(_))] => !CONTRACT_NAMES_WRONG_CALLS.contains(&exercise.name),
            _ => false,
        };
        if wrong.is_empty() || !wrong.iter().all(are_judged) {
            return Some(format!("{} cases of wrong usage", wrong.len()));
        }
        // Who refuses everything has refused the wrong usage, too.
        exercise.needs("usage").is_empty().then(|| "usage counts for who does nothing".to_owned())
    });
}

/// Where a wrong call is not named, programs that keep their contract may take it in any way: there it is advice.
const CONTRACT_NAMES_WRONG_CALLS: [&str; 4] = ["race-counter", "thread-pool", "pipeline", "downloader"];

#[test]
fn wrong_usage_is_worth_points_where_the_contract_names_it() {
    no_exercise_has(|exercise| {
        if is_library(exercise) || is_by_cases(exercise) {
            return None;
        }
        let points = Rubric::read(&workspace(), exercise).map(|rubric| rubric.points("usage"));
        let wanted = if CONTRACT_NAMES_WRONG_CALLS.contains(&exercise.name) { 0.5 } else { 0.0 };
        (points.as_ref().ok() != Some(&wanted)).then(|| format!("{:?}", points.ok()))
    });
}

#[test]
fn case_names_are_unique() {
    no_exercise_has(|exercise| {
        let mut names: Vec<String> = (exercise.cases)(0).into_iter().map(|case| case.id).collect();
        names.sort();
        names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone())
    });
}

#[test]
fn no_test_is_switched_off() {
    let marker = concat!("#[", "ignore");
    let offenders: Vec<PathBuf> = [root().join("crates"), root().join("grader")]
        .iter()
        .flat_map(|folder| rust_files(folder))
        .filter(|file| fs::read_to_string(file).unwrap().contains(marker))
        .collect();
    assert!(offenders.is_empty(), "{offenders:?}");
}

#[test]
fn the_readme_lists_every_exercise() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    no_exercise_has(|exercise| {
        let link = format!("[{0}](crates/{0}/README.md)", exercise.name);
        (!text.contains(&link)).then(|| "README.md has no row for it".into())
    });
}
