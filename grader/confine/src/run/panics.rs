//! Which panic ended a program, from what it wrote on standard error.

use super::Ending;

/// Of a program that ended with 101, as Rust ends one whose main thread panicked. Each panic is told as `thread 'NAME'
/// (ID) panicked at FILE:LINE:COLUMN:` and the message on the next line.
///
/// Panics that only pass on another one are left out. Of the rest the first is the cause, unless the program contained
/// it, which cannot be seen: so the last is told with it.
pub fn panic_or_exit(stderr: &[u8]) -> Ending {
    let text = String::from_utf8_lossy(stderr);
    let panics: Vec<(&str, &str)> = text.split(" panicked at ").skip(1).map(place_and_message).collect();
    let causes = panics.iter().filter(|(_, message)| !passes_on(message));
    let told: Vec<String> = causes.map(|(place, message)| format!("{message} ({place})")).collect();
    let message = match (told.as_slice(), panics.first()) {
        ([], None) => return Ending::Exited(101),
        ([], Some((place, message))) => format!("{message} ({place})"),
        ([first, .., last], _) if first != last => format!("{first}, later {last}"),
        ([first, ..], _) => first.clone(),
    };
    Ending::Panicked { code: 101, message }
}

fn place_and_message(panic: &str) -> (&str, &str) {
    let mut lines = panic.lines();
    let place = lines.next().unwrap_or_default().trim_end_matches(':');
    (place, lines.next().unwrap_or_default())
}

/// What `thread::scope`, the `unwrap` of a `join`, and that of a poisoned lock say of another thread's panic.
fn passes_on(message: &str) -> bool {
    ["a scoped thread panicked", "Any { .. }", "PoisonError { .. }"]
        .iter()
        .any(|phrase| message.ends_with(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(panics: &[(&str, &str)]) -> Ending {
        let tell = |(place, message): &(&str, &str)| {
            format!(
                "\nthread 'main' (1) panicked at {place}:\n{message}\nnote: run with `RUST_BACKTRACE=1`\n"
            )
        };
        panic_or_exit(panics.iter().map(tell).collect::<String>().as_bytes())
    }

    fn panicked(message: &str) -> Ending {
        Ending::Panicked { code: 101, message: message.into() }
    }

    const SCOPE: (&str, &str) = ("std/scope.rs:1:1", "a scoped thread panicked");

    #[test]
    fn without_a_panic_it_is_an_exit_code() {
        assert_eq!(told(&[]), Ending::Exited(101));
    }

    #[test]
    fn the_cause_is_told_and_not_who_passes_it_on() {
        assert_eq!(told(&[("a.rs:1:2", "no"), SCOPE]), panicked("no (a.rs:1:2)"));
        let joined = ("b.rs:3:4", "called `Result::unwrap()` on an `Err` value: Any { .. }");
        assert_eq!(told(&[("a.rs:1:2", "no"), joined]), panicked("no (a.rs:1:2)"));
        assert_eq!(told(&[SCOPE]), panicked("a scoped thread panicked (std/scope.rs:1:1)"));
    }

    #[test]
    fn a_panic_that_may_be_contained_does_not_hide_the_later_one() {
        let panics = [("a.rs:1:2", "told to"), ("b.rs:3:4", "no job"), SCOPE];
        assert_eq!(told(&panics), panicked("told to (a.rs:1:2), later no job (b.rs:3:4)"));
    }
}
