//! Tells a known key with a slip of the keyboard from a key of its own.
//!
//! Stricter than [`crate::nearest`], which suggests: what this finds is called wrong.

/// The known word that `written` is a slip of, if any.
pub(super) fn slip_of<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = fold(written);
    let allowed = match folded.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        8..=64 => 2,
        _ => return None,
    };
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&folded, &fold(word)), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Case and the sort of dash are not what matters.
fn fold(word: &str) -> String {
    word.to_ascii_lowercase().replace(['-', ' '], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["services", "extra_files", "name", "type"];
        for (written, expected) in [
            ("service", Some("services")),
            ("extra-files", Some("extra_files")),
            ("extrafile", Some("extra_files")),
            ("Name", Some("name")),
            ("tpye", Some("type")),
            ("database", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(slip_of(written, known), expected, "{written}");
        }
    }
}
