use proptest::prelude::*;

use super::*;
use crate::search::replay;
use crate::toy::{self, Op, toys};

fn requests() -> impl Strategy<Value = Request> {
    let kinds = prop_oneof![
        Just(Kind::RandomWalk),
        Just(Kind::Pos),
        (2u8..5).prop_map(|depth| Kind::Pct { depth, length: 12 }),
        Just(Kind::Sticky),
        Just(Kind::Straight),
    ];
    (any::<u64>(), kinds, any::<[bool; 4]>()).prop_map(|(seed, policy, flags)| Request {
        seed,
        policy,
        start_gate: flags[0],
        spurious_wakes: flags[1],
        busy_machine: flags[2],
        real_sleep: flags[3],
        ..replay()
    })
}

proptest! {
    #[test]
    fn a_replay_is_the_run(toy in toys(), request in requests()) {
        let ran = toy::run(&toy, request, &[]);
        prop_assert_eq!(ran.finish, None);
        let gates = Request { start_gate: request.start_gate, ..replay() };
        for again in [replay(), gates] {
            let again = toy::run(&toy, again, &ran.schedule.steps);
            prop_assert_eq!((&again.schedule, &again.found), (&ran.schedule, &ran.found));
        }
    }
}

fn told() -> impl Strategy<Value = Told> {
    let place = || (0u64..3).prop_map(|object| 8 * object);
    prop_oneof![
        (place(), any::<bool>()).prop_map(|(object, writes)| Told::Intends(Pending { object, writes })),
        place().prop_map(|word| Told::Locks(word, true)),
        Just(Told::HasDone),
        Just(Told::Changed),
        place().prop_map(|object| Told::Reads(Read { object, site: 1, value: 0 })),
        Just(Told::Yields),
        Just(Told::ReadsClock),
        Just(Told::Steps),
    ]
}

proptest! {
    #[test]
    fn after_a_prefix_a_run_goes_on_as_if_it_had_made_it(
        told in prop::collection::vec(told(), 0..200),
        first in requests(),
        then in requests(),
    ) {
        let mut prefix = Prefix::new();
        prefix.open();
        let mut again = Mechanism::new(first, &[]);
        let mut whole = Mechanism::new(then, &[]);
        for &told in &told {
            prefix.note(told);
            prop_assert!(again.tell(told) && whole.tell(told));
        }
        prop_assert!(prefix.close());
        prop_assert!(again.begin_after(then, &prefix));
        prop_assert_eq!(again.spawn(), whole.spawn());
        for _ in 0..100 {
            prop_assert_eq!(goes_on(&mut again), goes_on(&mut whole));
            prop_assert_eq!(again.read_clock(), whole.read_clock());
        }
    }
}

#[test]
fn a_prefix_that_is_too_long_or_broken_off_is_not_whole() {
    let mut prefix = Prefix::new();
    assert!(!prefix.close());
    prefix.open();
    (0..1 << 20).for_each(|_| prefix.note(Told::Steps));
    assert!(!prefix.close());
    prefix.open();
    prefix.break_off();
    assert!(!prefix.close());
}

fn two_threads(request: Request) -> Mechanism<'static> {
    let mut mechanism = Mechanism::new(request, &[]);
    mechanism.spawn().unwrap();
    mechanism
}

fn goes_on(mechanism: &mut Mechanism<'_>) -> Result<ThreadId, Finish> {
    mechanism.choose(&mut NoWorld).map(|choice| choice.thread)
}

const SECOND: u64 = 1_000_000_000;

/// Thread 0 can always go on; thread 1 waits as `wait` says. Whether it goes on within so many steps.
fn ends(request: Request, wait: impl Fn(u64) -> Wait, steps: u32) -> bool {
    let mut mechanism = two_threads(Request { budget: u32::MAX, ..request });
    mechanism.current = 1;
    let now = mechanism.read_clock();
    mechanism.block(wait(now));
    mechanism.current = 0;
    (0..steps).any(|_| goes_on(&mut mechanism) == Ok(1))
}

