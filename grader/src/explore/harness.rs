//! What libtest does around a test, which says nothing of the test: its thread, its lines.

use engine::picture::Picture;
use schedule::ThreadId;

/// The thread in which libtest waits for the test.
const HARNESS: ThreadId = 0;

/// The picture of a test without the thread of libtest: that one does all from one line, which nobody wrote.
pub(super) fn without(mut picture: Picture) -> Picture {
    let mut places =
        picture.rows.iter().filter(|row| row.thread == HARNESS).filter_map(|row| row.place.as_ref());
    let first = places.next().cloned();
    let is_apart = places.all(|place| Some(place) == first.as_ref());
    if !is_apart || picture.lanes.len() < 2 || picture.cycle.contains(&HARNESS) {
        return picture;
    }
    picture.rows.retain(|row| row.thread != HARNESS);
    picture.waits.retain(|wait| wait.thread != HARNESS);
    picture.lanes.retain(|lane| lane.thread != HARNESS);
    let objects = std::mem::take(&mut picture.objects);
    picture.objects = objects.into_iter().filter(|object| picture.names(&object.name)).collect();
    picture
}

/// What the test itself printed.
pub(super) fn own_lines(lines: &[String], test: &str) -> Vec<String> {
    let head = format!("test {test} ... ");
    let begun = lines.iter().skip_while(|line| !line.starts_with(&head));
    let is_end = |line: &str| line == "failures:" || line.ends_with("FAILED") || line == "ok";
    let own = begun.map(|line| line.strip_prefix(&head).unwrap_or(line)).take_while(|line| !is_end(line));
    own.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_prints_is_told_from_what_libtest_does() {
        let said =
            ["", "running 1 test", "test a::b ... one", "two", "FAILED", "", "failures:"].map(str::to_owned);
        assert_eq!(own_lines(&said, "a::b"), ["one", "two"]);
        assert_eq!(own_lines(&said[..2], "a::b"), [""; 0]);
    }
}
