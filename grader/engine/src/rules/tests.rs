//! Sources that break a rule, in every disguise, and sources that only look like it.

use super::*;

#[track_caller]
fn one(text: &str) -> (usize, Rule) {
    let found = broken(text);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]
}

#[test]
fn unsafe_code_is_found_wherever_it_hides() {
    assert_eq!(one("fn main() {\n    unsafe { f() }\n}"), (2, Rule::Unsafe));
    assert_eq!(one("macro_rules! m { () => { unsafe { f() } } }").1, Rule::Unsafe);
    assert_eq!(one("fn main() { println!(\"{}\", unsafe { 1 }); }").1, Rule::Unsafe);
    assert_eq!(one("#[unsafe(naked)] fn f() {}").1, Rule::Unsafe);
}

#[test]
fn only_files_of_the_source_are_included() {
    assert_eq!(broken("const A: &str = include_str!(\"data/a.rs\");"), []);
    assert_eq!(one("const A: &str = include_str!(\"../../secret\");").1, Rule::Include);
    assert_eq!(one("const A: &[u8] = include_bytes!(\"/etc/passwd\");").1, Rule::Include);
    assert_eq!(one("include!(concat!(\"/etc\", \"/passwd\"));").1, Rule::Include);
    assert_eq!(one("use std::include_str as read;").1, Rule::Include);
    assert_eq!(one("const A: &str = include_str!(r\"/etc/passwd\");").1, Rule::Include);
}

#[test]
fn modules_stay_inside() {
    assert_eq!(broken("#[path = \"other.rs\"] mod a;"), []);
    assert_eq!(one("#[path = \"/etc/passwd\"] mod a;").1, Rule::Path);
    assert_eq!(one("#[cfg_attr(all(), path = \"../a.rs\")] mod a;").1, Rule::Path);
}

#[test]
fn assembly_and_linkage_are_named() {
    assert_eq!(one("fn f() { std::arch::asm!(\"nop\") }").1, Rule::Assembly);
    assert_eq!(one("#[no_mangle] fn f() {}").1, Rule::Linkage);
}

#[test]
fn words_in_strings_and_comments_are_nobodys_business() {
    assert_eq!(
        broken("//! unsafe\nfn main() { println!(\"unsafe include_str!\"); let asm = 1; f(asm); }"),
        []
    );
    assert_eq!(broken("#![forbid(unsafe_code)]\nfn main() {}"), []);
}

#[test]
fn what_is_no_rust_is_left_to_the_compiler() {
    assert_eq!(broken("fn main() { \"never ended }"), []);
    assert_eq!(broken(&"(".repeat(100_000)), []);
}

#[test]
fn a_raw_word_is_the_word() {
    assert_eq!(one("const A: &str = r#include_str!(\"/etc/passwd\");").1, Rule::Include);
    assert_eq!(one("#[r#path = \"/etc/passwd\"] mod a;").1, Rule::Path);
    assert_eq!(one("#[r#cfg_attr(all(), r#path = \"/etc/passwd\")] mod a;").1, Rule::Path);
    assert_eq!(one("core::arch::r#global_asm!(\"nop\");").1, Rule::Assembly);
    assert_eq!(one("#[r#no_mangle] fn f() {}").1, Rule::Linkage);
    assert_eq!(broken("fn r#match() { let r#type = 1; }"), []);
}

#[test]
fn brackets_in_comments_and_strings_switch_nothing_off() {
    let brackets = "(".repeat(300);
    for hidden in
        [format!("// {brackets}\n"), format!("/* {brackets} */"), format!("const A: &str = \"{brackets}\";")]
    {
        assert_eq!(one(&format!("{hidden}include!(\"/etc/passwd\");")).1, Rule::Include);
    }
}