#[test]
fn a_sleep_ends_early_when_the_machine_may_be_so_slow() {
    let walk = Request { policy: Kind::RandomWalk, ..replay() };
    assert!(ends(walk, |now| Wait::Sleep { deadline: now + 4 * SECOND }, 1000));
    assert!(!ends(walk, |now| Wait::Sleep { deadline: now + 6 * SECOND }, 10_000));
    assert!(!ends(walk, |_| Wait::Sleep { deadline: NEVER }, 10_000));
}

/// Thread 0 changes something in each step, or only looks.
fn sleeps_through(changes: bool, steps: u32) -> bool {
    let request = Request { policy: Kind::RandomWalk, real_sleep: true, budget: u32::MAX, ..replay() };
    let mut mechanism = two_threads(request);
    mechanism.current = 1;
    let deadline = mechanism.read_clock() + SECOND;
    mechanism.block(Wait::Sleep { deadline });
    mechanism.current = 0;
    !(0..steps).any(|_| {
        let is_over = goes_on(&mut mechanism) == Ok(1);
        if changes {
            mechanism.changed();
        }
        is_over
    })
}

#[test]
fn a_real_sleep_ends_where_others_only_look() {
    assert!(sleeps_through(true, 9_000), "others work");
    assert!(!sleeps_through(true, 12_000), "they may work until who sleeps stops them");
    assert!(sleeps_through(false, 900), "they may have something to do yet");
    assert!(!sleeps_through(false, 3_000), "they wait for who sleeps");
}

#[test]
fn of_two_real_sleeps_the_shorter_one_ends_first() {
    for seed in 0..50 {
        let request =
            Request { seed, policy: Kind::RandomWalk, real_sleep: true, budget: u32::MAX, ..replay() };
        let mut mechanism = two_threads(request);
        mechanism.spawn().unwrap();
        for (thread, seconds) in [(1, 2), (2, 1)] {
            mechanism.current = thread;
            let deadline = mechanism.read_clock() + seconds * SECOND;
            mechanism.block(Wait::Sleep { deadline });
        }
        mechanism.current = 0;
        let first = (0..5_000).map(|_| goes_on(&mut mechanism).unwrap()).find(|&thread| thread != 0);
        assert_eq!(first, Some(2), "{seed}");
    }
}

/// However often it sleeps for a moment only.
#[test]
fn a_heartbeat_does_not_use_up_the_time_of_others() {
    let walk = Request { policy: Kind::RandomWalk, budget: u32::MAX, ..replay() };
    let mut mechanism = two_threads(walk);
    let start = mechanism.read_clock();
    let mut beats = 0;
    for _ in 0..100_000 {
        if goes_on(&mut mechanism) == Ok(1) {
            beats += 1;
            let deadline = mechanism.read_clock() + SECOND;
            mechanism.block(Wait::Sleep { deadline });
        }
    }
    assert_eq!(beats, 6, "its first step, and five seconds in which the other one is held up");
    assert!(mechanism.read_clock() - start < 6 * SECOND);
}

#[test]
fn who_is_kept_at_the_gate_goes_on_all_the_same() {
    let mut mechanism =
        two_threads(Request { policy: Kind::RandomWalk, start_gate: true, budget: u32::MAX, ..replay() });
    assert!((0..10_000).any(|_| goes_on(&mut mechanism) == Ok(1)));
}

#[test]
fn the_gate_opens_for_a_creator_that_looks_again_and_again() {
    for policy in [Kind::RandomWalk, Kind::Pct { depth: 2, length: 100 }, Kind::Straight] {
        let mut mechanism = two_threads(Request { policy, start_gate: true, ..replay() });
        let mut round = 0;
        while goes_on(&mut mechanism) == Ok(0) {
            round += 1;
            mechanism.reads(Read { object: 8 * (round % 3), site: 1, value: 0 });
            assert!(round < 2_000, "{policy:?}");
        }
    }
}

