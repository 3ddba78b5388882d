//! Two threads take turns: one prints the odd numbers from 1 to N, the other the even ones, and together they
//! print every number in order.
//!
//! The tempting bug: to guard the counter with a mutex and look at it once. The mutex keeps the threads apart; it
//! does not say who goes next, and whoever is woken must look again.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

/// Prints 1 to N with two threads that take turns, one for the odd numbers and one for the even.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The last number to print; 0 prints nothing
    #[arg(long, value_name = "N", default_value_t = 10)]
    max: u64,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match print_in_turns(args.max) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the numbers has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`, which panics when standard error is closed as well.
            let _ = writeln!(io::stderr(), "even-odd: standard output: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints 1 to `max`: one new thread writes the odd numbers, another the even ones. An error of [`say`] ends both.
fn print_in_turns(max: u64) -> io::Result<()> {
    // BEGIN SOLUTION
    use std::sync::{Condvar, Mutex};
    use std::thread;

    // The number whose turn it is, or `None` once there is nothing left to print.
    let next = Mutex::new((max > 0).then_some(1_u64));
    let turn_passed = Condvar::new();

    let print_every_second_from = |first: u64| {
        let not_mine = |next: &mut Option<u64>| next.is_some_and(|number| number % 2 != first % 2);
        loop {
            // `wait_while` looks before the first wait and again after every wake-up: the turn may have come
            // before this thread did, and a wake-up alone does not prove that it has come now.
            let mut turn = turn_passed.wait_while(next.lock().unwrap(), not_mine).unwrap();
            let Some(number) = *turn else { return Ok(()) };
            // The line is out before the turn is passed on, so no other order of lines is possible.
            let printed = say(number);
            *turn = (printed.is_ok() && number < max).then(|| number + 1);
            drop(turn);
            turn_passed.notify_one();
            printed?;
        }
    };

    thread::scope(|scope| {
        let odd = scope.spawn(|| print_every_second_from(1));
        let even = scope.spawn(|| print_every_second_from(2));
        odd.join().unwrap().and(even.join().unwrap())
    })
    // END SOLUTION
}

/// Writes `number` as a line of its own, in one write. Unlike `println!`, it does not panic on a closed output.
fn say(number: u64) -> io::Result<()> {
    io::stdout().write_all(format!("{number}\n").as_bytes())
}