#[test]
fn nesting_deeper_than_a_stack_hides_nothing() {
    let deep = |inner: &str| format!("fn main() {{ {}{inner}{} }}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(one(&deep("unsafe { 1 }")).1, Rule::Unsafe);
    assert_eq!(broken(&deep("1")), []);
    let nested =
        format!("#[{}path = \"/x\"{}] mod a;", "cfg_attr(all(), ".repeat(50_000), ")".repeat(50_000));
    assert_eq!(one(&nested).1, Rule::Path);
}

#[test]
fn macros_and_other_names_hide_nothing() {
    let macros = "macro_rules! m { ($name:ident) => { $name!(\"/etc/passwd\") } }";
    assert_eq!(one(&format!("{macros} const A: &str = m!(include_str);")).1, Rule::Include);
    assert_eq!(one(&format!("{macros} m!(global_asm);")).1, Rule::Assembly);
    assert_eq!(one("use std::include as x;").1, Rule::Include);
    assert_eq!(one("use std::{include_bytes, fmt};").1, Rule::Include);
    assert_eq!(one("#![doc = include_str!(\"../secret\")]").1, Rule::Include);
    assert_eq!(one("#[doc = include_str!(concat!(\"/etc\", \"/passwd\"))] fn f() {}").1, Rule::Include);
    assert_eq!(one("const A: &str = include_str!(env!(\"PATH\"));").1, Rule::Include);
    assert_eq!(one("use core::arch::asm as x;").1, Rule::Assembly);
    assert_eq!(one("unsafe extern \"C\" { safe fn system(); }").1, Rule::Unsafe);
    assert_eq!(one("#[path = concat!(\"/etc\")] mod a;").1, Rule::Path);
    assert_eq!(one("macro_rules! m { ($p:literal) => { #[path = $p] mod a; } }").1, Rule::Path);
    assert_eq!(one("#[cfg_attr(all(), cfg_attr(all(), path = \"/a.rs\"))] mod a;").1, Rule::Path);
}

#[test]
fn text_that_a_derive_takes_for_code_is_looked_at() {
    let bound = |text: &str| format!("#[serde(bound = {text})] struct A;");
    assert_eq!(one(&bound("\"[(); { include_str!(\\\"x\\\") }]: Sized\"")).1, Rule::Include);
    assert_eq!(one(&bound("r\"[(); 1!()]: Sized\"")).1, Rule::Include);
    assert_eq!(one("#[cfg_attr(all(), serde(bound(serialize = \"\\x69\")))] struct A;").1, Rule::Include);
    assert_eq!(broken(&bound("\"T: Clone\"")), []);
    assert_eq!(broken("#[serde(rename = \"wow! {}\")] struct A;"), []);
}

#[test]
fn a_first_line_for_shells_hides_nothing() {
    assert_eq!(one("#!/usr/bin/env \"x\nfn main() { unsafe { f() } }\n// \""), (2, Rule::Unsafe));
    assert_eq!(one("\u{feff}#!/bin/it's\r\ninclude!(\"/etc/passwd\");\r\n").1, Rule::Include);
    assert_eq!(one("#!/**/[allow(x)] include!(\"/etc/passwd\");\nfn main() {}\n").1, Rule::Include);
    assert_eq!(one("#![allow(dead_code)]\nfn f() { unsafe { f() } }\n"), (2, Rule::Unsafe));
    assert_eq!(broken("#!/usr/bin/env it's\nfn main() {}\n"), []);
}

#[test]
fn marks_of_files_and_line_ends_hide_nothing() {
    assert_eq!(one("\u{feff}fn main() {\r\n unsafe { f() }\r\n}\r\n"), (2, Rule::Unsafe));
    assert_eq!(one("fn main() { unsafe\u{200e}{ f() } }").1, Rule::Unsafe);
    // Not the keyword, for the compiler either.
    assert_eq!(broken("fn main() { let \u{ff55}nsafe = 1; }"), []);
}

#[test]
fn a_comma_after_the_path_is_no_other_file() {
    assert_eq!(broken("const A: &str = include_str!(\"a.rs\",);"), []);
    assert_eq!(one("const A: &str = include_str!(\"a.rs\", \"b\");").1, Rule::Include);
}

#[test]
fn what_is_no_rust_and_names_a_rule_is_left_to_the_compiler_too() {
    assert_eq!(broken("fn main() { // unsafe include\n"), []);
}

fn refused(files: &[(&str, &str)]) -> Vec<(String, Rule)> {
    let files = files.iter().map(|(file, text)| (Path::new(file), text.as_bytes())).collect();
    let shown = |refusal: Refusal| (refusal.file.display().to_string(), refusal.rule);
    refusals(&files).into_iter().map(shown).collect()
}

#[test]
fn what_the_compiler_reads_and_the_grader_cannot_is_refused() {
    let readable = |text: &str| refused(&[("main.rs", text)]).is_empty();
    assert!(!readable("fn main() {"));
    assert!(!readable("#!/**/[allow(x)] \"\nfn main() {}\n"));
    assert!(!readable("#!\n[allow(x)] fn main() {}\n\""));
    for plain in ["fn main() {}", "#!/usr/bin/env it's\nfn main() {}\n", "#![allow(x)]\nfn main() {}\n", ""] {
        assert!(readable(plain), "{plain}");
    }
}

#[test]
fn words_of_data_break_no_rule_and_those_of_code_do() {
    let text = ("help.txt", "It's unsafe to include more.");
    assert_eq!(refused(&[("main.rs", "const A: &str = include_str!(\"help.txt\");"), text]), []);
    let code = refused(&[("main.rs", "include!(\"help.txt\");"), ("help.txt", "fn f() { unsafe {} }")]);
    assert_eq!(code, [("help.txt".to_owned(), Rule::Unsafe)]);
}

#[test]
fn a_program_has_a_size() {
    let large = " ".repeat(900 << 10);
    let names: Vec<String> = (0..MOST_FILES).map(|number| format!("{number}.rs")).collect();
    let of = |count: usize, text: &str| {
        let main = [("main.rs", "fn main() {}")];
        refused(
            &[&main[..], &names[..count].iter().map(|name| (name.as_str(), text)).collect::<Vec<_>>()]
                .concat(),
        )
    };
    assert_eq!(of(MOST_FILES - 1, ""), []);
    assert_eq!(of(MOST_FILES, "")[0].1, Rule::TooLarge);
    assert_eq!(of(4, &large), []);
    assert_eq!(of(5, &large)[0].1, Rule::TooLarge);
}