#[test]
fn a_livelock_is_a_run_in_which_nothing_changes() {
    let request = Request { policy: Kind::RandomWalk, budget: 400, ..replay() };
    let run = |act: fn(&mut Mechanism<'_>)| {
        let mut mechanism = two_threads(request);
        loop {
            match goes_on(&mut mechanism) {
                Ok(_) => act(&mut mechanism),
                Err(finish) => return (finish, mechanism.steps()),
            }
        }
    };
    let looks = |mechanism: &mut Mechanism<'_>| mechanism.reads(Read { object: 8, site: 1, value: 0 });
    assert_eq!(run(looks), (Finish::Budget, 400));
    let works = |mechanism: &mut Mechanism<'_>| {
        mechanism.changed();
    };
    assert_eq!(run(works), (Finish::StepLimit, MOST_STEPS as u32));
}

/// Somebody who sleeps for long will change something, and time passes while others poll.
#[test]
fn who_polls_while_another_one_sleeps_is_in_no_livelock() {
    let mut mechanism = two_threads(Request { budget: 400, ..replay() });
    mechanism.current = 1;
    let deadline = mechanism.read_clock() + 3600 * SECOND;
    mechanism.block(Wait::Sleep { deadline });
    mechanism.current = 0;
    let polls = |mechanism: &mut Mechanism<'_>| {
        let deadline = mechanism.read_clock() + SECOND;
        mechanism.block(Wait::Sleep { deadline });
    };
    polls(&mut mechanism);
    while goes_on(&mut mechanism) == Ok(0) {
        polls(&mut mechanism);
    }
    assert_eq!((mechanism.current(), mechanism.steps() > 3500), (1, true));
}

/// Nor where it sleeps again.
#[test]
fn who_polls_while_another_one_sleeps_often_is_in_no_livelock() {
    let mut mechanism = two_threads(Request { budget: 400, real_sleep: true, ..replay() });
    let sleeps = |mechanism: &mut Mechanism<'_>, seconds: u64| {
        let deadline = mechanism.read_clock() + seconds * SECOND;
        mechanism.block(Wait::Sleep { deadline });
    };
    mechanism.current = 1;
    sleeps(&mut mechanism, 300);
    mechanism.current = 0;
    sleeps(&mut mechanism, 1);
    for _ in 0..3000 {
        let seconds = [1, 300][usize::from(goes_on(&mut mechanism).unwrap())];
        sleeps(&mut mechanism, seconds);
    }
}

#[test]
fn who_sleeps_for_ever_is_deadlocked() {
    let mut mechanism = Mechanism::new(replay(), &[]);
    mechanism.block(Wait::Sleep { deadline: NEVER });
    assert_eq!(goes_on(&mut mechanism), Err(Finish::Deadlock));
}

/// A choice of whom to wake that was taken out of a schedule does not take what follows with it.
#[test]
fn a_removed_choice_of_whom_to_wake_leaves_the_rest() {
    let request = Request { lenient: true, ..replay() };
    let mut mechanism = Mechanism::new(request, &[0, 0, 1]);
    mechanism.spawn().unwrap();
    mechanism.spawn().unwrap();
    let waiters = ThreadSet(0b110);
    assert_eq!(mechanism.choose_woken(waiters).map(|choice| choice.thread), Ok(1));
    assert_eq!([(); 3].map(|()| goes_on(&mut mechanism)), [Ok(0), Ok(0), Ok(1)]);
}

#[test]
fn toys_that_wait_for_each_other_are_deadlocked() {
    let opposite =
        vec![vec![Op::Lock(0), Op::Lock(1), Op::Unlock(1)], vec![Op::Lock(1), Op::Lock(0), Op::Unlock(0)]];
    assert_eq!(toy::run(&opposite, replay(), &[0, 1]).finish, Some(Finish::Deadlock));
}
