//! Counts with their nouns, as people write them.

/// A count and its noun: `1 package`, `2 packages`.
pub fn plural(count: usize, noun: &str) -> String {
    counted(count, noun, &format!("{noun}s"))
}

/// The same, where the plural has a form of its own: `1 index`, `2 indices`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!([plural(1, "package"), plural(0, "package")], ["1 package", "0 packages"]);
        assert_eq!([1, 2].map(|count| counted(count, "index", "indices")), ["1 index", "2 indices"]);
    }
}
