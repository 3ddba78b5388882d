//! Names of students, which come from file systems, archives, platforms and spreadsheets.

use unicode_normalization::UnicodeNormalization;

/// The name in the one form in which names are compared: composed (NFC), as most people type it. A Mac writes names of
/// files decomposed, so that `é` is two characters.
pub fn one_form(name: &str) -> String {
    name.trim().nfc().collect()
}

/// The nearest of `known`, if it is near: for what somebody may have misspelled.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR: f64 = 0.8;
    engine::nearest::nearest(name, known, NEAR, str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_and_decomposed_names_are_one() {
        assert_eq!(one_form("Jose\u{301}"), "Jos\u{e9}");
        assert_eq!(one_form(" Jos\u{e9} "), "Jos\u{e9}");
        assert_eq!(one_form("\u{1112}\u{1161}\u{11ab}"), "\u{d55c}");
    }

    #[test]
    fn a_near_name_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("anne", ["bob", "Anna"]), Some("Anna"));
        assert_eq!(nearest("anne", ["bob"]), None);
    }
}
