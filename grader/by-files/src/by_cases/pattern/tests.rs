use proptest::prelude::*;

use super::*;

fn captures(pattern: &str, line: &str) -> Option<String> {
    let captures = Pattern::parse(pattern).unwrap().captures(line)?;
    let each = captures.iter().map(|(name, text)| format!("{name}={text}"));
    Some(each.collect::<Vec<_>>().join(" "))
}

#[test]
fn a_line_is_taken_apart() {
    assert_eq!(captures("final: {n} of {m}", "final: 3 of -12").unwrap(), "m=-12 n=3");
    assert_eq!(captures("{who:word}: {n}", "a:b: 7").unwrap(), "n=7 who=a:b");
    assert_eq!(captures("{{{n}}}", "{5}").unwrap(), "n=5");
    assert_eq!(captures("x: {a:text}: {b:text}", "x: a b: c: d e").unwrap(), "a=a b: c b=d e");
    assert_eq!(captures("x: {a:text}", "x: "), None);
    assert_eq!(captures("", ""), Some(String::new()));
    for (pattern, line) in [
        ("{n}", "007"),
        ("{n}", "+7"),
        ("{n}", "9223372036854775808"),
        ("{n}", ""),
        ("{w:word}", "two words"),
        ("{w:word}", ""),
        ("a{n}", "a1 "),
        ("a", "ab"),
        ("ab", "a"),
    ] {
        assert_eq!(captures(pattern, line), None, "{pattern} and {line}");
    }
}

#[test]
fn what_is_no_pattern_is_said() {
    let reason = |text: &str| Pattern::parse(text).unwrap_err();
    assert!(reason("a {n").contains("does not close"));
    assert!(reason("a }").contains("closes nothing"));
    assert!(reason("{n:number}").contains("`{n:word}`, a word"));
    assert!(reason("{N}").contains("is no name"));
    assert!(reason("{and}").contains("not `and`"));
    assert!(reason("{a}{b}").contains("nothing stands between"));
    assert!(reason("{a} {a:word}").contains("two captures are called `a`"));
    assert!(reason("a\nb").contains("one line"));
}

#[test]
fn a_hostile_line_takes_no_time() {
    let pattern = Pattern::parse("{a:word}-{b:text}-{c:word}-{d:text}!").unwrap();
    assert!(!pattern.fits(&"-".repeat(LONGEST)));
    assert!(!Pattern::parse("{a}").unwrap().fits(&"1".repeat(LONGEST + 1)));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[{}a-c:wordtext 0-9\\-é\n]{0,20}", line in "[a-c: 0-9\\-é]{0,20}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            pattern.captures(&line);
        }
    }

    #[test]
    fn text_alone_fits_itself_and_nothing_else(text in "[{}a-cé ]{0,8}", line in "[{}a-cé ]{0,8}") {
        let pattern = Pattern::parse(&text.replace('{', "{{").replace('}', "}}")).unwrap();
        prop_assert!(pattern.fits(&text));
        prop_assert_eq!(pattern.fits(&line), line == text);
    }

    #[test]
    fn what_is_filled_in_is_captured(n in any::<i64>(), m in any::<i64>(), word in "[a-z0-9:-]{1,9}") {
        let found = Pattern::parse("{w:word} is {n} of {m}.").unwrap();
        let captures = found.captures(&format!("{word} is {n} of {m}.")).unwrap();
        prop_assert_eq!(&captures["w"], &word);
        prop_assert_eq!(captures["n"].parse(), Ok(n));
        prop_assert_eq!(captures["m"].parse(), Ok(m));
        let one = Pattern::parse("at {n}!").unwrap();
        prop_assert_eq!(&one.captures(&one.filled(n)).unwrap()["n"], &n.to_string());
    }

    /// Captures put back into their places make the line again.
    #[test]
    fn captures_are_parts_of_the_line(line in "[ab1-]{0,9}") {
        let pattern = Pattern::parse("{a:word}-{b}-{c:word}").unwrap();
        if let Some(found) = pattern.captures(&line) {
            prop_assert_eq!(format!("{}-{}-{}", found["a"], found["b"], found["c"]), line);
        }
    }
}
