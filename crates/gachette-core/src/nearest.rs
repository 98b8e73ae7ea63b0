//! The known word that an unknown one was probably meant to be.

/// The known word nearest to `word`, when it is near enough to be worth asking about.
///
/// Near enough is a third of the word's characters changed at the most, swapped neighbours counting once.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    known
        .iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), *candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        assert_eq!(nearest("meta_pth", &["debs_path", "meta_path"]), Some("meta_path"));
        assert_eq!(nearest("rul", &["ref", "url"]), Some("url"));
    }

    #[test]
    fn a_different_word_is_left_alone() {
        assert_eq!(nearest("database", &["hosts", "domain"]), None);
        assert_eq!(nearest("", &["a"]), Some("a"));
        assert_eq!(nearest("x", &[]), None);
    }
}
