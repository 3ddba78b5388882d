//! The name of each file: decided from the list alone, before the first download starts.
//!
//! A worker that looked for a free name on the disk would race with the other workers for it.

use std::collections::{HashMap, HashSet};

use percent_encoding::percent_decode_str;
use url::Url;

/// The longest file name that common file systems take, in bytes.
const LONGEST: usize = 255;
const PART: &str = ".part";
/// A longer ending is not a file's extension.
const LONGEST_EXTENSION: usize = 16;

/// One line of the list.
pub(crate) struct Download {
    /// The URL as the user wrote it.
    pub(crate) given: String,
    /// What to fetch; `None` where the URL is of no use.
    pub(crate) target: Option<Target>,
}

pub(crate) struct Target {
    pub(crate) url: Url,
    /// The name of the whole file.
    pub(crate) name: String,
    /// The name that the file has while it grows, no other file's name at any time.
    pub(crate) part: String,
}

/// Gives each URL its names. The same list always gives the same names.
pub(crate) fn plan(list: Vec<String>) -> Vec<Download> {
    let mut names = Names::default();
    let mut downloads: Vec<Download> = list.into_iter().map(|given| names.download(given)).collect();
    // Only now are all names known: the growing `x` must not be taken for a file called `x.part`.
    for target in downloads.iter_mut().filter_map(|download| download.target.as_mut()) {
        target.part = names.claim(&target.name, PART);
    }
    downloads
}

/// The URL, if it can be fetched over http or https.
fn parse(given: &str) -> Option<Url> {
    // The parser would silently drop line breaks and tabs. Text that was not UTF-8 has replacement characters.
    if given.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER) {
        return None;
    }
    let url = Url::parse(given).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// The last segment of the URL's path, made safe.
fn file_name(url: &Url) -> String {
    let segment = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    safe(&percent_decode_str(segment).decode_utf8_lossy())
}

/// A name that stays in its folder and on its line, whatever the text is.
fn safe(text: &str) -> String {
    let unsafe_char = |c: char| matches!(c, '/' | '\\' | char::REPLACEMENT_CHARACTER) || c.is_control();
    match text.replace(unsafe_char, "_").replace("..", "_").as_str() {
        "" => "index.html".to_owned(),
        "." => "_".to_owned(),
        name => name.to_owned(),
    }
}

/// The names that are taken, and for each wish the number to try next.
#[derive(Default)]
struct Names {
    taken: HashSet<String>,
    next: HashMap<String, u32>,
}

impl Names {
    fn download(&mut self, given: String) -> Download {
        let target = parse(&given).map(|url| {
            let name = self.claim(&file_name(&url), "");
            Target { url, name, part: String::new() }
        });
        Download { given, target }
    }

    /// Takes the first free of `wish`, `wish.1`, `wish.2`, …, each followed by `ending`.
    fn claim(&mut self, wish: &str, ending: &str) -> String {
        let next = self.next.entry(format!("{wish}{ending}")).or_default();
        loop {
            let number = if *next == 0 { String::new() } else { format!(".{next}") };
            let name = format!("{}{number}{ending}", shortened(wish, LONGEST - PART.len() - number.len()));
            *next += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// The name cut to `max` bytes, in front of its extension.
fn shortened(name: &str, max: usize) -> String {
    if name.len() <= max {
        return name.to_owned();
    }
    let (_, extension) = name.split_at(name.rfind('.').unwrap_or(name.len()));
    let extension = if extension.len() <= LONGEST_EXTENSION { extension } else { "" };
    let stem = &name[..name.floor_char_boundary(max - extension.len())];
    format!("{}{extension}", stem.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(urls: &[&str]) -> Vec<String> {
        targets(urls).into_iter().map(|target| target.name).collect()
    }

    fn targets(urls: &[&str]) -> Vec<Target> {
        let urls = urls.iter().map(|path| format!("http://h/{path}")).collect();
        plan(urls).into_iter().map(|download| download.target.expect("a usable URL")).collect()
    }

    #[test]
    fn a_name_is_the_last_segment_decoded() {
        assert_eq!(
            names(&["d/a.zip", "b%20c?x=/y", "%C3%A9.txt#z/", ".profile"]),
            ["a.zip", "b c", "é.txt", ".profile"]
        );
    }

    #[test]
    fn an_empty_segment_is_index_html() {
        assert_eq!(
            names(&["", "d/", "e/..", "e/%2e%2e"]),
            ["index.html", "index.html.1", "index.html.2", "index.html.3"]
        );
    }

    #[test]
    fn hostile_names_become_harmless() {
        let hostile = [
            "..%2f..",
            "%2e%2e%2fetc",
            "a%00b",
            "c%0a%0dd",
            "e%5cf",
            "%ff%fe",
            "%7f",
            "%c2%85",
            "a..b",
            "...",
        ];
        let safe = ["___", "__etc", "a_b", "c__d", "e_f", "__", "_", "_.1", "a_b.1", "_."];
        assert_eq!(names(&hostile), safe);
        assert_eq!(super::safe("."), "_");
    }

    #[test]
    fn a_literal_backslash_separates_as_in_browsers() {
        assert_eq!(names(&["con\\trol"]), ["trol"]);
    }

    #[test]
    fn a_taken_name_gets_the_next_free_number() {
        assert_eq!(names(&["a", "b/a", "c/a"]), ["a", "a.1", "a.2"]);
        assert_eq!(names(&["a", "a.1", "b/a", "c/a"]), ["a", "a.1", "a.2", "a.3"]);
        assert_eq!(names(&["a", "b/a", "a.1"]), ["a", "a.1", "a.1.1"]);
    }

    #[test]
    fn a_growing_file_has_no_other_files_name() {
        for urls in [["x", "x.part", "x.1.part"], ["x.1.part", "x.part", "x"]] {
            let targets = targets(&urls);
            let mut all: Vec<_> = targets.iter().flat_map(|target| [&target.name, &target.part]).collect();
            assert_eq!(
                targets.iter().map(|target| &target.name).collect::<Vec<_>>(),
                urls.iter().collect::<Vec<_>>()
            );
            all.sort();
            all.dedup();
            assert_eq!(all.len(), 6);
        }
    }

    #[test]
    fn long_names_are_cut_in_front_of_the_extension() {
        let long = format!("{}.tar", "é".repeat(300));
        for target in targets(&[&long, &format!("b/{long}"), &"y".repeat(251), &"z".repeat(250)]) {
            assert!(target.part.len() <= LONGEST, "{}", target.part);
            assert!(target.part.len() > 240);
        }
        let all = names(&[&long, &format!("b/{long}")]);
        assert!(all[0].ends_with("é.tar"));
        assert!(all[1].ends_with("é.tar.1"));
    }

    #[test]
    fn only_http_urls_with_a_host_are_usable() {
        for bad in [
            "",
            "x",
            "/a",
            "ftp://h/a",
            "file:///etc/passwd",
            "http://",
            "http://[::1/",
            "http://h/a\nb",
            "http://h:99999/",
        ] {
            assert!(parse(bad).is_none(), "{bad:?}");
        }
        assert!(parse("HTTPS://h").is_some());
    }
}
