use std::fs;
use std::path::Path;

use super::*;

fn lines(text: &str) -> Vec<usize> {
    holes([text.as_bytes()].into_iter()).into_iter().map(|(_, line)| line).collect()
}

#[test]
fn a_function_that_translates_lifetimes_is_no_value() {
    let function = "fn longer<'a, 'b, T: ?Sized>(_: &'a &'b (), v: &'b T) -> &'a T { v }\n";
    let wrapped = "fn longer<'a, 'b>(_: Option<Both<'a, 'b>>, v: &'b u8) -> &'a u8 { v }\n";
    let through = "fn longer<'a, 'b>(_: &'a &'b (), v: &'b u8, to: &mut Option<&'a u8>) { *to = Some(v) }\n";
    let paired = "fn longer<'a, 'b>((_, v): (&'a &'b (), &'b u8)) -> &'a u8 { v }\n";
    for function in [function, wrapped, through, paired] {
        for used in [
            "let f: fn(_, &'x T) -> &'y T = longer;",
            "call(longer)",
            "let f = longer::<T>;",
            "f = Self::longer;",
        ] {
            assert_eq!(lines(&format!("{function}fn g() {{ {used} }}")), [1], "{function}{used}");
        }
        assert_eq!(lines(&format!("{function}use a::longer as other;")), [1]);
        for used in ["longer(&&(), v)", "longer::<str>(&&(), v)", "a.longer", "use a::longer;"] {
            assert_eq!(lines(&format!("{function}fn g() {{ {used}; }}")), [0; 0], "{function}{used}");
        }
    }
}

#[test]
fn what_says_its_bound_or_has_one_lifetime_is_a_value() {
    for function in [
        "fn get<'a, 'b: 'a>(_: &'a &'b (), v: &'b u8) -> &'a u8 { v }",
        "fn get<'a, 'b>(_: &'a &'b (), v: &'b u8) -> &'a u8 where 'b: 'a { v }",
        "fn get<'a>(of: &'a RunRecord<'_>) -> &'a str { of.name }",
        "fn get<'a, 'b>(of: &'a RunRecord<'b>) -> &'a str { of.name }",
        "fn get<'a, 'b>(one: &'a str, two: &'b str) -> (&'a str, &'b str) { (one, two) }",
    ] {
        assert_eq!(lines(&format!("{function}\nfn g() {{ all.map(get) }}")), [0; 0], "{function}");
    }
}

#[test]
fn types_for_all_lifetimes_do_not_nest_them() {
    assert_eq!(lines("type F = for<'a, 'b> fn(&'a &'b (), &'b u8) -> &'a u8;"), [1]);
    assert_eq!(lines("fn f<S>() where S: for<'a, 'b> Sub<'a, 'b, &'b &'a ()> {}"), [1]);
    assert_eq!(lines("fn f<F: for<'a, 'b> Fn(&'a str, &'b str) -> &'a str>(f: F) {}"), [0; 0]);
    assert_eq!(lines("for x in 0..3 { f(x) }"), [0; 0]);
}

#[test]
fn a_trait_of_everything_names_no_type_of_its_objects() {
    let one = "trait Object<U> { type Output; }\nimpl<T: ?Sized, U> Object<U> for T { type Output = U; }\n";
    let bounded =
        "trait Object<U> { type Output; }\nimpl<T, U> Object<U> for T where T: ?Sized { type Output = U; }\n";
    for text in [one, bounded] {
        assert_eq!(lines(&format!("{text}fn f() {{ g::<dyn Object<U, Output = T>, U>(x) }}")), [3]);
        assert_eq!(
            lines(&format!(
                "{text}trait Inner<U>: Object<U> {{}}\nfn f(x: &dyn Inner<u8, Output = u8>) {{}}"
            )),
            [4]
        );
        assert_eq!(lines(&format!("{text}fn f(x: &dyn Other) {{}}")), [0; 0]);
    }
    let sized = "trait Job { type Output; }\nimpl<T: Fn()> Job for T { type Output = (); }\nfn f(_: &dyn Job<Output = ()>) {}";
    assert_eq!(lines(sized), [0; 0]);
    let plain = "trait Loud { fn loud(&self); }\nimpl<T: ?Sized + ToString> Loud for T { fn loud(&self) {} }\nfn f(_: &dyn Loud) {}";
    assert_eq!(lines(plain), [0; 0]);
}

/// Every program of the course, right or with a usual mistake.
#[test]
fn no_usual_program_has_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let crates = fs::read_dir(root.join("grader")).unwrap().map(|entry| entry.unwrap().path().join("src"));
    let mut folders: Vec<_> = crates.filter(|folder| folder.is_dir()).collect();
    folders.extend(["crates", "fixtures", "grader/src"].map(|folder| root.join(folder)));
    let mut programs = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("rules/soundness/tests.rs")
            {
                programs += 1;
                assert_eq!(lines(&fs::read_to_string(&path).unwrap()), [0; 0], "{}", path.display());
            }
        }
    }
    assert!(programs > 100, "{programs}");
}

#[test]
fn brackets_may_be_nested_without_end() {
    let deep = "(".repeat(100_000) + &")".repeat(100_000);
    assert_eq!(lines(&deep), [0; 0]);
}
